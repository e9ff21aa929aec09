"""A rule as plain JavaScript: the same assignments, on numbers."""

import ast
import copy
import inspect
import sys

from gdcore.rules.base import Rule, Wrapper
from gdcore.views.syntax import Step, instance, parsed

__all__ = ["ATOM", "POWER", "Writer", "javascript"]

_CALLS = {
    "sqrt": "Math.sqrt({})",
    "sign": "Math.sign({})",
    "abs": "Math.abs({})",
    "maximum": "Math.max({}, {})",
    "minimum": "Math.min({}, {})",
    "clip": "Math.min(Math.max({}, {}), {})",
}
_SIGNS = {ast.Add: ("+", 4), ast.Sub: ("-", 4), ast.Mult: ("*", 5), ast.Div: ("/", 5), ast.Mod: ("%", 5), ast.Pow: ("**", 7),
          ast.Gt: (">", 3), ast.Lt: ("<", 3), ast.Eq: ("===", 3), ast.Is: ("===", 3)}
_CHOICE, _UNARY, POWER, ATOM = 1, 6, 7, 9  # precedence, as the numbers above


def javascript(rule):
    """The source of a function Name(h, x, g, t, s) -> [x, s] of numbers, with Name.init(h, x) -> s and Name.answer(h, x, s).

    h: object of all hyper-parameters (those of a wrapped rule included), under the names of the Python fields; x, g: numbers;
    t: number of the step, from 1; s: object of the memory. Nothing is changed in place.
    rule: a class or an instance; a wrapper as an instance, whose inner rule is written before it.
    Raises TypeError if one entry of the parameters needs to know others (norms, matrices) or a second gradient.
    """
    rule = instance(rule)
    kind = type(rule)
    name = kind.__name__
    if rule.reads != "entry" or kind.second_gradient:
        needs = "a second gradient" if rule.reads == "entry" else f"the whole {rule.reads}"
        raise TypeError(f"{name} cannot be a function of single numbers: its step needs {needs}; give an entrywise rule, such as Adam.")
    if isinstance(rule, Wrapper) and isinstance(rule.rule, Step):
        raise TypeError(f"{name} wraps a rule; give an instance, such as {name}(Adam()).")
    before = javascript(rule.rule) + "\n" if isinstance(rule, Wrapper) else ""
    return before + "\n".join([_update(rule, name), _init(rule, name), _answer(rule, name)]) + "\n"


def _update(rule, name):
    tree = parsed(type(rule).update)
    x, g, t, *memory = (a.arg for a in tree.args.args[1:])
    parts = [*memory, *(["...inner"] if isinstance(rule, Wrapper) else [])]
    state = f"{{{', '.join(parts)}}}" if parts else "s"
    writer = Writer(rule, {x, g, t, *memory}, memory)
    return "\n".join([f"function {name}(h, {x}, {g}, {t}, {state}) {{", *writer.body(tree.body, "  "), "}"])


def _init(rule, name):
    owner = type(rule)
    own = [a.arg for a in parsed(owner.update).args.args[4:]]
    if owner.init in (Rule.init, Wrapper.init):
        pairs, x = [f"{n}: 0" for n in own], "x"
    else:
        tree = parsed(owner.init)
        x = tree.args.args[1].arg
        (value,) = (s.value for s in tree.body if isinstance(s, ast.Return))
        values = value.elts if isinstance(value, ast.Tuple) else [value]
        writer = Writer(rule, {x}, ())
        pairs = [f"{n}: {writer.text(v)}" if n != writer.text(v) else n for n, v in zip(own, values)]
    if isinstance(rule, Wrapper):
        pairs.append(f"...{type(rule.rule).__name__}.init(h, {x})")
    return f"{name}.init = (h, {x}) => ({{{', '.join(pairs)}}});"


def _answer(rule, name):
    answer = rule.answer("x", *(f"s.{n}" for n in rule.state_names))
    return f"{name}.answer = (h, x, s) => {answer};"


class Writer:
    """Writes Python's expressions and assignments in JavaScript, with the same names in the same order."""

    def __init__(self, rule, known, memory):
        self.rule, self.known, self.memory = rule, set(known), memory
        self.stores = [n.id for n in ast.walk(parsed(type(rule).update)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]

    # -- statements ------------------------------------------------------------------------------------------------------------

    def body(self, statements, indent):
        lines = []
        for statement in statements:
            match statement:
                case ast.Assign(targets=[ast.Name(id=target)], value=value):
                    lines.append(f"{indent}{self.let(target)} = {self.text(value)};")
                case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id=target), ast.Starred()])], value=value):
                    self.known.add(target)  # x and inner, both parameters of the function
                    lines.append(f"{indent}[{target}, inner] = {self.text(value)};")
                case ast.If(test=test, body=body, orelse=orelse):
                    # what both branches assign is declared before them
                    both = sorted(
                        {n.id for s in (*body, *orelse) for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
                    )
                    new = [n for n in both if n not in self.known]
                    self.known.update(new)
                    lines += [f"{indent}let {', '.join(new)};"] if new else []
                    lines.append(f"{indent}if ({self.text(test)}) {{")
                    lines += self.body(body, indent + "  ")
                    lines += [f"{indent}}} else {{", *self.body(orelse, indent + "  ")] if orelse else []
                    lines.append(f"{indent}}}")
                case ast.Return(value=value):
                    lines.append(f"{indent}return {self.result(value)};")
                case ast.Expr(value=ast.Constant()):
                    pass
                case _:
                    raise TypeError(f"{type(self.rule).__name__} cannot be written in JavaScript: {ast.unparse(statement)!r}.")
        return lines

    def let(self, target):
        """The target of an assignment, declared if it is new."""
        if target in self.known:
            return target
        self.known.add(target)
        return f"{'const' if self.stores.count(target) == 1 else 'let'} {target}"

    def result(self, value):
        if not isinstance(value, ast.Tuple):
            return self.text(value)
        x, *rest = value.elts
        pairs = ["...inner" if isinstance(v, ast.Starred) else None for v in rest]
        for i, (v, n) in enumerate(zip(rest, self.memory)):
            if pairs[i] is None:
                text = self.text(v)
                pairs[i] = n if text == n else f"{n}: {text}"
        return f"[{self.text(x)}, {{{', '.join(pairs)}}}]"

    # -- expressions -----------------------------------------------------------------------------------------------------------

    def text(self, node, least=0):
        text, tightness = getattr(self, type(node).__name__)(node)
        return f"({text})" if tightness < least else text

    def Name(self, node):
        return node.id, ATOM

    def Constant(self, node):
        words = {True: "true", False: "false", None: "null"}
        return words[node.value] if isinstance(node.value, bool) or node.value is None else repr(node.value).removesuffix(".0"), ATOM

    def Attribute(self, node):
        return f"h.{node.attr}", ATOM  # self.lr, and self.rule.lr: all hyper-parameters are in one object

    def UnaryOp(self, node):
        return f"-{self.text(node.operand, _UNARY + 1)}", _UNARY

    def BinOp(self, node):
        sign, tightness = _SIGNS[type(node.op)]
        power = sign == "**"  # the only one that groups to the right; before it JavaScript allows no minus
        left, right = self.text(node.left, tightness + power), self.text(node.right, tightness + (not power))
        return f"{left} {sign} {right}", tightness

    def Compare(self, node):
        sign, tightness = _SIGNS[type(node.ops[0])]
        return f"{self.text(node.left, tightness + 1)} {sign} {self.text(node.comparators[0], tightness + 1)}", tightness

    def IfExp(self, node):
        return f"{self.text(node.test, 2)} ? {self.text(node.body, 2)} : {self.text(node.orelse, _CHOICE)}", _CHOICE

    def Call(self, node):
        if ast.unparse(node.func) == "self.rule.update":
            x, g = (self.text(a) for a in node.args[:2])
            return f"{type(self.rule.rule).__name__}(h, {x}, {g}, t, inner)", ATOM
        name, args = node.func.id, node.args
        if name == "where":
            return self.IfExp(ast.IfExp(*args))
        if name == "equal":
            return self.Compare(ast.Compare(args[0], [ast.Eq()], [args[1]]))
        if name == "ratio":
            return self.BinOp(ast.BinOp(args[0], ast.Div(), args[1]))
        if name == "zeros_like":
            return "0", ATOM
        if name == "full_like":
            return self.text(args[1]), ATOM
        if name in _CALLS:
            return _CALLS[name].format(*map(self.text, args)), ATOM
        return f"({self.text(self._read_through(name, args))})", ATOM

    def _read_through(self, name, args):
        """What a helper beside the rule, written as one `return`, gives for these arguments."""
        helper = vars(sys.modules[type(self.rule).__module__]).get(name)
        tree = parsed(helper) if inspect.isfunction(helper) and helper.__module__ == type(self.rule).__module__ else None
        lines = [line for line in tree.body if not isinstance(line, ast.Expr)] if tree else []  # without its docstring
        if len(lines) != 1 or not isinstance(lines[0], ast.Return) or len(tree.args.args) != len(args):
            raise TypeError(f"{type(self.rule).__name__} cannot be written in JavaScript: {name} is no function of single numbers. "
                            f"Known are {', '.join(sorted(_CALLS))}, where, equal, ratio, and a helper beside the rule: one `return`.")
        given = dict(zip((a.arg for a in tree.args.args), args, strict=True))
        return _Put(given).visit(copy.deepcopy(lines[0].value))


class _Put(ast.NodeTransformer):
    """Expressions in place of names."""

    def __init__(self, given):
        self.given = given

    def visit_Name(self, node):
        return self.given.get(node.id, node)
