"""What a search engine shows of a page: its first paragraph, in `<meta name="description">`."""

from html import escape

from docutils import nodes

_LENGTH = 160


def describe(doctree, longest=_LENGTH):
    """The page's first paragraph of text, cut at a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if len(text) > 40:
            return text if len(text) <= longest else text[: longest - 1].rpartition(" ")[0] + "…"
    return ""


def _add(app, pagename, templatename, context, doctree):
    if doctree and (description := describe(doctree)):
        context["metatags"] = context.get("metatags", "") + f'<meta name="description" content="{escape(description)}" />\n'


def setup(app):
    app.connect("html-page-context", _add)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
