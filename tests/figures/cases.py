"""Rules in many settings, to be run on every surface, and how far a path can be foretold at all."""

import numpy as np

from gdcore import rules as R

STEPS = 100
PLAIN = [kind() for kind in R.RULES if kind is not R.Prodigy]  # its first steps, of a millionth, are rounded away; longer ones are below
LIVELY = [  # larger steps, and every option on
    R.GD(0.01), R.HeavyBall(0.005), R.HeavyBall(0.01, momentum=0.5, dampening=0.3), R.Nesterov(0.005),
    R.ASGD(0.01, t0=10, lambd=0.1), R.AdaGrad(0.5, lr_decay=0.1, initial_accumulator_value=0.1),
    R.RMSProp(0.05, centered=True, momentum=0.9), R.RMSProp(0.05, alpha=0.9), R.Adadelta(2.0, eps=1e-3),
    R.Adam(0.1), R.Adam(0.3, beta1=0.0, beta2=0.9, eps=1e-3), R.AdamW(0.1, weight_decay=0.3), R.AdaMax(0.1), R.AMSGrad(0.1, beta2=0.9),
    R.NAdam(0.1, momentum_decay=0.1), R.RAdam(0.1, beta2=0.9), R.RAdam(0.01, beta2=0.5), R.AdaBelief(0.1, eps=1e-3), R.Yogi(0.1),
    R.ADOPT(0.05, beta2=0.9), R.AdEMAMix(0.03, beta3=0.99, weight_decay=0.1), R.Adan(0.1, weight_decay=0.1),
    R.Prodigy(d0=1e-3, weight_decay=0.1, bias_correction=True), R.Prodigy(0.5, d0=0.01, beta_distance=0.9, safeguard_warmup=True),
    R.Adafactor(0.5, eps1=1e-3, d=2.0, weight_decay=0.1), R.SignSGD(0.03), R.Lion(0.03, weight_decay=0.1), R.Rprop(0.1, eta_plus=1.5),
    R.LARS(0.1, trust=0.05, weight_decay=0.01), R.LAMB(0.05, weight_decay=0.01),
    R.ScheduleFreeSGD(0.01, weight_decay=0.1, warmup_steps=20, r=0.5),
    R.ScheduleFreeAdamW(0.1, weight_decay=0.1, warmup_steps=20, r=0.5),
    R.Muon(0.02, weight_decay=0.0, nesterov=False, ns_steps=3), R.Muon(0.1, momentum=0.5, eps=1e-3, adjust_lr="match_rms_adamw"),
    R.Shampoo(0.3, eps=1e-2),
]  # fmt: skip
AROUND = [
    R.Lookahead(R.Adam(0.1), sync_period=3), R.Lookahead(R.Lookahead(R.GD(0.01))), R.Lookahead(R.LARS(0.1, trust=0.05), slow_step_size=0.8),
    R.EMA(R.HeavyBall(0.005), decay=0.9), R.EMA(R.Lookahead(R.RMSProp(0.05, momentum=0.5))), R.EMA(R.ScheduleFreeSGD(0.01)),
    R.SAM(R.GD(0.01)), R.SAM(R.LAMB(0.05), radius=0.2), R.SAM(R.EMA(R.Adafactor(0.1))), R.EMA(R.SAM(R.GD(0.01))),
    R.L2(R.AdaBelief(0.1), weight_decay=0.1), R.L2(R.AdamW(0.1, weight_decay=0.3), weight_decay=0.1), R.L2(R.ScheduleFreeAdamW(0.1), 0.1),
    R.DecoupledDecay(R.NAdam(0.1), weight_decay=0.1), R.Ascent(R.GD(0.001)), R.Lookahead(R.Muon(0.1)), R.SAM(R.Shampoo(0.1)),
    R.Cautious(R.HeavyBall(0.005)), R.EMA(R.Cautious(R.Adam(0.1))), R.DecoupledDecay(R.Cautious(R.Adam(0.1)), weight_decay=0.1),
]  # fmt: skip
SETTINGS = [*PLAIN, *LIVELY, *AROUND]


def starts(surface, seed):
    """The surface's own start and one from its box."""
    low, high = np.array(surface.box, dtype=float).T
    return [np.atleast_1d(np.array(surface.start, dtype=float)), np.random.default_rng(seed).uniform(low, high)]


def sizes(points):
    """The largest entry met so far, at each point: what errors are relative to."""
    return np.maximum.accumulate(np.abs(points).max(axis=1, initial=1e-300))


def foretold(surface, rule, path, by=1e-14, within=1e-11, seed=0):
    """How many points of a path stay where they are when every step is disturbed by rounding a hundred times too coarse.

    Two ways to do the same arithmetic differ by about 1e-16 a step. Where disturbances of 1e-14 grow a thousandfold, or turn a sign,
    they are not bound to agree, and nothing is asked of them.
    """
    signs = np.random.default_rng(seed).choice([-by, by], size=path.shape)
    size = sizes(path)
    x, memory = path[0], rule.init(path[0])
    for t in range(1, len(path)):
        g = surface.gradient(x)
        probe = rule.probe(x, g, t, *memory)
        x, *memory = rule.update(x, g if probe is None else surface.gradient(probe), t, *memory)
        if not abs(x - path[t]).max() <= within * size[t]:
            return t
        x = x + signs[t] * size[t]
    return len(path)
