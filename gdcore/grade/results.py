"""What a run keeps in its folder: the secret seed, and the verdicts on each student, so that an interrupted run goes on."""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import secrets
import tempfile

import numpy as np

from gdcore.grade.parent import PACKAGE

__all__ = ["attempt", "filename", "fingerprint", "kept", "keep", "rules", "seed", "work", "write"]


def seed(out, file=None):
    """The secret seed: what stands in the file, else in DIR/seed, where the first run puts a random one. ValueError if it is none."""
    path = pathlib.Path(file) if file else out / "seed"
    if not file and not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_hex(16) + "\n")
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"The seed cannot be read from {path} ({type(error).__name__}): give a text file with one line.") from None
    if len(text) < 8:
        raise ValueError(f"The seed in {path} has {len(text)} characters: give at least 8 that nobody guesses.")
    return text


def rules(seed):
    """What all verdicts rest on besides the submission: the code of gdcore, NumPy's version and the seed."""
    digest = hashlib.sha256(f"{seed}\0{np.__version__}".encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def work(student, contents):
    """Changes when a student hands in something else."""
    digest = hashlib.sha256(json.dumps([student.name, student.notes, [name for name, _ in student.files]]).encode())
    for data in contents:
        digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()


def fingerprint(rules, work, lifted=()):
    """Changes when a student's work, or what it is judged by, changes."""
    return hashlib.sha256(json.dumps([rules, work, *([lifted] if lifted else [])]).encode()).hexdigest()


def filename(name):
    """A file name for a student, on any system; names that had to be changed get a number of their own."""
    plain = re.sub(r"[^\w.\-]", "_", name)[:80].lstrip(".-") or "_"
    with contextlib.suppress(UnicodeEncodeError):
        os.fsencode(plain)
        return _own(plain, name)
    return _own(re.sub(r"[^\w.\-]", "_", plain, flags=re.ASCII), name)  # a system whose files have plain names only


def _own(plain, name):
    taken = name != name.lower() or re.search(r"-[0-9a-f]{8}$", name)  # by other systems' Anna, or by such a number
    return plain if plain == name and not taken else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def kept(out, name, fingerprint):
    """The verdicts of an earlier run on the same submission, or None."""
    found = _file(out, name)
    return found.get("verdicts") if found.get("fingerprint") == fingerprint else None


def attempt(out, name, work):
    """Which of a student's hand-ins this is, from 1: another work than the last one is the next."""
    found = _file(out, name)
    number = found.get("attempt", 1)
    number = number if isinstance(number, int) else 1
    return number if found.get("work", work) == work else number + 1


def _file(out, name):
    try:
        found = json.loads((out / "verdicts" / f"{filename(name)}.json").read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}


def keep(out, name, fingerprint, verdicts, work, attempt):
    """Keep the verdicts on a student."""
    whole = {"fingerprint": fingerprint, "work": work, "attempt": attempt, "verdicts": verdicts}
    write(out / "verdicts" / f"{filename(name)}.json", json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


def write(path, text):
    """Write a file whole or not at all, and not if it says the same already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.read_bytes() == text.encode("utf-8"):
            return
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    with open(handle, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    os.chmod(beside, 0o644)
    os.replace(beside, path)
