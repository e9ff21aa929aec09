"""Draw the pictures of the README: `python -m tools.picture` writes book/_static/three_paths.svg and book/_static/whole.svg."""

from html import escape
from pathlib import Path

import numpy as np
import yaml

from gdcore import minimize
from gdcore.figures import GRID, INK, PALETTE, figure, label
from gdcore.figures.style import svg
from gdcore.rules import GD, Adam, HeavyBall
from gdcore.surfaces import himmelblau, rosenbrock

START = (-5.0, 0.25)
RULES = {"gradient descent": GD(lr=0.01), "heavy ball": HeavyBall(lr=0.004, momentum=0.9), "Adam": Adam(lr=0.2)}
BESIDE = {"gradient descent": (12, 16), "heavy ball": (28, 48), "Adam": (46, -14)}
ALT = ("Contours of Himmelblau's function with its four valleys, and three paths that leave the same start at the left edge: "
       "gradient descent, the heavy ball and Adam end in three different valleys.")  # fmt: skip


ROOT = Path(__file__).parents[1]


def paths():
    """Three rules from one start."""
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
    return svg(fig, ALT) + "\n"


def whole():
    """The plan of the book as a picture: thirty chapters on a walk down Rosenbrock's valley, and their titles by parts."""
    plan = yaml.safe_load((ROOT / "book" / "chapters.yml").read_text("utf-8"))
    chapters = [(name, title, color) for part, color in zip(plan, PALETTE) for name, title, _ in part["chapters"]]
    walk = minimize(rosenbrock, rosenbrock.start, HeavyBall(lr=3e-4, momentum=0.9), steps=600, tolerance=0).values
    heights = np.log10(walk[np.linspace(0, len(walk) - 1, len(chapters)).astype(int)])
    ys = 62 + 150 * (heights.max() - heights) / np.ptp(heights)
    xs = np.linspace(40, 960, len(chapters))
    found = [f'<rect width="1000" height="600" rx="14" fill="#fefefc"/>'
             f'<polyline fill="none" stroke="{GRID}" stroke-width="3" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys))}"/>']
    for x, y, (name, _, color) in zip(xs, ys, chapters):
        found += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="13" fill="{color}"/>',
                  f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" fill="#fff">{int(name[:2])}</text>']  # fmt: skip
    for k, (part, color, roman) in enumerate(zip(plan, PALETTE, ("I", "II", "III", "IV", "V"))):
        x = 32 + 192 * k
        found.append(f'<text x="{x}" y="286" fill="{color}" font-weight="700" font-size="14">{roman} {escape(part["part"])}</text>')
        for i, (name, title, _) in enumerate(part["chapters"]):
            found.append(f'<text x="{x}" y="{312 + 24 * i}" fill="{INK}">{int(name[:2])} {escape(title)}</text>')
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 600" font-family="system-ui, sans-serif" font-size="13" role="img">'
    return "\n".join([head, "<title>Thirty chapters in five parts, from the loss to the use in the world</title>", *found, "</svg>", ""])


PICTURES = {"three_paths.svg": paths, "whole.svg": whole}


def main():
    for name, draw in PICTURES.items():
        (ROOT / "book" / "_static" / name).write_text(draw(), "utf-8", newline="\n")


if __name__ == "__main__":
    main()
