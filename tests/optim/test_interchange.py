"""A training may change over between torch's optimizers and ours in its middle, both ways, and take the same steps."""

import copy
import inspect

import pytest
import torch

import gdcore.optim
from tests.optim.common import distance

CLASSES = sorted(n for n, c in vars(torch.optim).items()
                 if inspect.isclass(c) and issubclass(c, torch.optim.Optimizer) and n != "Optimizer")  # fmt: skip
OPTIONS = {  # beside the defaults
    "SGD": [{"momentum": 0.9}, {"momentum": 0.9, "dampening": 0.5}, {"momentum": 0.9, "nesterov": True}],
    "ASGD": [{"t0": 3, "lambd": 0.1, "weight_decay": 0.1}],
    "Adafactor": [{"eps": (1e-8, 1e-3), "weight_decay": 0.1}],
    "Adagrad": [{"lr_decay": 0.1, "initial_accumulator_value": 0.5}],
    "Adam": [{"amsgrad": True}, {"weight_decay": 0.1}],
    "AdamW": [{"amsgrad": True}],
    "NAdam": [{"weight_decay": 0.1, "decoupled_weight_decay": True}],
    "RMSprop": [{"momentum": 0.9, "centered": True}],
    "LBFGS": [{"history_size": 2, "line_search_fn": "strong_wolfe"}],
}
FEW = {"LBFGS": {"max_iter": 3}}  # more of them make much of a rounding error
CASES = [pytest.param(n, FEW.get(n, {}) | o, id="-".join([n, *o])) for n in CLASSES for o in [{}, *OPTIONS.get(n, [])]]
ways = pytest.mark.parametrize("way", ["torch to ours", "ours to torch"])


@pytest.fixture
def double():
    """torch keeps some numbers (ASGD's eta, NAdam's product) in the default precision."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def made(module, name, options, params):
    """The optimizer, in two groups where the class has groups (L-BFGS has one)."""
    half = len(params) // 2
    groups = [{"params": params[:half]}, {"params": params[half:], "lr": 0.05}]
    return getattr(module, name)(params if name == "LBFGS" else groups, **options)


def weights(name):
    """Of 1, 2 and 4 dimensions; Muon's are matrices."""
    shapes = [(5, 4), (3, 6), (4, 4), (7, 2)] if name == "Muon" else [(5,), (6, 4), (3, 2, 4, 5), (7,), (2, 9), ()]
    if name == "SparseAdam":
        shapes.pop()  # a number has no rows
    generator = torch.Generator().manual_seed(0)
    return [torch.nn.Parameter(torch.randn(s, generator=generator, dtype=torch.float64)) for s in shapes]


def steps(name, optimizer, params, first, last):
    for t in range(first, last):
        generator = torch.Generator().manual_seed(t)
        slopes = [torch.randn(p.shape, generator=generator, dtype=torch.float64) for p in params]

        def closure(slopes=slopes, generator=generator):
            optimizer.zero_grad()
            loss = sum((p.square() * (1 + s.abs()) + p * s).sum() for p, s in zip(params, slopes, strict=True))
            loss.backward()
            if name == "SparseAdam":
                for p in params:
                    rows = torch.randint(len(p), (2,), generator=generator)
                    p.grad = torch.sparse_coo_tensor(rows[None], p.grad[rows], p.shape)
            return loss

        if name != "LBFGS":
            closure()
        optimizer.step(*([closure] if name == "LBFGS" else []))


def both_ends(way, name, options):
    """The weights where one module goes on with the other's checkpoint, and where the other itself does."""
    here, there = (torch.optim, gdcore.optim) if way == "torch to ours" else (gdcore.optim, torch.optim)
    params = weights(name)
    before = made(here, name, options, params)
    steps(name, before, params, 0, 5)
    saved, ends = copy.deepcopy(before.state_dict()), []
    for module in (there, here):
        own = [torch.nn.Parameter(p.detach().clone()) for p in params]
        after = made(module, name, options, own)
        after.load_state_dict(copy.deepcopy(saved))
        steps(name, after, own, 5, 10)
        ends.append(own + [after.state[p]["ax"] for p in own if name == "ASGD"])  # its average is not in the steps
    return ends, params


def test_every_class_of_torch_is_here_and_nobody_is_left_out():
    assert [n for n in CLASSES if not hasattr(gdcore.optim, n)] == []
    assert len(CLASSES) >= 15


@ways
@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_checkpoint_in_mid_run_goes_on_with_the_same_steps(double, way, name, options):
    (ours, theirs), before = both_ends(way, name, options)
    assert distance(ours, theirs) <= 1e-12
    assert distance(ours[: len(before)], before) > 1e-6  # they did step


@ways
@pytest.mark.parametrize("name", ["ASGD", "NAdam"])
def test_in_torchs_default_precision_its_own_rounding_is_the_difference(way, name):
    (ours, theirs), _ = both_ends(way, name, {})
    assert distance(ours, theirs) <= 1e-7


@pytest.mark.parametrize("name", CLASSES)
def test_the_state_dict_has_torchs_names_and_its_kinds(name):
    states = []
    for module in (torch.optim, gdcore.optim):
        params = weights(name)
        optimizer = made(module, name, {"momentum": 0.9} if name == "SGD" else {}, params)
        steps(name, optimizer, params, 0, 3)
        states.append(optimizer.state_dict()["state"])
    theirs, ours = states
    assert ours.keys() == theirs.keys()
    for i in theirs:
        assert theirs[i].keys() - {"al"} <= ours[i].keys()  # L-BFGS's al is overwritten before it is read
        if isinstance(theirs[i].get("step"), torch.Tensor):
            assert ours[i]["step"].dtype == torch.float32 and ours[i]["step"].device.type == "cpu" and ours[i]["step"].shape == ()
        assert theirs[i].get("step", 3) == ours[i].get("step", 3)
        for key, value in theirs[i].items():
            if isinstance(value, torch.Tensor) and isinstance(ours[i].get(key), torch.Tensor):
                assert ours[i][key].shape == value.shape, key


@ways
def test_a_parameter_that_never_had_a_gradient_goes_over_too(way):
    """torch's Adagrad has a state for it from the start, ours has none."""
    here, there = (torch.optim, gdcore.optim) if way == "torch to ours" else (gdcore.optim, torch.optim)
    params = [torch.nn.Parameter(torch.ones(2)) for _ in range(2)]
    before, after = (m.Adagrad(params, lr=0.1, initial_accumulator_value=3.0) for m in (here, there))
    params[0].grad = torch.ones(2)
    before.step()
    after.load_state_dict(before.state_dict())
    params[1].grad = torch.ones(2)
    after.step()
    assert params[1].tolist() == pytest.approx([1 - 0.1 / 2] * 2, rel=1e-6)


def test_a_momentum_buffer_of_none_is_unset():
    ends = []
    for module in (torch.optim, gdcore.optim):
        p = torch.nn.Parameter(torch.ones(2))
        optimizer = module.SGD([p], lr=0.1, momentum=0.9, dampening=0.5)
        saved = optimizer.state_dict()
        saved["state"] = {0: {"momentum_buffer": None}}
        optimizer.load_state_dict(saved)
        for _ in range(3):
            p.grad = torch.ones(2)
            optimizer.step()
        ends.append(p.tolist())
    assert ends[0] == pytest.approx(ends[1], rel=1e-6)


# -- the count of steps -----------------------------------------------------------------------------------------------------------

counting = pytest.mark.parametrize("options", [{}, {"compile": True}], ids=str)


def trained(options):
    params = [torch.nn.Parameter(torch.ones(s)) for s in ((3,), (4,))]
    optimizer = gdcore.optim.Adam(params, lr=0.1, **options)
    return params, optimizer, lambda n: [_step(params, optimizer) for _ in range(n)]


def _step(params, optimizer):
    for p in params:
        p.grad = torch.ones_like(p) / (2 + p.detach())
    optimizer.step()


@counting
def test_the_count_is_a_tensor_of_its_own_that_follows_the_steps(options):
    params, optimizer, go = trained(options)
    go(1)
    first, second = (optimizer.state[p]["step"] for p in params)
    go(2)
    assert first.dtype == torch.float32 and first.shape == () and first.item() == second.item() == 3
    assert optimizer.state[params[0]]["step"] is first
    saved = optimizer.state_dict()["state"]
    saved[0]["step"] += 10  # torch's optimizers count in place in what they have loaded
    assert first == second == 3 and saved[1]["step"] == 3


@counting
@pytest.mark.parametrize("edit", [lambda step: step.fill_(99.0), lambda step: step.zero_(), lambda step: step.add_(7)])
def test_a_count_that_is_changed_in_place_counts_for_its_parameter_alone(options, edit):
    ends = []
    for cls, more in ((torch.optim.Adam, {}), (gdcore.optim.Adam, options)):
        params = [torch.nn.Parameter(torch.ones(s)) for s in ((3,), (4,))]
        optimizer = cls(params, lr=0.1, **more)
        for t in range(4):
            _step(params, optimizer)
            if t == 1:
                edit(optimizer.state[params[0]]["step"])
        ends.append([p.detach() for p in params])
        assert optimizer.state[params[1]]["step"] == 4
    assert all(torch.allclose(a, b, rtol=1e-5) for a, b in zip(*ends, strict=True))


@pytest.mark.parametrize("kind", [int, float, torch.tensor, lambda n: torch.tensor(float(n), dtype=torch.float64)])
def test_a_count_loads_as_a_number_or_a_tensor(kind):
    params, optimizer, go = trained({})
    go(3)
    saved = optimizer.state_dict()
    for state in saved["state"].values():
        state["step"] = kind(3)
    optimizer.load_state_dict(saved)
    step = optimizer.state[params[0]]["step"]
    assert step.dtype == torch.float32 and step == 3
    go(1)
    assert optimizer.state[params[0]]["step"] == 4


def test_counts_go_on_in_inference_mode():
    params, optimizer, go = trained({})
    with torch.inference_mode():
        go(3)
    assert optimizer.state[params[0]]["step"] == 3


# -- what torch does at the edges -------------------------------------------------------------------------------------------------

TWICE = [("SGD", {}), *(("SGD", o) for o in OPTIONS["SGD"]), *((n, {}) for n in CLASSES if n not in ("SGD", "LBFGS", "SparseAdam"))]


@pytest.mark.filterwarnings("ignore:.*duplicate parameters")
@pytest.mark.parametrize(("name", "options"), TWICE)
def test_a_parameter_listed_twice_takes_torchs_two_steps(double, name, options):
    ends = []
    for module in (torch.optim, gdcore.optim):
        p, q = (torch.nn.Parameter(torch.full((2, 3), float(k))) for k in (1, 2))
        optimizer = getattr(module, name)([p, q, p], **options)
        for t in range(4):
            for k in (p, q):
                k.grad = torch.arange(1.0, 7.0).view(2, 3) * (t - 1.5)
            optimizer.step()
        ends.append([p.detach(), q.detach()])
    assert distance(*ends) <= (2e-2 if name == "Muon" else 1e-12)  # torch iterates in bfloat16


def test_a_parameter_in_two_groups_is_refused_as_by_torch():
    p = torch.nn.Parameter(torch.ones(2))
    for module in (torch.optim, gdcore.optim):
        with pytest.raises(ValueError, match="some parameters appear in more than one parameter group"):
            module.Adam([{"params": [p]}, {"params": [p]}])
        with pytest.warns(UserWarning, match="duplicate parameters"):
            module.Adam([p, p])


@pytest.mark.parametrize("name", [n for n in CLASSES if "foreach" in inspect.signature(getattr(torch.optim, n)).parameters])
def test_foreach_with_a_rate_in_a_tensor(name):
    ends = []
    for module in (torch.optim, gdcore.optim):
        p = torch.nn.Parameter(torch.ones(2, 2, dtype=torch.float64))
        try:
            optimizer = getattr(module, name)([p], lr=torch.tensor(0.125), foreach=True)
        except ValueError as error:
            assert "foreach=True" in str(error) and "ensor" in str(error)
            ends.append(None)
            continue
        for t in range(3):
            p.grad = torch.ones_like(p) * (t + 1)
            optimizer.step()
        ends.append(p.detach())
    theirs, ours = ends
    assert theirs is ours is None if name in ("Adam", "AdamW") else distance([ours], [theirs]) < 1e-7


@pytest.mark.parametrize("options", [{}, {"compile": True}], ids=str)
@pytest.mark.parametrize("dampening", [0.0, 0.5])
def test_momentum_that_comes_late_starts_undampened(options, dampening):
    """And one that is switched off for a while goes on with the velocity that it had, as in torch."""
    ends = []
    for cls, more in ((torch.optim.SGD, {}), (gdcore.optim.SGD, options)):
        p = torch.nn.Parameter(torch.ones(3, dtype=torch.float64))
        optimizer = cls([p], lr=0.1, dampening=dampening, **more)
        for t, momentum in enumerate([0.0, 0.0, 0.9, 0.9, 0.0, 0.9, 0.9]):
            optimizer.param_groups[0]["momentum"] = momentum
            p.grad = torch.full_like(p, t + 1.0)
            optimizer.step()
        ends.append(p.detach())
    assert distance(ends[:1], ends[1:]) < 1e-14
