"""A rule's `update` as a list of assignments, each name given once and every option that is off worked away.

All views read a rule through this: the equations print the list, the costs count what it reads. A field is an *option*
if its default is 0, None, True, False, a word or a tuple; options have their value from the rule at hand, other fields stay names.
"""

import ast
import copy
import functools
import inspect
import operator
import textwrap
from dataclasses import dataclass, field, fields

from gdcore.rules.base import Rule, Wrapper

__all__ = ["COMPARE", "Line", "Program", "instance", "names_in", "parsed", "program", "start"]

_BINARY = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow,
           ast.Mod: operator.mod}
COMPARE = {ast.Gt: operator.gt, ast.Lt: operator.lt, ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Is: operator.is_,
           ast.IsNot: operator.is_not}
_WORDS = (bool, str, tuple)  # never a number, so always an option
_ON_NUMBERS = {"maximum", "minimum", "clip", "sqrt", "abs", "sign"}  # calls that are done at once if all arguments are known


@dataclass(frozen=True)
class Line:
    """One assignment. `key` is the name with the number of its assignment (m.1); inputs end in .0, hyper-parameters begin with self."""

    name: str
    key: str
    value: ast.expr


@dataclass(frozen=True)
class Program:
    """What one step of a rule does: `returns` maps x and each memory that is in use to the expression it becomes."""

    rule: Rule
    x: str  # what the rule calls the parameters (y in Schedule-Free)
    memory: tuple  # the names of the memory in use
    lines: tuple
    returns: dict
    answer: str  # which of these is reported; x if that is a matter of the inner rule
    functions: dict = field(repr=False)  # what the names of functions mean


@dataclass(frozen=True)
class Step(Rule):
    """Stands for the inner rule of a wrapper that is shown by itself."""


def instance(rule):
    """The rule itself; a class at its defaults, a wrapper around any rule."""
    if isinstance(rule, Rule):
        return rule
    if isinstance(rule, type) and issubclass(rule, Wrapper):
        return rule(Step())
    if isinstance(rule, type) and issubclass(rule, Rule):
        return rule()
    raise TypeError(f"A rule is wanted, such as Adam or Adam(lr=1e-3), got {rule!r}.")


@functools.lru_cache(maxsize=256)
def parsed(function):
    """The syntax tree of a function's definition."""
    return ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]


def name(key):
    """A node that reads a name."""
    return ast.Name(key, ast.Load())


def names_in(node):
    """The names that an expression reads, each as often as it does."""
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]


def program(rule, off=None):
    """The Program of a rule (class or instance).

    off: says of (field, value) whether it is worked away; if not given, a field is that is 0 or None by default and in this rule.
    Raises TypeError if it is no rule, NotImplementedError if `update` says something that no equation can.
    """
    rule = instance(rule)
    kind = type(rule)
    unfold = _Unfold(rule, _options(rule, off), kind.update.__globals__)
    names = [a.arg for a in parsed(kind.update).args.args]
    given = [name(f"{n}.0") for n in names]
    if kind.second_gradient:
        unfold.assign("probe", unfold.function(kind.probe, given))
        unfold.assign("g", ast.Call(name("gradient"), [unfold.names["probe"]], []))
        given[2] = unfold.names["g"]
    slots = [names[1], *names[4:]]
    returns = dict(zip(slots, _values(unfold.function(kind.update, given))))
    answer = _answer(rule, slots)
    returns, lines = _in_use(returns, unfold.lines, slots[0], answer)
    lines, returns = _substitute_once(lines, returns)
    return Program(rule, names[1], tuple(n for n in returns if n != names[1]), lines, returns, answer, unfold.scope)


def start(rule):
    """{name: expression} of the memory before the first step, in the keys of `program`."""
    rule = instance(rule)
    p = program(rule)
    if type(rule).init in (Rule.init, Wrapper.init):
        return {n: ast.Constant(0) for n in p.memory}
    unfold = _Unfold(rule, _options(rule, None), type(rule).init.__globals__)
    values = _values(unfold.function(type(rule).init, [name("self"), name(f"{p.x}.0")]))
    own = [a.arg for a in parsed(type(rule).update).args.args[4:]]
    return {n: v for n, v in zip(own, values) if n in p.memory}


def _values(result):
    """What a function returns, as a list without the memory of an inner rule."""
    values = result.elts if isinstance(result, ast.Tuple) else [result]
    return [v for v in values if not isinstance(v, ast.Starred)]


def _options(rule, off):
    """{field: constant} of the options."""
    known = {}
    for f in fields(rule):
        value = getattr(rule, f.name)
        option = isinstance(f.default, _WORDS) or f.default is None
        if off is None:
            zero = not isinstance(value, Rule) and f.default in (0, None) and value == f.default
        else:
            zero = off(f.name, value)
        if option and (value is None or isinstance(value, _WORDS)) or zero:
            known[f.name] = value
    return known


def _answer(rule, slots):
    """The name of what the rule reports, or x if that is in the memory of an inner rule."""
    marks = [name(n) for n in (slots[0], *rule.state_names)]
    answer = rule.answer(*marks)
    return slots[marks.index(answer)] if marks.index(answer) < len(slots) else slots[0]


class _Unfold(ast.NodeTransformer):
    """Walks through function bodies, gives each assigned name a new key, and does what can be done with known numbers."""

    def __init__(self, rule, options, scope):
        self.rule, self.options, self.scope = rule, options, scope
        self.names, self.count, self.lines = {}, {}, []

    # -- statements ----------------------------------------------------------------------------------------------------------

    def function(self, function, arguments):
        """What a function returns for these arguments; its assignments are written to `lines`."""
        tree = parsed(function).args
        outer = self.names
        self.names = dict(zip((a.arg for a in tree.args), arguments)) | {a.arg: d for a, d in zip(tree.kwonlyargs, tree.kw_defaults)}
        result = self.body(parsed(function).body)
        self.names = outer
        return result

    def body(self, statements):
        for statement in statements:
            match statement:
                case ast.Expr(value=ast.Constant()):  # a docstring
                    pass
                case ast.Assign(targets=[ast.Name(id=target)], value=value):
                    self.assign(target, self.visit(copy.deepcopy(value)))
                case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id=target), ast.Starred()])], value=value):
                    self.assign(target, self.visit(copy.deepcopy(value)))
                case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Call(func=ast.Name(id="matrix_shape"))):
                    self.names.update((n.id, name(n.id)) for n in names)
                case ast.If(test=test, body=body, orelse=orelse):
                    result = self.body(body if self.known(test) else orelse)
                    if result is not None:
                        return result
                case ast.Return(value=value):
                    return self.visit(copy.deepcopy(value))
                case _:
                    raise NotImplementedError(
                        f"{type(self.rule).__name__} cannot be shown as equations: {ast.unparse(statement)!r} is neither "
                        "an assignment, a branch on an option, nor a return."
                    )
        return None

    def assign(self, target, value):
        """A new line, unless the value is a mere name, a number or a condition: then the name means that."""
        if isinstance(value, (ast.Name, ast.Constant, ast.Compare)) or isinstance(value, ast.Call) and value.func.id == "equal":
            self.names[target] = value
            return
        self.count[target] = self.count.get(target, 0) + 1
        key = f"{target}.{self.count[target]}"
        self.lines.append(Line(target, key, value))
        self.names[target] = name(key)

    def known(self, test):
        value = self.visit(copy.deepcopy(test))
        if not isinstance(value, ast.Constant):
            raise NotImplementedError(
                f"{type(self.rule).__name__} branches on {ast.unparse(test)!r}, which is no option; use where(condition, a, b)."
            )
        return value.value

    # -- expressions ---------------------------------------------------------------------------------------------------------

    def visit_Name(self, node):
        return copy.deepcopy(self.names.get(node.id, node))

    def visit_Attribute(self, node):
        if ast.unparse(node.value) not in ("self", "self.rule"):
            raise NotImplementedError(f"{ast.unparse(node)!r} is neither a hyper-parameter nor a function.")
        if ast.unparse(node.value) == "self" and node.attr in self.options:
            return ast.Constant(self.options[node.attr])
        return name(f"self.{node.attr}")

    def visit_Starred(self, node):
        return node

    def visit_IfExp(self, node):
        return self.visit(node.body if self.known(node.test) else node.orelse)

    def visit_UnaryOp(self, node):
        node = self.generic_visit(node)
        return ast.Constant(-node.operand.value) if isinstance(node.operand, ast.Constant) else node

    def visit_BinOp(self, node):
        node = self.generic_visit(node)
        a, b = (n.value if isinstance(n, ast.Constant) else None for n in (node.left, node.right))
        if a is not None and b is not None:
            return ast.Constant(_BINARY[type(node.op)](a, b))
        match node.op:
            case ast.Add() if a == 0:
                return node.right
            case ast.Add() | ast.Sub() if b == 0:
                return node.left
            case ast.Mult() if a == 0 or b == 0:
                return ast.Constant(0)
            case ast.Mult() if a == 1:
                return node.right
            case ast.Mult() | ast.Div() | ast.Pow() if b == 1:
                return node.left
            case ast.Pow() if b == 0:
                return ast.Constant(1)
            case ast.Div() if a == 0:
                return ast.Constant(0)
        return node

    def visit_Compare(self, node):
        node = self.generic_visit(node)
        (op,), a, (b,) = node.ops, node.left, node.comparators
        if isinstance(a, ast.Constant) and isinstance(b, ast.Constant):
            return ast.Constant(COMPARE[type(op)](a.value, b.value))
        if isinstance(op, (ast.Is, ast.IsNot)):  # a name or an expression is not None
            return ast.Constant(isinstance(op, ast.IsNot))
        return node

    def visit_Call(self, node):
        if ast.unparse(node.func) == "self.rule.update":
            x, g = (self.visit(a) for a in node.args[:2])
            return ast.Call(name("step"), [x, g], [])
        called = node.func.id
        if called == "len":  # of a shape: equations are those of matrices
            return ast.Constant(2)
        args = [self.visit(a) for a in node.args]
        numbers = [a.value for a in args if isinstance(a, ast.Constant)]
        if called in _ON_NUMBERS and len(numbers) == len(args):
            return ast.Constant((self.scope.get(called) or abs)(*numbers))
        if called == "where" and isinstance(args[0], ast.Constant):
            return args[1] if args[0].value else args[2]
        if called == "where" and _same(args[1], args[2]):
            return args[1]
        if called == "minimum" and numbers == [1] and "t.0" in map(ast.unparse, args):  # t counts from 1
            return ast.Constant(1)
        function = self.scope.get(called)
        if inspect.isfunction(function) and function.__module__ == type(self.rule).__module__ and not hasattr(function, "latex"):
            return self.function(function, args)  # a helper beside the rule is read through
        return ast.Call(name(called), args, [])


def _same(a, b):
    if isinstance(a, ast.Constant) and isinstance(b, ast.Constant):
        return a.value == b.value
    return ast.dump(a) == ast.dump(b)


def _in_use(returns, lines, x, answer):
    """Returns and lines without what no step reads: the memory of options that are off."""
    made = {line.key: line for line in lines}
    wanted, keys, todo = set(), set(), [x, answer]
    while todo:
        slot = todo.pop()
        if slot in wanted or slot not in returns:
            continue
        wanted.add(slot)
        stack = names_in(returns[slot])
        while stack:
            key = stack.pop()
            if key not in keys:
                keys.add(key)
                stack += names_in(made[key].value) if key in made else []
                todo += [key[:-2]] if key.endswith(".0") else []
    return {n: v for n, v in returns.items() if n in wanted}, [line for line in lines if line.key in keys]


def _substitute_once(lines, returns):
    """A value of a name that is assigned again, and read only once, is put where it is read (unless it has cases)."""
    last = {line.name: line.key for line in lines} | {n: v.id for n, v in returns.items() if isinstance(v, ast.Name)}
    x = next(iter(returns))
    while True:
        used = [key for line in lines for key in names_in(line.value)] + [key for v in returns.values() for key in names_in(v)]
        again = [line for line in lines if used.count(line.key) == 1 and "where" not in names_in(line.value)
                 and (last[line.name] != line.key or line.name in (x, "g") and not isinstance(returns[x], ast.Name))]
        if not again:
            return tuple(lines), returns
        old = again[0]
        put = _Put(old.key, old.value)
        lines = [Line(line.name, line.key, put.visit(line.value)) for line in lines if line is not old]
        returns = {n: put.visit(v) for n, v in returns.items()}


class _Put(ast.NodeTransformer):
    def __init__(self, key, value):
        self.key, self.value = key, value

    def visit_Name(self, node):
        return copy.deepcopy(self.value) if node.id == self.key else node
