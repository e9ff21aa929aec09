"""Line searches: the conditions themselves, the count of evaluations, and what SciPy finds."""

import math
import subprocess
import sys
import warnings

import numpy as np
import pytest
import scipy.optimize
import torch

from gdcore import surfaces as S
from gdcore.line_search import _between, _Point, armijo, strong_wolfe

SMOOTH = [S.quadratic(100), S.quadratic(1000, rotation=20), S.booth, S.rosenbrock, S.beale, S.himmelblau, S.rastrigin(),
          S.ackley(), S.styblinski_tang(), S.valley_saddle, S.deep_linear(), S.logistic_regression(), S.least_squares(),
          S.ridge()]


class Counted:
    def __init__(self, f):
        self.f, self.calls = f, 0

    def __call__(self, x):
        self.calls += 1
        return self.f(x)


def lines(surface, count=20, seed=0):
    """Points and directions that go down, some long and some short."""
    rng = np.random.default_rng(seed)
    low, high = np.transpose(surface.box or ((-2.0, 2.0),) * surface.dimension)
    for i in range(count):
        x = rng.uniform(low, high)
        g = surface.gradient(x)
        p = -g * 10 ** rng.uniform(-4, 1) if i % 2 else -g + 0.5 * np.linalg.norm(g) * rng.normal(size=x.shape) / x.size**0.5
        if g @ p < 0:
            yield x, g, p


@pytest.mark.parametrize("surface", SMOOTH, ids=lambda s: s.name)
@pytest.mark.parametrize("options", [{}, dict(decrease=0.3), dict(factor=0.9, start=5.0)], ids=str)
def test_armijo_gives_the_first_step_that_falls_enough(surface, options):
    c1, factor, start = options.get("decrease", 1e-4), options.get("factor", 0.5), options.get("start", 1.0)
    for x, g, p in lines(surface):
        found = armijo(surface, x, p, **options)
        fits = lambda a, x=x, g=g, p=p: surface(x + a * p) <= surface(x) + c1 * a * (g @ p)
        assert found.found and fits(found.step) and found.value == surface(x + found.step * p)
        trials = round(math.log(found.step / start, factor))
        assert found.step == pytest.approx(start * factor**trials) and found.evaluations == trials + 2
        assert not any(fits(start * factor**i * (1 + 1e-15)) for i in range(trials))


@pytest.mark.parametrize("surface", SMOOTH, ids=lambda s: s.name)
@pytest.mark.parametrize("decrease, curvature", [(1e-4, 0.9), (1e-4, 0.1), (0.1, 0.2), (1e-3, 0.01)])
@pytest.mark.parametrize("start", [1.0, 1e-3, 50.0])
def test_strong_wolfe_fulfils_both_conditions(surface, decrease, curvature, start):
    for x, g, p in lines(surface, 10):
        found = strong_wolfe(surface, x, p, start=start, decrease=decrease, curvature=curvature)
        assert found.found, found
        new = x + found.step * p
        assert found.step > 0 and surface(new) <= surface(x) + decrease * found.step * (g @ p)
        assert abs(surface.gradient(new) @ p) <= curvature * abs(g @ p) * (1 + 1e-12)
        assert found.value == surface(new) and np.array_equal(found.gradient, surface.gradient(new))


def test_strong_wolfe_succeeds_wherever_scipy_does_with_no_more_evaluations():
    ours, theirs = [], []
    for surface in SMOOTH:
        for x, g, p in lines(surface, 20, seed=1):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # SciPy gives up now and then
                alpha, evaluations, *_ = scipy.optimize.line_search(surface, surface.gradient, x, p, gfk=g, c1=1e-4, c2=0.1)
            found = strong_wolfe(surface, x, p, curvature=0.1)
            assert found.found
            if alpha is not None:
                ours, theirs = [*ours, found.evaluations], [*theirs, evaluations]
    assert len(theirs) > 200 and np.mean(ours) < 1.1 * np.mean(theirs) and max(ours) < 25


def test_strong_wolfe_ends_at_the_lowest_of_the_points_it_saw_that_fell_enough():
    for surface in (S.rastrigin(), S.ackley(), S.himmelblau):
        for x, g, p in lines(surface, 60, seed=2):
            seen = []

            def f(at, surface=surface, seen=seen):
                seen.append(((at - x) @ p / (p @ p), surface(at)))  # noqa: B023 (called within this turn of the loop)
                return seen[-1][1]

            found = strong_wolfe(f, x, p, surface.gradient, start=3.0, curvature=0.05)
            assert found.value == min(v for a, v in seen if v <= surface(x) + 1e-4 * a * (g @ p))


def test_on_a_parabola_the_first_interpolation_is_exact():
    found = strong_wolfe(S.booth, np.array([-5.0, 5.0]), -S.booth.gradient([-5.0, 5.0]), curvature=0.001)
    g = S.booth.gradient([-5.0, 5.0])
    exact = g @ g / (g @ np.array([[10, 8], [8, 10]]) @ g)
    assert found.step == pytest.approx(exact, rel=1e-9) or found.evaluations > 3
    assert abs(found.step / exact - 1) < 1e-2


def test_the_counts_are_the_calls():
    for search in (armijo, strong_wolfe):
        f, g = Counted(S.rosenbrock), Counted(S.rosenbrock.gradient)
        x = np.array([-1.2, 1.0])
        found = search(f, x, -S.rosenbrock.gradient(x), g)
        assert (found.evaluations, found.gradient_evaluations) == (f.calls, g.calls)
        assert search is strong_wolfe or g.calls == 1


def test_armijo_takes_the_gradient_at_x_as_it_is():
    x = np.array([-1.2, 1.0])
    g = S.rosenbrock.gradient(x)
    ready, asked = armijo(lambda x: S.rosenbrock(x), x, -g, g), armijo(S.rosenbrock, x, -g)
    assert ready.step == asked.step and ready.gradient_evaluations == 0 and ready.gradient is None


def test_numbers_and_torch_tensors():
    for search in (armijo, strong_wolfe):
        number = search(S.quartic, 1.0, -4.0)
        tensor = search(S.quartic, torch.tensor(1.0, dtype=torch.float64), torch.tensor(-4.0, dtype=torch.float64))
        vector = search(lambda x: (x**4).sum(), *torch.tensor([[1.0], [-4.0]], dtype=torch.float64), lambda x: 4 * x**3)
        assert number.found and number.step == tensor.step == vector.step
        assert type(number.step) is type(number.value) is type(vector.value) is float


# -- where f has no value --------------------------------------------------------------------------------------------------------


def barrier(x):
    """x − log x, with nothing to the left of 0; its minimum is at 1."""
    return x - math.log(x) if x > 0 else math.nan


@pytest.mark.parametrize("outside", [math.nan, math.inf, -math.inf, "raise"], ids=str)
@pytest.mark.parametrize("start", [1.0, 3.0, 1e6])
def test_a_bracket_with_nan_or_infinity_in_it_is_narrowed_to_where_f_is_defined(outside, start):
    def f(x):
        if x <= 0 and outside == "raise":
            raise ZeroDivisionError
        return barrier(x) if x > 0 else outside

    for search in (armijo, strong_wolfe):
        found = search(f, 2.0, -3.0, lambda x: 1 - 1 / x if x > 0 else math.nan, start=start)
        assert found.found and 0 < 2 - 3 * found.step < 2 and found.value == barrier(2 - 3 * found.step)
    assert abs(1 - 1 / (2 - 3 * found.step)) <= 0.9 * 0.5


@pytest.mark.parametrize("outside", [math.nan, math.inf, -math.inf])
def test_a_gradient_that_is_not_finite_counts_as_too_far(outside):
    f = lambda x: (x - 1) ** 2
    found = strong_wolfe(f, 0.0, 1.0, lambda x: 2 * (x - 1) if x < 1.2 else outside, start=1.9, curvature=0.5)
    assert found.found and found.step < 1.2


# -- where there is nothing to find ----------------------------------------------------------------------------------------------


def test_armijo_with_a_wrong_gradient_says_so():
    found = armijo(lambda x: x, 0.0, 1.0, -1.0)
    assert not found.found and found.step == 0 and found.value == 0 and "is the gradient right?" in found.message


def test_a_value_that_falls_for_ever_has_no_wolfe_step():
    found = strong_wolfe(lambda x: -x, 0.0, 1.0, lambda x: -1.0)
    assert not found.found and "keeps falling" in found.message and found.value < -1e6 and found.evaluations <= 41


def test_a_kink_has_no_wolfe_step_and_the_best_is_kept():
    found = strong_wolfe(lambda x: abs(x - 1), 0.0, 1.0, lambda x: math.copysign(1.0, x - 1), start=0.7)
    assert not found.found and "no step was flat enough: the bracket is down to" in found.message
    assert found.step == pytest.approx(1, abs=1e-3) and found.value < 1e-3


@pytest.mark.parametrize("search", [armijo, strong_wolfe])
@pytest.mark.parametrize("call, kind, match", [
    (lambda s: s(S.quartic, 1.0, 1.0), ValueError, "slope along the direction is 4; a line search needs"),
    (lambda s: s(S.quartic, 0.0, 1.0), ValueError, "slope along the direction is 0"),
    (lambda s: s(lambda x: math.nan, 1.0, -1.0, lambda x: 1.0), ValueError, "f is nan at x"),
    (lambda s: s(lambda x: 1.0, 1.0, -1.0, lambda x: math.nan), ValueError, "slope along the direction is nan"),
    (lambda s: s(lambda x: x, 1.0, -1.0), TypeError, "needs a gradient, and f brings none"),
    (lambda s: s(S.quartic, 1.0, -1.0, start=0), ValueError, "start must be a number above 0, got 0"),
    (lambda s: s(S.quartic, 1.0, -1.0, decrease=1.5), ValueError, "decrease must lie between 0 and 1")])
def test_bad_arguments_get_one_clear_sentence(search, call, kind, match):
    with pytest.raises(kind, match=match) as caught:
        call(search)
    assert "\n" not in str(caught.value)


def test_other_bad_arguments():
    with pytest.raises(ValueError, match="factor must lie between 0 and 1, got 1"):
        armijo(S.quartic, 1.0, -1.0, factor=1)
    with pytest.raises(ValueError, match="shortest must lie between 0 and 1, got 0"):
        armijo(S.quartic, 1.0, -1.0, shortest=0)
    with pytest.raises(ValueError, match="most must be at least 1, got 0"):
        strong_wolfe(S.quartic, 1.0, -1.0, most=0)
    with pytest.raises(ValueError, match="curvature must lie between decrease = 0.0001 and 1, got 1"):
        strong_wolfe(S.quartic, 1.0, -1.0, curvature=1)


def test_importing_the_module_imports_no_framework():
    code = "import sys, gdcore.line_search; print([m for m in ('torch', 'jax', 'sympy', 'matplotlib') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize("seed", range(40))
def test_between_two_points_the_minimum_of_their_cubic_is_taken_but_not_too_near_an_end(seed):
    """Of a cubic with a minimum and a maximum at known places, from both sides; 0.1 and 0.9 of the way are the ends."""
    rng = np.random.default_rng(seed)
    bottom, top, size = *rng.uniform(-3, 3, 2), rng.uniform(0.1, 5)
    slope = lambda a: size * (a - bottom) * (a - top) * np.sign(bottom - top)
    value = lambda a: size * np.sign(bottom - top) * (a**3 / 3 - (bottom + top) * a**2 / 2 + bottom * top * a)
    low, high = rng.uniform(-4, 4, 2)
    found = _between(*(_Point(a, value(a), slope(a)) for a in (low, high)))
    share = np.clip((bottom - low) / (high - low), 0.1, 0.9)
    assert found == pytest.approx(low + share * (high - low), abs=1e-7)


def test_without_a_cubic_the_middle_is_taken():
    assert _between(_Point(1.0, 0.0, -1.0), _Point(3.0, math.inf)) == 2.0
    assert _between(_Point(1.0, 0.0, -1.0), _Point(3.0, -2.0, -1.0)) == 2.0  # a straight line


def test_armijo_gives_up_below_the_shortest_share_of_its_start():
    found = armijo(lambda x: x, 0.0, 1.0, -1.0, start=4.0, shortest=0.5, factor=0.25)  # a wrong gradient: no step will do
    assert found.evaluations == 2 and "no step from 4 down to 4 made" in found.message
    found = armijo(lambda x: x, 0.0, 1.0, -1.0, start=4.0, shortest=0.25, factor=0.5)
    assert found.evaluations == 4 and "no step from 4 down to 1 made" in found.message


def test_wolfe_steps_double_and_the_last_bracket_is_told():
    seen = []
    found = strong_wolfe(lambda x: seen.append(x) or (x - 8) ** 2, 0.0, 1.0, lambda x: 2 * (x - 8), curvature=0.1)
    assert found.found and found.step == 8 and seen == [0, 1, 2, 4, 8]
    cliff = lambda x: -x if x < 10 else math.inf
    found = strong_wolfe(cliff, 0.0, 1.0, lambda x: -1.0, start=16.0, most=3)  # 16 is too far, 8 is not, 12 is
    assert found.step == 8 and found.message.endswith("after 4 evaluations no step was flat enough: the bracket is down to 4")
    assert strong_wolfe(S.quartic, 1.0, -4.0, start=0.25, most=1).found
    with pytest.raises(ValueError, match="curvature must lie between decrease = 0.0001 and 1, got 1.5"):
        strong_wolfe(S.quartic, 1.0, -1.0, curvature=1.5)
