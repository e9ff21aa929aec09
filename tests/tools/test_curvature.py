"""Curvature: against the full matrix, against eigenvalues that are known, and in words for what does not go together."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from gdcore.curvature import Hessian  # noqa: E402


def bowl(curvatures, seed=0):
    """A rotated quadratic with these curvatures: its Hessian operator, and the matrix."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.normal(size=(len(curvatures),) * 2))[0]
    A = torch.tensor(Q @ np.diag(curvatures) @ Q.T)
    x = torch.tensor(rng.normal(size=len(curvatures)), requires_grad=True)
    return Hessian(x @ A @ x / 2, x), A.numpy()


@pytest.fixture(scope="module")
def network():
    """The Hessian of a small network in float64, and the matrix that torch's own autograd builds."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2)).double()
    x, k = torch.randn(20, 3, dtype=torch.float64), torch.randint(0, 2, (20,))
    names, values = zip(*net.named_parameters())
    flat = torch.cat([v.detach().reshape(-1) for v in values])

    def loss(flat):
        pieces = flat.split([v.numel() for v in values])
        given = {n: p.view_as(v) for n, p, v in zip(names, pieces, values)}
        return torch.nn.functional.cross_entropy(torch.func.functional_call(net, given, (x,)), k)

    return Hessian(torch.nn.functional.cross_entropy(net(x), k), net.parameters()), torch.autograd.functional.hessian(loss, flat).numpy()


def test_products_are_the_full_matrix(network):
    H, full = network
    assert len(H) == len(full) == 32
    assert np.allclose(H.dense(), full, rtol=0, atol=1e-13)
    v = np.random.default_rng(1).normal(size=32)
    assert np.allclose((H @ v).numpy(), full @ v, rtol=0, atol=1e-13)


def test_extremes_are_eigenvalues(network):
    H, full = network
    values = np.linalg.eigvalsh(full)
    assert np.allclose(H.extremes(3, tol=1e-10), np.r_[values[:3], values[-3:]], rtol=1e-8, atol=1e-10)
    assert np.isclose(H.sharpness(), values[-1], rtol=1e-4)
    assert np.allclose(H.extremes(40), values, atol=1e-12)  # more than there are: all


def test_the_spectrum_has_the_moments_of_the_matrix(network):
    H, full = network
    values, weights = H.spectrum(steps=32, probes=1, seed=3)
    v = next(H._signs(1, 3)).numpy()
    v = v / np.linalg.norm(v)
    assert np.isclose(weights.sum(), 1, rtol=1e-12) and (np.diff(values) >= 0).all()
    for power in range(1, 6):  # exact along the start for each of these degrees
        assert np.isclose((weights * values**power).sum(), v @ np.linalg.matrix_power(full, power) @ v, rtol=1e-9, atol=1e-12)


def test_few_steps_find_far_outliers_and_the_bulk():
    H, _ = bowl([*np.linspace(0, 1, 197), 10.0, 20.0, 40.0])
    values, weights = H.spectrum(steps=20, probes=8)
    for outlier in (10.0, 20.0, 40.0):
        near = abs(values - outlier) < 1e-6
        assert near.sum() == 8 and 0.001 < weights[near].sum() < 0.015  # one eigenvalue of 200: 0.005 but for chance
    assert 0.96 < weights[values < 1.001].sum() < 1


def test_the_trace_is_unbiased():
    H, A = bowl([1.0, 2.0, 3.0, 14.0])
    # the variance of one probe is 2 (|A|² − sum of diagonal²); five standard errors
    spread = np.sqrt(2 * ((A**2).sum() - (np.diag(A) ** 2).sum()) / 4000)
    assert abs(H.trace(probes=4000) - 20) < 5 * spread


def test_a_straight_direction_and_an_unused_parameter_have_no_curvature():
    x, unused = torch.ones(2, dtype=torch.float64, requires_grad=True), torch.ones(1, dtype=torch.float64, requires_grad=True)
    H = Hessian(x[0] ** 2 + 3 * x[1], [x, unused])
    assert np.array_equal(H.dense(), np.diag([2.0, 0, 0])) and H.gradient.tolist() == [2, 3, 0]
    flat = Hessian((3 * x).sum(), x)
    assert not flat.dense().any()


def test_a_start_in_a_small_space_ends_early():
    H, _ = bowl([2.0, 2.0, 2.0, 2.0])
    values, weights = H.spectrum(steps=4, probes=1)
    assert np.allclose(values, 2) and np.isclose(weights.sum(), 1)


x = torch.ones(2, requires_grad=True)
REFUSED = [
    (lambda: Hessian(3.0, x), TypeError, "a loss that is a tensor"),
    (lambda: Hessian(x**2, x), ValueError, r"shape \(2,\); a Hessian belongs to one number"),
    (lambda: Hessian((x**2).sum().detach(), x), ValueError, "no graph"),
    (lambda: Hessian((x**2).sum(), []), ValueError, "no parameters"),
    (lambda: Hessian((x**2).sum(), [x, torch.ones(1)]), ValueError, "requires no gradient"),
    (lambda: Hessian((x**2).sum(), x) @ torch.ones(3), ValueError, r"shape \(3,\); with 2 parameters"),
]


@pytest.mark.parametrize("make, error, words", REFUSED)
def test_what_does_not_go_together_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()
