"""The questions of chapter 14 on steps: a step that descends, eight numbers, a fit by damped steps, two loops (14.1 to 14.4)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 14.1 -----------------------------------------------------------------------------------------------------------------------


def symmetric(rng, curvatures):
    Q = np.linalg.qr(rng.normal(size=(len(curvatures),) * 2))[0]
    H = np.round(Q @ np.diag(curvatures) @ Q.T, 4)
    return (H + H.T) / 2


def shift_cases(rng):
    for name, curvatures, least in (("a saddle", (-1.0, 3.0), 0.5), ("a bowl that is curved enough", (1.0, 2.0, 9.0), 0.4),
                                    ("a bowl with a flat direction", (0.1, 1.0, 5.0), 0.7), ("a hill", (-4.0, -2.0, -0.5), 0.3),
                                    ("two directions up, two down", (-3.0, -0.2, 0.9, 6.0), 1.0)):
        curvatures = np.array(curvatures) * rng.uniform(0.9, 1.1, len(curvatures))
        yield Case(name, {"H": symmetric(rng, curvatures), "g": np.round(rng.normal(size=len(curvatures)), 3), "least": least})


def shifted(H, g, mu):
    return -np.linalg.solve(H + mu * np.eye(len(g)), g)


def turned(H, g, change):
    """The step with the eigenvalues changed."""
    values, vectors = np.linalg.eigh(H)
    return -vectors @ (vectors.T @ g / change(values))


def lowest(H):
    return np.linalg.eigvalsh(H)[0]


descending = Question(
    "14.1", "A step that descends", "function", points=2, difficulty=1, minutes=10, name="safe_step",
    objectives=("damp Newton's step by as little as is needed", "read from the eigenvalues whether a step descends"),
    draw=shift_cases, oracle=lambda H, g, least: shifted(H, g, max(0.0, least - lowest(H))),
    mistakes=(
        Mistake("Nothing is damped: this is Newton's step, also at saddles and on hills.", "What is the least eigenvalue of H?",
                lambda H, g, least: shifted(H, g, 0.0)),
        Mistake("You damp always by `least`. A saddle needs more, and a bowl that is curved enough needs nothing.",
                "μ is what the least eigenvalue lacks.", lambda H, g, least: shifted(H, g, least)),
        Mistake("You lift the least eigenvalue to 0, and then add `least` in any case. A bowl that is curved enough needs nothing.",
                "μ is what the least eigenvalue lacks to `least`, and never below 0.",
                lambda H, g, least: shifted(H, g, max(0.0, -lowest(H)) + least)),
        Mistake("You damp only where an eigenvalue is negative. A flat direction of a bowl is lifted, too.",
                "Compare the least eigenvalue with `least`, not with 0.",
                lambda H, g, least: shifted(H, g, least - lowest(H) if lowest(H) < 0 else 0.0)),
        Mistake("On a bowl that is curved enough your μ is negative: that makes the step longer.", "max(0, …).",
                lambda H, g, least: shifted(H, g, least - lowest(H))),
        Mistake("You take the eigenvalues' sizes. That leaves saddles, too, but asked is the same μ for all directions.",
                "Add μ to the diagonal.", lambda H, g, least: turned(H, g, np.abs)),
        Mistake("You lift the low eigenvalues one by one. Asked is the same μ for all directions.", "Add μ to the diagonal.",
                lambda H, g, least: turned(H, g, lambda v: np.maximum(v, least))),
        Mistake("You take the eigenvalues' sizes, and lift the small ones. Asked is the same μ for all directions.",
                "Add μ to the diagonal.", lambda H, g, least: turned(H, g, lambda v: np.maximum(np.abs(v), least))),
        Mistake("The sign is wrong: this step climbs.", "(H + μI) p = −g.",
                lambda H, g, least: -shifted(H, g, max(0.0, least - lowest(H)))),
        Mistake("You read the curvature from the diagonal. In a turned bowl the least eigenvalue is another number.",
                "np.linalg.eigvalsh(H).", lambda H, g, least: shifted(H, g, max(0.0, least - np.diag(H).min()))),
        Mistake("You took the eigenvalue of the smallest size. The most negative one decides.", "eigvalsh sorts them: the first.",
                lambda H, g, least: shifted(H, g, max(0.0, least - np.abs(np.linalg.eigvalsh(H)).min()))),
        Mistake("You took the size of the least eigenvalue: so a bowl counts as a hill, or a hill as a bowl.", "Keep its sign.",
                lambda H, g, least: shifted(H, g, max(0.0, least - abs(lowest(H))))),
        Mistake("You added μ to every entry of H. It belongs on the diagonal.", "np.eye(len(g)).",
                lambda H, g, least: -np.linalg.solve(H + max(0.0, least - lowest(H)), g)),
        Mistake("You return μ.", "Return the step.", lambda H, g, least: max(0.0, least - lowest(H))),
    ),
    success="The least eigenvalue is lifted to `least`, no further: pᵀg = −gᵀ(H + μI)⁻¹g is below 0 wherever g is not.",
    onwards="a thousand parameters: how would you find a fitting μ without any eigenvalue? (A Cholesky factor exists, or does not.)")

# -- 14.2 -----------------------------------------------------------------------------------------------------------------------

eight_numbers = Question(
    "14.2", "Eight numbers before you run", "predict", points=3, difficulty=2, minutes=12, name="predicted",
    objectives=("predict steps, errors and places of Newton's method", "count what the methods of the chapter cost"),
    draw=items("bowl", "distinct", "digits", "fourth power", "cosine", "price", "memory", "units"), rtol=1e-2,
    oracle={"bowl": 1, "distinct": 3, "digits": -9, "fourth power": 4 / 9, "cosine": 2, "price": 150, "memory": 2.4, "units": 1},
    mistakes=(
        Mistake("For `bowl` this is the number of dimensions: that many steps need conjugate gradients.", "How good is the parabola here?",
                {"bowl": 20}),
        Mistake("For `bowl` you let the condition number count. That is the price of plain descent.", "How good is the parabola here?",
                {"bowl": 1e6}),
        Mistake("For `bowl` this is the root of the condition number.", "How good is the parabola here?", {"bowl": 1000}),
        Mistake("For `bowl` you counted the step that finds nothing left to do.", "After how many is the gradient zero?", {"bowl": 2}),
        Mistake("For `distinct` you counted dimensions. Equal curvatures are done together.", "How many different ones are there?",
                {"distinct": 500}),
        Mistake("For `distinct` you counted the rare ones, and not the one that 498 directions share.",
                "How many different ones are there?",
                {"distinct": 2}),
        Mistake("For `distinct` either you took Newton's number, or you let one step do for all.", "One product tells one direction.",
                {"distinct": 1}),
        Mistake("For `distinct` you took a condition number.", "How many different curvatures are there?", {"distinct": 400}),
        Mistake("For `distinct` you took the root of the condition number.", "With three curvatures it ends sooner.", {"distinct": 20}),
        Mistake("For `digits` you took the constant for 1.", "10 · e², twice.", {"digits": -12}),
        Mistake("For `digits` this is after one step.", "Once more.", {"digits": -5}),
        Mistake("For `digits` this is after three steps.", "Two steps.", {"digits": -17}),
        Mistake("For `digits` you multiplied by a hundredth twice: the second step squares the new error, not the old one.",
                "10 · e², twice.", {"digits": -7}),
        Mistake("For `digits` the constant comes in too often: it multiplies once in each step.", "10 · (10 · e²)².", {"digits": -8}),
        Mistake("For `digits` the constant of one of the two steps is lost.", "10 · (10 · e²)².", {"digits": -10}),
        Mistake("For `digits` you divided by the constant.", "e becomes 10 · e².", {"digits": -15}),
        Mistake("For `digits` the sign of the exponent is lost.", "The error is far below 1.", {"digits": 9}),
        Mistake("For `digits` you gave the error, not its exponent.", "The k of 10ᵏ.", {"digits": 1e-9}),
        Mistake("For `fourth power` this is after one step.", "Once more.", {"fourth power": 2 / 3}),
        Mistake("For `fourth power` you say that it arrives. The curvature at 0 is zero, and the parabola never fits.",
                "x − 4x³/(12x²).", {"fourth power": 0.0}),
        Mistake("For `fourth power` you kept the third that is the step. Two thirds are left of x.",
                "x − x/3.", {"fourth power": 1 / 9}),
        Mistake("For `fourth power` you took off a third of the start twice. The second step is a third of what is left.",
                "Two thirds of two thirds.", {"fourth power": 1 / 3}),
        Mistake("For `fourth power` you squared the error, as near a minimum with a curvature. Here there is none.", "x − 4x³/(12x²).",
                {"fourth power": 1.0}),
        Mistake("For `cosine` you went to the minimum on the right. The curvature at 2.3 is negative: the parabola has its top near by.",
                "x − tan(x − 2), again and again.", {"cosine": 2 + np.pi}),
        Mistake("For `cosine` you went to the minimum on the left. The curvature at 2.3 is negative: the parabola has its top near by.",
                "x − tan(x − 2), again and again.", {"cosine": 2 - np.pi}),
        Mistake("For `cosine` you went one step, downhill. Newton goes to a level place, and it is uphill here.",
                "x − tan(x − 2), again and again.", {"cosine": 2.3 + np.tan(0.3)}),
        Mistake("For `cosine` you say that it stays, or that it is the start.", "x − tan(x − 2), again and again.", {"cosine": 2.3}),
        Mistake("For `cosine` you gave the minimum of cos x itself.", "The cosine is shifted by 2, and Newton asks for a level place.",
                {"cosine": np.pi}),
        Mistake("For `cosine` you gave the top of cos x itself.", "The cosine is shifted by 2.", {"cosine": 0.0}),
        Mistake("For `price` you counted a gradient for each column.", "n d(d + 1) multiplications over 2nd.", {"price": 299}),
        Mistake("For `price` you counted two gradients for each column, as if the Hessian were made of products by autograd.",
                "n d(d + 1) multiplications over 2nd.", {"price": 598}),
        Mistake("For `price` you squared the number of parameters: those are its entries.", "n d(d + 1) multiplications over 2nd.",
                {"price": 299**2}),
        Mistake("For `price` you counted the gradient alone.", "The Hessian is the dear part.", {"price": 1}),
        Mistake("For `price` you let the number of examples count. It divides out.", "n d(d + 1) multiplications over 2nd.",
                {"price": 1e6}),
        Mistake("For `memory` you counted one vector a pair.", "s and y.", {"memory": 1.2}),
        Mistake("For `memory` you counted eight bytes for a number.", "A number in float32 has four bytes.", {"memory": 4.8}),
        Mistake("For `memory` you counted numbers, not bytes.", "A number in float32 has four bytes.", {"memory": 0.6}),
        Mistake("For `memory` you counted bytes.", "A gigabyte is 10⁹ of them.", {"memory": 2.4e9}),
        Mistake("For `memory` this is a whole matrix, as BFGS has it.", "L-BFGS keeps pairs.", {"memory": 3.6e6}),
        Mistake("For `units` you let the unit count. Newton's path does not know it.", "The step in z times S is the step in x.",
                {"units": 1000}),
        Mistake("For `units` you divided by the unit. Newton's path does not know it.", "The step in z times S is the step in x.",
                {"units": 0.001}),
        Mistake("For `units` you let the curvature's unit count, the square. Both units drop out.",
                "The step in z times S is the step in x.",
                {"units": 1e6}),
    ),
    success="One step on a bowl, one product a curvature, an exponent that doubles; no curvature at the minimum, no doubling.",
    onwards="Newton on x⁶: which share does a step leave? And which multiple of the step would arrive at once, for any even power?")

# -- 14.3 -----------------------------------------------------------------------------------------------------------------------


def decay_step(t, y, x, mu, scaled=True, refuse=True, change=lambda gain, mu: mu / 3 if gain > 0.75 else 2 * mu if gain < 0.25 else mu,
               sign=1.0, bend=1.0, forecast=lambda g, p, A: -(g @ p + p @ A @ p / 2), ratio=lambda won, told: won / told, half=0.5,
               damped=True, only_step=False):
    """One step of Levenberg and Marquardt on y ≈ a exp(−b t); each argument after `mu` is a fault."""
    model = lambda x: x[0] * np.exp(-x[1] * t)
    r, e = model(x) - y, np.exp(-x[1] * t)
    J = np.stack([e, -bend * x[0] * t * e], axis=1)
    A, g = J.T @ J, sign * J.T @ r
    D = np.diag(np.diag(A)) if scaled else np.eye(2)
    p = -np.linalg.solve(A + mu * damped * D, g)
    won = half * (r @ r - np.sum((model(x + p) - y) ** 2))
    gain = ratio(won, forecast(g, p, A))
    new = x + p if gain > 0 or not refuse else x
    return np.array([*(p if only_step else new), change(gain, mu)])


def faulty(**faults):
    return lambda t, y, x, mu: decay_step(t, y, x, mu, **faults)


def gain_of(t, y, x, mu):
    return decay_step(t, y, x, mu, change=lambda gain, mu: gain)[2]


def decay_cases(rng):
    wanted = (("a good forecast", 0.8, 1.2), ("a fair forecast", 0.42, 0.7), ("a poor forecast", 0.14, 0.22),
              ("a step that climbs", -9.0, -0.1), ("a good forecast, much damped", 0.8, 1.2), ("more than was foretold", 1.4, 3.0))
    while True:
        found = {}
        while len(found) < len(wanted):
            t = np.round(np.sort(rng.uniform(0, 4, 8)), 2)
            y = np.round(rng.uniform(1, 4) * np.exp(-rng.uniform(0.4, 1.5) * t) + 0.1 * rng.normal(size=8), 2)
            x = np.round(np.array([rng.uniform(0.5, 5), rng.uniform(0.1, 3)]), 2)
            mu = float(rng.choice([0.01, 0.1, 0.3, 2.0, 5.0]))
            with np.errstate(all="ignore"):
                gain = gain_of(t, y, x, mu)
            for name, low, high in wanted:
                if name not in found and low < gain < high and ("much" in name) == (mu > 1):
                    found[name] = Case(name, {"t": t, "y": y, "x": x, "mu": mu})
        cases = [found[name] for name, _, _ in wanted]
        with np.errstate(all="ignore"):
            answers = [np.concatenate([code(**c.inputs) for c in cases]) for code in STEPS]
        if not any(np.allclose(one, two, rtol=1e-4) for k, one in enumerate(answers) for two in answers[:k]):
            return cases


damped_fit = Question(
    "14.3", "A fit that refuses bad steps", "function", points=3, difficulty=2, minutes=15, name="damped_step", each=True, rtol=1e-7,
    objectives=("write a step of Levenberg and Marquardt", "judge a step by what its parabola had foretold"),
    draw=decay_cases, oracle=faulty(),
    mistakes=(
        Mistake("The identity takes the place of D. Then the unit of b counts.", "np.diag(np.diag(J.T @ J)).", faulty(scaled=False)),
        Mistake("A step that climbs is taken all the same.", "Where the gain is not above 0, a and b stay.", faulty(refuse=False)),
        Mistake("μ goes the wrong way: it grows after a good forecast.", "A good forecast deserves less damping.",
                faulty(change=lambda gain, mu: 2 * mu if gain > 0.75 else mu / 3 if gain < 0.25 else mu)),
        Mistake("μ stays as it is.", "Divide it by 3 above 0.75, double it below 0.25.", faulty(change=lambda gain, mu: mu)),
        Mistake("μ knows only two cases: either a third, or twice as much. Between 0.25 and 0.75 it stays.", "Three cases.",
                faulty(change=lambda gain, mu: mu / 3 if gain > 0.25 else 2 * mu)),
        Mistake("μ is doubled only where the step is refused. A poor forecast that still falls doubles it as well.", "Below 0.25.",
                faulty(change=lambda gain, mu: mu / 3 if gain > 0.75 else 2 * mu if gain <= 0 else mu)),
        Mistake("Your forecast is that of the slope alone. The parabola also has a curvature.", "−(gᵀp + ½ pᵀJᵀJp).",
                faulty(forecast=lambda g, p, A: -g @ p)),
        Mistake("In your forecast the half before the curvature is missing.", "−(gᵀp + ½ pᵀJᵀJp).",
                faulty(forecast=lambda g, p, A: -(g @ p + p @ A @ p))),
        Mistake("The gain is turned round.", "What was won, over what was foretold.", faulty(ratio=lambda won, told: told / won)),
        Mistake("The loss has lost its half where you measure the gain, and kept it in the forecast.", "Both of ½ Σ r².",
                faulty(half=1.0)),
        Mistake("g has the wrong sign: with r = model − y it is Jᵀr. This step climbs, and is refused.",
                "Either y − model and its Jacobian, or model − y and its Jacobian.", faulty(sign=-1.0)),
        Mistake("The second column of J has the wrong sign: exp(−bt) falls with b.", "−a t exp(−bt).", faulty(bend=-1.0)),
        Mistake("Nothing is damped: this is a step of Gauss and Newton, judged afterwards.", "JᵀJ + μD.", faulty(damped=False)),
        Mistake("You return the step, not the new a and b.", "x + p where it is taken, else x.", faulty(only_step=True)),
    ),
    success="The parabola foretells, the loss decides, and μ remembers how far the parabola could be trusted.",
    onwards="let it run to the end from a = 0.5, b = 3. How many steps are refused, and how many values would a line search ask for?")

STEPS = (damped_fit.oracle, *(mistake.code for mistake in damped_fit.mistakes))

# -- 14.4 -----------------------------------------------------------------------------------------------------------------------


def loops(S, Y, g, newest_first=True, scale=lambda s, y: (s @ y) / (y @ y), keep=lambda s, y: s @ y > 0, last=-1, sign=-1.0,
          swapped=False, second="weight", same_order=False):
    """−H g by the two loops; each argument after `g` is a fault."""
    pairs = [(y, s) if swapped else (s, y) for s, y in zip(S, Y) if keep(s, y)]
    q, weights = sign * g, {}
    order = list(range(len(pairs)))
    for k in reversed(order) if newest_first else order:
        s, y = pairs[k]
        weights[k] = s @ q / (s @ y)
        q = q - weights[k] * y
    if pairs:
        q = scale(*pairs[last]) * q
    for k in reversed(order) if same_order != (not newest_first) else order:
        s, y = pairs[k]
        q = q + (weights[k] - (y @ q / (s @ y) if second == "weight" else 0.0)) * s
    return q


def wrong(**faults):
    return lambda S, Y, g: loops(S, Y, g, **faults)


def pair_cases(rng):
    def case(name, m, n, bad=(), scale=1.0):
        H = symmetric(rng, np.geomspace(0.5, 20, n))
        S = np.round(scale * rng.normal(size=(m, n)), 3)
        Y = np.round(S @ H + 0.05 * scale * rng.normal(size=(m, n)), 3)
        for k in bad:
            Y[k] = -Y[k]
        return Case(name, {"S": S, "Y": Y, "g": np.round(rng.normal(size=n), 3)})

    yield case("one pair", 1, 3)
    yield case("three pairs", 3, 5)
    yield case("the newest pair curves downwards", 4, 5, bad=(3,))
    yield case("two of five pairs curve downwards", 5, 6, bad=(0, 2))
    yield case("no pair yet is of use", 2, 4, bad=(0, 1))
    yield case("short steps", 3, 4, scale=0.1)


ALL = lambda s, y: True
UPSIDE = lambda s, y: (y @ y) / (s @ y)

two_loops_bug = Question(
    "14.4", "Two loops, three faults", "bug", points=3, difficulty=3, minutes=15, name="direction",
    objectives=("find faults in the two loops of L-BFGS", "say which pairs may be kept, and which guess comes before them"),
    draw=pair_cases, oracle=wrong(), rtol=1e-8,
    mistakes=(
        Mistake("This is the direction of the code as it was given, with its three faults.",
                "Which pair comes first in which loop? Which unit has the scale? Which pairs may be kept?",
                wrong(newest_first=False, scale=UPSIDE, keep=ALL)),
        Mistake("One fault is found, the order of the loops. Two are left.", "Look at the scale, and at the pairs that are kept.",
                wrong(scale=UPSIDE, keep=ALL)),
        Mistake("One fault is found, the scale. Two are left.", "Look at the order, and at the pairs that are kept.",
                wrong(newest_first=False, keep=ALL)),
        Mistake("One fault is found, the pairs that curve downwards. Two are left.", "Look at the order, and at the scale.",
                wrong(newest_first=False, scale=UPSIDE)),
        Mistake("Two faults are found. The first loop still begins with the oldest pair.",
                "The newest pair's factors stand outermost: first loop from the newest.", wrong(newest_first=False)),
        Mistake("Two faults are found. The scale is still upside down: it must be an inverse curvature.", "sᵀy/yᵀy.", wrong(scale=UPSIDE)),
        Mistake("Two faults are found. Pairs that curve downwards are still used.", "Keep a pair only if s @ y > 0.", wrong(keep=ALL)),
        Mistake("Both loops begin with the newest pair. The second one goes back.", "The second loop goes from the oldest to the newest.",
                wrong(same_order=True)),
        Mistake("The scale is taken from the oldest pair.", "The newest one is nearest to here.", wrong(last=0)),
        Mistake("The scale is sᵀs/sᵀy, another inverse curvature. The chapter's is sᵀy/yᵀy.", "sᵀy/yᵀy.",
                wrong(scale=lambda s, y: (s @ s) / (s @ y))),
        Mistake("There is no scale: the guess before all pairs is I.", "sᵀy/yᵀy of the newest pair.", wrong(scale=lambda s, y: 1.0)),
        Mistake("s and y have changed places in both loops: that makes the Hessian, not its inverse.",
                "The step s comes back in the second loop.",
                wrong(swapped=True)),
        Mistake("In the second loop nothing is taken off the weights.", "weight − yᵀq/sᵀy.", wrong(second="none")),
        Mistake("The sign is wrong: this direction climbs.", "Begin with −g.", wrong(sign=1.0)),
        Mistake("You take the size of sᵀy for pairs that curve downwards, or turn y round. Such a pair is of no use.",
                "Leave it out.", lambda S, Y, g: loops(S, Y * np.sign(np.sum(S * Y, axis=1))[:, None], g)),
    ),
    success="From the newest pair inwards, the scale in the middle, and outwards again; a pair that curves downwards stays out.",
    onwards="build the matrix from the pairs by BFGS's formula and compare. What becomes of −gᵀHg when a bad pair is kept?")

QUESTIONS = (descending, eight_numbers, damped_fit, two_loops_bug)
