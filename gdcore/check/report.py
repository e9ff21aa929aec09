"""What a reader sees: one list of blocks, printed as HTML in Jupyter and as text elsewhere, in the same words."""

from html import escape

from gdcore.figures.style import GREEN, ORANGE

__all__ = ["Report"]

MARKS = {"✓": GREEN, "✗": ORANGE, "◐": ORANGE}
BARS = {"good": GREEN, "mistake": ORANGE}
TRIANGLE = "list-style:revert;cursor:pointer"  # extensions of JupyterLab take it from all folded things
CELL = "text-align:left;vertical-align:top;padding:2px 14px 2px 0;border:none;background:none;white-space:normal"


class Report:
    """A report of blocks; `points`, `of` and `passed` for programs.

    A block is ("head", text), ("say", kind, text) with kind "", "good" or "mistake", ("hint", text), ("table", rows),
    ("bars", rows of (name, share from 0 to 1 or None, text)) or ("picture", svg, text).
    """

    def __init__(self, blocks, points=0.0, of=0.0, mistakes=()):
        self.blocks, self.points, self.of, self.mistakes = list(blocks), points, of, tuple(mistakes)

    @property
    def passed(self):
        return self.of > 0 and self.points == self.of

    def __repr__(self):
        return "\n".join(TEXT[kind](*rest) for kind, *rest in self.blocks)

    def _repr_html_(self):
        body = "".join(HTML[kind](*rest) for kind, *rest in self.blocks)
        return f'<div class="gd-check" style="max-width:46em;line-height:1.5">{body}</div>'


def _marked(text):
    """Text with its backticks as code."""
    parts = escape(text, quote=False).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def _html_cell(text):
    if text in MARKS:
        return f'<td style="{CELL};color:{MARKS[text]};font-weight:bold">{text}</td>'
    return f'<td style="{CELL}">{_marked(text)}</td>'


def _html_table(rows):
    lines = "".join(f"<tr style='background:none'>{''.join(map(_html_cell, row))}</tr>" for row in rows)
    return f'<table style="border:none;margin:.3em 0;font-size:inherit">{lines}</table>'


def _html_say(kind, text):
    bar = f"border-left:4px solid {BARS[kind]};padding-left:.7em;" if kind else ""
    return f'<p style="{bar}margin:.5em 0">{_marked(text)}</p>'


def _html_bars(rows):
    def cell(name, share, text):
        width = 100 * (share or 0)
        fill = f"background:linear-gradient(to right,{GREEN}66 {width:.0f}%,transparent {width:.0f}%)"
        faint = "" if share is not None else ";opacity:.55"
        return (f'<span style="display:inline-block;min-width:7em;margin:2px;padding:2px 8px;border:1px solid {GREEN}88;'
                f'border-radius:4px;{fill}{faint}">{escape(name)} {escape(text)}</span>')

    return "<div>" + " ".join(cell(*row) for row in rows) + "</div>"


def _text_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  " + "  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows)


def _text_bars(rows, beside=5):
    cells = [f"{name} {text}" for name, _, text in rows]
    lines = [cells[i : i + beside] for i in range(0, len(cells), beside)]
    return "\n".join("  " + "".join(cell.ljust(16) for cell in line).rstrip() for line in lines)


HTML = {
    "head": lambda text: f'<p style="margin:.3em 0"><strong>{_marked(text)}</strong></p>',
    "say": _html_say,
    "hint": lambda text: f'<details style="margin:.4em 0 .4em 1em"><summary style="{TRIANGLE}">Hint</summary>{_marked(text)}</details>',
    "table": _html_table,
    "bars": _html_bars,
    "picture": lambda svg, text: f'<figure style="margin:.5em 0">{svg}<figcaption>{escape(text)}</figcaption></figure>',
}
TEXT = {
    "head": str,
    "say": lambda kind, text: text,
    "hint": lambda text: f"Hint {text}",
    "table": _text_table,
    "bars": _text_bars,
    "picture": lambda svg, text: text,
}
