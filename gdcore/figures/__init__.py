"""The book's figures: one style, and drawings that several chapters share. Matplotlib is imported when the first is drawn."""

from gdcore.figures.curves import histogram, loss_curves, power_laws, tangent
from gdcore.figures.graph import graph
from gdcore.figures.learning_rate import against_rate, along_a_step, contraction, directions, progress, sharpness, valleys, walks
from gdcore.figures.losses import bands, lines_and_landscape, shapes
from gdcore.figures.runs import comparison, watched
from gdcore.figures.style import AMBER, BLUE, GREEN, GRID, INK, ORANGE, PALETTE, PURPLE, figure, label, label_ends, show
from gdcore.figures.surface import descent

__all__ = [
    "AMBER", "BLUE", "GREEN", "GRID", "INK", "ORANGE", "PALETTE", "PURPLE",
    "against_rate", "along_a_step", "bands", "comparison", "contraction", "descent", "directions", "figure", "graph",
    "histogram", "label", "label_ends", "lines_and_landscape", "loss_curves", "power_laws", "progress", "shapes",
    "sharpness", "show", "tangent", "valleys", "walks", "watched",
]  # fmt: skip
