"""The rule card: all there is to know about one rule, on one page."""

import inspect
import re
import textwrap
from dataclasses import MISSING, fields

from gdcore.rules.base import Wrapper
from gdcore.rules.hyperparameters import HYPERPARAMETERS
from gdcore.views.cost import cost
from gdcore.views.differences import COUNTERPARTS, differences
from gdcore.views.equations import latex, start
from gdcore.views.notation import hyperparameter_symbol, symbols
from gdcore.views.syntax import Step, instance, program

__all__ = ["Card", "markdown", "show", "source"]

_LIBRARIES = ("PyTorch", "Keras", "optax")


def source(rule):
    """The Python source of what the rule computes: `update`, and `init`, `probe`, `measured` and `answer` where it has its own."""
    kind = type(instance(rule))
    names = ("init", "probe", "update", "answer") if kind.second_gradient else ("init", "measured", "update", "answer")
    own = [getattr(kind, n) for n in names if n in kind.__dict__]
    return "\n\n".join(textwrap.dedent(inspect.getsource(method)).strip() for method in own)


class Card:
    """The rule card of a rule, class or instance; Jupyter shows it as formatted text, `print` as plain text."""

    def __init__(self, rule):
        self.rule = instance(rule)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {
            "text/markdown": f'<div class="gd-card">\n\n**{_title(self.rule)}**\n\n{markdown(self.rule)}\n\n</div>',
            "text/plain": str(self),
        }

    def __str__(self):
        rule, name = self.rule, _title(self.rule)
        return f"{name}: {_idea(rule)}\n\n{source(rule)}\n\n{cost(rule)}\n\n{_origin(rule, link=False)}"

    __repr__ = __str__


def show(rule):
    """Display the rule card of a rule (class or instance) in a notebook; print it elsewhere.

    An instance shows the equations with its own options; so does a wrapper, whose inner rule is then named.
    """
    card = Card(rule)
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        print(card)
        return
    if get_ipython() is None:
        print(card)
    else:
        display(card)


def markdown(rule):
    """The card as Markdown with formulas between $ signs, without a title."""
    rule = instance(rule)
    parts = [f"*{_idea(rule)}*", f"$$\n{latex(rule)}\n$$", *_notes(rule), _options(rule), _table(rule)]
    parts += [f"```python\n{source(rule)}\n```", f"**Cost.** {_code_names(str(cost(rule)))}"]
    names = [f"`{there[0]}`" for there in COUNTERPARTS.get(type(rule).__name__, {}).values()]
    others = differences(rule)
    if names or others:
        elsewhere = f"**Elsewhere** it is {_and(names)}." if names else "**Elsewhere.**"
        parts.append(elsewhere + "\n\n" + "\n".join(f"- *{'The paper' if d.who == 'paper' else d.who}* {d.what}." for d in others))
    parts.append(f"**Source.** {_origin(rule)}")
    return "\n\n".join(part for part in parts if part)


# -- the parts -----------------------------------------------------------------------------------------------------------------


def _title(rule):
    inner = getattr(rule, "rule", None)
    return type(rule).__name__ + (f" around {_title(inner)}" if inner is not None and not isinstance(inner, Step) else "")


def _paragraphs(rule):
    return [" ".join(p.split()) for p in (type(rule).__doc__ or "").split("\n\n")]


def _idea(rule):
    """The first line of the docstring, without the name in front."""
    line = _paragraphs(rule)[0]
    _, colon, rest = line.partition(": ")
    return rest[0].upper() + rest[1:] if colon else line


def _origin(rule, link=True):
    """The rest of the docstring; arXiv numbers become links."""
    text = " ".join(_paragraphs(rule)[1:]) or _paragraphs(rule)[0]
    if not link:
        return text
    text = re.sub(r"\b(torch|optax)\.[\w.]*\w(\([\w=…, ]*\))?", lambda m: f"`{m[0]}`", text)
    return re.sub(r"arXiv:(\d{4}\.\d{4,5})", r"[arXiv:\1](https://arxiv.org/abs/\1)", text)


def _notes(rule):
    """What the formulas do not say by themselves."""
    text, notes = latex(rule), []
    before = [f"${s}$" for s in start(rule)]
    if before:
        notes.append(f"Before the first step {_and(before)}.")
    p = program(rule)
    if p.x != "x":
        notes.append(f"$g_t$ is the gradient at ${symbols(p)[p.x + '.0']}$.")
    if p.answer != p.x:
        notes.append(f"The answer is ${symbols(p)[p.answer + '.new']}$.")
    if r"\operatorname{step}" in text or isinstance(rule, Wrapper):
        name = "step" if isinstance(rule.rule, Step) else type(rule.rule).__name__
        notes.append(rf"$\operatorname{{{name}}}(x, g)$ is one step of the inner rule, whose own memory goes along.")
    for function in vars(inspect.getmodule(type(rule))).values():
        if getattr(function, "latex", None) and function.latex in text:
            notes.append(
                f"${function.latex}$: {inspect.getdoc(function).splitlines()[0][0].lower()}{inspect.getdoc(function).splitlines()[0][1:]}"
            )
    if type(rule).second_gradient:
        notes.append(r"$\nabla f(\hat{x}_t)$ is a second gradient, of the same batch.")
    return [" ".join(notes)] if notes else []


def _options(rule):
    """The equations with the options on that are off by default."""
    plain, on = latex(rule), {}
    for f in fields(rule):
        value = getattr(rule, f.name)
        if isinstance(f.default, (bool, int, float)) and not f.default and value == f.default:
            switched = {f.name: True if isinstance(f.default, bool) else 1 if isinstance(f.default, int) else 0.5}
            if latex(rule.with_hyperparameters(**switched)) != plain:
                on |= switched
    if not on:
        return ""
    return f"With {_and([f'`{n}`' for n in on])}:\n\n$$\n{latex(rule.with_hyperparameters(**on))}\n$$"


def _table(rule):
    """The hyper-parameters: symbol, name, meaning, range, and the defaults here and elsewhere."""
    own = [f for f in fields(rule) if f.name != "rule"]
    if not own:
        return ""
    there = COUNTERPARTS.get(type(rule).__name__, {})
    libraries = [name for name in _LIBRARIES if name in there]
    rows = [["symbol", "name", "meaning", "range", "default", *libraries]]
    for f in own:
        known = HYPERPARAMETERS.get(f.name)
        symbol = f"${hyperparameter_symbol(f.name)}$" if known else ""
        values = [there[name][1].get(f.name, MISSING) for name in libraries]
        rows.append([symbol, f"`{f.name}`", known.meaning if known else _MEANINGS[f.name], known.range.replace("inf", "∞") if known else "",
                     _number(f.default), *map(_number, values)])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


_MEANINGS = {
    "bias_correction": "correct both averages for their start at 0, as Adam does",
    "safeguard_warmup": "keep the learning rate out of the weights of the sum that is divided by",
    "centered": "subtract the square of the mean gradient",
    "nesterov": "look one step ahead",
    "ns_coefficients": "coefficients of the Newton-Schulz iteration",
    "ns_precision": 'digits of that iteration: "full" or "bfloat16"',
    "adjust_lr": 'how the step grows with the shape: "original" or "match_rms_adamw"',
}


def _number(value):
    if value is MISSING:
        return "–"
    if value is None:
        return "none"
    if isinstance(value, float):
        return re.sub(r"e([-+])0*(\d)", lambda m: f"e{m[1].strip('+')}{m[2]}", f"{value:g}")
    return str(value)


def _code_names(text):
    """Names in brackets as code."""
    return re.sub(r"\(([a-z_0-9]+(?:, [a-z_0-9]+)*)\)", lambda m: "(" + ", ".join(f"`{n}`" for n in m[1].split(", ")) + ")", text)


def _and(words):
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
