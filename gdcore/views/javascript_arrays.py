"""A rule as plain JavaScript on whole vectors: for rules that read norms, and for rules around any other rule."""

import ast
import copy

import numpy as np

from gdcore.rules import GD
from gdcore.rules.base import Rule, Wrapper
from gdcore.views.javascript import ATOM, Writer
from gdcore.views.syntax import COMPARE, Step, instance, parsed

__all__ = ["javascript_of_arrays"]

_WHOLE = {"norm": "norm({})", "rms": "rms({})", "machine_eps": "Number.EPSILON"}  # what is one number for a whole vector


def javascript_of_arrays(rule):
    """The source of a function Name(h, x, g, t, s, rule) -> [x, s] of vectors, with Name.init(h, x, rule), .answer(h, x, s, rule)
    and, where the rule has one, .probe(h, x, g, t, s, rule).

    h: object of the rule's own hyper-parameters; x, g: arrays of numbers; t: number of the step, from 1; s: the memory;
    rule: the inner rule of a wrapper, as {h, update(x, g, t, s), init(x), answer(x, s)}. Nothing is changed in place.
    The code calls norm(x) and rms(x), each one number, which must be there.
    Raises TypeError if the rule takes matrices only.
    """
    rule = instance(rule)
    if isinstance(rule, Wrapper) and isinstance(rule.rule, Step):
        rule = type(rule)(GD())  # any will do: the code is the same
    name = type(rule).__name__
    if rule.reads == "matrix":
        raise TypeError(f"{name} cannot be a function of vectors: it works on matrices; give another rule, such as AdamW.")
    parts = [_function(rule, type(rule).update, f"function {name}({{}}) {{{{"), _init(rule, name), _answer(rule, name)]
    if type(rule).probe is Wrapper.probe:
        parts.append(f"{name}.probe = (h, x, g, t, s, rule) => rule.probe(x, g, t, {'s.inner' if _own(rule)[0] else 's'});")
    elif type(rule).probe is not Rule.probe:
        parts.append(_function(rule, type(rule).probe, f"{name}.probe = ({{}}) => {{{{", ";"))
    return "\n".join(parts) + "\n"


def _own(rule):
    """The names of the rule's own memory, and those of them that are vectors."""
    names = [a.arg for a in parsed(type(rule).update).args.args[4:]]
    return names, {n for n, v in zip(names, rule.init(np.zeros(2))) if isinstance(v, np.ndarray)}


def _memory(rule):
    """The parameter that takes the memory apart; a wrapper without memory of its own only hands on that of its rule."""
    names, _ = _own(rule)
    wrapper = isinstance(rule, Wrapper)
    return f"{{{', '.join(names + ['inner'] * wrapper)}}}" if names else "inner" if wrapper else "s"


def _tail(rule):
    return ", rule" if isinstance(rule, Wrapper) else ""


def _function(rule, function, head, tail=""):
    """A method of a rule that has the parameters (x, g, t, *memory); {} in `head` is the place for those of JavaScript."""
    tree = _on_vectors(function)
    x, g, t = (a.arg for a in tree.args.args[1:4])
    names, vectors = _own(rule)
    writer = _Writer(rule, {x, g, t, *names}, names, vectors | {x, g})
    return "\n".join([head.format(f"h, {x}, {g}, {t}, {_memory(rule)}{_tail(rule)}"), *writer.body(tree.body, "  "), f"}}{tail}"])


def _init(rule, name):
    kind, (names, _) = type(rule), _own(rule)
    if kind.init is Wrapper.init:
        return f"{name}.init = (h, x, rule) => rule.init(x);"
    if kind.init is Rule.init:
        x, pairs = "x", [f"{n}: x.map(() => 0)" for n in names]
    else:
        tree = _on_vectors(kind.init)
        x, value = tree.args.args[1].arg, tree.body[-1].value
        values = value.elts if isinstance(value, ast.Tuple) else [value]
        writer = _Writer(rule, {x}, (), {x})
        pairs = [f"{n}: {writer.whole(v)}" for n, v in zip(names, values)] + ["inner: rule.init(x)"] * isinstance(rule, Wrapper)
    return f"{name}.init = (h, {x}{_tail(rule)}) => ({{{', '.join(pairs)}}});"


def _answer(rule, name):
    kind, (names, _) = type(rule), _own(rule)
    if kind.answer is Wrapper.answer:
        return f"{name}.answer = (h, x, s, rule) => rule.answer(x, {'s.inner' if names else 's'});"
    return f"{name}.answer = (h, x, s) => {kind.answer(rule, 'x', *(f's.{n}' for n in names))};"


class _OnVectors(ast.NodeTransformer):
    """Settles what a rule asks about the shape of a vector, and about arguments that nobody gives (`nones`)."""

    def __init__(self, nones):
        self.nones = nones

    def visit_Call(self, node):
        return ast.Constant(1) if ast.unparse(node).startswith("len(shape(") else self.generic_visit(node)  # a vector has one axis

    def visit_Compare(self, node):
        if ast.unparse(node) in {f"{name} is None" for name in self.nones}:
            return ast.Constant(True)
        self.generic_visit(node)
        (op,), sides = node.ops, (node.left, *node.comparators)
        settled = all(isinstance(side, ast.Constant) for side in sides)
        return ast.Constant(COMPARE[type(op)](*(side.value for side in sides))) if settled else node

    def visit_IfExp(self, node):
        self.generic_visit(node)
        return (node.body if node.test.value else node.orelse) if isinstance(node.test, ast.Constant) else node

    visit_If = visit_IfExp


def _on_vectors(function):
    """The syntax tree of a function, with the branches that vectors do not take left out, and all after its first return."""
    tree = copy.deepcopy(parsed(function))
    nones = {a.arg for a, d in zip(tree.args.kwonlyargs, tree.args.kw_defaults) if ast.unparse(d) == "None"}
    tree = _OnVectors(nones).visit(tree)
    end = next((i for i, s in enumerate(tree.body) if isinstance(s, ast.Return)), len(tree.body))
    tree.body = tree.body[: end + 1]
    return tree


class _Writer(Writer):
    """Writes an assignment to a vector as one map over its entries; what is a number stays one."""

    def __init__(self, rule, known, memory, vectors):
        super().__init__(rule, known, memory)
        self.vectors = set(vectors)
        self.inside = False  # a map

    def body(self, statements, indent):
        lines = []
        for statement in statements:
            match statement:
                case ast.Assign(targets=[ast.Name(id=target)], value=value):
                    text = self.whole(value)
                    (self.vectors.add if self.is_vector(value) else self.vectors.discard)(target)
                    lines.append(f"{indent}{self.let(target)} = {text};")
                case _:
                    lines += super().body([statement], indent)
        return lines

    def is_vector(self, node):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in _WHOLE:
            return False
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("self.rule.update", "self.rule.probe", "zeros_like", "full_like"):
            return True
        return isinstance(node, ast.Name) and node.id in self.vectors or any(map(self.is_vector, ast.iter_child_nodes(node)))

    def whole(self, node):
        """The text of a value as a whole, be it a number or a vector."""
        if isinstance(node, ast.Name) or not self.is_vector(node) or ast.unparse(node).startswith("self.rule."):
            return self.text(node)
        self.inside = True
        text = self.text(node)
        self.inside = False
        index = "(_, i)" if "[i]" in text else "()"
        return f"{self.over(node)}.map({index} => {text})"

    def over(self, node):
        """A vector in the expression, to count the entries by."""
        return next(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in self.vectors)

    def result(self, value):
        if not isinstance(value, ast.Tuple):
            return self.whole(value)
        x, *rest = value.elts
        pairs = []
        for n, v in zip([*self.memory, "inner"], rest):
            text = "inner" if isinstance(v, ast.Starred) else self.whole(v)
            pairs.append(n if text == n else f"{n}: {text}")
        return f"[{self.whole(x)}, {{{', '.join(pairs)}}}]"

    def Name(self, node):
        text, tightness = super().Name(node)
        return text + "[i]" * (self.inside and node.id in self.vectors), tightness

    def Attribute(self, node):
        return f"{'rule.' * (ast.unparse(node.value) == 'self.rule')}h.{node.attr}", ATOM

    def Call(self, node):
        called = ast.unparse(node.func)
        if called in ("self.rule.update", "self.rule.probe"):
            x, g = map(self.whole, node.args[:2])
            return f"{called.removeprefix('self.')}({x}, {g}, t, inner)", ATOM
        if called in _WHOLE:
            outer, self.inside = self.inside, False
            text = _WHOLE[called].format(*map(self.whole, node.args))
            self.inside = outer
            return text, ATOM
        return super().Call(node)
