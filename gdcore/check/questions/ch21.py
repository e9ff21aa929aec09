"""The questions of chapter 21 on slopes and dials: a shift of any length, eight numbers, the lowest point of a wave (21.1 to 21.3)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 21.1 -----------------------------------------------------------------------------------------------------------------------


def wave_cases(rng):
    """A circuit's mean as a function of its dials: a + Σ over dials of b cos(x − φ), and products of two dials."""
    for name, n, s in (("a quarter turn", 3, np.pi / 2), ("an eighth", 2, np.pi / 4), ("a small shift", 4, 0.2),
                       ("more than a quarter", 3, 2.2), ("one dial", 1, 1.0)):
        yield Case(name, {"a": float(np.round(rng.normal(), 2)), "b": np.round(rng.normal(size=n), 2),
                          "phi": np.round(rng.uniform(-3, 3, n), 2), "x": np.round(rng.uniform(-3, 3, n), 2), "s": float(s)})


def mean(a, b, phi, x):
    return a + np.sum(b * np.cos(x - phi)) + 0.5 * np.prod(np.sin(x))


def shifted(a, b, phi, x, s, over=lambda s: 2 * np.sin(s), ways=(1, -1), sign=1.0, all_at_once=False):
    """The slope of each dial from two shifted values; each argument after `s` is a fault."""
    moves = np.ones((len(x), len(x))) if all_at_once else np.eye(len(x))
    far, near = (np.array([mean(a, b, phi, x + way * s * e) for e in moves]) for way in ways)
    return sign * (far - near) / over(s)


def by(**faults):
    return lambda a, b, phi, x, s: shifted(a, b, phi, x, s, **faults)


any_shift = Question(
    "21.1", "A shift of any length", "function", points=2, difficulty=2, minutes=12, name="slopes",
    objectives=("derive a shift rule for any distance", "know why the distance makes no error"),
    draw=wave_cases, oracle=shifted, rtol=1e-8,
    mistakes=(
        Mistake("You divide by 2: that fits a quarter turn only.", "What is cos(t + s) − cos(t − s)?", by(over=lambda s: 2.0)),
        Mistake("You divide by 2s, as for a small difference. The function is a wave, and s is not small.",
                "What is cos(t + s) − cos(t − s)?", by(over=lambda s: 2 * s)),
        Mistake("You divide by sin s; a factor of two is left.", "Both values differ from the middle.", by(over=np.sin)),
        Mistake("You divide by s.", "What is cos(t + s) − cos(t − s)?", by(over=lambda s: s)),
        Mistake("You divide by 2 cos s.", "cos(t + s) − cos(t − s) = −2 sin t sin s.", by(over=lambda s: 2 * np.cos(s))),
        Mistake("You divide by 2 tan s.", "cos(t + s) − cos(t − s) = −2 sin t sin s.", by(over=lambda s: 2 * np.tan(s))),
        Mistake("You divide by sin 2s, as if the two values lay a whole angle of 2s on a wave of its own.",
                "cos(t + s) − cos(t − s) = −2 sin t sin s.", by(over=lambda s: np.sin(2 * s))),
        Mistake("You divide by 4 sin²(s/2), which belongs to the second derivative.", "Two sines.",
                by(over=lambda s: 4 * np.sin(s / 2) ** 2)),
        Mistake("The sign is wrong: first the value at x + s.", "f(x + s) − f(x − s).", by(sign=-1.0)),
        Mistake("You look one way only: the value at x stands for the one at x − s.", "Both ways.", by(ways=(1, 0))),
        Mistake("You look one way only, backwards.", "Both ways.", by(ways=(0, -1))),
        Mistake("You shift all dials at once: each slope is then the sum over all dials.", "One dial after the other.",
                by(all_at_once=True)),
        Mistake("You multiply by 2 sin s in place of dividing.", "The difference is 2 sin s times the slope.",
                by(over=lambda s: 1 / (2 * np.sin(s)))),
        Mistake("You divide by 4 sin s. Each of the two values differs from the middle by sin s times the slope, so 2 sin s.",
                "cos(t + s) − cos(t − s) = −2 sin t sin s.", by(over=lambda s: 4 * np.sin(s))),
        Mistake("You divide by 2 sin(s/2). Half angles belong to the amplitudes; the mean is a wave of the whole angle.",
                "cos(t + s) − cos(t − s) = −2 sin t sin s.", by(over=lambda s: 2 * np.sin(s / 2))),
        Mistake("You multiply by sin s and divide by 2: at a quarter turn this is the same. Elsewhere sin s belongs below.",
                "The difference is 2 sin s times the slope.", by(over=lambda s: 2 / np.sin(s))),
        Mistake("You look one way only, and divide by sin s: the curvature is left in it.", "Both ways.",
                by(ways=(1, 0), over=np.sin)),
        Mistake("You shift by half of s, as if the motor turned it to both sides together.", "x + s and x − s.",
                lambda a, b, phi, x, s: shifted(a, b, phi, x, s / 2, over=lambda _: 2 * np.sin(s))),
        Mistake("You shift by a quarter turn, which the motors cannot, and divide by 2 sin s.", "x + s and x − s.",
                lambda a, b, phi, x, s: shifted(a, b, phi, x, np.pi / 2, over=lambda _: 2 * np.sin(s))),
        Mistake("You differentiate the waves and forget the bond between the dials, the product of the sines.",
                "Ask `mean` for its values.", lambda a, b, phi, x, s: -np.array(b) * np.sin(np.array(x) - phi)),
        Mistake("You give the difference itself.", "The difference is 2 sin s times the slope.", by(over=lambda s: 1.0)),
    ),
    success="cos(t + s) − cos(t − s) = −2 sin t sin s, so the difference is 2 sin s times the slope, for every s.",
    onwards="with shots each value has the same noise. For which s is the slope's error least?")

# -- 21.2 -----------------------------------------------------------------------------------------------------------------------

eight_numbers = Question(
    "21.2", "Eight numbers before you run", "predict", points=3, difficulty=2, minutes=12, name="predicted",
    objectives=("count values and shots", "predict what a circuit says in simple cases"),
    draw=items("amplitudes", "mean", "values", "shots", "sweep", "floor", "plateau", "cut"), rtol=5e-3,
    oracle={"amplitudes": 1024, "mean": 0.5, "values": 40, "shots": 1250, "sweep": 36, "floor": 4, "plateau": 1 / 64, "cut": 10},
    mistakes=(
        Mistake("For `amplitudes` you counted two a qubit. Amplitudes belong to rows of zeros and ones.", "There are 2ⁿ of them.",
                {"amplitudes": 20}),
        Mistake("For `amplitudes` you squared the number of qubits.", "There are 2ⁿ of them.", {"amplitudes": 100}),
        Mistake("For `amplitudes` you counted 2⁹: one doubling is missing.", "Ten qubits double it ten times.", {"amplitudes": 512}),
        Mistake("For `amplitudes` you counted one a qubit.", "There are 2ⁿ of them.", {"amplitudes": 10}),
        Mistake("For `amplitudes` either you counted real and imaginary parts apart, or you doubled once too often.",
                "There are 2ⁿ of them.", {"amplitudes": 2048}),
        Mistake("For `mean` either you took the amplitude, the cosine of half the angle, or the sine.", "The mean is cos θ.",
                {"mean": np.cos(np.pi / 6)}),
        Mistake("For `mean` this is the probability of 0. The mean counts 1 as −1.", "p − (1 − p).", {"mean": 0.75}),
        Mistake("For `mean` this is the probability of 1.", "p − (1 − p).", {"mean": 0.25}),
        Mistake("For `mean` the sign is turned: 0 counts as +1.", "p − (1 − p).", {"mean": -0.5}),
        Mistake("For `mean` you took the cosine of a quarter of the angle. R_Y turns the vector by half of it.", "The mean is cos θ.",
                {"mean": np.cos(np.pi / 12)}),
        Mistake("For `mean` this is the angle.", "The mean is cos θ.", {"mean": np.pi / 3}),
        Mistake("For `mean` you expect a fair coin. It is one only where cos θ is 0.", "The mean is cos θ.", {"mean": 0}),
        Mistake("For `mean` you took the difference of the amplitudes. Their squares are the chances.", "p − (1 − p).",
                {"mean": np.cos(np.pi / 6) - np.sin(np.pi / 6)}),
        Mistake("For `values` either you counted one value a gate, or two a dial. Each dial stands in two gates.", "Two a gate.",
                {"values": 20}),
        Mistake("For `values` you counted dials. The rule belongs to gates.", "Two a gate.", {"values": 10}),
        Mistake("For `values` you counted four a gate, as for a double excitation.", "These gates have G² = 1.", {"values": 80}),
        Mistake("For `shots` either you took one value's noise for the slope's, or you divided by 2 and not by its square.",
                "(1 + 1)/S over 4.", {"shots": 2500}),
        Mistake("For `values` either you counted a gate more than once, or a value in the middle besides. The shift needs two a gate.",
                "Ten dials, two gates each.", {"values": 41}),
        Mistake("For `values` you counted three a dial, as for its lowest point.", "A slope by shifts takes two a gate.", {"values": 30}),
        Mistake("For `values` you counted forward differences: one a dial and one in the middle.", "Two a gate.", {"values": 11}),
        Mistake("For `values` you counted differences both ways of ten dials and one value in the middle.", "Two a gate.",
                {"values": 21}),
        Mistake("For `shots` you took the root of what is needed.", "The variance falls like 1/S.", {"shots": 35.355}),
        Mistake("For `shots` you took half of one over the error.", "The error is a root: square it.", {"shots": 25}),
        Mistake("For `shots` you multiplied by 4 for the division by 2, in place of dividing.", "(1 + 1)/S over 4.", {"shots": 20000}),
        Mistake("For `shots` you took one over the error.", "The variance falls like 1/S.", {"shots": 50}),
        Mistake("For `shots` you added the variances of the two values and forgot the division by 2.", "(1 + 1)/S over 4.",
                {"shots": 5000}),
        Mistake("For `shots` you divided by four and counted one value only.", "Two values.", {"shots": 625}),
        Mistake("For `sweep` you counted two values a dial, as for a slope.", "A wave has three numbers.", {"sweep": 24}),
        Mistake("For `sweep` you counted one value a dial.", "A wave has three numbers.", {"sweep": 12}),
        Mistake("For `sweep` you counted three values once for all dials.", "Three a dial.", {"sweep": 3}),
        Mistake("For `sweep` you counted four a dial.", "A wave has three numbers.", {"sweep": 48}),
        Mistake("For `sweep` either you carry the lowest value over to the next dial, which saves one a dial but is not what the chapter "
                "counts, or you counted slopes and one value more.", "Three a dial.", {"sweep": 25}),
        Mistake("For `sweep` either you tried all combinations of settings, or you multiplied where values add up.",
                "Three a dial, one dial after the other.", {"sweep": 12**3}, also=({"sweep": 3**12}, {"sweep": 2**12})),
        Mistake("For `sweep` you counted two gates a dial.", "Three a dial.", {"sweep": 72}),
        Mistake("For `floor` you took the root: that is for the noise of a value.", "The floor falls like one over the shots.",
                {"floor": 2}),
        Mistake("For `floor` you squared.", "The floor falls like one over the shots.", {"floor": 16}),
        Mistake("For `floor` you turned the quotient round.", "More shots, less left.", {"floor": 0.25}),
        Mistake("For `floor` you took the root and turned the quotient round.", "By which factor does it fall?", {"floor": 0.5}),
        Mistake("For `floor` you squared and turned the quotient round.", "By which factor does it fall?", {"floor": 1 / 16}),
        Mistake("For `floor` you said that it stays.", "The floor falls like one over the shots.", {"floor": 1}),
        Mistake("For `plateau` either you halved once, or you let it fall like one over the qubits.", "Once for each qubit more.",
                {"plateau": 0.5}),
        Mistake("For `plateau` this is the slope's size and not its square.", "The square halves.", {"plateau": 1 / 8}),
        Mistake("For `plateau` either you took a quarter for each qubit, or you counted all twelve qubits.",
                "From 6 to 12: once for each qubit more.", {"plateau": 2.0**-12}),
        Mistake("For `plateau` you divided by the number of qubits more, and did not halve for each.", "Six times a half.",
                {"plateau": 1 / 6}),
        Mistake("For `plateau` you divided by twice the qubits more.", "Halve six times over.", {"plateau": 1 / 12}),
        Mistake("For `plateau` you let it fall like the square of six.", "Halve six times over.", {"plateau": 1 / 36}),
        Mistake("For `plateau` one halving is missing, or one is too many.", "From 6 to 12 are six.", {"plateau": 1 / 32},
                also=({"plateau": 1 / 128},)),
        Mistake("For `plateau` you halved twice, or you let it fall like one over the square of the qubits.", "Once for each qubit more.",
                {"plateau": 0.25}),
        Mistake("For `plateau` the quotient is turned round.", "It gets smaller.", {"plateau": 64}, also=({"plateau": 2}, {"plateau": 8})),
        Mistake("For `cut` you counted all edges. A ring of odd length keeps at least one.", "Two colours in turn, and round again.",
                {"cut": 11}),
        Mistake("For `cut` you took half of the edges: that is the mean of random cuts.", "The best one.", {"cut": 5.5}),
        Mistake("For `cut` you took the smaller half of the nodes.", "Edges, of the best cut.", {"cut": 5}),
        Mistake("For `cut` you took the larger half of the nodes.", "Edges, of the best cut.", {"cut": 6}),
        Mistake("For `cut` you counted each edge from both ends.", "Eleven edges in all.", {"cut": 22}),
        Mistake("For `cut` you took off one at each end.", "A ring of odd length keeps one.", {"cut": 9}),
    ),
    success="2ⁿ amplitudes, cos θ, two values a gate, three a dial for a wave; shots are a batch, squared slopes halve with each qubit.",
    onwards="which of the eight would change on a machine whose coin is wrong once in a hundred readings?")

# -- 21.3 -----------------------------------------------------------------------------------------------------------------------


def valley_cases(rng):
    for name in ("a wave", "a wave with an offset", "far round", "near its top", "a shallow one"):
        b = float(np.round(rng.uniform(0.3, 2.0) * (0.1 if name == "a shallow one" else 1.0), 3))
        phi = float(np.round(rng.uniform(-3, 3), 3))
        x = phi + 0.1 if name == "near its top" else float(np.round(rng.uniform(-3, 3), 3))
        if name == "far round":  # the bottom lies beyond −π
            x, phi = -2.8, float(np.round(rng.uniform(-1.0, -0.4), 3))
        if name == "a shallow one":  # the bottom is on the negative side
            phi = float(np.round(rng.uniform(0.3, 2.8), 3))
        a = float(np.round(rng.normal(), 2)) + (3.0 if "offset" in name else 0.0)
        values = [float(a + b * np.cos(x + d - phi)) for d in (0, np.pi / 2, -np.pi / 2)]
        yield Case(name, {"x": x, "here": values[0], "up": values[1], "down": values[2]})


def lowest(x, here, up, down, angle=lambda c, s: -np.pi / 2 - np.arctan2(c, s), relative=True, wrap=True, cut=False):
    """The dial at which the wave is lowest; each argument after `down` is a fault."""
    found = angle(2 * here - up - down, up - down) + (x if relative else 0.0)
    found = (found + np.pi) % (2 * np.pi) - np.pi if wrap else found
    return float(np.clip(found, -np.pi, np.pi)) if cut else found


def at(**faults):
    return lambda x, here, up, down: lowest(x, here, up, down, **faults)


wave = Question(
    "21.3", "The lowest point of a wave", "function", points=3, difficulty=2, minutes=15, name="bottom",
    objectives=("find the minimum along one dial from three values", "choose the right branch of the arc tangent"),
    draw=valley_cases, oracle=lowest, rtol=1e-7,
    mistakes=(
        Mistake("This is the top of the wave, half a turn away.", "Two extreme points lie half a turn apart: which one is low?",
                at(angle=lambda c, s: np.pi / 2 - np.arctan2(c, s))),
        Mistake("You forgot where you stand: the three values tell an angle from x.", "Add x.", at(relative=False)),
        Mistake("The arc tangent of a quotient knows half of the circle only. In some cases this is the top.", "np.arctan2.",
                at(angle=lambda c, s: -np.pi / 2 - np.arctan(c / s))),
        Mistake("The two arguments of arctan2 have changed places.", "The part at x first, then the difference.",
                at(angle=lambda c, s: -np.pi / 2 - np.arctan2(s, c))),
        Mistake("The sign of the arc tangent is wrong: the wave is mirrored.", "Try it on cos(t − 1) from t = 0.",
                at(angle=lambda c, s: -np.pi / 2 + np.arctan2(c, s))),
        Mistake("The quarter turn is missing.", "Try it on cos t from t = 0: the bottom is at π.",
                at(angle=lambda c, s: -np.arctan2(c, s))),
        Mistake("You do not take the offset away: 2 here − up − down is twice the wave without it.",
                "The mean of `up` and `down` is the offset.",
                lambda x, here, up, down: lowest(x, here, up, down, angle=lambda c, s: -np.pi / 2 - np.arctan2(2 * here, s))),
        Mistake("You take the offset away once: here − (up + down)/2 has half the size of up − down.", "2 here − up − down.",
                at(angle=lambda c, s: -np.pi / 2 - np.arctan2(c / 2, s))),
        Mistake("You choose the lowest of the three places. The bottom lies between.", "Three numbers fix the wave.",
                lambda x, here, up, down: [x, x + np.pi / 2, x - np.pi / 2][int(np.argmin([here, up, down]))],
                also=(lambda x, here, up, down: ([x, x + np.pi / 2, x - np.pi / 2][int(np.argmin([here, up, down]))] + np.pi)
                      % (2 * np.pi) - np.pi,)),
        Mistake("You fit a parabola through the three values. It is a wave.", "a + b cos t + c sin t.",
                lambda x, here, up, down: lowest(x, here, up, down, angle=lambda c, s: np.pi / 4 * s / (c if abs(c) > 1e-12 else 1e-12))),
        Mistake("The offset is not the mean of all three values: of `up` and `down` alone, in which the wave cancels.",
                "a = (up + down)/2.", at(angle=lambda c, s: -np.pi / 2 - np.arctan2(2 * c / 3, s))),
        Mistake("One part has its factor 2 and the other has lost it: here − (up + down)/2 goes with (up − down)/2.",
                "2p and 2q, or p and q.", at(angle=lambda c, s: -np.pi / 2 - np.arctan2(2 * c, s))),
        Mistake("This is a Newton step, slope over curvature. Far from the bottom it goes astray.", "The wave is known all round.",
                lambda x, here, up, down: lowest(x, here, up, down, angle=lambda c, s: s / (c if abs(c) > 1e-12 else 1e-12))),
        Mistake("This is Newton's step with the curvature's size. It is right near the bottom only.", "The wave is known all round.",
                lambda x, here, up, down: lowest(x, here, up, down, angle=lambda c, s: -s / max(abs(c), 1e-12))),
        Mistake("This is a step of descent at the rate 1, against the slope (up − down)/2.", "The wave is known all round.",
                at(angle=lambda c, s: -s / 2)),
        Mistake("You add the angle to −x: the dial turns the other way.", "Add x.",
                lambda x, here, up, down: lowest(-x, here, up, down)),
        Mistake("The angle is in degrees.", "Radians, between −π and π.",
                lambda x, here, up, down: float(np.degrees(lowest(x, here, up, down)))),
        Mistake("The angle lies between 0 and 2π. Asked is −π to π.", "(t + π) % 2π − π.",
                lambda x, here, up, down: lowest(x, here, up, down) % (2 * np.pi)),
        Mistake("You cut the angle off at ±π. A whole turn off is the same place.", "(t + π) % 2π − π.",
                lambda x, here, up, down: float(np.clip(lowest(x, here, up, down, wrap=False), -np.pi, np.pi)),
                also=(at(angle=lambda c, s: np.arctan2(-s, -c), wrap=False, cut=True),)),
        Mistake("arctan of q over p is a place where the wave is flat: in some cases the bottom, in others the top.", "np.arctan2.",
                at(angle=lambda c, s: np.arctan(s / c)),
                also=(at(angle=lambda c, s: np.pi + np.arctan(s / c), wrap=False),)),
        Mistake("`up` and `down` have changed places.", "up is the value at x + π/2.",
                lambda x, here, up, down: lowest(x, here, down, up)),
        Mistake("The angle is not brought back between −π and π.", "(t + π) % 2π − π.", at(wrap=False),
                also=(at(angle=lambda c, s: np.arctan2(-s, -c), wrap=False),)),
    ),
    success="f = a + A sin(t + φ) has its bottom where t + φ = −π/2; three values give φ by arctan2, and no rate is needed.",
    onwards="a dial that stands in two gates has a wave of twice the frequency as well. How many values does its bottom take?")

QUESTIONS = (any_shift, eight_numbers, wave)
