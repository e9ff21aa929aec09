"""How the libraries and the papers differ from the rules here: in what they compute, and in their defaults.

Compared are PyTorch 2.13, optax 0.2.8 and Keras 3.15. The defaults of the first two are checked by the tests against the
installed libraries, and what is said of optax by running it; Keras was read in its source.
"""

from dataclasses import dataclass

from gdcore.views.syntax import instance

__all__ = ["COUNTERPARTS", "DIFFERENCES", "Difference", "differences"]


@dataclass(frozen=True)
class Difference:
    """Who ("PyTorch", "Keras", "optax", "paper") does what otherwise."""

    who: str
    what: str


# {rule: {library: (name there, {hyper-parameter as it is called here: default there})}}; None means that it must be given
COUNTERPARTS = {
    "GD": {
        "PyTorch": ("torch.optim.SGD", {"lr": 1e-3}),
        "Keras": ("keras.optimizers.SGD", {"lr": 1e-2}),
        "optax": ("optax.sgd", {"lr": None}),
    },
    "HeavyBall": {
        "PyTorch": ("torch.optim.SGD", {"lr": 1e-3, "momentum": 0.0, "dampening": 0.0}),
        "Keras": ("keras.optimizers.SGD", {"lr": 1e-2, "momentum": 0.0}),
        "optax": ("optax.sgd", {"lr": None}),
    },
    "Nesterov": {
        "PyTorch": ("torch.optim.SGD", {"lr": 1e-3, "momentum": 0.0}),
        "Keras": ("keras.optimizers.SGD", {"lr": 1e-2, "momentum": 0.0}),
        "optax": ("optax.sgd", {"lr": None}),
    },
    "ASGD": {"PyTorch": ("torch.optim.ASGD", {"lr": 1e-2, "lambd": 1e-4, "power": 0.75, "t0": 1e6})},
    "AdaGrad": {
        "PyTorch": ("torch.optim.Adagrad", {"lr": 1e-2, "lr_decay": 0.0, "initial_accumulator_value": 0.0, "eps": 1e-10}),
        "Keras": ("keras.optimizers.Adagrad", {"lr": 1e-3, "initial_accumulator_value": 0.1, "eps": 1e-7}),
        "optax": ("optax.adagrad", {"lr": None, "initial_accumulator_value": 0.1, "eps": 1e-7}),
    },
    "RMSProp": {
        "PyTorch": ("torch.optim.RMSprop", {"lr": 1e-2, "alpha": 0.99, "eps": 1e-8, "momentum": 0.0, "centered": False}),
        "Keras": ("keras.optimizers.RMSprop", {"lr": 1e-3, "alpha": 0.9, "eps": 1e-7, "momentum": 0.0, "centered": False}),
        "optax": ("optax.rmsprop", {"lr": None, "alpha": 0.9, "eps": 1e-8, "centered": False}),
    },
    "Adadelta": {
        "PyTorch": ("torch.optim.Adadelta", {"lr": 1.0, "rho": 0.9, "eps": 1e-6}),
        "Keras": ("keras.optimizers.Adadelta", {"lr": 1e-3, "rho": 0.95, "eps": 1e-7}),
        "optax": ("optax.adadelta", {"rho": 0.9, "eps": 1e-6}),
    },
    "Adam": {
        "PyTorch": ("torch.optim.Adam", {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
        "Keras": ("keras.optimizers.Adam", {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-7}),
        "optax": ("optax.adam", {"lr": None, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
    },
    "AdamW": {
        "PyTorch": ("torch.optim.AdamW", {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 1e-2}),
        "Keras": ("keras.optimizers.AdamW", {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-7, "weight_decay": 4e-3}),
        "optax": ("optax.adamw", {"lr": None, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 1e-4}),
    },
    "AdaMax": {
        "PyTorch": ("torch.optim.Adamax", {"lr": 2e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
        "Keras": ("keras.optimizers.Adamax", {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-7}),
        "optax": ("optax.adamax", {"lr": None, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
    },
    "AMSGrad": {
        "PyTorch": ("torch.optim.Adam", {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
        "Keras": ("keras.optimizers.Adam", {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-7}),
        "optax": ("optax.amsgrad", {"lr": None, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
    },
    "NAdam": {
        "PyTorch": ("torch.optim.NAdam", {"lr": 2e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "momentum_decay": 4e-3}),
        "Keras": ("keras.optimizers.Nadam", {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-7}),
        "optax": ("optax.nadam", {"lr": None, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
    },
    "RAdam": {
        "PyTorch": ("torch.optim.RAdam", {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
        "optax": ("optax.radam", {"lr": None, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
    },
    "AdaBelief": {"optax": ("optax.adabelief", {"lr": None, "beta1": 0.9, "beta2": 0.999, "eps": 1e-16})},
    "Adan": {"optax": ("optax.adan", {"lr": None, "beta1": 0.98, "beta_change": 0.92, "beta2": 0.99, "eps": 1e-8, "weight_decay": 0.0})},
    "ADOPT": {"optax": ("optax.contrib.adopt", {"lr": None, "beta1": 0.9, "beta2": 0.9999, "eps": 1e-6})},
    "AdEMAMix": {
        "optax": ("optax.contrib.ademamix", {"lr": None, "beta1": 0.9, "beta2": 0.999, "beta3": 0.9999, "mix": 5.0, "eps": 1e-8,
                                             "weight_decay": 0.0}),
    },
    "Prodigy": {
        "optax": ("optax.contrib.prodigy", {"lr": 1.0, "beta1": 0.9, "beta2": 0.999, "beta_distance": None, "eps": 1e-8, "d0": 1e-6,
                                            "d_coef": 1.0, "weight_decay": 0.0, "safeguard_warmup": False}),
    },
    "Sophia": {
        "optax": ("optax.contrib.sophia", {"lr": None, "beta1": 0.965, "beta_curvature": 0.99, "gamma": 0.01, "eps": 1e-8,
                                           "weight_decay": 1e-4}),
    },
    "Yogi": {"optax": ("optax.yogi", {"lr": None, "beta1": 0.9, "beta2": 0.999, "eps": 1e-3})},
    "Adafactor": {
        "PyTorch": ("torch.optim.Adafactor", {"lr": 1e-2, "beta2_decay": -0.8, "eps1": None, "eps2": 1e-3, "d": 1.0, "weight_decay": 0.0}),
        "Keras": ("keras.optimizers.Adafactor", {"lr": 1e-3, "beta2_decay": -0.8, "eps1": 1e-30, "eps2": 1e-3, "d": 1.0}),
        "optax": ("optax.adafactor", {"d": 1.0}),
    },
    "SignSGD": {"optax": ("optax.sign_sgd", {"lr": None})},
    "Lion": {
        "Keras": ("keras.optimizers.Lion", {"lr": 1e-3, "beta1": 0.9, "beta2": 0.99}),
        "optax": ("optax.lion", {"lr": None, "beta1": 0.9, "beta2": 0.99, "weight_decay": 1e-3}),
    },
    "Rprop": {
        "PyTorch": ("torch.optim.Rprop", {"lr": 1e-2, "eta_minus": 0.5, "eta_plus": 1.2, "step_min": 1e-6, "step_max": 50.0}),
        "optax": ("optax.rprop", {"lr": None, "eta_minus": 0.5, "eta_plus": 1.2, "step_min": 1e-6, "step_max": 50.0}),
    },
    "LARS": {"optax": ("optax.lars", {"lr": None, "momentum": 0.9, "weight_decay": 0.0, "trust": 1e-3})},
    "LAMB": {
        "Keras": ("keras.optimizers.Lamb", {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-7}),
        "optax": ("optax.lamb", {"lr": None, "beta1": 0.9, "beta2": 0.999, "eps": 1e-6, "weight_decay": 0.0}),
    },
    "Muon": {
        "PyTorch": ("torch.optim.Muon", {"lr": 1e-3, "weight_decay": 0.1, "momentum": 0.95, "nesterov": True, "eps": 1e-7, "ns_steps": 5}),
        "Keras": ("keras.optimizers.Muon", {"lr": 1e-3, "weight_decay": 4e-3, "momentum": 0.95, "nesterov": True, "ns_steps": 5}),
        "optax": ("optax.contrib.muon", {"lr": None, "weight_decay": 0.0, "momentum": 0.95, "nesterov": True, "eps": 1e-8, "ns_steps": 5}),
    },
    "ScheduleFreeSGD": {"optax": ("optax.contrib.schedule_free_sgd", {"lr": 1.0, "momentum": 0.9, "weight_lr_power": 2.0})},
    "ScheduleFreeAdamW": {
        "Keras": ("keras.optimizers.ScheduleFreeAdamW", {"lr": 2.5e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "warmup_steps": 0}),
        "optax": ("optax.contrib.schedule_free_adamw", {"lr": 2.5e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_lr_power": 2.0}),
    },
    "Lookahead": {"optax": ("optax.lookahead", {"sync_period": None, "slow_step_size": None})},
}

_FOLDED = "folds both bias corrections into the learning rate, so its ε is added to √v before the correction"
_INSIDE = "adds ε inside the root"

DIFFERENCES = {
    "GD": [Difference("PyTorch", "also has weight decay, added to the gradient: `L2(GD(…), weight_decay=…)` here")],
    "HeavyBall": [
        Difference(
            "Keras", "puts the learning rate into the velocity, v ← βv − ηg: the same for a constant rate, another path under a schedule"
        ),
    ],
    "Nesterov": [
        Difference("Keras", "puts the learning rate into the velocity: the same for a constant rate, another path under a schedule"),
        Difference(
            "paper",
            "takes the gradient at the point looked ahead to; here, as in PyTorch, x is that point, so the iterates are those of "
            "the paper after "
            "a change of variables, and only while the learning rate is constant",
        ),
    ],
    "ASGD": [Difference("PyTorch", "begins to average after a million steps by default, as here: for a shorter run choose t0")],
    "AdaGrad": [
        Difference("Keras", f"{_INSIDE}: it divides by √(s + ε)"),
        Difference("optax", f"{_INSIDE} and starts the sum at 0.1; at their defaults the two are far apart on small gradients"),
    ],
    "RMSProp": [
        Difference("Keras", f"{_INSIDE}; its momentum buffer holds η times what the buffer here holds"),
        Difference("optax", f"{_INSIDE} unless eps_in_sqrt=False"),
    ],
    "Adadelta": [
        Difference("paper", "has no learning rate; that is lr = 1"),
        Difference("Keras", "makes a thousandth of the paper's step with its default learning rate"),
    ],
    "Adam": [
        Difference("Keras", f"{_FOLDED} (the ε̂ of the paper's section 2)"),
        Difference("Keras", "takes weight_decay as AdamW does, beside the step; PyTorch's Adam adds it to the gradient"),
    ],
    "AdamW": [
        Difference("paper", "multiplies the decay by the schedule but not by the learning rate; here, as in PyTorch, the share is ηλ"),
        Difference("Keras", _FOLDED),
    ],
    "AdaMax": [Difference("Keras", "adds ε to u after the maximum; here, as in PyTorch, it is added to |g| inside the maximum")],
    "AMSGrad": [
        Difference("paper", "has no bias correction"),
        Difference("optax", "takes the maximum of the corrected v̂; here, as in PyTorch, of the raw v, which is corrected after it"),
        Difference("Keras", _FOLDED),
    ],
    "NAdam": [
        Difference("optax", "keeps the momentum constant, which is the limit of a large momentum_decay"),
        Difference("Keras", "has momentum_decay fixed at 1, so that its momentum is warmed up after a hundred steps"),
        Difference("PyTorch", "keeps the product of momenta in float32, so in float64 it agrees to about seven digits"),
    ],
    "RAdam": [
        Difference("paper", "trusts the divisor when ρ > 4; the authors' code, PyTorch and optax ask for 5"),
        Difference("optax", "adds ε after the bias correction, and takes ρ ≥ 5 for ρ > 5"),
    ],
    "Adan": [
        Difference("optax", "adds the share 1 − β of the change where the paper and the authors' code, with β as the kept share, add β"),
        Difference("optax", "adds an ε inside the root, too, and decays by ηλ instead of dividing"),
    ],
    "AdEMAMix": [Difference("paper", "lets α and β₃ grow over the first steps; here, as in optax's defaults, they stay")],
    "Prodigy": [
        Difference("paper", "multiplies ε by the estimate before this step's; here, as in the authors' code and in optax, by the new one"),
        Difference("optax", "always corrects both averages for their start; it is lost when the first gradient is 0 everywhere, 0/0"),
    ],
    "Sophia": [
        Difference("paper", "has γ = 0.05 for drawn labels, 0.01 for products with the Hessian; here it is 0.04, as in the authors' code"),
        Difference("optax", "corrects the average for its start, and counts a curvature from the step after the one it was measured in"),
    ],
    "Adafactor": [
        Difference("paper", "adds ε₁ to the squared gradient; here, as in PyTorch, v is held above ε₁²"),
        Difference("optax", "keeps the whole divisor for matrices with a side below 128, and needs no learning rate"),
        Difference("Keras", "adds ε₁ = 1e-30 to the squared gradient, as the paper does"),
    ],
    "Lion": [
        Difference("Keras", "has no weight decay by default; a rate three to ten times smaller than Adam's is usual, its default is Adam's")
    ],
    "Rprop": [Difference("optax", "does not set the gradient to zero after a change of sign, so a weight steps back at once")],
    "LARS": [Difference("optax", "divides by ‖g + λx‖, where the paper and this rule have ‖g‖ + λ‖x‖; without weight decay they agree")],
    "LAMB": [Difference("Keras", "applies weight decay beside the step, outside the ratio of lengths")],
    "Muon": [
        Difference("PyTorch", "computes the iteration in bfloat16, some tenths of a percent from the rule in float64"),
        Difference(
            "optax", "takes matrices as (inputs, outputs), and its look-ahead has a bias correction; without nesterov the two agree"
        ),
        Difference(
            "Keras",
            "keeps the sum b ← βb + g, whose size the iteration takes away, and scales the step by 0.2 √max(rows, columns), "
            "which is match_rms_adamw here",
        ),
    ],
    "Cautious": [Difference("paper", "scales by n/(k + 1) where k of n entries are kept; here, as in the authors' later code, by n/k")],
    "ScheduleFreeAdamW": [Difference("Keras", "weighs all iterates equally, 1/t, whatever the learning rates were")],
}


def differences(rule):
    """What others do otherwise, as a list of Difference; empty if nothing is known."""
    return list(DIFFERENCES.get(type(instance(rule)).__name__, ()))
