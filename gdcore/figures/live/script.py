"""The one script of all living figures: the arithmetic printed from the rules and surfaces, and the drawing around it."""

import functools
import hashlib
from pathlib import Path

__all__ = ["classic", "fingerprint", "kinds", "module", "styles"]

_HERE = Path(__file__).parent
_REACHED = ("KINDS", "RULES", "SCHEDULES", "SURFACES", "enliven", "makeRule", "makeSchedule", "makeSurface", "mount", "run")
_PARTS = ("core", "plot", "controls", "symbols")
_SHARED = {"address": {"descent"}, "gaussians": {"noise", "schedule"}, "linear": {"map", "spectrum"}}  # {part: the kinds that need it}


@functools.cache
def _body(kinds):
    from gdcore.figures.live.arithmetic import arithmetic

    parts = [*_PARTS, *(part for part, needed in _SHARED.items() if needed & set(kinds))]
    files = [_HERE / "js" / f"{name}.js" for name in parts] + [_HERE / "js" / "kinds" / f"{kind}.js" for kind in kinds]
    return "\n".join([arithmetic(), *(path.read_text("utf-8") for path in files)])


def kinds():
    """The names of all kinds of figures, in alphabetical order."""
    return tuple(sorted(path.stem for path in (_HERE / "js" / "kinds").glob("*.js")))


def classic(only=None):
    """The script of a static page: no module, so that it also runs in pages on the disk. It waits until the page is there.

    only: names of kinds, if a page does not need all of them.
    """
    chosen = kinds() if only is None else tuple(sorted(only))
    reached = [*_REACHED, *(["gaussians"] if _SHARED["gaussians"] & set(chosen) else [])]
    return f'(() => {{\n"use strict";\n{_body(chosen)}\nglobalThis.gdLive = {{{", ".join(reached)}}};\nbegin();\n}})();\n'


def module():
    """The same as the front end of a widget: an ES module with `render`."""
    return f"{_body(kinds())}\nexport default {{ render }};\n"


def styles():
    """The style sheet of both."""
    return (_HERE / "live.css").read_text("utf-8")


def fingerprint():
    """A word that changes with the script."""
    return hashlib.sha256(_body(kinds()).encode()).hexdigest()[:12]
