"""Pages are written by as many processes as there are cores. They are read by one, which numbers the figures in their order."""

import os


def _write_in_parallel(app, env):
    """When all is read; before that Sphinx would warn that it cannot read in parallel."""
    cores = os.cpu_count() or 1
    app.parallel = cores + 1 if cores > 1 else 1  # Sphinx counts itself


def setup(app):
    app.connect("env-updated", _write_in_parallel)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
