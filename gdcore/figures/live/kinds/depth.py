"""Depth: how large the signal and the gradient are in each layer of a deep random network."""

import numpy as np

from gdcore.figures.live.widget import Live
from gdcore.figures.style import BLUE, GREEN, INK, ORANGE, figure, label, label_ends
from gdcore.propagation import ACTIVATIONS, propagate

__all__ = ["Depth", "depth"]

MOST_LAYERS, SCALES = 100, (0.1, 4.0)


def depth(depth=50, scale=1.0, activation="tanh", *, skip=0.0, layer=None, activations=tuple(ACTIVATIONS), residual=False, title,
          question=""):
    """The root mean square of the signal and of the gradient in each layer of a wide random network, by `gdcore.propagation`; beside it
    the activation, and where the inputs of one layer lie on it. The reader moves depth and scale, and chooses the activation.

    depth: layers, 1 to 100. scale: σ_w, the root of fan_in times the variance of a weight, 0.1 to 4. activation: one of `activations`,
    the names to choose from. skip: how much of its input a layer adds to its output, 0 to 1; residual: whether the reader may move it.
    layer: the one whose inputs are shown, by default the last.
    The traits `depth`, `scale`, `activation`, `skip` and `layer` are those of the figure; `forward` and `backward`, of the shape
    (depth + 1,), are gdcore's. Raises ValueError, in one sentence, for what cannot be drawn.
    """
    return Depth(depth, scale, activation, skip, layer, activations, residual, title, question)


class Depth(Live):
    """See `depth`."""

    kind = "depth"

    def __init__(self, depth, scale, activation, skip, layer, activations, residual, title, question):
        if isinstance(depth, bool) or not isinstance(depth, int) or not 1 <= depth <= MOST_LAYERS:
            raise ValueError(f"depth is {depth!r}; this figure shows a whole number of layers from 1 to {MOST_LAYERS}.")
        if not SCALES[0] <= scale <= SCALES[1]:
            raise ValueError(f"scale is {scale!r}; this figure shows scales from {SCALES[0]} to {SCALES[1]:g}.")
        if unknown := [name for name in (activation, *activations) if name not in ACTIVATIONS]:
            raise ValueError(f"There is no activation {unknown[0]!r} here; known are {', '.join(ACTIVATIONS)}.")
        if activation not in activations:
            raise ValueError(f"activation is {activation!r}, which is not among the activations to choose from: {', '.join(activations)}.")
        if not 0 <= skip <= 1:
            raise ValueError(f"skip is {skip!r}; give a number from 0 to 1.")
        layer = depth if layer is None else layer
        if isinstance(layer, bool) or not isinstance(layer, int) or not 1 <= layer <= depth:
            raise ValueError(f"layer is {layer!r}; give a whole number from 1 to depth = {depth}.")
        state = {"depth": depth, "scale": float(scale), "activation": activation, "skip": float(skip), "layer": layer,
                 "activations": list(activations), "residual": bool(residual)}  # fmt: skip
        super().__init__(state, title, question, {name: (name,) for name in ("depth", "scale", "activation", "skip", "layer")})

    @property
    def propagation(self):
        """The `gdcore.propagation.Propagation` of the network as the reader has left it."""
        return propagate(*(self.state[name] for name in ("depth", "scale", "activation", "skip")))

    @property
    def forward(self):
        """The root mean square of the signal at the input and after each layer."""
        return self.propagation.forward

    @property
    def backward(self):
        """The root mean square of the gradient with respect to that signal, 1 at the end."""
        return self.propagation.backward

    def still(self):
        found, state, title = self.propagation, self.state, self.spec["title"]
        fig, (sizes, inputs) = figure(title, columns=2, height=3.9)
        layers = np.arange(state["depth"] + 1)
        for values, color in ((found.forward, BLUE), (found.backward, ORANGE)):
            sizes.plot(layers, values, color=color)
        sizes.set(xlabel="layer", ylabel="root mean square", yscale="log", xlim=(0, state["depth"]))
        low, high = sizes.get_ylim()
        sizes.set_ylim(min(low, 0.1), max(high, 10))
        label_ends(sizes, [(state["depth"], found.forward[-1], "signal", BLUE)])
        label(sizes, 0, found.backward[0], "gradient", ORANGE, dx=6, dy=9 if found.backward[0] < 1 else -9)
        _activation(inputs, state["activation"], found.spread[state["layer"] - 1], state["layer"])
        kind = "residual network" if state["skip"] else "network"
        alt = (
            f"{title}. A {kind} of {state['depth']} layers with {state['activation']} and weights of scale {state['scale']:.3g}: the "
            f"signal is {found.forward[-1]:.3g} times as large after the last layer as at the input, the gradient "
            f"{found.backward[0]:.3g} times as large at the input as after the last layer."
        ).replace("-", "−")
        shown = sorted({round(at) for at in np.linspace(0, state["depth"], 11)})
        rows = [[at, float(f"{found.forward[at]:.4g}"), float(f"{found.backward[at]:.4g}")] for at in shown]
        return fig, alt, {"columns": ["layer", "signal", "gradient"], "rows": rows}


def _activation(ax, name, spread, layer):
    phi, slope = ACTIVATIONS[name]
    x = np.linspace(-6, 6, 241)
    ax.axvspan(max(-2 * spread, -6), min(2 * spread, 6), color=INK, alpha=0.1, linewidth=0)
    ax.plot(x, phi(x), color=GREEN)
    ax.plot(x, slope(x), color=ORANGE, linestyle="--", linewidth=1.3)
    label(ax, 6, float(np.clip(phi(x)[-1], -1.4, 2.1)), f"{name} φ", GREEN, dx=-6, dy=-12, ha="right")
    label(ax, -6, float(slope(x)[0]), "its slope", ORANGE, dx=6, dy=9)
    label(ax, 0, -1.4, f"95 % of the inputs of layer {layer}", INK, dy=6, ha="center")
    ax.set(xlabel="input of the activation", ylabel="output", xlim=(-6, 6), ylim=(-1.5, 2.5))
