"""Draw the picture of the README: `python tools/picture.py > book/_static/three_paths.svg`."""

import numpy as np

from gdcore import minimize
from gdcore.figures import GRID, INK, PALETTE, figure, label
from gdcore.figures.style import svg
from gdcore.rules import GD, Adam, HeavyBall
from gdcore.surfaces import himmelblau

START = (-5.0, 0.25)
RULES = {"gradient descent": GD(lr=0.01), "heavy ball": HeavyBall(lr=0.004, momentum=0.9), "Adam": Adam(lr=0.2)}
BESIDE = {"gradient descent": (12, 16), "heavy ball": (28, 48), "Adam": (46, -14)}
ALT = ("Contours of Himmelblau's function with its four valleys, and three paths that leave the same start at the left edge: "
       "gradient descent, the heavy ball and Adam end in three different valleys.")  # fmt: skip


def main():
    fig, ax = figure("One start, three rules, three valleys", width=7.6, height=4.4)
    x, y = np.meshgrid(np.linspace(-5.6, 5.6, 301), np.linspace(-4.6, 4.6, 301))
    ax.contour(x, y, himmelblau(np.stack([x, y], axis=-1)), levels=np.geomspace(2, 900, 13), colors=[GRID], linewidths=1)
    for (name, rule), color in zip(RULES.items(), PALETTE):
        path = minimize(himmelblau, np.array(START), rule, steps=80, tolerance=0).x
        ax.plot(*path.T, "-o", color=color, markersize=3, linewidth=1.4)
        label(ax, *path[-1], name, color, *BESIDE[name])
    for minimum in himmelblau.minima:
        ax.plot(*minimum, "*", color=INK, markersize=9)
    ax.plot(*START, "o", color=INK, markersize=7)
    label(ax, *START, "start", dx=0, dy=-14, ha="center")
    ax.set(xlabel="x₁", ylabel="x₂")
    ax.grid(False)
    print(svg(fig, ALT))


if __name__ == "__main__":
    main()
