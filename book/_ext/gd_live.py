"""Living figures in the pages: a stored figure comes to life by one script, which lies beside the pages and is printed from gdcore."""

import re
from pathlib import Path

import minify
from docutils import nodes
from gd_figures import inline
from gd_notebooks import html_output, on_outputs, text

from gdcore.figures.live import script
from gdcore.figures.live.spec import MIME, figure_html


def _change(app, docname, cell, output):
    data = output.get("data", {})
    if MIME not in data:
        return [output]
    figure = data[MIME]
    return [html_output(figure_html(figure, inline(text(data["image/svg+xml"]), figure["alt"])))]


def _needed(doctree):
    """(file name, kinds of figures, rules or None for all) of the script that a page loads; None where it has nothing alive."""
    raws = [raw.astext() for raw in doctree.findall(nodes.raw)]
    joined, explored = "".join(raws), any('"kind": "descent"' in raw and '"editable": true' in raw for raw in raws)
    if 'class="gd-live"' not in joined and "gd-symbols" not in joined:
        return None
    kinds = [kind for kind in script.kinds() if f'"kind": "{kind}"' in joined] + ["explorer"] * explored
    rules = None if explored else sorted(set(re.findall(r'"rule": "(\w+)"', joined)))
    return "-".join(["gd-live", *kinds, *(rule.lower() for rule in rules or ())]) + ".js", kinds, rules


def _print(app, doctree, docname):
    """A page with living figures or rule cards has one script, printed anew with each build, that holds what this page needs.

    Here, and not when the page is written: that happens in several processes, and once a build is enough.
    """
    if app.builder.format == "html" and (needed := _needed(doctree)):
        name, kinds, rules = needed
        _write(app, name, lambda: minify.string("application/javascript", script.classic(kinds, rules)))


def _head(app, pagename, templatename, context, doctree):
    if doctree is not None and (needed := _needed(doctree)):
        app.add_js_file(needed[0], priority=200)


def _styles(app):
    if app.builder.format == "html":
        _write(app, "gd-live.css", script.styles)
        app.add_css_file("gd-live.css")  # on each page, since gd_light joins it to the other style sheets, and counts its version in


def _write(app, name, content):
    """Write a file beside the pages, once a build."""
    written = app.env.temp_data.setdefault("gd_live_written", set())
    if name not in written:
        written.add(name)
        folder = Path(app.outdir, "_static")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content(), encoding="utf-8")


def setup(app):
    app.add_config_value("gd_live", script.fingerprint(), "html")  # another script, or another rule: write the pages again
    on_outputs(app, _change)
    app.connect("builder-inited", _styles)
    app.connect("doctree-resolved", _print, priority=900)
    app.connect("html-page-context", _head)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
