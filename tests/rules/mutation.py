"""Planted bugs: each rule with one thing wrong, made from its syntax tree.

Generic faults are made wherever they fit (a sign, an operator, a constant, an exponent, an argument exchanged, a line left
out or moved). The faults that people make are named in TEACHING: exercises meet them again as misconceptions.
"""

import ast
import copy
import inspect
import sys
import textwrap
from dataclasses import dataclass

import gdcore.rules as R

# (rule, what the source says, what the mistake says, its name)
TEACHING = [
    ("GD", "x - self.lr * g", "x + self.lr * g", "wrong sign: uphill"),
    ("HeavyBall", "x - self.lr * v, v", "x - self.lr * g, v", "the velocity is computed and not used"),
    ("HeavyBall", "self.momentum * v + where(t > 1, 1 - self.dampening, 1.0) * g", "self.momentum * v + (1 - self.dampening) * g",
     "dampening at the first step"),
    ("HeavyBall", "self.momentum * v + where(t > 1, 1 - self.dampening, 1.0) * g",
     "self.momentum * v + self.lr * where(t > 1, 1 - self.dampening, 1.0) * g", "learning rate inside the velocity"),
    ("HeavyBall", "self.momentum * v + where(t > 1, 1 - self.dampening, 1.0) * g",
     "self.momentum * v + (1 - self.momentum) * g", "mean for sum"),
    ("Nesterov", "x - self.lr * (g + self.momentum * v), v", "x - self.lr * v, v", "heavy ball for Nesterov"),
    ("ASGD", "x_bar + mu * (x - x_bar)", "x_bar + mu * x", "what is added to the average is not the difference"),
    ("ASGD", "1 / maximum(1, t - 1 - self.t0)", "1 / maximum(1, t - 1)", "the first steps count in the average, too"),
    ("AdaGrad", "s = s + g**2", "s = g**2", "the sum is forgotten"),
    ("AdaGrad", "(sqrt(s) + self.eps)", "sqrt(s + self.eps)", "epsilon inside the root"),
    ("RMSProp", "(sqrt(v) + self.eps)", "sqrt(v + self.eps)", "epsilon inside the root"),
    ("RMSProp", "b = self.momentum * b + d\n    return x - self.lr * b, v, m, b", "b = self.momentum * b + self.lr * d\n    return x - b, v, m, b",
     "learning rate inside the velocity"),
    ("RMSProp", "v - m**2", "v + m**2", "variance with the wrong sign"),
    ("Adadelta", "self.rho * u + (1 - self.rho) * d**2", "self.rho * u + (1 - self.rho) * g**2", "gradients for steps in the second memory"),
    ("Adam", "m_hat = m / (1 - self.beta1**t)", "m_hat = m", "no bias correction of m"),
    ("Adam", "v_hat = v / (1 - self.beta2**t)", "v_hat = v", "v for v-hat: the fault of a copied tutorial"),
    ("Adam", "(sqrt(v_hat) + self.eps)", "sqrt(v_hat + self.eps)", "epsilon inside the root"),
    ("Adam", "self.lr * m_hat / (sqrt(v_hat) + self.eps)", "self.lr * m_hat / sqrt(v_hat) + self.eps", "epsilon added to the step: missing parentheses"),
    ("Adam", "(sqrt(v_hat) + self.eps)", "(v_hat + self.eps)", "the root is forgotten"),
    ("Adam", "self.beta2 * v + (1 - self.beta2) * g**2", "self.beta2 * v + (1 - self.beta2) * m**2", "the square of the average"),
    ("Adam", "self.beta1**t", "self.beta1**(t - 1)", "steps counted from 0"),
    ("Adam", "m / (1 - self.beta1**t)", "m / (1 - self.beta2**t)", "the betas exchanged in a correction"),
    ("AdamW", "x = (1 - self.lr * self.weight_decay) * x", "g = g + self.weight_decay * x", "decay through the gradient, and too late"),
    ("AdamW", "x = (1 - self.lr * self.weight_decay) * x", "x = (1 - self.weight_decay) * x", "decay without the learning rate"),
    ("AdamW", "m = self.beta1 * m", "g = g + self.weight_decay * x\n    x = x / (1 - self.lr * self.weight_decay)\n    m = self.beta1 * m",
     "coupled decay"),
    ("AMSGrad", "v_hat = v_max / (1 - self.beta2**t)", "v_hat = v / (1 - self.beta2**t)", "the maximum is not used"),
    ("AMSGrad", "maximum(v_max, v)", "maximum(v_max, v / (1 - self.beta2**t))", "maximum of corrected memories"),
    ("AdaMax", "maximum(self.beta2 * u, abs(g) + self.eps)", "maximum(self.beta2 * u, g + self.eps)", "no absolute value"),
    ("NAdam", "p = p * mu", "p = p * self.beta1", "constant momentum in the product"),
    ("RAdam", "rho > 5", "rho > 4", "the threshold of the paper and not of its code"),
    ("AdaBelief", "(g - m) ** 2", "g**2", "Adam for AdaBelief"),
    ("ADOPT", "g / maximum(sqrt(v), self.eps)", "g / maximum(sqrt(self.beta2 * v + (1 - self.beta2) * g**2), self.eps)", "Adam's order: divided by its own size, too"),
    ("ADOPT", "(t - 1) ** 0.25", "t**0.25", "the clip counts a step too many"),
    ("ADOPT", "where(t > 1, self.beta2 * v + (1 - self.beta2) * g**2, g**2)", "self.beta2 * v + (1 - self.beta2) * g**2", "the first step does not measure"),
    ("AdEMAMix", "(m_hat + self.mix * s)", "(m_hat + self.mix * s / (1 - self.beta3**t))", "the slow average corrected for its start"),
    ("AdEMAMix", "s = self.beta3 * s + (1 - self.beta3) * g", "s = self.beta3 * s + (1 - self.beta3) * m", "an average of the average"),
    ("Adan", "(g + self.beta_change * change) ** 2", "g**2", "the square without the look ahead"),
    ("Adan", "where(t > 1, 1.0, 0.0) * (g - g_last)", "g - g_last", "the first gradient counts as a change"),
    ("Adan", "(g - g_last)", "(g_last - g)", "looks back instead of ahead"),
    ("Prodigy", "start - x", "x - start", "the way back is taken for the way there: d never grows"),
    ("Prodigy", "maximum(d, self.d_coef", "maximum(0 * d, self.d_coef", "the estimate may shrink"),
    ("Prodigy", "* (d * g)\n", "* g\n", "the average is not weighed by the distance"),
    ("Prodigy", "d * self.eps", "self.eps", "epsilon does not shrink with the distance"),
    ("Prodigy", "total(abs(s))", "abs(total(s))", "the length of the sum for the sum of the lengths"),
    ("Prodigy", "sqrt(self.beta2) if", "self.beta2 if", "the memory of the estimate is too long"),
    ("Sophia", "self.gamma * h", "self.gamma * abs(h)", "a hill is taken for a valley"),
    ("Sophia", "u = clip(u, -1.0, 1.0)", "u = u", "no clip: a flat place is left with a leap"),
    ("Sophia", "m / maximum(self.gamma * h, self.eps)", "m / maximum(self.gamma * h**0.5, self.eps)", "a root, as in Adam"),
    ("Sophia", "m / maximum(self.gamma * h, self.eps)", "g / maximum(self.gamma * h, self.eps)", "the gradient for its average"),
    ("Yogi", "sign(v - g**2)", "sign(g**2 - v)", "v runs away"),
    ("SignSGD", "sign(g)", "g", "the size of the gradient is kept"),
    ("Lion", "u = sign(self.beta1 * m + (1 - self.beta1) * g)\n    m = self.beta2 * m + (1 - self.beta2) * g",
     "m = self.beta2 * m + (1 - self.beta2) * g\n    u = sign(self.beta1 * m + (1 - self.beta1) * g)", "the memory is brought up to date too early"),
    ("Lion", "self.beta2 * m + (1 - self.beta2) * g", "self.beta1 * m + (1 - self.beta1) * g", "one beta for both"),
    ("Rprop", "g = where(agree < 0, 0 * g, g)", "g = g", "no rest after a change of sign"),
    ("LARS", "return x - v, v", "return x - self.lr * v, v", "learning rate twice"),
    ("LAMB", "+ self.weight_decay * x\n", "\n", "decay outside the ratio"),
    ("LAMB", "norm(x) / where(norm(u) > 0, norm(u), 1.0)", "norm(u) / where(norm(x) > 0, norm(x), 1.0)", "the ratio upside down"),
    ("Adafactor", "r * c / maximum(mean(r, -2), eps1)", "r * c", "rows and columns not normalised"),
    ("Shampoo", "inverse_root(l, 4)", "inverse_root(l, 2)", "exponent of a vector's preconditioner"),
    ("Muon", "u = self.momentum * b + (1 - self.momentum) * g if self.nesterov else b", "u = b", "no look ahead"),
    ("Muon", "shape_scale(x, self.adjust_lr) * o", "o", "wide and tall matrices get steps of one size"),
    ("SOAP", "where(t > 1, 1.0, 0.0)", "1.0", "the first gradient is followed in a basis nobody has found yet"),
    ("SOAP", "turned(p, g, q) ** 2", "g ** 2", "the square is not taken in the basis"),
    ("SOAP", "u = turned(p, m, q) / (sqrt(v) + self.eps)", "u = m / (sqrt(v) + self.eps)", "the average is not turned into the basis"),
    ("SOAP", "turned(transpose(p), u, transpose(q))", "turned(p, u, q)", "turned on instead of back"),
    ("ScheduleFreeSGD", "(1 - self.momentum) * z + self.momentum * x", "(1 - self.momentum) * x + self.momentum * z", "blend the wrong way round"),
    ("ScheduleFreeAdamW", "self.weight_decay * y", "self.weight_decay * z", "decay of the fast iterate and not of the point of the gradient"),
    ("ScheduleFreeAdamW", "v / (1 - self.beta2**t)", "v", "no bias correction"),
    ("Lookahead", "slow + self.slow_step_size * (x - slow)", "slow + self.slow_step_size * (slow - x)", "slow weights go away"),
    ("Cautious", "sign(-u * g)", "sign(u * g)", "the step against the gradient is the one that is dropped"),
    ("Cautious", "agree * u / share", "agree * u", "what is kept is not made longer"),
    ("Cautious", "maximum(mean(agree), self.least)", "mean(agree) + self.least", "the floor is added"),
    ("Cautious", "u = x - before", "u = x", "the new point for the step"),
    ("EMA", "self.decay * x_bar + (1 - self.decay) * x", "(1 - self.decay) * x_bar + self.decay * x", "the average forgets too fast"),
    ("L2", "g = g + self.weight_decay * x", "g = g - self.weight_decay * x", "weights are pushed outwards"),
    ("Ascent", "g = -g", "g = g", "maximise forgotten"),
]


@dataclass(frozen=True)
class Mutant:
    """A rule class whose `update` has one fault."""

    rule: type
    fault: str
    cls: type

    @property
    def name(self):
        return f"{self.rule.__name__}: {self.fault}"


def _tree(cls):
    source = textwrap.dedent(inspect.getsource(cls.update))
    return ast.parse(source).body[0]


def _compile(cls, tree):
    """A subclass of cls with this syntax tree for its update."""
    module = ast.fix_missing_locations(ast.Module([tree], []))
    scope = dict(vars(sys.modules[cls.__module__]))
    exec(compile(module, f"<mutant of {cls.__name__}>", "exec"), scope)
    return type(cls.__name__, (cls,), {"update": scope["update"], "__module__": cls.__module__})


def teaching_mutants():
    for name, right, wrong, fault in TEACHING:
        cls = getattr(R, name)
        source = textwrap.dedent(inspect.getsource(cls.update))
        assert source.count(right) >= 1, f"{name} no longer says {right!r}: bring TEACHING up to date"
        yield Mutant(cls, fault, _compile(cls, ast.parse(source.replace(right, wrong, 1)).body[0]))


SWAPS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
NAMES = {"maximum": "minimum", "minimum": "maximum", "sqrt": "abs", "sign": "abs", "abs": "sqrt"}
FIELDS = {"beta1": "beta2", "beta2": "beta1", "eta_minus": "eta_plus", "eta_plus": "eta_minus", "eps1": "eps2", "momentum": "weight_decay"}


def _faults(node):
    """(description, replacement) for one node of a tree."""
    if isinstance(node, ast.BinOp):
        text = ast.unparse(node)
        if type(node.op) in SWAPS:
            other = copy.deepcopy(node)
            other.op = SWAPS[type(node.op)]()
            yield f"{text} becomes {ast.unparse(other)}", other
            yield f"{text} loses its right side", node.left
            yield f"{text} loses its left side", node.right
        if isinstance(node.op, ast.Pow):
            yield f"{text} loses its exponent", node.left
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        yield f"{node.value} becomes {node.value + 1}", ast.Constant(node.value + 1)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
        other = copy.deepcopy(node)
        other.func.id = NAMES[node.func.id]
        yield f"{ast.unparse(node)} becomes {ast.unparse(other)}", other
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "where":
        yield f"{ast.unparse(node)} always", node.args[1]
        yield f"{ast.unparse(node)} never", node.args[2]
    elif isinstance(node, ast.Attribute) and node.attr in FIELDS:
        yield f"self.{node.attr} becomes self.{FIELDS[node.attr]}", ast.Attribute(node.value, FIELDS[node.attr], ast.Load())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield f"{ast.unparse(node)} loses its sign", node.operand


class _Replace(ast.NodeTransformer):
    """Replaces the k-th node (in the order of ast.walk) of a tree."""

    def __init__(self, target, replacement):
        self.target, self.replacement = target, replacement

    def generic_visit(self, node):
        return self.replacement if node is self.target else super().generic_visit(node)

    visit = generic_visit


def _line_faults(tree):
    """A statement left out, or exchanged with the next one."""
    for i, line in enumerate(tree.body[:-1]):
        if isinstance(line, ast.Assign):
            other = copy.deepcopy(tree)
            del other.body[i]
            yield f"without the line {ast.unparse(line)}", other
            if i + 1 < len(tree.body) - 1 and _touches(line, tree.body[i + 1]):
                other = copy.deepcopy(tree)
                other.body[i], other.body[i + 1] = other.body[i + 1], other.body[i]
                yield f"{ast.unparse(line)} one line too late", other


def _touches(first, second):
    """Whether two lines may not change places: one of them sets a name that the other one uses."""

    def names(line, context):
        return {n.id for n in ast.walk(line) if isinstance(n, ast.Name) and isinstance(n.ctx, context)}

    set_first, set_second = names(first, ast.Store), names(second, ast.Store)
    return bool(set_first & (names(second, ast.Load) | set_second) or set_second & names(first, ast.Load))


def mutated_trees(tree):
    """(description, tree) for every generic fault of a function."""
    for node in list(ast.walk(tree)):
        for fault, replacement in _faults(node):
            yield fault, _Replace(node, replacement).visit(copy.deepcopy(tree, {id(node): node}))
    yield from _line_faults(tree)


def generic_mutants(cls):
    for fault, tree in mutated_trees(_tree(cls)):
        yield Mutant(cls, fault, _compile(cls, tree))
