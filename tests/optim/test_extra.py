"""The optimizers that torch does not have: each is its rule, and the ones with two points keep them apart."""

import contextlib
import re

import pytest
import torch

import gdcore.optim as O
import gdcore.rules as R
from tests.optim.common import MATRICES, SHAPES, apart_from_rule, distance, parameters, set_gradients

CASES = {
    "SignSGD": (O.SignSGD, {}, R.SignSGD()),
    "Lion": (O.Lion, {"weight_decay": 0.1}, R.Lion(weight_decay=0.1)),
    "AdaBelief": (O.AdaBelief, {"weight_decay": 0.1}, R.DecoupledDecay(R.AdaBelief(), weight_decay=0.1)),
    "Yogi": (O.Yogi, {"initial_accumulator": 1e-5}, R.Yogi(v0=1e-5)),
    "ADOPT": (O.ADOPT, {"weight_decay": 0.1}, R.DecoupledDecay(R.ADOPT(), weight_decay=0.1)),
    "AdEMAMix": (O.AdEMAMix, {"alpha": 2.0, "weight_decay": 0.1}, R.AdEMAMix(mix=2.0, weight_decay=0.1)),
    "Adan": (O.Adan, {"weight_decay": 0.1}, R.Adan(weight_decay=0.1)),
    "Sophia": (O.Sophia, {"rho": 0.1}, R.Sophia(gamma=0.1)),
    "LARS": (O.LARS, {"trust": 0.01, "weight_decay": 0.1}, R.LARS(trust=0.01, weight_decay=0.1)),
    "LAMB": (O.LAMB, {"weight_decay": 0.1}, R.LAMB(weight_decay=0.1)),
    "Shampoo": (O.Shampoo, {}, R.Shampoo()),
    "SOAP": (O.SOAP, {"weight_decay": 0.1, "precondition_frequency": 2}, R.SOAP(weight_decay=0.1, precondition_frequency=2)),
    "ScheduleFreeSGD": (O.ScheduleFreeSGD, {"warmup_steps": 3}, R.ScheduleFreeSGD(warmup_steps=3)),
    "ScheduleFreeAdamW": (O.ScheduleFreeAdamW, {"weight_decay": 0.1}, R.ScheduleFreeAdamW(weight_decay=0.1)),
}


@pytest.mark.parametrize("name", CASES)
def test_each_class_is_its_rule(name):
    cls, kwargs, rule = CASES[name]
    shapes = MATRICES if rule.reads == "matrix" else SHAPES
    assert apart_from_rule(lambda params: cls(params, **kwargs), rule, shapes) < 1e-12


def _quadratic(params):
    def closure():
        for p in params:
            p.grad = None
        loss = sum((p**2).sum() * (i + 1) for i, p in enumerate(params))
        loss.backward()
        return loss

    return closure


@pytest.mark.parametrize("compile", [False, True])
def test_sam_takes_its_gradient_uphill_over_all_groups(compile):
    params = parameters(((3,), (2, 2)))
    optimizer = O.SAM([{"params": params[:1]}, {"params": params[1:]}], R.GD(lr=0.1), rho=0.5, compile=compile)
    x = torch.cat([p.detach().flatten() for p in params])
    scale = torch.tensor([2.0] * 3 + [4.0] * 4, dtype=torch.float64)  # the gradient of the loss is scale * x
    uphill = x + 0.5 * scale * x / (scale * x).norm()
    loss = optimizer.step(_quadratic(params))
    assert loss.item() == pytest.approx((0.5 * scale * x**2).sum().item(), rel=1e-12)
    assert distance([torch.cat([p.detach().flatten() for p in params])], [x - 0.1 * scale * uphill]) < 1e-14


def test_sam_gives_the_weights_back_if_the_second_loss_fails():
    params = parameters(((3,),))
    before, calls = params[0].detach().clone(), []

    def closure():
        if calls:
            raise FloatingPointError("the batch is gone")
        calls.append(1)
        return _quadratic(params)()

    with pytest.raises(FloatingPointError):
        O.SAM(params, R.GD()).step(closure)
    assert torch.equal(params[0], before)
    with pytest.raises(RuntimeError, match="call step\\(closure\\)"):
        O.SAM(params, R.GD()).step()


@pytest.mark.parametrize("make", [
    lambda p: O.ScheduleFreeSGD(p, lr=0.1), lambda p: O.ScheduleFreeAdamW(p, lr=0.1), lambda p: O.EMA(p, R.GD(lr=0.1), decay=0.9),
], ids=["ScheduleFreeSGD", "ScheduleFreeAdamW", "EMA"])  # fmt: skip
@pytest.mark.parametrize("compile", [False, True])
def test_eval_shows_the_average_and_train_goes_on(make, compile):
    def run(peek):
        params, generator = parameters(), torch.Generator().manual_seed(1)
        optimizer = make(params)
        for group in optimizer.param_groups:
            group["compile"] = compile
        for t in range(6):
            set_gradients(params, generator)
            optimizer.step()
            if peek and t > 0:  # after one step the average is the point itself
                moving = [p.detach().clone() for p in params]
                optimizer.eval()
                optimizer.eval()  # twice is once
                assert distance(params, moving) > 1e-6
                with pytest.raises(RuntimeError, match="call train\\(\\) first"):
                    optimizer.step()
                optimizer.train()
                assert distance(params, moving) == 0
        return params

    assert distance(run(peek=True), run(peek=False)) == 0


def test_the_average_is_the_rules_answer():
    params = parameters(((4,),))
    optimizer, rule = O.EMA(params, R.GD(lr=0.1), decay=0.5), R.EMA(R.GD(lr=0.1), decay=0.5)
    x = params[0].detach().clone()
    state = rule.init(x)
    for t in range(1, 4):
        params[0].grad = torch.ones_like(x)
        optimizer.step()
        x, *state = rule.update(x, torch.ones_like(x), t, *state)
    optimizer.eval()
    assert distance(params, [rule.answer(x, *state)]) < 1e-15


@pytest.mark.parametrize("make", [lambda p: O.EMA(p, R.GD(lr=0.1), decay=0.9), lambda p: O.ScheduleFreeSGD(p, lr=0.1)],
                         ids=["EMA", "ScheduleFreeSGD"])  # fmt: skip
def test_torchs_update_bn_renews_the_statistics_of_the_average(make):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1)).double()
    optimizer, batches = make(net.parameters()), [torch.randn(8, 3, dtype=torch.float64) for _ in range(4)]
    for x in batches:
        optimizer.zero_grad()
        (net(x) - 1).square().mean().backward()
        optimizer.step()
    optimizer.eval()
    average, stale = net[0].weight.detach().clone(), net[1].running_mean.clone()
    torch.optim.swa_utils.update_bn(batches, net)
    expected = torch.cat([net[0](x) for x in batches])
    assert torch.allclose(net[1].running_mean, expected.mean(0)) and not torch.allclose(net[1].running_mean, stale)
    assert torch.equal(net[0].weight, average)
    optimizer.train()
    optimizer.step()


def test_each_rule_has_a_class_and_the_class_hands_its_options_on():
    """Whatever a rule is, somebody who types gdcore.optim. finds it; betas in the order of the rule."""
    found = {}
    given = [{}, {"momentum": 0.5}, {"momentum": 0.5, "nesterov": True}, {"amsgrad": True}]
    for name in O.__all__:
        for options in given:
            with contextlib.suppress(TypeError, ValueError):  # a class without this option, or one that wants a rule first
                optimizer = getattr(O, name)([torch.nn.Parameter(torch.ones(2, 2))], **options)
                rule = optimizer.rule(optimizer.param_groups[0]) if hasattr(optimizer, "rule") else None
                while rule is not None:
                    found.setdefault(type(rule), (rule, optimizer.param_groups[0]))
                    rule = getattr(rule, "rule", None)
    missing = {kind.__name__ for kind in (*R.RULES, *R.TOLD, R.SOAP)} - {kind.__name__ for kind in found}
    assert not missing, f"no class in gdcore.optim steps by {', '.join(sorted(missing))}"
    for rule, group in found.values():
        if "betas" in group:
            betas = [v for k, v in rule.hyperparameters().items() if re.fullmatch(r"beta(_change|_curvature|\d)", k)]
            assert betas == list(group["betas"]), type(rule).__name__


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_cautious_is_its_rule_with_the_decay_beside_it(compile, decay):
    rule = R.DecoupledDecay(R.Cautious(R.Adam(1e-2)), decay)
    assert apart_from_rule(lambda params: O.Cautious(params, R.Adam(1e-2), weight_decay=decay, compile=compile), rule) < 1e-12


def test_cautious_refuses_a_decay_that_it_would_mask_and_takes_rules_without_a_rate_of_their_own():
    p = [torch.nn.Parameter(torch.ones(2))]
    with pytest.raises(ValueError, match="AdamW has one of 0.01: take that out and write DecoupledDecay"):
        O.Cautious(p, R.AdamW())
    p[0].grad = torch.tensor([1.0, -2.0])
    O.Cautious(p, R.Lookahead(R.GD(0.1))).step()
    assert torch.allclose(p[0], torch.tensor([0.9, 1.2]))
    with pytest.raises(TypeError, match="DecoupledDecay needs the learning rate"):
        O.Cautious(p, R.Lookahead(R.GD(0.1)), weight_decay=0.1)
