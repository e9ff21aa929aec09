"""The questions of chapter 14 on steps: a step that descends, eight numbers, a fit by damped steps (14.1 to 14.3)."""

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


def doubled(H, g, least, mu=1e-3):
    if lowest(H) >= least:
        return shifted(H, g, 0.0)
    while lowest(H) + mu < least:
        mu *= 2
    return shifted(H, g, mu)


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
        Mistake("Where the least eigenvalue is too low you damp by `least` itself. What it lacks is more, or less.",
                "μ is the difference.", lambda H, g, least: shifted(H, g, least if lowest(H) < least else 0.0)),
        Mistake("You add the size of the least eigenvalue to `least`. Where that eigenvalue is positive, too much is added.",
                "Keep its sign.", lambda H, g, least: shifted(H, g, least + abs(lowest(H)) if lowest(H) < least else 0.0)),
        Mistake("You looked at the largest eigenvalue. The least one decides.", "eigvalsh sorts them: the first.",
                lambda H, g, least: shifted(H, g, max(0.0, least - np.linalg.eigvalsh(H)[-1]))),
        Mistake("Where the bowl is not curved enough you fall back to descent, −g. Asked is Newton's step, damped.",
                "Solve with H + μI.", lambda H, g, least: shifted(H, g, 0.0) if lowest(H) >= least else -g),
        Mistake("You double μ until it is enough. Then it is larger than it need be.", "The smallest μ is a difference of two numbers.",
                doubled),
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
        Mistake("For `digits` you squared once, and took the constant for 1.", "10 · e², twice.", {"digits": -6}),
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
        Mistake("For `fourth power` you halved twice. A step takes off a third.", "x − 4x³/(12x²).", {"fourth power": 1 / 4}),
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
        Mistake("For `price` you counted the gradients of a million examples one by one. A gradient goes through all of them.",
                "n d(d + 1) multiplications over 2nd.", {"price": 150e6}),
        Mistake("For `price` you let the number of examples count. It divides out.", "n d(d + 1) multiplications over 2nd.",
                {"price": 1e6}),
        Mistake("For `memory` you counted one vector a pair.", "s and y.", {"memory": 1.2}),
        Mistake("For `memory` you counted eight bytes for a number.", "A number in float32 has four bytes.", {"memory": 4.8}),
        Mistake("For `memory` you counted numbers, not bytes.", "A number in float32 has four bytes.", {"memory": 0.6}),
        Mistake("For `memory` this is one vector of 30 million numbers.", "Ten pairs, two vectors each.", {"memory": 0.12}),
        Mistake("For `memory` this is one pair.", "Ten pairs.", {"memory": 0.24}),
        Mistake("For `memory` you counted megabytes.", "A gigabyte is 10⁹ bytes.", {"memory": 2400}),
        Mistake("For `memory` you counted bytes.", "A gigabyte is 10⁹ of them.", {"memory": 2.4e9}),
        Mistake("For `memory` this is a whole matrix, as BFGS has it.", "L-BFGS keeps pairs.", {"memory": 3.6e6}),
        Mistake("For `units` you say no steps at all. If you mean none more: asked is the factor.", "As many as before.", {"units": 0}),
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
               damped=True, only_step=False, told_damped=False, least_gain=0.0, refused_keeps=False,
               with_a=True):
    """One step of Levenberg and Marquardt on y ≈ a exp(−b t); each argument after `mu` is a fault."""
    model = lambda x: x[0] * np.exp(-x[1] * t)
    r, e = model(x) - y, np.exp(-x[1] * t)
    J = np.stack([e, -bend * (x[0] if with_a else 1.0) * t * e], axis=1)
    A, g = J.T @ J, sign * J.T @ r
    D = np.diag(np.diag(A)) if scaled else np.eye(2)
    p = -np.linalg.solve(A + mu * damped * D, g)
    won = half * (r @ r - np.sum((model(x + p) - y) ** 2))
    gain = ratio(won, forecast(g, p, A + mu * D if told_damped else A))
    new = x + p if gain > least_gain or not refuse else x
    return np.array([*(p if only_step else new), mu if refused_keeps and gain <= 0 else change(gain, mu)])


def faulty(**faults):
    return lambda t, y, x, mu: decay_step(t, y, x, mu, **faults)


def gain_of(t, y, x, mu):
    return decay_step(t, y, x, mu, change=lambda gain, mu: gain)[2]


def decay_cases(rng):
    wanted = (("a good forecast", 0.8, 1.2), ("a fair forecast", 0.42, 0.7), ("a poor forecast", 0.14, 0.22),
              ("a step that climbs", -9.0, -0.1), ("a good forecast, much damped", 0.8, 1.2), ("more than was foretold", 1.4, 3.0),
              ("a fair forecast, much damped", 0.4, 0.74))
    while True:
        found = {}
        while len(found) < len(wanted):
            rare = [name for name, _, _ in wanted if name not in found] == ["a fair forecast, much damped"]  # looked for where it is
            t = np.round(np.sort(rng.uniform(0, 4, 8)), 2)
            y = np.round(rng.uniform(2 if rare else 1, 4) * np.exp(-rng.uniform(0.4, 1.5) * t) + 0.1 * rng.normal(size=8), 2)
            x = np.round(np.array([rng.uniform(0.5, 1.2 if rare else 5), rng.uniform(0.1, 3)]), 2)
            mu = float(rng.choice([2.0, 5.0] if rare else [0.01, 0.1, 0.3, 2.0, 5.0]))
            with np.errstate(all="ignore"):
                gain = gain_of(t, y, x, mu)
            for name, low, high in wanted:
                fits = low < gain < high and ("much" in name) == (mu > 1)
                if fits and "fair forecast, much" in name:  # a forecast with μD in it must say otherwise, one without the half not
                    half_missing = faulty(forecast=lambda g, p, A: -(g @ p + p @ A @ p))(t, y, x, mu)
                    fits = faulty(told_damped=True)(t, y, x, mu)[2] < mu == half_missing[2]
                if name not in found and fits:
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
        Mistake("μ is a third after each step that is taken, and doubled after the others. Asked are the limits 0.75 and 0.25.",
                "Two decisions: x by the sign of the gain, μ by its size.", faulty(change=lambda gain, mu: mu / 3 if gain > 0 else 2 * mu)),
        Mistake("Where the step is refused μ stays. A gain below 0 is below 0.25, too.", "Double it there.", faulty(refused_keeps=True)),
        Mistake("A step with a poor forecast is refused. It is taken wherever the gain is above 0.", "0.25 is for μ alone.",
                faulty(least_gain=0.25)),
        Mistake("Your forecast is that of the damped parabola, with μD in it.", "−(gᵀp + ½ pᵀJᵀJp).", faulty(told_damped=True)),
        Mistake("The second column of J lacks its factor a.", "The derivative of a exp(−bt) by b.", faulty(with_a=False)),
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

QUESTIONS = (descending, eight_numbers, damped_fit)
