"""Names that an answer may not use, looked for in the text of a notebook: another's optimizer, the oracle, code in disguise.

Only what an answer reaches counts: the statements that bind its name, those that bind what these use, and so on. A fence, not a
wall: who hides a name well gets through here. What keeps the oracles safe is that the process cannot read them (see `confine`).
"""

import ast
import re

__all__ = ["parsed", "runnable", "shortcut", "tree"]

HARMLESS = tuple(f"gdcore.check.{name}" for name in ("all", "check", "claim", "merge", "progress"))
UNSEEN = {"exec", "eval", "globals", "locals", "vars", "setattr"}  # may bind any name without showing it
LONGEST = 200_000  # characters of a cell
UNREAD = "raise SyntaxError('the cell is too long, or nested too deeply, to be read')"
MAGIC = re.compile(r"^([ \t]*)(?:[%!?]|[\w.]+ *= *[%!]|[\w.]+\?).*$", re.MULTILINE)  # also x = %timeit …, and np.mean?
NAMED = re.compile(r"\w+(?:[.:]\w+)+")  # a dotted name in quotes, as in locate("torch.optim.SGD")


class Statement:
    """A statement of a notebook: the names it binds, the names it uses, what these stand for, and the dotted names in it."""

    def __init__(self, node):
        self.bound, self.used, self.aliases, self.dotted, self.checks = set(), set(), {}, set(), {}
        for part in ast.walk(node):
            self._see(part)
        if self.used & UNSEEN:
            self.bound.add("*")
        if isinstance(node, ast.Expr):  # predicted.update(…) changes `predicted`
            self.bound |= {_root(node.value)} & self.used
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.Attribute, ast.Name, ast.Call)) and (name := _dotted(node.value)):
            self.aliases |= {target.id: name for target in node.targets if isinstance(target, ast.Name)}

    def _see(self, part):
        if isinstance(part, ast.Import):
            for alias in part.names:
                self.bound.add(alias.asname or alias.name.split(".")[0])
                self.aliases[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]
        elif isinstance(part, ast.ImportFrom):
            for alias in part.names:
                self.bound.add(alias.asname or alias.name)
                self.aliases[alias.asname or alias.name] = f"{part.module}.{alias.name}"
                self.dotted.add(f"{part.module}.{alias.name}")
        elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self.bound.add(part.name)
        elif isinstance(part, ast.Name):
            (self.used if isinstance(part.ctx, ast.Load) else self.bound).add(part.id)
            self.dotted.add(part.id)
        elif isinstance(part, (ast.Attribute, ast.Subscript)) and not isinstance(part.ctx, ast.Load):
            self.bound.add(_root(part))
        elif isinstance(part, ast.Call) and _dotted(part.func) == "check" and len(part.args) > 1:
            id = getattr(part.args[0], "value", None)
            self.checks[id] = {n.id for n in ast.walk(part.args[1]) if isinstance(n, ast.Name)}
        elif isinstance(part, ast.Constant) and isinstance(part.value, str) and NAMED.fullmatch(part.value):
            self.dotted.add(part.value.replace(":", "."))
        if isinstance(part, (ast.Attribute, ast.Call, ast.Subscript)) and (name := _dotted(part)):
            self.dotted.add(name)


def runnable(source):
    """The cell as plain Python, with a `pass` for each line of a magic or a shell; what runs is exactly what was looked through."""
    try:
        return _plain(source)[0]
    except SyntaxError:
        return source  # does not run, and says so


def tree(source):
    """The syntax tree of a cell; SyntaxError for one that is no Python, or cannot be read."""
    text, found = _plain(source)
    if text == UNREAD:
        raise SyntaxError(UNREAD)
    return found


def parsed(cells):
    """The `Statement`s of a notebook's code cells; a cell that is no Python is left out, as it does not run either."""
    found = []
    for source in cells:
        try:
            body = tree(source).body
        except SyntaxError:
            continue
        for node in body:
            found += [Statement(ast.Import([name])) for name in node.names] if isinstance(node, ast.Import) else [Statement(node)]
    return found


def _plain(source):
    if len(source) > LONGEST:
        return UNREAD, ast.parse(UNREAD)
    try:
        try:
            return source, ast.parse(source)
        except (SyntaxError, ValueError):
            source = MAGIC.sub(r"\1pass", source).replace("\0", "")
            return source, ast.parse(source)
    except (RecursionError, MemoryError):
        return UNREAD, ast.parse(UNREAD)


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


def shortcut(statements, question):
    """The first forbidden name that the answer to a question reaches, or ""."""
    wanted = {question.name, "*"}.union(*(s.checks.get(question.id, ()) for s in statements))
    reached, rest = [], list(statements)
    while near := [s for s in rest if s.bound & wanted]:
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
