"""The questions of chapter 8, on adaptive methods: what Adam computes (08.1 to 08.3)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items
from gdcore.rules import Adam
from gdcore.rules import AdamW as AdamWRule

# -- 08.1 -----------------------------------------------------------------------------------------------------------------------

six_numbers = Question(
    "08.1", "Six numbers before you run", "predict", points=3, difficulty=1, minutes=8, name="predicted",
    objectives=("predict the length of adaptive steps", "count what an optimizer keeps"),
    draw=items("first step", "uncorrected", "after silence", "AdaGrad", "decay", "memory"), rtol=1.5e-2,
    oracle={"first step": 0.01, "uncorrected": 0.0316228, "after silence": 0.0316228, "AdaGrad": 0.1, "decay": 0.367695, "memory": 8.0},
    mistakes=(
        Mistake("For `first step` you took plain descent's step: η times the gradient.",
                "Adam divides the gradient by its own size.", {"first step": 2.5}),
        Mistake("For `first step` the sign is wrong: the gradient is negative, so the way is up.",
                "x becomes 0 − η · (−1).", {"first step": -0.01}),
        Mistake("For `first step` you have left out the corrections: that is the number of the next item.",
                "With both corrections the quotient is g/|g|.", {"first step": 0.0316228}),
        Mistake("For `uncorrected` you forgot that v is too small as well: m is a tenth of g, and √v is 0.0316 of |g|.",
                "Divide 1 − β₁ by √(1 − β₂).", {"uncorrected": 0.001}),
        Mistake("For `uncorrected` the root is forgotten.", "√0.001 is 0.0316.", {"uncorrected": 1.0}),
        Mistake("For `after silence` you took a first step. After a long run the corrections are 1, and both averages are small.",
                "m = 0.1 g and v = 0.001 g², and nothing corrects them.", {"after silence": 0.01}),
        Mistake("For `uncorrected` you forgot that m is too small as well: it is a tenth of g.", "Divide 1 − β₁ by √(1 − β₂).",
                {"uncorrected": 0.316228}),
        Mistake("For `uncorrected` either you took the corrected step, or you think that the two errors cancel: 0.1 and √0.001 differ.",
                "Divide 1 − β₁ by √(1 − β₂).", {"uncorrected": 0.01}),
        Mistake("For `uncorrected` the sign is wrong: the gradient is negative, so the way is up.", "x becomes 0 − η · (−3.16).",
                {"uncorrected": -0.0316228}),
        Mistake("For `after silence` the sign is wrong: the gradient is negative, so the way is up.", "x becomes 0 − η · (−3.16).",
                {"after silence": -0.0316228}),
        Mistake("For `after silence` you forgot that m is small as well: one gradient is a tenth of it.", "m = 0.1 g and √v = 0.0316 |g|.",
                {"after silence": 0.316228}),
        Mistake("For `after silence` you forgot that v is small as well: one gradient is a thousandth of it.",
                "m = 0.1 g and √v = 0.0316 |g|.", {"after silence": 0.001}),
        Mistake("For `after silence` you took the bound. It is reached by gradients that grow, not by a single one.",
                "m = 0.1 g and √v = 0.0316 |g|.", {"after silence": 0.0727}),
        Mistake("For `AdaGrad` you divided by 25, the number of gradients. It is the root of their sum of squares that divides.",
                "s = 25 g², and √s = 5 |g|.", {"AdaGrad": 0.02}),
        Mistake("For `AdaGrad` the sum is forgotten: 0.5 is the first step.", "s grows with every gradient.", {"AdaGrad": 0.5}),
        Mistake("For `decay` nothing is left: either you forgot the learning rate (PyTorch's decay is η · λ a step), or you say 0.",
                "Each step leaves 1 − ηλ = 0.999.", {"decay": 0.0}),
        Mistake("For `decay` λ is forgotten: you shrank by η a step.", "Each step leaves 1 − ηλ = 0.999.", {"decay": 0.99**1000}),
        Mistake("For `decay` either you took a single step, or you say that all is left. The decay works without a gradient.",
                "Take 1 − ηλ = 0.999 a thousand times.", {"decay": 1.0}),
        Mistake("For `decay` either this is a single step without its η, or λ is taken off once.", "Take 1 − ηλ = 0.999 a thousand times.",
                {"decay": 0.9}),
        Mistake("For `decay` this share is lost; asked is what is left.", "One minus it.", {"decay": 1 - 0.367695}),
        Mistake("For `memory` you counted eight bytes for a number.", "A number in float32 has four bytes.", {"memory": 16.0}),
        Mistake("For `memory` you counted numbers, not bytes.", "A number in float32 has four bytes.", {"memory": 2.0}),
        Mistake("For `memory` you counted bytes.", "A gigabyte is 10⁹ of them.", {"memory": 8e9}),
        Mistake("For `memory` you counted the parameters themselves, too.", "Two averages, four bytes each.", {"memory": 12.0}),
        Mistake("For `memory` you counted one average; Adam keeps two.", "m and v.", {"memory": 4.0}),
    ),
    success="A first step is η long, one after silence 3.16 η, AdaGrad's n-th η/√n; decay is η · λ a step, whatever the gradient.",
    onwards="how long is the step if the gradients before were not silent, but a hundredth as large?")

# -- 08.2 -----------------------------------------------------------------------------------------------------------------------


def adam_cases(rng):
    def case(name, surface, x, lr, steps, beta1=0.9, beta2=0.999, eps=1e-8, **arguments):
        return Case(name, {"gradient": {"function": surface, "part": "gradient", **arguments}, "x": x, "lr": lr, "beta1": beta1,
                           "beta2": beta2, "eps": eps, "steps": steps})  # fmt: skip

    near = lambda *x: np.round(np.array(x) + rng.uniform(-0.2, 0.2, len(x)), 3)
    yield case("one step", "quadratic", near(1.0, 1.0), 0.1, 1, condition=10)
    yield case("a narrow valley", "quadratic", near(-1.0, 0.5), 0.02, 30, condition=100, rotation=30)
    yield case("Rosenbrock's valley", "rosenbrock", near(-1.2, 1.0), 0.05, 25)
    yield case("a large ε", "quadratic", near(1.0, -1.0), 0.05, 15, eps=0.1, condition=4)
    yield case("other memories", "quadratic", near(1.0, 1.0), 0.05, 20, beta1=0.7, beta2=0.95, condition=10)


def walk(gradient, x, lr, beta1, beta2, eps, steps, change=None, **knobs):
    """Adam's path, with knobs for what people get wrong."""
    k = {"c1": True, "c2": True, "first": 1, "power": True, "inside": False, "square": True, "store": False, "swap": False, "of_m": False,
         "root": True, "reset": False, "half": False, "sum_m": False, "sum_v": False, "norm": False, "before": False} | knobs  # fmt: skip
    b1, b2 = (beta2, beta1) if k["swap"] else (beta1, beta2)
    x, m, v = np.array(x, dtype=float), np.zeros(len(x)), np.zeros(len(x))
    path = [x]
    for t in range(k["first"], k["first"] + steps):
        g = gradient(x)
        c1, c2 = (b2, b1) if k["half"] else (b1, b2)
        m = c1 * m + (1 if k["sum_m"] else 1 - c1) * g
        square = (m if k["of_m"] else g) ** 2 if k["square"] else np.abs(g)
        square = np.sum(square) if k["norm"] else square
        v = v + square if k["sum_v"] else c2 * v + (1 - c2) * square
        n = t if k["power"] else 1
        m_hat = m / (1 - b1**n) if k["c1"] else m
        v_hat = v / (1 - b2**n) if k["c2"] else v
        if k["store"]:
            m, v = m_hat, v_hat
        divisor = np.sqrt(v_hat + eps) if k["inside"] else (np.sqrt(v_hat) if k["root"] else v_hat) + eps
        if k["before"]:
            divisor = (np.sqrt(v) + eps) / np.sqrt(1 - b2**n)
        x = x - lr * m_hat / divisor
        path.append(x)
    return np.array(path)


def wrong(**knobs):
    return lambda gradient, x, lr, beta1, beta2, eps, steps: walk(gradient, x, lr, beta1, beta2, eps, steps, **knobs)


def by_the_rule(gradient, x, lr, beta1, beta2, eps, steps):
    rule, path = Adam(lr, beta1, beta2, eps), [np.array(x, dtype=float)]
    memory = rule.init(path[0])
    for t in range(1, steps + 1):
        new, *memory = rule.update(path[-1], gradient(path[-1]), t, *memory)
        path.append(new)
    return np.array(path)


adam = Question(
    "08.2", "Adam, and its whole path", "function", points=3, difficulty=2, minutes=12, name="adam", steps=True,
    objectives=("write Adam from its formulas", "put the corrections and ε where they belong"),
    draw=adam_cases, oracle=by_the_rule,
    mistakes=(
        Mistake("Both corrections are missing: your first step is 3.16 times too long with the usual memories.",
                "Divide m by 1 − beta1**t and v by 1 − beta2**t.", wrong(c1=False, c2=False)),
        Mistake("m is not corrected: your first step is a tenth of what it should be.", "Divide it by 1 − beta1**t.", wrong(c1=False)),
        Mistake("v is not corrected: your first steps are thirty times too long.", "Divide it by 1 − beta2**t.", wrong(c2=False)),
        Mistake("ε stands inside the root.", "Take the root of v̂ first, then add ε.", wrong(inside=True)),
        Mistake("Your t begins at 0, where the correction divides by nothing.", "The first step has t = 1.", wrong(first=0)),
        Mistake("Your t begins at 2: the first correction is that of the second step.", "The first step has t = 1.", wrong(first=2)),
        Mistake("Your correction does not change with the steps: the power t is missing.", "1 − beta1**t, not 1 − beta1.",
                wrong(power=False)),
        Mistake("You store the corrected averages, and the next step averages what is corrected already.",
                "Keep m and v as they are; give the corrected ones names of their own.", wrong(store=True)),
        Mistake("beta1 and beta2 have changed places.", "beta1 is the memory of g, beta2 that of g².", wrong(swap=True)),
        Mistake("beta1 and beta2 have changed places in the averages.", "beta1 is the memory of g, beta2 that of g².", wrong(half=True)),
        Mistake("ε is added before v is corrected, as Keras does it.", "Correct v first, take its root, then add ε.", wrong(before=True)),
        Mistake("m adds up the gradients and does not average them.", "m = beta1 * m + (1 - beta1) * g.", wrong(sum_m=True)),
        Mistake("v adds up all squares, as AdaGrad does.", "v = beta2 * v + (1 - beta2) * g**2.", wrong(sum_v=True)),
        Mistake("v is one number for all coordinates.", "Square entry by entry: g**2.", wrong(norm=True)),
        Mistake("v averages the size of the gradient, not its square.", "v = beta2 * v + (1 - beta2) * g**2.", wrong(square=False)),
        Mistake("v averages the square of m, not of the gradient.", "The gradient itself is squared: g**2.", wrong(of_m=True)),
        Mistake("The root is missing: you divide by v̂.", "√v̂ has the unit of a gradient, v̂ that of its square.", wrong(root=False)),
        Mistake("Your walker climbs: the sign is wrong.", "x minus the step.",
                lambda gradient, x, lr, beta1, beta2, eps, steps: walk(gradient, x, -lr, beta1, beta2, eps, steps)),
        Mistake("Your path lacks its start.", "With the start there are steps + 1 points.",
                lambda *inputs: walk(*inputs)[1:]),
        Mistake("You return the last point alone.", "Keep all points, the start first, in a list.", lambda *inputs: walk(*inputs)[-1]),
        Mistake("Your path has one step too many.", "With the start there are steps + 1 points.",
                lambda gradient, x, lr, beta1, beta2, eps, steps: walk(gradient, x, lr, beta1, beta2, eps, steps + 1)),
        Mistake("All your points are the last one: the list holds the same array again and again.",
                "Make a new array in each step, x = x - …, or keep x.copy().", lambda *inputs: 0 * walk(*inputs) + walk(*inputs)[-1]),
    ),
    success="Two averages, two corrections, one quotient: the same numbers as torch.optim.Adam, to the last digits.",
    onwards="leave out both corrections and find the longest step of a run: the chapter got 6.57 η.")

# -- 08.3 -----------------------------------------------------------------------------------------------------------------------


def adamw_cases(rng):
    def case(name, steps, shapes=((2, 3), (3,)), lr=0.1, weight_decay=0.5, **more):
        draw = lambda: [np.round(rng.normal(size=shape), 3) for shape in shapes]
        return Case(name, {"parameters": draw(), "settings": {"lr": lr, "weight_decay": weight_decay},
                           "gradients": [draw() for _ in range(steps)], **more})  # fmt: skip

    yield case("one step", 1)
    yield case("eight steps", 8, lr=0.05)
    yield case("no decay", 5, weight_decay=0.0)
    yield case("three arrays", 6, shapes=((2,), (2, 2), (3,)), lr=0.2)
    yield case("the rate is cut by ten before step 4", 6, changes={"4": {"lr": 0.01}})


class Reference:
    """AdamW on arrays where they are, driven like torch.optim.AdamW; subclasses change one thing."""

    def __init__(self, params, lr, weight_decay):
        self.params, self.lr, self.weight_decay, self.t = params, lr, weight_decay, 0
        self.m, self.v = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]

    def step(self, grads):
        self.t += 1
        for i, (p, g) in enumerate(zip(self.params, grads)):
            self.change(i, p, g)

    def change(self, i, p, g):
        rule = AdamWRule(self.lr, weight_decay=self.weight_decay)
        p[...], self.m[i], self.v[i] = rule.update(p, g, self.t, self.m[i], self.v[i])

    def adam(self, i, p, g, t=None):
        """The quotient of Adam."""
        t = t or self.t
        self.m[i] = 0.9 * self.m[i] + 0.1 * g
        self.v[i] = 0.999 * self.v[i] + 0.001 * g**2
        return self.m[i] / (1 - 0.9**t) / (np.sqrt(self.v[i] / (1 - 0.999**t)) + 1e-8)


class Penalty(Reference):
    def change(self, i, p, g):
        p -= self.lr * self.adam(i, p, g + self.weight_decay * p)


class Rateless(Reference):
    def change(self, i, p, g):
        p *= 1 - self.weight_decay
        p -= self.lr * self.adam(i, p, g)


class DecaysAfter(Reference):
    def change(self, i, p, g):
        p -= self.lr * self.adam(i, p, g)
        p *= 1 - self.lr * self.weight_decay


class NoDecay(Reference):
    def change(self, i, p, g):
        p -= self.lr * self.adam(i, p, g)


class Grows(Reference):
    def change(self, i, p, g):
        p *= 1 + self.lr * self.weight_decay
        p -= self.lr * self.adam(i, p, g)


class Rebinds(Reference):
    def change(self, i, p, g):
        self.params[i] = (1 - self.lr * self.weight_decay) * p - self.lr * self.adam(i, p, g)


class FixedRate(Reference):
    def __init__(self, params, lr, weight_decay):
        super().__init__(params, lr, weight_decay)
        self.first = lr

    def change(self, i, p, g):
        p *= 1 - self.first * self.weight_decay
        p -= self.first * self.adam(i, p, g)


class CountsArrays(Reference):
    def step(self, grads):
        for i, (p, g) in enumerate(zip(self.params, grads)):
            self.t += 1
            self.change(i, p, g)


class Corrects(Reference):
    """The corrections or ε are wrong, the decay is right."""

    def change(self, i, p, g):
        p *= 1 - self.lr * self.weight_decay
        self.m[i], self.v[i] = 0.9 * self.m[i] + 0.1 * g, 0.999 * self.v[i] + 0.001 * g**2
        p -= self.lr * self.quotient(self.m[i], self.v[i], self.t)


class Uncorrected(Corrects):
    def quotient(self, m, v, t):
        return m / (np.sqrt(v) + 1e-8)


class FirstAgain(Corrects):
    def quotient(self, m, v, t):
        return (m / 0.1) / (np.sqrt(v / 0.001) + 1e-8)


class EpsilonInside(Corrects):
    def quotient(self, m, v, t):
        return m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.999**t) + 1e-8)


class Forgets(Reference):
    """m and v are made anew in each step, or the names are bound to new arrays; t goes on."""

    def change(self, i, p, g):
        p *= 1 - self.lr * self.weight_decay
        p -= self.lr * self.adam(i, p, g)
        self.m[i], self.v[i] = np.zeros_like(p), np.zeros_like(p)


class FixedDecay(FixedRate):
    def change(self, i, p, g):
        p *= 1 - self.first * self.weight_decay
        p -= self.lr * self.adam(i, p, g)


class FixedStep(FixedRate):
    def change(self, i, p, g):
        p *= 1 - self.lr * self.weight_decay
        p -= self.first * self.adam(i, p, g)


class Twice(Reference):
    def change(self, i, p, g):
        p *= 1 - self.lr * self.weight_decay
        p -= self.lr * self.adam(i, p, g + self.weight_decay * p)


class OneMemory(Reference):
    """The memory is a single array, by broadcasting or of the last array: here of the sum over all entries."""

    def change(self, i, p, g):
        p *= 1 - self.lr * self.weight_decay
        p -= self.lr * g / (np.abs(g) + 1e-8)


adamw = Question(
    "08.3", "AdamW as an optimizer", "optimizer", points=3, difficulty=2, minutes=12, name="AdamW", steps=True,
    objectives=("keep a memory for each array", "decay weights beside the gradient, not through it"),
    draw=adamw_cases, oracle=Reference,
    mistakes=(
        Mistake("Your decay goes through the gradient, where Adam divides it away: that is L2, torch.optim.Adam's weight_decay.",
                "Leave g alone and shrink the array itself: `p *= 1 - self.lr * self.weight_decay`.", Penalty),
        Mistake("Your decay is not multiplied by the learning rate.", "Each step leaves 1 − lr · weight_decay of a weight.", Rateless),
        Mistake("You decay after Adam's step, and so shrink the step as well.", "First shrink, then step.", DecaysAfter),
        Mistake("There is no decay: weight_decay is not used.", "Shrink the array before the step.", NoDecay),
        Mistake("Your decay lets the weights grow: its sign is wrong.", "1 minus lr · weight_decay.", Grows),
        Mistake("Nothing moves: the step makes a new array, and the network keeps its old one. (Or nothing is written yet.)",
                "Write into the array that you were given: `p -= …`, `p *= …` or `p[...] = …`.", Rebinds),
        Mistake("A schedule cannot change your rate: you keep a copy of the first one.", "Read `self.lr` anew in each step.", FixedRate),
        Mistake("A schedule changes your step and not your decay: you keep a copy of the first rate for it.",
                "Read `self.lr` anew in each step, for both.", FixedDecay),
        Mistake("A schedule changes your decay and not your step: you keep a copy of the first rate for it.",
                "Read `self.lr` anew in each step, for both.", FixedStep),
        Mistake("You decay twice: through the gradient and beside it.", "Leave g alone.", Twice),
        Mistake("Your averages are not corrected.", "Divide m by 1 − 0.9**t and v by 1 − 0.999**t.", Uncorrected),
        Mistake("Every step has the corrections of the first: either t does not grow, or the power is missing.",
                "Add 1 to `self.t` at the top of `step`, and divide by 1 − 0.9**t and 1 − 0.999**t.", FirstAgain),
        Mistake("ε stands inside the root.", "Take the root of v̂ first, then add ε.", EpsilonInside),
        Mistake("Your averages forget, but t goes on: either m and v are made anew in each step, or `m = …` only moves a name.",
                "Write into the lists: `self.m[i] = …`, `self.v[i] = …`.", Forgets),
        Mistake("Your t counts arrays, not steps: it grows within the loop.", "Add 1 once at the top of `step`.", CountsArrays),
        Mistake("Your step has the length η at all times: m and v forget at once, or are made anew in each step.",
                "Make a list of m and one of v in `__init__`, and keep them.", OneMemory),
    ),
    success="A memory for each array, one t for all, the decay beside the quotient: torch.optim.AdamW, to the last digits.",
    onwards="leave arrays of one dimension (biases, norms) without decay, as most recipes do.")

QUESTIONS = (six_numbers, adam, adamw)
