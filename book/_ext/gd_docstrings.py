"""Docstrings on the API page: they are plain prose, whose backticks mean code and whose other signs mean themselves."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # gdcore, also where it is not installed


def as_text(lines):
    """The same lines in reStructuredText: `code` as code, arXiv numbers as links, everything else as it is written."""
    return [_paragraph(line) for line in lines]


def _paragraph(line):
    parts = re.split(r"(`+[^`]+`+)", line)
    return "".join(_code(part) if i % 2 else _plain(part) for i, part in enumerate(parts))


def _code(part):
    return f"``{part.strip('`')}``"


def _plain(part):
    part = re.sub(r"([\\*_|])", r"\\\1", part)
    return re.sub(r"arXiv:(\d{4}\.\d{4,5})", r"`arXiv:\1 <https://arxiv.org/abs/\1>`__", part)


def _process(app, what, name, obj, options, lines):
    lines[:] = as_text(lines)


def setup(app):
    app.connect("autodoc-process-docstring", _process)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
