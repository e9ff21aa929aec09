"""The equations of a rule, step by step as its code assigns them."""

import ast
import itertools
from dataclasses import dataclass, field

from gdcore.views.notation import expression, hyperparameters, symbols
from gdcore.views.syntax import names_in, program
from gdcore.views.syntax import start as before

__all__ = ["Step", "equations", "latex", "start"]


@dataclass(frozen=True)
class Step:
    """One equation: `symbol` = `latex`, both LaTeX; `name` is what the rule's source calls it."""

    name: str
    symbol: str
    latex: str
    node: ast.expr = field(repr=False, compare=False)
    names: dict = field(repr=False, compare=False)  # {key in node: LaTeX}
    functions: dict = field(repr=False, compare=False)

    @property
    def expression(self):
        """The right-hand side as a SymPy expression, made by the rule's own functions, in symbols named as in the LaTeX."""
        import sympy

        from gdcore.rules import symbols as world

        values = {key: sympy.Symbol(self.names[key]) for key in names_in(self.node) if key in self.names}
        undefined = {name: sympy.Function(name) for name in ("step", "gradient")}
        known = {"machine_eps": world.machine_eps, **undefined, **values}
        return sympy.sympify(eval(compile(ast.fix_missing_locations(ast.Expression(self.node)), "<rule>", "eval"), self.functions, known))

    def __str__(self):
        return f"{self.symbol} = {self.latex}"

    def _repr_latex_(self):
        return f"$\\displaystyle {self}$"


def equations(rule):
    """The steps of one update, in order, as a list of Step.

    rule: a class (its defaults) or an instance. What is 0, None or False both by default and in the rule given is left out, so
    that `equations(RMSProp)` is plain RMSProp and `equations(RMSProp(centered=True, momentum=0.9))` shows all of it.
    Raises TypeError if it is no rule, NotImplementedError if `update` cannot be said in equations.
    """
    p = program(rule)
    names = symbols(p)

    def step(name, symbol, node):
        return Step(name, symbol, expression(node, names, p), node, names, p.functions)

    steps = [step(line.name, names[line.key], line.value) for line in p.lines]
    for name, value in p.returns.items():
        if not isinstance(value, ast.Name):
            steps.append(step(name, names[f"{name}.new"], value))
    return steps


def start(rule):
    """The memory before the first step as a list of Step, such as m_0 = 0."""
    p = program(rule)
    names = symbols(p)
    first = {key: text.replace("{t-1}", "0") for key, text in names.items() if key.endswith(".0")}
    steps = []
    for name, value in before(rule).items():
        if isinstance(value, ast.Call):  # zeros_like(x), full_like(x, value), eye_like(x, n, value)
            identity = value.func.id == "eye_like"
            value = ast.Constant(0) if value.func.id == "zeros_like" else value.args[-1]
        else:
            identity = False
        text = expression(value, names | first | hyperparameters(value), p) + (" I" if identity else "")
        if text != first[f"{name}.0"]:
            steps.append(Step(name, first[f"{name}.0"], text, value, names, p.functions))
    return steps


def latex(rule):
    """The equations of one update as one aligned block of LaTeX (to stand between $$ and $$)."""
    rows = [f"{s.symbol} &= {s.latex}" for s in equations(rule)]
    # rows with fractions or cases need more air between them
    air = [r" \\[0.6ex]" "\n" if any(mark in a + b for mark in (r"\frac", r"\begin")) else r" \\" "\n" for a, b in itertools.pairwise(rows)]
    body = "".join(row + gap for row, gap in zip(rows, [*air, ""]))
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
