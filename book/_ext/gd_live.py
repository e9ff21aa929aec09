"""Living figures in the pages: a stored figure comes to life by one script, which lies beside the pages and is printed from gdcore."""

from pathlib import Path

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


def _write(app):
    """The script and its style, printed anew with each build: what the pages run is what the rules say."""
    import minify

    folder = Path(app.outdir, "_static")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gd-live.js").write_text(minify.string("application/javascript", script.classic()), encoding="utf-8")
    (folder / "gd-live.css").write_text(script.styles(), encoding="utf-8")


def _head(app, pagename, templatename, context, doctree):
    """Pages with a living figure or a rule card load the script before their text, so that a figure is built where it stands."""
    wanted = ('class="gd-live"', "gd-symbols")
    if doctree is not None and any(word in raw.astext() for raw in doctree.findall(nodes.raw) for word in wanted):
        app.add_css_file("gd-live.css")
        app.add_js_file("gd-live.js", priority=200)


def setup(app):
    on_outputs(app, _change)
    app.connect("html-page-context", _head)
    app.connect("build-finished", lambda app, error: None if error or app.builder.format != "html" else _write(app))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
