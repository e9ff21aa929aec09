"""The questions of chapter 9 on networks and bowls: a start with three faults, the slope of a norm, one step (09.4 to 09.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 09.4 -----------------------------------------------------------------------------------------------------------------------


def training_cases(rng):
    def case(name, n, scales, hidden, lr, steps, share):
        X = np.round((rng.normal(size=(n, len(scales))) + rng.uniform(1, 3, len(scales))) * np.array(scales), 4)
        y = np.zeros(n)
        y[np.argsort(X[:, 0])[-max(1, round(share * n)):]] = 1
        return Case(name, {"X": X, "y": y, "hidden": hidden, "lr": lr, "steps": steps, "seed": int(rng.integers(1000))})

    yield case("three measurements, one house in ten", 20, (1, 10, 0.1), 5, 0.2, 6, 0.1)
    yield case("four measurements, one in four", 24, (1, 1, 50, 3), 7, 0.1, 5, 0.25)
    yield case("many hidden units", 16, (2, 0.5), 12, 0.05, 8, 0.2)
    yield case("no step at all", 15, (1, 20, 5), 4, 0.1, 0, 0.2)
    yield case("few hidden units", 30, (1, 100, 1, 0.01), 2, 0.3, 5, 0.3)


def trained(X, y, hidden, lr, steps, seed, axis=0, fan="in", bias="odds", ddof=0, gain=2.0, root=True, flip=1, centre=True, keep_b=False,
            first=True):
    rng, n, d = np.random.default_rng(seed), *X.shape
    where = {"keepdims": True} | ({} if axis is None else {"axis": axis})
    Z = (X - (X.mean(**where) if centre else 0)) / X.std(ddof=ddof, **where)
    variance = gain / {"in": d, "out": hidden, "both": (d + hidden) / 2, "rows": n}[fan]
    W = rng.normal(size=(hidden, d)) * (np.sqrt(variance) if root else variance)
    v, p = rng.normal(size=hidden) / np.sqrt(hidden), y.mean()
    b = {"odds": np.log(p / (1 - p)), "turned": np.log((1 - p) / p), "p": np.log(p), "zero": 0.0, "share": p,
         "ten": np.log10(p / (1 - p)), "minus": -np.log(p), "raw": p / (1 - p)}[bias]
    losses = []
    for _ in range(steps + 1):
        a = np.maximum(Z @ W.T, 0)
        z = a @ v + b
        losses.append(np.mean(np.logaddexp(0, z) - y * z))
        e = flip * (1 / (1 + np.exp(-z)) - y) / n
        back = np.outer(e, v) * (a > 0)
        W, v, b = W - lr * back.T @ Z, v - lr * a.T @ e, b - (0 if keep_b else lr * e.sum())
    return np.array(losses if first else losses[1:])


def faulty(**faults):
    return lambda X, y, hidden, lr, steps, seed: trained(X, y, hidden, lr, steps, seed, **faults)


AXIS = "The inputs are still standardised house by house: a mean over square feet, years and rooms."
FAN = "The hidden weights still count the wrong end of the layer."
BIAS = "The bias still starts the rare class as the frequent one."
TO_AXIS, TO_FAN, TO_BIAS = ("Mean and spread of each column: axis=0.", "He's variance is 2/fan_in, and a hidden unit has d inputs.",
                            "ln(p/(1 − p)).")

training = Question(
    "09.4", "Three faults before the first step", "bug", points=3, difficulty=2, minutes=12, name="train",
    objectives=("find faults in a start by reading it", "tell an axis, a fan and the sign of a bias from their neighbours"),
    draw=training_cases, oracle=faulty(),
    mistakes=(
        Mistake("These are the losses of the code as it was given, with its three faults.",
                "Over what does each mean run? How many inputs has a hidden unit? What chance does the bias stand for?",
                faulty(axis=1, fan="out", bias="turned")),
        Mistake("One fault is found, the axis. Two are left.", "How many inputs has a hidden unit? What chance does the bias stand for?",
                faulty(fan="out", bias="turned")),
        Mistake("One fault is found, the variance of the weights. Two are left.",
                "Over what does each mean run? What chance does the bias stand for?", faulty(axis=1, bias="turned")),
        Mistake("One fault is found, the bias. Two are left.", "Over what does each mean run? How many inputs has a hidden unit?",
                faulty(axis=1, fan="out")),
        Mistake("Two faults are found. " + AXIS, TO_AXIS, faulty(axis=1)),
        Mistake("Two faults are found. " + FAN, TO_FAN, faulty(fan="out")),
        Mistake("Two faults are found. " + BIAS, TO_BIAS, faulty(bias="turned")),
        Mistake("One mean and one spread for the whole table.", TO_AXIS, faulty(axis=None)),
        Mistake("The weights have variance 1/fan_in. The hidden layer is followed by a ReLU, and the task asks for He's.", TO_FAN,
                faulty(gain=1.0)),
        Mistake("The weights have the middle of fan_in and fan_out.", TO_FAN, faulty(fan="both")),
        Mistake("The weights are Xavier's, 2/(fan_in + fan_out). The task asks for He's.", TO_FAN, faulty(fan="both", gain=1.0)),
        Mistake("The weights count the examples.", TO_FAN, faulty(fan="rows")),
        Mistake("Your bias is −ln p: the 1 − p is missing, and the sign is turned round.", TO_BIAS, faulty(bias="minus")),
        Mistake("Your bias is the odds p/(1 − p), without their logarithm.", TO_BIAS, faulty(bias="raw")),
        Mistake("The weights' root is gone: you multiply by the variance.", "Multiply by its root, the standard deviation.",
                faulty(root=False)),
        Mistake("Your bias is the logarithm of p alone.", TO_BIAS, faulty(bias="p")),
        Mistake("Your bias starts at zero, with a chance of one half.", TO_BIAS, faulty(bias="zero")),
        Mistake("Your bias is the chance itself, not its score.", TO_BIAS, faulty(bias="share")),
        Mistake("Your bias is a decimal logarithm.", "The natural one: np.log.", faulty(bias="ten")),
        Mistake("Your spread divides by n − 1.", "NumPy's std, with ddof left at 0.", faulty(ddof=1)),
        Mistake("The mean is not taken off any more.", "(X − mean) / spread, of each column.", faulty(centre=False)),
        Mistake("The training climbs: the sign is wrong.", "The steps were right as they were given.", faulty(flip=-1)),
        Mistake("The bias does not learn any more.", "The steps were right as they were given.", faulty(keep_b=True)),
    ),
    success="A column has a mean, a unit has inputs, a class has a share: each of the three starts counts something, and says what.",
    onwards="which of the three faults costs most? Repair all but one, in turn, and compare the losses after a hundred steps.")

# -- 09.5 -----------------------------------------------------------------------------------------------------------------------


def norm_cases(rng):
    def case(name, n, d, eps=1e-5, size=1.0, shift=0.0):
        draw = lambda: np.round(rng.normal(size=(n, d)), 4)
        return Case(name, {"a": np.round(size * draw() + shift, 4), "u": draw(), "eps": eps})

    yield case("one example", 1, 4)
    yield case("five examples", 5, 3, size=2.0)
    yield case("units with a mean", 4, 6, shift=3.0)
    yield case("a large ε", 3, 4, eps=0.5)
    yield case("tiny answers", 6, 2, eps=1e-4, size=0.02)


def normed(a, u, eps, axis=1, centred=False, outside=False, passed="both", over_r=True, mean=True, sign=-1, upstream=True, squared=False,
           plain_a=False, inner_axis=1, add=True, total=False, factor=1,
           spread=False):
    average, given = np.mean if mean else np.sum, a
    inner_axis = axis if axis != 1 else inner_axis
    a = a - a.mean(axis=axis, keepdims=True) if centred else a
    square = np.mean(a**2, axis=axis, keepdims=True)
    square = np.var(a, axis=axis, keepdims=True) if spread else square * a.shape[1] if total else square
    r = np.sqrt(square) + eps if outside else np.sqrt(square + eps * add)
    r = r**2 if squared else r
    y, u = a / r, u if upstream else np.ones_like(u)
    along, front = a if plain_a else y, factor * (given if plain_a == "twice" else y)
    inner = {"both": lambda: u + sign * front * average(u * along, axis=inner_axis, keepdims=True), "constant": lambda: u,
             "orthogonal": lambda: u - y * np.sum(u * y, axis=axis, keepdims=True) / np.sum(y**2, axis=axis, keepdims=True),
             "each": lambda: u - u * y**2 / a.shape[1], "each, whole": lambda: u - u * y**2,
             "u alone": lambda: u - y * np.mean(u, axis=axis, keepdims=True),
             "layer": lambda: u - u.mean(axis=1, keepdims=True) - y * np.mean(u * y, axis=1, keepdims=True)}[passed]()
    if centred:
        inner = inner - u.mean(axis=axis, keepdims=True)
    return y, inner / r if over_r else inner


def variant(**knobs):
    return lambda a, u, eps: normed(a, u, eps, **knobs)


rms = Question(
    "09.5", "RMS norm, there and back", "function", points=3, difficulty=3, minutes=12, name="rms_norm",
    objectives=("normalise each example by its root mean square", "derive the gradient through a mean that is part of the network"),
    draw=norm_cases, oracle=variant(),
    mistakes=(
        Mistake("Your gradient takes r for a constant. It depends on a, as well.", "Differentiate y = a/r by the quotient rule.",
                variant(passed="constant")),
        Mistake("In the gradient the mean over the units is a sum.", "r² is a mean, so its derivative has a 1/d.", variant(mean=False)),
        Mistake("In the gradient the second part has the wrong sign.", "The quotient rule subtracts.", variant(sign=1)),
        Mistake("The gradient is not divided by r.", "The whole bracket is divided by r.", variant(over_r=False)),
        Mistake("In the gradient a factor r is too much: either the mean is of u · a, or the y before it is an a.",
                "u minus y times the mean of u · y.", variant(plain_a=True)),
        Mistake("In the gradient a stands in both places of y.", "u minus y times the mean of u · y.", variant(plain_a="twice")),
        Mistake("In the gradient the mean runs over the examples.", "Over the units of each example: axis=1.", variant(inner_axis=0)),
        Mistake("In the gradient the mean runs over the whole table.", "Over the units of each example: axis=1.",
                variant(inner_axis=None)),
        Mistake("In the gradient each unit sees its own a alone: r depends on all of its row.", "A sum over k, with uₖ yₖ.",
                variant(passed="each")),
        Mistake("In the gradient the mean over the units is missing: u · y is taken unit by unit.", "The mean of u · y over its row.",
                variant(passed="each, whole")),
        Mistake("In the gradient the mean is of u alone.", "The mean of u · y.", variant(passed="u alone")),
        Mistake("In the gradient the second part is twice too large: the root's ½ cancels the 2 of the square.", "∂r/∂aⱼ = aⱼ/(d r).",
                variant(factor=2)),
        Mistake("Your gradient is that of layer norm: the mean of u is taken off.", "No mean was taken off on the way there.",
                variant(passed="layer")),
        Mistake("You divide by the standard deviation, which knows nothing of the mean.", "r = √(mean of a² + ε).", variant(spread=True)),
        Mistake("ε is missing.", "r = √(mean of a² + ε).", variant(add=False)),
        Mistake("You divide by the root of the sum of squares.", "r = √(mean of a² + ε).", variant(total=True)),
        Mistake("Your gradient is made exactly orthogonal to a. With an ε in the root it is not quite.",
                "u minus y times the mean of u · y, all over r.", variant(passed="orthogonal")),
        Mistake("You take off the mean: that is layer norm.", "RMS norm divides only.", variant(centred=True)),
        Mistake("You average over the examples: that is how batch norm does it.", "Over the units of each example: axis=1.",
                variant(axis=0)),
        Mistake("You average over the whole table.", "Each example has its own size: axis=1.", variant(axis=None)),
        Mistake("ε stands outside the root.", "r = √(mean of a² + ε).", variant(outside=True)),
        Mistake("The root is missing: you divide by the mean square.", "r = √(mean of a² + ε).", variant(squared=True)),
        Mistake("Your gradient does not use u.", "It is the loss's gradient that comes back: begin with u.", variant(upstream=False)),
        Mistake("You return the answer alone.", "Two arrays: return y, gradient.", lambda *inputs: normed(*inputs)[0]),
        Mistake("The two results have changed places.", "First y, then the gradient.", lambda *inputs: normed(*inputs)[::-1]),
    ),
    success="(u − y · mean(u y))/r: the part along y is taken away, and the rest shrinks as a grows, as the chapter's proof says of w.",
    onwards="what is mean(gradient · a), with and without ε? The first identity of the chapter is hidden there.")

# -- 09.6 -----------------------------------------------------------------------------------------------------------------------


def bowl_cases(rng):
    def case(name, n, scales, mean=0.0, mixed=0.0):
        d = len(scales)
        A = (rng.normal(size=(n, d)) + mean) @ (np.eye(d) + mixed * rng.normal(size=(d, d)))
        A = np.round(A * np.array(scales), 6)
        y = np.round(A / np.array(scales) @ rng.normal(size=d) + 0.3 * rng.normal(size=n), 4)
        return Case(name, {"A": A}, {"y": y})

    yield case("two units", 20, (1, 100))
    yield case("correlated columns", 30, (1, 1, 1), mixed=0.8)
    yield case("columns with means", 25, (2, 0.1, 30), mean=2.0)
    yield case("all of it", 40, (0.01, 1, 300, 5), mean=1.0, mixed=0.5)
    yield case("a single column", 10, (50,), mean=0.5)


def arrives(value, inputs, hidden):
    A, y = np.array(inputs["A"]), np.array(hidden["y"])
    T, d = np.array(value, dtype=float), A.shape[1]
    if T.shape != (d, d) or not np.isfinite(T).all():
        return f"Give a matrix of {d} × {d} finite numbers."
    if np.linalg.matrix_rank(A @ T) < d:
        return "Your T has lost a direction: not every linear model can be written with it."
    B, n = A @ T, len(y)
    z = B.T @ y / n  # one step of length 1 from 0
    loss = lambda B, z: np.mean((B @ z - y) ** 2) / 2
    lowest, start, end = loss(A, np.linalg.lstsq(A, y, rcond=None)[0]), np.mean(y**2) / 2, loss(B, z)
    left = (end - lowest) / (start - lowest)
    return "" if left < 1e-6 else f"After the step {left:.3g} of the loss that could go is left."


def eigen(A, power=-0.5, count=True, centred=False, kind="columns"):
    C = A - A.mean(axis=0) if centred else A
    H = C.T @ C / (len(A) if count else 1)
    values, V = np.linalg.eigh(H)
    T = V * values**power
    return {"columns": T, "rows": T.T, "both": T @ V.T, "turn": V}[kind]


one_step = Question(
    "09.6", "There in one step", "target", points=3, difficulty=3, minutes=12, name="transform",
    objectives=("choose coordinates in which a bowl is round", "tell whitening from standardising, and from a full Newton step"),
    draw=bowl_cases, proof=arrives,
    mistakes=(
        Mistake("You changed nothing.", "In which coordinates is the Hessian the identity?", lambda A: np.eye(A.shape[1])),
        Mistake("You divided each column by its root mean square: its curvature is 1, but the columns are still correlated.",
                "All of TᵀHT has to be the identity, not its diagonal alone.", lambda A: np.diag(1 / np.sqrt(np.mean(A**2, axis=0)))),
        Mistake("You divided each column by its spread. Nobody takes off the mean here, and correlation is left as well.",
                "Use H = AᵀA/n as it is.", lambda A: np.diag(1 / A.std(axis=0))),
        Mistake("You whitened the centred columns. Here the means are part of the bowl.", "Use H = AᵀA/n of A as it is.",
                lambda A: eigen(A, centred=True)),
        Mistake("Your H is a sum over the rows, not a mean: each step is too short by the factor n.", "Divide AᵀA by n.",
                lambda A: eigen(A, count=False)),
        Mistake("The root is missing: TᵀHT is then the inverse of H.", "Divide by the roots of the eigenvalues.",
                lambda A: eigen(A, power=-1.0)),
        Mistake("You took the inverse of H: T appears twice in TᵀHT.", "Its root is what is wanted: H to the power −½.",
                lambda A: eigen(A, power=-1.0, kind="both")),
        Mistake("You multiplied by the roots where you should divide.", "H to the power −½.", lambda A: eigen(A, power=0.5)),
        Mistake("You turned the axes to those of H, and no more: each has its own curvature still.",
                "Divide each new axis by the root of its eigenvalue.", lambda A: eigen(A, kind="turn")),
        Mistake("Your T is transposed: the eigenvectors belong in its columns.", "T = V / √λ, which divides the columns.",
                lambda A: eigen(A, kind="rows")),
        Mistake("Your Cholesky factor is on the wrong side.", "With H = LLᵀ it is the inverse of Lᵀ that makes TᵀHT the identity.",
                lambda A: np.linalg.inv(np.linalg.cholesky(A.T @ A / len(A)))),
        Mistake("Your T divides the rows of V by the roots.", "V / √λ divides the columns, each by its own root.",
                lambda A: eigen(A, power=0) / np.sqrt(np.linalg.eigvalsh(A.T @ A / len(A)))[:, None]),
        Mistake("You turned V round before you divided.", "V / √λ: the eigenvectors are its columns.",
                lambda A: eigen(A, power=0).T / np.sqrt(np.linalg.eigvalsh(A.T @ A / len(A)))),
        Mistake("Your T is the root of H itself, where its inverse is wanted.", "With H = LLᵀ the inverse of Lᵀ does it.",
                lambda A: np.linalg.cholesky(A.T @ A / len(A))),
        Mistake("Your H divides by n − 1.", "The loss has 1/n: divide AᵀA by n.", lambda A: eigen(A) * np.sqrt(1 - 1 / len(A))),
        Mistake("Your T makes AᵀA the identity, not AᵀA/n: each step is too short.", "Multiply T by the root of n.",
                lambda A: np.linalg.svd(A, full_matrices=False)[2].T / np.linalg.svd(A, compute_uv=False)),
        Mistake("You divided all columns by the root of the largest curvature: one direction arrives, the others creep.",
                "Each axis of H has its own curvature.",
                lambda A: np.eye(A.shape[1]) / np.sqrt(np.linalg.eigvalsh(A.T @ A / len(A))[-1])),
    ),
    success="TᵀHT = I: in these coordinates the bowl is round, κ is 1, and one step of length 1 is Newton's.",
    onwards="how many operations does it cost for a million features? Chapter 14 asks what can be had for less.")

# -- 09.7 -----------------------------------------------------------------------------------------------------------------------

a_report = Manual(
    "09.7", "Four steps, in the wrong order", difficulty=2, minutes=10, name="review", words=150,
    objectives=("find leaks in a preparation of data", "say which of them decide a result, and what repairs them"),
    rubric=(("names the choice of genes on all patients as the leak that decides: it has seen the labels of the test part", 1),
            ("names the scaling over all patients as a leak too, and says that it matters less", 1),
            ("says what is wrong in the network: the deep start, or batch norm with tiny batches", 1),
            ("proposes the order that is right: split first, then one pipeline fitted anew in each training part", 1)))

QUESTIONS = (training, rms, one_step)
MANUAL = (a_report,)
