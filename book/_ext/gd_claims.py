"""Claims: the lines `✓ sentence  (numbers)` that cells print, as ticks in the page, and all together in a ledger."""

import json
import re
from html import escape
from itertools import groupby
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from gd_notebooks import html_output, on_outputs, text

_TICK = "✓ "


def parse(line):
    """(sentence, numbers) of a claim's line; numbers is empty where none were given."""
    sentence, _, numbers = line.removeprefix(_TICK).partition("  (")
    return sentence.strip(), numbers.strip().removesuffix(")")


def lines_of(output):
    """The claims in a stored output, as printed."""
    printed = text(output.get("text", "")) if output.get("output_type") == "stream" else ""
    return [line for line in printed.splitlines() if line.startswith(_TICK)]


def claims(notebook):
    """All (cell id, section title, sentence, numbers) of a notebook, and its title: what the ledger shows of a chapter."""
    title, section, found = None, "", []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            prose = re.sub(r"```.*?```", "", text(cell["source"]), flags=re.DOTALL)
            for level, heading in re.findall(r"^(#{1,3}) +(.+?) *$", prose, flags=re.MULTILINE):
                title, section = (heading, "") if level == "#" else (title, heading)
        elif cell["cell_type"] == "code":
            found += [(cell["id"], section, *parse(line)) for output in cell["outputs"] for line in lines_of(output)]
    return title, found


def item(sentence, numbers, link=None):
    """One claim as HTML."""
    sentence = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(sentence, quote=False))
    numbers = f' <span class="gd-numbers">{escape(numbers).replace(" = ", "&nbsp;=&nbsp;")}</span>' if numbers else ""
    where = f' <a class="gd-where" href="{link[0]}">{escape(re.sub("[$`]", "", link[1]))}</a>' if link else ""
    return f'<li><span class="gd-tick">✓</span> <span>{sentence}{numbers}{where}</span></li>'


def _change(app, docname, cell, output):
    """Split what a cell printed: claims become a list with ticks, the rest stays as it is. Name the cell, so that the ledger finds it."""
    if not lines_of(output):
        return [output]
    cell["metadata"]["gd_anchor"] = f"cell-{cell['id']}"
    new = []
    for is_claim, lines in groupby(text(output["text"]).splitlines(), key=lambda line: line.startswith(_TICK)):
        lines = list(lines)
        if is_claim:
            new.append(html_output(f'<ul class="gd-claims">{"".join(item(*parse(line)) for line in lines)}</ul>'))
        elif any(line.strip() for line in lines):
            new.append({**output, "text": "\n".join(lines) + "\n"})
    return new


def _anchors(app, doctree):
    for cell in doctree.findall(lambda node: isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"):
        if anchor := cell["cell_metadata"].get("gd_anchor"):
            cell["ids"].append(anchor)


class Ledger(Directive):
    """`{claims-ledger}`: the claims of all chapters, one section for each, each claim with a link to the cell that checks it."""

    def run(self):
        env = self.state.document.settings.env
        env.gd_ledgers = {*getattr(env, "gd_ledgers", ()), env.docname}
        chapters = [(path, *claims(json.loads(path.read_text("utf-8")))) for path in _chapters(env)]
        total = sum(len(found) for *_, found in chapters)
        count = nodes.paragraph("", f"So far {total} claims in {len(chapters)} chapters hold.", classes=["gd-count"])
        return [count, *(self._section(env, *chapter) for chapter in chapters if chapter[2])]

    def _section(self, env, path, title, found):
        page = env.app.builder.get_relative_uri(env.docname, f"chapters/{path.stem}")
        items = "".join(item(sentence, numbers, (f"{page}#cell-{cell}", section or title)) for cell, section, sentence, numbers in found)
        section = nodes.section(ids=[f"claims-{path.stem.replace('_', '-')}"])
        section += nodes.title("", f"{int(path.stem[:2])}. {title.partition(':')[0]}")
        section += nodes.raw("", f'<ul class="gd-claims gd-ledger">{items}</ul>', format="html")
        return section


def _chapters(env):
    """The notebooks of the book, in order."""
    return [path for path in sorted(Path(env.srcdir, "chapters").glob("*.ipynb")) if f"chapters/{path.stem}" in env.found_docs]


def _outdated(app, env, added, changed, removed):
    """A ledger is old as soon as any chapter is new."""
    touched = {name for name in added | changed | removed if name.startswith("chapters/")}
    return sorted(getattr(env, "gd_ledgers", set()) & env.found_docs) if touched else []


def setup(app):
    on_outputs(app, _change)
    app.add_directive("claims-ledger", Ledger)
    app.connect("doctree-read", _anchors)
    app.connect("env-get-outdated", _outdated)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
