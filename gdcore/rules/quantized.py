"""A rule whose memory is kept in bytes."""

import math
from dataclasses import dataclass

from gdcore.rules.arithmetic import cast, maximum, shape, size, where, world
from gdcore.rules.base import Wrapper

__all__ = ["Quantized", "dequantized", "quantized"]

LEVELS = 127  # of either sign
GOLDEN = 0.6180339887498949, 0.7548776662466927  # multiples of these fill the line evenly, and do so side by side


@dataclass(frozen=True)
class Quantized(Wrapper):
    """Any rule, with its memory in blocks of bytes, each with one number for its size: a quarter of the memory.

    Dettmers et al. (2022), arXiv:2110.02861, with a plainer code: a byte q stands for sign(q) |q/127|^exponent times the largest entry of
    its block, so an entry is at most exponent/127 of that largest one away. Rounding up or down is by turns, as often as makes the mean
    right: with rounding to the nearest a slow average would stay where it is. What is not 0 does not become 0.
    For memories of gradients; an average of weights (EMA, Lookahead, Schedule-Free) belongs outside: EMA(Quantized(Adam())).
    block: entries that share a size. exponent: how much finer small entries are told apart. smallest: tensors of fewer entries
    stay as they are.
    """

    block: int = 256
    exponent: float = 4.0
    smallest: int = 4096

    @property
    def state_names(self):
        return tuple(name for n in self.rule.state_names for name in (n, n + "_scale"))

    @property
    def reads(self):
        return "tensor" if self.rule.reads == "entry" else self.rule.reads

    def init(self, x):
        return self._packed(self.rule.init(x), 0)

    def update(self, x, g, t, *state):
        x, *inner = self.rule.update(x, g, t, *self._unpacked(x, state))
        return (x, *self._packed(inner, t))

    def probe(self, x, g, t, *state):
        return self.rule.probe(x, g, t, *self._unpacked(x, state))

    def answer(self, x, *state):
        return self.rule.answer(x, *self._unpacked(x, state))

    def _packed(self, inner, t):
        return tuple(part for a in inner for part in (
            quantized(a, t, self.block, self.exponent) if size(a) >= self.smallest else (a, 0.0)))  # fmt: skip

    def _unpacked(self, x, state):
        whole = [shape(a) for a in self.rule.init(x)]
        return [codes if shape(scale) == () else dequantized(codes, scale, dimensions, self.exponent, x.dtype)
                for codes, scale, dimensions in zip(state[::2], state[1::2], whole, strict=True)]  # fmt: skip


def quantized(a, t, block=256, exponent=4.0):
    """An array in bytes: codes of shape (blocks, block), from -127 to 127, and the largest entry of each block, (blocks, 1).

    t: which turn this is; the mean over many turns is a itself. Raises TypeError for what is no array.
    """
    w = world(a)
    if w is None or hasattr(w, "OWN"):
        raise TypeError(f"Only an array of NumPy, torch or JAX can be quantised, got {type(a).__name__}.")
    flat = a.reshape(-1)
    short = -flat.shape[0] % block
    if short:
        flat = w.concatenate([flat, w.zeros_like(flat[:1].repeat(short))])
    rows = flat.reshape(-1, block)
    length = abs(rows)
    scale = w.amax(length, -1).reshape(-1, 1)
    share = length / where(scale > 0, scale, w.ones_like(scale))
    low = w.floor(LEVELS * share ** (1 / exponent)).clip(0, LEVELS - 1)
    ladder, rung = _ladder(w, a, exponent), cast(low, "int32").clip(0, LEVELS - 1)  # of nan, too
    below = ladder[rung]
    part = (share - below) / (ladder[rung + 1] - below)  # of the way up
    turn = (w.arange(block, **_place(w, a)) * GOLDEN[0] + t * GOLDEN[1]) % 1.0
    code = maximum(low + (part > turn), w.sign(length))
    return cast(code * w.sign(rows), "int8"), scale


def dequantized(codes, scale, dimensions, exponent, dtype):
    """The array of this shape that the codes stand for."""
    share = cast(codes, dtype) / LEVELS
    flat = (where(share < 0, -scale, scale) * abs(share) ** exponent).reshape(-1)
    return flat[: math.prod(dimensions)].reshape(dimensions)


def _ladder(w, a, exponent):
    """What the codes 0 to 127 stand for, as shares of the largest."""
    return (w.arange(LEVELS + 1, **_place(w, a)) / LEVELS) ** exponent


def _place(w, a):
    return {"dtype": a.dtype, "device": a.device} if w.__name__ == "torch" else {"dtype": a.dtype}
