"""Gradients made shorter: entry by entry, all together, or each unit in proportion to its weights.

Pure functions of lists of NumPy, torch or JAX arrays or of numbers; None among the gradients stays None. Clip after the
gradients have been accumulated and after a loss scale has been divided out, or the limit means something else. nan and inf are
not repaired: look at the norm that `by_norm` returns.
"""

import functools
import math

from gdcore.rules.arithmetic import is_scalar, maximum, minimum, shape, sqrt, where, world

__all__ = ["adaptive", "by_norm", "by_value", "clip_"]


def by_value(gradients, limit):
    """Each entry brought into [−limit, limit], which may turn the direction. Matches torch.nn.utils.clip_grad_value_."""
    _check(limit=limit)
    return [g if g is None else minimum(maximum(g, -limit), limit) for g in gradients]


def by_norm(gradients, limit):
    """(gradients, old norm): all scaled by one factor so that their Euclidean norm together is at most `limit`.

    Pascanu, Mikolov and Bengio (2013), arXiv:1211.5063. Gradients within the limit stay as they are to the bit. The new norm is
    `limit` up to rounding; torch.nn.utils.clip_grad_norm_ divides by norm + 1e-6 and ends a little below it. The norm does not
    overflow before the gradients themselves do.
    """
    _check(limit=limit)
    present = [g for g in gradients if g is not None]
    if not present:
        return list(gradients), 0.0
    norm = _norm(present)
    factor = _factor(norm, limit)
    return [g if g is None else _as(g * factor, g) for g in gradients], norm


def adaptive(parameters, gradients, limit=0.01, eps=1e-3, out_axis=0):
    """Each unit's gradient at most `limit` times as long as the unit's weights (adaptive gradient clipping, AGC).

    Brock et al. (2021), arXiv:2102.06171, who leave out the last layer. A unit is what feeds one output: a slice along
    `out_axis`, which is 0 in torch and −1 in JAX's libraries; a vector or a number is one unit. Weights shorter than eps count
    as eps long, so that those that begin at 0 can grow.
    """
    _check(limit=limit, eps=eps)
    parameters, gradients = list(parameters), list(gradients)
    if len(parameters) != len(gradients):
        raise ValueError(f"adaptive got {len(parameters)} parameters and {len(gradients)} gradients; "
                         "give one gradient (or None) for each.")
    return [g if g is None else _clip_units(p, g, limit, eps, out_axis) for p, g in zip(parameters, gradients)]


def clip_(parameters, limit, how=by_norm):
    """Clip the gradients of torch parameters in place, by `by_norm`, `by_value` or `adaptive`.

    parameters: a tensor or an iterable of them; those without a gradient are left out. Returns the old norm for
    by_norm, else None.
    """
    import torch

    parameters = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
    parameters = [p for p in parameters if p.grad is not None]
    gradients = [p.grad for p in parameters]
    if how not in (by_norm, by_value, adaptive):
        raise ValueError(f"how must be by_norm, by_value or adaptive, got {how!r}.")
    with torch.no_grad():
        if how is by_norm:
            return _by_norm_(gradients, limit)
        clipped = how(parameters, gradients, limit) if how is adaptive else how(gradients, limit)
        for g, shorter in zip(gradients, clipped):
            g.copy_(shorter)


def _by_norm_(gradients, limit):
    """`by_norm` in place, without copies of the gradients: the careful norm only where a plain one has no digits left."""
    import torch
    from torch.nn.utils import get_total_norm

    _check(limit=limit)
    if not gradients:
        return torch.tensor(0.0)  # as torch's own does
    quick = all(g.device.type == "cpu" and g.dtype.itemsize >= 4 for g in gradients)  # elsewhere a look at the norm waits for the card
    norm = get_total_norm(gradients) if quick else None
    if not quick or not 1e-15 < norm < 1e15:
        norm = _norm(gradients)
    factor = _factor(norm, limit)
    for g in gradients:
        g.mul_(factor.to(g.device))
    return norm


def _norm(gradients):
    """The Euclidean norm of all together, by squares of what is divided by the largest entry."""
    wide = [_wide(g) for g in gradients]
    unit = _unit(functools.reduce(maximum, map(_largest, wide)))
    return unit * sqrt(sum(_squares(g / unit) for g in wide))


def _factor(norm, limit):
    return where(norm > limit, limit / where(norm > 0, norm, 1.0), 1.0)


def _clip_units(p, g, limit, eps, out_axis):
    if shape(p) != shape(g):
        raise ValueError(f"A gradient has shape {shape(g)} where its parameter has {shape(p)}; give them in the same order.")
    longest = limit * maximum(_unit_norms(p, out_axis), eps)
    length = _unit_norms(g, out_axis)
    return _as(g * where(length > longest, longest / where(length > 0, length, 1.0), 1.0), g)


def _unit_norms(x, out_axis):
    """The length of each unit, with the axes of x kept."""
    if is_scalar(x):
        return abs(x)
    x = _wide(x)
    unit = _unit(_largest(x))
    axes = tuple(i for i in range(x.ndim) if x.ndim < 2 or i != out_axis % x.ndim)
    return unit * sqrt((abs(x / unit) ** 2).sum(axis=axes, keepdims=True)) if axes else abs(x)


def _wide(g):
    """g in at least single precision: the squares of a half overflow at 256."""
    if is_scalar(g):
        return g
    narrow = g.dtype.itemsize < 4 and "complex" not in str(g.dtype)
    return g.float() if narrow and world(g).__name__ == "torch" else g.astype("float32") if narrow else g


def _largest(g):
    return abs(g) if is_scalar(g) else abs(g).max() if math.prod(g.shape) else 0.0


def _unit(largest):
    """What to divide by before squaring; 1 for what cannot be scaled."""
    return where((largest > 0) * (largest < math.inf), largest, 1.0)


def _squares(g):
    return abs(g) ** 2 if is_scalar(g) else (abs(g) ** 2).sum()  # of complex entries, too


def _as(result, g):
    """In the dtype of g, whatever the factor was made of."""
    if is_scalar(g):
        return result
    return result.to(g.dtype) if world(g).__name__ == "torch" else result.astype(g.dtype)


def _check(**values):
    for name, value in values.items():
        if not value >= 0:
            raise ValueError(f"{name} must be at least 0, got {value!r}.")
