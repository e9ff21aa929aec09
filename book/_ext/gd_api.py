"""The API page: `.. gd-api:: gdcore.check` documents what a module names in `__all__`, from its docstrings.

Docstrings are plain prose: backticks mean code, and all other signs mean themselves.
"""

import importlib.util
import inspect
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.ext.autodoc.mock import mock
from sphinx.util import logging
from sphinx.util.inspect import stringify_signature

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
        lines = [f".. automodule:: {module}", f"   :members: {self.options.get('members', '')}", "   :exclude-members: rule, reads, lazy"]
        config = self.state.document.settings.env.config
        with mock(config.autodoc_mock_imports):  # for what a module imports when it is asked for, too
            self.state.nested_parse(StringList([*self.content, "", *lines]), 0, section)
        return [section]


def as_text(lines):
    """A docstring in reStructuredText: `code` as code, indented lines as a block of code, everything else as it is written."""
    in_code = False
    for line in lines:
        indented = line.startswith("    ")
        if indented and not in_code:
            yield from (".. code-block:: python", "")
        in_code = indented or in_code and not line.strip()
        yield line if indented or line.startswith(">>>") else _prose(line)


def _prose(line):
    parts = re.split(r"(`+[^`]+`+)", line)
    return "".join(f"``{part.strip('`')}``" if i % 2 else _plain(part) for i, part in enumerate(parts))


def _plain(part):
    part = re.sub(r"([\\*_|])", r"\\\1", part)
    return re.sub(r"arXiv:(\d{4}\.\d{4,5})", r"`arXiv:\1 <https://arxiv.org/abs/\1>`__", part)


def _docstring(app, what, name, obj, options, lines):
    lines[:] = as_text(lines)


def _signature(app, what, name, obj, options, signature, returns):
    """A class whose base is mocked shows the arguments of the mock: show its own."""
    if what == "class" and (signature or "").startswith("(*args"):
        own = inspect.signature(obj.__init__)
        return stringify_signature(own.replace(parameters=list(own.parameters.values())[1:])), returns


def setup(app):
    app.add_directive("gd-api", Api)
    app.connect("autodoc-process-docstring", _docstring)
    app.connect("autodoc-process-signature", _signature)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
