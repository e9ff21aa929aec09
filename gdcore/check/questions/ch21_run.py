"""The questions of chapter 21 on running: a step with faults, dials on a budget, a gate on a wire, a letter (21.4 to 21.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question
from gdcore.check.functions import function

# -- 21.4 -----------------------------------------------------------------------------------------------------------------------


def step_cases(rng):
    for name, dials, gates, words, shots in (("each dial in one gate", 3, [0, 1, 2], 2, 100), ("a dial in two gates", 2, [0, 1, 0], 4, 500),
                                             ("a dial in three gates", 2, [1, 0, 1, 1], 3, 50), ("many words", 4, [0, 1, 2, 3, 2],
                                             7, 1000)):
        up, down = rng.integers(0, shots + 1, (2, len(gates), words))
        yield Case(name, {"theta": np.round(rng.normal(size=dials), 2), "gates": gates, "factors": np.round(rng.normal(size=words), 2),
                          "up": up, "down": down, "shots": shots, "lr": float(np.round(rng.uniform(0.05, 0.4), 2))})


def stepped(theta, gates, factors, up, down, shots, lr, mean=lambda plus, shots: 2 * plus / shots - 1, add=True, sign=-1.0, over=2.0,
            average=False, unit=None, words=False):
    """A step of VQE from counts; each argument after `lr` is a fault."""
    g = np.zeros(len(theta))
    for k, dial in enumerate(gates):
        weights = (np.ones(len(factors)) if unit else np.array(factors)) / (len(factors) if words else 1)
        slope = weights @ (mean(np.array(up[k]), shots) - mean(np.array(down[k]), shots)) / over
        g[dial] = (g[dial] if add else 0.0) + slope
    if average:
        g = g / np.maximum(1, np.bincount(gates, minlength=len(theta)))
    return np.array(theta) + sign * lr * g


def faulty(**faults):
    return lambda theta, gates, factors, up, down, shots, lr: stepped(theta, gates, factors, up, down, shots, lr, **faults)


SHARE = lambda plus, shots: plus / shots


def by_number(theta, gates, factors, up, down, shots, lr):
    theta = np.array(theta, dtype=float)
    for k in range(len(gates)):
        theta[k % len(theta)] -= lr * np.array(factors) @ (np.array(up[k]) - np.array(down[k])) / shots
    return theta


def too_early(theta, gates, factors, up, down, shots, lr):
    g, theta = np.zeros(len(theta)), np.array(theta, dtype=float)
    for k, dial in enumerate(gates):
        g[dial] += np.array(factors) @ (np.array(up[k]) - np.array(down[k])) / shots
        theta = theta - lr * g
    return theta


def mirrored(theta, gates, factors, up, down, shots, lr):
    g = np.zeros(len(theta))
    for k, dial in enumerate(gates):
        g[dial] += np.array(factors) @ (2 * np.array(up[k]) / shots - 1 - (1 - 2 * np.array(down[k]) / shots)) / 2
    return np.array(theta) - lr * g

from_counts = Question(
    "21.4", "A step from counts, three faults", "bug", points=3, difficulty=2, minutes=12, name="step",
    objectives=("make a mean of ±1 from counts", "add the slopes of all gates that a dial turns"),
    draw=step_cases, oracle=stepped,
    mistakes=(
        Mistake("This is the step of the code as it was given, with its three faults.",
                "What is the mean of +1 and −1? What if a dial turns two gates? Which way is down?",
                faulty(mean=SHARE, add=False, sign=1.0)),
        Mistake("One fault is found, the mean. Two are left.", "Look at a dial in two gates, and at the way the step goes.",
                faulty(add=False, sign=1.0)),
        Mistake("One fault is found, the dial in several gates. Two are left.", "Look at the mean, and at the way the step goes.",
                faulty(mean=SHARE, sign=1.0)),
        Mistake("One fault is found, the way the step goes. Two are left.", "Look at the mean, and at a dial in two gates.",
                faulty(mean=SHARE, add=False)),
        Mistake("Two faults are found. Either the share of +1 still stands for the mean of ±1, or the slope is halved once too often.",
                "The mean is 2p − 1.", faulty(mean=SHARE)),
        Mistake("Two faults are found. Of a dial in several gates only the last one counts.", "Add them up.", faulty(add=False)),
        Mistake("Two faults are found. Either the step still climbs, or the mean counts +1 as −1.", "Against the slope.", faulty(sign=1.0)),
        Mistake("You average over the gates of a dial. Their slopes add up.", "The dial turns all of them at once.", faulty(average=True)),
        Mistake("You divide by π, as for a difference over that distance. The rule divides by 2.", "[f(θ + π/2) − f(θ − π/2)]/2.",
                faulty(over=np.pi)),
        Mistake("The division by 2 is lost.", "[f(θ + π/2) − f(θ − π/2)]/2.", faulty(over=1.0)),
        Mistake("The counts are not divided by the shots.", "2p − 1 with p = plus/shots.", faulty(mean=lambda plus, shots: 2.0 * plus)),
        Mistake("A gate's number is taken for its dial's.", "gates[k] is the dial.", by_number),
        Mistake("The step is taken in the loop, after each gate, with all that is summed so far.", "First the sum, then one step.",
                too_early),
        Mistake("One mean is 2p − 1 and the other 1 − 2p: of a difference only the sum is left.", "2p − 1 for both.", mirrored),
        Mistake("You take the mean over the words. An observable is a sum of words with factors.", "factors @ means, and no more.",
                faulty(words=True)),
        Mistake("The factors of the words are left out.", "factors @ means.", faulty(unit=True)),
    ),
    success="2p − 1 is a mean of ±1; a dial's slope is the sum over its gates; and the step goes against it.",
    onwards="the word of all I has no counts. Why may it be left out of a step, and not out of an energy?")

# -- 21.5 -----------------------------------------------------------------------------------------------------------------------

GOAL = 1e-4


def dial_cases(rng):
    for n, sweeps in ((2, 8), (4, 8), (6, 8), (9, 8)):
        named = {"function": "dials", "part": "box", "budget": 3 * n * sweeps, "depths": np.round(rng.uniform(0.5, 2.0, n), 2),
                 "phases": np.round(rng.uniform(-3, 3, n), 2)}  # fmt: skip
        # beside the tops, where slopes are small
        yield Case(f"{n} dials, {3 * n * sweeps} values",
                {"machine": named, "theta": named["phases"] + np.round(rng.uniform(0.2, 0.5, n), 2)})


def settled(value, inputs, hidden):
    theta, end = np.array(inputs["theta"], dtype=float), np.array(value, dtype=float)
    if end.shape != theta.shape or not np.isfinite(end).all():
        return f"Give the dials: an array of {len(theta)} finite numbers."
    named = {k: v for k, v in inputs["machine"].items() if k not in ("part", "budget")}
    f, depths = function(**named), np.array(named["depths"], dtype=float)
    left = (float(f(end)) + depths.sum() + 0.4 * depths.min()) / depths.sum()
    return "" if left <= GOAL else f"A share of {left:.1e} of the depth is left; at most {GOAL:.0e} may be."


def sweeping(machine, theta, quarter=-np.pi / 2, most=None, relative=True, offset=True, keep=True, whole=False):
    """Rotosolve on the machine; each argument after `theta` is a fault."""
    theta, n, done = np.array(theta, dtype=float), len(theta), 0
    while machine.left >= 3 and done != most:
        i, e = done % n, np.eye(n)[done % n] * np.pi / 2
        here, up, down = machine(theta), machine(theta + e), machine(theta - e)
        c = 2 * here - (up + down if offset else 0.0)
        found = quarter - np.arctan2(c, up - down)
        if whole:  # between −π and π
            found = (found + np.pi) % (2 * np.pi) - np.pi
        if keep:
            theta[i] = found + (theta[i] if relative else 0.0)
        done += 1
    return theta


def swept(**faults):
    return lambda machine, theta: sweeping(machine, theta, **faults)


def descended(machine, theta, lr=0.1, h=np.pi / 2, over=2.0, sign=-1.0):
    theta, n = np.array(theta, dtype=float), len(theta)
    while machine.left >= 2 * n:
        g = np.array([(machine(theta + h * e) - machine(theta - h * e)) / over for e in np.eye(n)])
        theta = theta + sign * lr * g
    return theta


def going(**faults):
    return lambda machine, theta: descended(machine, theta, **faults)


def asked_too_much(machine, theta):
    while True:
        machine(theta)


def gridded(machine, theta):
    theta, n = np.array(theta, dtype=float), len(theta)
    places = np.linspace(-np.pi, np.pi, machine.left // n, endpoint=False)
    for i in range(n):
        ways = theta + np.outer(places - theta[i], np.eye(n)[i])
        theta = ways[int(np.argmin([machine(way) for way in ways]))]
    return theta


def best_of_three(machine, theta):
    theta, n = np.array(theta, dtype=float), len(theta)
    while machine.left >= 3 * n:
        for e in np.eye(n) * np.pi / 2:
            ways = (theta, theta + e, theta - e)
            theta = ways[int(np.argmin([machine(way) for way in ways]))]
    return theta


def at_random(machine, theta):
    rng, best = np.random.default_rng(0), np.array(theta, dtype=float)
    least = machine(best)
    while machine.left >= 1:
        tried = best + 0.3 * rng.normal(size=len(best))
        value = machine(tried)
        if value < least:
            best, least = tried, value
    return best


def newton(machine, theta):
    theta, n = np.array(theta, dtype=float), len(theta)
    while machine.left >= 3 * n:
        for i, e in enumerate(np.eye(n) * np.pi / 2):
            here, up, down = machine(theta), machine(theta + e), machine(theta - e)
            curved = 2 * here - up - down
            theta[i] -= (up - down) / max(abs(curved), 1e-9)
    return theta


def spsa(machine, theta):
    rng, theta = np.random.default_rng(0), np.array(theta, dtype=float)
    while machine.left >= 2:
        d = rng.choice([-1.0, 1.0], len(theta))
        theta = theta - 0.1 * (machine(theta + 0.2 * d) - machine(theta - 0.2 * d)) / 0.4 * d
    return theta


on_a_budget = Question(
    "21.5", "Dials on a budget", "target", points=3, difficulty=2, minutes=15, name="tune",
    objectives=("choose a method by the values that it asks for", "use that a mean is a wave along each dial"),
    draw=dial_cases, proof=settled,
    mistakes=(
        Mistake("This is descent at the rate 0.1. It begins beside the tops, and the budget ends first.",
                "Along one dial the lowest point is known from three values.", descended),
        Mistake("These are two values a step, and a random direction. The budget ends first.", "Along one dial three values tell all.",
                spsa),
        Mistake("This descends by the shift rule, at 0.03. The budget ends first.", "Along one dial three values tell all.",
                going(lr=0.03)),
        Mistake("These are differences over a small distance at the rate 0.1 or 0.3. Values are exact here, but the budget ends first.",
                "Along one dial three values tell all.", going(h=0.01, over=0.02, lr=0.3), also=(going(h=0.01, over=0.02, lr=0.1),)),
        Mistake("This is descent by the shift rule at 0.3: near, and the budget ends first.",
                "Along one dial three values tell all.", going(lr=0.3)),
        Mistake("This is descent by the shift rule at 1. The deepest waves are overshot.", "Along one dial three values tell all.",
                going(lr=1.0)),
        Mistake("You share the budget among the dials and try a grid on each. A wave needs three values.",
                "Three values fix a + b cos t + c sin t.", gridded),
        Mistake("You put each dial to the lowest of three places. The bottom lies between.", "Three numbers fix the wave.",
                best_of_three),
        Mistake("You take random steps and keep what is better.", "Along one dial three values tell all.", at_random),
        Mistake("These are Newton's steps, slope over the curvature's size. Beside a top they go astray.",
                "arctan2 knows the whole wave.", newton),
        Mistake("All dials end a quarter turn from the start: the shift was not taken back.", "Shift a copy.",
                lambda machine, theta: np.array(theta, dtype=float) + np.pi / 2),
        Mistake("The step climbs.", "Against the slope.", going(sign=1.0)),
        Mistake("Each dial is put to the top of its wave.", "Half a turn further.", swept(quarter=np.pi / 2)),
        Mistake("The quarter turn is missing.", "−π/2 − arctan2.", swept(quarter=0.0)),
        Mistake("You forgot where the dial stands: the angle is measured from there.", "Add theta[i].", swept(relative=False)),
        Mistake("The offset is not taken away: 2 here − up − down.", "The mean of `up` and `down` is the offset.", swept(offset=False)),
        Mistake("You turn the first dial only.", "One after the other, and round again.", swept(most=1)),
        Mistake("This is the start, but for whole turns: either no dial was set, or angles were measured from 0 and an even number of "
                "rounds led back.", "Write the angle into theta[i], and add where the dial stood.", swept(keep=False),
                also=(swept(relative=False, whole=True),)),
        Mistake("You ask for more values than the budget has.", "Ask `machine.left` before.", asked_too_much),
    ),
    success="Three values put a dial to its lowest point; a round or two, and the weak bond between the dials is served as well.",
    onwards="the value at a bottom follows from the three that led there, and is the next dial's first. How many does a round then take?")

# -- 21.6 -----------------------------------------------------------------------------------------------------------------------


def gate_cases(rng):
    for name, n, wire in (("one qubit", 1, 0), ("the first of two", 2, 0), ("the last of two", 2, 1), ("in the middle", 3, 1),
                          ("the third of four", 4, 2), ("the last of three", 3, 2)):
        t = rng.uniform(0.3, 2.5)
        psi = rng.normal(size=2**n)
        yield Case(name, {"gate": np.round([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]], 4),
                "psi": np.round(psi / np.linalg.norm(psi), 4),
                          "wire": wire})


def turned(gate, psi, wire, place=lambda wire, n: wire, matrix=lambda gate: gate):
    """The gate on one qubit; each argument after `wire` is a fault."""
    psi, n = np.array(psi), int(np.log2(len(psi)))
    axis = place(wire, n)
    out = np.moveaxis(np.tensordot(matrix(np.array(gate)), psi.reshape((2,) * n), (1, axis)), 0, axis)
    return out.ravel()


def wired(**faults):
    return lambda gate, psi, wire: turned(gate, psi, wire, **faults)


def to_all(gate, psi, wire):
    for k in range(int(np.log2(len(psi)))):
        psi = turned(gate, psi, k)
    return psi


def placed(gate, psi, wire, back):
    n = int(np.log2(len(psi)))
    return back(np.tensordot(np.array(gate), np.array(psi).reshape((2,) * n), (1, wire))).ravel()


def unmoved(gate, psi, wire):
    return placed(gate, psi, wire, lambda out: out)


def fortran(gate, psi, wire):
    n = int(np.log2(len(psi)))
    out = np.tensordot(np.array(gate), np.array(psi).reshape((2,) * n, order="F"), (1, wire))
    return np.moveaxis(out, 0, wire).ravel()


def first_pair(gate, psi, wire):
    psi = np.array(psi, dtype=float)
    far = len(psi) >> (wire + 1)
    psi[[0, far]] = np.array(gate) @ psi[[0, far]]
    return psi


def overwritten(gate, psi, wire):
    psi, far = list(psi), len(psi) >> (wire + 1)
    for k in range(len(psi)):
        if not k & far:
            psi[k] = gate[0][0] * psi[k] + gate[0][1] * psi[k | far]
            psi[k | far] = gate[1][0] * psi[k] + gate[1][1] * psi[k | far]
    return psi


def neighbours(gate, psi, wire):
    return (np.array(psi).reshape(-1, 2) @ np.array(gate).T).ravel()


on_a_wire = Question(
    "21.6", "A gate on a wire", "function", points=3, difficulty=2, minutes=15, name="apply",
    objectives=("apply a gate to one qubit of several", "know which amplitudes it mixes"),
    draw=gate_cases, oracle=turned, rtol=1e-3,  # four digits: who makes the length 1 once more is right as well
    mistakes=(
        Mistake("You count the qubits from the right. Qubit 0 is the first digit of the row.", "The first axis of (2,)·n.",
                wired(place=lambda wire, n: n - 1 - wire)),
        Mistake("The gate is transposed: it turns the other way.", "New amplitude a = Σ gate[a, b] · old amplitude b.",
                wired(matrix=lambda gate: gate.T)),
        Mistake("You apply it to the first qubit whatever the wire is.", "Which axis does the gate act on?",
                wired(place=lambda wire, n: 0)),
        Mistake("The new axis changes places with the one at `wire`, and the axes between are out of order.", "np.moveaxis(…, 0, wire).",
                lambda gate, psi, wire: placed(gate, psi, wire, lambda out: np.swapaxes(out, 0, wire))),
        Mistake("The axis at `wire` is brought to the front; the new one is in front and belongs at `wire`.", "np.moveaxis(…, 0, wire).",
                lambda gate, psi, wire: placed(gate, psi, wire, lambda out: np.moveaxis(out, wire, 0))),
        Mistake("The list is folded with its axes in the other order, Fortran's.", "The first digit is the slowest.", fortran),
        Mistake("The gate acts on every qubit.", "On the wire alone.", to_all),
        Mistake("After tensordot the new axis comes first, and has to go back to its place.", "np.moveaxis.", unmoved),
        Mistake("Only one pair of amplitudes is mixed: all that differ in this digit alone must be.", "2ⁿ⁻¹ pairs.", first_pair),
        Mistake("You mix neighbours in the list. They differ in the last digit.", "Which amplitudes differ in digit `wire` alone?",
                neighbours),
        Mistake("You act on the probabilities. A gate turns amplitudes.", "The square comes at reading.",
                lambda gate, psi, wire: turned(gate, np.array(psi) ** 2, wire)),
        Mistake("You return probabilities.", "Return the amplitudes.", lambda gate, psi, wire: turned(gate, psi, wire) ** 2),
        Mistake("You return the tensor with an axis a qubit. Asked is a list like the one that came.", "Flatten it with ravel.",
                lambda gate, psi, wire: turned(gate, psi, wire).reshape((2,) * int(np.log2(len(psi))) if len(psi) > 2 else (1, 2)),
                also=(lambda gate, psi, wire: turned(gate, psi, wire).reshape((2,) * int(np.log2(len(psi)))),)),
        Mistake("The first amplitude of a pair is changed before the second one is computed from it.", "Keep both old ones until then.",
                overwritten),
        Mistake("The new axis goes to the end, and the qubits change their order.", "np.moveaxis(…, 0, wire).",
                lambda gate, psi, wire: placed(gate, psi, wire, lambda out: np.moveaxis(out, 0, -1))),
        Mistake("You count the qubits from 1. Qubit 0 is the first digit.", "The axis `wire`.",
                wired(place=lambda wire, n: max(wire - 1, 0))),
        Mistake("The gate acts twice.", "Once only.", lambda gate, psi, wire: turned(gate, turned(gate, psi, wire), wire)),
    ),
    success="All pairs that differ in one digit are mixed alike: one tensordot over that axis, and the axis back to its place.",
    onwards="write CNOT without a matrix: which amplitudes change places?")

# -- 21.7 -----------------------------------------------------------------------------------------------------------------------

a_letter = Manual(
    "21.7", "Quantum learning for the board", difficulty=2, minutes=10, name="letter", words=150,
    objectives=("judge a claim about quantum optimization", "count what a training on a machine would cost"),
    rubric=(("says what one gradient costs in circuits run, with the numbers of the case", 1),
            ("names the plateau: how small the slopes are at 30 qubits, and how many shots would show them", 1),
            ("says that beating random guessing is no comparison, and names a classical one", 1),
            ("says what could be tried sensibly: few qubits or a circuit made for the problem, or a quantum-inspired method", 1)))

QUESTIONS = (from_counts, on_a_budget, on_a_wire)
MANUAL = (a_letter,)
