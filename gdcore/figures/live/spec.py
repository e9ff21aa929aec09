"""What a living figure is made of, as plain values: JSON in a stored notebook, in a page, and between Python and JavaScript.

A stored notebook sorts the keys of its objects, so where an order matters the state holds a list.
"""

import json
import math
from html import escape

from gdcore import rules
from gdcore.rules.base import Rule, Wrapper

__all__ = ["MIME", "figure_html", "figure_json", "moved", "rule_json", "surface_json"]

MIME = "application/vnd.gdcore.figure+json"


def figure_json(spec, state, alt, table):
    """All of a figure as plain values: what a stored output holds beside the still drawing."""
    return {**spec, "state": _plain(state), "alt": alt, "table": _plain(table)}


def rule_json(rule):
    """A rule as {"rule": name, "hyper": {…}, "inner": …}; TypeError if it is none."""
    if not isinstance(rule, Rule):
        raise TypeError(f"A figure races rules such as Adam(lr=0.1), got {rule!r}.")
    if type(rule) not in (*rules.RULES, *rules.WRAPPERS, *rules.COMPOSITIONS):
        raise TypeError(f"The script of a figure knows the rules of gdcore, and {type(rule).__name__} is none that it can run: record "
                        "its run, and show it with live.race.")
    own = {name: value for name, value in vars(rule).items() if name != "rule"}
    return {"rule": type(rule).__name__, "hyper": own} | ({"inner": rule_json(rule.rule)} if isinstance(rule, Wrapper) else {})


def moved(rule, told):
    """The rule with the hyper-parameters that `told`, its description in a figure's state, has now."""
    values = {}
    while told:
        values, told = {**values, **told["hyper"]}, told.get("inner")
    known = rule.hyperparameters()
    return rule.with_hyperparameters(**{name: value for name, value in values.items() if name in known and not isinstance(value, list)})


def surface_json(surface):
    """A surface as {"surface": name, "parameters": {…}}."""
    return {"surface": surface.name, "parameters": surface.parameters}


def figure_html(figure, drawing):
    """The figure for a page: its values as JSON, the still drawing, and the numbers as a table; a script brings it to life."""
    needed = {key: figure[key] for key in ("kind", "title", "question", "state", "data") if key in figure}
    data = json.dumps(needed, ensure_ascii=False).replace("</", "<\\/")
    head = "".join(f"<th scope=\"col\">{escape(str(name))}</th>" for name in figure["table"]["columns"])
    rows = "".join("<tr>" + "".join(f"<td>{escape(_shown(value))}</td>" for value in row) + "</tr>" for row in figure["table"]["rows"])
    return (
        f'<figure class="gd-live" aria-label="{escape(figure["title"])}"><script type="application/json">{data}</script>'
        f"{drawing}</figure>\n"
        f'<details class="gd-live-table"><summary>The figure in numbers</summary>'
        f"<table class=\"table\"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></details>"
    )


def _shown(value):
    return f"{value:.4g}".replace("-", "−") if isinstance(value, float) else str(value)


def _plain(value):
    """Numbers that JSON knows, rounded where they are results: nan and infinity become words."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
