"""A rule as plain JavaScript on whole vectors: for rules that read norms or matrices, and for rules around any other rule."""

import ast
import sys

import numpy as np

from gdcore.rules import GD
from gdcore.rules.base import Rule, Wrapper
from gdcore.views.javascript import ATOM, POWER, Writer
from gdcore.views.settled import on_vectors
from gdcore.views.syntax import Step, instance, parsed

__all__ = ["javascript_of_arrays"]

# what is one number for a whole vector
_WHOLE = {"norm": "norm({})", "rms": "rms({})", "total": "total({})", "mean": "mean({})", "machine_eps": "Number.EPSILON"}

# the shape of a value: (whether it has a row for each coordinate, whether it has a column for each)
NUMBER, COLUMN, ROW, SQUARE = (False, False), (True, False), (False, True), (True, True)


def javascript_of_arrays(rule):
    """The source of a function Name(h, x, g, t, s, rule) -> [x, s] of vectors, with Name.init(h, x, rule), .answer(h, x, s, rule)
    and, where the rule has one, .probe(h, x, g, t, s, rule).

    h: object of the rule's own hyper-parameters; x, g: arrays of numbers; t: number of the step, from 1; s: the memory;
    rule: the inner rule of a wrapper, as {h, update(x, g, t, s), init(x), answer(x, s)}. Nothing is changed in place.
    A rule for matrices sees a vector as a matrix of one column; square matrices are arrays of their entries, row by row. Functions
    that it has from its own module, such as newton_schulz, are written before it.
    The code calls norm(x) and rms(x), each one number, and eye(n, scale), dot(x, y), outer(x, y), times(matrix, x) and
    inverseRoot(matrix, p), which must be there.
    Raises TypeError if it multiplies matrices in a way that is none of these.
    """
    rule = instance(rule)
    if isinstance(rule, Wrapper) and isinstance(rule.rule, Step):
        rule = type(rule)(GD())  # any will do: the code is the same
    name = type(rule).__name__
    parts = [_helper(rule, function)[0] for function in _helpers(rule)]
    parts += [_function(rule, type(rule).update, f"function {name}({{}}) {{{{"), _init(rule, name), _answer(rule, name)]
    if type(rule).probe is Wrapper.probe:
        parts.append(f"{name}.probe = (h, x, g, t, s, rule) => rule.probe(x, g, t, {'s.inner' if _own(rule)[0] else 's'});")
    elif type(rule).probe is not Rule.probe:
        parts.append(_function(rule, type(rule).probe, f"{name}.probe = ({{}}) => {{{{", ";"))
    return "\n".join(parts) + "\n"


def _own(rule):
    """The names of the rule's own memory, and the shapes of what they hold."""
    names = [a.arg for a in parsed(type(rule).update).args.args[4:]]
    memory = rule.init(np.zeros((2, 1) if rule.reads == "matrix" else 2))
    return names, {n: tuple(k == 2 for k in (*np.shape(v), 1, 1)[:2]) for n, v in zip(names, memory)}


def _helpers(rule):
    """The functions of the rule's own module that its `update` calls."""
    home = vars(sys.modules[type(rule).__module__])
    called = [n.func.id for n in ast.walk(parsed(type(rule).update)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    return [home[n] for n in called if getattr(home.get(n), "__module__", None) == type(rule).__module__]


def _helper(rule, function):
    """A function of a column, and of numbers: its text, and the shape of its result."""
    tree = on_vectors(function)
    x, *others = (a.arg for a in tree.args.args)
    writer = _Writer(rule, {x, *others}, (), {x: COLUMN}, tree)
    lines = [f"function {function.__name__}({', '.join([x, *others])}) {{", *writer.body(tree.body, "  "), "}"]
    return "\n".join(lines), writer.shape(tree.body[-1].value)


def _memory(rule):
    """The parameter that takes the memory apart; a wrapper without memory of its own only hands on that of its rule."""
    names, _ = _own(rule)
    wrapper = isinstance(rule, Wrapper)
    return f"{{{', '.join(names + ['inner'] * wrapper)}}}" if names else "inner" if wrapper else "s"


def _tail(rule):
    return ", rule" if isinstance(rule, Wrapper) else ""


def _function(rule, function, head, tail=""):
    """A method of a rule that has the parameters (x, g, t, *memory); {} in `head` is the place for those of JavaScript."""
    tree = on_vectors(function)
    x, g, t = (a.arg for a in tree.args.args[1:4])
    names, shapes = _own(rule)
    helpers = {function.__name__: _helper(rule, function)[1] for function in _helpers(rule)}
    writer = _Writer(rule, {x, g, t, *names}, names, {**shapes, x: COLUMN, g: COLUMN}, tree, helpers)
    return "\n".join([head.format(f"h, {x}, {g}, {t}, {_memory(rule)}{_tail(rule)}"), *writer.body(tree.body, "  "), f"}}{tail}"])


def _init(rule, name):
    kind, (names, _) = type(rule), _own(rule)
    if kind.init is Wrapper.init:
        return f"{name}.init = (h, x, rule) => rule.init(x);"
    if kind.init is Rule.init:
        x, pairs = "x", [f"{n}: x.map(() => 0)" for n in names]
    else:
        tree = on_vectors(kind.init)
        x, value = tree.args.args[1].arg, tree.body[-1].value
        values = value.elts if isinstance(value, ast.Tuple) else [value]
        writer = _Writer(rule, {x}, (), {x: COLUMN}, tree)
        pairs = [f"{n}: {writer.whole(v)}" for n, v in zip(names, values)] + ["inner: rule.init(x)"] * isinstance(rule, Wrapper)
    return f"{name}.init = (h, {x}{_tail(rule)}) => ({{{', '.join(pairs)}}});"


def _answer(rule, name):
    kind, (names, _) = type(rule), _own(rule)
    if kind.answer is Wrapper.answer:
        return f"{name}.answer = (h, x, s, rule) => rule.answer(x, {'s.inner' if names else 's'});"
    return f"{name}.answer = (h, x, s) => {kind.answer(rule, 'x', *(f's.{n}' for n in names))};"


class _Writer(Writer):
    """Writes an assignment to a vector as one map over its entries; what is a number stays one, and matrices are multiplied as wholes."""

    def __init__(self, rule, known, memory, shapes, tree, helpers=None):
        super().__init__(rule, known, memory)
        self.stores = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        self.shapes = dict(shapes)
        self.helpers = helpers or {}  # {function: the shape of its result}
        self.inside = False  # a map
        self.before = []  # lines that a statement needs before it
        self.lifted = 0  # names given in such lines

    # -- statements ------------------------------------------------------------------------------------------------------------

    def body(self, statements, indent):
        lines = []
        for statement in statements:
            match statement:
                case ast.Assign(targets=[ast.Name(id=target)], value=value):
                    text, self.shapes[target] = self.whole(value), self.shape(value)
                    made = [f"{indent}{self.let(target)} = {text};"] * (text != target)  # x = transpose(x) has the same entries
                case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Name(id=values)):
                    made = [f"{indent}const [{', '.join(t.id for t in targets)}] = {values};"]
                case ast.For(target=ast.Name(id=k), iter=ast.Call(func=ast.Name(id="range"), args=[n]), body=body):
                    made = [f"{indent}for (let {k} = 0; {k} < {self.text(n)}; {k}++) {{", *self.body(body, indent + "  "), f"{indent}}}"]
                case _:
                    made = super().body([statement], indent)
            lines += [f"{indent}{line}" for line in self.before] + made
            self.before.clear()
        return lines

    def result(self, value):
        if not isinstance(value, ast.Tuple):
            return self.whole(value)
        x, *rest = value.elts
        if not self.memory and rest and isinstance(rest[0], ast.Starred):
            return f"[{self.whole(x)}, inner]"  # nothing of its own beside the memory that it hands on
        pairs = []
        for n, v in zip([*self.memory, "inner"], rest):
            text = "inner" if isinstance(v, ast.Starred) else self.whole(v)
            pairs.append(n if text == n else f"{n}: {text}")
        return f"[{self.whole(x)}, {{{', '.join(pairs)}}}]"

    # -- shapes ----------------------------------------------------------------------------------------------------------------

    def shape(self, node):
        if isinstance(node, ast.Name):
            return self.shapes.get(node.id, NUMBER)
        if isinstance(node, ast.Call):
            match ast.unparse(node.func), node.args:
                case ("norm" | "rms" | "total" | "mean" | "machine_eps" | "len"), _:
                    return NUMBER
                case name, _ if name in self.helpers:
                    return self.helpers[name]
                case ("self.rule.update" | "self.rule.probe"), _:
                    return COLUMN
                case ("zeros_like" | "full_like"), [x, *_]:
                    return self.shape(x)
                case "eye_like", [_, n, _]:
                    return NUMBER if isinstance(n, ast.Constant) else SQUARE
                case "inverse_root", [x, _]:
                    return self.shape(x)
                case "transpose", [x]:
                    return self.shape(x)[::-1]
                case "matmul", [a, b]:
                    return self.shape(a)[0], self.shape(b)[1]
        shapes = [self.shape(n) for n in ast.iter_child_nodes(node)]
        return any(s[0] for s in shapes), any(s[1] for s in shapes)

    def apart(self, node):
        """Whether each entry of the value can be written from the same entries of others."""
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else None
        if called == "matmul":
            return NUMBER in map(self.shape, node.args)
        return called not in ("eye_like", "inverse_root", *self.helpers) or self.shape(node) == NUMBER

    # -- expressions -----------------------------------------------------------------------------------------------------------

    def whole(self, node):
        """The text of a value as a whole, be it a number or a vector."""
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if called == "transpose" and self.shape(node) != SQUARE:
            return self.whole(node.args[0])  # the same entries
        if isinstance(node, ast.Name) or self.shape(node) == NUMBER or called.startswith("self.rule.") or not self.apart(node):
            outer, self.inside = self.inside, False
            text = self.text(node)
            self.inside = outer
            return text
        node = _Lift(self).visit(node)
        self.inside = True
        text = self.text(node)
        self.inside = False
        index = "(_, i)" if "[i]" in text else "()"
        return f"{self.over(node)}.map({index} => {text})"

    def over(self, node):
        """A value in the expression that has the shape of the whole, to count the entries by."""
        shape = self.shape(node)
        return next(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and self.shape(n) in (shape, shape[::-1]))

    def Name(self, node):
        text, tightness = super().Name(node)
        return text + "[i]" * (self.inside and self.shape(node) != NUMBER), tightness

    def Attribute(self, node):
        return f"{'rule.' * (ast.unparse(node.value) == 'self.rule')}h.{node.attr}", ATOM

    def Call(self, node):
        called, args = ast.unparse(node.func), node.args
        if called in ("self.rule.update", "self.rule.probe"):
            return f"{called.removeprefix('self.')}({self.whole(args[0])}, {self.whole(args[1])}, t, inner)", ATOM
        if called in _WHOLE:
            return _WHOLE[called].format(*map(self.whole, args)), ATOM
        if called in self.helpers:
            return f"{called}({', '.join(map(self.whole, args))})", ATOM
        if called == "len":
            return f"{self.whole(args[0])}.length", ATOM
        if called == "transpose" and self.shape(node) != SQUARE:
            return self.text(args[0]), ATOM  # the same entries
        number = self.shape(node) == NUMBER  # a matrix of one entry
        if called == "eye_like":
            n, scale = map(self.text, args[1:])
            return scale if number else f"eye({n}, {scale})", ATOM
        if called == "inverse_root":
            a, p = self.whole(args[0]), self.text(args[1])
            return (f"{a} ** -(1 / {p})", POWER) if number else (f"inverseRoot({a}, {p})", ATOM)
        return self.matmul(node, *args) if called == "matmul" else super().Call(node)

    def matmul(self, node, a, b):
        """The product of two matrices of which one has one row or one column."""
        if self.apart(node):
            return self.BinOp(ast.BinOp(a, ast.Mult(), b))
        products = {(COLUMN, ROW): "outer", (ROW, COLUMN): "dot", (SQUARE, COLUMN): "times"}
        product = products.get((self.shape(a), self.shape(b)))
        if product is None:
            name, text = type(self.rule).__name__, ast.unparse(node)
            raise TypeError(f"{name} cannot be written in JavaScript: {text!r} is no product with a vector.")
        return f"{product}({self.whole(a)}, {self.whole(b)})", ATOM


class _Lift(ast.NodeTransformer):
    """Gives a name, in a line before, to what is computed as a whole inside of an expression that goes entry by entry."""

    def __init__(self, writer):
        self.writer = writer

    def visit_Call(self, node):
        shape = self.writer.shape(node)
        if shape == NUMBER:
            return node
        if self.writer.apart(node):
            return self.generic_visit(node)
        text, name = self.writer.whole(node), f"whole{self.writer.lifted}"
        self.writer.lifted += 1
        self.writer.before.append(f"const {name} = {text};")
        self.writer.shapes[name] = shape
        return ast.Name(name, ast.Load())
