"""`{book-map}`: all parts and chapters of book/chapters.yml, the written ones as links, the others marked as to come.

A text may link to a chapter of the plan before it is written: until then the link is plain text.
"""

import posixpath
from html import escape
from pathlib import Path

import yaml
from docutils import nodes
from docutils.parsers.rst import Directive
from gd_numbers import number
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

_ROMAN = ("I", "II", "III", "IV", "V")


def plan(source):
    """[(part, [(docname, title, about), ...]), ...] as written in book/chapters.yml."""
    parts = yaml.safe_load(Path(source, "book", "chapters.yml").read_text("utf-8"))
    return [(part["part"], [(f"chapters/{name}", title, about) for name, title, about in part["chapters"]]) for part in parts]


class Map(Directive):
    """The map as HTML."""

    def run(self):
        env = self.state.document.settings.env
        env.note_dependency(str(Path(env.srcdir, "book", "chapters.yml")))
        html = ""
        for roman, (part, chapters) in zip(_ROMAN, plan(env.srcdir)):
            items = "".join(_chapter(env, *chapter) for chapter in chapters)
            html += f'<section class="gd-part"><h3><span>Part {roman}</span> {escape(part)}</h3><ol>{items}</ol></section>'
        return [nodes.raw("", f'<div class="gd-map">{html}</div>', format="html")]


def _chapter(env, docname, title, about):
    n, title, about = number(docname), escape(title), f"<span>{escape(about)}</span>"
    if docname in env.found_docs:
        return f'<li value="{n}"><a href="{env.app.builder.get_relative_uri(env.docname, docname)}"><b>{title}</b>{about}</a></li>'
    return f'<li value="{n}" class="gd-later"><b>{title}</b> <i>to come</i>{about}</li>'


class LinksToCome(SphinxPostTransform):
    """Links to planned chapters that are not yet written become plain text."""

    default_priority = 8  # before MyST resolves its links, at 9

    def run(self, **kwargs):
        later = {docname for _, chapters in plan(self.env.srcdir) for docname, *_ in chapters} - self.env.found_docs
        for link in list(self.document.findall(addnodes.pending_xref)):
            folder = "" if link["refdomain"] == "doc" else posixpath.dirname(self.env.docname)
            target = posixpath.normpath(posixpath.join(folder, link["reftarget"])).removesuffix(".ipynb")
            if target in later:
                link.replace_self(nodes.inline("", link.astext(), classes=["gd-to-come"]))


def _outdated(app, env, added, changed, removed):
    """A chapter that has come or gone changes the map, the sidebar of each page, and links that waited for it."""
    return sorted(env.found_docs) if added or removed else []


def setup(app):
    app.add_directive("book-map", Map)
    app.connect("env-get-outdated", _outdated)
    app.add_post_transform(LinksToCome)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
