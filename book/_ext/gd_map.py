"""`{book-map}`: all parts and chapters of book/chapters.yml, the written ones as links, the others marked as to come; and
`{part-opener} N`: the chapters of a part with what each promises. Minutes and promises are read from the chapters.

A text may link to a chapter of the plan before it is written: until then the link is plain text.
"""

import functools
import json
import posixpath
import re
from html import escape
from pathlib import Path

import yaml
from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from gd_numbers import number
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

_ROMAN = ("I", "II", "III", "IV", "V")


def plan(source):
    """[(part, [(docname, title, about), ...]), ...] as written in book/chapters.yml."""
    return _plan(Path(source, "book", "chapters.yml").read_text("utf-8"))


@functools.cache  # each page of exercises asks
def _plan(text):
    parts = yaml.safe_load(text)
    return [(part["part"], [(f"chapters/{name}", title, about) for name, title, about in part["chapters"]]) for part in parts]


def promise(source, docname):
    """(what you can do after the chapter, minutes of reading), as its head says; ("", None) where it says none."""
    cells = json.loads(Path(source, f"{docname}.ipynb").read_text("utf-8"))["cells"]
    head = "".join(cells[0]["source"]) if cells else ""
    can = re.search(r"\*\*After this chapter\*\* (you .*)", head)
    takes = re.search(r"\*\*Reading\*\* takes about (\d+) minutes", head)
    return can[1] if can else "", int(takes[1]) if takes else None


class _Chapters(Directive):
    """What is made of the plan and of the chapters that are there."""

    def known(self, docname):
        """(address, promise, minutes) of a written chapter, else None."""
        env = self.state.document.settings.env
        if docname not in env.found_docs:
            return None
        env.note_dependency(str(Path(env.srcdir, f"{docname}.ipynb")))
        return env.app.builder.get_relative_uri(env.docname, docname), *promise(env.srcdir, docname)

    def plan(self):
        env = self.state.document.settings.env
        env.note_dependency(str(Path(env.srcdir, "book", "chapters.yml")))
        return plan(env.srcdir)


class Map(_Chapters):
    """The map as HTML."""

    def run(self):
        html = ""
        for roman, (part, chapters) in zip(_ROMAN, self.plan()):
            items = "".join(self.chapter(*chapter) for chapter in chapters)
            html += f'<section class="gd-part"><h3><span>Part {roman}</span> {escape(part)}</h3><ol>{items}</ol></section>'
        return [nodes.raw("", f'<div class="gd-map">{html}</div>', format="html")]

    def chapter(self, docname, title, about):
        n, title, known = number(docname), escape(title), self.known(docname)
        about = f"<span>{escape(about)}{f' · {known[2]} min' if known and known[2] else ''}</span>"
        if known:
            return f'<li value="{n}" data-chapter="{docname}"><a href="{known[0]}"><b>{title}</b>{about}</a></li>'
        return f'<li value="{n}" class="gd-later"><b>{title}</b> <i>to come</i>{about}</li>'


class Opener(_Chapters):
    """The chapters of one part: links with their promise, in Markdown, since a promise may hold a formula."""

    required_arguments = 1

    def run(self):
        lines = ["| chapter | after it | minutes |", "|---|---|---|"]
        for docname, title, _ in self.plan()[int(self.arguments[0]) - 1][1]:
            if known := self.known(docname):
                lines.append(f"| [{number(docname)} {title}](../{docname}.ipynb) | {known[1]} | {known[2] or ''} |")
        found = nodes.Element()
        self.state.nested_parse(StringList(lines), 0, found)
        return found.children


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
    app.add_directive("part-opener", Opener)
    app.connect("env-get-outdated", _outdated)
    app.add_post_transform(LinksToCome)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
