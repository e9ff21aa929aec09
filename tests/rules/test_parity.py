"""Each rule, step by step, against torch, optax, schedulefree or an oracle."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest
import pytorch_optimizer

import gdcore.rules as R
from tests.rules import reference as ref
from tests.rules.table import ROWS, distance, expected, problem, rates, trajectory

CASES = [pytest.param(i, shape, id=f"{row.name}-{shape}-{i}") for i, row in enumerate(ROWS) for shape in row.shapes]


@pytest.mark.parametrize(("index", "shape"), CASES)
def test_same_iterates(index, shape):
    row = ROWS[index]
    x0, gradients = problem(shape)
    ours = trajectory(row.rule, x0, gradients, rates(row), row.answer)
    assert distance(ours, expected(index, shape)) <= row.tolerance, row.why


def test_a_rule_keeps_what_its_update_takes_from_wherever_that_comes():
    class Steps:  # no rule itself
        def update(self, x, g, t, v):
            return x - g - v, v

    class Mixed(Steps, R.Rule):
        pass

    class Inherits(R.Adam):
        pass

    assert Mixed().state_names == ("v",) and Inherits().state_names == R.Adam().state_names and R.Rule().state_names == ()


def test_every_rule_has_a_row_and_every_wide_tolerance_a_reason():
    compared = {type(inner) for row in ROWS for inner in (row.rule, getattr(row.rule, "rule", row.rule))}
    assert compared | {R.SAM} >= {*R.RULES, *R.WRAPPERS, *R.COMPOSITIONS, *R.TOLD, R.SOAP}  # SAM's second gradient has a test of its own
    assert all(row.why for row in ROWS if row.tolerance > 1e-12)


def test_sam_against_its_definition():
    """The gradient of ½xᵀHx is taken at x + ρ g/‖g‖: in closed form x - η H (x + ρ Hx/‖Hx‖)."""
    h, x = np.diag([1.0, 10.0]), np.array([1.0, 2.0])
    rule = R.SAM(R.GD(lr=0.05), radius=0.3)
    g = h @ x
    up = rule.probe(x, g, 1)
    assert np.allclose(up, x + 0.3 * g / np.hypot(*g), rtol=1e-15)
    (new,) = rule.update(x, h @ up, 1)
    assert np.allclose(new, x - 0.05 * h @ up, rtol=1e-15)
    assert np.isclose(np.linalg.norm(up - x), 0.3, rtol=1e-14)
    assert np.array_equal(rule.probe(x, 0 * g, 1), x)


def test_cautious_masks_what_pytorch_optimizer_masks():
    """Lion's step there and here, from the same gradients: it differs by the older scale, n/(kept + 1) for n/kept, and by nothing else."""
    x0, gradients = problem("matrix")
    ours = trajectory(R.Cautious(R.Lion(0.01)), x0, gradients, [0.01] * 30)
    theirs = ref.by_torch(pytorch_optimizer.Lion, weight_decay=0.0, cautious=True)(x0, gradients, [0.01] * 30)
    for k in range(1, 30):
        step, other = ours[k] - ours[k - 1], theirs[k] - theirs[k - 1]
        kept = np.count_nonzero(step)
        assert 0 < kept < step.size or k < 5
        assert np.allclose(step * kept / (kept + 1), other, rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("beta1", [0.5, 0.9])
def test_sophia_against_optax(beta1):
    """optax corrects the average for its start and takes the curvature a step late, both of which can be put in."""
    x0, gradients = problem("matrix")
    told = [abs(g) * 30 - 1e-4 for g in gradients]
    at = optax.GradientTransformation(lambda params: jnp.array(0), lambda g, k, params=None: (jnp.asarray(told)[k], k + 1))
    make = lambda lr, **kwargs: optax.contrib.sophia(lr, hessian_diagonal_fn=at, update_interval=1, **kwargs)
    theirs = ref.by_optax(make, b1=beta1, b2=0.9, gamma=0.04, eps=1e-3, weight_decay=0.5)(x0, gradients, [0.01] * 30)
    x, m, h = x0, 0 * x0, 0 * x0
    for t, g in enumerate(gradients, 1):
        rule, correct = R.Sophia(0.01, beta1, 0.9, 0.04, 1e-3, 0.5), 1 - beta1**t
        x, m, h = rule.with_hyperparameters(gamma=rule.gamma * correct, eps=rule.eps * correct).update(x, g, t, m, h)
        h = rule.measured(h, told[t - 1])
        assert np.abs(x - theirs[t - 1]).max() < 1e-13


def test_a_decay_inside_cautious_is_refused():
    for rule in (R.AdamW(), R.L2(R.GD(), 0.1), R.Lookahead(R.Lion(weight_decay=0.1))):
        with pytest.raises(ValueError, match=r"would mask a weight decay .* write DecoupledDecay\(Cautious"):
            R.Cautious(rule)
    assert R.DecoupledDecay(R.Cautious(R.AdamW(weight_decay=0.0)), 0.1).hyperparameters()["weight_decay"] == 0.1


# What the book says about differences between the libraries is a measurement, too.
DIFFERENT = [
    pytest.param(R.AdaGrad(0.1, eps=1e-7), ref.by_optax(optax.adagrad), 0.05, id="optax's AdaGrad starts at 0.1, epsilon inside the root"),
    pytest.param(R.RMSProp(0.01, 0.9), ref.by_optax(optax.rmsprop), 0.005, id="optax's RMSProp has epsilon inside the root"),
    pytest.param(R.AMSGrad(0.1), ref.by_optax(optax.amsgrad), 0.01, id="optax's AMSGrad compares corrected memories"),
    pytest.param(R.NAdam(0.1), ref.by_optax(optax.nadam), 0.01, id="optax's NAdam has a constant momentum"),
    pytest.param(R.Rprop(), ref.by_optax(lambda lr: optax.rprop(0.01)), 0.001, id="optax's Rprop does not rest after a change of sign"),
    pytest.param(R.LARS(0.1, 0.9, 0.5, 0.01), ref.by_optax(optax.lars, momentum=0.9, weight_decay=0.5, trust_coefficient=0.01), 1e-5,
                 id="optax's LARS divides by the norm of the sum"),
]


@pytest.mark.parametrize(("rule", "theirs", "at_least"), DIFFERENT)
def test_known_differences_are_there(rule, theirs, at_least):
    x0, gradients = problem("matrix")
    lrs = [rule.lr] * 30
    assert distance(trajectory(rule, x0, gradients, lrs), theirs(x0, gradients, lrs)) > at_least
