"""Schedules: step for step against torch.optim.lr_scheduler, against closed forms, and what they do to an optimizer."""

import copy
import math
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
import pytorch_optimizer
import torch
import torch.optim.lr_scheduler as T

from gdcore import optim
from gdcore import schedules as S
from gdcore.minimize import minimize
from gdcore.rules import GD
from gdcore.surfaces import quadratic

LR, STEPS = 0.3, 300


def walk(make, optimizer=None, steps=STEPS):
    """Learning rate and momentum (nan without) at each step of a torch scheduler."""
    p = torch.nn.Parameter(torch.zeros(1))
    optimizer = (optimizer or (lambda p: torch.optim.SGD(p, lr=LR, momentum=0.9)))([p])
    scheduler, seen = make(optimizer), []
    for _ in range(steps):
        group = optimizer.param_groups[0]
        seen.append((float(group["lr"]), group["betas"][0] if "betas" in group else group.get("momentum", math.nan)))
        optimizer.step()
        with warnings.catch_warnings():  # SequentialLR and ChainedScheduler use a deprecated argument of torch's own
            warnings.simplefilter("ignore", UserWarning)
            scheduler.step()
    return np.array(seen).T


CASES = {  # {name: (ours, torch's)}, made in the test: a fault that is planted there is not in what stood before
    "multiplicative-0.95": (lambda: S.multiplicative(factors=lambda t: 0.95), lambda o: T.MultiplicativeLR(o, lambda t: 0.95)),
    "multiplicative-zero": (lambda: S.multiplicative(lambda t: float(t != 50)), lambda o: T.MultiplicativeLR(o, lambda t: float(t != 50))),
    "multiplicative": (lambda: S.multiplicative(lambda t: 0.9 + 0.2 * (t % 3)),
                       lambda o: T.MultiplicativeLR(o, lambda t: 0.9 + 0.2 * (t % 3))),
    "constant": (lambda: S.constant(), lambda o: T.LambdaLR(o, lambda t: 1.0)),
    "constant-5": (lambda: S.constant(1 / 3, 5), lambda o: T.ConstantLR(o)),
    "constant-70": (lambda: S.constant(0.2, 70), lambda o: T.ConstantLR(o, 0.2, 70)),
    "step-30": (lambda: S.step(30), lambda o: T.StepLR(o, 30)),
    "step-7": (lambda: S.step(7, 0.9), lambda o: T.StepLR(o, 7, 0.9)),
    "step-1": (lambda: S.step(1, 0.97), lambda o: T.StepLR(o, 1, 0.97)),
    "multi_step": (lambda: S.multi_step([30, 80, 250]), lambda o: T.MultiStepLR(o, [30, 80, 250])),
    "multi_step-twice": (lambda: S.multi_step([100, 10, 100], 0.5), lambda o: T.MultiStepLR(o, [100, 10, 100], 0.5)),
    "multi_step-none": (lambda: S.multi_step([]), lambda o: T.MultiStepLR(o, [])),
    "exponential": (lambda: S.exponential(0.95), lambda o: T.ExponentialLR(o, 0.95)),
    "exponential-up": (lambda: S.exponential(1.02), lambda o: T.ExponentialLR(o, 1.02)),
    "polynomial": (lambda: S.polynomial(5), lambda o: T.PolynomialLR(o)),
    "polynomial-2": (lambda: S.polynomial(250, 2.0), lambda o: T.PolynomialLR(o, 250, 2.0)),
    "polynomial-half": (lambda: S.polynomial(400, 0.5), lambda o: T.PolynomialLR(o, 400, 0.5)),
    "linear_warmup": (lambda: S.linear_warmup(), lambda o: T.LinearLR(o)),
    "linear_warmup-100": (lambda: S.linear_warmup(100, 0.01), lambda o: T.LinearLR(o, 0.01, total_iters=100)),
    "linear_warmup-down": (lambda: S.linear_warmup(40, 1.0, 0.1), lambda o: T.LinearLR(o, 1.0, 0.1, 40)),
    "warm_restarts": (lambda: S.warm_restarts(50, 1, 0.1), lambda o: T.CosineAnnealingWarmRestarts(o, 50, 1, 0.1 * LR)),
    "warm_restarts-2": (lambda: S.warm_restarts(10, 2, 0.1), lambda o: T.CosineAnnealingWarmRestarts(o, 10, 2, 0.1 * LR)),
    "warm_restarts-3": (lambda: S.warm_restarts(1, 3), lambda o: T.CosineAnnealingWarmRestarts(o, 1, 3)),
    "then": (lambda: S.then(S.linear_warmup(20, 0.1), 20, S.exponential(0.98)),
             lambda o: T.SequentialLR(o, [T.LinearLR(o, 0.1, total_iters=20), T.ExponentialLR(o, 0.98)], [20])),
    "then-3": (lambda: S.then(S.constant(0.5, 1000), 30, S.then(S.step(20), 50, S.polynomial(60))),
               lambda o: T.SequentialLR(o, [T.ConstantLR(o, 0.5, 1000), T.StepLR(o, 20), T.PolynomialLR(o, 60)], [30, 80])),
    "chain": (lambda: S.chain(S.constant(0.1, 20), S.exponential(0.99)),
              lambda o: T.ChainedScheduler([T.ConstantLR(o, 0.1, 20), T.ExponentialLR(o, 0.99)])),
    "chain-3": (lambda: S.chain(S.step(40, 0.5), S.exponential(0.999), S.linear_warmup(50, 0.2)),
                lambda o: T.ChainedScheduler([T.StepLR(o, 40, 0.5), T.ExponentialLR(o, 0.999),
                                              T.LinearLR(o, 0.2, total_iters=50)])),
}


@pytest.mark.parametrize("ours, theirs", CASES.values(), ids=CASES)
def test_the_rate_is_torchs_for_300_steps(ours, theirs):
    np.testing.assert_allclose(LR * ours()(np.arange(STEPS)), walk(theirs)[0], rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("total, end", [(100, 0.0), (100, 0.1), (300, 0.01), (7, 0.0), (1, 0.5)])
def test_cosine_is_torchs_and_climbs_again_with_it(total, end):
    ours = LR * S.cosine(total, end)(np.arange(STEPS))
    # torch multiplies from step to step: near a floor of 0 its rounding errors stand alone
    np.testing.assert_allclose(ours, walk(lambda o: T.CosineAnnealingLR(o, total, end * LR))[0], rtol=1e-12, atol=1e-13)
    p = [torch.nn.Parameter(torch.zeros(1))]
    scheduler = T.CosineAnnealingLR(torch.optim.SGD(p, lr=LR), total, end * LR)
    closed = []
    for scheduler.last_epoch in range(STEPS):
        closed += scheduler._get_closed_form_lr()
    np.testing.assert_allclose(ours, closed, rtol=1e-12, atol=1e-16)


def test_a_cosine_that_stays_down():
    stay = S.then(S.cosine(20, 0.1), 20, S.constant(0.1))
    assert S.cosine(20, 0.1)(40) == pytest.approx(1.0) and stay(40) == stay(20) == stay(1000) == 0.1


ADAM = lambda p: torch.optim.AdamW(p, lr=LR)
SGD = lambda p: torch.optim.SGD(p, lr=LR, momentum=0.9)


@pytest.mark.parametrize("optimizer", [SGD, ADAM], ids=["SGD", "AdamW"])
@pytest.mark.parametrize("options", [
    dict(up=2000), dict(up=20), dict(up=10, down=30), dict(up=30, down=7), dict(up=20, mode="triangular2"),
    dict(up=15, down=5, mode="triangular2"), dict(up=20, mode="exp_range", gamma=0.99),
    dict(up=7, down=13, mode="exp_range", gamma=0.999, low=0.3, high=2.0)], ids=str)
def test_cyclic_rate_and_momentum_are_torchs(options, optimizer):
    def theirs(o):
        low, high = options.get("low", 0.1), options.get("high", 1.0)
        return T.CyclicLR(o, low * LR, high * LR, options["up"], options.get("down"), options.get("mode", "triangular"),
                          options.get("gamma", 1.0), base_momentum=0.8, max_momentum=0.9)

    lr, momentum = walk(theirs, optimizer)
    shape = {k: v for k, v in options.items() if k not in ("low", "high")}
    np.testing.assert_allclose(LR * S.cyclic(**options)(np.arange(STEPS)), lr, rtol=1e-12)
    np.testing.assert_allclose(S.cyclic_momentum(**shape)(np.arange(STEPS)), momentum, rtol=1e-12)


@pytest.mark.parametrize("optimizer", [SGD, ADAM], ids=["SGD", "AdamW"])
@pytest.mark.parametrize("shape, strategy", [("cosine", "cos"), ("linear", "linear")])
@pytest.mark.parametrize("three_phase", [False, True])
@pytest.mark.parametrize("total, rise, div, final", [(300, 0.3, 25, 1e4), (301, 0.25, 10, 1e2), (997, 0.1, 25, 1e4)])
def test_one_cycle_rate_and_momentum_are_torchs(optimizer, shape, strategy, three_phase, total, rise, div, final):
    lr, momentum = walk(lambda o: T.OneCycleLR(o, LR, total, pct_start=rise, anneal_strategy=strategy, div_factor=div,
                                               final_div_factor=final, three_phase=three_phase), optimizer)
    t, common = np.arange(STEPS), dict(rise=rise, shape=shape, three_phase=three_phase)
    # the last steps are near 0 and lose digits to the difference that makes them
    ours = LR * S.one_cycle(total, start=1 / div, end=1 / div / final, **common)(t)
    np.testing.assert_allclose(ours, lr, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(S.one_cycle_momentum(total, **common)(t), momentum, rtol=1e-12)


def test_one_cycle_defaults_begin_at_a_25th_and_end_at_a_250000th():
    schedule = S.one_cycle(100)
    assert schedule(0) == 1 / 25 and schedule(29) == 1 and schedule(99) == schedule(500) == pytest.approx(1 / 2.5e5, rel=1e-12)


def test_torchs_one_cycle_changes_a_momentum_of_0_and_ours_does_not():
    optimizers = [torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR) for _ in range(2)]
    T.OneCycleLR(optimizers[0], LR, 100)
    S.attach(optimizers[1], S.one_cycle(100))
    assert [o.param_groups[0]["momentum"] for o in optimizers] == [0.95, 0]


# -- plateau ------------------------------------------------------------------------------------------------------------------


def metrics(kind, mode):
    rng = np.random.default_rng(0)
    curve = {"noisy": np.exp(-np.arange(STEPS) / 60) + 0.1 * rng.normal(size=STEPS), "level": np.ones(STEPS),
             "slow": 1 - 1e-5 * np.arange(STEPS), "nan": np.where(np.arange(STEPS) % 3, np.nan, 1 / (1 + np.arange(STEPS)))}[kind]
    return curve if mode == "min" else -curve


@pytest.mark.parametrize("kind", ["noisy", "level", "slow", "nan"])
@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("options", [
    {}, dict(patience=2), dict(patience=0, factor=0.5), dict(patience=3, cooldown=5), dict(patience=2, factor=0.9, cooldown=1),
    dict(patience=4, threshold=0.05), dict(patience=4, threshold=0.05, threshold_mode="abs"), dict(patience=2, least=0.02),
    dict(patience=1, factor=0.5, eps=1e-3), dict(patience=1, factor=0.0)], ids=str)
def test_plateau_is_torchs(options, mode, kind):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR)
    torchs = {k: v for k, v in options.items() if k not in ("least", "eps")}
    floor, eps = LR * options.get("least", 0.0), LR * options.get("eps", 1e-8)
    theirs = T.ReduceLROnPlateau(optimizer, mode, **torchs, min_lr=floor, eps=eps)
    ours = S.Plateau(mode=mode, **options)
    expected, got = [], []
    for metric in metrics(kind, mode):
        theirs.step(metric)
        expected.append(optimizer.param_groups[0]["lr"])
        got.append(LR * ours.step(torch.tensor(metric)))
        assert ours(0) == ours.current
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_plateau_cuts_at_the_fourth_equal_value_with_patience_2_and_then_at_every_third():
    plateau = S.Plateau(factor=0.5, patience=2)
    factors = [plateau.step(1.0) for _ in range(10)]
    assert [i for i in range(1, 10) if factors[i] < factors[i - 1]] == [3, 6, 9]


def test_plateau_in_relative_mode_takes_worse_for_better_below_zero_and_in_absolute_mode_does_not():
    relative, absolute = (S.Plateau(patience=0, threshold=0.1, threshold_mode=mode) for mode in ("rel", "abs"))
    assert [relative.step(m) for m in (-1.0, -0.95)] == [1, 1]
    assert [absolute.step(m) for m in (-1.0, -0.95)] == [1, 0.1]


# -- closed forms -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["linear", "cosine", "1-sqrt"])
@pytest.mark.parametrize("total, warmup, decay", [(250, 50, 100), (300, 10, 290), (100, 0, 100), (100, 20, 0)])
def test_wsd_is_its_closed_form_and_that_of_pytorch_optimizer(total, warmup, decay, shape):
    ours = S.wsd(total, warmup, decay, shape)(np.arange(STEPS))
    theirs = walk(lambda o: pytorch_optimizer.get_wsd_schedule(o, warmup, total - warmup - decay, decay, cooldown_type=shape))[0]
    np.testing.assert_allclose(LR * ours, theirs, rtol=1e-12, atol=1e-15)
    for t in range(STEPS):
        p = (t - total + decay) / decay if decay else 0
        down = {"linear": 1 - p, "cosine": math.cos(math.pi * p / 2) ** 2, "1-sqrt": 1 - abs(p) ** 0.5}[shape]
        expected = 0 if t >= total else t / warmup if t < warmup else 1 if t < total - decay else down
        assert ours[t] == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_without_a_warm_up_wsd_is_whole_from_the_first_step():
    assert list(S.wsd(4, 0, 2)(np.arange(5))) == [1, 1, 1, 0.5, 0]
    assert S.wsd(4, 2, 1)(0) == 0  # and with one exactly at 0


@pytest.mark.parametrize("shape", ["linear", "cosine", "1-sqrt"])
def test_wsd_between_other_ends(shape):
    schedule = S.wsd(100, 10, 30, shape, start=0.2, end=0.05)
    assert (schedule(0), schedule(10), schedule(69), schedule(70)) == (0.2, 1, 1, 1)
    assert schedule(5) == pytest.approx(0.6) and schedule(100) == schedule(10**6) == 0.05
    assert (np.diff(schedule(np.arange(70, 101))) < 0).all()


def test_inverse_sqrt_is_noams():
    warmup, d = 40, 512
    schedule = S.inverse_sqrt(warmup)
    for step in range(1, STEPS + 1):  # Vaswani et al. count from 1
        noam = d**-0.5 * min(step**-0.5, step * warmup**-1.5)
        assert (d * warmup) ** -0.5 * schedule(step - 1) == pytest.approx(noam, rel=1e-12)
    assert schedule(warmup - 1) == 1 == schedule(np.arange(STEPS)).max()


# -- form and use -------------------------------------------------------------------------------------------------------------

ALL = {**{name: ours for name, (ours, _) in CASES.items()}, "cosine": lambda: S.cosine(50), "cyclic": lambda: S.cyclic(10),
       "one_cycle": lambda: S.one_cycle(99), "cyclic_momentum": lambda: S.cyclic_momentum(10),
       "one_cycle_momentum": lambda: S.one_cycle_momentum(99),
       "wsd": lambda: S.wsd(90, 9, 20), "inverse_sqrt": lambda: S.inverse_sqrt(9)}


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_a_number_gives_a_float_and_an_array_an_array(make):
    schedule = make()
    t = np.arange(120).reshape(3, 40)
    factors = schedule(t)
    assert factors.shape == (3, 40) and factors.flags.writeable
    for i, factor in zip(t.flat, factors.flat):
        assert type(schedule(int(i))) is float and schedule(int(i)) == pytest.approx(factor, rel=1e-15)
    with pytest.raises(ValueError, match="counts its steps from 0, got t = -1"):
        schedule(-1)


def test_attach_drives_torchs_optimizers_and_ours():
    for kind in (torch.optim.AdamW, optim.AdamW, torch.optim.SGD, optim.SGD):
        groups = [dict(params=[torch.nn.Parameter(torch.ones(2))]), dict(params=[torch.nn.Parameter(torch.ones(2))], lr=10 * LR)]
        optimizer = kind(groups, lr=LR, **({"momentum": 0.5} if kind.__name__ == "SGD" else {}))
        scheduler = S.attach(optimizer, S.one_cycle(20), S.one_cycle_momentum(20))
        for t in range(20):
            for group, base in zip(optimizer.param_groups, (LR, 10 * LR)):
                assert group["lr"] == pytest.approx(base * S.one_cycle(20)(t), rel=1e-15)
                now = group["betas"][0] if "betas" in group else group["momentum"]
                assert now == S.one_cycle_momentum(20)(t)
                for p in group["params"]:
                    p.grad = torch.ones_like(p)
            optimizer.step()
            scheduler.step()


def test_a_schedule_moves_a_torch_optimizer_as_it_moves_minimize():
    p = torch.nn.Parameter(torch.ones(2, dtype=torch.float64))
    optimizer = torch.optim.SGD([p], lr=0.015)
    scheduler = S.attach(optimizer, S.cosine(30))
    for _ in range(30):
        optimizer.zero_grad()
        quadratic()(p).backward()
        optimizer.step()
        scheduler.step()
    trace = minimize(quadratic(), None, GD(0.015), 30, schedule=S.cosine(30))
    np.testing.assert_allclose(p.detach(), trace.answer, rtol=1e-13)


def test_plateau_attached_follows_the_metric_and_resumes_from_its_state():
    def made():
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR)
        return optimizer, S.attach(optimizer, S.Plateau(factor=0.5, patience=2))

    optimizer, scheduler = made()
    rates = []
    for t in range(20):
        optimizer.step()
        scheduler.step(1.0)
        rates.append(optimizer.param_groups[0]["lr"])
        if t == 4:
            saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    assert rates[2:4] == [LR, LR / 2] and rates[-1] == LR / 2**6
    optimizer, scheduler = made()
    optimizer.load_state_dict(saved[0])
    scheduler.load_state_dict(saved[1])
    for t in range(5, 20):
        optimizer.step()
        scheduler.step(1.0)
        assert optimizer.param_groups[0]["lr"] == rates[t]


def test_plateau_in_minimize_listens_as_a_callback():
    plateau = S.Plateau(factor=0.5, patience=3)
    trace = minimize(abs, 1.05, GD(0.2), 60, gradient=lambda x: math.copysign(1.0, x), schedule=plateau,
                     callback=lambda step, x, value, norm: plateau.step(value))
    assert trace.status == "budget spent" and plateau.current < 0.01 and trace.values[-1] < 0.01


def test_a_plateau_can_be_pickled():
    plateau = S.Plateau(patience=1)
    for _ in range(4):
        plateau.step(1.0)
    assert vars(pickle.loads(pickle.dumps(plateau))) == vars(plateau)


@pytest.mark.parametrize("make, match", [
    (lambda: S.step(0), "size must be above 0, got 0"),
    (lambda: S.step(3, math.nan), "gamma must be a finite number, got nan"),
    (lambda: S.step("3"), "size must be a finite number, got '3'"),
    (lambda: S.exponential(0), "gamma must be above 0"),
    (lambda: S.cosine(-5), "total must be above 0, got -5"),
    (lambda: S.warm_restarts(10, 0.5), "multiply must be at least 1"),
    (lambda: S.cyclic(10, mode="square"), "mode must be one of 'triangular', 'triangular2', 'exp_range', got 'square'"),
    (lambda: S.cyclic(10, down=0), "down must be above 0"),
    (lambda: S.one_cycle(100, shape="cos"), "shape must be one of 'cosine'"),
    (lambda: S.one_cycle(3), "phases of one cycle end at the steps -0.1, 2, which must grow"),
    (lambda: S.one_cycle(100, 0.6, three_phase=True), "end at the steps 59, 118, 99"),
    (lambda: S.wsd(100, 60, 60), "warmup = 60 and decay = 60 in a total of 100"),
    (lambda: S.wsd(100, 1, 1, "exp"), "shape must be one of"),
    (lambda: S.multiplicative(lambda t: math.nan)(3), r"factors\(1\) must be a finite number, got nan"),
    (lambda: S.then(S.step(1), -1, S.step(1)), "at must be above 0"),
    (lambda: S.inverse_sqrt(0), "warmup must be above 0"),
    (lambda: S.Plateau(factor=1), "factor must lie in"),
    (lambda: S.Plateau(mode="low"), "mode must be one of 'min', 'max'"),
    (lambda: S.Plateau(threshold_mode="x"), "threshold_mode must be"),
    (lambda: S.Plateau(patience=-1), "must be at least 0, got -1"),
    (lambda: S.attach(torch.optim.Adagrad([torch.zeros(1)]), S.constant(), S.constant()), "Adagrad has neither momentum nor")])
def test_bad_arguments_get_one_clear_sentence(make, match):
    with pytest.raises(ValueError, match=match) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_multiplicative_wants_a_function():
    with pytest.raises(TypeError, match="multiplicative takes a function of the step, such as lambda t: 0.95, got list"):
        S.multiplicative([0.9, 0.8])


def test_attach_wants_an_optimizer_of_torch():
    with pytest.raises(TypeError, match="attach needs a torch.optim.Optimizer, got GD"):
        S.attach(GD(0.1), S.constant())


def test_importing_the_schedules_imports_no_framework():
    code = "import sys, gdcore.schedules; print([m for m in ('torch', 'jax', 'sympy', 'matplotlib') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_a_metric_is_honoured_or_refused_and_never_dropped():
    """A product of functions of t has no place for a metric, nor has any step() but a Plateau's."""
    for made in (lambda: S.chain(S.linear_warmup(3), S.Plateau()), lambda: S.then(S.linear_warmup(3), 3, S.Plateau())):
        with pytest.raises(TypeError, match="takes functions of the step, and a Plateau looks at a metric"):
            made()
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    attached = S.attach(optimizer, S.warm_restarts(10))
    optimizer.step()
    with pytest.raises(TypeError, match=r"got step\(0.2\): call step\(\) with nothing"):
        attached.step(0.2)


@pytest.mark.parametrize("steps", range(1, 400, 7))
@pytest.mark.parametrize("start, end", [(0.1, 0.0), (1 / 3, 1.0), (0.7, 0.1), (1.0, 1e-3)])
def test_a_line_ends_at_its_end_exactly_and_stays_between(steps, start, end):
    factors = S.linear_warmup(steps, start, end)(np.arange(steps + 5))
    assert factors[0] == start and (factors[steps:] == end).all()
    assert factors.min() >= min(start, end) and factors.max() <= max(start, end)


def test_groups_added_after_the_schedule_are_told_in_one_sentence():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = S.attach(optimizer, S.linear_warmup(3))
    optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))]})
    with pytest.raises(ValueError, match="has 2 groups, and had 1 when this schedule was attached: add groups first"):
        scheduler.step()


def test_a_phase_of_half_a_step_is_half_way_after_a_quarter():
    assert S.wsd(10, 0.5, 0.5)(np.array([0.25, 0.5, 9.75, 10.0])) == pytest.approx([0.5, 1.0, 0.5, 0.0], rel=1e-14)
