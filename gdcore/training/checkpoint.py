"""A training that can be killed: everything it needs to go on, in one file that is always whole."""

import os
import pathlib
import pickle

import torch

__all__ = ["load", "save"]


def save(path, state):
    """Write the state beside the file, then put it in its place: whoever is killed in between leaves the old one."""
    path = pathlib.Path(path)
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        torch.save(state, beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def load(path, identity):
    """The state in the file, or None if there is no such file.

    identity: what says that it is the same training; a file of another one is refused. Raises ValueError, also for a damaged file.
    """
    path = pathlib.Path(path)
    if not path.exists():
        return None
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        found = state["identity"]
    except (RuntimeError, EOFError, pickle.UnpicklingError, KeyError, TypeError, OSError) as error:
        raise ValueError(f"The checkpoint {path} cannot be read ({type(error).__name__}): delete it to begin anew.") from error
    if found != identity:
        differ = ", ".join(name for name in identity if found.get(name) != identity[name])
        raise ValueError(f"The checkpoint {path} is of another training (other {differ}): give another path, or delete it to begin anew.")
    return state
