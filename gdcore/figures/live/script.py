"""The one script of all living figures: the arithmetic printed from the rules and surfaces, and the drawing around it."""

import functools
import hashlib
from pathlib import Path

__all__ = ["classic", "everything", "fingerprint", "kinds", "module", "styles"]

_HERE = Path(__file__).parent
_OWN = {"line": "GD", "map": "HeavyBall", "schedule": "GD"}  # the rule that a kind of figures runs by itself
_REACHED = ("KINDS", "RULES", "SURFACES", "enliven", "makeRule", "makeSurface", "mount", "run")
_PARTS = ("core", "plot", "controls", "symbols")
_SHARED = {  # {part: who needs it}
    "aside": {"basins"}, "explorer": {"explorer"}, "gaussians": {"gridworld", "noise", "schedule"}, "linear": {"map", "spectrum"},
    "landscape": {"basins", "descent", "line", "noise", "population"}, "racer": {"basins", "descent", "noise", "spectrum"},
}  # fmt: skip


@functools.cache
def _body(chosen, rules=None):
    from gdcore.figures.live.arithmetic import arithmetic

    parts = [*_PARTS, *(part for part, needed in _SHARED.items() if needed & set(chosen))]
    files = [_HERE / "js" / f"{name}.js" for name in parts] + [_HERE / "js" / "kinds" / f"{kind}.js" for kind in kinds() if kind in chosen]
    return "\n".join([arithmetic("schedule" in chosen, rules), *(path.read_text("utf-8") for path in files)])


def kinds():
    """The names of all kinds of figures, in alphabetical order."""
    return tuple(sorted(path.stem for path in (_HERE / "js" / "kinds").glob("*.js")))


def everything():
    """All that a script can hold."""
    return (*kinds(), "explorer")


def classic(only=None, rules=None):
    """The script of a static page: no module, so that it also runs in pages on the disk. It waits until the page is there.

    only: names of kinds and "explorer", if a page does not need all of them. rules: names of rules, likewise; the explorer wants all.
    """
    chosen = everything() if only is None else tuple(sorted(only))
    reached = [*_REACHED, *(["gaussians", "uniforms"] if _SHARED["gaussians"] & set(chosen) else [])]
    reached += ["SCHEDULES", "makeSchedule"] * ("schedule" in chosen)
    body = _body(chosen, None if rules is None else tuple(sorted({*(_OWN[kind] for kind in chosen if kind in _OWN), *rules})))
    return f'(() => {{\n"use strict";\n{body}\nglobalThis.gdLive = {{{", ".join(reached)}}};\nbegin();\n}})();\n'


def module(kind):
    """The same as the front end of a widget of one kind: an ES module with `render`."""
    return f"{_body((kind, 'explorer') if kind == 'descent' else (kind,))}\nexport default {{ render }};\n"


def styles():
    """The style sheet of both."""
    return (_HERE / "live.css").read_text("utf-8")


def fingerprint():
    """A word that changes with the script."""
    return hashlib.sha256(_body(everything()).encode()).hexdigest()[:12]
