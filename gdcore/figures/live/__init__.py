"""Living figures: `live.descent(...)` and its relatives, alive in JupyterLab and in the built page, still everywhere else.

Data comes in as rules and surfaces of gdcore, or as recorded runs; it passes as plain values, `spec.py`, with the arithmetic printed
from the same rules and surfaces, `arithmetic.py`; it leaves as a widget, `widget.py`, as a page, `spec.figure_html` with
`script.classic()`, and as a still drawing. The script is `js/`: core, plot and controls, and one file a kind of figure.
"""

import importlib

_NAMES = ("basins", "depth", "descent", "fit", "gridworld", "line", "noise", "population", "race", "schedule", "spectrum",
          "taught")  # fmt: skip
_KINDS = {name: name for name in _NAMES}
_KINDS["rate_map"] = "map"
__all__ = sorted(_KINDS)


def __getattr__(name):
    if name not in _KINDS:
        raise AttributeError(f"module 'gdcore.figures.live' has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"gdcore.figures.live.kinds.{_KINDS[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name != "anywidget":
            raise
        raise ImportError("Living figures need anywidget: install it with `pip install anywidget`.") from None
