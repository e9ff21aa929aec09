"""The questions, one module or two a chapter: `chNN.py`, `chNN_subject.py`. They are found by their names.

A module lists its questions in `QUESTIONS`, and those that a person marks in `MANUAL`. What several chapters need is in `shared`.
"""
