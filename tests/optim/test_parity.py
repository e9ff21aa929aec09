"""Every class of torch.optim, every configuration of torch's own test database: step by step the same parameters."""

import pytest
import torch
from torch.testing._internal.common_optimizers import optim_db

import gdcore.optim
from tests.optim.common import MATRICES, SHAPES, distance, train

pytestmark = pytest.mark.slow

# LBFGS wants a closure, SparseAdam sparse gradients: their configurations are in test_lbfgs and test_sparse
APART = (torch.optim.LBFGS, torch.optim.SparseAdam)
CLASSES = {info.optim_cls.__name__: info for info in optim_db
           if hasattr(gdcore.optim, info.optim_cls.__name__) and info.optim_cls not in APART}  # fmt: skip
# relative to float64; where it is not 1e-12, the cause is torch's own arithmetic
TOLERANCE = {
    "NAdam": 1e-7,  # torch keeps the product of momenta in single precision
    "ASGD": 1e-7,  # torch keeps eta and mu in single precision
    "Muon": 2e-2,  # torch iterates in bfloat16
}
OUR_OWN = ("foreach", "fused", "capturable", "differentiable")


def configurations():
    for name, info in CLASSES.items():
        for config in info.optim_inputs_func(device="cpu"):
            kwargs = {k: v for k, v in config.kwargs.items() if k not in OUR_OWN}
            yield pytest.param(name, kwargs, id=f"{name}-{config.desc}")


def _pair(name, kwargs, compile, dtype=torch.float64):
    shapes = MATRICES if name == "Muon" else SHAPES
    # torch's ASGD follows a change of the learning rate one step late, ours at once
    rates = (1.0,) if name == "ASGD" else (1.0, 0.3, 2.0)
    if isinstance(kwargs.get("lr"), torch.Tensor):
        rates = (1.0,)
    ours, _ = train(lambda p: getattr(gdcore.optim, name)(p, **kwargs, compile=compile), shapes=shapes, dtype=dtype, rates=rates)
    theirs, _ = train(lambda p: getattr(torch.optim, name)(p, **kwargs, foreach=False) if name != "Muon" else
                      torch.optim.Muon(p, **kwargs), shapes=shapes, dtype=dtype, rates=rates)
    return ours, theirs


def test_the_database_holds_what_it_should():
    assert set(CLASSES) == {"SGD", "ASGD", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adafactor",
                            "Rprop", "Muon"}
    assert len(list(configurations())) >= 70


@pytest.mark.parametrize(("name", "kwargs"), list(configurations()))
def test_same_steps_as_torch(name, kwargs):
    ours, theirs = _pair(name, kwargs, compile=False)
    assert distance(ours, theirs) <= TOLERANCE.get(name, 1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kwargs"), [c for c in configurations() if c.values[0] not in ("Adafactor", "Muon")])
def test_same_steps_as_torch_when_compiled(name, kwargs):
    ours, theirs = _pair(name, kwargs, compile=True)
    assert distance(ours, theirs) <= TOLERANCE.get(name, 1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(CLASSES) - {"Muon", "Adafactor"}))
@pytest.mark.parametrize("compile", [False, True])
def test_single_precision_stays_near_double(name, compile):
    """30 steps in float32 differ from float64 by rounding only: a few hundred units of the last place."""
    single, _ = _pair(name, {}, compile, torch.float32)
    double, _ = _pair(name, {}, compile, torch.float64)
    assert all(p.dtype == torch.float32 for p in single)
    # Rprop, and divisions by a tiny root, may turn on the sign of a rounding error in single entries: compare the bulk
    worst = max(
        (a.double() - b).abs().flatten().kthvalue(max(1, int(0.99 * a.numel()))).values.item() for a, b in zip(single, double, strict=True)
    )
    assert worst < 2e-5


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_half_precision_as_torch(name, dtype):
    kwargs = {} if name == "SGD" else {"eps": 1e-3}  # 1e-8 is zero in float16
    ours, theirs = _pair(name, kwargs, False, dtype)
    assert all(p.dtype == dtype for p in ours)
    assert distance([p.double() for p in ours], [p.double() for p in theirs]) < 30 * torch.finfo(dtype).eps


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adamax", "NAdam", "RAdam", "Rprop", "Adadelta"])
@pytest.mark.parametrize("compile", [False, True])
def test_complex_parameters_as_torch(name, compile):
    ours, theirs = _pair(name, {}, compile, torch.complex128)
    assert distance(ours, theirs) <= TOLERANCE.get(name, 1e-12)


@pytest.mark.parametrize("name", sorted(set(CLASSES) - {"Adafactor", "Muon"}))
def test_autograd_goes_through_steps_as_through_torchs(name):
    """differentiable=True: the slopes of what the steps leave, by the start and by each gradient."""
    steps = 1 if name in ("Adamax", "Rprop") else 2  # torch's write over what the graph of a second step needs

    def slopes(cls):
        torch.manual_seed(0)
        start, *gradients = inputs = [torch.randn(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(1 + steps)]
        p = start.clone()
        optimizer = cls([p], lr=0.1, weight_decay=0.1, differentiable=True) if name != "Rprop" else cls([p], lr=0.1, differentiable=True)
        for p.grad in gradients:
            optimizer.step()
        found = torch.autograd.grad((p**3).sum(), inputs, allow_unused=True)
        return [torch.zeros_like(start) if f is None else f for f in found]

    ours, theirs = slopes(getattr(gdcore.optim, name)), slopes(getattr(torch.optim, name))
    assert ours[0].abs().max() > 0 and (name == "Rprop" or ours[1].abs().max() > 0)
    # torch's Adam corrects its bias in single precision where autograd watches; the slope of Adamax by g is nearly 0: a rounding
    assert distance(ours, theirs) <= {"Adam": 1e-4, "AdamW": 1e-4, "Adamax": 1e-8}.get(name, TOLERANCE.get(name, 1e-10))


def test_what_autograd_cannot_follow_is_refused():
    leaf = torch.nn.Parameter(torch.ones(2))
    with pytest.raises(RuntimeError, match="autograd cannot see into a kernel"):
        gdcore.optim.Adam([leaf], differentiable=True, fused=True)
    with pytest.raises(ValueError, match="gdcore.algorithms.unroll"):
        gdcore.optim.Adam([leaf], lr=torch.tensor(0.1, requires_grad=True), differentiable=True)
    leaf.grad = torch.ones(2)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):  # torch's own words, of torch's optimizers too
        gdcore.optim.Adam([leaf], differentiable=True).step()


@pytest.mark.parametrize("compile", [False, True])
def test_other_memory_layouts(compile):
    """A convolution's weights in channels-last order, and a transposed matrix."""

    def run(make):
        torch.manual_seed(0)
        params = [torch.nn.Parameter(torch.randn(4, 3, 5, 5, dtype=torch.float64).to(memory_format=torch.channels_last)),
                  torch.nn.Parameter(torch.randn(7, 5, dtype=torch.float64).t())]
        optimizer = make(params)
        for _ in range(5):
            for p in params:
                p.grad = torch.randn(p.shape, dtype=p.dtype)
            optimizer.step()
        return params

    ours = run(lambda p: gdcore.optim.Adam(p, compile=compile))
    assert distance(ours, run(torch.optim.Adam)) < 1e-12


@pytest.mark.parametrize("kwargs", [{}, {"nesterov": False, "weight_decay": 0.5, "adjust_lr_fn": "match_rms_adamw"}])
def test_muon_iterates_in_bfloat16_unless_told_otherwise(kwargs):
    """Both are as near to torch's as the digits of bfloat16 allow, and apart from each other by the same."""
    half, full = (train(lambda p, n=n: gdcore.optim.Muon(p, **kwargs, ns_precision=n), shapes=MATRICES)[0] for n in ("bfloat16", "full"))
    theirs, _ = train(lambda p: torch.optim.Muon(p, **kwargs), shapes=MATRICES)
    plain, _ = train(lambda p: gdcore.optim.Muon(p, **kwargs), shapes=MATRICES)
    assert distance(plain, half) == 0
    assert max(distance(half, theirs), distance(full, theirs)) < 1e-3
    assert distance(half, full) > 1e-6


def test_muon_names_its_precisions():
    with pytest.raises(ValueError, match="ns_precision = 'half', but it must be 'full' or 'bfloat16'"):
        gdcore.optim.Muon([torch.nn.Parameter(torch.ones(2, 2))], ns_precision="half")
