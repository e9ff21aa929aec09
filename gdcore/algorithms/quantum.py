"""A quantum computer of a few qubits, as an array: gates, expectations, and slopes by turning an angle.

A `Circuit` is a list of gates on wires; some have an angle, which is a parameter. `state(θ)` is the array of amplitudes, of shape (2,)·n,
in NumPy or, for a torch θ, in torch, so that autograd can be asked too. A `Machine` knows a circuit and an observable and does what a
real one can: it runs the circuit, some shots at a time, and counts how often it was asked. Slopes come from it by the parameter-shift
rule. For more than about 12 qubits use a library such as PennyLane.
"""

import math
from dataclasses import dataclass

import numpy as np

__all__ = ["Circuit", "Machine", "bifurcation", "cut_value", "expectation", "ground", "h2", "matrix", "maxcut", "metric", "parameter_shift",
           "pauli_sum", "qaoa", "rotosolve"]

X, Y, Z = np.array([[0, 1], [1, 0]], dtype=complex), np.array([[0, -1j], [1j, 0]]), np.diag([1.0 + 0j, -1.0])
PAULIS = {"I": np.eye(2, dtype=complex), "X": X, "Y": Y, "Z": Z}


def _double():
    """The generator of a double excitation: it turns |0011⟩ into |1100⟩ and leaves the rest."""
    g = np.zeros((16, 16), dtype=complex)
    g[0b0011, 0b1100], g[0b1100, 0b0011] = -1j, 1j
    return g


FIXED = {"X": X, "H": (X + Z) / math.sqrt(2), "CNOT": np.eye(4, dtype=complex)[[0, 1, 3, 2]], "CZ": np.diag([1, 1, 1, -1]).astype(complex)}
TURNS = {"RX": X, "RY": Y, "RZ": Z, "RZZ": np.kron(Z, Z), "DoubleExcitation": _double()}  # exp(−iθG/2), where G³ = G
PARTS = {name: (np.eye(len(g), dtype=complex), g, g @ g) for name, g in TURNS.items()}


@dataclass(frozen=True)
class Circuit:
    """gates: [(name, wires) or (name, wires, index) or (name, wires, index, factor), …] from |0…0⟩. A turning gate, RX RY RZ RZZ
    DoubleExcitation, takes the parameter of that index, times the factor; X H CNOT CZ take none. Raises ValueError for gates unknown."""

    qubits: int
    gates: tuple

    def __post_init__(self):
        made = []
        for gate in self.gates:
            name, wires, *rest = gate
            known = name in FIXED and not rest or name in TURNS and len(rest) in (1, 2)
            size = FIXED[name] if name in FIXED else TURNS.get(name)
            if not known or len(size) != 2 ** len(wires) or not all(0 <= w < self.qubits for w in wires) or len(set(wires)) != len(wires):
                raise ValueError(f"A circuit of {self.qubits} qubits has no gate {gate!r}: fixed are {', '.join(FIXED)}, such as "
                                 f"('CNOT', (0, 1)); turning are {', '.join(TURNS)}, such as ('RY', (0,), 0).")
            made.append((name, tuple(wires), *rest))
        object.__setattr__(self, "gates", tuple(made))

    @property
    def parameters(self):
        """How many parameters it has."""
        return 1 + max((gate[2] for gate in self.gates if len(gate) > 2), default=-1)

    def state(self, theta, shift=None):
        """The amplitudes, (2,)·n. theta: (parameters,), NumPy or torch. shift: (k, angle), added at gate number k alone."""
        xp, const = _world(theta)
        psi = const(np.eye(1, 2**self.qubits, dtype=complex).reshape((2,) * self.qubits))
        for k, (name, wires, *rest) in enumerate(self.gates):
            if not rest:
                gate = const(FIXED[name])
            else:
                angle = theta[rest[0]] * (rest[1] if len(rest) > 1 else 1.0) + (shift[1] if shift and shift[0] == k else 0.0)
                still, g, square = PARTS[name]
                gate = const(still) + (xp.cos(angle / 2) - 1) * const(square) - 1j * xp.sin(angle / 2) * const(g)
            psi = _applied(gate, psi, wires, xp)
        return psi


def _world(theta):
    if hasattr(theta, "detach"):
        import torch

        return torch, lambda a: torch.as_tensor(np.ascontiguousarray(a), dtype=torch.complex128)
    return np, lambda a: a


def _applied(gate, psi, wires, xp):
    k = len(wires)
    if wires == tuple(range(wires[0], wires[0] + k)):  # neighbours, in order: one product of matrices, the others are rows and columns
        return (gate @ psi.reshape(2 ** wires[0], 2**k, -1)).reshape(psi.shape)
    gate = gate.reshape((2,) * (2 * k))
    return xp.moveaxis(xp.tensordot(gate, psi, (list(range(k, 2 * k)), list(wires))), tuple(range(k)), tuple(wires))


# -- observables: {a word of I X Y Z, one letter a qubit: its factor} ------------------------------------------------------------


def pauli_sum(psi, observable):
    """The observable's sum applied to a state."""
    xp, const = _world(psi)
    total = 0
    for word, factor in observable.items():
        turned = psi
        for wire, letter in enumerate(word):
            if letter != "I":
                turned = _applied(const(PAULIS[letter]), turned, (wire,), xp)
        total = total + factor * turned
    return total


def expectation(psi, observable):
    """⟨ψ|H|ψ⟩, a real number."""
    return (psi.conj() * pauli_sum(psi, observable)).sum().real


def matrix(observable):
    """The observable as a matrix, (2ⁿ, 2ⁿ)."""
    n = len(next(iter(observable)))
    columns = np.eye(2**n, dtype=complex).reshape((2**n,) + (2,) * n)
    return np.stack([pauli_sum(column, observable).ravel() for column in columns], axis=1)


def ground(observable):
    """The lowest energy there is, exactly."""
    return float(np.linalg.eigvalsh(matrix(observable))[0])


def h2():
    """The electrons of hydrogen, two atoms 1.4 bohr apart, on four qubits (STO-3G, Jordan and Wigner), in hartree.

    Computed with PennyLane's qchem 0.45; the exact lowest energy is −1.137276 hartree, that of |1100⟩ (Hartree and Fock) −1.116714.
    """
    exchange = 0.04531447854702212
    return {"IIII": -0.09815626345102427, "ZIII": 0.17128249327504816, "IZII": 0.17128249327504816, "IIZI": -0.22304019968455413,
            "IIIZ": -0.22304019968455413, "ZZII": 0.16864852145282966, "ZIZI": 0.12057651902769531, "ZIIZ": 0.16589099757471742,
            "IZZI": 0.16589099757471742, "IZIZ": 0.12057651902769531, "IIZZ": 0.17437383589809527, "YXXY": exchange, "YYXX": -exchange,
            "XXYY": -exchange, "XYYX": exchange}  # fmt: skip


# -- what a machine can do -------------------------------------------------------------------------------------------------------


@dataclass
class Machine:
    """A circuit that is run and an observable that is read. shots: how often each word of the observable is measured for one value, None
    for the exact mean, which no real machine gives. draw: a NumPy generator. executions: circuits run so far, a shot each counted."""

    circuit: Circuit
    observable: dict
    shots: int | None = None
    draw: object = None
    executions: int = 0
    values: int = 0

    def value(self, theta, shift=None):
        """The mean of the observable at these angles."""
        psi = self.circuit.state(np.asarray(theta, dtype=float), shift)
        self.values += 1
        if self.shots is None:
            self.executions += 1
            return float(expectation(psi, self.observable))
        total = 0.0
        for word, factor in self.observable.items():
            if set(word) == {"I"}:
                total += factor
                continue
            mean = float(expectation(psi, {word: 1.0}))
            plus = self.draw.binomial(self.shots, min(1.0, max(0.0, (1 + mean) / 2)))
            total += factor * (2 * plus / self.shots - 1)
            self.executions += self.shots
        return total


def parameter_shift(machine, theta):
    """The gradient from values alone, exact where they are: Mitarai et al. (2018), arXiv:1803.00745; Schuld et al. (2019),
    arXiv:1811.11184. A gate with G² = 1 takes two values, a double excitation four; a parameter in several gates is shifted in each."""
    g = np.zeros(len(theta))
    at = lambda k, angle: machine.value(theta, (k, angle))
    for k, (name, _, *rest) in enumerate(machine.circuit.gates):
        if not rest:
            continue
        factor = rest[1] if len(rest) > 1 else 1.0
        near = at(k, math.pi / 2) - at(k, -math.pi / 2)
        if name != "DoubleExcitation":
            slope = near / 2
        else:  # three eigenvalues: Anselmetti et al. (2021), arXiv:2104.05695
            far, root = at(k, 3 * math.pi / 2) - at(k, -3 * math.pi / 2), math.sqrt(2)
            slope = ((root + 1) * near - (root - 1) * far) / (4 * root)
        g[rest[0]] += factor * slope
    return g


def metric(circuit, theta):
    """The Fubini–Study metric Re⟨∂ᵢψ|∂ⱼψ⟩ − ⟨∂ᵢψ|ψ⟩⟨ψ|∂ⱼψ⟩, (parameters, parameters): Stokes et al. (2020), arXiv:1909.02108. Descent
    by its inverse is the quantum natural gradient. From the state itself, which a real machine has to estimate."""
    import torch

    theta = torch.as_tensor(np.asarray(theta, dtype=float))
    split = lambda t: torch.view_as_real(circuit.state(t)).reshape(-1)
    psi = torch.view_as_complex(split(theta).reshape(-1, 2)).numpy()
    slopes = torch.autograd.functional.jacobian(split, theta).reshape(-1, 2, len(theta)).numpy()
    slopes = slopes[:, 0] + 1j * slopes[:, 1]
    along = psi.conj() @ slopes
    return (slopes.conj().T @ slopes - np.outer(along.conj(), along)).real


def rotosolve(machine, theta):
    """One sweep: each angle in turn is put where the sine wave of the energy is lowest, from three values: Ostaszewski et al. (2021),
    arXiv:1905.09692. For parameters that stand in one turning gate with G² = 1 and factor 1; else raises ValueError."""
    theta = np.array(theta, dtype=float)
    for i in range(len(theta)):
        gates = [gate for gate in machine.circuit.gates if len(gate) > 2 and gate[2] == i]
        if len(gates) != 1 or gates[0][0] == "DoubleExcitation" or gates[0][3:] not in ((), (1.0,)):
            raise ValueError(f"rotosolve moves angles that stand in one gate of RX, RY, RZ, RZZ; number {i} is in {gates!r}.")
        unit = np.eye(len(theta))[i] * math.pi / 2
        here, up, down = machine.value(theta), machine.value(theta + unit), machine.value(theta - unit)
        theta[i] += -math.pi / 2 - math.atan2(2 * here - up - down, up - down)
        theta[i] = (theta[i] + math.pi) % (2 * math.pi) - math.pi
    return theta


# -- cuts of a graph -------------------------------------------------------------------------------------------------------------


def maxcut(edges, nodes):
    """The observable whose mean is minus the expected number of edges cut: −Σ (1 − Z_i Z_j)/2."""
    word = lambda *wires: "".join("Z" if k in wires else "I" for k in range(nodes))
    found = {word(): -len(edges) / 2}
    for i, j in edges:
        found[word(i, j)] = found.get(word(i, j), 0.0) + 0.5
    return found


def qaoa(edges, nodes, layers):
    """The circuit of QAOA for a cut: Farhi, Goldstone and Gutmann (2014), arXiv:1411.4028. Parameters: γ₁ β₁ γ₂ β₂ …; a layer turns each
    edge by −γ and each node by 2β."""
    gates = [("H", (k,)) for k in range(nodes)]
    for layer in range(layers):
        gates += [("RZZ", edge, 2 * layer, -1.0) for edge in edges]
        gates += [("RX", (k,), 2 * layer + 1, 2.0) for k in range(nodes)]
    return Circuit(nodes, tuple(gates))


def cut_value(edges, sides):
    """How many edges have their ends on different sides. sides: (…, nodes), of any two values."""
    i, j = np.array(edges).T
    sides = np.asarray(sides)
    return (sides[..., i] != sides[..., j]).sum(axis=-1)


def bifurcation(J, draw, starts=16, steps=400, dt=0.5, discrete=True):
    """Simulated bifurcation for spins of ±1 that make −½ sᵀJs least: Goto et al. (2019, 2021). Particles in a well that splits in two,
    with walls at ±1; discrete: they feel the signs of the others (dSB) and not their places (bSB). J: symmetric, zero diagonal; for a cut
    −1 for each edge. Returns (spins of the best start, its energy, energies of all starts)."""
    n = len(J)
    c = 0.5 * math.sqrt(n - 1) / math.sqrt((J**2).sum())
    x, y = 0.1 * draw.uniform(-1, 1, size=(2, starts, n))
    for t in range(steps):
        y = y + dt * (-(1 - t / steps) * x + c * (np.sign(x) if discrete else x) @ J)
        x = x + dt * y
        out = np.abs(x) > 1
        x, y = np.where(out, np.sign(x), x), np.where(out, 0.0, y)
    spins = np.where(x >= 0, 1.0, -1.0)
    energy = -0.5 * np.einsum("si,ij,sj->s", spins, J, spins)
    best = int(np.argmin(energy))
    return spins[best], float(energy[best]), energy
