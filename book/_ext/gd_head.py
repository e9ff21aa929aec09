"""The head of a page: its first paragraph as description, and on the first page the book's title only once."""

from html import escape

from docutils import nodes

_LENGTH = 160  # what search engines show


def describe(doctree):
    """The page's first paragraph of text, cut at a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if len(text) > 40:
            return text if len(text) <= _LENGTH else text[: _LENGTH - 1].rpartition(" ")[0] + "…"
    return ""


def _head(app, pagename, templatename, context, doctree):
    if doctree and (description := describe(doctree)):
        context["metatags"] = context.get("metatags", "") + f'<meta name="description" content="{escape(description)}" />\n'
    if pagename == app.config.root_doc:
        context["docstitle"] = ""


def setup(app):
    app.connect("html-page-context", _head)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
