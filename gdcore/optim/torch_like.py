"""Drop-in replacements for the optimizers of torch.optim: same names, arguments, order, defaults and names of state.

Each also takes `compile=True`: the rule becomes one fused kernel (as does torch's own `fused=True`). `foreach` is accepted
and has no effect, since tensors are laid out for speed anyway. All raise ValueError for a value out of range, written at
the start or by a scheduler later (torch looks only at the start).

Where they differ from torch on purpose: `capturable=True` is refused; errors have torch's type and words of their own; NAdam's
`mu_product` is a number in double precision; ASGD follows a changed learning rate at once; Adafactor's memory of a vector is
`row_var`, beside a `col_var` of 0, while it lives and torch's `variance` in `state_dict()`; with `differentiable=True` lr and
betas carry no gradient.
"""

from gdcore import rules
from gdcore.optim.base import RuleOptimizer, given

__all__ = ["ASGD", "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Muon", "NAdam", "RAdam", "RMSprop", "Rprop"]


class SGD(RuleOptimizer):
    """Gradient descent, heavy ball or Nesterov: Polyak (1964), Nesterov (1983). Replaces torch.optim.SGD."""

    names = {"v": "momentum_buffer"}
    restarts = True  # torch's counts no steps: the first of a new velocity is never dampened

    def __init__(self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False,
                 foreach=None, differentiable=False, fused=None, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        lr, momentum, dampening = group["lr"], group["momentum"], group["dampening"]
        if group["nesterov"] and (momentum <= 0 or dampening != 0):
            raise ValueError(
                f"nesterov=True needs a momentum above 0 and no dampening, got momentum = {momentum}, dampening = {dampening}."
            )
        if group["nesterov"]:
            return rules.Nesterov(lr, momentum)
        return rules.HeavyBall(lr, momentum, dampening) if momentum else rules.GD(lr)


class ASGD(RuleOptimizer):
    """Descent with an average of the late iterates: Polyak and Juditsky (1992). Replaces torch.optim.ASGD.

    torch's learning rate follows a scheduler one step late (its `eta` is computed at the end of a step); this one does not.
    """

    names = {"x_bar": "ax"}

    def __init__(self, params, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0, foreach=None, maximize=False,
                 differentiable=False, capturable=False, *, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.ASGD(group["lr"], group["lambd"], group["alpha"], group["t0"])

    def saved(self, p, state, group):
        """With torch's `eta` and `mu`, the learning rate and the share of the average in the next step: both follow from `step`."""
        state = super().saved(p, state, group)
        if "ax" in state:
            t, lr = float(state["step"]), float(group["lr"])
            state["eta"] = lr / (1 + group["lambd"] * lr * t) ** group["alpha"]
            state["mu"] = 1 / max(1, t - group["t0"])
        return state

    def loaded(self, p, state):
        state.pop("eta", None)
        state.pop("mu", None)


class Adagrad(RuleOptimizer):
    """AdaGrad: Duchi, Hazan and Singer (2011). Replaces torch.optim.Adagrad."""

    names = {"s": "sum"}

    def __init__(self, params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, foreach=None, *,
                 maximize=False, differentiable=False, fused=None, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.AdaGrad(group["lr"], group["lr_decay"], group["initial_accumulator_value"], group["eps"])


class RMSprop(RuleOptimizer):
    """RMSProp: Hinton (2012), centred: Graves (2013), arXiv:1308.0850. Replaces torch.optim.RMSprop."""

    names = {"v": "square_avg", "m": "grad_avg", "b": "momentum_buffer"}

    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False, capturable=False,
                 foreach=None, maximize=False, differentiable=False, *, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.RMSProp(group["lr"], group["alpha"], group["eps"], group["momentum"], bool(group["centered"]))


class Adadelta(RuleOptimizer):
    """Adadelta: Zeiler (2012), arXiv:1212.5701. Replaces torch.optim.Adadelta."""

    names = {"v": "square_avg", "u": "acc_delta"}

    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, foreach=None, *, capturable=False, maximize=False,
                 differentiable=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.Adadelta(group["lr"], group["rho"], group["eps"])


class _AdamFamily(RuleOptimizer):
    """What all of Adam's relatives share: two memories and `betas`."""

    names = {"m": "exp_avg", "v": "exp_avg_sq", "v_max": "max_exp_avg_sq", "u": "exp_inf", "p": "mu_product"}

    def _of(self, kind, group, *more):
        return kind(group["lr"], *group["betas"], group["eps"], *more)


class Adam(_AdamFamily):
    """Adam: Kingma and Ba (2015), arXiv:1412.6980; AMSGrad: Reddi et al. (2018), arXiv:1904.09237. Replaces torch.optim.Adam."""

    foreach_takes_tensors = False

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *, foreach=None,
                 maximize=False, capturable=False, differentiable=False, fused=None, decoupled_weight_decay=False,
                 compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return self._of(rules.AMSGrad if group["amsgrad"] else rules.Adam, group)


class AdamW(_AdamFamily):
    """AdamW: Loshchilov and Hutter (2019), arXiv:1711.05101. Replaces torch.optim.AdamW."""

    foreach_takes_tensors = False

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False, *, maximize=False,
                 foreach=None, capturable=False, differentiable=False, fused=None, compile=False):
        super().__init__(params, given(locals()) | {"decoupled_weight_decay": True})

    def rule(self, group):
        return self._of(rules.AMSGrad, group) if group["amsgrad"] else self._of(rules.AdamW, group, group["weight_decay"])


class Adamax(_AdamFamily):
    """AdaMax: Kingma and Ba (2015), arXiv:1412.6980. Replaces torch.optim.Adamax."""

    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, foreach=None, *, maximize=False,
                 differentiable=False, capturable=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return self._of(rules.AdaMax, group)


class NAdam(_AdamFamily):
    """NAdam: Dozat (2016). Replaces torch.optim.NAdam, which keeps the product of momenta in single precision."""

    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3,
                 decoupled_weight_decay=False, *, foreach=None, maximize=False, capturable=False, differentiable=False,
                 compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return self._of(rules.NAdam, group, group["momentum_decay"])


class RAdam(_AdamFamily):
    """RAdam: Liu et al. (2020), arXiv:1908.03265. Replaces torch.optim.RAdam."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, decoupled_weight_decay=False, *,
                 foreach=None, maximize=False, capturable=False, differentiable=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return self._of(rules.RAdam, group)


class Adafactor(RuleOptimizer):
    """Adafactor: Shazeer and Stern (2018), arXiv:1804.04235. Replaces torch.optim.Adafactor.

    A vector's memory is `row_var` in `state` and torch's `variance` in `state_dict()`.
    """

    names = {"r": "row_var", "c": "col_var"}

    def __init__(self, params, lr=1e-2, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0, *, foreach=None,
                 maximize=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.Adafactor(group["lr"], group["beta2_decay"], *group["eps"], group["d"], group["weight_decay"])

    def saved(self, p, state, group):
        state = super().saved(p, state, group)
        if p.ndim < 2 and "row_var" in state:
            del state["col_var"]
            state["variance"] = state.pop("row_var")
        return state

    def loaded(self, p, state):
        if "variance" in state:
            state["row_var"] = state.pop("variance")


class Rprop(RuleOptimizer):
    """Rprop: Riedmiller and Braun (1993). Replaces torch.optim.Rprop. For full-batch gradients only."""

    names = {"g_last": "prev", "d": "step_size"}

    def __init__(self, params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), *, capturable=False, foreach=None,
                 maximize=False, differentiable=False, compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        return rules.Rprop(group["lr"], *group["etas"], *group["step_sizes"])


class Muon(RuleOptimizer):
    """Muon: Jordan et al. (2024); Liu et al. (2025), arXiv:2502.16982. Replaces torch.optim.Muon.

    For the matrices of hidden layers only: give all other parameters to AdamW. ns_precision: "bfloat16" as torch has it, or
    "full", the digits of the parameters. On a CPU without instructions for bfloat16 "full" is a little faster; the products
    of bfloat16 are taken in single precision there and rounded. Raises ValueError for a parameter that is no matrix.
    """

    names = {"b": "momentum_buffer"}

    def __init__(self, params, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True,
                 ns_coefficients=(3.4445, -4.7750, 2.0315), eps=1e-7, ns_steps=5, adjust_lr_fn=None, *, ns_precision="bfloat16",
                 compile=False):
        super().__init__(params, given(locals()))

    def rule(self, group):
        names = ("lr", "weight_decay", "momentum", "nesterov", "ns_coefficients", "eps", "ns_steps")
        return rules.Muon(*(group[n] for n in names), group["adjust_lr_fn"] or "original", group["ns_precision"])
