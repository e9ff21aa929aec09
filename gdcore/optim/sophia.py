"""Sophia with its two estimates of the Hessian's diagonal: from labels drawn by the model, or from a product with the Hessian."""

import torch

from gdcore import rules
from gdcore.optim.base import RuleOptimizer, given
from gdcore.optim.plan import Names

__all__ = ["Sophia"]


class Sophia(RuleOptimizer):
    """Sophia: Liu et al. (2023), arXiv:2305.14342. rho: the share of the curvature that a step is divided by, γ in the paper.

    Every ten steps or so, before `step`, tell it the curvature, in one of two ways; else each step is a sign. The decay is decoupled.
    Sophia-G, for a loss that is a mean of −log p(label): draw labels from the model's own prediction, take the gradient of their loss,
    then `update_hessian(batch_size)` and `zero_grad()`. Sophia-H, for any loss that can be differentiated twice: `hutchinson(loss)`
    instead. Both raise RuntimeError for complex parameters and for sparse gradients. `state[p]["hessian"]` is h; the authors' code
    leaves the batch size out of it and takes it in `step`.
    """

    names = {"m": "exp_avg", "h": "hessian"}

    def __init__(self, params, lr=1e-4, betas=(0.965, 0.99), rho=0.04, weight_decay=1e-1, eps=1e-12, *, maximize=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.Sophia(group["lr"], *group["betas"], group["rho"], group["eps"], group["weight_decay"])

    @torch.no_grad()
    def update_hessian(self, batch_size):
        """The Gauss-Newton-Bartlett estimate: batch_size times the square of the gradients that lie in the parameters now.

        batch_size: how many labels were drawn for the mean loss, the positions of a sequence each for itself. Raises ValueError below 1.
        """
        if not batch_size >= 1:
            raise ValueError(f"update_hessian got batch_size = {batch_size!r}; it is how many labels were drawn, at least 1.")
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self._measured(group, p, batch_size * p.grad**2)

    def hutchinson(self, loss, generator=None):
        """Hutchinson's estimate z ⊙ Hz with z of random signs, at the cost of a gradient or two; p.grad stays as it is.

        loss: a number with its graph, which is freed. generator: of the signs.
        """
        members = [(g, p) for g in self.param_groups for p in g["params"] if p.requires_grad]
        params = [p for _, p in members]
        slopes = torch.autograd.grad(loss, params, create_graph=True, materialize_grads=True)
        signs = [torch.randint(0, 2, p.shape, generator=generator, device=p.device).to(p.dtype) * 2 - 1 for p in params]
        along = sum((s * z).sum() for s, z in zip(slopes, signs, strict=True))
        if along.requires_grad:  # a loss that is linear everywhere has no curvature
            products = torch.autograd.grad(along, params, materialize_grads=True)
        else:
            products = [torch.zeros_like(p) for p in params]
        with torch.no_grad():
            for (group, p), z, product in zip(members, signs, products, strict=True):
                self._measured(group, p, -z * product if group["maximize"] else z * product)

    def _measured(self, group, p, diagonal):
        if diagonal.is_sparse or p.is_complex():
            raise RuntimeError("Sophia measures no curvature of complex parameters, and none by sparse gradients.")
        rule = self.rule(group)
        Names(rule, self.names, self.restarts).start(p, self.state[p])
        h = self.state[p]["hessian"]
        h.copy_(rule.measured(h, diagonal))
