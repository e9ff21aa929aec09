"""The book's figures: one style, and drawings that several chapters share. Matplotlib is imported when the first is drawn."""

from gdcore.figures.curves import histogram, loss_curves, power_laws, tangent
from gdcore.figures.graph import graph
from gdcore.figures.losses import bands, lines_and_landscape, shapes
from gdcore.figures.style import AMBER, BLUE, GREEN, GRID, INK, ORANGE, PALETTE, PURPLE, figure, label, label_ends, show
from gdcore.figures.surface import descent

__all__ = ["INK", "GRID", "BLUE", "ORANGE", "GREEN", "PURPLE", "AMBER", "PALETTE", "figure", "label", "show", "descent", "tangent",
           "loss_curves", "histogram", "lines_and_landscape", "shapes", "bands", "graph", "power_laws",
           "label_ends"]
