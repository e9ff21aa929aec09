"""How every figure of the book looks, and how it is displayed.

A figure is drawn once and read in three places: inlined in the built page, where its ink follows the page's text colour
(a Sphinx extension replaces INK and GRID); as a picture in JupyterLab and on GitHub, where it brings its own white panel;
and by a screen reader, which gets the alt text.
"""

import hashlib
import io
import re
from html import escape

__all__ = ["AMBER", "BLUE", "GREEN", "GRID", "INK", "ORANGE", "PALETTE", "PURPLE", "figure", "label", "label_ends", "show"]

INK = "#1f2328"  # text, axes and neutral lines: becomes the page's text colour
GRID = "#d0d7de"  # grid lines and faint strokes: becomes the page's border colour

# Okabe and Ito (2008), Color Universal Design, darkened where needed so that each keeps a contrast of 3:1 on white and on #14181e
BLUE, ORANGE, GREEN, PURPLE, AMBER = "#0a7abf", "#d55e00", "#009e73", "#c2669b", "#b27d00"
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, AMBER)

FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"

STYLE = {
    "font.family": "DejaVu Sans", "font.size": 11, "axes.titlesize": 11, "axes.labelsize": 11,
    "xtick.labelsize": 10, "ytick.labelsize": 10, "mathtext.fontset": "dejavusans",
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.titlelocation": "left", "axes.titlepad": 8, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.color": GRID, "grid.linewidth": 0.7, "axes.axisbelow": True,
    "figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none", "lines.linewidth": 2,
    "svg.fonttype": "none",  # text stays text: it can be searched, scaled and read aloud
}  # fmt: skip


def figure(title=None, columns=1, rows=1, width=None, height=None, **subplots):
    """A figure in the book's style: `(fig, ax)`, or `(fig, axes)` as a NumPy array when there is more than one panel.

    `title` says what to see. Sizes are in inches: a panel is 5.8 wide alone, 3.7 beside others, and 3.4 high.
    Further arguments go to `Figure.subplots` (sharex, sharey, width_ratios, ...).
    """
    import matplotlib
    from cycler import cycler
    from matplotlib.figure import Figure

    matplotlib.rcParams.update(STYLE)
    matplotlib.rcParams["axes.prop_cycle"] = cycler(color=PALETTE)
    width = width or (5.8 if columns == 1 else 3.7 * columns)
    fig = Figure(figsize=(width, height or 3.4 * rows), layout="constrained")
    axes = fig.subplots(rows, columns, **subplots)
    if title:
        fig.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    return fig, axes


def label(ax, x, y, text, color=INK, dx=6, dy=0, **text_arguments):
    """Write `text` beside the point (x, y), `dx` and `dy` points away: a direct label in place of a legend."""
    arguments = {"ha": "left" if dx >= 0 else "right", "va": "center", **text_arguments}
    return ax.annotate(text, (x, y), (dx, dy), textcoords="offset points", color=color, annotation_clip=False, **arguments)


def label_ends(ax, ends, gap=14):
    """Name curves at their right ends: `ends` is a list of (x, y, text, color). Names closer than `gap` points are pushed apart.

    Call it last: it reads the limits and scales of `ax`.
    """
    ax.autoscale_view()  # the limits of what was drawn, if nobody set others
    to_points = ax.get_figure().get_figheight() * 72 * min(0.75, ax.get_position().height)  # roughly the height of the axes
    height = lambda x, y: (ax.transScale + ax.transLimits).transform((x, y))[1] * to_points
    lowest = float("-inf")
    for x, y, text, color in sorted(ends, key=lambda end: height(*end[:2])):
        at = height(x, y)
        lowest = max(at, lowest + gap)
        label(ax, x, y, text, color, dx=5, dy=lowest - at)


def show(fig, alt=None, format="svg"):
    """Display `fig` as one output that carries its alt text.

    `alt` says in a sentence or two what the picture shows, for someone who cannot see it. `format` is "svg", or "png" (twice
    the screen's density) for a picture too dense for lines. Raises TypeError without an alt text, ValueError for another format.
    """
    if not isinstance(alt, str) or not alt.strip():
        raise TypeError("show(fig, alt=...) got no alt text: pass a sentence that says what the figure shows.")
    if format not in ("svg", "png"):
        raise ValueError(f"show(format=...) got {format!r}: use 'svg' for lines or 'png' for dense fields.")
    from IPython.display import display

    mime, data = ("image/svg+xml", svg(fig, alt)) if format == "svg" else ("image/png", png(fig))
    display({mime: data, "text/plain": alt}, metadata={mime: {"alt": alt}}, raw=True)


def png(fig):
    """`fig` as PNG bytes on a white panel, two pixels for one."""
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=192, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def svg(fig, alt):
    """`fig` as an SVG document: the same bytes each time, no ids that could clash in a page, an accessible name."""
    import matplotlib

    key = "f" + hashlib.sha256(alt.encode()).hexdigest()[:8]
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": key}):
        fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    body = buffer.getvalue()
    body = body[body.index("<svg"):]
    head, body = body.split(">", 1)
    width, height = (float(n) for n in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', head).groups())
    body = re.sub(r"\s*<(metadata)>.*?</\1>", "", body, flags=re.DOTALL)
    body = re.sub(r"\s*<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", body, count=1, flags=re.DOTALL)  # it would style the whole page
    body = re.sub(r' (d|x|y)="([^"]*)"', lambda m: f' {m[1]}="{_shorter(m[2])}"', body)
    body = re.sub(r'<g([^>]*)>\s*((?:<use [^>]* style="([^"]*)"/>\s*)(?:<use [^>]* style="\3"/>\s*)+)</g>', _style_once, body)
    body = body.replace("'DejaVu Sans', sans-serif", FONT).replace("'DejaVu Sans'", FONT)
    body = _only_needed_ids(body, key)
    title = fig.get_suptitle() or alt
    # the white panel is there unless the drawing is part of a page, which then brings background and ink itself
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" class="gd-figure" role="img" '
        f'aria-labelledby="{key}-t {key}-d" width="{width * 4 / 3:.0f}" height="{height * 4 / 3:.0f}" '
        f'viewBox="0 0 {width:g} {height:g}" style="max-width: 100%; height: auto; stroke-linejoin: round">\n'
        f'<title id="{key}-t">{escape(title)}</title>\n<desc id="{key}-d">{escape(alt)}</desc>\n'
        f"<style>svg:not(:root) > .gd-panel {{ fill: none }}</style>\n"
        f'<rect class="gd-panel" width="{width:g}" height="{height:g}" rx="6" fill="#ffffff"/>{body}'
    )


def _shorter(path):
    """A path's coordinates to a hundredth of a point, on one line."""
    return " ".join(re.sub(r"\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}", path).split())


def _style_once(group):
    """A run of equal markers with their common style on the group around them."""
    attributes, uses, style = group.groups()
    return f'<g{attributes} style="{style}">\n' + uses.replace(f' style="{style}"', "") + "</g>"


def _only_needed_ids(body, key):
    """Drop the ids that nothing refers to, and begin the others with `key`, so that many drawings fit in one page."""
    needed = set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))
    body = re.sub(r' id="([^"]+)"', lambda m: f' id="{key}-{m[1]}"' if m[1] in needed else "", body)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{key}-", body)
