"""A chapter's number is the one in its file name: 06_momentum stays chapter 6, whichever chapters are written already."""

import re

from docutils import nodes
from sphinx import addnodes


def number(docname):
    """6 for chapters/06_momentum, None for other pages."""
    found = re.fullmatch(r"chapters/(\d\d)_\w+", docname)
    return int(found[1]) if found else None


def _assign(app, env):
    """Number the titles where Sphinx keeps section numbers: the page, its entry in the tables of contents, the links to it."""
    for docname in env.found_docs:
        if n := number(docname):
            entries = [next(entry.findall(nodes.reference)) for entry in env.tocs[docname].findall(addnodes.compact_paragraph)]
            env.toc_secnumbers[docname] = dict.fromkeys((entry["anchorname"] for entry in entries), None) | {"": (n,)}
            env.titles[docname]["secnumber"] = env.longtitles[docname]["secnumber"] = entries[0]["secnumber"] = (n,)
    return []


def setup(app):
    app.connect("env-get-updated", _assign, priority=900)  # after Sphinx has numbered what it numbers
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
