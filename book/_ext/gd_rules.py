"""What gdcore knows, as parts of a page and read anew with each build: `{hyperparameters}`, `{surfaces}` and `{rule} Adam`."""

import sys
from dataclasses import fields
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

sys.path.insert(0, str(Path(__file__).parents[2]))  # gdcore, also where it is not installed
import gdcore.rules as rules
from gdcore.rules.hyperparameters import HYPERPARAMETERS
from gdcore.surfaces import SURFACES
from gdcore.views import latex, source

_ALL = rules.RULES + rules.WRAPPERS + rules.TOLD + rules.COMPOSITIONS


def table():
    """A line of Markdown for each hyper-parameter, with links to the cards of the rules that have it."""
    yield from ("| symbol | name | meaning | range | in |", "|---|---|---|---|---|")
    for name, h in HYPERPARAMETERS.items():
        cards = [rule.__name__ for rule in _ALL if name in {field.name for field in fields(rule)}]
        where = ", ".join(f"[{rule}](#card-{rule.lower()})" for rule in cards[:3])
        where += f" and {len(cards) - 3} more" if len(cards) > 3 else ""
        allowed = h.range.replace("inf", "∞").replace("-", "−")
        yield f"| ${h.symbol}$ | `{name}` | {h.meaning} | {allowed} | {where} |"


def surfaces():
    """A line of Markdown for each surface of one or two variables."""
    yield from ("| name | what it is for |", "|---|---|")
    yield from (f"| `{name}` | {surface.about} |" for name, surface in SURFACES.items())


def brief(name):
    """The source of a rule and the equations that are read off it, side by side where there is room."""
    rule = getattr(rules, name)
    yield from ("::::{container} gd-brief", "```python", *source(rule).splitlines(), "```", "$$", *latex(rule).splitlines(), "$$", "::::")


class _Generated(Directive):
    """A directive whose content gdcore writes."""

    def run(self):
        env = self.state.document.settings.env
        for module in list(sys.modules.values()):
            if getattr(module, "__name__", "").startswith(("gdcore.rules", "gdcore.surfaces", "gdcore.views")):
                env.note_dependency(module.__file__)
        container = nodes.Element()
        self.state.nested_parse(StringList(list(self.lines())), 0, container)
        return container.children


class Hyperparameters(_Generated):
    def lines(self):
        return table()


class Surfaces(_Generated):
    def lines(self):
        return surfaces()


class Brief(_Generated):
    required_arguments = 1

    def lines(self):
        return brief(self.arguments[0])


def setup(app):
    app.add_directive("hyperparameters", Hyperparameters)
    app.add_directive("rule", Brief)
    app.add_directive("surfaces", Surfaces)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
