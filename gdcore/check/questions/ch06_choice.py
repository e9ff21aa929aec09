"""The questions of chapter 6 on matrices, a bug and the best numbers (06.4 to 06.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 06.4 -----------------------------------------------------------------------------------------------------------------------


def left_cases(rng):
    def case(name, curvatures, lr, momentum):
        return Case(name, {"curvatures": np.array(curvatures), "lr": lr, "momentum": momentum})

    yield case("the valley, complex roots at the flat end", [1.0, 30.0, round(rng.uniform(90, 100), 1)], 0.008, 0.9)
    yield case("the valley, little momentum", [1.0, round(rng.uniform(20, 60), 1), 100.0], 0.01, 0.3)
    yield case("the steep end jumps", [4.0, 10.0, round(rng.uniform(48, 52), 1)], 0.026, 0.6)
    yield case("beyond the limit", [1.0, 2.0, round(rng.uniform(15.5, 16.5), 1)], 0.1, 0.8)
    yield case("one curvature", [round(rng.uniform(2, 3), 2)], 0.1, 0.7)
    yield case("six curvatures", np.round(np.sort(rng.uniform(0.5, 20, 6)), 2), 0.04, 0.85)


def ahead(curvature, lr, momentum):
    keep = 1 - lr * curvature
    return np.array([[(1 + momentum) * keep, -momentum * keep], [1.0, 0.0]])


def ball(curvature, lr, momentum):
    return np.array([[1 + momentum - lr * curvature, -momentum], [1.0, 0.0]])


def spectral(M):
    return np.abs(np.linalg.eigvals(M)).max()


def left_of(curvatures, lr, momentum, matrix=ahead, size=spectral, over=np.max):
    return over([size(matrix(c, lr, momentum)) for c in np.atleast_1d(curvatures)])


def closed_form(curvatures, lr, momentum):
    """The larger root of z² − (1 + β)(1 − ηλ)z + β(1 − ηλ), by the formula of school."""
    keep = 1 - lr * np.asarray(curvatures)
    half, product = (1 + momentum) * keep / 2, momentum * keep
    root = np.sqrt(half**2 - product + 0j)
    return np.maximum(abs(half + root), abs(half - root)).max()


def left_with(**changes):
    return lambda curvatures, lr, momentum: left_of(curvatures, lr, momentum, **changes)


what_is_left = Question(
    "06.4", "What Nesterov leaves", "function", points=3, difficulty=2, minutes=15, name="left",
    objectives=("derive the matrix of another method", "read the speed of a run off eigenvalues"),
    draw=left_cases, oracle=closed_form, rtol=1e-6,
    mistakes=(
        Mistake("This is the matrix of the heavy ball.", "In Nesterov's step the gradient acts on the look ahead too: 1 − ηλ stands in "
                "both entries of the first row.", left_with(matrix=ball)),
        Mistake("You look at the largest curvature only. Often it is the flattest that is slow.", "Take the worst of all curvatures.",
                lambda curvatures, lr, momentum: left_of(curvatures[-1:], lr, momentum)),
        Mistake("You look at the smallest curvature only. Near the limit it is the most curved that is slow.",
                "Take the worst of all curvatures.", lambda curvatures, lr, momentum: left_of(curvatures[:1], lr, momentum)),
        Mistake("You take the largest real part. A complex or a negative root counts with its size.", "`np.abs(np.linalg.eigvals(M))`.",
                left_with(size=lambda M: np.linalg.eigvals(M).real.max())),
        Mistake("You take the root of the product of both eigenvalues, which is right for complex ones only.",
                "Real roots differ: the larger one counts. Let `np.linalg.eigvals` find them.",
                left_with(size=lambda M: np.sqrt(abs(np.linalg.det(M))))),
        Mistake("You return √β, which is what the heavy ball leaves of a complex pair.",
                "Here the product of the roots is β(1 − ηλ), and they need not be complex.",
                lambda curvatures, lr, momentum: np.sqrt(momentum)),
        Mistake("You average over the curvatures. The worst one counts in the long run.", "Take the largest.", left_with(over=np.mean)),
        Mistake("This is plain descent, |1 − ηλ|.", "With a memory a 2×2 matrix takes the place of the number.",
                lambda curvatures, lr, momentum: np.abs(1 - lr * curvatures).max()),
        Mistake("You take the norm of the matrix: what one step can do at worst. In the long run its eigenvalues count.",
                "`np.linalg.eigvals`, not `np.linalg.norm`.", left_with(size=lambda M: np.linalg.norm(M, 2))),
        Mistake("You take the smaller eigenvalue of each matrix.", "The larger one is what remains in the long run.",
                left_with(size=lambda M: np.abs(np.linalg.eigvals(M)).min())),
        Mistake("You take the size of the real part, which cuts a complex root short.", "`np.abs` of the whole complex number.",
                left_with(size=lambda M: np.abs(np.linalg.eigvals(M).real).max())),
        Mistake("The factor 1 − ηλ is missing in the second entry: the new point's memory passes by the gradient.",
                "Both entries of the first row carry 1 − ηλ.",
                left_with(matrix=lambda c, lr, b: np.array([[(1 + b) * (1 - lr * c), -b], [1.0, 0.0]]))),
        Mistake("The sign of the second entry is wrong.", "It is −β(1 − ηλ).",
                left_with(matrix=lambda c, lr, b: np.array([[(1 + b) * (1 - lr * c), b * (1 - lr * c)], [1.0, 0.0]]))),
        Mistake("You return what is taken off, not what is left.", "What is left is the size of the root itself.",
                lambda curvatures, lr, momentum: 1 - left_of(curvatures, lr, momentum)),
        Mistake("You return the best direction. The worst one counts.", "The largest over all curvatures.", left_with(over=np.min)),
    ),
    success="Every method that is a fixed sum of points and gradients is such a matrix, and its spectral radius is its speed.",
    onwards="draw it for momentum 0.9 and rates from 0 to 2/L. Where is the border, and does it agree with the chapter?")

# -- 06.5 -----------------------------------------------------------------------------------------------------------------------


def training_cases(rng):
    for name, n, d, lr, momentum, steps in (
            ("eight people, two measurements each", 8, 2, 0.05, 0.9, 6), ("forty people, three each", 40, 3, 0.05, 0.8, 10),
            ("forty people, momentum 0.5", 40, 3, 0.1, 0.5, 8), ("a hundred people, four each", 100, 4, 0.02, 0.95, 12)):
        A, B = np.round(rng.normal(size=(n, d)), 3), np.round(rng.normal(size=(n, d)), 3)
        y = np.round(A @ rng.uniform(2, 6, d) - B @ rng.uniform(2, 6, d) + rng.normal(size=n), 3)
        yield Case(name, {"A": A, "B": B, "y": y, "lr": lr, "momentum": momentum, "steps": steps})


def training(A, B, y, lr, momentum, steps, shared=False, kept=True, dampening=0.0, half=1.0, nesterov=False, anew=False, late=0,
             mean=True, still=False):
    """The losses of the training; each argument after `steps` is a fault."""
    parts, inputs = [np.ones(A.shape[1]), np.ones(B.shape[1])], (A, B)
    velocities = [np.zeros(A.shape[1])] * 2 if shared else [np.zeros(A.shape[1]), np.zeros(B.shape[1])]
    losses, size = [], len(y) if mean else 1
    for _ in range(steps + 1 + late):
        error = A @ parts[0] + B @ parts[1] - y
        losses.append(np.mean(error**2))
        for p, X, v in zip(parts, inputs, velocities):
            g = half * 2 * X.T @ (A @ parts[0] + B @ parts[1] - y if anew else error) / size
            new = momentum * v + (1 - dampening * momentum) * g
            if kept:
                v[:] = new
            if not still:
                p -= lr * (g + momentum * new if nesterov else new)
    return np.array(losses[late:])


def trained_with(**faults):
    return lambda A, B, y, lr, momentum, steps: training(A, B, y, lr, momentum, steps, **faults)


train = Question(
    "06.5", "The momentum that does nothing", "bug", points=3, difficulty=2, minutes=15, name="train", steps=True,
    objectives=("find a velocity that is lost", "find the fault that hides behind another"),
    draw=training_cases, oracle=training,
    mistakes=(
        Mistake("The momentum still does nothing: this is the training as it was given, or only the list of velocities is mended.",
                "`v = …` gives a new array the name v, and the list keeps its old one. Write into it: `v[:] = …`.",
                trained_with(kept=False)),
        Mistake("The velocity is kept now, and both groups of weights share it.",
                "`[a] * 2` is a list of one array, twice. Make two arrays.", trained_with(shared=True)),
        Mistake("You made the rate larger in place of a memory.", "lr/(1 − β) is the effective rate, and no memory.",
                lambda A, B, y, lr, momentum, steps: training(A, B, y, lr / (1 - momentum), 0.0, steps)),
        Mistake("Your velocity is an average: 1 − β stands before the gradient.", "Leave the dialect as it is given: v = βv + g.",
                trained_with(dampening=1.0)),
        Mistake("The 2 of the slope is lost, so every step is half as long as it should be.", "The slope of e² is 2e.",
                trained_with(half=0.5)),
        Mistake("You made it Nesterov's method.", "Mend the two faults, and leave the method as it is.", trained_with(nesterov=True)),
        Mistake("The error is computed anew between the two groups: the second one sees a step that the first has just taken.",
                "Both gradients belong to the same point: one error for both.", trained_with(anew=True)),
        Mistake("Your first loss is that after a step.", "Note the loss first, then step.", trained_with(late=1)),
        Mistake("The weights never move: the step makes a new array, and the model keeps its old one.",
                "`p = p − …` gives a new array the name p. `p -= …` writes into the old one.", trained_with(still=True)),
        Mistake("The slope is that of a sum, and the loss is a mean.", "Divide by `len(y)`.", trained_with(mean=False)),
    ),
    success="The velocity was computed, used once and thrown away, so nobody noticed that both groups shared it.",
    onwards="which of the two faults would torch.optim have let you make?")

# -- 06.6 -----------------------------------------------------------------------------------------------------------------------


def tuned_cases(rng):
    L = float(rng.integers(90, 121))
    yield Case(f"curvatures from 1 to {L:g}", {"mu": 1.0, "L": L})
    yield Case("nearly round, from 1 to 1.4", {"mu": 1.0, "L": 1.4})
    yield Case("a steep valley, from 2", {"mu": 2.0, "L": float(rng.integers(300, 600))})
    yield Case("a flat one, up to 8", {"mu": round(rng.uniform(0.3, 0.5), 2), "L": 8.0})


def best_pair(mu, L):
    root = np.sqrt(3 * L / mu + 1)
    return 4 / (3 * L + mu), (root - 2) / (root + 2)


def near_the_best(value, inputs, hidden):
    """Nesterov's method with these numbers takes at least 97 % of what the best pair takes off the worst direction."""
    mu, L = inputs["mu"], inputs["L"]
    if np.shape(value) != (2,):
        return f"Two numbers are expected, (lr, momentum); yours has the shape {np.shape(value)}."
    lr, momentum = map(float, value)
    curvatures = np.concatenate([np.linspace(mu, L, 2001), np.geomspace(mu, L, 2001)])
    with np.errstate(all="ignore"):
        share = closed_form(curvatures, lr, momentum)
    best = 1 - 2 / np.sqrt(3 * L / mu + 1)
    if 1 - share >= 0.97 * (1 - best):
        return ""
    ball = (np.sqrt(L / mu) - 1) / (np.sqrt(L / mu) + 1)
    return (f"The worst direction keeps {share:.4g} per step; the goal is {1 - 0.97 * (1 - best):.4g}. (The best heavy ball with its own "
            f"numbers leaves {ball:.4g}.)")


def polyak(mu, L):
    root = np.sqrt(L / mu)
    return 4 / (np.sqrt(L) + np.sqrt(mu)) ** 2, ((root - 1) / (root + 1)) ** 2


tuned = Question(
    "06.6", "The best numbers for Nesterov", "target", points=3, difficulty=3, minutes=20, name="tuned",
    objectives=("choose rate and momentum for another method", "balance two ends of a spectrum"),
    draw=tuned_cases, proof=near_the_best, limit=5.0,
    mistakes=(
        Mistake("These are the best numbers of the heavy ball. Nesterov's method has a lower limit, and explodes or jumps.",
                "Each method has its own matrix: use the one of question 06.4.", polyak),
        Mistake("These are the numbers of the textbook, 1/L and (√κ − 1)/(√κ + 1): safe for every convex loss, not the best for a bowl.",
                "At 1/L the most curved direction arrives at once, which is more than it needs. A larger rate helps the flat end.",
                lambda mu, L: (1 / L, (np.sqrt(L / mu) - 1) / (np.sqrt(L / mu) + 1))),
        Mistake("This is plain descent at its best.", "A momentum above zero helps the flat end.", lambda mu, L: (2 / (L + mu), 0.0)),
        Mistake("Momentum 0.9 is a habit, not an answer: the best one depends on κ.",
                "Search both numbers, for each mu and L.", lambda mu, L: (1 / L, 0.9)),
        Mistake("Your rate is right, and your momentum is the heavy ball's.", "At the flat end, which momentum gives a double root?",
                lambda mu, L: (best_pair(mu, L)[0], polyak(mu, L)[1])),
        Mistake("Your rate is right, and your momentum is the textbook's, which belongs to the rate 1/L.",
                "At the flat end, which momentum gives a double root at your rate?",
                lambda mu, L: (best_pair(mu, L)[0], (np.sqrt(L / mu) - 1) / (np.sqrt(L / mu) + 1))),
        Mistake("Your rate is 1/L, and your momentum is the heavy ball's.", "Take both numbers from the matrix of question 06.4.",
                lambda mu, L: (1 / L, polyak(mu, L)[1])),
        Mistake("Your two numbers are in the wrong order.", "First the rate, then the momentum.", lambda mu, L: best_pair(mu, L)[::-1]),
        Mistake("Your rate is 2/(L + μ), above Nesterov's limit as soon as there is much momentum.",
                "The limit is 2(1 + β)/((1 + 2β)L).", lambda mu, L: (2 / (L + mu), best_pair(mu, L)[1])),
    ),
    success="At the best pair the flat end has a double root, and the steep end a negative one of the same size.",
    onwards="how much slower than the best heavy ball is it for large κ? Compare √(3κ + 1)/2 with √κ.")

# -- 06.7 -----------------------------------------------------------------------------------------------------------------------

three_floors = Manual(
    "06.7", "Three runs in the same noise", difficulty=2, minutes=10, name="advice", words=150,
    objectives=("read the noise's floor off a run", "defend a choice of momentum"),
    rubric=(("says why B ends higher than A, by the effective rate or by the formula, with numbers", 1),
            ("says why C ends where A ends, and what that means for the averaging of noise", 1),
            ("says when momentum would have helped, and why it cannot here", 1),
            ("proposes a next run that ends lower, and names its price", 1)))

QUESTIONS = (what_is_left, train, tuned)
MANUAL = (three_floors,)
