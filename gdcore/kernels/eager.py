"""A program as a few in-place torch calls, each reading and writing arrays as seldom as it can."""

from gdcore.kernels.scalars import FORMS, SCOPE, Scalars
from gdcore.kernels.trace import NotTraceable, Value, late, reach
from gdcore.rules.arithmetic import NAMED

__all__ = ["EagerKernel"]


class EagerKernel:
    """The torch calls of one step.

    `step(param, grad, *state, *temporaries, *scalars)` changes param and state in place; `scalars(h, t, s)` computes what it needs once a
    step; `calls` says how many torch calls it makes, `temporaries` how many scratch arrays of x's size it wants. `source` is its text.
    `whole`: it asks for lengths, shapes or functions of arrays and must see whole tensors; a length becomes a number of Python.
    """

    def __init__(self, program):
        import torch

        for node in reach(*program.outputs.values()):
            if node.array and (node.op in ("gt", "eq", "mod") or node.op == "where" and not all(a.array for a in node.args[1:])):
                raise NotTraceable(f"{type(program.rule).__name__} uses {node.op}, which has no in-place form.")
        self.program = program
        self.whole = bool(late(program.outputs.values())) or any(n.op == "operator" for n in reach(*program.outputs.values()))
        self.wanted = Scalars(program)
        lines, self.temporaries = _shortest(program, self.wanted)
        self.scalars, scalar_source = self.wanted.build()
        self.calls = len(lines)
        names = ["param", "grad", *program.arrays, *(f"t{i}" for i in range(self.temporaries)),
                 *(f"c{i}" for i in range(len(self.wanted.wanted)))]
        text = "\n".join([f"def step({', '.join(names)}):", *(f"    {line}" for line in lines or ["pass"]), ""])
        scope = NAMED | SCOPE | {"torch": torch, "number": lambda c, like: torch.tensor(c, dtype=like.dtype, device=like.device)}
        exec(text, scope)  # our own text, made from the rule's own operations
        self.step, self.source = scope["step"], scalar_source + "\n" + text


def _shortest(program, wanted):
    """The lines of the kernel, for that order of the results which needs fewer of them."""
    outputs = [o for o in program.outputs.values() if o.array]
    orders = [sorted(outputs, key=lambda o: o.number), outputs]
    return min((_allocate(_Selection(outputs, order, wanted).calls, program) for order in orders), key=lambda k: (len(k[0]), k[1]))


class _Selection:
    """Chooses torch calls for the nodes: a list of (form, target node, operand nodes, scalar names), in order.

    A form is text with {0}, {1}, … for operands and {a}, {b} for scalars; its first operand may be overwritten.
    """

    def __init__(self, outputs, order, wanted):
        self.wanted, self.late, self.calls, self.done = wanted, late(outputs), [], set()
        nodes = [n for n in reach(*outputs) if n.array or n.op == "norm"]
        self.users = {n.number: sum(any(n is a for a in m.args) for m in nodes) + sum(n is o for o in outputs) for n in nodes}
        for node in order:
            self.make(node)

    def make(self, node):
        """Emit the calls that compute this node, once, and return it."""
        if node.number in self.done or node.op in ("x", "g", "state"):
            return node
        getattr(self, "_" + node.op, self._function)(node)
        self.done.add(node.number)
        return node

    def call(self, form, target, *operands, **scalars):
        self.calls.append((form, target, operands, {k: v if isinstance(v, str) else self.scalar(v) for k, v in scalars.items()}))

    def scalar(self, node):
        """The name of a scalar: the caller brings it, or it depends on the length of an array and is computed on the way."""
        if node.number not in self.late:
            return self.wanted.name(node)
        name = f"n{node.number}"
        if node.number not in self.done:
            self.done.add(node.number)
            if node.op == "norm":
                operands, text = (self.make(node.args[0]),), "torch.linalg.vector_norm({0}).item()"
            elif node.op in ("rows", "columns"):
                operands, text = (), f"param.shape[{['rows', 'columns'].index(node.op)}]"
            else:
                operands, text = (), FORMS[node.op].format(*(self.scalar(a) for a in node.args))
            self.calls.append((f"{name} = {text}", node, operands, {}))
        return name

    def _function(self, node):
        form = {"sqrt": "sqrt", "sign": "sign", "abs": "abs", "div": "div"}[node.op]
        operands = [self.make(a) for a in node.args if a.array]
        if node.op == "div" and len(operands) == 1:  # a scalar over an array
            self.call("torch.mul({0}.reciprocal(), {a}, out={out})", node, operands[0], a=node.args[0])
        else:
            self.call(form, node, *operands)

    def _mul(self, node):
        a, b = node.args
        if b.array:
            self.call("mul", node, self.make(a), self.make(b))
        else:
            self.call("mul:a", node, self.make(a), a=b)

    def _operator(self, node):
        """The function brings an array of its own; the step need not copy it."""
        a, name, *rest = node.args
        words = ", ".join(self.scalar(v) if isinstance(v, Value) else repr(v) for v in rest)
        self.call(f"{{out}} = {name}({{0}}, {words})", node, self.make(a))

    def _where(self, node):
        """One of two arrays; the condition is a scalar, since conditions on entries have no in-place form."""
        condition, a, b = node.args
        self.call("choose:a", node, self.make(a), self.make(b), a=condition)

    def _max(self, node):
        a, b = sorted(node.args, key=lambda n: not n.array)
        if b.array:
            self.call("maximum" if node.op == "max" else "minimum", node, self.make(a), self.make(b))
        else:
            self.call("clamp_min:a" if node.op == "max" else "clamp_max:a", node, self.make(a), a=b)

    _min = _max

    def _add(self, node):
        (a, fa), (b, fb) = self._term(node.args[0]), self._term(node.args[1])
        if not (a.array and b.array):
            array, factor, offset = (a, fa, b) if a.array else (b, fb, a)
            if factor is None:
                self.call("add:a", node, self.make(array), a=offset)
            else:
                self.call("scale_add", node, self.make(array), a=factor, b=offset)
        elif _sum_to_one(fa, fb) and not self._fusible(b):
            self.call("lerp:a", node, self.make(a), self.make(b), a=fb)
        else:
            if self._fusible(a) and not self._fusible(b) or (fb is None and fa is not None and not self._fusible(b)):
                a, fa, b, fb = b, fb, a, fa
            base = self._scaled(node, a, fa)
            if self._fusible(b):
                p, q = b.args
                self.call(f"addc{b.op}:a", node, base, self.make(p), self.make(q), a=fb if fb is not None else "1")
            elif fb is None:
                self.call("add", node, base, self.make(b))
            else:
                self.call("add_scaled", node, base, self.make(b), a=fb)

    def _scaled(self, node, a, factor):
        a = self.make(a)
        if factor is None:
            return a
        partial = node.partial()  # a * factor, on its way into the same array as the sum
        self.call("mul:a", partial, a, a=factor)
        return partial

    def _term(self, a):
        """(array, scalar factor or None) of one side of a sum; a product that others read as well stays whole."""
        scaled = a.op == "mul" and a.array and not a.args[1].array and self.users[a.number] == 1
        return a.args if scaled else (a, None)

    def _fusible(self, a):
        """Whether this term is a product or quotient of two arrays that nobody else reads."""
        two = a.op in ("mul", "div") and all(arg.array for arg in a.args)
        return two and (self.users[a.number] == 1) and a.number not in self.done


def _sum_to_one(fa, fb):
    """Whether fb was written as 1 - fa."""
    return (fa is not None and fb is not None and fb.op == "add" and fb.args[0].op == "const" and fb.args[0].args[0] == 1
            and fb.args[1].op == "mul" and any(_same(a, fa) for a in fb.args[1].args))


def _same(a, b):
    return a is b or (a.op == b.op and len(a.args) == len(b.args) and a.op != "partial"
                      and all(_same(p, q) if isinstance(p, Value) and isinstance(q, Value) else p == q
                              for p, q in zip(a.args, b.args, strict=True)))


# form -> (text when the result goes into the first operand, text when it goes elsewhere)
_TEXT = {
    "mul": ("{0}.mul_({1})", "torch.mul({0}, {1}, out={out})"),
    "mul:a": ("{0}.mul_({a})", "torch.mul({0}, {a}, out={out})"),
    "div": ("{0}.div_({1})", "torch.div({0}, {1}, out={out})"),
    "add": ("{0}.add_({1})", "torch.add({0}, {1}, out={out})"),
    "add:a": ("{0}.add_({a})", "torch.add({0}, {a}, out={out})"),
    "add_scaled": ("{0}.add_({1}, alpha={a})", "torch.add({0}, {1}, alpha={a}, out={out})"),
    "scale_add": ("torch.add(number({b}, {0}), {0}, alpha={a}, out={0})", "torch.add(number({b}, {0}), {0}, alpha={a}, out={out})"),
    "lerp:a": ("{0}.lerp_({1}, {a})", "torch.lerp({0}, {1}, {a}, out={out})"),
    "addcmul:a": ("{0}.addcmul_({1}, {2}, value={a})", "torch.addcmul({0}, {1}, {2}, value={a}, out={out})"),
    "addcdiv:a": ("{0}.addcdiv_({1}, {2}, value={a})", "torch.addcdiv({0}, {1}, {2}, value={a}, out={out})"),
    "maximum": ("torch.maximum({0}, {1}, out={0})", "torch.maximum({0}, {1}, out={out})"),
    "minimum": ("torch.minimum({0}, {1}, out={0})", "torch.minimum({0}, {1}, out={out})"),
    "clamp_min:a": ("{0}.clamp_(min={a})", "torch.clamp({0}, min={a}, out={out})"),
    "clamp_max:a": ("{0}.clamp_(max={a})", "torch.clamp({0}, max={a}, out={out})"),
    "choose:a": ("{0} if {a} else {0}.copy_({1})", "{out}.copy_({0} if {a} else {1})"),
    "sqrt": ("{0}.sqrt_()", "torch.sqrt({0}, out={out})"),
    "sign": ("{0}.sign_()", "torch.sign({0}, out={out})"),
    "abs": ("{0}.abs_()", "torch.abs({0}, out={out})"),
}


_NAMES = {"x": "param", "g": "grad"}  # so that a memory may be called x


def _allocate(calls, program):
    """Give each result an array: its own memory if nobody needs the old value any more, else a temporary."""
    home = {new.number: name for name, new in program.outputs.items()}
    last = {}
    for i, (_, _, operands, _) in enumerate(calls):
        for node in operands:
            last[node.number] = i
    last |= {new.number: len(calls) for new in program.outputs.values()}  # a result is wanted to the end
    inputs = {_NAMES.get(n.op) or n.args[0]: n for _, _, ops, _ in calls for n in ops if n.op in ("x", "state")}
    place, free, count, lines = {}, [], 0, []

    def where_is(node):
        return place.get(node.number) or _NAMES.get(node.op) or node.args[0]

    for i, (form, target, operands, scalars) in enumerate(calls):
        names = [where_is(n) for n in operands]
        dying = [where_is(n) for n in operands if last[n.number] == i and where_is(n).startswith("t") and n.number in place]
        if not target.array:  # a number takes no array
            lines.append(form.format(*names))
            free.extend(dying)
            continue
        if target.op == "operator":
            place[target.number] = f"o{target.number}"
            lines.append(form.format(*names, out=place[target.number]))
            free.extend(dying)
            continue
        wanted = home.get(target.number) or (target.op == "partial" and home.get(target.args[0].number))
        old = inputs.get(wanted)
        if wanted and (old is None or last.get(old.number, -1) <= i):
            out = wanted
        elif dying:
            out = dying[0]
        elif free:
            out = free.pop()
        else:
            out, count = f"t{count}", count + 1
        free.extend(d for d in dict.fromkeys(dying) if d != out)
        place[target.number] = out
        inside, outside = _TEXT.get(form, (form, form))
        lines.append((inside if names[0] == out else outside).format(*names, out=out, **scalars))
    for name, new in program.outputs.items():
        if not new.array:
            lines.append(f"{name}.fill_({new.args[0]})")
        elif where_is(new) != name:
            lines.append(f"{name}.copy_({where_is(new)})")
    return lines, count
