"""What users of torch.optim.Optimizer rely on."""

import copy
import io
import pickle

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

import gdcore.optim
from gdcore.rules import EMA, Adam, Lookahead
from tests.optim.common import SHAPES, distance, parameters, set_gradients, train

MAKERS = {
    "SGD": lambda p, c: gdcore.optim.SGD(p, lr=0.01, momentum=0.9, compile=c),
    "Adam": lambda p, c: gdcore.optim.Adam(p, compile=c),
    "NAdam": lambda p, c: gdcore.optim.NAdam(p, compile=c),
    "RMSprop": lambda p, c: gdcore.optim.RMSprop(p, centered=True, momentum=0.5, compile=c),
    "LAMB": lambda p, c: gdcore.optim.LAMB(p, weight_decay=0.1, compile=c),
    "ScheduleFreeAdamW": lambda p, c: gdcore.optim.ScheduleFreeAdamW(p, compile=c),
    "Lookahead": lambda p, c: gdcore.optim.Lookahead(p, Adam(), compile=c),
    "Optimizer": lambda p, c: gdcore.optim.Optimizer(p, EMA(Adam()), weight_decay=0.1, compile=c),
}
both = pytest.mark.parametrize("compile", [False, True])
every = pytest.mark.parametrize("name", MAKERS)


def run(params, optimizer, steps, generator):
    for _ in range(steps):
        set_gradients(params, generator)
        optimizer.step()


@both
@every
def test_state_dict_goes_on_where_it_was(name, compile):
    """Saved to a file in mid-run, loaded into a new optimizer with weights_only=True: the same trajectory."""
    whole, _ = train(lambda p: MAKERS[name](p, compile), steps=12, rates=(1.0,))
    params, generator = parameters(), torch.Generator().manual_seed(1)
    first = MAKERS[name](params, compile)
    run(params, first, 5, generator)
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second = MAKERS[name](params, compile)
    second.load_state_dict(torch.load(file, weights_only=True))
    run(params, second, 7, generator)
    assert distance(params, whole) == 0


@both
@every
@pytest.mark.parametrize("how", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_a_copy_goes_on_as_the_original(name, compile, how):
    params, generator = parameters(), torch.Generator().manual_seed(1)
    optimizer = MAKERS[name](params, compile)
    run(params, optimizer, 5, generator)
    twin = how(optimizer)
    copies = [p for group in twin.param_groups for p in group["params"]]
    assert all(a is not b for a, b in zip(params, copies, strict=True))
    run(params, optimizer, 5, torch.Generator().manual_seed(2))
    run(copies, twin, 5, torch.Generator().manual_seed(2))
    assert distance(copies, params) == 0


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "Adadelta", "Adamax", "NAdam", "RAdam", "Rprop"])
def test_a_checkpoint_of_torch_goes_on_here(name):
    """Names and shapes of the state are torch's: training may change over in mid-run."""
    kwargs = {"momentum": 0.9} if name == "SGD" else {}
    whole, _ = train(lambda p: getattr(torch.optim, name)(p, **kwargs), steps=12, rates=(1.0,))
    params, generator = parameters(), torch.Generator().manual_seed(1)
    theirs = getattr(torch.optim, name)(params, **kwargs)
    run(params, theirs, 5, generator)
    ours = getattr(gdcore.optim, name)(params, **kwargs)
    ours.load_state_dict(theirs.state_dict())
    run(params, ours, 7, generator)
    assert distance(params, whole) < (1e-7 if name == "NAdam" else 1e-12)
    if name != "SGD":  # and back; torch's SGD counts no steps
        back = getattr(torch.optim, name)(params, **kwargs)
        back.load_state_dict(ours.state_dict())
        run(params, back, 1, generator)


@both
def test_schedulers_change_rates_and_momentum_in_mid_run(compile):
    def with_scheduler(module, **more):
        params, generator = parameters(), torch.Generator().manual_seed(1)
        optimizer = module.SGD(params, lr=0.01, momentum=0.9, **more)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=20)
        for _ in range(20):
            set_gradients(params, generator)
            optimizer.step()
            scheduler.step()
        return params

    assert distance(with_scheduler(gdcore.optim, compile=compile), with_scheduler(torch.optim)) < 1e-13


def test_groups_have_their_own_values():
    def grouped(module):
        def make(p):
            return module.AdamW([{"params": p[:2], "weight_decay": 0.0}, {"params": p[2:], "lr": 0.1, "betas": (0.5, 0.9)}])

        return train(make)[0]

    assert distance(grouped(gdcore.optim), grouped(torch.optim)) < 1e-12


@both
def test_missing_gradients_and_late_parameters(compile):
    """A parameter without a gradient rests, and one that is added late starts its own count of steps."""

    def late(module, **more):
        params, generator = parameters(), torch.Generator().manual_seed(1)
        optimizer = module.Adam(params[:2], **more)
        for t in range(10):
            if t == 3:
                optimizer.add_param_group({"params": params[2:]})
            set_gradients(params, generator)
            if t % 4 == 1:
                params[0].grad = None
            optimizer.step()
        return params

    assert distance(late(gdcore.optim, compile=compile), late(torch.optim)) < 1e-12


@both
def test_the_closure_runs_with_gradients_and_gives_its_value(compile):
    p = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
    optimizer = gdcore.optim.SGD([p], lr=0.25, compile=compile)

    def closure():
        optimizer.zero_grad()
        loss = (p**2).sum()
        loss.backward()
        return loss

    with torch.no_grad():
        assert optimizer.step(closure).item() == 13.0
    assert p.tolist() == [1.5, -1.0]


@both
def test_gradients_are_left_as_they_are(compile):
    params = parameters()
    set_gradients(params, torch.Generator().manual_seed(1))
    before = [p.grad.clone() for p in params]
    gdcore.optim.Adam(params, weight_decay=0.1, maximize=True, compile=compile).step()
    assert all(torch.equal(p.grad, g) for p, g in zip(params, before, strict=True))


@both
def test_autograd_sees_that_weights_changed(compile):
    """Backward through weights that a step has changed must be an error and not a wrong gradient."""
    p = torch.nn.Parameter(torch.ones(3))
    loss = (p**2).sum()
    p.grad = torch.ones(3)
    gdcore.optim.Adam([p], compile=compile).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@both
def test_moving_the_data_of_a_parameter(compile):
    """`p.data = …` and `module.to(dtype)` give a parameter other memory; the steps follow it."""
    params = parameters()
    optimizer = gdcore.optim.SGD(params, lr=1.0, compile=compile)
    for _ in range(2):
        for p in params:
            p.data = torch.full_like(p, 5.0)
            p.grad = torch.ones_like(p)
        optimizer.step()
        assert all((p == 4.0).all() for p in params)


@both
def test_grad_scaler(compile):
    """Steps with an infinite gradient are left out, the others are those without a scaler."""

    def scaled(module, **more):
        torch.manual_seed(0)
        layer = torch.nn.Linear(8, 4)
        optimizer, scaler = module.Adam(layer.parameters(), **more), torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2)
        for t in range(6):
            optimizer.zero_grad()
            loss = layer(torch.randn(16, 8)).square().mean() * (float("inf") if t == 2 else 1.0)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        return list(layer.parameters())

    assert distance(scaled(gdcore.optim, compile=compile), scaled(torch.optim)) < 1e-6  # float32


@both
def test_inside_a_compiled_training_step(compile):
    def steps(wrap):
        torch.manual_seed(0)
        layer = torch.nn.Linear(4, 3)
        optimizer = gdcore.optim.Adam(layer.parameters(), compile=compile)

        @wrap
        def step(x):
            optimizer.zero_grad()
            loss = layer(x).square().mean()
            loss.backward()
            optimizer.step()
            return loss

        return [step(torch.full((5, 4), float(t))).item() for t in range(1, 5)]

    compiled = steps(lambda f: torch.compile(f, backend="eager"))
    assert compiled == pytest.approx(steps(lambda f: f), rel=1e-6)


def test_hooks_run_and_zero_grad_clears():
    params, seen = parameters(), []
    optimizer = gdcore.optim.Adam(params)
    optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
    optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    set_gradients(params, torch.Generator().manual_seed(1))
    optimizer.step()
    optimizer.zero_grad()
    assert seen == ["before", "after"]
    assert all(p.grad is None for p in params)


def test_a_hook_for_all_optimizers_and_the_profiler_are_heard_too():
    params, seen = parameters(), []
    optimizer = gdcore.optim.Adam(params)
    set_gradients(params, torch.Generator().manual_seed(1))
    hooks = [register(lambda *_: seen.append(1)) for register in (register_optimizer_step_pre_hook, register_optimizer_step_post_hook)]
    optimizer.step()
    for hook in hooks:
        hook.remove()
    with torch.profiler.profile() as profile:
        optimizer.step()
    assert seen == [1, 1]
    assert "Optimizer.step#Adam.step" in {event.name for event in profile.events()}


@pytest.mark.parametrize("cls", [gdcore.optim.SGD, gdcore.optim.Adam])
def test_a_parameter_without_entries_is_passed_over(cls):
    empty, full = torch.nn.Parameter(torch.zeros(0)), torch.nn.Parameter(torch.zeros(3))
    empty.grad, full.grad = torch.zeros(0), torch.ones(3)
    cls([empty, full], lr=0.5).step()
    assert full.tolist() == pytest.approx([-0.5] * 3, rel=1e-6)


def test_a_learning_rate_may_be_a_tensor_that_changes_in_place():
    lr = torch.tensor(1.0)
    p = torch.nn.Parameter(torch.zeros(2))
    optimizer = gdcore.optim.SGD([p], lr=lr)
    for value in (1.0, 10.0):
        lr.fill_(value)
        p.grad = torch.ones(2)
        optimizer.step()
    assert p.tolist() == [-11.0, -11.0]


@both
def test_order_of_parameters_does_not_matter(compile):
    def in_order(order):
        params, generator = parameters(), torch.Generator().manual_seed(1)
        optimizer = gdcore.optim.AdamW([params[i] for i in order], compile=compile)
        run(params, optimizer, 5, generator)
        return params

    assert distance(in_order(range(len(SHAPES))), in_order(reversed(range(len(SHAPES))))) < 1e-15


@both
def test_maximise_is_the_descent_on_the_opposite(compile):
    def signed(sign):
        params, generator = parameters(), torch.Generator().manual_seed(1)
        optimizer = gdcore.optim.Adam(params, maximize=sign < 0, compile=compile)
        for _ in range(5):
            set_gradients(params, generator)
            for p in params:
                p.grad *= sign
            optimizer.step()
        return params

    assert distance(signed(-1), signed(1)) < 1e-15


def test_any_rule_of_ones_own():
    """A rule written in a notebook cell trains a network like any other."""
    from dataclasses import dataclass

    from gdcore.rules import Rule

    @dataclass(frozen=True)
    class Averaged(Rule):
        lr: float = 0.1

        def update(self, x, g, t, total):
            total = total + g
            return x - self.lr * total / t, total

    params, _ = train(lambda p: gdcore.optim.Optimizer(p, Averaged()), steps=1, rates=(1.0,))
    start = parameters()
    set_gradients(start, torch.Generator().manual_seed(1))
    assert distance(params, [p - 0.1 * p.grad for p in start]) < 1e-14


def test_lookahead_is_a_rule_around_a_rule():
    rule = Lookahead(Adam(lr=0.1), sync_period=1, slow_step_size=0.0)  # the slow weights never move
    params, _ = train(lambda p: gdcore.optim.Optimizer(p, rule), steps=3, rates=(1.0,))
    assert distance(params, parameters()) == 0
