"""The API page: `.. gd-api:: gdcore.check` documents what a module names in `__all__`, from its docstrings.

Docstrings are plain prose: backticks mean code, and all other signs mean themselves.
"""

import importlib.util
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.util import logging

sys.path.insert(0, str(Path(__file__).parents[2]))  # gdcore, also where it is not installed
_LOG = logging.getLogger(__name__)


class Api(Directive):
    """A section of the page; a module that does not exist is a warning, and so an error under -W."""

    required_arguments = 1
    option_spec = {"members": str}
    has_content = True

    def run(self):
        module = self.arguments[0]
        if importlib.util.find_spec(module) is None:
            _LOG.warning("the API page names %s, which does not exist.", module, location=self.state.document.settings.env.docname)
            return []
        section = nodes.section(ids=[f"api-{module.replace('.', '-')}"])
        section += nodes.title("", "", nodes.literal("", module))
        lines = [f".. automodule:: {module}", f"   :members: {self.options.get('members', '')}"]
        self.state.nested_parse(StringList([*self.content, "", *lines]), 0, section)
        return [section]


def as_text(line):
    """A line of a docstring in reStructuredText: `code` as code, arXiv numbers as links, everything else as it is written."""
    parts = re.split(r"(`+[^`]+`+)", line)
    return "".join(f"``{part.strip('`')}``" if i % 2 else _plain(part) for i, part in enumerate(parts))


def _plain(part):
    part = re.sub(r"([\\*_|])", r"\\\1", part)
    return re.sub(r"arXiv:(\d{4}\.\d{4,5})", r"`arXiv:\1 <https://arxiv.org/abs/\1>`__", part)


def _process(app, what, name, obj, options, lines):
    lines[:] = [as_text(line) if not line.lstrip().startswith(">>>") else line for line in lines]


def setup(app):
    app.add_directive("gd-api", Api)
    app.connect("autodoc-process-docstring", _process)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
