"""The sidebar: the parts of the book, that of this page open, and beside each chapter its exercises.

The theme resolves the whole table of contents anew for each page, a fifth of the time of a build. Here it is read once.
"""

import functools
import html

from gd_numbers import number


def parts(env):
    """[(caption or None, [(page, its exercises or None)])] of the table of contents."""
    pages = env.external_site_map
    return [(tree.caption, [(page, _below(pages[page])) for page in map(str, tree.items)]) for tree in pages.root.subtrees]


def _below(document):
    return next((str(page) for tree in document.subtrees for page in tree.items), None)


def sidebar(contents, here, title, uri):
    """The parts as HTML, seen from the page `here`. title, uri: functions of a page's name."""
    return "\n".join(_part(caption, pages, here, title, uri) for caption, pages in contents)


def _part(caption, pages, here, title, uri):
    rows = "\n".join(_row(page, exercises, here, title, uri) for page, exercises in pages)
    listed = f'<ul class="nav bd-sidenav">\n{rows}\n</ul>'
    if caption is None:
        return listed
    is_open = " open" if any(here in row for row in pages) else ""
    return f"<details{is_open}><summary>{html.escape(caption)}</summary>\n{listed}\n</details>"


def _row(page, exercises, here, title, uri):
    name = f"{n} {title(page)}" if (n := number(page)) else title(page)
    links = _link(page, here, uri, "reference internal", html.escape(name))
    if exercises:
        told = f"Exercises of chapter {n}"
        links += _link(exercises, here, uri, "gd-do", "", f' title="{told}" aria-label="{told}"')
    return f'<li class="toctree-l1{" current active" if here in (page, exercises) else ""}">{links}</li>'


def _link(page, here, uri, kind, text, more=""):
    place = '#" aria-current="page' if page == here else uri(page)
    return f'<a class="{kind}" href="{place}"{more}>{text}</a>'


def _context(app, pagename, templatename, context, doctree):
    env = app.builder.env
    if not hasattr(app, "gd_parts"):
        app.gd_parts = parts(env)
    title = lambda page: env.titles[page].astext()
    context["gd_sidebar"] = sidebar(app.gd_parts, pagename, title, functools.partial(app.builder.get_relative_uri, pagename))


def setup(app):
    app.connect("html-page-context", _context, priority=400)  # before the theme fills its templates
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
