"""Formulas are set when the book is built: a page needs no script for them, and nothing moves when it is opened.

MathJax is on disk with sphinx-mathjax-offline. It runs in V8, which the package mini-racer brings.
"""

import atexit
import functools
import importlib.util
import json
import re
from html import unescape
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


@functools.cache
def _engine():
    try:
        from py_mini_racer import MiniRacer
    except ImportError:
        raise ImportError("The book needs mini-racer, which sets its formulas: pip install mini-racer.") from None
    engine = MiniRacer()
    atexit.register(engine.close)  # else its thread keeps Python from ending
    for path in [*(mathjax() / f"{part}.js" for part in _PARTS), Path(__file__).with_name("gd_math.js")]:
        engine.eval(path.read_text("utf-8"))
    return engine


def typeset(formulas, fonts=FONTS):
    """Formulas as HTML with MathML beside it: {"html": […], "css": style sheet of just these, "errors": [[TeX, what is wrong], …]}.

    formulas: pairs of TeX and whether it stands in a line of its own. fonts: the address of the folder of fonts.
    """
    return json.loads(_engine().call("typeset", [list(formula) for formula in formulas], fonts))


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


def setup(app):
    app.add_html_math_renderer("gd_math", (html_visit_math, None), (html_visit_displaymath, None))
    app.connect("html-page-context", _context)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
