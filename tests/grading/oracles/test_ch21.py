"""The oracles of chapter 21 against the simulator, autograd and brute force."""

import math

import numpy as np
import torch

from gdcore.algorithms import quantum as Q
from gdcore.check.declaration import question
from gdcore.check.functions import function
from gdcore.check.questions import ch21
from gdcore.check.values import arrays
from tests.grading.common import solutions
from tests.grading.oracles.given import expected


def test_shifts_are_autograds_slopes():
    for given, found in expected("21.1"):
        x = torch.tensor(np.array(given["x"]), requires_grad=True)
        b, phi = (torch.tensor(np.array(given[k])) for k in ("b", "phi"))
        (given["a"] + (b * torch.cos(x - phi)).sum() + 0.5 * torch.sin(x).prod()).backward()
        np.testing.assert_allclose(found, x.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_the_eight_numbers():
    told = question("21.2").oracle
    assert Q.Circuit(10, ()).state(np.zeros(0)).size == told["amplitudes"]
    one = Q.Circuit(1, (("RY", (0,), 0),))
    assert math.isclose(Q.Machine(one, {"Z": 1.0}).value([math.pi / 3]), told["mean"], rel_tol=1e-12)
    twice = Q.Circuit(10, tuple((name, (k,), k) for k in range(10) for name in ("RX", "RY")))
    machine = Q.Machine(twice, {"Z" * 10: 1.0})
    Q.parameter_shift(machine, np.zeros(10))
    assert machine.values == told["values"]
    read = Q.Machine(one, {"Z": 1.0}, told["shots"], np.random.default_rng(0))
    slopes = [Q.parameter_shift(read, [0.0])[0] for _ in range(3000)]
    assert abs(np.std(slopes) - 0.02) < 0.001
    row = Q.Circuit(12, tuple(("RY", (k,), k) for k in range(12)))
    machine = Q.Machine(row, {"Z" + 11 * "I": 1.0})
    Q.rotosolve(machine, np.zeros(12))
    assert machine.values == told["sweep"]
    ring = [(k, (k + 1) % 11) for k in range(11)]
    assert Q.cut_value(ring, (np.arange(2**11)[:, None] >> np.arange(11)) & 1).max() == told["cut"]
    assert told["plateau"] == 2.0 ** -(12 - 6) and told["floor"] == 4


def test_the_bottom_is_the_lowest_of_the_circle():
    for given, found in expected("21.3"):
        p, q = (2 * given["here"] - given["up"] - given["down"]) / 2, (given["up"] - given["down"]) / 2
        circle = np.linspace(-math.pi, math.pi, 200_001)
        wave = p * np.cos(circle - given["x"]) + q * np.sin(circle - given["x"])
        assert -math.pi <= float(found) <= math.pi
        assert math.cos(float(found) - circle[np.argmin(wave)]) > 1 - 1e-8


def test_a_step_from_counts_is_that_of_the_shift_rule_on_average():
    """With as many counts as the probabilities say, the step is the exact one of a circuit whose dial turns two gates."""
    circuit = Q.Circuit(2, (("RY", (0,), 0), ("CNOT", (0, 1)), ("RX", (1,), 1), ("RY", (1,), 0)))
    words, theta, shots = {"ZI": 0.7, "ZZ": -0.4}, np.array([0.4, 1.1]), 10**9
    psi = lambda k, way: circuit.state(theta, (k, way * math.pi / 2))
    counts = lambda way: np.array([[round(shots * (1 + Q.expectation(psi(k, way), {w: 1.0})) / 2) for w in words] for k in (0, 2, 3)])
    found = question("21.4").oracle(theta, [0, 1, 0], list(words.values()), counts(1), counts(-1), shots, 0.1)
    exact = theta - 0.1 * Q.parameter_shift(Q.Machine(circuit, words), theta)
    np.testing.assert_allclose(found, exact, atol=1e-8)


def test_the_dials_reach_the_lowest_value_there_is():
    solve, asked = solutions()["21.5"][1], question("21.5")
    for seed in range(15):
        for case in asked.cases(seed):
            given = {name: arrays(value) for name, value in case.inputs.items()}
            assert asked.proof(solve(given["machine"], np.array(given["theta"])), case.inputs, case.hidden) == ""
    f = function("dials", depths=[0.7, 1.1], phases=[0.3, -1.0])
    grid = np.linspace(-math.pi, math.pi, 401)
    lowest = min(f([a, b]) for a in grid for b in grid)
    assert -1.8 - 0.4 * 0.7 - 1e-12 <= lowest < -1.8 - 0.4 * 0.7 + 1e-3


def test_a_gate_on_a_wire_is_a_kronecker_product():
    for given, found in expected("21.6"):
        n, gate = int(np.log2(len(given["psi"]))), np.array(given["gate"])
        whole = np.kron(np.kron(np.eye(2 ** given["wire"]), gate), np.eye(2 ** (n - 1 - given["wire"])))
        np.testing.assert_allclose(found, whole @ np.array(given["psi"]), rtol=1e-12, atol=1e-14)
    assert ch21.mean(0.0, np.ones(1), np.zeros(1), np.zeros(1)) == 1.0
