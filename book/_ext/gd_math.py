"""Formulas are set when the book is built: a page needs no script for them, and nothing moves when it is opened.

MathJax is on disk with sphinx-mathjax-offline. It runs in V8, which the package mini-racer brings.
"""

import functools
import importlib.util
import json
import multiprocessing
import os
import re
import threading
from html import unescape
from multiprocessing.managers import BaseManager
from pathlib import Path

from sphinx.ext.mathjax import html_visit_displaymath, html_visit_math
from sphinx.util import logging

_LOG = logging.getLogger(__name__)
_PARTS = ("loader", "core", "adaptors/liteDOM", "input/tex-base", "input/tex/extensions/ams", "input/tex/extensions/newcommand",
          "input/tex/extensions/html", "output/chtml", "output/chtml/fonts/tex", "a11y/assistive-mml")  # fmt: skip
FONTS = "output/chtml/fonts/woff-v2"

# what Sphinx writes: a number, if the formula has one, and TeX, of which only an environment such as align comes without brackets
_MATH = re.compile(
    r'(?P<head><(?P<tag>span|div) class="math [^>]*>\s*(?:<span class="eqno">.*?</span>)?)'
    r"(?:\\[\[(])?(?P<tex>[^<]+?)(?:\\[\])])?</(?P=tag)>",
    re.DOTALL,
)


def mathjax():
    """The folder of MathJax, from the package sphinx-mathjax-offline."""
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    if package is None:
        raise ImportError("The book needs sphinx-mathjax-offline, which brings MathJax: pip install sphinx-mathjax-offline.")
    return Path(package.origin).parent / "static" / "mathjax"


class _MathJax:
    """MathJax in V8, which reads its files when the first formula comes."""

    def __init__(self):
        self._engine, self._one_at_a_time = None, threading.Lock()

    def typeset(self, formulas, fonts):
        with self._one_at_a_time:
            self._engine = self._engine or self._started()
            return json.loads(self._engine.call("typeset", formulas, fonts))

    def _started(self):
        try:
            from py_mini_racer import MiniRacer
        except ImportError:
            raise ImportError("The book needs mini-racer, which sets its formulas: pip install mini-racer.") from None
        engine = MiniRacer()
        for path in [*(mathjax() / f"{part}.js" for part in _PARTS), Path(__file__).with_name("gd_math.js")]:
            engine.eval(path.read_text("utf-8"))
        return engine


class _Process(BaseManager):
    """MathJax in a process of its own: V8's threads are lost in the processes into which Sphinx forks to write its pages."""


_Process.register("mathjax", _MathJax)


def _end_with_parent():
    """A build that is killed leaves nobody behind."""
    threading.Thread(target=lambda: (multiprocessing.parent_process().join(), os._exit(0)), daemon=True).start()


@functools.cache
def engine():
    """MathJax, whose process starts when first asked for; processes that are forked later talk to the same one."""
    process = _Process(ctx=multiprocessing.get_context("spawn"))  # forked, it would hold open what others wait to see closed
    process.start(_end_with_parent)
    return process.mathjax()


def typeset(formulas, fonts=FONTS):
    """Formulas as HTML with MathML beside it: {"html": […], "css": style sheet of just these, "errors": [[TeX, what is wrong], …]}.

    formulas: pairs of TeX and whether it stands in a line of its own. fonts: the address of the folder of fonts.
    """
    return engine().typeset([list(formula) for formula in formulas], fonts)


def set_page(html, fonts=FONTS):
    """A page with its formulas set: (HTML, style sheet, errors)."""
    found = [(unescape(math["tex"]), math["tag"] == "div") for math in _MATH.finditer(html)]
    if not found:
        return html, "", []
    result = typeset(found, fonts)
    done = iter(result["html"])
    return _MATH.sub(lambda math: f"{math['head']}{next(done)}</{math['tag']}>", html), result["css"], result["errors"]


def _context(app, pagename, templatename, context, doctree):
    """Set the body and the page's own contents together: one style sheet serves both."""
    parts = ("body", "toc")
    divider = "<!-- and the contents -->"
    fonts = context["pathto"](f"_static/mathjax/{FONTS}", 1)
    html, css, errors = set_page(divider.join(context.get(part) or "" for part in parts), fonts)
    for tex, message in errors:
        _LOG.warning("the formula %s: %s.", tex, message, location=pagename)
    if css:
        context.update(zip(parts, html.split(divider)))
        context["gd_math_style"] = css


def _start(app, doctree, docname):
    engine()  # when there are pages to write, and before Sphinx forks


def setup(app):
    app.connect("doctree-resolved", _start)
    app.add_html_math_renderer("gd_math", (html_visit_math, None), (html_visit_displaymath, None))
    app.connect("html-page-context", _context)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
