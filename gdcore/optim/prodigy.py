"""Prodigy on a model of many tensors: one estimate of the distance for all of them, as its authors have it.

The rule is a page on one array. Here the array is all parameters together: `Tensors` brings the arithmetic, so nothing of the rule is
written twice. In come parameters with gradients; what passes is their whole row and two numbers; what leaves is one step of them all.
"""

import operator
import sys

import torch

from gdcore import rules
from gdcore.optim.base import RuleOptimizer, given

__all__ = ["Prodigy"]


class Tensors(tuple):
    """Tensors of any shapes, devices and types, counted with as one vector: entry by entry, and `total` goes over them all."""

    _arithmetic_ = sys.modules[__name__]

    def _with(self, other, act):
        others = other if isinstance(other, Tensors) else [other] * len(self)
        return Tensors(map(act, self, others))

    def __add__(self, other): return self._with(other, operator.add)
    def __radd__(self, other): return self._with(other, operator.add)
    def __sub__(self, other): return self._with(other, operator.sub)
    def __rsub__(self, other): return self._with(other, lambda a, b: b - a)
    def __mul__(self, other): return self._with(other, operator.mul)
    def __rmul__(self, other): return self._with(other, operator.mul)
    def __truediv__(self, other): return self._with(other, operator.truediv)
    def __pow__(self, other): return self._with(other, operator.pow)
    def __neg__(self): return Tensors(map(operator.neg, self))
    def __abs__(self): return Tensors(map(abs, self))


OWN = True  # the functions below are called with our signatures


def sqrt(a):
    return Tensors(map(torch.sqrt, a))


def total(a):
    """A number of Python: each device is waited for once, whatever the number of tensors."""
    sums = {}
    for x in a:
        s = x.sum(dtype=torch.promote_types(x.dtype, torch.float32))
        sums.setdefault((s.device, s.dtype), []).append(s)
    return sum(n for parts in sums.values() for n in torch.stack(parts).tolist())


class Prodigy(RuleOptimizer):
    """Prodigy: Mishchenko and Defazio (2023), arXiv:2306.06101. Replaces prodigyopt.Prodigy, and needs no learning rate to be found.

    Leave lr at 1, or give it to a scheduler. `param_groups[0]["d"]` is the estimate of the distance, one for all groups, which differ in
    weight_decay only; a group with lr = 0 rests. The decay is decoupled. There are no growth_rate, slice_p and compile here.
    Raises ValueError for values out of range, RuntimeError for groups that differ in more, for sparse and for complex parameters.
    """

    names = {"m": "exp_avg", "v": "exp_avg_sq", "start": "p0"}

    def __init__(self, params, lr=1.0, betas=(0.9, 0.999), beta3=None, eps=1e-8, weight_decay=0, use_bias_correction=False,
                 safeguard_warmup=False, d0=1e-6, d_coef=1.0, *, maximize=False):
        super().__init__(params, given(locals()) | {"d": d0, "d_numerator": 0.0, "k": 0})

    def rule(self, group):
        names = ("beta3", "eps", "weight_decay", "d0", "d_coef", "use_bias_correction", "safeguard_warmup")
        return rules.Prodigy(group["lr"], *group["betas"], *(group[n] for n in names))

    @torch.no_grad()
    def _step(self):
        members, first = self._members(), self.param_groups[0]  # the estimate is the same in all, but in one that is new
        if not members:
            return
        rule = self.full_rule(members[0][0])
        if any(g["weight_decay"] for g, _ in members):
            rule = rule.with_hyperparameters(weight_decay=Tensors(g["weight_decay"] for g, _ in members))
        x, gradients = (Tensors(map(read, members)) for read in (lambda m: m[1].detach(), lambda m: m[1].grad))
        called = [self.names.get(n, n) for n in rule.state_names[:4]]
        arrays = [Tensors(self.state[p][n] for _, p in members) for n in called]
        new, *arrays, numerator, d = rule.update(x, gradients, first["k"] + 1, *arrays, first["d_numerator"], first["d"])
        for i, (_, p) in enumerate(members):
            p.copy_(new[i])
            self.state[p].update({n: a[i] for n, a in zip(called, arrays, strict=True)}, step=self.state[p]["step"] + 1)
        for group in self.param_groups:
            group.update(d=d, d_numerator=numerator, k=first["k"] + 1)

    def _members(self):
        """(group, parameter) of all that move, with their memory begun."""
        moving = [g for g in self.param_groups if g["lr"] != 0]
        members = [(g, p) for g in moving for p in g["params"] if p.grad is not None]
        own = {"params", "weight_decay", "d", "d_numerator", "k", "initial_lr", "param_names", "name"}
        if any(g[k] != moving[0].get(k) for g in moving for k in g.keys() - own):
            raise RuntimeError("Prodigy has one estimate for all groups: they may differ in weight_decay only, or rest with lr = 0.")
        for _, p in members:
            if p.grad.is_sparse or p.is_complex():
                kind = "complex parameters: give it their real and imaginary parts" if p.is_complex() else "sparse gradients"
                raise RuntimeError(f"Prodigy does not support {kind}.")
            if not self.state[p]:
                self.state[p].update(step=torch.tensor(0.0), p0=p.detach().clone(),
                                     **{n: torch.zeros_like(p, requires_grad=False) for n in ("exp_avg", "exp_avg_sq", "s")})
        return members
