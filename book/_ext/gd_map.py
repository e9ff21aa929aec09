"""`{book-map}`: all parts and chapters of book/chapters.yml, the written ones as links, the others marked as to come."""

from html import escape
from pathlib import Path

import yaml
from docutils import nodes
from docutils.parsers.rst import Directive

from gd_numbers import number

_ROMAN = ("I", "II", "III", "IV", "V")


def plan(source):
    """[(part, [(docname, title, about), ...]), ...] as written in book/chapters.yml."""
    parts = yaml.safe_load(Path(source, "book", "chapters.yml").read_text("utf-8"))
    return [(part["part"], [(f"chapters/{name}", title, about) for name, title, about in part["chapters"]]) for part in parts]


class Map(Directive):
    def run(self):
        env = self.state.document.settings.env
        env.note_dependency("../book/chapters.yml")
        env.gd_maps = {*getattr(env, "gd_maps", ()), env.docname}
        html = "".join(
            f'<section class="gd-part"><h3><span>Part {roman}</span> {escape(part)}</h3><ol>{"".join(_chapter(env, *c) for c in chapters)}</ol></section>'
            for roman, (part, chapters) in zip(_ROMAN, plan(env.srcdir))
        )
        return [nodes.raw("", f'<div class="gd-map">{html}</div>', format="html")]


def _chapter(env, docname, title, about):
    n, text = number(docname), f"<b>{escape(title)}</b> <span>{escape(about)}</span>"
    if docname in env.found_docs:
        return f'<li value="{n}"><a href="{env.app.builder.get_relative_uri(env.docname, docname)}">{text}</a></li>'
    return f'<li value="{n}" class="gd-later">{text} <i>to come</i></li>'


def _outdated(app, env, added, changed, removed):
    """The map is old as soon as a chapter has come or gone."""
    return sorted(getattr(env, "gd_maps", set()) & env.found_docs) if any(number(name) for name in added | removed) else []


def setup(app):
    app.add_directive("book-map", Map)
    app.connect("env-get-outdated", _outdated)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
