"""What the students handed in: who there is, which files, and the cells in them. Nothing is run here."""

import json
import os
import re
import stat
import subprocess
import sys
import unicodedata
from dataclasses import dataclass, field

from gdcore.check.declaration import manual_questions, questions

__all__ = ["Notebook", "Student", "Unreadable", "read", "shown", "students"]

LARGEST = 100 * 2**20  # bytes of a notebook
LARGE = 4 * 2**20  # bytes of one that is read in this process: up to 100 MB of lists
MOST = 200  # notebooks of a student
DEEPEST = 20  # folders within folders
IGNORED = ("__MACOSX",)
ARCHIVES = (".zip", ".tar", ".gz", ".7z", ".rar")
CHECK = re.compile(r"""^[ \t]*check\(\s*["']([^"']{1,20})["']""", re.MULTILINE)


class Unreadable(Exception):
    """A file that is no notebook, with a sentence that says why."""


@dataclass
class Student:
    """A student, by the name of the folder or file, with the files handed in (name, path), and what was odd about them."""

    name: str
    files: list = field(default_factory=list)
    notes: list = field(default_factory=list)


@dataclass
class Notebook:
    """The cells of a notebook as (kind, source), the chapters that it answers, and what was odd about it."""

    cells: list
    chapters: list
    notes: list

    @property
    def code(self):
        return [source for kind, source in self.cells if kind == "code"]


def shown(name):
    """A file's name fit for any page: bytes that are no text, and signs that cannot be seen, become escapes."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def students(folder, out=None):
    """The students of a folder, sorted by name: one for each folder or file in it. `out`, where results go, is none of them."""
    found = {}
    for entry in sorted(os.scandir(folder), key=lambda e: os.fsencode(e.name)):
        if entry.name.startswith(".") or entry.name in IGNORED or (out and os.path.realpath(entry) == os.path.realpath(out)):
            continue
        directory = entry.is_dir(follow_symlinks=False)
        name = shown(entry.name if directory else os.path.splitext(entry.name)[0])
        known = unicodedata.normalize("NFC", name).casefold()
        if known in found:
            found[known].notes.append(f"{shown(entry.name)} belongs to the same name as another entry; both count as one student.")
        student = found.setdefault(known, Student(name))
        for path in _files(entry.path) if directory else [entry.path]:
            _take(student, path, entry.path if directory else folder, directory)
        if directory and not student.files and not student.notes:
            student.notes.append(f"There is no notebook in the folder {shown(entry.name)}.")
    return sorted(found.values(), key=lambda s: s.name)


def _files(folder):
    """The files below a folder, links among them, in a fixed order; hidden ones, and what lies too deep, are left out."""
    for at, inside, files in os.walk(folder):
        deep = os.path.relpath(at, folder).count(os.sep) >= DEEPEST
        inside[:] = [] if deep else sorted(d for d in inside if not d.startswith(".") and d not in IGNORED)
        yield from (os.path.join(at, f) for f in [*sorted(files), *(d for d in inside if os.path.islink(os.path.join(at, d)))]
                    if not f.startswith("."))


def _take(student, path, root, silently):
    """Add a file to a student's, or a note that says why not; other files beside notebooks are left out silently."""
    name = os.path.relpath(path, root)
    if os.path.islink(path):
        student.notes.append(f"{shown(name)} is a link and was left out: hand in the file itself.")
    elif not path.lower().endswith(".ipynb"):
        if not silently:
            todo = "unpack it first" if path.lower().endswith(ARCHIVES) else "its name should end in .ipynb"
            student.notes.append(f"{shown(name)} is not a notebook ({todo}).")
    elif not stat.S_ISREG(os.lstat(path).st_mode):
        student.notes.append(f"{shown(name)} is not an ordinary file and was left out.")
    elif len(student.files) >= MOST:
        student.notes.append(f"{shown(name)} was left out: at most {MOST} notebooks are read.")
    else:
        student.files.append((shown(name), path))


def read(name, data):
    """The `Notebook` in the bytes of a file; `Unreadable` with a sentence for anything else."""
    if not data.strip():
        raise Unreadable(f"{name} is empty.")
    if len(data) > LARGEST:
        raise Unreadable(f"{name} is larger than {LARGEST >> 20} MB: clear its outputs and hand it in again.")
    try:
        content = _slim(data) if len(data) > LARGE else json.loads(data)
        cells = [_cell(c) for c in content["cells"] if isinstance(c, dict)]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unreadable(f"{name} is not a notebook, whatever its name says: save it in Jupyter and hand it in again.") from None
    code = "\n".join(source for kind, source in cells if kind == "code")
    asked, known = list(dict.fromkeys(CHECK.findall(code))), questions() | manual_questions()
    notes = [f"{name} checks a question {shown(id)!r}, which the book does not have." for id in asked if id not in known]
    chapters = {id[:2] for id in asked if id in known} or {os.path.basename(name)[:2]} & {q.chapter for q in questions().values()}
    if not chapters:
        notes.append(f"{name} holds no question of the book: no check(…) and no chapter's number in its name.")
    language = _language(content.get("metadata"))
    if language != "python":
        notes.append(f"{name} is written for {shown(language[:30])}, not for Python.")
    return Notebook(cells, sorted(chapters), notes)


SLIM = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
    try:
        resource.setrlimit(kind, (1 << 30, 1 << 30))
    except (OSError, ValueError):
        pass
book = json.loads(sys.stdin.buffer.read())
cells = [{k: c.get(k, "") for k in ("cell_type", "source")} for c in book["cells"] if isinstance(c, dict)]
about = book.get("metadata")
kept = {k: about.get(k) for k in ("kernelspec", "language_info")} if isinstance(about, dict) else None
json.dump({"cells": cells, "metadata": kept}, sys.stdout)
"""


def _slim(data):
    """A large notebook without its outputs, read by a process of its own: few bytes can become many lists. ValueError if it is none."""
    try:
        done = subprocess.run([sys.executable, "-I", "-S", "-c", SLIM], input=data, capture_output=True, timeout=30)
    except subprocess.TimeoutExpired:
        raise ValueError("it takes too long to read") from None
    if done.returncode or len(done.stdout) > LARGE:
        raise ValueError("it cannot be read, or more than its outputs is too large")
    return json.loads(done.stdout)


def _cell(cell):
    source = cell.get("source", "")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    return str(cell.get("cell_type")), text.encode("utf-8", "replace").decode()  # halves of a pair of surrogates are no text


def _language(metadata):
    """The language that a notebook says it is in; python if it says nothing."""
    for part, key in (("kernelspec", "language"), ("language_info", "name")):
        named = metadata.get(part) if isinstance(metadata, dict) else None
        if isinstance(named, dict) and isinstance(named.get(key), str):
            return named[key].lower()
    return "python"
