"""Circuits against PennyLane, slopes against autograd, and what is known in closed form."""

import itertools
import math
import types

import numpy as np
import pennylane as qml
import pytest
import torch

import gdcore.algorithms.quantum as Q

GATES = (("H", (0,)), ("RY", (1,), 0), ("RX", (0,), 1), ("CNOT", (0, 2)), ("RZ", (2,), 2, -1.5), ("RZZ", (1, 3), 3), ("CZ", (3, 0)),
         ("RY", (3,), 0, 2.0), ("DoubleExcitation", (2, 0, 1, 3), 4), ("X", (1,)), ("RX", (2,), 1))  # fmt: skip
CIRCUIT = Q.Circuit(4, GATES)
WORDS = {"XYZI": 0.7, "ZZII": -1.1, "IIXX": 0.4, "YIIZ": 0.9, "IIII": 0.3}
THETA = np.array([0.3, -1.2, 2.1, 0.8, -0.6])
RING = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (0, 2)]


def theirs(theta):
    """The same circuit and observable in PennyLane."""
    named = {"X": qml.PauliX, "H": qml.Hadamard, "CNOT": qml.CNOT, "CZ": qml.CZ, "RX": qml.RX, "RY": qml.RY, "RZ": qml.RZ,
             "RZZ": qml.IsingZZ, "DoubleExcitation": qml.DoubleExcitation}  # fmt: skip
    pauli = {"X": qml.PauliX, "Y": qml.PauliY, "Z": qml.PauliZ, "I": qml.Identity}

    @qml.qnode(qml.device("default.qubit", wires=4))
    def run(theta):
        for name, wires, *rest in GATES:
            if rest:
                named[name](theta[rest[0]] * (rest[1] if len(rest) > 1 else 1.0), wires=wires)
            else:
                named[name](wires=wires)
        words = [qml.prod(*(pauli[letter](k) for k, letter in enumerate(word))) for word in WORDS]
        return qml.expval(qml.dot(list(WORDS.values()), words)), qml.state()

    return run(theta)


def test_states_and_means_are_pennylanes():
    value, psi = theirs(THETA)
    np.testing.assert_allclose(CIRCUIT.state(THETA).ravel(), psi, atol=1e-14)
    assert Q.expectation(CIRCUIT.state(THETA), WORDS) == pytest.approx(float(value), abs=1e-14)
    assert CIRCUIT.parameters == 5


def test_shifted_angles_give_autograds_slope():
    """Shared parameters, factors and the four-term rule, without a derivative; a machine counts two or four values a gate."""
    machine, theta = Q.Machine(CIRCUIT, WORDS), torch.tensor(THETA, requires_grad=True)
    Q.expectation(CIRCUIT.state(theta), WORDS).backward()
    np.testing.assert_allclose(Q.parameter_shift(machine, THETA), theta.grad.numpy(), atol=1e-14)
    assert machine.values == machine.executions == 2 * 6 + 4


def test_shots_are_unbiased_and_their_noise_is_foretold():
    """For each word the variance is (1 − mean²)/shots."""
    machine = Q.Machine(CIRCUIT, WORDS, shots=100, draw=np.random.default_rng(0))
    found = [machine.value(THETA) for _ in range(4000)]
    psi = CIRCUIT.state(THETA)
    variance = sum(f**2 * (1 - Q.expectation(psi, {w: 1.0}) ** 2) / 100 for w, f in WORDS.items() if w != "IIII")
    assert np.mean(found) == pytest.approx(Q.expectation(psi, WORDS), abs=5 * math.sqrt(variance / 4000))
    assert np.var(found) == pytest.approx(variance, rel=0.1) and machine.executions == 4000 * 4 * 100


def test_the_metric_is_known():
    one = Q.Circuit(1, (("RY", (0,), 0),))
    np.testing.assert_allclose(Q.metric(one, [0.7]), [[0.25]], atol=1e-14)
    two = Q.Circuit(1, (("RX", (0,), 0), ("RY", (0,), 1)))  # the example in PennyLane's documentation of QNGOptimizer
    at = np.array([0.011, 0.012])
    step = at - 0.01 * np.linalg.solve(Q.metric(two, at), Q.parameter_shift(Q.Machine(two, {"X": 1.0}), at))
    np.testing.assert_allclose(step, [0.01100528, -0.02799954], atol=1e-8)
    psi, h = lambda a: CIRCUIT.state(a).ravel(), 1e-5
    d = np.stack([(psi(THETA + h * e) - psi(THETA - h * e)) / (2 * h) for e in np.eye(5)], axis=1)
    along = psi(THETA).conj() @ d
    np.testing.assert_allclose(Q.metric(CIRCUIT, THETA), (d.conj().T @ d - np.outer(along.conj(), along)).real, atol=1e-8)


def test_hydrogen():
    observable = Q.h2()
    assert Q.ground(observable) == pytest.approx(-1.137276, abs=1e-6)
    circuit = Q.Circuit(4, (("X", (0,)), ("X", (1,)), ("DoubleExcitation", (0, 1, 2, 3), 0)))
    machine, theta = Q.Machine(circuit, observable), np.zeros(1)
    assert machine.value(theta) == pytest.approx(-1.116714, abs=1e-6)
    for _ in range(20):
        theta = theta - 0.4 * Q.parameter_shift(machine, theta)
    assert 0 <= machine.value(theta) - Q.ground(observable) < 1e-7 and abs(theta[0]) == pytest.approx(0.2258, abs=1e-3)


def test_rotosolve_puts_an_angle_at_its_lowest():
    circuit = Q.Circuit(2, (("RY", (0,), 0), ("RX", (1,), 1), ("CNOT", (0, 1)), ("RY", (1,), 2)))
    machine = Q.Machine(circuit, {"ZZ": 1.0, "XI": 0.5})
    before = np.array([0.4, 1.0, -2.0])
    after = Q.rotosolve(machine, before)
    scan = [machine.value([*after[:2], angle]) for angle in np.linspace(-math.pi, math.pi, 2001)]
    assert machine.value(after) <= min(scan) + 1e-9 and machine.value(after) < machine.value(before)
    values = [machine.value(before := Q.rotosolve(machine, before)) for _ in range(6)]
    assert (np.diff(values) <= 1e-12).all()
    with pytest.raises(ValueError, match="rotosolve moves angles that stand in one gate"):
        Q.rotosolve(Q.Machine(CIRCUIT, WORDS), THETA)


def test_cuts():
    """The observable counts cuts; QAOA's mean is a mixture of cuts; simulated bifurcation finds the best one."""
    observable = Q.maxcut(RING, 5)
    all_sides = np.array(list(itertools.product([0, 1], repeat=5)))
    best = Q.cut_value(RING, all_sides).max()
    assert Q.ground(observable) == pytest.approx(-best) and np.allclose(np.diag(Q.matrix(observable)).real, -Q.cut_value(RING, all_sides))
    circuit = Q.qaoa(RING, 5, 1)
    assert Q.Machine(circuit, observable).value([0.0, 0.0]) == pytest.approx(-len(RING) / 2)
    grid = min(Q.Machine(circuit, observable).value([g, b]) for g in np.linspace(0, math.pi, 13) for b in np.linspace(0, math.pi / 2, 13))
    assert -best < grid < -0.7 * best
    ring = [(k, (k + 1) % 6) for k in range(6)]  # without triangles, one layer cuts three quarters of the edges
    assert Q.Machine(Q.qaoa(ring, 6, 1), Q.maxcut(ring, 6)).value([math.pi / 4, math.pi / 8]) == pytest.approx(-4.5)


@pytest.mark.parametrize("discrete", [True, False])
def test_bifurcation_finds_the_best_of_all(discrete):
    hits = 0
    for seed in range(10):
        draw = np.random.default_rng(seed)
        J = np.triu(draw.choice([-1.0, 0.0, 1.0], size=(12, 12)), 1)
        J = J + J.T
        spins = 1.0 - 2 * np.array(list(itertools.product([0, 1], repeat=12)))
        lowest = (-0.5 * np.einsum("si,ij,sj->s", spins, J, spins)).min()
        found, energy, _ = Q.bifurcation(J, draw, discrete=discrete)
        assert energy == pytest.approx(-0.5 * found @ J @ found)
        hits += energy == pytest.approx(lowest)
    assert hits >= 9


def test_a_gate_that_is_none_is_told():
    for wrong in (("RY", (0,)), ("CNOT", (0,)), ("RX", (5,), 0), ("T", (0,)), ("CNOT", (1, 1))):
        with pytest.raises(ValueError, match="A circuit of 2 qubits has no gate"):
            Q.Circuit(2, (wrong,))


def test_circuits_and_cuts_by_hand():
    assert Q.Circuit(1, ()).parameters == 0 and Q.Circuit(2, (("H", (0,)), ("RX", (1,), 3))).parameters == 4
    assert Q.Circuit(3, [("CNOT", [2, 0])]).gates == (("CNOT", (2, 0)),) and Q.Circuit(1, (("RX", (0,), 0, 2.0),)).parameters == 1
    for wrong in (("RX", (0,), 0, 1.0, 1.0), ("X", (0,), 0), ("X", (-1,)), ("X", (2,)), ("RZZ", (0,), 0)):
        with pytest.raises(ValueError, match="has no gate"):
            Q.Circuit(2, (wrong,))
    half = np.sqrt(0.5)
    assert Q.Circuit(1, (("RY", (0,), 0),)).state([0.0], (0, math.pi / 2)) == pytest.approx([half, half])
    assert Q.Circuit(1, (("RY", (0,), 0),) * 2).state([0.0], (1, math.pi / 2)) == pytest.approx([half, half])
    assert Q.Circuit(1, (("X", (0,)), ("RX", (0,), 0, 2.0))).state([math.pi / 4]) == pytest.approx([-1j * half, half])
    assert Q.maxcut([(0, 1), (1, 2), (0, 1)], 3) == {"III": -1.5, "ZZI": 1.0, "IZZ": 0.5}
    assert Q.qaoa([(0, 1)], 2, 2).gates == (("H", (0,)), ("H", (1,)), ("RZZ", (0, 1), 0, -1.0), ("RX", (0,), 1, 2.0), ("RX", (1,), 1, 2.0),
                                            ("RZZ", (0, 1), 2, -1.0), ("RX", (0,), 3, 2.0), ("RX", (1,), 3, 2.0))  # fmt: skip
    assert Q.cut_value([(0, 1), (1, 2)], [["a", "b", "b"], ["a", "b", "a"]]).tolist() == [1, 2]
    assert Q.cut_value([(0, 1), (1, 2)], [1, -1, 1]) == 2


def test_a_machine_asks_for_its_shots_and_counts_them():
    asked = []
    draw = types.SimpleNamespace(binomial=lambda shots, chance: asked.append((shots, chance)) or 6)
    machine = Q.Machine(Q.Circuit(1, (("RY", (0,), 0),)), {"Z": 2.0, "I": 5.0, "X": -4.0}, 8, draw)
    assert machine.value([math.pi / 3]) == 2.0 * 0.5 + 5.0 - 4.0 * 0.5 and (machine.executions, machine.values) == (16, 1)
    assert asked == [(8, pytest.approx(0.75)), (8, pytest.approx((1 + 0.75**0.5) / 2))]
    machine.value([0.1])
    assert (machine.executions, machine.values) == (32, 2)
    long = types.SimpleNamespace(state=lambda theta, shift: np.array([1.5, 0.0]))  # what rounding does, made large
    for word, chance in (({"Z": 1.0}, 1.0), ({"X": 1.0}, 0.5)):
        Q.Machine(long, word, 8, draw).value([0.0])
        assert asked[-1] == (8, chance)
    long.state = lambda theta, shift: np.array([0.0, 1.5])
    Q.Machine(long, {"Z": 1.0}, 8, draw).value([0.0])
    assert asked[-1] == (8, 0.0)


def test_rotosolve_by_hand():
    """Of one angle the energy is cos θ, lowest at π, which is told as −π; of an angle turned beyond it, too."""
    one = Q.Circuit(1, (("RY", (0,), 0),))
    for observable, lowest in (({"Z": 1.0}, -math.pi), ({"X": 1.0}, -math.pi / 2), ({"X": -1.0}, math.pi / 2),
                               ({"Z": 3.0, "X": -4.0}, math.atan2(4, -3))):  # fmt: skip
        machine = Q.Machine(one, observable)
        for start in (0.4, 2.9, -9.0):
            (found,) = Q.rotosolve(machine, [start])
            assert -math.pi <= found <= math.pi and math.cos(found - lowest) == pytest.approx(1, abs=1e-12)
        assert machine.values == 9
    for gates in ((("RY", (0,), 0), ("RY", (0,), 0)), (("RY", (0,), 0, 2.0),), (("DoubleExcitation", (0, 1, 2, 3), 0),)):
        with pytest.raises(ValueError, match="rotosolve moves"):
            Q.rotosolve(Q.Machine(Q.Circuit(4, gates), {"ZIII": 1.0}), [0.3])
    assert Q.rotosolve(Q.Machine(Q.Circuit(1, (("RY", (0,), 0, 1.0),)), {"X": 1.0}), [0.3]) == pytest.approx([-math.pi / 2])


@pytest.mark.parametrize("discrete", [True, False])
def test_bifurcation_by_hand(discrete):
    """The same walk, particle by particle; the spins are told by their energies."""
    n, starts, steps, dt = 9, 12, 8, 0.7  # enough for the walls to count
    J = np.triu(np.random.default_rng(3).normal(size=(n, n)), 1)
    J = J + J.T
    places, speeds = 0.1 * np.random.default_rng(6).uniform(-1, 1, size=(2, starts, n))
    c = 0.5 * ((n - 1) / sum(J[i, j] ** 2 for i in range(n) for j in range(n))) ** 0.5
    ends = []
    for x, y in zip(places, speeds):
        for t in range(steps):
            felt = [math.copysign(1, v) for v in x] if discrete else list(x)
            y = [y[i] + dt * ((t / steps - 1) * x[i] + c * sum(J[i, j] * felt[j] for j in range(n))) for i in range(n)]
            x = [x[i] + dt * y[i] for i in range(n)]
            y = [0.0 if abs(x[i]) > 1 else y[i] for i in range(n)]
            x = [max(-1.0, min(1.0, v)) for v in x]
        ends.append([1.0 if v >= 0 else -1.0 for v in x])
    wanted = [-sum(J[i, j] * s[i] * s[j] for i in range(n) for j in range(i)) for s in ends]
    spins, energy, energies = Q.bifurcation(J, np.random.default_rng(6), starts, steps, dt, discrete)
    assert energies == pytest.approx(wanted) and energy == pytest.approx(min(wanted)) and spins.tolist() == ends[int(np.argmin(wanted))]
    assert len({round(e, 9) for e in wanted}) > 3  # the ends differ, so that they tell
