"""Optimizers that torch.optim does not have, in its manner. `compile=True` makes one fused kernel of the rule."""

import torch

from gdcore import rules
from gdcore.optim.base import Optimizer, RuleOptimizer, given
from gdcore.rules.arithmetic import norm

__all__ = ["ADOPT", "Cautious", "EMA", "LAMB", "LARS", "SAM", "AdEMAMix", "AdaBelief", "Adan", "Lion", "Lookahead", "Quantized",
           "SOAP", "ScheduleFreeAdamW", "ScheduleFreeSGD", "Shampoo", "SignSGD", "Yogi"]


class SignSGD(RuleOptimizer):
    """signSGD: Bernstein et al. (2018), arXiv:1802.04434."""

    def __init__(self, params, lr=1e-3, weight_decay=0, *, maximize=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.SignSGD(group["lr"])


class Lion(RuleOptimizer):
    """Lion: Chen et al. (2023), arXiv:2302.06675. The weight decay is decoupled."""

    names = {"m": "exp_avg"}

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, *, maximize=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.Lion(group["lr"], *group["betas"], group["weight_decay"])


class _TwoMemories(RuleOptimizer):
    names = {"m": "exp_avg", "v": "exp_avg_sq", "s": "exp_avg_var"}


class AdaBelief(_TwoMemories):
    """AdaBelief: Zhuang et al. (2020), arXiv:2010.07468. The weight decay is decoupled, as the authors advise."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-16, weight_decay=0, *, maximize=False, compile=False):
        super().__init__(params, given(locals()) | {"decoupled_weight_decay": True})

    def rule(self, group):
        return rules.AdaBelief(group["lr"], *group["betas"], group["eps"])


class Yogi(_TwoMemories):
    """Yogi: Zaheer et al. (2018). `initial_accumulator` is where both memories start."""

    def __init__(self, params, lr=1e-2, betas=(0.9, 0.999), eps=1e-3, weight_decay=0, initial_accumulator=1e-6, *,
                 maximize=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.Yogi(group["lr"], *group["betas"], group["eps"], group["initial_accumulator"])


class ADOPT(_TwoMemories):
    """ADOPT: Taniguchi et al. (2024), arXiv:2411.02853. The weight decay is decoupled, as in the authors' ADOPTW."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.9999), eps=1e-6, weight_decay=0.0, *, maximize=False, compile=False):
        super().__init__(params, given(locals()) | {"decoupled_weight_decay": True})

    def rule(self, group):
        return rules.ADOPT(group["lr"], *group["betas"], group["eps"])


class AdEMAMix(RuleOptimizer):
    """AdEMAMix: Pagliardini, Ablin and Grangier (2024), arXiv:2409.03137. alpha: the weight of the slow average. Decoupled decay."""

    names = {"m": "exp_avg", "s": "exp_avg_slow", "v": "exp_avg_sq"}

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999, 0.9999), alpha=5.0, eps=1e-8, weight_decay=0.0, *, maximize=False,
                 compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.AdEMAMix(group["lr"], *group["betas"], group["alpha"], group["eps"], group["weight_decay"])


class Adan(RuleOptimizer):
    """Adan: Xie et al. (2022), arXiv:2208.06677. betas: the kept shares of gradient, change and square. The decay divides by 1 + ηλ."""

    names = {"m": "exp_avg", "d": "exp_avg_diff", "v": "exp_avg_sq", "g_last": "previous_grad"}

    def __init__(self, params, lr=1e-3, betas=(0.98, 0.92, 0.99), eps=1e-8, weight_decay=0.0, *, maximize=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.Adan(group["lr"], *group["betas"], group["eps"], group["weight_decay"])


class LARS(RuleOptimizer):
    """LARS: You, Gitman and Ginsburg (2017), arXiv:1708.03888. Give biases and norms a group with trust = 0 or to SGD."""

    names = {"v": "momentum_buffer"}

    def __init__(self, params, lr=1e-3, momentum=0.9, weight_decay=0.0, trust=1e-3, *, maximize=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.LARS(group["lr"], group["momentum"], group["weight_decay"], group["trust"])


class LAMB(_TwoMemories):
    """LAMB: You et al. (2020), arXiv:1904.00962."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0, *, maximize=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.LAMB(group["lr"], *group["betas"], group["eps"], group["weight_decay"])


class Shampoo(RuleOptimizer):
    """Shampoo: Gupta, Koren and Singer (2018), arXiv:1802.09568. For matrices only."""

    def __init__(self, params, lr=1e-1, eps=1e-4, weight_decay=0, *, maximize=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.Shampoo(group["lr"], group["eps"])


class SOAP(RuleOptimizer):
    """SOAP: Vyas et al. (2024), arXiv:2409.11321. For matrices only. precondition_frequency: steps between two turns of the basis."""

    names = {"m": "exp_avg", "v": "exp_avg_sq"}

    def __init__(self, params, lr=3e-3, betas=(0.95, 0.95), eps=1e-8, weight_decay=1e-2, precondition_frequency=10, *,
                 maximize=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.SOAP(group["lr"], *group["betas"], group["eps"], group["weight_decay"], group["precondition_frequency"])


class ScheduleFreeSGD(RuleOptimizer):
    """Schedule-Free SGD: Defazio et al. (2024), arXiv:2405.15682. Call `eval()` before evaluating and `train()` after."""

    def __init__(self, params, lr=1.0, momentum=0.9, weight_decay=0, warmup_steps=0, r=0.0, weight_lr_power=2.0, *,
                 maximize=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        names = ("lr", "momentum", "weight_decay", "warmup_steps", "r", "weight_lr_power")
        return rules.ScheduleFreeSGD(*(group[n] for n in names))


class ScheduleFreeAdamW(RuleOptimizer):
    """Schedule-Free AdamW: Defazio et al. (2024), arXiv:2405.15682. Call `eval()` before evaluating and `train()` after."""

    names = {"v": "exp_avg_sq"}

    def __init__(self, params, lr=2.5e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, warmup_steps=0, r=0.0,
                 weight_lr_power=2.0, *, maximize=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        names = ("eps", "weight_decay", "warmup_steps", "r", "weight_lr_power")
        return rules.ScheduleFreeAdamW(group["lr"], *group["betas"], *(group[n] for n in names))


class Lookahead(Optimizer):
    """Lookahead around any rule: Zhang et al. (2019), arXiv:1907.08610. `Lookahead(params, Adam(lr=1e-3), k=5, alpha=0.5)`."""

    def __init__(self, params, rule, k=5, alpha=0.5, **common):
        super().__init__(params, rules.Lookahead(rule, k, alpha), **common)


class Quantized(Optimizer):
    """Any rule with its memory in bytes: after Dettmers et al. (2022), arXiv:2110.02861. `Quantized(params, AdamW(lr=1e-3))`.

    block: entries that share a size; tensors of fewer entries than `smallest` keep their memory as it is.
    """

    def __init__(self, params, rule, block=256, smallest=4096, **common):
        super().__init__(params, rules.Quantized(rule, block, smallest=smallest), **common)


class Cautious(Optimizer):
    """Any rule, of whose step only what goes downhill now is kept: Liang et al. (2024), arXiv:2411.16085.

    `Cautious(params, Adam(lr=1e-3), weight_decay=0.01)` is the authors' C-AdamW: the decay is decoupled, stands beside and is not masked;
    a rule with a decay of its own is refused. Each tensor has its own share of entries that are kept.
    """

    def __init__(self, params, rule, *, weight_decay=0.0, maximize=False, compile=False):
        super().__init__(params, rules.Cautious(rule), weight_decay=weight_decay, maximize=maximize, compile=compile)

    def full_rule(self, group):
        return super().full_rule({**group, "decoupled_weight_decay": group["weight_decay"] != 0})


class EMA(Optimizer):
    """Any rule, and the average of its weights: `eval()` puts the average in place, `train()` goes on from the weights.

    Izmailov et al. (2018), arXiv:1803.05407. Statistics of batch normalisation are not averaged: torch's `update_bn` renews them.
    """

    def __init__(self, params, rule, decay=0.999, **common):
        super().__init__(params, rules.EMA(rule, decay), **common)


class SAM(Optimizer):
    """SAM around any rule: Foret et al. (2021), arXiv:2010.01412. `step` needs a closure and calls it twice.

    The closure must clear the gradients, compute the loss on one and the same batch, and call backward.
    """

    def __init__(self, params, rule, rho=0.05, **common):
        super().__init__(params, rules.SAM(rule, rho), **common)

    def step(self, closure=None):
        """Returns the loss at the parameters (not at the point uphill). Raises RuntimeError without a closure."""
        if closure is None:
            raise RuntimeError("SAM takes two gradients a step: call step(closure) with a closure that computes loss and gradients.")
        with torch.enable_grad():
            loss = closure()
        back = self._climb()
        try:
            with torch.enable_grad():
                closure()
        finally:  # whatever the closure did, the weights come back
            with torch.no_grad():
                for p, x in back:
                    p.copy_(x)
        self._step()
        return loss

    @torch.no_grad()
    def _climb(self):
        """Move uphill along the gradient of all groups together; returns where each parameter was."""
        moved = [(g, p) for g in self.param_groups for p in g["params"] if p.grad is not None]
        length = norm(torch.stack([norm(p.grad) for _, p in moved])) if moved else None
        back = [(p, p.clone()) for _, p in moved]
        for group, p in moved:
            p.copy_(self.rule(group).probe(p, -p.grad if group["maximize"] else p.grad, 0, length=length))
        return back
