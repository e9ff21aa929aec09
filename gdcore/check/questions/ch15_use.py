"""The questions of chapter 15 on use: a broken Muon, a plan of products, memory, a claim of ten per cent (15.4 to 15.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

MUON, CLASSIC = (3.4445, -4.7750, 2.0315), (1.5, -0.5, 0.0)

# -- 15.4 -----------------------------------------------------------------------------------------------------------------------


def muon_cases(rng):
    for name, rows, columns, count, lr, beta in (("wide, one gradient", 2, 3, 1, 0.1, 0.9), ("tall, one gradient", 4, 2, 1, 0.1, 0.9),
                                                 ("wide, five gradients", 3, 5, 5, 0.05, 0.8), ("tall, six gradients", 5, 3, 6, 0.1, 0.6),
                                                 ("square, four gradients", 3, 3, 4, 0.1, 0.7)):
        yield Case(name, {"W": np.round(rng.normal(size=(rows, columns)), 3),
                          "gradients": np.round(3 * rng.normal(size=(count, rows, columns)), 3), "lr": lr, "beta": beta})  # fmt: skip


def orthogonal(X, once=False, norm="all", steps=5, numbers=MUON, entry=False, by=None):
    """Five steps of Muon's polynomial; `once`: the Gram matrix is made before the loop only."""
    X = X / {"all": np.linalg.norm(X if by is None else by), "entry": np.abs(X).max(), "two": np.linalg.norm(X, 2), "none": 1.0}[norm]
    A = X @ X.T
    for _ in range(steps):
        A = A if once else X @ X.T
        X = numbers[0] * X + (numbers[1] * A + numbers[2] * (A * A if entry else A @ A)) @ X
    return X


def muon(W, gradients, lr, beta, after=False, scale="rows", nesterov=False, sign=1.0, total=False, start=None, none=False, kept=False,
         unit=False, exact=False, by_gradient=False, **inner):
    mean = np.zeros_like(W)
    rows, columns = W.shape
    tall = rows / columns
    factor = {"rows": np.sqrt(max(1, tall)), "columns": np.sqrt(max(1, 1 / tall)), "none": 1.0, "bare": max(1, tall),
              "root": np.sqrt(tall), "adamw": 0.2 * np.sqrt(max(rows, columns))}[scale]  # fmt: skip
    for t, g in enumerate(gradients):
        g = g / np.linalg.norm(g) if unit else g
        inner |= {"by": g} if by_gradient else {}
        new = orthogonal(g, **inner) if after else g
        mean = new if (start and t == 0) or none else beta * mean + (1.0 if total else 1 - beta) * new
        ahead = beta * mean + (1 - beta) * new if nesterov else mean
        mean = mean / np.linalg.norm(mean) if kept else mean
        mean = orthogonal(mean) if kept == "mapped" else mean
        if exact:
            left, _, right = np.linalg.svd(mean, full_matrices=False)
        step = left @ right if exact else mean if kept == "mapped" else ahead if after else orthogonal(ahead, **inner)
        W = W - sign * lr * factor * step
    return W


def broken(**faults):
    return lambda W, gradients, lr, beta: muon(W, gradients, lr, beta, **faults)


muon_bug = Question(
    "15.4", "Muon, three faults", "bug", points=3, difficulty=2, minutes=15, name="muon", rtol=1e-7,
    objectives=("find faults in an orthogonalised step by reading it", "put the average, the map and the scale in their order"),
    draw=muon_cases, oracle=broken(),
    mistakes=(
        Mistake("These are the weights of the code as it was given, with its three faults.",
                "What is averaged? What changes inside the loop? Which matrices take longer steps?",
                broken(after=True, once=True, scale="columns")),
        Mistake("One fault is found, the average. Two are left.", "Look at what the loop renews, and at the scale.",
                broken(once=True, scale="columns")),
        Mistake("One fault is found, the matrix A that was made only once. Two are left.", "Look at what is averaged, and at the scale.",
                broken(after=True, scale="columns")),
        Mistake("One fault is found, the scale. Two are left.", "Look at what is averaged, and at what the loop renews.",
                broken(after=True, once=True)),
        Mistake("Two faults are found. The maps of single gradients are still averaged: noise is blown up before it can cancel.",
                "Average the gradients, then map the average.", broken(after=True)),
        Mistake("Two faults are found. A is still that of the matrix before the loop.", "X changes in each step, and X Xᵀ with it.",
                broken(once=True)),
        Mistake("Two faults are found. The scale is still turned round: wide matrices take the longer steps.",
                "√max(1, rows/columns).", broken(scale="columns")),
        Mistake("The scale is gone.", "√max(1, rows/columns).", broken(scale="none")),
        Mistake("The scale has lost its root.", "√max(1, rows/columns).", broken(scale="bare")),
        Mistake("Wide matrices take shorter steps: the 1 is lost.", "√max(1, rows/columns).", broken(scale="root")),
        Mistake("You look ahead as Nesterov does. The code that was given does not, and that is no fault.", "Map the average itself.",
                broken(nesterov=True)),
        Mistake("You divide by the largest singular value. The given norm was no fault.", "np.linalg.norm(X), without a 2.",
                broken(norm="two")),
        Mistake("You divide by the largest entry: singular values above 1 may be left.", "np.linalg.norm(X).", broken(norm="entry")),
        Mistake("You divide the average by the norm of the gradient.", "The norm of what is mapped.",
                broken(by_gradient=True)),
        Mistake("There is no polynomial: the average is only divided by its norm.", "Five steps of it.", broken(steps=0)),
        Mistake("You took the classic numbers.", "3.4445, −4.7750 and 2.0315, as they were given.", broken(numbers=CLASSIC)),
        Mistake("The square of A is taken entry by entry.", "A @ A.", broken(entry=True)),
        Mistake("Nothing is divided by: large singular values explode.", "np.linalg.norm(X).", broken(norm="none")),
        Mistake("The average is gone: you map each gradient alone.", "beta * mean + (1 - beta) * g, then the map.", broken(none=True)),
        Mistake("Your average begins with the first gradient. The given one begins at 0, and that is no fault.",
                "np.zeros_like(W).", broken(start=True)),
        Mistake("There are four steps.", "Five steps.", broken(steps=4)),
        Mistake("There are six steps.", "Five steps.", broken(steps=6)),
        Mistake("You keep the average divided by its norm. Divide a copy: the next gradient meets the average itself.",
                "X = mean / np.linalg.norm(mean).", broken(kept=True)),
        Mistake("The loop writes over the average. Map a copy: the next gradient meets the average itself.",
                "X = mean / np.linalg.norm(mean).", broken(kept="mapped")),
        Mistake("You average gradients that are divided by their norms. Average them as they come.",
                "First the average of g, then the norm.", broken(unit=True)),
        Mistake("You average gradients that are divided by their norms, and do not divide the average.",
                "First the average of g, then the norm.", broken(unit=True, norm="none")),
        Mistake("You take U Vᵀ itself. Asked are five steps of the polynomial, which end near it.", "The inner loop stays.",
                broken(exact=True)),
        Mistake("Your scale is the one that matches AdamW. Asked is the other.", "√max(1, rows/columns).", broken(scale="adamw")),
        Mistake("Your walker climbs: the sign is wrong.", "W minus the step.", broken(sign=-1.0)),
    ),
    success="Average, then map; A is new in each step; tall matrices step further. A sum in place of the average would do as well: why?",
    onwards="give it the transposed problem. When does the transposed answer come out, and which line is to blame when it does not?")

# -- 15.5 -----------------------------------------------------------------------------------------------------------------------


def products_of(plan):
    """A step without a fifth power takes two products, with one three."""
    return sum(2 if c == 0 else 3 for _, _, c in plan)


def reached(plan, low):
    """The least and the largest of what comes out, over a fine grid of singular values from low to 1."""
    s = np.geomspace(low, 1, 4001)
    with np.errstate(all="ignore"):
        for a, b, c in plan:
            s = a * s + b * s**3 + c * s**5
    return s.min(), s.max()


def mixed(low, products, order=1, spare=0):
    """Muon's steps as few as are needed, and a classic one."""
    plan = [CLASSIC]
    while not (reached(plan, low)[0] > 0.85 and reached(plan, low)[1] < 1.15):
        plan = [MUON, *plan]
    return np.array(([MUON] * spare + plan)[::order])


def plan_cases(rng):
    for name, low, high in (("a tenth", 0.09, 0.14), ("a thirtieth", 0.026, 0.05), ("a hundredth", 0.008, 0.014),
                            ("a thousandth", 0.0008, 0.0014)):
        low = float(np.round(rng.uniform(low, high), 5))
        yield Case(name, {"low": low, "products": products_of(mixed(low, 0))})


def well_planned(value, inputs, hidden):
    plan = np.array(value, dtype=float)
    if plan.ndim != 2 or plan.shape[1] != 3 or not len(plan):
        return "Give an array with a row (a, b, c) for each step."
    if (spent := products_of(plan)) > inputs["products"]:
        return f"It takes {spent} products, and {inputs['products']} are there."
    least, most = reached(plan, inputs["low"])
    return "" if 0.85 <= least and most <= 1.15 else f"The singular values end between {least:.3g} and {most:.3g}."


def classic_only(low, products):
    return np.array([CLASSIC] * (products // 2))


planned = Question(
    "15.5", "Singular values on a budget", "target", points=3, difficulty=3, minutes=15, name="plan",
    objectives=("choose polynomials by what they do to small and to large singular values", "count products"),
    draw=plan_cases, proof=well_planned,
    mistakes=(
        Mistake("Classic steps alone: they settle well, and lift small values by 1.5 only.",
                "Which numbers lift faster? And who tidies up afterwards?", classic_only),
        Mistake("Classic steps alone, as many as settle everything: too many products.", "Which numbers lift faster?",
                lambda low, products: np.array([CLASSIC] * 30)),
        Mistake("Muon's steps alone: their values never come closer together than 0.68 to 1.13.",
                "The last step may be another one.", lambda low, products: np.array([MUON] * (products // 3))),
        Mistake("Muon's five steps, for every range.", "The number of steps hangs on `low`, and the last one may be another one.",
                lambda low, products: np.array([MUON] * 5)),
        Mistake("Muon's five steps and a classic one, for every range.", "The number of steps hangs on `low`. Let a loop count them.",
                lambda low, products: np.array([MUON] * 5 + [CLASSIC])),
        Mistake("Twelve classic steps, for every range.", "Which numbers lift faster?", lambda low, products: np.array([CLASSIC] * 12)),
        Mistake("The classic step comes first. Small values it lifts hardly, and Muon's steps leave them spread out.",
                "Lift first, settle last.", lambda low, products: mixed(low, products, order=-1)),
        Mistake("The right kinds in the right order, and one of Muon's steps more than is needed.", "Count the products.",
                lambda low, products: mixed(low, products, spare=1)),
        Mistake("The right kinds in the right order, and one of Muon's steps too few.", "Try it on singular values from low to 1.",
                lambda low, products: mixed(low, products)[1:]),
        Mistake("You return the number of steps.", "A row (a, b, c) for each step.", lambda low, products: len(mixed(low, products))),
        Mistake("Muon's steps and then two classic ones: one is enough.", "Count the products.",
                lambda low, products: np.array([*mixed(low, products), CLASSIC])),
    ),
    success="Large steps lift what is small, one careful step brings all near 1. Schedules of rates do the same in the singular values.",
    onwards="choose numbers of your own for each step: with three products a step, how low can `low` be for 0.85 to 1.15 in three steps?")

# -- 15.6 -----------------------------------------------------------------------------------------------------------------------


def memory_cases(rng):
    side = lambda: int(rng.integers(4, 40))
    linear = lambda: [side(), side(), 1, 1]
    kernel = lambda: [side(), side(), 3, 3]
    vector = lambda: [side(), 1, 1, 1]
    for name, method, shapes, hidden in (
            ("AdamW", "AdamW", [linear(), vector()], [1, 0]), ("Muon", "Muon", [linear(), linear(), vector()], [0, 1, 0]),
            ("Shampoo", "Shampoo", [linear(), vector(), linear()], [1, 0, 0]), ("SOAP", "SOAP", [linear(), linear(), vector()], [1, 0, 0]),
            ("Shampoo with kernels", "Shampoo", [kernel(), vector(), linear()], [1, 0, 0]),
            ("SOAP with kernels", "SOAP", [kernel(), kernel(), vector(), linear()], [1, 1, 0, 0])):  # fmt: skip
        yield Case(name, {"method": method, "shapes": np.array(shapes), "hidden": np.array(hidden)})


def memory(method, shapes, hidden, rest=2, everywhere=False, flat=True, per=None, kernels="flat", weights=0, bytes_=1, of_rest=True,
           flipped=False, places=True):
    """Numbers that the optimizers remember; each argument after `hidden` is a fault."""
    total = 0
    for (n, m, h, w), inner in zip(np.array(shapes).tolist(), np.array(hidden).tolist()):
        size = n * m * h * w if places else n * m
        inner = not inner if flipped else inner
        columns = {"flat": m * h * w, "plain": m, "places": h * w, "rows": m}[kernels]
        n = n * h * w if kernels == "rows" else n
        own = {"AdamW": 2 * size, "Muon": size, "Shampoo": n * n + columns * columns,
               "SOAP": 2 * size + 2 * (n * n + columns * columns)} | (per(size, n, columns) if per else {})  # fmt: skip
        total += (own[method] if inner or everywhere else rest * size * of_rest) + weights * size
    return bytes_ * total


def miscounted(**faults):
    return lambda method, shapes, hidden: memory(method, shapes, hidden, **faults)


remembered = Question(
    "15.6", "What two optimizers remember", "function", points=2, difficulty=1, minutes=10, name="remembered",
    objectives=("count an optimizer's memory for matrices and kernels", "remember the optimizer of the rest"),
    draw=memory_cases, oracle=miscounted(),
    mistakes=(
        Mistake("The rest is forgotten: AdamW keeps two numbers for each of its weights.", "2 · size.", miscounted(of_rest=False)),
        Mistake("The method is taken for all parameters. It gets the hidden ones, AdamW the rest.", "Look at `hidden`.",
                miscounted(everywhere=True)),
        Mistake("The rest counts once. AdamW keeps two averages.", "2 · size.", miscounted(rest=1)),
        Mistake("A kernel's places are not laid out: its matrix has in · height · width columns.", "(n, m, h, w) is n × (m h w).",
                miscounted(kernels="plain")),
        Mistake("A kernel's matrix has its inputs, too: in · height · width columns.", "(n, m, h, w) is n × (m h w).",
                miscounted(kernels="places")),
        Mistake("A kernel's places are laid out with its outputs. They go with the inputs.", "(n, m, h, w) is n × (m h w).",
                miscounted(kernels="rows")),
        Mistake("A kernel's places are forgotten: it has n · m · h · w weights.", "(n, m, h, w) is n × (m h w).",
                miscounted(kernels="plain", places=False)),
        Mistake("`hidden` is read the wrong way round: where it is 1, the method steps.", "AdamW steps where it is 0.",
                miscounted(flipped=True)),
        Mistake("Muon keeps no factors, but an average.", "Its averaged gradient alone.", miscounted(per=lambda s, n, m: {"Muon": 0})),
        Mistake("Muon keeps one average, not two.", "Its averaged gradient alone.",
                miscounted(per=lambda s, n, m: {"Muon": 2 * s})),
        Mistake("Shampoo's factors are squares, one for the rows and one for the columns.", "n² + m².",
                miscounted(per=lambda s, n, m: {"Shampoo": s})),
        Mistake("Two numbers a weight hold for Shampoo on a square matrix only.", "n² + m².",
                miscounted(per=lambda s, n, m: {"Shampoo": 2 * s})),
        Mistake("Six numbers a weight hold for SOAP on a square matrix only.", "2 · size + 2 (n² + m²).",
                miscounted(per=lambda s, n, m: {"SOAP": 6 * s})),
        Mistake("Shampoo's factors are matrices, n × n and m × m. You counted the sides.", "n² + m².",
                miscounted(per=lambda s, n, m: {"Shampoo": n + m})),
        Mistake("You counted equal entries of Shampoo's factors once. The chapter's Shampoo keeps the whole squares.", "n² + m².",
                miscounted(per=lambda s, n, m: {"Shampoo": n * (n + 1) // 2 + m * (m + 1) // 2})),
        Mistake("You counted the powers of Shampoo's factors, too. They are made anew in each step.", "n² + m².",
                miscounted(per=lambda s, n, m: {"Shampoo": 2 * (n * n + m * m)})),
        Mistake("Of Shampoo's two factors one is missing, that of the columns.", "n² + m².",
                miscounted(per=lambda s, n, m: {"Shampoo": n * n})),
        Mistake("Shampoo keeps no averaged gradient here, only L and R.", "n² + m².",
                miscounted(per=lambda s, n, m: {"Shampoo": n * n + m * m + s})),
        Mistake("SOAP keeps its axes as well as the factors: two squares for each side.", "2 · size + 2 (n² + m²).",
                miscounted(per=lambda s, n, m: {"SOAP": 2 * s + n * n + m * m})),
        Mistake("SOAP is Adam in other axes, and Adam's two averages are missing.", "2 · size + 2 (n² + m²).",
                miscounted(per=lambda s, n, m: {"SOAP": 2 * (n * n + m * m)})),
        Mistake("Of SOAP you counted the factors alone.", "2 · size + 2 (n² + m²).",
                miscounted(per=lambda s, n, m: {"SOAP": n * n + m * m})),
        Mistake("One of SOAP's two averages is missing.", "2 · size + 2 (n² + m²).",
                miscounted(per=lambda s, n, m: {"SOAP": s + 2 * (n * n + m * m)})),
        Mistake("SOAP has two averages for each weight, as Adam has, not three.", "2 · size + 2 (n² + m²).",
                miscounted(per=lambda s, n, m: {"SOAP": 3 * s + 2 * (n * n + m * m)})),
        Mistake("AdamW keeps two averages for each weight. You counted one, hidden or not.", "2 · size.",
                miscounted(rest=1, per=lambda s, n, m: {"AdamW": s})),
        Mistake("You counted the weights themselves, too.", "Only what the optimizers remember.", miscounted(weights=1)),
        Mistake("You gave numbers for each weight. Asked is how many in all.", "The sum.", lambda method, shapes, hidden: memory(
            method, shapes, hidden) / int(np.prod(shapes, axis=1).sum())),
        Mistake("You counted bytes of float32.", "Numbers.", miscounted(bytes_=4)),
    ),
    success="Muon one a weight, AdamW two, and the squares of the sides for those who whiten: cheap for square layers, dear for flat ones.",
    onwards="a last layer of 50,000 words and 1,000 inputs: what would Shampoo keep? That is one more reason to leave it to AdamW.")

# -- 15.7 -----------------------------------------------------------------------------------------------------------------------

ten_per_cent = Manual(
    "15.7", "Ten per cent fewer steps", difficulty=2, minutes=10, name="reply", words=150,
    objectives=("judge a comparison of a matrix method with AdamW", "say which weights a matrix method is for"),
    rubric=(("says that steps are not seconds, and computes what 40 per cent dearer steps do to ten per cent fewer", 1),
            ("says that the rates were not tuned alike, and what a fair tuning would be", 1),
            ("says which parameters should go to AdamW, and why an embedding is no layer that multiplies", 1),
            ("proposes a test: equal seconds planned for it, fresh seeds in pairs, an interval", 1)))

QUESTIONS = (muon_bug, planned, remembered)
MANUAL = (ten_per_cent,)
