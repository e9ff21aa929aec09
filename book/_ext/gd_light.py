"""Quick pages: nothing is loaded that a page does not use, and no script stands between the reader and the text.

The theme brings 1.5 MB of icons as a script and a third of its style sheet for them, of which the pages use a dozen (gd.css draws
them), loads its search on every page, measures all blocks of code at once, and spreads its styles over eight files, each of which the
text waits for. Pygments puts each word and comma of code in an element of its own. What is still far from the window waits, too (gd.css,
content-visibility).
"""

import re
import zlib
from pathlib import Path

_SHEETS = (  # all style sheets, in the order in which they add to each other, become one
    "basic.css", "styles/pydata-sphinx-theme.css", "pygments.css", "styles/sphinx-book-theme.css", "copybutton.css", "mystnb.*.css",
    "gd-live.css", "gd.css",
)  # fmt: skip
_SHEET = "styles/book.css"

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
    return _one_sheet(html)


def _one_sheet(html):
    """One link to a style sheet where the first was; a sheet that is not among ours keeps its own."""
    names = "|".join(name.replace(".*.", ".[^\"]*").replace(".css", r"\.css") for name in ("styles/theme.css", *_SHEETS))
    links = list(re.finditer(rf'<link\b[^>]*href="([^"]*_static/)(?:{names})(?:\?[^"]*)?"[^>]*>\s*', html))
    for link in reversed(links):
        html = html[: link.start()] + html[link.end() :]
    if links:
        one = f'<link rel="stylesheet" href="{links[0][1]}{_SHEET}?v={zlib.crc32("".join(link[0] for link in links).encode()):08x}" />\n'
        html = html[: links[0].start()] + one + html[links[0].start() :]
    return html


def joined(static):
    """The style sheets of the folder as one text; what they point to is seen from `styles`."""
    parts = []
    for pattern in _SHEETS:
        for path in sorted(static.glob(pattern)):
            text = path.read_text("utf-8").replace('@charset "UTF-8";', "")
            up = "" if "/" in pattern else "../"
            parts.append(re.sub(r"""url\((["']?)(?!data:|#|["'])""", rf"url(\1{up}", text))
    return "\n".join(parts)


def plainer(html):
    """Code without the elements that no style or script asks for: a name is asked for after a full stop, as in self.lr."""
    html = html.replace("<pre><span></span>", "<pre>")
    html = re.sub(rf'<span class="(?:{_LIKE_TEXT})">([^<]*)</span>', r"\1", html)
    return re.sub(r'(?<!\.)<span class="n">([^<]*)</span>', r"\1", html)


def without_icons(css):
    """A style sheet without the rules of Font Awesome."""
    return re.sub(r"(?<=[}/;])(?:\.fa[\w-]*(?:[:.][^,{}]*)?,?)+\{[^{}]*\}", "", css)


# the theme asks of each block of code whether it scrolls, and changes it, in turn: a layout of the whole page for each
_MEASURES = re.compile(r"\.forEach\((\w)=>\{(\1\.tabIndex=[^{}]*)\}\)")
_WHEN_NEAR = r'.forEach(\1=>new IntersectionObserver(([n],o)=>{n.isIntersecting&&(o.disconnect(),\2)},{rootMargin:"300px"}).observe(\1))'


def measuring_later(script):
    """The theme's script, which looks whether something scrolls only when it comes near the window."""
    return _MEASURES.sub(_WHEN_NEAR, script)


def _context(app, pagename, templatename, context, doctree):
    app.builder.templates.environment.filters["lighter"] = lambda html: lighter(html, search=pagename == "search")
    if "body" in context:
        body = context["body"].replace(' aria-label="Toggle hidden content"', "")  # a folded cell is called what its line says
        context["body"] = plainer(body)


_CHANGES = {"styles/pydata-sphinx-theme.css": without_icons, "scripts/pydata-sphinx-theme.js": measuring_later}


def _files(app, error):
    """The theme's files are copied anew by each build, and changed after that."""
    if error or app.builder.format != "html":
        return
    for name, change in _CHANGES.items():
        path = Path(app.outdir, "_static", name)
        path.write_text(change(path.read_text("utf-8")), encoding="utf-8")
    static = Path(app.outdir, "_static")
    (static / _SHEET).write_text(joined(static), encoding="utf-8")


def setup(app):
    app.connect("html-page-context", _context)
    app.connect("build-finished", _files, priority=900)  # after the theme, which writes pygments.css there
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
