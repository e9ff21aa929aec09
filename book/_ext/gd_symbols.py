"""In rule cards, each hyper-parameter's symbol in an equation gets a class, so that the script can light it up with its likes.

Which symbols a card has is read off the rule; the class is `gd-h-` and the name of the field.
"""

import re
from dataclasses import fields

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

import gdcore.rules as rules
from gdcore.rules.hyperparameters import HYPERPARAMETERS

_RULES = {rule.__name__: rule for rule in rules.RULES + rules.WRAPPERS + rules.TOLD + rules.COMPOSITIONS}


def symbols(rule):
    """{field: LaTeX} of the rule's hyper-parameters, the longest symbol first, so that \\beta_1 is found before \\beta."""
    own = {f.name: HYPERPARAMETERS[f.name].symbol for f in fields(rule) if f.name in HYPERPARAMETERS}
    return dict(sorted(own.items(), key=lambda pair: -len(pair[1])))


def marked(latex, own):
    """The formula with a class around each symbol of `own`; a symbol with another index, such as \\eta_t, is another symbol."""
    if not own:
        return latex
    one = "|".join(f"(?P<{name}>{re.escape(symbol)})" for name, symbol in own.items())
    pattern = rf"(?<![A-Za-z\\])(?:{one})(?![A-Za-z_])(?!\^[+-])"
    return re.sub(pattern, lambda m: rf"\class{{gd-h-{m.lastgroup}}}{{{m[0]}}}", latex)


def _cards(document):
    """(the node of a card, its rule): cards in chapters begin with the rule's name in bold, those of their page have it as a title."""
    for section in document.findall(nodes.section):
        title = section.next_node(nodes.title)
        if title is not None and title.astext() in _RULES and f"card-{title.astext().lower()}" in section["ids"] + section["names"]:
            yield section, _RULES[title.astext()]
    for raw in document.findall(nodes.raw):
        if raw.astext().strip() == '<div class="gd-card">':
            siblings = raw.parent.children[raw.parent.index(raw) + 1:]
            first = siblings[0].astext().split(" ")[0] if siblings else ""
            if first in _RULES:
                yield raw.parent, _RULES[first]


class Symbols(SphinxPostTransform):
    """Mark the symbols of every card, and say which there are."""

    default_priority = 400
    formats = ("html",)

    def run(self, **kwargs):
        for card, rule in _cards(self.document):
            own = symbols(rule)
            for formula in [*card.findall(nodes.math), *card.findall(nodes.math_block)]:
                formula.children = [nodes.Text(marked(formula.astext(), own))]
            names = nodes.raw("", f'<span class="gd-symbols" data-names="{" ".join(own)}"></span>', format="html")
            card.insert(1 if isinstance(card, nodes.section) else len(card), names)


def setup(app):
    app.add_post_transform(Symbols)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
