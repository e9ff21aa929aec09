"""One build of the book, and one visit to each of its pages, for all tests of a worker."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# put in front of everything that Python imports: whoever asks for another machine fails at once
_NO_NETWORK = """
import socket
def refuse(self, address, *rest):
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise OSError(f"the book asked for {address} while it was built")
    return connect(self, address, *rest)
connect, socket.socket.connect = socket.socket.connect, refuse
def nowhere(host, *rest, **names):
    raise OSError(f"the book asked for the address of {host} while it was built")
socket.getaddrinfo = nowhere
"""


def build(source, output):
    """Run Jupyter Book as `make book` does, without a network: (exit status, what it printed)."""
    output.mkdir(exist_ok=True)
    (output / "sitecustomize.py").write_text(_NO_NETWORK)
    environment = os.environ | {"PYTHONPATH": str(output), "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    run = subprocess.run(
        [sys.executable, ROOT / "tools" / "book.py", "build", source, "-W", "-n", "--keep-going", "--path-output", output],
        cwd=source, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=300,
    )  # fmt: skip
    return run.returncode, run.stdout + run.stderr


class Book:
    """The built book: a copy of its sources, what the build said, and the names of its pages."""

    def __init__(self, folder):
        self.source, self.output = folder / "source", folder / "out"  # a copy, so that nobody edits it between two builds
        for name in ("book", "chapters", "examples/results", "exercises", "gdcore"):
            shutil.copytree(ROOT / name, self.source / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        for name in ("_config.yml", "_toc.yml"):
            shutil.copy2(ROOT / name, self.source)
        self.status, self.log = build(self.source, self.output)
        self.html = self.output / "_build" / "html"

    @property
    def pages(self):
        """All pages but index.html and 404.html, which only lead to the first."""
        found = (p.relative_to(self.html) for p in sorted(self.html.rglob("*.html")) if "_static" not in p.parts)
        return [p.with_suffix("").as_posix() for p in found if p.name not in ("index.html", "404.html")]


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    book = Book(tmp_path_factory.mktemp("book"))
    assert book.status == 0, f"The book does not build:\n{book.log[-6000:]}"
    return book


@pytest.fixture(scope="session")
def chapters(book):
    """{name: notebook} of all chapters."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((book.source / "chapters").glob("[0-9]*.ipynb"))}
