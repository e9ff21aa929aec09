"""Figures of notebooks: line drawings become part of the page, in the page's own colours, and none goes without alt text."""

import base64
import re
from html import escape

import minify
from docutils import nodes
from gd_notebooks import html_output, on_outputs, text
from sphinx.util import logging

from gdcore.figures.style import GRID, INK, PALETTE

_LOG = logging.getLogger(__name__)
_PALETTE = ("blue", "orange", "green", "purple", "amber")  # as PALETTE; gd.css has lighter ones for dark pages
_IN_PAGE = {INK: "currentColor", GRID: "var(--gd-grid)"} | {c: f"var(--gd-{name}, {c})" for name, c in zip(_PALETTE, PALETTE, strict=True)}
_WIDE = 570  # pixels: a phone shows 0.62 of that, and what is wider scrolls in its box, for those without a mouse too


def inline(svg, alt):
    """The drawing as HTML: its colours are the page's, and a screen reader finds its name."""
    svg = re.sub(r"#[0-9a-f]{6}\b", lambda colour: _IN_PAGE.get(colour[0].lower(), colour[0]), svg, flags=re.IGNORECASE)
    if "aria-labelledby=" not in svg:
        svg = re.sub(r"<svg\b", f'<svg role="img" aria-label="{escape(alt)}"', svg, count=1)
    svg = _smaller(svg[svg.index("<svg"):])  # no XML prologue inside HTML
    width = re.search(r'<svg[^>]*? width="([\d.]+)', svg)
    size = f' style="--gd-width: {width[1]}px"' if width else ""
    if width and float(width[1]) > _WIDE:
        size += f' tabindex="0" role="group" aria-label="{escape(alt)}"'
    return f'<figure class="gd-figure-box"{size}>{svg}</figure>'


def _smaller(svg):
    """The drawing in fewer bytes and elements: groups that say nothing are gone, and what only a drawing outside a page needs."""
    depth = []

    def group(match):
        if match[0] == "</g>":
            return match[0] if depth.pop() else ""
        depth.append(match[1])
        return match[0] if match[1] else ""

    svg = re.sub(r"<style>.*?</style>|<rect class=\"gd-panel\"[^>]*/>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' transform="rotate\(-0 [^)]*\)"', "", svg)
    return re.sub(r"<g( [^>]*)?>|</g>", group, minify.string("image/svg+xml", svg))


def _change(app, docname, cell, output):
    data = output.get("data", {})
    kind = next((k for k in ("image/svg+xml", "image/png", "image/jpeg") if k in data), None)
    if kind is None:
        return [output]
    metadata = output.setdefault("metadata", {}).setdefault(kind, {})
    alt = str(metadata.get("alt") or "").strip()
    if not alt:
        _LOG.warning("the figure of cell %s has no alt text: use gdcore.figures.show(fig, alt=...).", cell.get("id", "?"), location=docname)
    if kind == "image/svg+xml":
        return [html_output(inline(text(data[kind]), alt))]
    app.env.temp_data.setdefault("gd_alts", []).append(alt)
    if kind == "image/png":
        metadata["width"] = str(_png_width(text(data[kind])) // 2)  # stored with two pixels for one
    return [output]


def _png_width(data):
    return int.from_bytes(base64.b64decode(data[:64])[16:20], "big")


def _name_images(app, doctree):
    """Give the pictures in outputs their alt text, ask it of all others, and look for drawings with the same ids."""
    alts = iter(app.env.temp_data.pop("gd_alts", []))
    for image in doctree.findall(nodes.image):
        if isinstance(image.parent, nodes.container) and "mime_type" in image.parent:
            image["alt"] = next(alts)
            image["classes"].append("gd-picture")
        elif not image.get("alt"):
            _LOG.warning("the image %s has no alt text.", image["uri"], location=image)
    drawings = [raw.astext() for raw in doctree.findall(nodes.raw) if "<svg" in raw.astext()]
    ids = [i for drawing in drawings for i in re.findall(r' id="([^"]+)"', drawing)]
    if clash := sorted({i for i in ids if ids.count(i) > 1}):
        _LOG.warning("two figures share the ids %s: give them different alt texts.", ", ".join(clash[:3]), location=app.env.docname)


def setup(app):
    on_outputs(app, _change)
    app.connect("doctree-read", _name_images)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
