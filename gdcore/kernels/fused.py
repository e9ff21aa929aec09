"""A program as one function of arrays, for a compiler that fuses: torch.compile makes one GPU kernel of it."""

from gdcore.kernels.scalars import FORMS, SCOPE, Scalars
from gdcore.kernels.trace import Value, late, reach
from gdcore.rules.arithmetic import NAMED, norm

__all__ = ["FusedKernel"]


class FusedKernel:
    """The expressions of one step.

    `step(param, grad, *state, *scalars)` changes param and state in place; `scalars(h, t, s)` computes what it needs once a step, on the
    processor: a compiler handed t itself would raise β to the power t for each entry, in double precision. `source` is its text.
    """

    def __init__(self, program):
        self.program, self.wanted = program, Scalars(program)
        lines = _Text(program, self.wanted).lines
        self.scalars, scalar_source = self.wanted.build()
        names = ["param", "grad", *program.arrays, *(f"c{i}" for i in range(len(self.wanted.wanted)))]
        text = "\n".join([f"def step({', '.join(names)}):", *(f"    {line}" for line in lines), ""])
        scope = NAMED | SCOPE | {"norm": norm}
        exec(text, scope)  # our own text, made from the rule's own operations
        self.step, self.source = scope["step"], scalar_source + "\n" + text


class _Text:
    """The lines of the function: one for each node that depends on an array, then the results into their places."""

    def __init__(self, program, wanted):
        outputs = program.outputs
        self.wanted, self.late, self.names, self.lines = wanted, late(outputs.values()), {}, []
        for node in reach(*outputs.values()):
            if node.array or node.number in self.late:
                self.names[node.number] = self.place(node) or self.write(node)
        for name, new in outputs.items():
            if self.place(new) not in (None, name):  # an old value that moves to another place, before its own is written over
                self.lines.append(f"n{new.number} = {self.names[new.number]}.clone()")
                self.names[new.number] = f"n{new.number}"
        self.lines += [f"{name}.{'copy_' if new.array else 'fill_'}({self.name(new)})" for name, new in outputs.items()]

    def place(self, node):
        """Where an input lies, None for all else."""
        return {"x": "param", "g": "grad"}.get(node.op) or (node.args[0] if node.op == "state" else None)

    def write(self, node):
        args = [self.name(a) if isinstance(a, Value) else repr(a) for a in node.args]
        if node.op == "norm":
            text = f"norm({args[0]})"
        elif node.op in ("rows", "columns"):
            text = f"param.shape[{['rows', 'columns'].index(node.op)}]"
        elif node.op == "operator":
            array, _, *rest = args
            text = f"{node.args[1]}({', '.join([array, *rest])})"
        else:
            text = FORMS[node.op].format(*(f"({a})" if a[0] == "-" else a for a in args))
        self.lines.append(f"n{node.number} = {text}")
        return f"n{node.number}"

    def name(self, node):
        """What a node is called in the text: a constant by its digits, what is known before the step by its place among the scalars."""
        if node.op == "const":
            return repr(node.args[0])
        return self.names.get(node.number) or self.wanted.name(node)
