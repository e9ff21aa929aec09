"""What is proved about the rules, as upper and as lower bounds: a rule that beats its theorem is as wrong as one that fails it."""

import numpy as np
import pytest

import gdcore.rules as R

MU, L = 1.0, 100.0
KAPPA = L / MU
EIGENVALUES = np.array([MU, L])


def iterate(rule, x, gradient, steps):
    state, path = rule.init(x), [x]
    for t in range(1, steps + 1):
        x, *state = rule.update(x, gradient(x), t, *state)
        path.append(x)
    return np.array(path)


def matrix_of(rule, eigenvalue, memory=1):
    """The linear map (x, state) -> (x', state') of one step on ½λx², column by column, read off the rule itself."""
    columns = []
    for unit in np.eye(1 + memory):
        x, *state = rule.update(unit[0], eigenvalue * unit[0], 2, *unit[1:])
        columns.append([x, *state])
    return np.array(columns).T


def radius(rule, eigenvalues=EIGENVALUES):
    return max(np.abs(np.linalg.eigvals(matrix_of(rule, e))).max() for e in eigenvalues)


# -- gradient descent on a quadratic ------------------------------------------------------------------------------------------


def test_the_best_rate_contracts_exactly():
    """η = 2/(L+μ): from (1, 1) in the eigenbasis every step shrinks x by (κ-1)/(κ+1) = 0.980198."""
    path = iterate(R.GD(lr=2 / (L + MU)), np.ones(2), lambda x: EIGENVALUES * x, 50)
    ratios = np.linalg.norm(path[1:], axis=1) / np.linalg.norm(path[:-1], axis=1)
    assert np.allclose(ratios, (KAPPA - 1) / (KAPPA + 1), rtol=1e-13)


def test_one_over_l_contracts_by_one_minus_one_over_kappa():
    path = iterate(R.GD(lr=1 / L), np.ones(2), lambda x: EIGENVALUES * x, 50)
    assert np.allclose(path[2:, 0] / path[1:-1, 0], 1 - 1 / KAPPA, rtol=1e-13)
    assert path[1, 1] == 0  # the steep direction is done in one step


@pytest.mark.parametrize(("factor", "end"), [(1.999, 0.999**2000), (2.0, 1.0), (2.001, 1.001**2000)])
def test_two_over_l_is_the_edge(factor, end):
    path = iterate(R.GD(lr=factor / L), np.array([1.0]), lambda x: L * x, 2000)
    assert abs(path[-1, 0]) == pytest.approx(end, rel=1e-9)


def test_convex_bound_holds_and_is_not_loose():
    """f(x_k) - f* ≤ L‖x0-x*‖²/(2k) at η = 1/L (with the factor 1/(4k+2) it is attained, Drori and Teboulle 2014)."""
    for k in (1, 5, 50):
        # their worst function is a line joined to a parabola: a gradient of constant size until the last step
        slope = L / (2 * k + 1)
        path = iterate(R.GD(lr=1 / L), 1.0, lambda x, s=slope: min(L * x, s), k)
        value = slope * path[-1] - slope**2 / (2 * L)
        assert value <= L / (2 * k)
        assert value == pytest.approx(L / (4 * k + 2), rel=1e-12)


# -- momentum: exact, through the eigenvalues of the step's own matrix -----------------------------------------------------------


def test_heavy_ball_at_its_best():
    """α = 4/(√L+√μ)², β = ((√κ-1)/(√κ+1))²: the spectral radius is √β = 0.818182 for both eigenvalues."""
    beta = ((np.sqrt(KAPPA) - 1) / (np.sqrt(KAPPA) + 1)) ** 2
    rule = R.HeavyBall(lr=4 / (np.sqrt(L) + np.sqrt(MU)) ** 2, momentum=beta)
    # the root is double, so that rounding enters under a square root: 1e-7, not 1e-14
    assert radius(rule) == pytest.approx(np.sqrt(beta), rel=1e-6)
    for lr, momentum in ((1.02, 1.0), (0.98, 1.0), (1.0, 1.02), (1.0, 0.98)):  # and nothing near is better
        assert radius(R.HeavyBall(rule.lr * lr, rule.momentum * momentum)) > np.sqrt(beta) + 1e-3


def test_heavy_ball_is_the_second_order_recursion():
    """Its matrix has the eigenvalues of [[1+β-αλ, -β], [1, 0]]."""
    alpha, beta = 0.02, 0.7
    ours = np.sort_complex(np.linalg.eigvals(matrix_of(R.HeavyBall(alpha, beta), L)))
    theirs = np.sort_complex(np.linalg.eigvals([[1 + beta - alpha * L, -beta], [1, 0]]))
    assert np.allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize(("lr", "beta", "rate"), [
    (1 / L, (np.sqrt(KAPPA) - 1) / (np.sqrt(KAPPA) + 1), 1 - 1 / np.sqrt(KAPPA)),
    (4 / (3 * L + MU), (np.sqrt(3 * KAPPA + 1) - 2) / (np.sqrt(3 * KAPPA + 1) + 2), 1 - 2 / np.sqrt(3 * KAPPA + 1)),
], ids=["for all smooth functions", "for quadratics (Lessard, Recht and Packard 2016)"])  # fmt: skip
def test_nesterov_rates(lr, beta, rate):
    assert radius(R.Nesterov(lr, beta)) == pytest.approx(rate, rel=1e-6)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
@pytest.mark.parametrize(("kind", "limit"), [
    (R.HeavyBall, lambda b: 2 * (1 + b) / L), (R.Nesterov, lambda b: 2 * (1 + b) / ((1 + 2 * b) * L)),
])  # fmt: skip
def test_limits_of_stability(kind, limit, beta):
    assert radius(kind(0.999 * limit(beta), beta), [L]) < 1
    assert radius(kind(1.001 * limit(beta), beta), [L]) > 1


# -- noise --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [0.0, 0.9])
@pytest.mark.parametrize("lr", [0.01, 0.05])
def test_noise_floor(beta, lr):
    """With gradient noise of variance σ² on ½λx², x settles at variance ησ²(1+β)/(λ(1-β)(2(1+β)-ηλ))."""
    curvature, chains, rng = 1.0, 4000, np.random.default_rng(0)
    rule = R.HeavyBall(lr, beta)
    x = rng.normal(size=chains)
    (v,) = rule.init(x)
    burn = max(400, int(15 / (lr * curvature)))  # many times the memory of the start
    for t in range(1, burn + 1):
        x, v = rule.update(x, curvature * x + rng.normal(size=chains), t, v)
    floor = lr * (1 + beta) / (curvature * (1 - beta) * (2 * (1 + beta) - lr * curvature))
    # the variance of a Gaussian sample variance is 2σ⁴/n: five standard errors either way
    assert abs(x.var() / floor - 1) < 5 * np.sqrt(2 / chains)


# -- adaptive rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("g", [1e-4, 1.0, 1e6, -3.0])
def test_adams_first_step_has_the_length_of_the_learning_rate(g):
    x, *_ = R.Adam(lr=0.01).update(0.0, g, 1, 0.0, 0.0)
    assert x == pytest.approx(-0.01 * g / (abs(g) + 1e-8), rel=1e-12)


def test_adams_steps_are_bounded_and_the_bound_is_reached():
    """|Δ| ≤ η (1-β₁)/√(1-β₂), reached when all gradients but the last were zero (Kingma and Ba, section 2.1).

    Gradients that grow steadily can take longer steps: chapter 8 has the true bound. Random ones, as here, do not.
    """
    rule = R.Adam(lr=0.1, eps=0.0)
    bound = 0.1 * 0.1 / np.sqrt(1 - 0.999)
    rng = np.random.default_rng(0)
    x, state, steps = np.zeros(100), rule.init(np.zeros(100)), []
    for t in range(1, 500):
        g = rng.normal(size=100) * 10 ** rng.uniform(-8, 4, size=100)
        new, *state = rule.update(x, g, t, *state)
        steps.append(np.abs(new - x).max())
        x = new
    assert max(steps) <= bound
    x, *_ = rule.update(0.0, 5.0, 100000, 0.0, 0.0)
    assert abs(x) == pytest.approx(bound, rel=1e-9)


@pytest.mark.parametrize("rule", [R.Adam(eps=0.0), R.AMSGrad(eps=0.0), R.NAdam(eps=0.0), R.RAdam(eps=0.0), R.AdaMax(eps=0.0),
                                  R.AdaGrad(eps=0.0), R.RMSProp(eps=0.0), R.SignSGD(), R.Lion(), R.Rprop()], ids=lambda r: type(r).__name__)
def test_the_unit_of_the_loss_does_not_matter(rule):
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(20, 5))
    run = lambda scale: iterate_given(rule, np.ones(5), scale * gradients)
    # RAdam's first five steps are plain and do see the unit
    start = 5 if isinstance(rule, R.RAdam) else 0
    difference = np.diff(run(1024.0), axis=0)[start:] - np.diff(run(1.0), axis=0)[start:]
    assert np.abs(difference).max() < 1e-12
    assert np.abs(iterate_given(R.GD(), np.ones(5), 1024 * gradients) - iterate_given(R.GD(), np.ones(5), gradients)).max() > 1


def iterate_given(rule, x, gradients):
    state, path = rule.init(x), [x]
    for t, g in enumerate(gradients, 1):
        x, *state = rule.update(x, g, t, *state)
        path.append(x)
    return np.array(path)


def test_adam_depends_on_the_axes_and_descent_does_not():
    angle = np.pi / 4
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    h, x0 = np.diag(EIGENVALUES), np.array([1.0, 1.0])

    def spread(rule, steps=50):
        straight = iterate(rule, x0, lambda x: h @ x, steps)
        turned = iterate(rule, turn @ x0, lambda x: turn @ h @ turn.T @ x, steps)
        return np.abs(turned @ turn - straight).max()

    assert spread(R.GD(lr=0.01)) < 1e-12
    assert spread(R.HeavyBall(lr=0.01)) < 1e-11
    assert spread(R.Adam(lr=0.01)) > 0.05


def test_where_adam_goes_to_the_worst_point_and_amsgrad_to_the_best():
    """Reddi, Kale and Kumar (2018), Theorem 1: g = 3 every third step, else -1, x in [-1, 1]; the best x is -1."""

    def run(kind):
        x, state = 0.0, kind(beta1=0.0, beta2=0.1, eps=1e-12).init(0.0)
        for t in range(1, 60001):
            rule = kind(lr=0.5 / t**0.5, beta1=0.0, beta2=0.1, eps=1e-12)
            # without bias correction, as in their text: at a late step the correction is 1
            x, *state = rule.update(x, 3.0 if t % 3 == 1 else -1.0, t + 1000, *state)
            x = min(1.0, max(-1.0, x))
        return x

    assert run(R.Adam) > 0.99
    assert run(R.AMSGrad) < -0.99


@pytest.mark.parametrize("rule", [R.SignSGD(lr=0.01), R.Lion(lr=0.01, beta1=0.0, beta2=0.0)], ids=lambda r: type(r).__name__)
def test_sign_rules_end_in_a_box_and_stay_restless(rule):
    path = iterate(rule, np.array([1.0, -0.3333]), lambda x: EIGENVALUES * x, 400)
    tail = np.abs(path[-100:])
    assert tail.max() <= rule.lr
    assert np.allclose(np.abs(np.diff(path[-100:], axis=0)), rule.lr, rtol=1e-9)  # it never comes to rest


# -- matrices -----------------------------------------------------------------------------------------------------------------


def test_one_step_of_shampoo_without_history_is_orthogonal():
    """L^{-1/4} G R^{-1/4} of one gradient is UVᵀ (Bernstein and Newhouse 2024, arXiv:2409.20325)."""
    g = np.random.default_rng(0).normal(size=(4, 4))
    u, _, vt = np.linalg.svd(g)
    x, *_ = R.Shampoo(lr=1.0).update(np.zeros((4, 4)), g, 1, np.zeros((4, 4)), np.zeros((4, 4)))
    assert np.abs(-x - u @ vt).max() < 1e-10


def test_newton_schulz_brings_singular_values_near_one_and_no_nearer():
    inputs = np.geomspace(0.003, 0.99, 400)
    out = []
    for s in inputs:
        m = np.diag([s, np.sqrt(max(0.0, 1 - s**2))])  # norm 1, so that s goes in as it is
        out.append(np.linalg.svd(R.newton_schulz(m))[1].min())
    assert min(out) > 0.67
    assert max(np.linalg.svd(R.newton_schulz(np.diag([1.0, x])))[1].max() for x in inputs) < 1.21
    assert not np.allclose(np.linalg.svd(R.newton_schulz(np.eye(3), 30))[1], 1.0, atol=0.02)


# -- identities: cheap and strong ------------------------------------------------------------------------------------------------

GRADIENTS = np.random.default_rng(1).normal(size=(15, 4, 3))
START = np.random.default_rng(2).normal(size=(4, 3))


def same(a, b, tolerance=1e-13):
    return np.abs(iterate_given(a, START, GRADIENTS) - iterate_given(b, START, GRADIENTS)).max() < tolerance


def test_identities():
    assert same(R.HeavyBall(0.1, 0.0), R.GD(0.1))
    assert same(R.Nesterov(0.1, 0.0), R.GD(0.1))
    assert same(R.Lookahead(R.Adam(0.1), 1, 1.0), R.Adam(0.1))
    assert same(R.Lookahead(R.Adam(0.1), 3, 1.0), R.Adam(0.1))
    assert same(R.SAM(R.Adam(0.1)), R.Adam(0.1))
    assert same(R.EMA(R.Adam(0.1)), R.Adam(0.1))
    assert same(R.AdamW(0.1, weight_decay=0.0), R.Adam(0.1))
    assert same(R.DecoupledDecay(R.Adam(0.1), 0.3), R.AdamW(0.1, weight_decay=0.3))
    assert same(R.L2(R.GD(0.1), 0.3), R.DecoupledDecay(R.GD(0.1), 0.3))  # for plain descent, and only there, both are one
    assert not same(R.L2(R.Adam(0.1), 0.3), R.DecoupledDecay(R.Adam(0.1), 0.3), 1e-3)
    assert same(R.Ascent(R.Ascent(R.Adam(0.1))), R.Adam(0.1))
    assert same(R.RMSProp(0.1, 0.0, 0.0), R.SignSGD(0.1), 1e-12)
    assert same(R.Adam(0.1, 0.0, 0.0, 0.0), R.SignSGD(0.1), 1e-12)
    assert same(R.Lion(0.1, 0.0, 0.5), R.SignSGD(0.1))
    assert same(R.ASGD(0.1, 0.0), R.GD(0.1))


def test_lamb_is_adam_whose_step_has_the_length_of_the_weights():
    lamb = R.LAMB(0.1, eps=1e-8, weight_decay=0.2)
    x, *_ = lamb.update(START, GRADIENTS[0], 1, *lamb.init(START))
    adam, *_ = R.AdamW(1.0, weight_decay=0.2).update(START, GRADIENTS[0], 1, *lamb.init(START))
    step, direction = START - x, START - adam
    assert np.linalg.norm(step) == pytest.approx(0.1 * np.linalg.norm(START), rel=1e-12)
    assert np.allclose(step / np.linalg.norm(step), direction / np.linalg.norm(direction), rtol=1e-12)


def test_schedule_free_without_blending_is_the_average_of_plain_descent():
    rule = R.ScheduleFreeSGD(0.1, 0.0)
    x, state, sums = START, rule.init(START), []
    plain = iterate_given(R.GD(0.1), START, GRADIENTS)[1:]
    for t, g in enumerate(GRADIENTS, 1):
        x, *state = rule.update(x, g, t, *state)
        sums.append(rule.answer(x, *state))
    assert np.allclose(x, plain[-1], rtol=1e-12)
    assert np.allclose(sums, np.cumsum(plain, 0) / np.arange(1, 16)[:, None, None], rtol=1e-11)


def test_asgd_answers_with_the_average_of_the_late_iterates():
    rule = R.ASGD(0.1, 0.0, t0=5)
    x, state = START, rule.init(START)
    for t, g in enumerate(GRADIENTS, 1):
        x, *state = rule.update(x, g, t, *state)
    plain = iterate_given(R.GD(0.1), START, GRADIENTS)[1:]
    assert np.allclose(rule.answer(x, *state), plain[6:].mean(0), rtol=1e-10) or np.allclose(
        rule.answer(x, *state), plain[5:].mean(0), rtol=1e-10)
