"""Quick pages: nothing is loaded that a page does not use, and no script stands between the reader and the text.

The theme brings 1.5 MB of icons as a script, of which the pages use a dozen (gd.css draws them), and loads its search on every page.
"""

import re

_ICONS = "fontawesome.js"
_SEARCH = ("searchtools.js", "language_data.js", "searchindex.js")
_AT_ONCE = "documentation_options.js"  # half a kilobyte that scripts in the page itself go on from


def lighter(html, search=False):
    """The theme's tags without those of unused scripts; the others wait until the text is there, but for those of the search page."""

    def change(match):
        tag, source = match[0], match[1]
        if _ICONS in source or (not search and any(name in source for name in _SEARCH)):
            return ""
        return tag if search or "defer" in tag or _AT_ONCE in source else tag.replace("<script", "<script defer", 1)

    return re.sub(r'<script\b[^>]*?src="([^"]+)"[^>]*></script>', change, html)


def _context(app, pagename, templatename, context, doctree):
    app.builder.templates.environment.filters["lighter"] = lambda html: lighter(html, search=pagename == "search")


def setup(app):
    app.connect("html-page-context", _context)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
