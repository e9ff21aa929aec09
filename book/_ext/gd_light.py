"""Quick pages: nothing is loaded that a page does not use, and no script stands between the reader and the text.

The theme brings 1.5 MB of icons as a script and a third of its style sheet for them, of which the pages use a dozen (gd.css draws
them), and loads its search on every page. Pygments puts each word and comma of code in an element of its own.
"""

import re
from pathlib import Path

_ICONS = "fontawesome.js"
_SEARCH = ("searchtools.js", "language_data.js", "searchindex.js")
_AT_ONCE = "documentation_options.js"  # half a kilobyte that scripts in the page itself go on from
_LIKE_TEXT = "p|w|o|nn|nb|nc|bp|fm"  # the tokens to which gd.css gives the colour of the code around them


def lighter(html, search=False):
    """The theme's tags without those of unused scripts; the others wait until the text is there, but for those of the search page."""

    def change(match):
        tag, source = match[0], match[1]
        if _ICONS in source or (not search and any(name in source for name in _SEARCH)):
            return ""
        return tag if search or "defer" in tag or _AT_ONCE in source else tag.replace("<script", "<script defer", 1)

    html = re.sub(r'<script\b[^>]*?src="([^"]+)"[^>]*></script>', change, html)
    html = re.sub(r'<link rel="preload" as="script"[^>]*>\s*', "", html)  # they would come before the style sheets
    return re.sub(r"styles/theme\.css\b", "basic.css", html)  # which says nothing but: see basic.css


def plainer(html):
    """Code without the elements that no style or script asks for: a name is asked for after a full stop, as in self.lr."""
    html = html.replace("<span></span>", "")
    html = re.sub(rf'<span class="(?:{_LIKE_TEXT})">([^<]*)</span>', r"\1", html)
    return re.sub(r'(?<!\.)<span class="n">([^<]*)</span>', r"\1", html)


def without_icons(css):
    """A style sheet without the rules of Font Awesome."""
    return re.sub(r"(?<=[}/;])(?:\.fa[\w-]*(?:[:.][^,{}]*)?,?)+\{[^{}]*\}", "", css)


def _context(app, pagename, templatename, context, doctree):
    app.builder.templates.environment.filters["lighter"] = lambda html: lighter(html, search=pagename == "search")
    if "body" in context:
        context["body"] = plainer(context["body"])


def _styles(app, error):
    path = Path(app.outdir, "_static", "styles", "pydata-sphinx-theme.css")
    if not error and app.builder.format == "html":
        path.write_text(without_icons(path.read_text("utf-8")), encoding="utf-8")


def setup(app):
    app.connect("html-page-context", _context)
    app.connect("build-finished", _styles)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
