"""`python -m tools.method [NAME …]`: what a rule still lacks to be a method of this book, one sentence each; without a name, all rules.

Each sentence names the file and what to write there. The tests ask the same of every rule.
"""

import dataclasses
import importlib
import inspect
import pathlib
import pkgutil
import re
import sys
import traceback

import numpy as np

import gdcore.rules as R
from gdcore.rules.hyperparameters import CHOICES, HYPERPARAMETERS
from gdcore.views import equations, javascript
from gdcore.views.differences import COUNTERPARTS, DIFFERENCES

__all__ = ["every", "missing"]

ROOT = pathlib.Path(__file__).parents[1]
# what a rule need not have, with the reason why
EXEMPT = {
    ("SAM", "table"): "its second gradient needs a function: tests/rules/test_parity.py has a test of its own",
    ("SAM", "faults"): "it hands its gradient on, and its own line is `probe`",
    **{("Quantized", what): "it rounds by turns: tests/rules/test_quantized.py has its bound, its mean and a slow average"
       for what in ("table", "faults", "case")},
    ("Muon", "ns_coefficients"): "three numbers, no slider",
    **{(name, "differences"): "no library here has another form of it" for name in ("EMA", "SAM", "SOAP", "Shampoo", "Quantized")},
}
LISTED = (*R.RULES, *R.WRAPPERS, *R.TOLD, *R.UNDRAWN)


def every():
    """All classes of gdcore/rules that are methods: those listed, and those that were forgotten there."""
    modules = [importlib.import_module(f"gdcore.rules.{m.name}") for m in pkgutil.iter_modules(R.__path__) if not m.name.endswith("_world")]
    found = {v for m in modules for v in vars(m).values() if inspect.isclass(v) and issubclass(v, R.Rule) and v.__module__ == m.__name__}
    made = {c for c in found if c not in (R.Rule, R.Wrapper, *R.COMPOSITIONS) and not c.__name__.startswith("_")}
    return sorted(made, key=lambda c: c.__name__)


def missing(cls, root=ROOT):
    """The sentences for one rule; none if it is whole."""
    asked = (*_in_itself(cls), *_in_the_views(cls, root), *_in_the_library(cls, root), *_in_the_tests(cls, root))
    return [sentence for what, sentence in asked if (cls.__name__, what) not in EXEMPT]


def _in_itself(cls):
    name, file = cls.__name__, f"gdcore/rules/{cls.__module__.rpartition('.')[2]}.py"
    if cls not in LISTED:
        yield "list", f"gdcore/rules/__init__.py does not list {name}: import it there and put it into RULES."
    if not re.search(r"\b(1[89]|20)\d\d\b", cls.__doc__ or ""):
        yield "paper", f"{file}: the docstring of {name} cites no paper: name authors and year (and its arXiv number)."
    for field in dataclasses.fields(cls):
        number = field.name != "rule" and not isinstance(field.default, bool)
        if number and field.name not in HYPERPARAMETERS and field.name not in CHOICES:
            yield field.name, (f"gdcore/rules/hyperparameters.py has no row for {field.name}, a hyper-parameter of {name}: "
                               "write its symbol, its meaning and its range.")  # fmt: skip
    rule, x = _made(cls), np.ones((3, 3))
    try:
        result = rule.update(x, x, 1, *rule.init(x))
    except TypeError as error:
        if "NumPy" not in str(error) and "torch" not in str(error):  # a rule that asks for another world says so
            yield "step", f"{file}: the first step of {name} ends with {error}."
    else:
        if np.shape(result[0] if isinstance(result, tuple) else 0) != x.shape or len(result) != 1 + len(rule.state_names):
            yield "step", (f"{file}: {name}.update must end with `return {', '.join(['x', *rule.state_names])}`, the new point and each "
                           "memory in the order of its arguments.")  # fmt: skip


def _in_the_views(cls, root):
    name = cls.__name__
    if name not in COUNTERPARTS and name not in DIFFERENCES:
        yield "differences", f"gdcore/views/differences.py says nothing of {name}: what do PyTorch, Keras, optax or the paper do otherwise?"
    if cls in R.UNDRAWN:
        return
    in_script = _made(cls).reads == "entry" and not cls.second_gradient and cls not in R.TOLD
    for view, function in [("equations", equations), *([("JavaScript", javascript)] if in_script else [])]:
        try:
            function(_made(cls))
        except (TypeError, NotImplementedError, KeyError) as error:
            yield view, f"{name} has no {view}: {error}"
    if f"(card-{name.lower()})=" not in (root / "book/rule_cards.md").read_text("utf-8"):
        yield "card", f"book/rule_cards.md has no card of {name}: run `make cards`."


def _in_the_library(cls, root):
    name = cls.__name__
    sources = [path.read_text("utf-8") for path in sorted((root / "gdcore/optim").glob("*.py"))]
    if not any(re.search(rf"\brules\.{name}\b|\b{name}\(group|import .*\b{name}\b", text) for text in sources):
        yield "class", (f"gdcore/optim has no class that steps with {name}: write one, with torch's argument names and order, and put it "
                        "into both lists of its __init__.py.")  # fmt: skip


def _in_the_tests(cls, root):
    name, called = cls.__name__, _class_for(cls.__name__)
    read = lambda place: "".join(path.read_text("utf-8") for path in sorted((root / "tests").glob(place)))
    if not re.search(rf"\bR\.{name}\(", read("rules/table.py")):
        yield "table", f"tests/rules/table.py compares {name} with nothing: a Row against torch, optax, or the paper written once more."
    elif broken := _broken_table():
        yield "table", broken
    if f'("{name}",' not in read("rules/mutation.py"):
        yield "faults", f"tests/rules/mutation.py plants no fault in {name} that people make: add some to TEACHING."
    if not re.search(rf"\b(R|rules)\.{name}\(|\b[GOT]\.{called}\b|\"{called}\"", read("optim/*.py")):
        yield "case", f"tests/optim tries no class of {name}: a case in test_extra.py, or in test_parity.py if torch has it."


def _broken_table():
    """Which row of the parity table cannot be made, if one cannot: its import would break five files of tests far from it."""
    try:
        importlib.import_module("tests.rules.table")
    except (TypeError, ValueError, AttributeError) as error:
        lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith("table.py")]
        return f"tests/rules/table.py, line {lines[-1].lineno}: this row cannot be made, {error}" if lines else None
    except ImportError:  # a peer is not installed: the tests say so
        return None


def _class_for(name):
    """What the rule's class in gdcore.optim is called where torch spells it otherwise."""
    return {"GD": "SGD", "HeavyBall": "SGD", "Nesterov": "SGD", "AdaGrad": "Adagrad", "RMSProp": "RMSprop", "AdaMax": "Adamax",
            "AMSGrad": "Adam"}.get(name, name)  # fmt: skip


def _made(cls):
    return cls(R.GD()) if issubclass(cls, R.Wrapper) else cls()


def main(names):
    rules = {cls.__name__: cls for cls in every()}
    if unknown := [n for n in names if n not in rules]:
        sys.exit(f"There is no rule {', '.join(unknown)} in gdcore/rules; there are {', '.join(rules)}.")
    lacking = [sentence for name in names or rules for sentence in missing(rules[name])]
    sys.exit("\n".join(lacking) or None)


if __name__ == "__main__":
    main(sys.argv[1:])
