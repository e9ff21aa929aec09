"""The one script of all living figures: the arithmetic printed from the rules and surfaces, and the drawing around it."""

import functools
import hashlib
from pathlib import Path

__all__ = ["classic", "fingerprint", "module", "styles"]

_HERE = Path(__file__).parent
_REACHED = ("KINDS", "RULES", "SCHEDULES", "SURFACES", "enliven", "gaussians", "makeRule", "makeSchedule", "makeSurface", "mount", "run")
_PARTS = ("core", "plot", "controls", "aside", "linear", "gaussians", "symbols", "address")


@functools.cache
def _body():
    from gdcore.figures.live.arithmetic import arithmetic

    parts = [_HERE / "js" / f"{name}.js" for name in _PARTS]
    kinds = sorted((_HERE / "js" / "kinds").glob("*.js"))
    return "\n".join([arithmetic(), *(path.read_text("utf-8") for path in [*parts, *kinds] if path.exists())])


def classic():
    """The script of the static page: no module, so that it also runs in pages on the disk; it stands after the figures, or waits for them."""
    return f'(() => {{\n"use strict";\n{_body()}\nglobalThis.gdLive = {{{", ".join(_REACHED)}}};\nbegin();\n}})();\n'


def module():
    """The same as the front end of a widget: an ES module with `render`."""
    return f"{_body()}\nexport default {{ render }};\n"


def styles():
    """The style sheet of both."""
    return (_HERE / "live.css").read_text("utf-8")


def fingerprint():
    """A word that changes with the script."""
    return hashlib.sha256(_body().encode()).hexdigest()[:12]
