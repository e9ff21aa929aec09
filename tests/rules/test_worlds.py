"""One `update`, every world: the same numbers, nothing imported too early, nothing changed in place."""

import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import gdcore.rules as R
from gdcore.rules import arithmetic
from gdcore.rules.hyperparameters import HYPERPARAMETERS
from tests.rules.table import distance, problem, trajectory

ALL = [rule() for rule in R.RULES] + [wrapper(R.Adam()) for wrapper in R.WRAPPERS] + [
    R.RMSProp(centered=True, momentum=0.9), R.L2(R.NAdam(), 0.1), R.Ascent(R.AdaBelief()), R.DecoupledDecay(R.Yogi(), 0.1),
    R.SOAP(precondition_frequency=3), R.Sophia(), R.Prodigy(d0=1e-2, bias_correction=True), R.DecoupledDecay(R.Cautious(R.Lion()), 0.1)]
ENTRY = [rule for rule in ALL if rule.reads == "entry"]


def name(rule):
    return type(rule).__name__


def in_world(rule, convert, read=np.asarray):
    # the products of a tall gradient leave some directions of SOAP's basis open
    x0, gradients = problem("square" if isinstance(rule, R.SOAP) else "matrix", 12)
    iterates = trajectory(rule, convert(x0), [convert(g) for g in gradients], [rule.hyperparameters()["lr"]] * 12)
    return [read(x) for x in iterates]


def near(rule, usual):
    """How near two worlds come: Shampoo and SOAP decompose a matrix whose condition number is 1e5, by different eigenvalue solvers."""
    return 1e-9 if isinstance(rule, R.Shampoo | R.SOAP) else usual


@pytest.mark.parametrize("rule", ALL, ids=name)
@pytest.mark.parametrize("convert", [torch.tensor, jnp.asarray], ids=["torch", "jax"])
def test_arrays_of_all_frameworks_agree(rule, convert):
    assert distance(in_world(rule, convert), in_world(rule, np.asarray)) < near(rule, 1e-13)


@pytest.mark.parametrize("rule", ENTRY, ids=name)
def test_python_floats_agree_with_arrays(rule):
    x0, gradients = problem("matrix", 12)
    lrs = [rule.hyperparameters()["lr"]] * 12
    arrays = trajectory(rule, x0, gradients, lrs)
    for i in np.ndindex(6, 4):
        floats = trajectory(rule, float(x0[i]), [float(g[i]) for g in gradients], lrs)
        assert all(type(x) is float for x in floats)
        assert distance([np.asarray(x) for x in floats], [a[i] for a in arrays]) < 1e-13


@pytest.mark.parametrize("rule", [R.LARS(), R.LAMB(), R.Adafactor(), R.Prodigy(), R.Cautious(R.Adam())], ids=name)
def test_a_number_is_a_tensor_of_one_entry(rule):
    x0, gradients = problem("number", 12)
    arrays = trajectory(rule, x0, gradients, [rule.lr] * 12)
    floats = trajectory(rule, float(x0), [float(g) for g in gradients], [rule.lr] * 12)
    assert distance([np.asarray(x) for x in floats], arrays) < 1e-13


@pytest.mark.parametrize("rule", [R.Muon(), R.Shampoo(), R.SOAP()], ids=name)
@pytest.mark.parametrize("x", [1.0, np.ones(5), torch.ones(2, 3, 4)], ids=["float", "vector", "cube"])
def test_matrix_rules_say_that_they_want_a_matrix(rule, x):
    with pytest.raises(ValueError, match="works on matrices and got an array of shape"):
        rule.update(x, x, 1, *rule.init(x))


@pytest.mark.parametrize("rule", ALL, ids=name)
def test_update_changes_none_of_its_arguments(rule):
    x, (g, *_) = problem("matrix")
    state = rule.init(x)
    _, *state = rule.update(x, g, 1, *state)
    before = [np.copy(a) for a in (x, g, *state)]
    rule.update(x, g, 2, *state)
    assert all(np.array_equal(a, b) for a, b in zip(before, (x, g, *state), strict=True))


@pytest.mark.parametrize("rule", ALL, ids=name)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_precision_is_kept(rule, dtype):
    x = torch.ones(4, 3, dtype=dtype)
    state = rule.init(x)
    for t in (1, 2):
        x, *state = rule.update(x, x, t, *state)
        assert all(a.dtype == dtype for a in (x, *state) if isinstance(a, torch.Tensor))


@pytest.mark.parametrize("modules", ["gdcore", "gdcore.rules"])
def test_importing_rules_imports_no_framework(modules):
    code = f"import sys, {modules}; print([m for m in ('torch', 'numpy', 'jax', 'sympy', 'matplotlib', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("rule", ALL, ids=name)
def test_values_out_of_range_are_named(rule):
    checked = 0
    for field, value in rule.hyperparameters().items():
        known = HYPERPARAMETERS.get(field)
        if known is None or isinstance(value, (bool, str, tuple)):
            continue
        for wrong in (known.low - 1, known.high if known.open_high else known.high + 1, float("nan")):
            if np.isinf(wrong):
                continue
            checked += 1
            with pytest.raises(ValueError, match=f"{field} = .*must lie in"):
                rule.with_hyperparameters(**{field: wrong})
    assert checked


def test_every_hyperparameter_is_in_the_table():
    for rule in ALL:
        for field, value in rule.hyperparameters().items():
            assert field in HYPERPARAMETERS or isinstance(value, (bool, str, tuple)), (name(rule), field)


def test_wrappers_want_a_rule():
    with pytest.raises(TypeError, match="wraps a rule such as Adam"):
        R.Lookahead("adam")


def test_decoupled_decay_wants_the_learning_rate_beside_it():
    with pytest.raises(TypeError, match="learning rate of the rule in it, and EMA has none of its own; put DecoupledDecay inside"):
        R.DecoupledDecay(R.EMA(R.GD()), 0.1)


def test_a_rule_without_an_update_says_so():
    with pytest.raises(NotImplementedError, match="write update"):
        R.Rule().update(1.0, 1.0, 1)


def test_hyperparameters_of_wrapped_rules_are_one_dictionary():
    rule = R.Lookahead(R.L2(R.Adam(lr=0.1), 0.2), sync_period=3)
    assert rule.hyperparameters() == {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.2, "sync_period": 3,
                                      "slow_step_size": 0.5}
    changed = rule.with_hyperparameters(lr=0.5, sync_period=7)
    assert (changed.rule.rule.lr, changed.sync_period, changed.rule.weight_decay) == (0.5, 7, 0.2)


class Products(TorchDispatchMode):
    """Notes the dtypes in which matrices are multiplied."""

    def __init__(self):
        super().__init__()
        self.dtypes = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if "mm" in function.__name__:
            self.dtypes |= {a.dtype for a in args if isinstance(a, torch.Tensor)}
        return function(*args, **kwargs or {})


@pytest.mark.parametrize("able", [True, False])
def test_bfloat16_is_multiplied_in_single_precision_where_the_processor_has_no_instructions_for_it(able, monkeypatch):
    """The same product: float64's to half a unit of the last place, and a little for the order of the sum."""
    monkeypatch.setattr(arithmetic, "_multiplies_bfloat16", lambda: able)
    a, b, c = (x.bfloat16() for x in torch.randn(3, 40, 40, generator=torch.Generator().manual_seed(0)))
    with Products() as seen:
        found = arithmetic.matmul(a, b), arithmetic.addmm(c, a, b, -4.775, 2.0315)
    exact = a.double() @ b.double(), -4.775 * c.double() + 2.0315 * (a.double() @ b.double())
    assert seen.dtypes == {torch.bfloat16 if able else torch.float32}
    for ours, true in zip(found, exact, strict=True):
        assert ours.dtype == torch.bfloat16
        assert ((ours.double() - true).abs() <= 0.501 * torch.finfo(torch.bfloat16).eps * true.abs() + 1e-5).all()
