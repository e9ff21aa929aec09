"""The questions of chapter 3, on the learning rate: the steps of a run, and what they tell (03.1 to 03.4)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items
from gdcore.rules import GD

# -- 03.1 -----------------------------------------------------------------------------------------------------------------------

one_parabola = Question(
    "03.1", "Five numbers about a parabola", "predict", points=3, difficulty=1, minutes=8, name="predicted",
    objectives=("predict a step from the curvature", "read an explosion"),
    draw=items("at 0.1", "at 0.25", "at 0.45", "border", "curvature"), rtol=1e-3,
    oracle={"at 0.1": 4.8, "at 0.25": 0.0, "at 0.45": -6.4, "border": 0.5, "curvature": 10.0},
    mistakes=(
        Mistake("For `at 0.1` you shrank the distance as the loss shrinks: by the square of the factor.",
                "The distance is multiplied by 1 − ηλ, once.", {"at 0.1": 2.88}),
        Mistake("For `at 0.1` the curvature is forgotten: 0.1 times the distance is not the step.",
                "The step is η times the slope, and the slope is λ times the distance.", {"at 0.1": 7.2}),
        Mistake("For `at 0.1` you gave the step. Asked is where the walker stands after it.", "Begin at 8, and go the step.",
                {"at 0.1": -3.2}, also=({"at 0.1": 3.2},)),
        Mistake("For `at 0.1` the walker climbs.", "Go against the slope: 8 − 0.1 · 32.", {"at 0.1": 11.2}),
        Mistake("For `at 0.1` the place is forgotten: the slope at x is λx, not λ.", "At 8 the slope is 4 · 8.", {"at 0.1": 7.6}),
        Mistake("For `at 0.25` the place is forgotten: the slope at x is λx, not λ.", "At 8 the slope is 4 · 8.", {"at 0.25": 7.0}),
        Mistake("For `at 0.45` the place is forgotten: the slope at x is λx, not λ.", "At 8 the slope is 4 · 8.", {"at 0.45": 6.2}),
        Mistake("For `at 0.25` the walker climbs.", "Go against the slope: 8 − 0.25 · 32.", {"at 0.25": 16.0}),
        Mistake("For `at 0.45` the walker climbs.", "Go against the slope: 8 − 0.45 · 32.", {"at 0.45": 22.4}),
        Mistake("For `at 0.1` the slope is half of what it should be.", "The slope of ½λx² is λx: the ½ is gone.", {"at 0.1": 6.4}),
        Mistake("For `at 0.1` the slope is twice what it should be.", "The slope of ½λx² is λx, not 2λx.", {"at 0.1": 1.6}),
        Mistake("For `at 0.1` you gave the factor, or the walker began at 1.", "It begins at 8: multiply.", {"at 0.1": 0.6}),
        Mistake("For `at 0.25` the curvature is forgotten: 0.25 times the distance is not the step.",
                "The step is η times the slope, and the slope is λ times the distance.", {"at 0.25": 6.0}),
        Mistake("For `at 0.45` the curvature is forgotten: 0.45 times the distance is not the step.",
                "The step is η times the slope, and the slope is λ times the distance.", {"at 0.45": 4.4}),
        Mistake("For `at 0.45` the sign is lost: the walker jumps across the bottom.", "1 − 0.45 · 4 is negative.", {"at 0.45": 6.4}),
        Mistake("For `at 0.45` you gave the factor, or the walker began at 1.", "It begins at 8: multiply.", {"at 0.45": -0.8}),
        Mistake("For `at 0.45` you gave the step. Asked is where the walker stands after it.", "Begin at 8, and go the step.",
                {"at 0.45": -14.4}, also=({"at 0.45": 14.4},)),
        Mistake("For `border` you gave 1/λ, the rate that arrives in one step. The border is twice as far.",
                "At which rate is the factor 1 − ηλ equal to −1?", {"border": 0.25}),
        Mistake("For `border` the curvature is forgotten: 2 is the border where λ is 1.", "The border is 2/λ.", {"border": 2.0}),
        Mistake("For `border` you gave 4/λ. There the distance is already three times as large after each step.",
                "At which rate is the factor 1 − ηλ equal to −1?", {"border": 1.0}),
        Mistake("For `curvature` the root is forgotten: the loss grows by the square of the factor.",
                "A loss that becomes 4 times as large means a distance that doubles: ηL − 1 = 2.", {"curvature": 5 / 0.3}),
        Mistake("For `curvature` the 1 is forgotten: the factor is ηL − 1, not ηL.", "Solve 0.3 · L − 1 = 2.", {"curvature": 2 / 0.3}),
        Mistake("For `curvature` both the root and the 1 are forgotten.", "The loss goes with the square of the distance: 0.3 · L − 1 = 2.",
                {"curvature": 4 / 0.3}),
        Mistake("For `curvature` you solved 1 − ηL = 2, or took the 1 away. In an explosion 1 − ηL is −2, not 2.",
                "Solve 0.3 · L − 1 = 2.", {"curvature": -1 / 0.3}, also=({"curvature": 1 / 0.3},)),
    ),
    success="One number, 1 − ηλ, says all of it: 0.6, 0 and −0.8 for the three steps, −1 at the border, −2 in the explosion.",
    onwards="at which two rates does a step leave a tenth of the distance?")

# -- 03.2 -----------------------------------------------------------------------------------------------------------------------


def descend_cases(rng):
    def case(name, surface, x, lr, steps, **arguments):
        return Case(name, {"gradient": {"function": surface, "part": "gradient", **arguments}, "x": x, "lr": lr, "steps": steps})

    near = lambda *x: np.round(np.array(x) + rng.uniform(-0.2, 0.2, len(x)), 3)
    yield case("a bowl of condition 10", "quadratic", near(1.0, 1.0), 0.15, 120, condition=10)
    yield case("a valley askew", "quadratic", near(-1.0, 0.5), 0.019, 30, condition=100, rotation=30)
    yield case("Rosenbrock's valley", "rosenbrock", near(-1.2, 1.0), 0.001, 20)
    yield case("a start in whole numbers", "booth", rng.integers(-4, 5, 2), 0.05, 8)
    yield case("no step at all", "quadratic", near(1.0, 1.0), 0.1, 0, condition=10)


def path_of(gradient, x, lr, steps, step=lambda x, g, lr, t: x - lr * g, kind=float):
    """The path of a rule that is one expression."""
    path = np.zeros((steps + 1, len(x)), dtype=kind)
    path[0] = x
    for t in range(steps):
        path[t + 1] = step(path[t], gradient(path[t]), lr, t)
    return path


def rule_path(gradient, x, lr, steps):
    rule = GD(lr=lr)
    return path_of(gradient, x, lr, steps, lambda x, g, lr, t: rule.update(x, g, t + 1)[0])


def never_looks_again(gradient, x, lr, steps):
    g = gradient(x)
    return np.array([x - lr * t * g for t in range(steps + 1)])


def one_array(gradient, x, lr, steps):
    path = [x]
    for _ in range(steps):
        x -= lr * gradient(x)
        path.append(x)
    return np.array(path)


def one_copy(gradient, x, lr, steps):
    return one_array(gradient, x.astype(float), lr, steps)


def moves_the_start(gradient, x, lr, steps):
    path = [x.copy()]
    for _ in range(steps):
        x -= lr * gradient(x)
        path.append(x.copy())
    return np.array(path)


def copies_the_kind(gradient, x, lr, steps):
    return moves_the_start(gradient, x.copy(), lr, steps)


def of_the_whole(change):
    return lambda gradient, x, lr, steps: change(path_of(gradient, x, lr, steps + 1), steps)


descend = Question(
    "03.2", "Descend, and keep the path", "function", points=2, difficulty=1, minutes=10, name="descend", steps=True,
    objectives=("write gradient descent in a few lines", "keep every point of it"),
    draw=descend_cases, oracle=rule_path,
    mistakes=(
        Mistake("Your walker climbs: the sign is wrong.", "The gradient points uphill. Go against it.",
                lambda gradient, x, lr, steps: path_of(gradient, x, lr, steps, lambda x, g, lr, t: x + lr * g)),
        Mistake("Your path lacks its start.", "With the start there are steps + 1 points.",
                lambda gradient, x, lr, steps: path_of(gradient, x, lr, steps)[1:]),
        Mistake("Your walker looks once and then walks straight on.",
                "The slope changes on the way: ask for the gradient at every point anew.",
                never_looks_again),
        Mistake("Your path holds one array many times, and each step changes them all.",
                "`x -= …` changes the array in place. Write `x = x - …`, which makes a new one.", one_array, also=(one_copy,)),
        Mistake("Your walker drags the caller's start along.", "`x -= …` writes into the caller's array. `x = x - …` makes a new one.",
                moves_the_start),
        Mistake("A copy of whole numbers is one of whole numbers, and `-=` cannot write into it what lies between.",
                "Make a copy of floats, `np.array(x, dtype=float)`, or a new array, `x = x - …`.", copies_the_kind),
        Mistake("Every step of yours begins at the start again.", "Each step begins where the last one ended: `path[-1]`.",
                of_the_whole(lambda path, steps: path[np.minimum(np.arange(steps + 1), 1)])),
        Mistake("The start stands twice in your path, and the end is missing.", "Note the start once, then a point after each step.",
                of_the_whole(lambda path, steps: path[np.maximum(np.arange(steps + 1) - 1, 0)])),
        Mistake("Your path lacks its end.", "Note the start before the first step, then a point after each.",
                of_the_whole(lambda path, steps: path[:steps]), also=(of_the_whole(lambda path, steps: path[: max(steps, 1)]),)),
        Mistake("Your path lacks its start, and in its place has a step too many at the end.",
                "Note the start before the first step, then a point after each of `steps` steps.",
                of_the_whole(lambda path, steps: path[1:])),
        Mistake("Your path is one step too long.", "With the start there are steps + 1 points, and so `steps` steps.",
                of_the_whole(lambda path, steps: path)),
        Mistake("Only the last point comes back.", "Keep each point in a list on the way.", of_the_whole(lambda path, steps: path[steps])),
        Mistake("Your path lies on its side: a column for each point.", "A row for each point: shape (steps + 1, len(x)).",
                of_the_whole(lambda path, steps: path[:-1].T)),
        Mistake("Every coordinate takes the step η, whatever the slope.", "The step is η times the gradient.",
                lambda gradient, x, lr, steps: path_of(gradient, x, lr, steps, lambda x, g, lr, t: x - lr),
                also=(lambda gradient, x, lr, steps: path_of(gradient, x, lr, steps, lambda x, g, lr, t: x - lr * np.sign(g)),)),
        Mistake("The rate is not used.", "The step is η times the gradient.",
                lambda gradient, x, lr, steps: path_of(gradient, x, lr, steps, lambda x, g, lr, t: x - g)),
        Mistake("Your path is made of whole numbers: what lies between is cut off.",
                "An array made like the start takes its type. Make it of floats: `np.zeros(shape)`, or `np.array(x, dtype=float)`.",
                lambda gradient, x, lr, steps: path_of(gradient, x, lr, steps, kind=np.asarray(x).dtype)),
        Mistake("Every step of yours has the length η: the gradient is divided by its length.",
                "The step is η times the gradient: long on steep ground, short on flat.",
                lambda gradient, x, lr, steps: path_of(gradient, x, lr, steps, lambda x, g, lr, t: x - lr * g / np.linalg.norm(g))),
        Mistake("The rate of yours shrinks from step to step.", "The rate is constant here; chapter 7 lets it change.",
                lambda gradient, x, lr, steps: path_of(gradient, x, lr, steps, lambda x, g, lr, t: x - lr / (t + 1) * g)),
    ),
    success="Each point is the one before, minus η times the gradient there, and none of them changes afterwards.",
    onwards="at 0.021 the valley of condition 100 explodes. How many steps until the path is no longer finite?")

# -- 03.3 -----------------------------------------------------------------------------------------------------------------------


def optimizer_cases(rng):
    def case(name, steps, shapes=((2, 3), (3,)), lr=0.1, **more):
        draw = lambda: [np.round(rng.normal(size=shape), 3) for shape in shapes]
        return Case(name, {"parameters": draw(), "settings": {"lr": lr}, "gradients": [draw() for _ in range(steps)], **more})

    yield case("one step", 1)
    yield case("ten steps", 10, lr=0.02)
    yield case("one vector", 6, shapes=((2,),), lr=0.5)
    yield case("the rate is cut by ten before step 4", 6, changes={"4": {"lr": 0.01}})


class Reference:
    """The rule of the book, driven like torch.optim.SGD."""

    def __init__(self, params, lr):
        self.params, self.lr = params, lr

    def change(self, i, p, g):
        p[...] = GD(lr=self.lr).update(p, g, 1)[0]

    def step(self, grads):
        for i, (p, g) in enumerate(zip(self.params, grads)):
            self.change(i, p, g)


class Rebinds(Reference):
    def change(self, i, p, g):
        self.params[i] = p - self.lr * g


class Climbs(Reference):
    def change(self, i, p, g):
        p += self.lr * g


class FirstOnly(Reference):
    def change(self, i, p, g):
        p -= self.lr * g * (i == 0)


class LastOnly(Reference):
    def change(self, i, p, g):
        p -= self.lr * g * (i == len(self.params) - 1)


class FixedRate(Reference):
    def __init__(self, params, lr):
        super().__init__(params, lr)
        self.first = lr

    def change(self, i, p, g):
        p -= self.first * g


class Hoards(Reference):
    def __init__(self, params, lr):
        super().__init__(params, lr)
        self.sums = [np.zeros_like(p) for p in params]

    def change(self, i, p, g):
        self.sums[i] += g
        p -= self.lr * self.sums[i]


class Signs(Reference):
    def change(self, i, p, g):
        p -= self.lr * np.sign(g)


class NoOldPlace(Reference):
    def change(self, i, p, g):
        p[...] = -self.lr * g


def forgetting(share):
    class Momentum(Hoards):
        def change(self, i, p, g):
            self.sums[i] *= share
            super().change(i, p, g)

    return Momentum


def fading(share):
    """The rate is multiplied after each step, or divided by its number."""
    class Fading(Reference):
        t = 0

        def step(self, grads):
            self.t += 1
            rate = self.lr
            self.lr = rate if share else rate / self.t
            super().step(grads)
            self.lr = share * rate if share else rate

    return Fading


class OfOneLength(Reference):
    def change(self, i, p, g):
        p -= self.lr * g / np.linalg.norm(g)


class Shared(Reference):
    def change(self, i, p, g):
        p -= self.lr * g / len(self.params)


class NoRate(Reference):
    def change(self, i, p, g):
        p -= g


optimizer = Question(
    "03.3", "An optimizer of your own", "optimizer", points=3, difficulty=2, minutes=12, name="SGD", steps=True,
    objectives=("change parameters where they are, as torch.optim does", "leave the rate open to a schedule"),
    draw=optimizer_cases, oracle=Reference,
    mistakes=(
        Mistake("Nothing moves: either the step makes new arrays, or your optimizer holds copies, and the network keeps its old ones. "
                "(Or nothing is written yet.)",
                "Keep `params` as it is given, not copied. And `p = p - …` only gives a new array the name p: write `p -= …`.", Rebinds),
        Mistake("Your optimizer climbs: the sign is wrong.", "Go against the gradient.", Climbs),
        Mistake("Only the first array moves.", "A network has many parameters: loop over all of `zip(self.params, grads)`.", FirstOnly),
        Mistake("Only the last array moves.", "Loop over all of `zip(self.params, grads)`, and step inside the loop.", LastOnly),
        Mistake("A schedule cannot change your rate: either you keep a copy of the first one, or it has another name than `lr`.",
                "Read `self.lr` anew in each step.", FixedRate),
        Mistake("Your step has the length η: the gradient is divided by its length.", "Plain descent multiplies by the rate, and no more.",
                OfOneLength),
        Mistake("Only the signs of your gradients count.", "Plain descent multiplies the gradient by the rate.", Signs),
        Mistake("You write the step in place of the weights.", "From the old place: `p -= self.lr * g`.", NoOldPlace),
        Mistake("Each step remembers a part of the earlier ones: that is momentum (chapter 6).", "Plain descent has no memory.",
                forgetting(0.9), also=(forgetting(0.5), forgetting(0.99))),
        Mistake("The rate of yours shrinks from step to step.", "The rate is what `self.lr` says; a schedule outside may change it.",
                fading(0), also=tuple(map(fading, (0.5, 0.9, 0.95, 0.99, 0.999)))),
        Mistake("Your step is divided by the number of arrays.", "Each array takes the whole step, `self.lr * g`.", Shared),
        Mistake("Your optimizer hoards: each step adds all earlier gradients to the new one.",
                "Plain descent has no memory. (With a little forgetting, it would be momentum: chapter 6.)", Hoards),
        Mistake("The learning rate is not used.", "The step is `self.lr * g`.", NoRate),
    ),
    success="It writes into the arrays that it was given and reads its rate at each step, so it could train a network, schedules included.",
    onwards="give it `weight_decay`: first shrink p by the factor 1 − lr · weight_decay, then step.")

# -- 03.4 -----------------------------------------------------------------------------------------------------------------------


def explosion(curvatures, start, lr, steps):
    """The losses of a descent on a bowl."""
    with np.errstate(all="ignore"):
        x = np.array(start) * (1 - lr * np.array(curvatures)) ** np.arange(steps + 1)[:, None]
        return (np.array(curvatures) * x**2).sum(axis=1) / 2


def explosion_cases(rng):
    def case(name, curvatures, start, rate, steps):
        lr = round(rate / curvatures[-1], 4)
        return Case(name, {"losses": explosion(curvatures, start, lr, steps), "lr": lr})

    far = lambda n: np.round(rng.uniform(1, 3, n), 3)
    yield case("six steps at three times 1/L", [1.0, 10.0], far(2), 3.0, 6)
    yield case("a start far along the flat direction", [0.1, 1.0, 20.0], [50.0, 9.0, 1e-3], 2.6, 40)
    yield case("just above the border", [1.0, 2.0, round(rng.uniform(50, 90), 1)], far(3), 2.1, 120)
    yield case("until it overflows", [1.0, 100.0], far(2), 4.0, 700)


def measured(losses, lr, at=-1, root=0.5, one=1.0):
    good = losses[np.isfinite(losses)]
    return (one + (good[at] / good[at - 1]) ** root) / lr


def average_growth(mean):
    def measured_on_average(losses, lr):
        good = losses[np.isfinite(losses)]
        return (1 + mean(good[1:] / good[:-1]) ** 0.5) / lr

    return measured_on_average


measure = Question(
    "03.4", "An explosion is a measurement", "function", points=2, difficulty=2, minutes=10, name="curvature",
    objectives=("get the largest curvature out of a failed run",),
    draw=explosion_cases, oracle=measured,
    mistakes=(
        Mistake("You read the growth at the beginning, when the flat directions still speak.",
                "The most curved direction outgrows the others in time: take the last two losses.",
                lambda losses, lr: measured(losses, lr, at=1)),
        Mistake("The root is forgotten: the loss grows by the square of the factor.", "The factor is √(ratio of two losses).",
                lambda losses, lr: measured(losses, lr, root=1)),
        Mistake("The 1 is forgotten: the factor is ηL − 1.",
                "Solve √ratio = ηL − 1 for L.", lambda losses, lr: measured(losses, lr, one=0.0)),
        Mistake("You solved 1 − ηL = √ratio, but in an explosion 1 − ηL is negative.", "The distance grows by ηL − 1.",
                lambda losses, lr: -measured(losses, lr, one=-1.0)),
        Mistake("The 1 stands on the wrong side: √ratio = ηL − 1 gives √ratio + 1.",
                "Bring the 1 to the other side before you divide by η.",
                lambda losses, lr: measured(losses, lr, one=-1.0)),
        Mistake("You leave out the last loss.", "Take the last two that are still numbers: the later, the purer.",
                lambda losses, lr: measured(losses, lr, at=-2)),
        Mistake("You took the growth of the whole run for that of one step.", "The last loss over the one before it.",
                lambda losses, lr: (1 + (losses[np.isfinite(losses)][-1] / losses[0]) ** 0.5) / lr),
        Mistake("The rate is not used.", "√ratio is ηL − 1: divide by η.", lambda losses, lr: measured(losses, lr) * lr),
        Mistake("Your ratio is upside down.", "The later loss over the one before it.",
                lambda losses, lr: measured(losses, lr, root=-0.5)),
        Mistake("You multiply by the rate.", "Solve √ratio = ηL − 1 for L.", lambda losses, lr: measured(losses, lr) * lr**2),
        Mistake("Only a part is divided by the rate: brackets are missing.", "`(1 + …) / lr`.",
                lambda losses, lr: 1 + measured(losses, lr, one=0.0),
                also=(lambda losses, lr: 1 / lr + measured(losses, lr, one=0.0) * lr,)),
        Mistake("You average the growth over the run. At the beginning the flat directions still speak.",
                "The most curved direction outgrows the others in time: take the last two losses.", average_growth(np.mean),
                also=(average_growth(np.median), average_growth(lambda ratios: np.exp(np.mean(np.log(ratios)))))),
        Mistake("You read losses that are no numbers any more.",
                "After an overflow comes inf, then nan: keep only `losses[np.isfinite(losses)]`.",
                lambda losses, lr: (1 + (losses[-1] / losses[-2]) ** 0.5) / lr),
        Mistake("This is the limit 2/L. The question asks for L itself.", "Leave out the last division.",
                lambda losses, lr: 2 / measured(losses, lr)),
    ),
    success="Too large a rate multiplies by the Hessian again and again, and what remains is its most curved direction: a power iteration.",
    onwards="use it on the raw diabetes data at the rate 0.1: the chapter got 147,185.")

QUESTIONS = (one_parabola, descend, optimizer, measure)
