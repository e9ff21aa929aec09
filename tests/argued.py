"""Faults of `python -m tests.planted` that no test can see, each with its reason."""

ARGUED = {}  # {module: {the fault's name: why it changes nothing that anybody can see}}
