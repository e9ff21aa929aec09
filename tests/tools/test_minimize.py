"""minimize: how runs end, what they cost, every world, every rule, and the theory of descent to the last digits."""

import math
import warnings

import jax.numpy as jnp
import numpy as np
import pytest
import torch

import gdcore.rules as R
from gdcore import surfaces as S
from gdcore.minimize import minimize
from gdcore.minimize.objective import central_differences
from gdcore.rules import GD, SAM, Adam, HeavyBall

BOWL = S.quadratic(100)


class Counted:
    """A function that counts its calls."""

    def __init__(self, f):
        self.f, self.calls = f, 0

    def __call__(self, x):
        self.calls += 1
        return self.f(x)


def square_sum(x):
    return (x**2).sum() / 2


# -- theory (Nesterov 2004, section 2.1.5; the numbers are for curvatures 1 and 100) -------------------------


def test_the_best_constant_rate_contracts_each_step_by_exactly_kappa_minus_one_over_kappa_plus_one():
    trace = minimize(BOWL, [1.0, 1.0], GD(2 / 101), 500, tolerance=None)
    ratios = np.abs(trace.x[1:] / trace.x[:-1])
    assert ratios.shape == (500, 2) and np.abs(ratios - 99 / 101).max() < 1e-12


def test_at_the_edge_of_stability_the_distance_stays_the_same():
    trace = minimize(BOWL, [0.0, 1.0], GD(2 / 100), 2000)
    assert trace.status == "budget spent" and np.abs(np.abs(trace.x[:, 1]) - 1).max() < 1e-12


@pytest.mark.parametrize("factor, end", [(1.999, 0.135), (2.001, 7.38)])
def test_just_below_the_edge_it_falls_and_just_above_it_grows(factor, end):
    trace = minimize(BOWL, [0.0, 1.0], GD(factor / 100), 2000)
    assert abs(trace.x[-1, 1]) == pytest.approx(end, rel=5e-3)


# -- how runs end --------------------------------------------------------------------------------------------


def test_converged_is_the_first_gradient_within_the_tolerance():
    trace = minimize(BOWL, None, GD(0.01), 5000, tolerance=1e-6)
    assert trace.status == "converged" and trace.step == len(trace) - 1 < 5000
    assert trace.gradient_norms[-1] <= 1e-6 < trace.gradient_norms[:-1].min()
    assert trace.message.startswith(f"converged at step {trace.step}: the gradient's length 9.")


def test_a_start_that_is_stationary_converges_at_step_0():
    trace = minimize(BOWL, [0.0, 0.0], GD(0.1))
    assert (trace.status, trace.step, len(trace)) == ("converged", 0, 1)


def test_without_a_tolerance_all_steps_are_made():
    trace = minimize(BOWL, [0.0, 0.0], GD(0.1), 7, tolerance=None)
    assert (trace.status, trace.step, len(trace)) == ("budget spent", 7, 8)


def test_a_target_ends_the_run_at_the_first_value_that_reaches_it():
    trace = minimize(BOWL, None, GD(0.01), target=0.1)
    assert trace.status == "converged" and "reached the target 0.1" in trace.message
    assert trace.values[-1] <= 0.1 < trace.values[:-1].min() and trace.steps_to(0.1) == trace.step


def test_budget_spent():
    trace = minimize(BOWL, None, GD(0.01), 10)
    assert (trace.status, trace.step, len(trace)) == ("budget spent", 10, 11)
    assert minimize(BOWL, None, GD(0.01), 0).step == 0


@pytest.mark.parametrize("x0", [3.0, np.array(3.0), np.array([3.0]), torch.tensor(3.0, dtype=torch.float64), jnp.array(3.0)],
                         ids=["float", "number", "vector", "torch", "jax"])
def test_divergence_is_a_result_and_keeps_all_that_is_finite(x0):
    trace = minimize(S.quartic, x0, GD(1.0))
    assert trace.status == "diverged" and 3 <= trace.step <= 8 and len(trace) == trace.step
    assert trace.message.startswith(f"diverged at step {trace.step}: ")
    for kept in (trace.x, trace.values, trace.gradient_norms, trace.answers):
        assert len(kept) == trace.step and np.isfinite(kept).all()
    assert np.ravel(trace.best) == 3.0 and np.isfinite(np.ravel(trace.answer))


@pytest.mark.parametrize("f, gradient, why", [
    (lambda x: x[0] ** 2 if abs(x[0]) < 10 else math.nan, lambda x: 2 * x, "the value is nan"),
    (lambda x: -math.inf if abs(x[0]) > 10 else 0.0, lambda x: 2 * x, "the value is -inf"),
    (lambda x: x[0] ** 2, lambda x: 2 * x if abs(x[0]) < 10 else x * np.nan, "the gradient is not finite"),
    (lambda x: 0.0, lambda x: 2 * x if abs(x[0]) < 10 else np.full(1, 1.7e308), "x is no longer finite")])
def test_divergence_names_what_is_not_finite(f, gradient, why):
    trace = minimize(f, [1.0], GD(1.5), gradient=gradient)  # x = 1, −2, 4, −8, 16
    assert trace.status == "diverged" and trace.message.endswith(why)
    assert trace.step == (5 if why.startswith("x") else 4)


def test_a_start_without_a_value_is_a_divergence_at_step_0():
    trace = minimize(S.ackley(), [0.0, 0.0])
    assert (trace.status, trace.step, len(trace), trace.x.shape) == ("diverged", 0, 0, (0, 2))
    assert "gradient is not finite" in repr(trace) and trace.answer.tolist() == trace.best.tolist() == [0, 0]
    assert trace.steps_to(1) == math.inf


@pytest.mark.parametrize("world", [np.asarray, torch.tensor, jnp.asarray], ids=["numpy", "torch", "jax"])
def test_a_rule_that_cannot_go_on_diverges(world):
    # the squares that Shampoo keeps overflow, and no eigenvalue solver takes infinity; JAX is single or double as others have set it
    x0 = world(np.full((2, 2), 1.0))
    huge = 1e30 if x0.dtype.itemsize == 4 else 1e200
    trace = minimize(lambda x: (x**2).sum(), x0, R.Shampoo(lr=1e3), gradient=lambda x: huge * x)
    assert trace.status == "diverged" and len(trace) in (trace.step, trace.step + 1) and np.isfinite(trace.x).all()


@pytest.mark.parametrize("error", [OverflowError, np.linalg.LinAlgError, torch.linalg.LinAlgError])
def test_a_rule_whose_solver_gives_up_diverges(error):
    class Fragile(R.Rule):
        def update(self, x, g, t):
            if t == 3:
                raise error("no convergence")
            return (x / 2,)

    trace = minimize(BOWL, None, Fragile())
    assert trace.message == "diverged at step 2: the next point cannot be computed (no convergence)" and len(trace) == 3


def test_large_finite_gradients_are_no_divergence():
    trace = minimize(lambda x: x.sum() * 1e200, np.ones(3), GD(1e-200), 3, gradient=lambda x: np.full(3, 1e200))
    assert trace.status == "budget spent" and trace.gradient_norms[0] == pytest.approx(3**0.5 * 1e200)


def test_numpy_does_not_warn_about_what_the_trace_reports(recwarn):
    minimize(S.rosenbrock, None, GD(1.0))
    assert not recwarn.list


def test_the_callback_sees_every_point_and_stops():
    seen = []

    def callback(step, x, value, norm):
        seen.append((step, *x, value, norm))
        return value < 1

    trace = minimize(BOWL, None, GD(0.01), callback=callback)
    assert trace.status == "stopped" and trace.message.endswith("the callback asked for it")
    np.testing.assert_array_equal(seen, np.column_stack([np.arange(len(trace)), trace.x, trace.values, trace.gradient_norms]))
    assert trace.values[-1] < 1 <= trace.values[:-1].min()
    assert minimize(BOWL, None, GD(0.01), 5, callback=lambda *now: 1.0).status == "budget spent"


@pytest.mark.parametrize("calls", [0, 1, 5])
def test_the_keyboard_stops_a_run_and_loses_nothing(calls):
    f = Counted(BOWL)

    def interrupted(x):
        if f.calls == calls:
            raise KeyboardInterrupt
        return f(x)

    trace = minimize(interrupted, [1.0, 1.0], GD(0.01), gradient=BOWL.gradient)
    assert trace.status == "stopped" and "keyboard" in trace.message and len(trace) == calls
    np.testing.assert_array_equal(trace.x, minimize(BOWL, None, GD(0.01), 10).x[:calls])


def test_what_f_raises_comes_through():
    with pytest.raises(KeyError):
        minimize(lambda x: {}["x"], 1.0)


# -- cost ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [GD(0.01), SAM(GD(0.01))], ids=["GD", "SAM"])
@pytest.mark.parametrize("x0, gradient, per_gradient", [
    (np.ones(3), None, 6), (np.ones((2, 2)), None, 8), (1.0, None, 2), (np.ones(3), lambda x: x, 0), (torch.ones(3), None, 0),
    (torch.ones(3), lambda x: x, 0), (jnp.ones(3), None, 0)],
    ids=["numpy", "matrix", "float", "numpy-given", "torch", "torch-given", "jax"])
def test_the_counts_are_the_calls(rule, x0, gradient, per_gradient):
    f, sam = Counted(lambda x: x * x / 2 if isinstance(x, float) else square_sum(x)), isinstance(rule, SAM)
    g = Counted(gradient) if gradient else None
    trace = minimize(f, x0, rule, 10, gradient=g)
    assert (trace.step, trace.gradient_evaluations) == (10, 21 if sam else 11)
    assert trace.evaluations == f.calls
    automatic = per_gradient == 0 and gradient is None  # comes with the value; a probe needs a value of its own
    assert f.calls == 11 + (10 if sam and automatic else 0) + per_gradient * trace.gradient_evaluations
    if g:
        assert g.calls == trace.gradient_evaluations


def test_sharpness_aware_steps_use_the_gradient_uphill():
    trace = minimize(BOWL, [1.0, 0.5], SAM(GD(0.01), radius=0.1), 1)
    x = np.array([1.0, 0.5])
    g = BOWL.gradient(x)
    np.testing.assert_allclose(trace.x[1], x - 0.01 * BOWL.gradient(x + 0.1 * g / np.linalg.norm(g)), rtol=1e-14)


# -- worlds and ways to a gradient ---------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [
    GD(0.01), HeavyBall(0.01), Adam(0.1), SAM(Adam(0.1)), R.EMA(GD(0.01)), R.ScheduleFreeAdamW(0.1)],
    ids=lambda r: type(r).__name__)
@pytest.mark.parametrize("given", [True, False], ids=["given", "automatic"])
def test_all_worlds_walk_the_same_path(rule, given):
    f = BOWL if given else lambda x: BOWL(x)
    path = minimize(BOWL, np.ones(2), rule, 50)
    starts = [([1, 1], 1e-8), (np.ones(2, int), 1e-8), (torch.ones(2, dtype=torch.float64), 1e-13), (jnp.ones(2), 1e-4)]
    for x0, tolerance in starts:
        trace = minimize(f, x0, rule, 50)
        np.testing.assert_allclose(trace.x, path.x, atol=tolerance)
        np.testing.assert_allclose(trace.answers, path.answers, atol=tolerance)
        assert isinstance(trace.x, np.ndarray) and trace.x.shape == (51, 2) and trace.values.dtype == np.float64
        for point in (trace.answer, trace.best):
            assert type(point) is type(np.asarray(x0) if isinstance(x0, list) else x0)
        np.testing.assert_array_equal(np.asarray(trace.answer), trace.answers[-1])
        np.testing.assert_array_equal(np.asarray(trace.best), trace.x[trace.values.argmin()])


def test_python_floats_stay_python_floats():
    kinds = set()
    trace = minimize(lambda x: kinds.add(type(x)) or (x - 1) ** 2, 3, Adam(0.1), 20)
    assert kinds == {float} and type(trace.answer) is float and trace.x.shape == (21,)
    assert trace.x == pytest.approx(minimize(lambda x: ((x - 1) ** 2).sum(), [3.0], Adam(0.1), 20).x[:, 0], abs=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_dtypes_stay(dtype):
    trace = minimize(square_sum, torch.ones(2, dtype=getattr(torch, dtype)), GD(0.1), 3)
    assert trace.answer.dtype == getattr(torch, dtype) and not trace.answer.requires_grad
    if dtype != "bfloat16":
        trace = minimize(square_sum, np.ones(2, dtype), GD(np.float32(0.1)), 3)
        assert trace.answer.dtype == dtype and trace.x.dtype == dtype


def test_differences_are_taken_in_double_precision():
    kinds = set()
    f = lambda x: kinds.add(x.dtype) or np.exp(x).sum()
    trace = minimize(f, np.zeros(3, np.float32), GD(0.1), 0)
    assert np.dtype("float64") in kinds
    assert trace.gradient_norms[0] == pytest.approx(3**0.5, rel=1e-7)  # differences in single precision have 4 digits


def test_the_start_is_left_alone():
    for x0 in (np.ones(2), torch.ones(2, requires_grad=True), [1.0, 1.0]):
        trace = minimize(lambda x: (x**2).sum(), x0, GD(0.1), 3)
        assert [float(v) for v in torch.as_tensor(x0).detach()] == [1, 1] and trace.x[0].tolist() == [1, 1]
        assert getattr(x0, "grad", None) is None
        assert not getattr(trace.answer, "requires_grad", False)
        assert isinstance(x0, list) or minimize(lambda x: (x**2).sum(), x0, GD(0.1), 0).answer is not x0


def test_functions_that_work_in_place_do_not_reach_the_history():
    def f(x):
        value = float((x**2).sum())
        x *= 0
        return value

    trace = minimize(f, np.ones(2), GD(0.1), 3, gradient=lambda x: np.ones(2))
    assert trace.x[1].tolist() == [0.9, 0.9]


def test_a_given_gradient_may_be_torchs_backward():
    def gradient(x):
        leaf = x.clone().requires_grad_()
        square_sum(leaf).backward()
        return leaf.grad

    x0 = torch.ones(3, dtype=torch.float64)
    own, automatic = minimize(square_sum, x0, GD(0.1), 5, gradient=gradient), minimize(square_sum, x0, GD(0.1), 5)
    np.testing.assert_array_equal(own.x, automatic.x)


def test_under_no_grad_torch_finds_the_gradient_all_the_same():
    with torch.no_grad():
        assert minimize(square_sum, torch.ones(2), GD(0.5), 100).status == "converged"


# -- rules ---------------------------------------------------------------------------------------------------

RATES = {"Adadelta": 1.0, "Adafactor": 0.3, "LARS": 10.0, "Muon": 0.02, "ScheduleFreeSGD": 0.5, "ScheduleFreeAdamW": 0.3,
         "GD": 0.05, "HeavyBall": 0.02, "Nesterov": 0.02, "ASGD": 0.05, "AdaGrad": 1.0, "Rprop": 0.1, "Shampoo": 0.5}
ALL = [*R.RULES, *R.WRAPPERS, *R.COMPOSITIONS]


def made(kind):
    """The rule with a rate that suits the bowl below."""
    if kind is R.Ascent:
        return kind(GD(0.05))
    if issubclass(kind, R.Wrapper):
        return kind(Adam(0.05)) if kind is not R.EMA else kind(Adam(0.05), decay=0.9)
    return kind(lr=RATES.get(kind.__name__, 0.05))


@pytest.mark.parametrize("kind", ALL, ids=lambda k: k.__name__)
def test_every_rule_descends_on_a_bowl_of_matrices(kind):
    curvature = np.geomspace(1, 10, 12).reshape(3, 4)
    sign = -1 if kind is R.Ascent else 1
    x0 = np.random.default_rng(0).normal(size=(3, 4))
    trace = minimize(lambda x: sign * (curvature * x**2).sum() / 2, x0, made(kind), 400, gradient=lambda x: sign * curvature * x)
    assert trace.status in ("budget spent", "converged") and trace.x.shape == (len(trace), 3, 4)
    values = [sign * (curvature * x**2).sum() / 2 for x in trace.answers]
    assert abs(values[-1]) < 0.02 * abs(values[0])


def test_averages_report_their_answer():
    rule = R.EMA(GD(0.01), decay=0.9)
    trace = minimize(BOWL, None, rule, 30)
    plain = minimize(BOWL, None, GD(0.01), 30)
    np.testing.assert_array_equal(trace.x, plain.x)
    average = trace.x[0]
    for x in trace.x[1:]:
        average = 0.9 * average + (1 - 0.9) * x
    np.testing.assert_allclose(trace.answer, average, rtol=1e-14)
    assert not np.allclose(trace.answer, trace.x[-1]) and plain.answers[-1] is not plain.x[-1]
    np.testing.assert_array_equal(plain.answers, plain.x)


def test_a_schedule_is_a_factor_on_the_learning_rate_from_step_0():
    factors = [1.0, 0.5, 0.0, 2.0]
    trace = minimize(BOWL, None, HeavyBall(0.01, 0.9), 4, schedule=lambda t: factors[t])
    x, v = np.ones(2), np.zeros(2)
    for factor, iterate in zip(factors, trace.x[1:]):
        v = 0.9 * v + BOWL.gradient(x)
        x = x - 0.01 * factor * v
        np.testing.assert_allclose(iterate, x, rtol=1e-14)
    wrapped = minimize(BOWL, None, R.Lookahead(GD(0.01)), 4, schedule=lambda t: 0.0)
    np.testing.assert_array_equal(wrapped.x, np.ones((5, 2)))


@pytest.mark.parametrize("around", [R.EMA, R.Lookahead, R.L2])
def test_a_rule_around_sam_still_takes_the_second_gradient(around):
    f = S.rosenbrock
    inside, plain = (minimize(f, None, around(rule), 5) for rule in (SAM(GD(1e-4), radius=0.3), GD(1e-4)))
    assert inside.gradient_evaluations == 2 * 5 + 1 and np.abs(inside.x[-1] - plain.x[-1]).max() > 1e-3


def test_going_uphill_sam_looks_the_other_way():
    f = S.himmelblau
    up = minimize(lambda x: -f(x), [0.0, 0.0], R.Ascent(SAM(GD(1e-3))), 5, gradient=f.gradient)
    down = minimize(f, [0.0, 0.0], SAM(GD(1e-3)), 5, gradient=lambda x: -f.gradient(x))
    assert np.abs(up.x - down.x).max() < 1e-12


def test_a_run_of_no_step_tells_its_length_to_the_smallest_and_its_error_by_the_last_word():
    trace = minimize(lambda x: 0.0, [1.0, 1.0], steps=0, gradient=lambda x: np.array([3e-200, 4e-200]), tolerance=None)
    assert trace.gradient_norms / 5e-200 == pytest.approx([1], rel=1e-14)  # squares would be 0
    trace = minimize(lambda x: 1 / x, 0.0)
    assert trace.message == "diverged at step 0: the value cannot be computed (float division by zero)" and trace.x.shape == (0,)


def test_differences_are_taken_at_their_distance_and_counted_one_by_one():
    seen, unit = [], np.finfo(float).eps ** (1 / 3)
    for x in (0.5, 1000.0):
        central_differences(lambda x: seen.append(x) or 0.0, x)
    assert np.array(seen) - [0.5, 0.5, 1000, 1000] == pytest.approx(unit * np.array([1, -1, 1000, -1000]), rel=1e-6)
    assert minimize(lambda x: (x * x).reshape(1), np.array([3.0]), steps=1).evaluations == 6  # one number in an array is one number
    assert minimize(lambda x: x * x, 3.0, GD(0.1), 1, gradient=lambda x: [2 * x]).x[1] == pytest.approx(2.4)
    by_torch = minimize(square_sum, torch.tensor([3.0, 4.0], dtype=torch.float64), SAM(GD(0.1), radius=1.0), 1)
    assert by_torch.evaluations == 3 and by_torch.x[1] == pytest.approx([3 - 0.36, 4 - 0.48], rel=1e-14)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # torch warns of a graph that is thrown away
        assert minimize(lambda x: torch.tensor(x, requires_grad=True), 3.0, steps=0, gradient=lambda x: 1.0).values == [3.0]
