"""MeZO: fine-tuning by two forward passes a step, with no backward pass and no memory beside the weights.

In comes a closure that gives the loss. What passes is one number a draw, the slope along a direction, and the seed that makes the
direction anew each time it is needed. What leaves is a step along that direction.
"""

import math

import torch

__all__ = ["MeZO"]


class MeZO(torch.optim.Optimizer):
    """SPSA with Gaussian directions that are made again from a seed and never stored: Malladi et al. (2023), arXiv:2305.17333.

    x ← x − lr (mean over draws of (f(x + εz) − f(x − εz))/(2ε) · z + weight_decay x). `step(closure)` calls the closure twice a draw, with
    gradients off, and returns the mean of the two losses of the last draw; the closure gives the loss of the same batch each time, and
    calls no backward. eps: ε; samples: draws a step. seed: of all directions; a saved optimizer goes on with the directions it would have
    had. Weights come back from a trial up to rounding, after an error too.
    Raises RuntimeError for a loss that is not finite and for parameters that are not floating, ValueError for values out of range.
    """

    def __init__(self, params, lr=1e-4, eps=1e-3, weight_decay=0.0, samples=1, *, seed=0):
        for name, value, fits, allowed in (("lr", lr, lr >= 0, "at least 0"), ("eps", eps, eps > 0, "above 0"),
                                           ("weight_decay", weight_decay, weight_decay >= 0, "at least 0"),
                                           ("samples", samples, samples >= 1, "at least 1")):  # fmt: skip
            if not fits:
                raise ValueError(f"MeZO got {name} = {value!r}; it must be {allowed}.")
        super().__init__(params, dict(lr=lr, eps=eps, weight_decay=weight_decay, samples=samples, seed=seed, draws=0))
        if len(self.param_groups) > 1 and len({(g["eps"], g["samples"], g["seed"]) for g in self.param_groups}) > 1:
            raise ValueError("MeZO moves all groups at once: eps, samples and seed are the same for all; lr and weight_decay may differ.")

    @torch.no_grad()
    def step(self, closure):
        if closure is None:
            raise RuntimeError("MeZO needs a closure that gives the loss: optimizer.step(lambda: loss_of(model(x), y)).")
        first = self.param_groups[0]
        for index in range(first["samples"]):
            draw = first["draws"] + index
            up, down = self._tried(closure, draw)
            slope = (up - down) / (2 * first["eps"])
            if not math.isfinite(slope):
                raise RuntimeError(f"MeZO met losses of {up} and {down}: no step was taken. Lower lr or eps, or look at the batch.")
            for group, p, z in self._directions(draw):
                p.mul_(1 - group["lr"] * group["weight_decay"] / first["samples"]).sub_(z, alpha=group["lr"] * slope / first["samples"])
        for group in self.param_groups:
            group["draws"] += first["samples"]
        return (up + down) / 2

    def _tried(self, closure, draw):
        """The losses at x + εz and x − εz; the weights come back whatever happens."""
        eps, away = self.param_groups[0]["eps"], 0.0
        try:
            self._move(draw, eps)
            away = eps
            up = float(closure())
            self._move(draw, -2 * eps)
            away = -eps
            return up, float(closure())
        finally:
            self._move(draw, -away)

    def _move(self, draw, far):
        for _, p, z in self._directions(draw):
            p.add_(z, alpha=far)

    def _directions(self, draw):
        """(group, parameter, z) of all that is trained, the same z for the same draw, one at a time, so that one lies in memory."""
        generators = {}
        for group in self.param_groups:
            for p in group["params"]:
                if not p.requires_grad:
                    continue
                if not p.is_floating_point():
                    raise RuntimeError(f"MeZO moves floating numbers, got a parameter of {p.dtype}.")
                if p.device not in generators:
                    generators[p.device] = torch.Generator(p.device).manual_seed((group["seed"] * 1_000_003 + draw) % 2**63)
                yield group, p, torch.randn(p.shape, generator=generators[p.device], device=p.device, dtype=p.dtype)
