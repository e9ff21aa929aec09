"""The notebooks as GitHub shows them, as near as this machine can come.

GitHub turns a notebook into HTML with nbconvert, takes out what its allowlist does not name (scripts, styles, classes and all), shows a
drawing as an image of its own, and lets MathJax draw the formulas. So does this page. It is not GitHub: it has no header, and only
what is public of its rules (github.com/gjtorikian/html-pipeline, SanitizationFilter) is kept.
"""

import base64
import functools
import html
import re

import bleach
import nbformat
from nbconvert import HTMLExporter

TAGS = set("""h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p ol ul table thead tbody tfoot blockquote dl dt dd
    kbd q samp var hr ruby rt rp li tr td th s strike summary details caption figure figcaption abbr bdo cite dfn mark small span time
    wbr""".split())
ATTRIBUTES = {"*": ["title", "lang", "dir", "align", "colspan", "rowspan", "open", "start"], "a": ["href"], "img": ["src", "alt", "width"]}

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: {scheme}; }}
body {{ font: 14px/1.5 system-ui, sans-serif; max-width: 980px; margin: 0 auto; padding: 16px; }}
pre {{ overflow-x: auto; background: #8882; padding: 8px; }} img {{ max-width: 100%; }} table {{ display: block; overflow-x: auto; }}
</style>
<script>MathJax = {{tex: {{inlineMath: [["$", "$"], ["\\\\(", "\\\\)"]], processEscapes: true}}, options: {{enableMenu: false}}}};</script>
<script src="{mathjax}/tex-mml-chtml.js"></script></head><body>{body}</body></html>"""


def shown(notebook, mathjax, title="notebook", scheme="light"):
    """The page, as text. mathjax: the address of its folder. scheme: light or dark."""
    notebook = nbformat.from_dict(notebook)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if drawing := data.pop("image/svg+xml", None):
                alt = output.metadata.get("image/svg+xml", {}).get("alt", "")
                source = base64.b64encode(drawing.encode()).decode()
                data["text/html"] = f'<img src="data:image/svg+xml;base64,{source}" alt="{bleach.clean(alt)}">'
    body, _ = _exporter().from_notebook_node(notebook)
    pictures = []  # put aside meanwhile: the cleaner would read each of their millions of letters

    def aside(found):
        pictures.append(found[0])
        return f'"data:{len(pictures) - 1}"'

    body = re.sub(r'"data:image/[^"]+"', aside, body)
    allowed = bleach.clean(body, TAGS, ATTRIBUTES, protocols={"http", "https", "mailto", "data"}, strip=True, strip_comments=True)
    allowed = re.sub(r'"data:(\d+)"', lambda found: pictures[int(found[1])], allowed)
    return PAGE.format(title=title, scheme=scheme, mathjax=mathjax, body=allowed)


@functools.cache
def _exporter():
    return HTMLExporter(template_name="basic", filters={"highlight_code": _plain_code})


def _plain_code(source, **options):
    """Code without its colours, which the allowlist takes away: thousands of elements that would be made and cleaned for nothing."""
    return f"<pre>{html.escape(source)}</pre>"
