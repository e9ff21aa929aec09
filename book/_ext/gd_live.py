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


def _head(app, pagename, templatename, context, doctree):
    """A page with living figures or rule cards loads one script, printed anew with each build, that holds what this page needs."""
    _write(app, "gd-live.css", script.styles)
    app.add_css_file("gd-live.css")  # on each page, since gd_light joins it to the other style sheets, and counts its version in
    figures = [] if doctree is None else [raw.astext() for raw in doctree.findall(nodes.raw)]
    raws, explored = "".join(figures), any('"kind": "descent"' in f and '"editable": true' in f for f in figures)
    if 'class="gd-live"' not in raws and "gd-symbols" not in raws:
        return
    needed = [kind for kind in script.kinds() if f'"kind": "{kind}"' in raws] + ["explorer"] * explored
    rules = None if explored else sorted(set(re.findall(r'"rule": "(\w+)"', raws)))
    name = "-".join(["gd-live", *needed, *(r.lower() for r in rules or ())])
    _write(app, f"{name}.js", lambda: minify.string("application/javascript", script.classic(needed, rules)))
    app.add_js_file(f"{name}.js", priority=200)


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
    app.connect("html-page-context", _head)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
