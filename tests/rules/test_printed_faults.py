"""Five formulas as widely read texts print them, each made into a rule: the comparison must reject it, and accept the corrected one.

Each pair below differs in the printed fault alone, so a test that could not see the fault would fail here.
"""

from dataclasses import dataclass

import numpy as np
import pytest

import gdcore.rules as R
from gdcore.rules.arithmetic import sign, sqrt
from tests.rules import reference as ref
from tests.rules.table import T, distance, problem, trajectory


def far_from(rule, reference, shape="matrix"):
    """How far the rule's iterates are from the reference's, under a learning rate that changes."""
    x0, gradients = problem(shape)
    lrs = [rule.lr * (1.0, 0.3, 2.0)[t % 3] for t in range(len(gradients))]
    return distance(trajectory(rule, x0, gradients, lrs), reference(x0, gradients, lrs))


# -- Adam and Yogi, against PyTorch and optax --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AdamAs(R.Adam):
    """Adam with its last line as a text has it."""

    how: str = "right"

    def update(self, x, g, t, m, v):
        m, v = self.beta1 * m + (1 - self.beta1) * g, self.beta2 * v + (1 - self.beta2) * g**2
        m_hat, v_hat = m / (1 - self.beta1**t), v / (1 - self.beta2**t)
        root = sqrt(1 - self.beta2**t)
        step = {
            "right": self.lr * m_hat / (sqrt(v_hat) + self.eps),
            "missing parentheses": self.lr * m_hat / sqrt(v_hat) + self.eps,
            "v for v-hat": self.lr * m_hat / (sqrt(v) + self.eps),
            "no root": self.lr * m_hat / (v_hat + self.eps),
            "folded": self.lr * root * m_hat / (sqrt(v) + root * self.eps),
            "folded, epsilon-hat without a root": self.lr * root * m_hat / (sqrt(v) + root**2 * self.eps),
        }[self.how]
        return x - step, m, v


@pytest.mark.parametrize("how, eps, fault", [
    ("right", 1e-8, False),
    ("folded", 1e-8, False),  # the paper's faster form, with the epsilon-hat that makes it equal
    ("missing parentheses", 1e-6, True),  # D2L, momentum in TensorFlow: x - lr * m / sqrt(v) + eps
    ("folded, epsilon-hat without a root", 1e-8, True),  # labml: epsilon-hat = (1 - beta2^t) epsilon
    ("no root", 1e-8, True),  # labml: the effective step, alpha m-hat / v-hat
    ("v for v-hat", 1e-8, True),  # the Lightning copy of the UvA tutorial
])  # fmt: skip
def test_adam_as_printed(how, eps, fault):
    assert (far_from(AdamAs(eps=eps, how=how), ref.by_torch(T.Adam, eps=eps)) > 1e-12) == fault


@dataclass(frozen=True)
class YogiAs(R.Yogi):
    parentheses: bool = True

    def update(self, x, g, t, m, v):
        m = self.beta1 * m + (1 - self.beta1) * g
        v = v - (1 - self.beta2) * sign(v - g**2) * g**2
        m_hat, v_hat = m / (1 - self.beta1**t), v / (1 - self.beta2**t)
        if self.parentheses:
            return x - self.lr * m_hat / (sqrt(v_hat) + self.eps), m, v
        return x - self.lr * m_hat / sqrt(v_hat) + self.eps, m, v


@pytest.mark.parametrize("parentheses", [True, False])
def test_yogi_as_printed_by_d2l(parentheses):
    import optax

    assert (far_from(YogiAs(parentheses=parentheses), ref.by_optax(optax.yogi)) < 1e-11) == parentheses


# -- descent on a parabola, against what can be worked out by hand -------------------------------------------------------------------

Q, C = np.array([[2.0, 0.3], [0.3, 1.0]]), np.array([1.0, -2.0])  # h(x) = x'Qx/2 + x'c


@dataclass(frozen=True)
class GDAs(R.GD):
    """Descent by the gradient that belongs to h(x) = (x + s Q^-1 c)' Q (x + s Q^-1 c) / 2 + …, where s should be 1."""

    square: int = 1
    keeps_lr: bool = True

    def update(self, x, g, t):
        g = Q @ (x + self.square * np.linalg.solve(Q, C))
        return (x - (self.lr if self.keeps_lr else 1) * g,)


def minimum_found(rule):
    x = np.array([3.0, 4.0])
    for t in range(1, 500):
        (x,) = rule.update(x, Q @ x + C, t)
    return np.max(np.abs(Q @ x + C)) < 1e-10


def contraction_holds(rule):
    """Along an eigenvector of Q, one step multiplies the distance to the minimum by 1 - lr λ."""
    values, vectors = np.linalg.eigh(Q)
    x_star = np.linalg.solve(Q, -C)
    x = x_star + vectors[:, 1]
    (new,) = rule.update(x, Q @ x + C, 1)
    return np.allclose(new - x_star, (1 - rule.lr * values[1]) * vectors[:, 1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("rule, finds, contracts", [
    (R.GD(0.1), True, True),
    (GDAs(0.1), True, True),
    (GDAs(0.1, square=-1), False, False),  # D2L, momentum: the square completed with x - Q^-1 c
    (GDAs(0.1, keeps_lr=False), False, False),  # and, a line later, the learning rate is lost
])  # fmt: skip
def test_the_parabola_of_d2l(rule, finds, contracts):
    assert (minimum_found(rule), contraction_holds(rule)) == (finds, contracts)


# -- the closed forms of "Why Momentum Really Works" ------------------------------------------------------------------------------


@dataclass(frozen=True)
class HeavyBallAtOnce(R.HeavyBall):
    """The k-th iterate on λx²/2 straight from the start: the k-th power of the step's matrix, by its eigenvalues σ1 and σ2."""

    curvature: float = 1.0
    swapped: bool = False

    def init(self, x):
        return (x,)

    def update(self, x, g, t, start):
        matrix = np.array([[self.momentum, self.curvature], [-self.lr * self.momentum, 1 - self.lr * self.curvature]])
        s1, s2 = np.linalg.eigvals(matrix).astype(complex)
        r1, r2 = ((matrix - s * np.eye(2)) / (s1 - s2) for s in (s1, s2))
        power = s1**t * r1 - s2**t * r2 if self.swapped else s1**t * r2 - s2**t * r1
        return (power @ [0, start])[1].real, start


@pytest.mark.parametrize("swapped", [False, True])
def test_the_power_of_the_momentum_matrix_in_distill(swapped):
    stepwise, at_once = R.HeavyBall(0.1, 0.7), HeavyBallAtOnce(0.1, 0.7, curvature=2.0, swapped=swapped)
    x, y, v, start, worst = 1.5, 1.5, 0.0, 1.5, 0.0
    for t in range(1, 30):
        x, v = stepwise.update(x, 2.0 * x, t, v)
        y, start = at_once.update(y, 2.0 * y, t, start)
        worst = max(worst, abs(x - y))
    assert (worst < 1e-12) != swapped


@pytest.mark.parametrize("half, holds", [(0.5, True), (1.0, False)])  # Distill prints the sum without the half
def test_the_parts_of_the_loss_in_distill(half, holds):
    curvature, x = np.array([0.1, 1.0, 3.0]), np.array([1.0, -2.0, 0.5])
    start, rule = x, R.GD(0.3)
    for k in range(1, 20):
        (x,) = rule.update(x, curvature * x, k)
        parts = half * curvature * (1 - rule.lr * curvature) ** (2 * k) * start**2
        assert np.isclose(np.sum(curvature * x**2) / 2, np.sum(parts), rtol=1e-12, atol=0) == holds
