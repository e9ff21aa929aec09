"""Living figures in a real browser, on a page of their own that is opened from the disk."""

import pytest

from gdcore.figures.live import script
from gdcore.figures.live.spec import MIME, figure_html

_STYLE = """
body { max-width: 45rem; margin: 1rem auto; padding: 0 1rem; background: #fefefc; }
html[data-theme=dark] {
  --gd-ink: #dbe1e8; --gd-quiet: #9ba6b2; --gd-grid: #39434f; --gd-ground: #14181e; --gd-panel: #1b2129; --gd-line: #2c343f;
  --gd-blue: #4ba6e3; --gd-orange: #f0812c; --gd-green: #2fbf94; --gd-purple: #d98bbb;
}
html[data-theme=dark] body { background: #14181e; }
"""
_PAGE = """<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8"><title>figures</title>
<meta name="viewport" content="width=device-width"><style>{style}</style>
<body><main>{figures}</main><script>{script}</script></body></html>"""


@pytest.fixture
def open_figures(chromium, tmp_path):
    """open_figures(figure, …, theme="light", width=900, **context): a page that shows them, once all are drawn.

    `page.errors` lists what the console says; a figure is `document.querySelectorAll("figure.gd-live")[i].figure`.
    A figure is a living figure of gdcore or what `figure_json` gives.
    """
    contexts = []

    def open(*figures, theme="light", width=900, height=4000, **settings):
        found = [f if isinstance(f, dict) else f._repr_mimebundle_()[0][MIME] for f in figures]
        html = "".join(figure_html(f, "<svg role='img' aria-label='still'></svg>") for f in found)
        path = tmp_path / f"figures{len(contexts)}.html"
        # no more than they need, as in the book
        needed = {f["kind"] for f in found} & set(script.kinds()) | {"explorer" for f in found if f["state"].get("editable")}
        text = _PAGE.format(theme=theme, style=script.styles() + _STYLE, script=script.classic(needed), figures=html)
        path.write_text(text, encoding="utf-8")
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=theme, **settings)
        contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("console", lambda m: page.errors.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: page.errors.append(str(e)))
        page.goto(path.as_uri())
        settle(page)
        return page

    yield open
    for context in contexts:
        context.close()


def settle(page):
    """Wait until every figure near the window has drawn what it was told."""
    page.evaluate("""() => new Promise((done) => {
        const rests = (f) => !f.figure || (f.figure.frame === undefined && (f.figure.drawn || !f.figure.near));
        const look = (calm) => requestAnimationFrame(() => setTimeout(() => {
            if (![...document.querySelectorAll("figure.gd-live")].every(rests)) return look(false);
            calm ? done() : look(true);
        }));
        look(false);
    })""")
