"""All the arithmetic of the living figures as one text of JavaScript, printed from the rules and surfaces themselves.

`arithmetic()` is a classic script that defines the eight names in NAMES, and the function `arithmetic` that has made them and stands
alone: a worker gets its text.

COSTS        {squared: (e, delta) -> what an error e costs, …}: the losses of `costs.py`.

RULES        {Adam: {fields, wraps, update(h, x, g, t, s, rule), init(h, x, rule), answer(h, x, s, rule), probe?}, …}: all rules.
             Those for matrices see a point as a matrix of one column. fields: {lr: {text (its symbol), meaning, default, low,
             high, openLow, openHigh, integer}, …}; a field without a range has no low, but choices, if it is a switch or a word.
             wraps: whether it goes around another rule. Take `makeRule` to run one.
SURFACES     {rosenbrock: {name, dimension, start, box, minima, minimumValue, lipschitz, strongConvexity, parameters, value(x),
             gradient(x)}, …}, at the defaults of their parameters, which are described like the fields of rules. Points are arrays, in
             one dimension too; lipschitz and strongConvexity are null where there is none.
SCHEDULES    {cosine: {parameters, corner}, …}: learning-rate schedules; the parameters are described like the fields of rules, those that
             are whole numbers count steps; corner names the one that says where its first piece ends, or is null.
makeRule     ({rule: "Lookahead", hyper: {sync_period: 3}, inner: {rule: "Adam", hyper: {lr: 0.1}}}) -> {name, h, update(x, g, t, s) ->
             [x, s], init(x) -> s, answer(x, s) -> x, probe(x, g, t, s) -> x or null, rate, withRate(lr) -> rule}. t counts from 1, s is
             opaque, nothing is changed in place. hyper and what is missing in it are optional. rate: its lr, or that of the inner rule.
makeSurface  ({surface: "quadratic", parameters: {condition: 100, rotation: 30}}) -> an object like those of SURFACES, in which
             `parameters` are the values.
makeSchedule ({schedule: "cosine", parameters: {total: 300}}) -> {name, factor(t), parameters}: the factor on lr at step t = 0, 1, …
run          (rule, surface, start, steps, options) -> {xs, values, norms, answers, recorded, step, status, message}: what
             gdcore.minimize does. xs and answers hold the points one after another (Float64Array), recorded the step of each point.
             start: an array of numbers, or null for that of the surface. options: tolerance (1e-8; null: never converged); schedule(t),
             t = 0, 1, …, the factor on lr; noise(t), t = 1, 2, …, an array that is added to the gradient on its way to the rule (values,
             norms and the status are those of the surface itself); record: keep every so many steps, and always the last.

What makes no sense throws an Error of one sentence that the reader may see.
"""

import functools
import html.entities
import json
import math
import re
from dataclasses import fields
from pathlib import Path

from gdcore import rules as R
from gdcore.figures.live.costs import COSTS
from gdcore.figures.live.factors import FACTORS, MEANINGS, SHARE, STEPS, formulas
from gdcore.rules.hyperparameters import CHOICES, HYPERPARAMETERS, Hyperparameter
from gdcore.surfaces import SURFACES
from gdcore.surfaces.analytic import bowl
from gdcore.views.javascript import javascript
from gdcore.views.javascript_arrays import javascript_of_arrays
from gdcore.views.recorded import Printer, Value, Vector, number

__all__ = ["arithmetic"]

NAMES = "COSTS, RULES, SURFACES, makeRule, makeSurface, run"

# what a slider may move on a surface: {surface: {parameter: (description, default)}}; None is a default that the surface works out
PARAMETERS = {"quadratic": {
    "condition": (Hyperparameter(r"\kappa", "condition: how many times as curved across as along", low=1.0), 100),
    "rotation": (Hyperparameter(r"\varphi", "degrees by which the bowl is turned", low=-math.inf, open_low=True), 0),
    "largest": (Hyperparameter("L", "largest curvature; by default it equals the condition", open_low=True), None),
}}


@functools.cache
def arithmetic(schedules=True, rules=None):
    """The JavaScript described above; the same text every time, made of what is installed.

    schedules: False leaves them out. rules: a tuple of names; None means all. `line`, `map` and `schedule` need GD and HeavyBall.
    """
    hand = Path(__file__).with_name("js")
    names = f"{{{NAMES}{', SCHEDULES, makeSchedule' * schedules}}}"
    parts = [_rules(rules), _surfaces(), _costs(), hand.joinpath("run.js").read_text("utf-8")]
    parts += [_schedules(), hand.joinpath("factors.js").read_text("utf-8")] * schedules
    text, functions = _own_names("\n".join(parts))
    made = ["const arithmetic = () => {", functions, text, f"return {names};", "};"]
    return "\n".join([*made, f"const {names} = arithmetic();", ""])


def _own_names(text):
    """The text with max for Math.max and so on, and the line that gives these names: a minifier shortens only what we have named."""
    names = sorted(set(re.findall(r"\bMath\.([a-z]\w*)", text)))
    return re.sub(r"\bMath\.(?=[a-z])", "", text), f"const {{{', '.join(names)}}} = Math;"


# -- rules -----------------------------------------------------------------------------------------------------------------------


def _rules(names=None):
    kinds = [kind for kind in (*R.RULES, *R.WRAPPERS, *R.COMPOSITIONS) if names is None or kind.__name__ in names]
    knobs = {f.name for kind in kinds for f in fields(kind)}
    functions = [javascript(kind) if _entrywise(kind) else javascript_of_arrays(kind) for kind in kinds]
    choices = {name: _json(words) for name, words in (CHOICES | {"ns_precision": ["full"]}).items()}  # JavaScript has no other
    return "\n".join([
        *(line for f in functions for line in f.splitlines() if not line.endswith(".answer = (h, x, s) => x;")),  # the usual answer
        f"const CHOICES = {_object(choices)};",
        f"const KNOBS = {_object({name: _knob(known) for name, known in HYPERPARAMETERS.items() if name in knobs})};",
        f"const RULES = {_object({kind.__name__: _rule(kind) for kind in kinds})};",
    ])  # fmt: skip


def _entrywise(kind):
    return not issubclass(kind, R.Wrapper) and kind.reads == "entry"


def _rule(kind):
    name, defaults = kind.__name__, {f.name: _json(f.default) for f in fields(kind) if f.name != "rule"}
    code = f"entrywise({name})" if _entrywise(kind) else name
    return f"described({code}, {_json(issubclass(kind, R.Wrapper))}, {_object(defaults)})"


def _knob(known):
    """A hyper-parameter as a list: its symbol as text, its meaning, and what of its range is not usual."""
    more = _unusual(known)
    return f"[{', '.join([*map(_json, (plain(known.symbol), known.meaning)), *[_flat(more)] * bool(more)])}]"


def _unusual(known):
    """What of a range is not usual, under the names of JavaScript."""
    usual = Hyperparameter("", "")
    names = {"low": "low", "high": "high", "open_low": "openLow", "open_high": "openHigh", "integer": "integer"}
    return {js: getattr(known, n) for n, js in names.items() if getattr(known, n) != getattr(usual, n)}


def plain(latex):
    r"""A LaTeX symbol as plain text: \beta_1 is β₁."""
    text = re.sub(r"\\(?:var)?(\w+?)(?=[_^]|$)", lambda m: html.entities.html5[m[1] + ";"], latex)
    text = re.sub(r"_(\d)", lambda m: chr(ord("₀") + int(m[1])), text)
    text = re.sub(r"\^([+-])", lambda m: {"+": "⁺", "-": "⁻"}[m[1]], text)
    return re.sub(r"[{}\\]", "", text)


# -- surfaces --------------------------------------------------------------------------------------------------------------------


def _surfaces():
    data = {}
    makers = {name: _surface(surface, data) for name, surface in SURFACES.items()}
    arrays = [f"const {name} = [{', '.join(map(number, numbers))}];" for numbers, name in data.items()]
    knobs = {name: _object({p: f"[{_json(default)}, {_knob(known)}]" for p, (known, default) in parameters.items()})
             for name, parameters in PARAMETERS.items()}
    return "\n".join([*arrays, f"const PARAMETERS = {_object(knobs)};", f"const MAKERS = {_object(makers)};"])


def _surface(surface, data):
    """A function of the parameters p that makes a surface."""
    known = surface  # with numbers, where the other has symbols
    if surface.name == "quadratic":
        condition, rotation, largest = (Value("name", f"p.{n}", varies=False) for n in PARAMETERS["quadratic"])
        largest = Value("or", largest, condition)
        surface = bowl((largest / condition, largest), condition, rotation)
    one = known.dimension == 1
    names = "xyz"[: known.dimension]
    point = [Value("name", name, varies=True) for name in names]
    value = surface.function(point[0] if one else Vector(point))
    slopes = surface.gradient(point[0] if one else Vector(point))
    slopes, start, minima = ([slopes], [surface.start], [[m] for m in surface.minima]) if one else (
        slopes.parts, surface.start, surface.minima)
    bounds = {"lipschitz": surface.lipschitz, "strongConvexity": surface.strong_convexity}
    printer = Printer(data)
    constants = printer.constants(value, *slopes, *(v for v in (*start, *bounds.values()) if isinstance(v, Value)))
    made = _object({
        "start": f"[{', '.join(map(printer.text, start))}]", "box": _json(surface.box),
        "minima": _json(minima), **({"minimumValue": number(surface.minimum_value)} if surface.minimum_value else {}),
        **{name: printer.text(v) for name, v in bounds.items() if v is not None},
        "value": f"([{', '.join(names)}]) => {_body(printer, [value], '{}')}",
        "gradient": f"([{', '.join(names)}]) => {_body(printer, slopes, '[{}]')}",
    })  # fmt: skip
    return "(p) => {\n" + "\n".join([*constants, f"return {made};"]) + "\n}" if constants else f"() => ({made})"


def _body(printer, results, pattern):
    own = Printer(printer.data, printer.names)
    lines = own.shared(*results)
    result = pattern.format(", ".join(map(own.text, results)))
    return "\n".join(["{", *lines, f"return {result};", "}"]) if lines else result


def _costs():
    e, delta = (Value("name", name, varies=True) for name in ("e", "delta"))
    functions = {name: f"(e, delta) => {_body(Printer(), [cost(e, delta)], '{}')}" for name, cost in COSTS.items()}
    return f"const COSTS = {_object(functions)};"


# -- schedules -------------------------------------------------------------------------------------------------------------------


def _schedules():
    """MEANINGS: [meaning, range] of the parameters. FACTORS: [defaults, p -> x -> factor, corner, p -> whether they fit, what fits]."""
    made = {}
    for name, factor in FACTORS.items():
        value, conditions = formulas(factor)
        printer = Printer()
        constants = "".join(printer.constants(value))
        body = _body(printer, [value], "{}")
        make = f"(p) => {{ {constants} return (x) => {body}; }}" if constants else f"(p) => (x) => {body}"
        parts = [_flat(factor.defaults), make, _json(factor.corner)]
        if factor.rule:
            fits = " && ".join(f"{'' if wanted else '!'}({Printer().text(asked)})" for asked, wanted in conditions)
            parts += [f"(p) => {fits}", _json(factor.rule)]
        made[name] = f"[{', '.join(parts)}]"
    rows = {name: f"[{_json(known.meaning)}, {_range(known)}]" for name, known in MEANINGS.items()}
    ranges = f"STEPS = {_flat(_unusual(STEPS))}, SHARE = {_flat(_unusual(SHARE))}"
    return f"const {ranges};\nconst MEANINGS = {_object(rows)};\nconst FACTORS = {_object(made)};"


def _range(known):
    """Most parameters are steps or shares."""
    range = _unusual(known)
    return {str(_unusual(STEPS)): "STEPS", str(_unusual(SHARE)): "SHARE"}.get(str(range), _flat(range))


def _flat(values):
    return "{" + ", ".join(f"{name}: {_json(value)}" for name, value in values.items()) + "}"


# -- text ------------------------------------------------------------------------------------------------------------------------


def _text(words):
    return f"`{words}`" if "${" in words else json.dumps(words, ensure_ascii=False)


def _json(value):
    """A value of Python in JavaScript, infinities included."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_json, value))}]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(value)
    return json.dumps(value, ensure_ascii=False)


def _object(texts):
    return "{\n" + ",\n".join(f"{name}: {text}" for name, text in texts.items()) + "\n}"
