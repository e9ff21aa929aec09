"""The oracles of chapter 4 are right: against runs, solvers and the numbers that the text tells."""

import numpy as np
import pytest

from gdcore.check.declaration import question
from gdcore.check.functions import function
from tests.grading.common import SEEDS


def cases(id):
    for seed in SEEDS:
        for case in question(id).cases(seed):
            yield [np.array(v) if isinstance(v, list) else v for v in case.inputs.values()]


def test_the_six_numbers_come_out_of_runs():
    told = question("04.1").oracle
    gap, steps = 1.0, 0
    while gap > 0.1:
        gap, steps = gap * (1 - 1 / told["kappa"]) ** 2, steps + 1
    assert abs(steps - 115) <= 1
    assert 1 / (2 * told["convex"]) == pytest.approx(1 / (2 * 400) / 10)
    power = np.log(1e-4 / 1e-2) / np.log(1000 / 100)
    assert 1e-4 * (told["power"] / 1000) ** power == pytest.approx(1e-6)
    assert told["floor"] == pytest.approx(0.018 * sum(0.9**k for k in range(1, 500)))
    x = 0.4 / 0.1  # the parabola of curvature 0.1 on which the gradient is 0.4
    assert told["ceiling"] == pytest.approx(0.1 * x**2 / 2)
    assert 1e-6 * 1.1 ** told["saddle"] >= 1 > 1e-6 * 1.1 ** (told["saddle"] - 1)


def test_the_steps_left_are_those_of_a_run_in_one_direction_and_a_lower_bound_in_several():
    for losses, target in cases("04.2"):
        q = (losses[-2] - losses[-1]) / (losses[-3] - losses[-2])
        left = sum((losses[-2] - losses[-1]) * q**k for k in range(1, 3000))
        steps = question("04.2").oracle(losses, target)
        assert left * q**steps <= target * (1 + 1e-9) and (steps == 0 or left * q ** (steps - 1) > target * (1 - 1e-9))


def test_the_promise_holds_and_comes_at_the_first_step_where_it_can():
    for H, b, x, eps in cases("04.3"):
        steps, promised = question("04.3").oracle(H, b, x, eps)
        best, mu = np.linalg.solve(H, b), np.linalg.eigvalsh(H)[0]
        L = np.linalg.norm(H, 2)
        for _ in range(steps):
            assert np.linalg.norm(H @ x - b) / mu > eps
            x = x - (H @ x - b) / L
        assert np.linalg.norm(x - best) <= promised * (1 + 1e-9) and promised <= eps


def test_the_flattest_direction_is_numpys():
    for case in question("04.4").cases(1):
        product, n, L = function(**case.inputs["product"]), len(case.inputs["v"]), case.inputs["L"]
        H = np.array([product(row) for row in np.eye(n)])
        found = question("04.4").oracle(product, np.array(case.inputs["v"]), L, 5000)
        assert found == pytest.approx(np.linalg.eigvalsh(H)[0], rel=1e-9)
        v = np.linalg.matrix_power(L * np.eye(n) - H, case.inputs["rounds"]) @ np.array(case.inputs["v"])
        assert question("04.4").oracle(product, np.array(case.inputs["v"]), L, case.inputs["rounds"]) == pytest.approx(
            v @ H @ v / (v @ v), rel=1e-9)


def test_the_stop_is_the_first_point_that_is_level_enough():
    for case in question("04.5").cases(2):
        gradient, (x, lr, share, most) = function(**case.inputs["gradient"]), [*case.inputs.values()][1:]
        steps, end = question("04.5").oracle(gradient, np.array(x), lr, share, most)
        path = [np.array(x)]
        for _ in range(steps):
            path.append(path[-1] - lr * gradient(path[-1]))
        lengths = np.array([np.linalg.norm(gradient(p)) for p in path])
        assert np.allclose(path[-1], end, rtol=1e-12) and all(lengths[:-1] > share * lengths[0])
        assert steps == most or lengths[-1] <= share * lengths[0]


def test_the_numbers_of_the_letter():
    before, gain, g, mu, lr = 5.2100 - 5.2080, 5.2080 - 5.2062, 0.20, 0.5, 0.05
    q = gain / before
    assert q == pytest.approx(0.9, abs=1e-9) and gain * q / (1 - q) == pytest.approx(0.0162, rel=1e-6)
    assert g**2 / (2 * mu) == pytest.approx(0.04) and g / mu == pytest.approx(0.4)
    assert q <= (1 - lr * mu) ** 2 and gain / lr == pytest.approx(g**2, rel=0.15)  # the log is that of a possible run
    assert np.ceil(np.log(10) / -np.log(q)) == 22
    assert gain / 5.2062 < 1e-3
