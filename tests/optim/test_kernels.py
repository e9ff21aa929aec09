"""The kernels printed from a rule, in-place torch calls, C, and a function to be fused, do what the rule's own `update` does."""

import subprocess
import sys
from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch

import gdcore.rules as R
from gdcore.kernels.eager import EagerKernel
from gdcore.kernels.fused import FusedKernel
from gdcore.kernels.native import NativeKernel
from gdcore.kernels.trace import NotTraceable, trace
from gdcore.optim import Optimizer, engine
from gdcore.optim.engine import CHUNK
from gdcore.rules.arithmetic import norm
from tests.optim.common import MATRICES, SHAPES, apart_from_rule, distance, parameters, set_gradients, train

pytestmark = pytest.mark.slow

OPTIONS = [
    R.HeavyBall(dampening=0.3), R.RMSProp(momentum=0.9), R.RMSProp(centered=True, momentum=0.9), R.Lion(weight_decay=0.1),
    R.ASGD(t0=2), R.AdaGrad(lr_decay=0.1, initial_accumulator_value=0.2), R.ScheduleFreeAdamW(weight_decay=0.1, warmup_steps=3),
    R.ScheduleFreeSGD(weight_decay=0.1, r=1.0), R.LARS(weight_decay=0.1), R.LAMB(weight_decay=0.1), R.AdamW(weight_decay=0.0),
    R.EMA(R.Adam()), R.Lookahead(R.NAdam()), R.SAM(R.NAdam()), R.L2(R.NAdam(), weight_decay=0.1),
    R.Ascent(R.DecoupledDecay(R.AMSGrad(), weight_decay=0.1)),
]
RULES = [rule() for rule in R.RULES] + OPTIONS
NO_PROGRAM = {"Adafactor", "Prodigy", "Shampoo"}
NO_LOOP = NO_PROGRAM | {"Muon"}
NOT_IN_PLACE = NO_LOOP | {"RAdam", "Rprop", "LARS", "LAMB", "Lookahead"}


def name(rule):
    return type(rule).__name__


def follow(rule, program, scalars, advance, steps=8):
    """Run kernel and rule side by side on the same gradients; the largest difference in x and in memory."""
    generator = torch.Generator().manual_seed(0)
    draw = lambda: torch.randn(50, dtype=torch.float64, generator=generator)
    x = draw()
    state = dict(zip(rule.state_names, rule.init(x), strict=True))
    param, arrays = x.clone(), [state[n].clone() for n in program.arrays]
    numbers = {n: state[n] for n in program.scalars}
    for t in range(1, steps + 1):
        g = draw() * 10 ** (-6 * torch.rand(50, dtype=torch.float64, generator=generator))
        x, *new = rule.update(x, g, t, *state.values())
        state = dict(zip(state, new, strict=True))
        constants, numbers = scalars(rule.hyperparameters(), t, numbers)
        advance(param, g, arrays, constants)
    return distance([param, *arrays], [x, *(state[n] for n in program.arrays)])


@pytest.mark.parametrize("rule", [r for r in RULES if name(r) not in NOT_IN_PLACE], ids=name)
def test_the_torch_calls_are_the_rule(rule):
    kernel = EagerKernel(trace(rule))

    def advance(param, g, arrays, constants):
        kernel.step(param, g, *arrays, *(torch.full_like(param, torch.nan) for _ in range(kernel.temporaries)), *constants)

    assert follow(rule, kernel.program, kernel.scalars, advance) < 1e-12


@pytest.mark.parametrize("rule", [r for r in RULES if name(r) not in NO_LOOP], ids=name)
def test_the_function_to_be_fused_is_the_rule(rule):
    kernel = FusedKernel(trace(rule))
    advance = lambda param, g, arrays, constants: kernel.step(param, g, *arrays, *map(engine._number, constants))
    assert follow(rule, kernel.program, kernel.scalars, advance) < 1e-12


@dataclass(frozen=True)
class Swapped(R.Rule):
    """Remembers where x was, and x goes where it was the step before last."""

    def update(self, x, g, t, last, older):
        return older - 0.1 * g, x, last


def test_old_values_move_before_they_are_written_over():
    kernel = FusedKernel(trace(Swapped()))
    assert follow(Swapped(), kernel.program, kernel.scalars, lambda x, g, arrays, constants: kernel.step(x, g, *arrays)) < 1e-12


@dataclass(frozen=True)
class Lengths(R.Rule):
    """A reader's own rule, which keeps one number for all tensors and means one for each."""

    reads: ClassVar[str] = "tensor"

    def init(self, x):
        return (0.0,)

    def update(self, x, g, t, length):
        length = 0.9 * length + 0.1 * norm(g)
        return x - 0.1 * g / length, length


@pytest.mark.parametrize("compile", [False, True])
def test_a_number_that_all_tensors_share_may_not_depend_on_one(compile):
    p = torch.nn.Parameter(torch.ones(3))
    p.grad = torch.ones(3)
    with pytest.raises(TypeError, match=r"Lengths begins length as a number, which all tensors share, .* Let init give an array for it"):
        Optimizer([p], Lengths(), compile=compile).step()
    assert torch.equal(p.detach(), torch.ones(3))


@pytest.mark.parametrize("rule", [r for r in RULES if name(r) not in NO_PROGRAM], ids=name)
def test_no_power_is_left_to_the_entries(rule):
    """On a GPU, β to the power t in double precision for each entry would take longer than all the rest."""
    scalars, step = FusedKernel(trace(rule)).source.split("def step(")
    assert "**" not in step and (name(rule) not in ("Adam", "LAMB", "NAdam") or "**" in scalars)


@pytest.mark.parametrize("rule", [r for r in RULES if name(r) not in NOT_IN_PLACE], ids=name)
def test_a_kernel_made_later_is_the_same(rule):
    """A program may be traced for one kernel, and asked for another one when other rules have been traced since."""
    program = trace(rule)
    at_once = EagerKernel(program).source
    for other in (R.GD(), R.AdamW(), R.RMSProp(centered=True)):
        trace(other)
        assert EagerKernel(program).source == at_once


@pytest.mark.parametrize("rule", [r for r in RULES if name(r) not in NO_LOOP], ids=name)
def test_the_c_code_is_the_rule(rule):
    """Through the bucket that the optimizers use, with parameters of many sizes."""
    assert in_optimizer(rule, SHAPES, compile=True) < 1e-12


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("rule", [
    R.Muon(0.1), R.Muon(0.1, nesterov=False, adjust_lr="match_rms_adamw"), R.Muon(0.1, weight_decay=0.0, ns_steps=2), R.EMA(R.Muon(0.1)),
    R.Lookahead(R.Muon(0.1), sync_period=3), R.Ascent(R.Muon(0.1))], ids=name)
def test_a_kernel_keeps_the_products_of_matrices_whole(rule, compile):
    assert in_optimizer(rule, MATRICES, compile) < 1e-12
    if name(rule) != "Lookahead":  # which branches on the number of the step
        assert EagerKernel(trace(rule)).source.count("newton_schulz(") == 1
    with pytest.raises(NotTraceable, match="products of matrices"):
        NativeKernel(trace(rule), torch.float64)


@dataclass(frozen=True)
class Turned(R.Rule):
    """A reader's own rule for matrices, which does not ask for their shape."""

    lr: float = 0.1
    reads: ClassVar[str] = "matrix"

    def update(self, x, g, t, b):
        b = b + g
        return x - self.lr * R.newton_schulz(b), b


@dataclass(frozen=True)
class Careless(Turned):
    reads: ClassVar[str] = "tensor"


def test_a_function_of_a_matrix_never_sees_a_part_of_one():
    assert in_optimizer(Turned(), MATRICES, compile=False) < 1e-12
    assert in_optimizer(Careless(), MATRICES, compile=False) < 1e-12
    assert EagerKernel(trace(Turned())).whole
    with pytest.raises(NotTraceable):
        trace(Careless())


def in_optimizer(rule, shapes, compile):
    """The largest difference to the rule after some steps of the optimizer."""
    from gdcore.optim import Optimizer

    return apart_from_rule(lambda params: Optimizer(params, rule, compile=compile), rule, shapes)


@pytest.mark.parametrize("rule", [r for r in RULES if name(r) in NO_PROGRAM], ids=name)
def test_whole_matrices_have_no_program(rule):
    with pytest.raises(NotTraceable):
        trace(rule)


def test_a_term_that_is_switched_off_costs_no_memory():
    assert trace(R.RMSProp()).arrays == ("v",)
    assert trace(R.RMSProp(momentum=0.9)).arrays == ("v", "b")
    assert trace(R.RMSProp(centered=True)).arrays == ("v", "m")
    assert trace(R.ScheduleFreeSGD()).arrays == ("x", "z")
    assert trace(R.NAdam()).scalars == ("p",)


def test_adam_is_seven_calls():
    """As many as torch's hand-written loop, with one temporary."""
    kernel = EagerKernel(trace(R.Adam()))
    assert (kernel.calls, kernel.temporaries) == (7, 1), kernel.source


def test_the_text_of_a_kernel_is_the_same_in_every_run():
    """The compiled library is found again by its text."""
    code = "import torch, gdcore.rules as R; from gdcore.kernels.native import NativeKernel; from gdcore.kernels.trace import trace; " \
           "{}; print(NativeKernel(trace(R.LAMB()), torch.float32).source)"
    runs = [subprocess.run([sys.executable, "-c", code.format(first)], capture_output=True, text=True, check=True).stdout
            for first in ("pass", "trace(R.NAdam())")]
    assert runs[0] == runs[1]


def test_a_kernel_is_compiled_once(tmp_path, monkeypatch):
    monkeypatch.setenv("GDCORE_CACHE", str(tmp_path))
    NativeKernel(trace(R.Adam()), torch.float32)
    built = [(f.name, f.stat().st_mtime_ns) for f in tmp_path.iterdir()]
    NativeKernel(trace(R.Adam(lr=0.5, beta1=0.1)), torch.float32)
    assert [(f.name, f.stat().st_mtime_ns) for f in tmp_path.iterdir()] == built
    assert len(built) == 1


def test_branches_on_values_are_refused_in_one_sentence():
    class Branching(R.GD):
        def update(self, x, g, t):
            return (x - g if t > 5 else x,)

    with pytest.raises(NotTraceable, match="use where"):
        trace(Branching())


def test_few_rules_must_do_without_an_eager_kernel():
    """They look at shapes, add up entries, multiply matrices, or branch; all others take no new array, but for Muon's products."""
    without = set()
    for kind in R.RULES:
        try:
            EagerKernel(trace(kind()))
        except NotTraceable:
            without.add(kind.__name__)
    assert without == {"Adafactor", "Prodigy", "Rprop", "Shampoo"}


@pytest.mark.parametrize("compile", [False, True])
def test_extra_memory_is_a_few_chunks(compile):
    """Beside parameters, gradients and state, a step allocates a fixed number of chunks, whatever the size of the model."""
    from gdcore.optim import Adam

    p = torch.nn.Parameter(torch.zeros(40 * CHUNK))
    p.grad = torch.ones_like(p)
    optimizer = Adam([p], compile=compile)
    optimizer.step()
    with torch.profiler.profile(profile_memory=True) as profile:
        optimizer.step()
    taken = sum(max(0, e.cpu_memory_usage) for e in profile.events())
    assert taken <= CHUNK * 4
    bucket = optimizer._plans[0].buckets[0].bucket
    assert sum(t.numel() for t in getattr(bucket, "temporaries", [])) <= CHUNK


@pytest.mark.slow
def test_rules_without_a_program_are_compiled_by_torch():
    """The same steps, one compilation for all learning rates."""
    from gdcore.optim import Adafactor

    def run(compile):
        params, generator = parameters(((40, 30),)), torch.Generator().manual_seed(1)
        optimizer = Adafactor(params, compile=compile)
        for t in range(4):
            optimizer.param_groups[0]["lr"] = 0.01 * (t + 1)
            set_gradients(params, generator)
            optimizer.step()
        return params

    assert distance(run(True), run(False)) < 1e-12


@pytest.mark.slow
def test_where_there_is_no_kernel_of_ours_torch_fuses_the_rule(monkeypatch):
    """What compile=True does on a GPU, here on the processor: small tensors packed, large ones whole."""
    from gdcore.optim import NAdam

    def run(compile):
        params, generator = parameters(), torch.Generator().manual_seed(1)
        optimizer = NAdam(params, compile=compile)
        for t in range(4):
            optimizer.param_groups[0]["lr"] = 0.01 * (t + 1)
            set_gradients(params, generator)
            optimizer.step()
        return params

    plain = run(False)
    monkeypatch.setattr(engine, "_kernel", lambda *which: None)
    assert distance(run(True), plain) < 1e-12


@pytest.mark.parametrize("cls", ["Adam", "LAMB"])  # entry by entry, and with the lengths of tensors before the step
@pytest.mark.parametrize("threads", [2, 5])
def test_threads_share_the_work_and_change_no_digit(cls, threads):
    import gdcore.optim

    def run(n):
        before = torch.get_num_threads()
        torch.set_num_threads(n)
        try:
            return train(lambda p: getattr(gdcore.optim, cls)(p, compile=True), shapes=((3 * CHUNK + 17,), (6, 4), (CHUNK,)), steps=5)[0]
        finally:
            torch.set_num_threads(before)

    for a, b in zip(run(1), run(threads), strict=True):
        assert torch.equal(a, b)
