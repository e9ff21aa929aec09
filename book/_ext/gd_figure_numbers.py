"""Figures of chapters carry a number and a place to link to, and "Figure 3.2" in a text leads there.

The number is the chapter's and the figure's place in it: chapters stay where they are, so that a number moves only with its chapter's text.
"""

import re

from docutils import nodes
from gd_numbers import number
from sphinx.util import logging

_LOG = logging.getLogger(__name__)
_FIGURE = re.compile(r'<figure class="gd-(?:live|figure-box)"')
_NAMED = re.compile(r"\bFigure (\d+)\.(\d+)\b")


def _assign(app, doctree):
    """Write its number under each figure of a chapter."""
    chapter, count = number(app.env.docname), 0
    if chapter is None:
        return
    for node in list(doctree.findall(lambda n: isinstance(n, nodes.raw | nodes.image))):
        if isinstance(node, nodes.raw) and _FIGURE.match(node.astext()) or "gd-picture" in node.get("classes", []):
            count += 1
            node.parent.insert(node.parent.index(node) + 1, nodes.raw("", _label(chapter, count), format="html"))
    _counts(app.env)[chapter] = (app.env.docname, count)


def _label(chapter, place):
    name = f"figure-{chapter}-{place}"
    return f'<p class="gd-number" id="{name}"><a href="#{name}">Figure {chapter}.{place}</a></p>'


def _counts(env):
    """{chapter: (page, how many figures it has)}"""
    if not hasattr(env, "gd_figure_counts"):
        env.gd_figure_counts = {}
    return env.gd_figure_counts


def _link(app, doctree, docname):
    """Make a link of each figure that a text names; a warning for one that is not there."""
    for node in list(doctree.findall(nodes.Text)):
        if not _NAMED.search(node) or isinstance(node.parent, nodes.reference | nodes.literal | nodes.literal_block | nodes.raw):
            continue
        parts, done = [], 0
        for found in _NAMED.finditer(node):
            page, count = _counts(app.env).get(int(found[1]), (None, 0))
            if not 1 <= int(found[2]) <= count:
                _LOG.warning("the text names %s, and chapter %s has %s figures.", found[0], found[1], count, location=docname)
                continue
            place = f"{app.builder.get_relative_uri(docname, page) if page != docname else ''}#figure-{found[1]}-{found[2]}"
            parts += [nodes.Text(node[done : found.start()]), nodes.reference("", found[0], refuri=place, internal=True)]
            done = found.end()
        node.parent.replace(node, [*parts, nodes.Text(node[done:])])


def _head(app, pagename, templatename, context, doctree):
    if pagename in (page for page, count in _counts(app.env).values() if count):
        app.add_js_file("enlarge.js", loading_method="defer")


def setup(app):
    app.connect("doctree-read", _assign, priority=600)  # after gd_figures has told pictures apart
    app.connect("html-page-context", _head)
    app.connect("doctree-resolved", _link)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
