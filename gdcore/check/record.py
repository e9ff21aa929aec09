"""Progress: the best share of points of each question, in one small JSON file."""

import json
import os
import pathlib
import tempfile

from gdcore.check.values import is_number

__all__ = ["load", "merged", "place", "save"]

VERSION = 1


def place():
    """Where the file is: what GDCORE_PROGRESS says, else gdcore_progress.json in the working folder."""
    return pathlib.Path(os.environ.get("GDCORE_PROGRESS") or "gdcore_progress.json")


def load(path, ours=True):
    """({question: share from 0 to 1}, a sentence on what was wrong with the file, or "").

    Our own file may be missing, and a damaged one is kept beside, under the ending .damaged, so that writing a new one loses
    nothing. Another machine's file (ours=False) is not touched, and FileNotFoundError says that it is missing.
    """
    path = pathlib.Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if ours:
            return {}, ""
        raise FileNotFoundError(f"There is no progress file {path.name}: give the path of a gdcore_progress.json.") from None
    except (OSError, UnicodeDecodeError) as error:
        return {}, f"{path.name} cannot be read ({type(error).__name__}); {_keep(path, ours)}"
    try:
        shares = json.loads(text)["shares"]
        good = {k: float(v) for k, v in shares.items() if is_number(v) and 0 <= v <= 1}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}, f"{path.name} is damaged; {_keep(path, ours)}"
    dropped = len(shares) - len(good)
    return good, f"{dropped} of {len(shares)} entries of {path.name} make no sense and were left out." if dropped else ""


def _keep(path, ours):
    if not ours:
        return "it was left out."
    beside = path.with_name(path.name + ".damaged")
    try:
        os.replace(path, beside)
    except OSError:
        return "it was left as it is."
    return f"it was renamed to {beside.name}, and a new one begins."


def merged(*progress):
    """The best of several: the same in any order, and as often as you like."""
    best = {}
    for shares in progress:
        for id, share in shares.items():
            best[id] = max(share, best.get(id, 0.0))
    return dict(sorted(best.items()))


def save(path, shares):
    """Write the file whole or not at all; a sentence if it could not be written, else ""."""
    path = pathlib.Path(path)
    text = json.dumps({"gdcore progress": VERSION, "shares": dict(sorted(shares.items()))}, indent=1) + "\n"
    beside = None
    try:
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(beside, path)
    except OSError as error:
        if beside and os.path.exists(beside):
            os.unlink(beside)
        return f"Your progress could not be written to {path.name} ({error.strerror}); set GDCORE_PROGRESS to a file that can be written."
    return ""
