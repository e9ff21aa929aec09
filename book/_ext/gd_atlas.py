"""The atlas of methods: `{atlas}`, what examples/results/atlas.json says of each, as a table to sort and a map that a script draws from it;
and `{atlas-elsewhere}`, those that were priced on a task of their own."""

import json
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive

RESULTS = Path(__file__).parents[2] / "examples" / "results" / "atlas.json"
MODULES = {"curvature": "second_order", "one example a step": "finite_sum", "values only": "gradient_free"}
FEDERATED, WITHOUT_CARD = ("FedAvg", "Scaffold"), ("SOAP", "Quantized")
COLUMNS = {  # {what the record calls it: (the head of the column, how the map calls it)}
    "sweeps": ("sweeps", "sweeps over the data, to a thousandth"),
    "nearer": ("to a millionth", "sweeps over the data, to a millionth"),
    "steps": ("steps", "steps, to a thousandth"),
    "kept": ("bytes kept", "bytes kept, for each weight"),
    "bytes": ("bytes sent", "bytes that one of six machines sends"),
    "seconds": ("ms", "milliseconds, to a thousandth"),
}


def entries():
    return json.loads(RESULTS.read_text("utf-8"))["entries"]


def address(name, family):
    """Where a method is written about: its card, or its place in the API."""
    if family == "rule":
        return f"api.html#gdcore.rules.{name}" if name in WITHOUT_CARD else f"rule_cards.html#card-{name.lower()}"
    module = MODULES.get(family) or ("federated" if name in FEDERATED else "distributed")
    return f"api.html#gdcore.algorithms.{module}.{name}"


def number(entry, column):
    """A column's value of an entry; None where there is none."""
    if column == "nearer":
        return entry["nearer"]["sweeps"]
    value = entry.get(column)
    return value * 1000 if column == "seconds" and value is not None else value


def shown(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 or value == round(value) else f"{value:.3g}"


def row(name, entry):
    cells = [f'<th scope="row"><a href="{address(name, entry["family"])}">{escape(name)}</a></th>', f"<td>{entry['family']}</td>"]
    for column in COLUMNS:
        value = number(entry, column)
        cells.append(f'<td data-{column}="{"" if value is None else value}">{shown(value)}</td>')
    told = {None: "none arrived", "": "its own"}.get(entry["setting"], entry["setting"])
    cells.append(f"<td>{escape(told)}</td>")
    return f'<tr data-family="{entry["family"]}">{"".join(cells)}</tr>'


def table():
    heads = "".join(f'<th scope="col" data-column="{column}">{head}</th>' for column, (head, _) in COLUMNS.items())
    rows = "\n".join(row(name, entry) for name, entry in entries().items() if entry["family"] and "sweeps" in entry)
    return (f'<div class="gd-atlas-box" tabindex="0" role="region" aria-label="Table of all methods"><table><thead><tr>'
            f'<th scope="col">method</th><th scope="col">family</th>{heads}<th scope="col">setting</th></tr></thead>\n<tbody>\n{rows}\n'
            "</tbody></table></div>")  # fmt: skip


def picker(side, first):
    options = "".join(f'<option value="{c}"{" selected" * (c == first)}>{name}</option>' for c, (_, name) in COLUMNS.items())
    return f'<label>{side} <select name="{side}">{options}</select></label>'


def figure():
    """The frame of the map: what is in it the script draws from the table."""
    return ('<figure class="gd-atlas" id="atlas"><div class="gd-atlas-axes">' + picker("across", "sweeps") + picker("up", "kept")
            + '</div><div class="gd-atlas-map"></div><figcaption aria-live="polite"></figcaption></figure>')  # fmt: skip


def elsewhere():
    rows = []
    for name, entry in entries().items():
        if "price" in entry:
            price = f"{shown(entry['price'])} {entry['unit']}" if entry["price"] is not None else f"not by most ({entry['unit']})"
            link = f'<a href="api.html#gdcore.{entry["api"]}">{escape(name)}</a>'
            rows.append(f'<tr><th scope="row">{link}</th><td>{escape(entry["task"])}</td><td>{price}</td><td>{entry["arrived"]}</td></tr>')
    return ('<div class="gd-atlas-box gd-elsewhere" tabindex="0" role="region" aria-label="Table of methods on tasks of their own">'
            '<table><thead><tr>'
            '<th scope="col">method</th><th scope="col">task</th><th scope="col">price</th><th scope="col">arrived</th></tr></thead>\n'
            "<tbody>\n" + "\n".join(rows) + "\n</tbody></table></div>")  # fmt: skip


class _Raw(Directive):
    def run(self):
        self.state.document.settings.env.note_dependency(str(RESULTS))
        return [nodes.raw("", self.html(), format="html")]


class Atlas(_Raw):
    def html(self):
        return figure() + table() + '<script defer src="../_static/atlas.js"></script>'


class Elsewhere(_Raw):
    def html(self):
        return elsewhere()


def setup(app):
    app.add_directive("atlas", Atlas)
    app.add_directive("atlas-elsewhere", Elsewhere)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
