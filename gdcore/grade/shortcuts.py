"""Names that an answer may not use, looked for in the text of a notebook: another's optimizer, the oracle, code in disguise.

Only what an answer reaches counts: the statements up to its check that bind its name, those that bind what these use, and so on; what a
function calls its own is no name of the notebook. A fence, not a wall: who hides a name well gets through here. What keeps the oracles safe
is that the process cannot read them (see `confine`).
"""

import ast
import dis
import re
import types

from gdcore.grade.cells import tree

__all__ = ["Statement", "parsed", "shortcut"]

HARMLESS = tuple(f"gdcore.check.{name}" for name in ("all", "check", "claim", "merge", "progress"))
UNSEEN = {"exec", "eval", "globals", "locals", "vars", "setattr"}  # may bind any name without showing it
NAMED = re.compile(r"\w+(?:[.:]\w+)+")  # a dotted name in quotes, as in locate("torch.optim.SGD")
LOADS = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_GLOBALS"}


class Statement:
    """A statement of a notebook: the notebook's names that it binds and uses, what these stand for, and the dotted names in it."""

    def __init__(self, node, cell=1):
        self.cell, self.bound, self.used, self.aliases, self.dotted, self.checks = cell, set(), set(), {}, set(), {}
        self.quoted = set()  # said in full, whatever it stands for
        self._names(compile(ast.Module([node], []), "<statement>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), outermost=True)
        for part in ast.walk(node):
            self._see(part)
        if isinstance(node, ast.Expr):  # predicted.update(…) changes `predicted`
            self.bound |= {_root(node.value)} & self.used
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.Attribute, ast.Name, ast.Call)) and (name := _dotted(node.value)):
            self.aliases |= {target.id: name for target in node.targets if isinstance(target, ast.Name)}
        self.hidden = bool(self.used & UNSEEN)
        self.dotted = {name for name in self.dotted if name.partition(".")[0] in self.used | set(self.aliases)} | self.quoted

    def _names(self, code, outermost=False):
        """The names of the notebook, as the compiler sees them: what is local to a function is none."""
        for step in dis.get_instructions(code):
            if step.opname in LOADS:
                self.used.add(step.argval)
            elif step.opname == "STORE_GLOBAL" or (outermost and step.opname == "STORE_NAME"):
                self.bound.add(step.argval)
        for inner in code.co_consts:
            if isinstance(inner, types.CodeType):
                self._names(inner)

    def _see(self, part):
        if isinstance(part, ast.Import):
            for alias in part.names:
                self.aliases[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]
        elif isinstance(part, ast.ImportFrom):
            for alias in part.names:
                self.aliases[alias.asname or alias.name] = f"{part.module}.{alias.name}"
                self.quoted |= {f"{part.module}.{alias.name}"}
                if alias.name == "*":
                    self.bound.add("*")
        elif isinstance(part, ast.Name):
            self.dotted.add(part.id)
        elif isinstance(part, (ast.Attribute, ast.Subscript)) and not isinstance(part.ctx, ast.Load):
            self.bound |= {_root(part)} & self.used
        elif isinstance(part, ast.Call) and _dotted(part.func) == "check" and len(part.args) > 1:
            id = getattr(part.args[0], "value", None)
            self.checks[id] = {n.id for n in ast.walk(part.args[1]) if isinstance(n, ast.Name)}
        elif isinstance(part, ast.Constant) and isinstance(part.value, str) and NAMED.fullmatch(part.value):
            self.quoted |= {part.value.replace(":", ".")}
        if isinstance(part, (ast.Attribute, ast.Call, ast.Subscript)) and (name := _dotted(part)):
            self.dotted.add(name)


def parsed(cells):
    """The `Statement`s of a notebook's code cells, sources or syntax trees; what is no Python is left out, as it does not run either."""
    found = []
    for number, source in enumerate(cells, 1):
        try:
            body = (tree(source) if isinstance(source, str) else source).body
            for node in body:
                parts = [ast.Import([name]) for name in node.names] if isinstance(node, ast.Import) else [node]
                found += [Statement(ast.fix_missing_locations(ast.copy_location(part, node)), number) for part in parts]
        except (AttributeError, SyntaxError, ValueError, RecursionError, MemoryError):  # an error stands for the tree of no Python
            continue
    return found


def _dotted(node):
    """a.b.c as a text, getattr(a, "b") and vars(a)["b"] too; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        return _dotted(node.value)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return f"{base}.{node.slice.value}" if (base := _dotted(node.value)) else ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "vars" and len(node.args) == 1:
        return _dotted(node.args[0])
    if isinstance(node, ast.Attribute):
        return f"{base}.{node.attr}" if (base := _dotted(node.value)) else ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) > 1:
        name = node.args[1]
        if isinstance(name, ast.Constant) and (base := _dotted(node.args[0])):
            return f"{base}.{name.value}"
    return ""


def _root(node):
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def shortcut(statements, question, cell=None):
    """The first forbidden name that the answer to a question reaches, or "". cell: where it is checked; what comes later does not count."""
    known = [s for s in statements if cell is None or s.cell <= cell]
    wanted = {question.name}.union(*(s.checks.get(question.id, ()) for s in known))
    open_ones = {"*"} if any(s.bound & wanted for s in known) else {"*", "?"}  # bound by nothing to be seen: then by what hides
    reached, rest = [], known
    while near := [s for s in rest if s.bound & (wanted | open_ones) or (s.hidden and "?" in open_ones)]:
        rest = [s for s in rest if s not in near]
        reached += near
        wanted |= set().union(*(s.used for s in near))
    aliases = {}
    for s in reached:
        aliases |= s.aliases
    used = sorted({_whole(dotted, aliases) for s in reached for dotted in s.dotted})
    return next((u for u in used if u not in HARMLESS and any(_below(u, f) for f in question.forbid)), "")


def _whole(dotted, aliases):
    """The name with its first part replaced by what it stands for; twice, for an alias of an alias."""
    for _ in range(2):
        first, dot, rest = dotted.partition(".")
        dotted = aliases.get(first, first) + dot + rest
    return dotted


def _below(name, forbidden):
    """Whether a name is the forbidden one or below it, also as a part, os.sys.modules; the notebook's own `check` is not."""
    if name == forbidden:
        return name != "gdcore.check"
    return name.startswith(forbidden + ".") or ("." in forbidden and f".{forbidden}." in f"{name}.")
