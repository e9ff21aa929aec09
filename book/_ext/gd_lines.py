"""Lines break where a reader would: not before the stop that follows a formula, not between a number and its %, its ± or its ln, and not
inside 1e-6, 64-32-10 or L-BFGS; and a long name of code after a stop or an underscore, before anywhere else."""

import re

_TEXT = re.compile(r"<(pre|code|script|style|svg|textarea|mjx-container)\b.*?</\1>|<!--.*?-->|<[^>]*>|([^<]+)", re.DOTALL)
_FORMULA = re.compile(r'(\(?)(<span class="math [^>]*>\s*<mjx-container.*?</mjx-container></span>)([).,;:!?’”]*)', re.DOTALL)
_WHOLE = re.compile(r"\d(?:\.\d+)?e[-−]\d+|\b\d+(?:-\d+){2,}\b|\b[A-Za-z]-[A-Za-z]+")
_NAME = re.compile(r'(?<=<span class="pre">)[\w.()]{16,}(?=</span>)')


def whole(html):
    """A page's body with what belongs together held together."""
    html = _TEXT.sub(lambda found: _words(found[2]) if found[2] else found[0], html)
    return _FORMULA.sub(lambda found: _held(found[0]) if found[1] or found[3] else found[0], html)


def _words(text):
    return _WHOLE.sub(lambda found: _held(found[0]), re.sub(r"(?<=\d) (?=%)|(?<=±) (?=\d)|(?<=\bln) (?=\d)", "&nbsp;", text))


def _held(html):
    return f'<span class="gd-held">{html}</span>'


def joints(html):
    """Long names of code with places at which they may break."""
    return _NAME.sub(lambda found: re.sub(r"(?<=\w[._])(?=\w)", "<wbr>", found[0]), html)


def _context(app, pagename, templatename, context, doctree):
    if context.get("body"):
        context["body"] = joints(whole(context["body"]))


def _contents(app, pagename, templatename, context, doctree):
    if context.get("toc"):
        context["toc"] = joints(context["toc"])


def setup(app):
    app.connect("html-page-context", _contents, priority=400)  # before the theme reads it
    app.connect("html-page-context", _context, priority=600)  # after gd_math has set the formulas
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
