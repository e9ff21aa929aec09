"""The head of a page: its first paragraph as description, also for those who share a link, and on the first page the book's title only
once. And the two pages that no source has: index.html, which leads to the first page, and 404.html."""

from html import escape
from pathlib import Path

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
        book, page = app.config.html_title, " ".join(app.env.titles[pagename].astext().split())
        tags = {"og:title": page, "og:description": description, "og:site_name": book, "og:type": "article"}
        shared = "".join(f'<meta property="{name}" content="{escape(text)}" />\n' for name, text in tags.items())
        told = f'<meta name="description" content="{escape(description)}" />\n<meta name="twitter:card" content="summary" />\n'
        context["metatags"] = context.get("metatags", "") + told + shared
    if pagename == app.config.root_doc:
        context["docstitle"] = ""


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" /><title>{title}</title>{head}</head>
<body style="font: 1.1rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem">{body}</body>
</html>
"""
# a server shows 404.html at an address of any depth: the book begins before the first of its folders
_HOME = """<script>
const home = location.pathname.replace(/(book|chapters|exercises)\\/.*$|[^/]*$/, "");
for (const link of document.querySelectorAll("a")) link.href = home + link.getAttribute("href");
</script>"""


def _pages_without_a_source(app, error):
    if error or app.builder.format != "html":
        return
    title, first = escape(app.config.html_title), f"{app.config.root_doc}.html"
    lead = f'<p><a href="{first}">{title}</a></p>'
    head = f'<meta http-equiv="refresh" content="0; url={first}" />'
    lost = f"<h1>There is no such page</h1><p>The link that led here is wrong or old. The book begins here, and has a search:</p>{lead}"
    search = '<p><a href="search.html">Search</a></p>'
    for name, text in {"index": _PAGE.format(title=title, head=head, body=lead),
                       "404": _PAGE.format(title=f"No such page · {title}", head="", body=lost + search + _HOME)}.items():  # fmt: skip
        Path(app.outdir, f"{name}.html").write_text(text, encoding="utf-8")


def setup(app):
    app.connect("html-page-context", _head)
    app.connect("build-finished", _pages_without_a_source)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
