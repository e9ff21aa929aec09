"""The questions of chapter 6, on momentum: what it does, a run, and an optimizer (06.1 to 06.3)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items
from gdcore.rules import HeavyBall, Nesterov

# -- 06.1 -----------------------------------------------------------------------------------------------------------------------

six_numbers = Question(
    "06.1", "Six numbers about a memory", "predict", points=3, difficulty=2, minutes=10, name="predicted",
    objectives=("predict a run with momentum from its numbers", "convert a rate between dialects"),
    draw=items("swing", "best", "limit", "slope", "convert", "coast"), rtol=1e-3,
    oracle={"swing": 0.8, "best": 19 / 21, "limit": 0.06, "slope": 1.2, "convert": 0.05, "coast": 5.5},
    mistakes=(
        Mistake("For `swing` you gave the product of the two roots, β. Each of them has the size √β.",
                "The roots are a conjugate pair: the square of their size is β.", {"swing": 0.64}),
        Mistake("For `swing` you gave plain descent's factor, 1 − ηλ.", "With a memory, a matrix takes its place. Are its roots complex?",
                {"swing": 0.6}),
        Mistake("For `best` you gave what is left without a memory.", "The ball puts √κ where plain descent has κ.", {"best": 399 / 401}),
        Mistake("For `best` you gave the momentum β. What a step leaves is its root.", "With complex roots a step leaves √β.",
                {"best": (19 / 21) ** 2}),
        Mistake("For `best` you gave 1 − 1/√κ. The ball leaves less: its formula has a sum below the line.",
                "(√κ − 1)/(√κ + 1), and √400 = 20.", {"best": 0.95}),
        Mistake("For `limit` you gave 2/L, the border without a memory.", "With momentum the ball bears 1 + β times as much.",
                {"limit": 0.04}),
        Mistake("For `limit` you gave either Nesterov's border or (1 + β)/L, without the 2.",
                "The heavy ball's polynomial at −1 is 2(1 + β) − ηλ.", {"limit": 0.03}),
        Mistake("For `limit` you gave either 1/L or 2(1 − β)/L. Momentum makes room for a larger rate; it takes none.",
                "The heavy ball's polynomial at −1 is 2(1 + β) − ηλ.", {"limit": 0.02}),
        Mistake("For `slope` you gave the first step. Later ones have gathered more.", "The velocity grows to g/(1 − β).",
                {"slope": 0.06}),
        Mistake("For `slope` you gave the effective rate. The length of a step is that times the gradient.", "The gradient is 3.",
                {"slope": 0.4}),
        Mistake("For `slope` you gave how many gradients the velocity gathers, times the gradient. The rate is missing.",
                "A step is the rate times the velocity.", {"slope": 60.0}),
        Mistake("For `convert` you went the wrong way: you multiplied where you must divide, or the other way round.",
                "A sum is 1/(1 − β) times an average, so it needs the smaller rate.", {"convert": 5.0}),
        Mistake("For `convert` you kept the rate, and the run takes steps of ten times the length.",
                "A sum is 1/(1 − β) times an average.", {"convert": 0.5}),
        Mistake("For `coast` you took the step before the cut: ten times the new length. One step already forgets some of it.",
                "Half of the old step stays, and a new gradient comes in at the new rate.", {"coast": 10.0}),
        Mistake("For `coast` you answered for a rate outside the velocity, which acts at once.",
                "Inside, the old steps were taken into the velocity at the old rate.", {"coast": 1.0}),
        Mistake("For `coast` you added a whole new step to half of the old one. One gradient makes only a part of a new step.",
                "The new length is η_new · g/(1 − β), and one gradient adds η_new · g.", {"coast": 6.0}),
        Mistake("For `coast` the new gradient is missing: beside half of the old step there comes one gradient at the new rate.",
                "New step = β · old step + η_new · g, and the new length is η_new · g/(1 − β).", {"coast": 5.0}),
    ),
    success="√β for complex roots, √κ for κ, 2(1 + β)/L for 2/L, and 1/(1 − β) between a sum and an average.",
    onwards="after how many steps is the coasting one within 1 % of the new length?")

# -- 06.2 -----------------------------------------------------------------------------------------------------------------------


def roll_cases(rng):
    def case(name, surface, x, lr, momentum, steps, **arguments):
        given = {"gradient": {"function": surface, "part": "gradient", **arguments}, "x": x}
        return Case(name, {**given, "lr": lr, "momentum": momentum, "steps": steps})

    near = lambda *x: np.round(np.array(x) + rng.uniform(-0.2, 0.2, len(x)), 3)
    yield case("a valley, κ = 100, at the best pair", "quadratic", near(1.0, 1.0), 0.033, 0.67, 12, condition=100)
    yield case("a valley askew, momentum 0.9", "quadratic", near(-1.0, 0.5), 0.01, 0.9, 20, condition=100, rotation=30)
    yield case("Rosenbrock's valley", "rosenbrock", near(-1.2, 1.0), 0.0003, 0.8, 15)
    yield case("a start in whole numbers", "booth", rng.integers(-4, 5, 2), 0.03, 0.5, 8)
    yield case("no momentum", "quadratic", near(1.0, 1.0), 0.1, 0.0, 5, condition=10)
    yield case("no step at all", "quadratic", near(1.0, 1.0), 0.1, 0.9, 0, condition=10)


def plain_step(x, v, g, lr, momentum):
    v = momentum * v + g
    return x - lr * v, v


def rolled(gradient, x, lr, momentum, steps, step=plain_step, kind=float):
    """The path of a rule that is one function of (x, v, g, lr, momentum)."""
    path, v = np.zeros((steps + 1, len(x)), dtype=kind), np.zeros(len(x))
    path[0] = x
    for t in range(steps):
        path[t + 1], v = step(path[t], v, gradient(path[t]), lr, momentum)
    return path


def by_rule(gradient, x, lr, momentum, steps):
    rule, path = HeavyBall(lr=lr, momentum=momentum), np.zeros((steps + 1, len(x)))
    path[0], v = x, np.zeros(len(x))
    for t in range(steps):
        path[t + 1], v = rule.update(path[t], gradient(path[t]), t + 1, v)
    return path


def step_of(expression):
    """A wrong answer whose step is another expression of (x, v, g, lr, b), which gives the new x and the new v."""
    return lambda gradient, x, lr, momentum, steps: rolled(gradient, x, lr, momentum, steps, expression)


def begins_with_the_gradient(gradient, x, lr, momentum, steps):
    v, path = gradient(x), [np.array(x, dtype=float)]
    for _ in range(steps):
        v = momentum * v + gradient(path[-1])
        path.append(path[-1] - lr * v)
    return np.array(path)


def ahead_of_itself(gradient, x, lr, momentum, steps):
    v, path = np.zeros(len(x)), [np.array(x, dtype=float)]
    for _ in range(steps):
        v = momentum * v + gradient(path[-1] - lr * momentum * v)
        path.append(path[-1] - lr * v)
    return np.array(path)


def one_array(gradient, x, lr, momentum, steps):
    path, v = [x], np.zeros(len(x))
    for _ in range(steps):
        v = momentum * v + gradient(x)
        x -= lr * v
        path.append(x)
    return np.array(path)


roll = Question(
    "06.2", "Roll, and keep the path", "function", points=2, difficulty=1, minutes=10, name="roll", steps=True,
    objectives=("write the heavy ball in a few lines", "keep velocity and rate apart"),
    draw=roll_cases, oracle=by_rule,
    mistakes=(
        Mistake("Your ball climbs: a sign is wrong, that of the step or that of the gradient in the velocity.",
                "The velocity adds up gradients, v = βv + g, and the step goes against it.",
                step_of(lambda x, v, g, lr, b: (x + lr * (b * v + g), b * v + g))),
        Mistake("Your ball has no memory: it walks as plain descent.",
                "Make the velocity once, before the loop, and keep it from step to step.",
                step_of(lambda x, v, g, lr, b: (x - lr * g, v))),
        Mistake("Your ball forgets nothing: old gradients count as much as new ones.", "The old velocity is multiplied by the momentum.",
                step_of(lambda x, v, g, lr, b: (x - lr * (v + g), v + g))),
        Mistake("Your velocity is an average: either 1 − β stands before the gradient, or the step is multiplied by it.",
                "In this dialect the velocity is a sum: v = βv + g.",
                step_of(lambda x, v, g, lr, b: (x - lr * (b * v + (1 - b) * g), b * v + (1 - b) * g))),
        Mistake("This is Nesterov's step: it looks ahead.", "The heavy ball steps along the velocity alone.",
                step_of(lambda x, v, g, lr, b: (x - lr * (g + b * (b * v + g)), b * v + g))),
        Mistake("You take the gradient where the velocity is about to carry the point: Nesterov in the form of Sutskever.",
                "The heavy ball takes the gradient where it stands.", ahead_of_itself),
        Mistake("You step with the old velocity, and the gradient comes one step too late.", "First the velocity, then the step.",
                step_of(lambda x, v, g, lr, b: (x - lr * v, b * v + g))),
        Mistake("The rate stands in the velocity and before it: each gradient is multiplied by it twice.",
                "Once is enough: outside the velocity.",
                step_of(lambda x, v, g, lr, b: (x - lr * (b * v + lr * g), b * v + lr * g))),
        Mistake("The momentum multiplies the new gradient too, β(v + g).", "It takes from the old velocity only: βv + g.",
                step_of(lambda x, v, g, lr, b: (x - lr * b * (v + g), b * (v + g)))),
        Mistake("The momentum multiplies the new gradient and not the old velocity.", "It is the share of the old velocity that stays.",
                step_of(lambda x, v, g, lr, b: (x - lr * (v + b * g), v + b * g))),
        Mistake("Your velocity begins with the first gradient, and the first step adds that gradient again.",
                "Before the first step the velocity is zero.", begins_with_the_gradient),
        Mistake("Your path lacks its start.", "With the start there are steps + 1 points.",
                lambda gradient, x, lr, momentum, steps: rolled(gradient, x, lr, momentum, steps)[1:]),
        Mistake("Your path holds one array many times, and each step changes them all.",
                "`x -= …` changes the array in place. Write `x = x - …`, which makes a new one.", one_array),
        Mistake("Your path is made of whole numbers: what lies between is cut off.",
                "An array made like the start takes its type. Make it of floats.",
                lambda gradient, x, lr, momentum, steps: rolled(gradient, x, lr, momentum, steps, kind=np.asarray(x).dtype)),
    ),
    success="One velocity, made once; first it takes in the gradient, then x follows it.",
    onwards="write Polyak's form, with the last two points and no velocity. Is the path the same?")

# -- 06.3 -----------------------------------------------------------------------------------------------------------------------


def optimizer_cases(rng):
    def case(name, steps, nesterov, shapes=((2, 3), (2, 3)), lr=0.1, momentum=0.9, **more):
        draw = lambda: [np.round(rng.normal(size=shape), 3) for shape in shapes]
        settings = {"lr": lr, "momentum": momentum, "nesterov": nesterov}
        return Case(name, {"parameters": draw(), "settings": settings, "gradients": [draw() for _ in range(steps)], **more})

    yield case("heavy ball, six steps", 6, False)
    yield case("Nesterov, six steps", 6, True, lr=0.05, momentum=0.8)
    yield case("one vector", 5, False, shapes=((2,),), lr=0.5, momentum=0.5)
    yield case("the rate is cut by ten before step 4", 6, False, changes={"4": {"lr": 0.01}})
    yield case("Nesterov, and the rate is doubled before step 3", 6, True, changes={"3": {"lr": 0.2}})


class Reference:
    """The rule of the book, driven like torch.optim.SGD."""

    def __init__(self, params, lr, momentum, nesterov):
        self.params, self.lr, self.momentum, self.nesterov = params, lr, momentum, nesterov
        self.velocities = [np.zeros_like(p) for p in params]

    def change(self, i, p, g):
        rule = (Nesterov if self.nesterov else HeavyBall)(lr=self.lr, momentum=self.momentum)
        p[...], self.velocities[i] = rule.update(p, g, 1, self.velocities[i])

    def step(self, grads):
        for i, (p, g) in enumerate(zip(self.params, grads)):
            self.change(i, p, g)


class Other(Reference):
    """A wrong answer: the velocity, then the direction of the step."""

    def velocity(self, i, v, g):
        return self.momentum * v + g

    def direction(self, v, g):
        return self.lr * (g + self.momentum * v if self.nesterov else v)

    def change(self, i, p, g):
        self.velocities[i] = self.velocity(i, self.velocities[i], g)
        p -= self.direction(self.velocities[i], g)


class Rebinds(Other):
    def change(self, i, p, g):
        super().change(i, p.copy(), g)


class Climbs(Other):
    def direction(self, v, g):
        return -super().direction(v, g)


class Shares(Other):
    def change(self, i, p, g):
        self.velocities = [self.velocity(i, self.velocities[0], g)] * len(self.params)
        p -= self.direction(self.velocities[0], g)


class Inside(Other):
    def velocity(self, i, v, g):
        return self.momentum * v + self.lr * g

    def direction(self, v, g):
        return self.lr * g + self.momentum * v if self.nesterov else v


class NeverAhead(Other):
    def direction(self, v, g):
        return self.lr * v


class AlwaysAhead(Other):
    def direction(self, v, g):
        return self.lr * (g + self.momentum * v)


class WithoutGradient(Other):
    def direction(self, v, g):
        return self.lr * (self.momentum * v if self.nesterov else v)


class TwiceTheVelocity(Other):
    def direction(self, v, g):
        return self.lr * ((1 + self.momentum) * v if self.nesterov else v)


class FixedRate(Other):
    def __init__(self, params, lr, momentum, nesterov):
        super().__init__(params, lr, momentum, nesterov)
        self.first = lr

    def direction(self, v, g):
        return self.first * (g + self.momentum * v if self.nesterov else v)


class Averages(Other):
    def velocity(self, i, v, g):
        return self.momentum * v + (1 - self.momentum) * g


class Forgets(Other):
    def velocity(self, i, v, g):
        return g


optimizer = Question(
    "06.3", "SGD with a memory", "optimizer", points=3, difficulty=2, minutes=15, name="Momentum", steps=True,
    objectives=("keep a velocity for each parameter, as torch.optim does", "leave the rate outside, open to a schedule"),
    draw=optimizer_cases, oracle=Reference,
    mistakes=(
        Mistake("Nothing moves: you step on new arrays or on copies, and the network keeps its old one. (Or nothing is written yet.)",
                "Write into the array: `p -= …` or `p[...] = …`.", Rebinds),
        Mistake("Your optimizer climbs: the sign is wrong.", "The step goes against the velocity.", Climbs),
        Mistake("All parameters share one velocity.", "Each parameter needs its own: a list, one array for each.", Shares),
        Mistake("The rate is inside your velocity: after a change of the rate old steps go on at the old one.",
                "Sum the gradients alone, and multiply by `self.lr` when you step.", Inside),
        Mistake("Nesterov's step is the heavy ball's: either `nesterov` is not used, or the look ahead is along the old velocity.",
                "The look ahead uses the new velocity: g + βv, with v = βv + g done before.", NeverAhead),
        Mistake("You look ahead even when `nesterov` is off.", "Then the step is the rate times the velocity.", AlwaysAhead),
        Mistake("In Nesterov's step the gradient is missing.", "The direction is g + βv, not βv.", WithoutGradient),
        Mistake("In Nesterov's step the velocity stands where the gradient should: v + βv.", "The direction is g + βv.",
                TwiceTheVelocity),
        Mistake("A schedule cannot change your rate: you keep a copy of the first one.", "Read `self.lr` anew in each step.", FixedRate),
        Mistake("Your velocity is an average: 1 − β stands before the gradient.", "In torch's default it is a sum: v = βv + g.", Averages),
        Mistake("Your velocity is only the newest gradient: it is made anew in each step.",
                "Make the velocities in `__init__`, and keep what a step has computed.", Forgets),
    ),
    success="A velocity for each parameter, sums of gradients in it, and the rate outside, so that a schedule acts at once.",
    onwards="add `dampening` as torch has it: the first velocity is the whole first gradient all the same.")

QUESTIONS = (six_numbers, roll, optimizer)
