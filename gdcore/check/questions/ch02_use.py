"""The questions of chapter 2 on using a gradient, and on gradients that go wrong (02.5 to 02.9)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question
from gdcore.check.functions import function
from gdcore.check.questions.shared import items

# -- 02.5 -----------------------------------------------------------------------------------------------------------------------


def steepest_cases(rng):
    def case(name, steps, shapes=((2, 3), (3,)), length=0.5, scale=1.0, silent=()):
        draw = lambda size: [np.round(size * rng.normal(size=shape), 4) for shape in shapes]
        gradients = [[g * (t not in silent) for g in draw(scale)] for t in range(steps)]
        return Case(name, {"parameters": draw(1.0), "settings": {"length": length}, "gradients": gradients})

    yield case("one step, two arrays", 1)
    yield case("ten steps", 10, length=0.1)
    yield case("one vector", 5, shapes=((2,),), length=1.0)
    yield case("on ground that is nearly level", 6, scale=0.01)
    yield case("no slope at all in step 3", 5, silent=(2,))


class Straight:
    """A step of a given length straight down, all arrays together."""

    def __init__(self, params, length):
        self.params, self.length = params, length

    def size(self, grads):
        return np.sqrt(sum((g**2).sum() for g in grads))

    def direction(self, grads):
        size = self.size(grads)
        return [g / size if size > 0 else 0 * g for g in grads]

    def step(self, grads):
        for p, u in zip(self.params, self.direction(grads)):
            p -= self.length * u


class Rebinds(Straight):
    def step(self, grads):
        self.params = [p - self.length * u for p, u in zip(self.params, self.direction(grads))]


class Climbs(Straight):
    def step(self, grads):
        super().step([-g for g in grads])


class Plain(Straight):
    def direction(self, grads):
        return grads


class EachByItself(Straight):
    def direction(self, grads):
        return [Straight.direction(self, [g])[0] for g in grads]


class Unguarded(Straight):
    def direction(self, grads):
        return [g / self.size(grads) for g in grads]


class Squared(Straight):
    def size(self, grads):
        return sum((g**2).sum() for g in grads)


class AlongTheAxes(Straight):
    def size(self, grads):
        return sum(np.abs(g).sum() for g in grads)


class LargestEntry(Straight):
    def size(self, grads):
        return max(np.abs(g).max() for g in grads)


class Signs(Straight):
    def direction(self, grads):
        return [np.sign(g) for g in grads]


steepest = Question(
    "02.5", "A step of one length", "optimizer", points=3, difficulty=2, minutes=12, name="Steepest", steps=True,
    objectives=("split a gradient into a direction and a length", "know what to do where there is no slope"),
    draw=steepest_cases, oracle=Straight,
    mistakes=(
        Mistake("Nothing moves: the step makes new arrays, and the network keeps its old ones. (Or nothing is written yet.)",
                "`p = p - …` only gives a new array the name p. Write into the old one: `p -= …`.", Rebinds),
        Mistake("Your step climbs: the sign is wrong.", "The gradient points the steepest way up.", Climbs),
        Mistake("Your step is as long as the slope is steep: that is gradient descent.",
                "Divide by the length of the gradient, and only its direction is left.", Plain),
        Mistake("Each array takes a step of the full length. The point is all arrays together.",
                "One length for all: add up the squares of all entries of all arrays, then the root.", EachByItself),
        Mistake("Where there is no slope you divide zero by zero, and every weight becomes nan.",
                "No slope, no direction: if the length is 0, stay.", Unguarded),
        Mistake("You divide by the square of the length: the root is missing.", "Pythagoras ends with a root.", Squared),
        Mistake("You measure along the axes: the sum of the sizes.", "Length is Pythagoras: √ of the sum of the squares.", AlongTheAxes),
        Mistake("You measure by the largest entry.", "Length is Pythagoras: √ of the sum of the squares.", LargestEntry),
        Mistake("Your direction is made of signs. It is the steepest if a step is measured by its largest entry.",
                "Length here is Pythagoras: divide the gradient by √ of the sum of its squares.", Signs),
    ),
    success="One direction for all arrays together, one length, and where nothing slopes it stays. nan never enters.",
    onwards="divide only if the gradient is longer than some limit. That is clipping (chapter 10), which holds back a rare steep step.")

# -- 02.6 -----------------------------------------------------------------------------------------------------------------------

diagnosed = Question(
    "02.6", "18, nan, None, zero", "choose", points=2, difficulty=1, minutes=8, name="diagnosed",
    objectives=("tell the messages of a bad gradient apart", "name the cure"),
    draw=items("18", "nan", "None", "zero"),
    oracle={"18": ("piled up", "c"), "nan": ("hidden branch", "a"), "None": ("cut", "d"), "zero": ("dead", "b")},
    mistakes=(
        Mistake("For `18` nothing was overwritten: PyTorch would have refused, with an error that names the inplace operation.",
                "6, 12, 18: what is added each time?", {"18": ("overwritten", None)}),
        Mistake("For `nan` a dead neuron is no cause: dead means a slope of exactly zero, and zero is a number.",
                "What is the slope of a root at 0, and what does it become if you multiply it by 0?", {"nan": ("dead", None)}),
        Mistake("For `nan` slopes that pile up grow, they do not become nan at the first step.",
                "Which function in the line has no finite slope at 0?", {"nan": ("piled up", None)}),
        Mistake("For `None` a dead neuron would say 0. None says that no slope was ever computed.",
                "Which function in the line leaves the graph?", {"None": ("dead", None)}),
        Mistake("For `None` a staircase would say 0: it has a slope, and it is zero.",
                "None says that no slope was ever computed: the way back ends before it comes to w.", {"None": ("staircase", None)}),
        Mistake("For `zero` a cut graph would say None, and not for one neuron alone.",
                "The way back is whole. But all it carries is multiplied by 0: on which side of its kink is the rectifier?",
                {"zero": ("cut", None)}),
        Mistake("For `zero` a staircase would be silent for all neurons, and from the first step on.",
                "It was alive, and one step was too long. Where is it now?", {"zero": ("staircase", None)}),
    ),
    success="What grows was never cleared; nan is 0 × ∞; None means that the way back is cut; zero that it is whole and carries nothing.",
    onwards="provoke each of the four in PyTorch, in three lines at most.")

# -- 02.7 -----------------------------------------------------------------------------------------------------------------------


def training_cases(rng):
    for name, n, d, lr, steps in (("eight people, two measurements", 8, 2, 0.1, 8), ("forty people", 40, 3, 0.1, 12),
                                  ("the same at a third of the rate", 40, 3, 0.03, 12), ("a hundred people", 100, 4, 0.1, 10)):
        A = np.round(rng.normal(size=(n, d)), 3)
        y = np.round(A @ rng.uniform(2, 9, d) + 20 + rng.normal(size=n), 3)
        w = np.round(rng.normal(size=d), 3)  # from zero a run with a wrong sign would have the same losses
        yield Case(name, {"A": A, "y": y, "w": w, "lr": lr, "steps": steps})


def training(A, y, w, lr, steps, keep_w=False, keep_b=False, fold=np.sum, late=False):
    """The losses of a line; slopes may be kept from step to step, and those of the intercept folded otherwise."""
    b, to_w, to_b, losses = 0.0, 0.0, 0.0, []
    for _ in range(steps + 1 + late):
        error = A @ w + b - y
        losses.append(np.mean(error**2))
        back = 2 * error / len(y)
        to_w, to_b = keep_w * to_w + A.T @ back, keep_b * to_b + fold(back)
        w, b = w - lr * to_w, b - lr * to_b
    return np.array(losses[late:])


def trained_with(**changes):
    return lambda A, y, w, lr, steps: training(A, y, w, lr, steps, **changes)


def everyone(back):
    return back


train = Question(
    "02.7", "The loss that swings, and then is too good", "bug", points=3, difficulty=2, minutes=15, name="train", steps=True,
    objectives=("find a fault by its symptom", "distrust a loss that is better than the noise"),
    draw=training_cases, oracle=training,
    mistakes=(
        Mistake("This is the training as it was given.", "Two faults. One makes the loss swing; the other shows when that is mended.",
                trained_with(keep_w=True, keep_b=True, fold=everyone)),
        Mistake("The slopes are cleared now. But everybody has an intercept of their own.",
                "`b` began as a number and became an array. It is used by all people, so its slopes are added: `back.sum()`.",
                trained_with(fold=everyone)),
        Mistake("The intercept is one number now. But old slopes are still added to the new ones, and the loss swings.",
                "Each step needs the slopes at its own point only: `=`, not `+`.", trained_with(keep_w=True, keep_b=True)),
        Mistake("The slopes of w are cleared, those of b still pile up.", "Clear both.", trained_with(keep_b=True)),
        Mistake("The slope of b is cleared, those of w still pile up.", "Clear both.", trained_with(keep_w=True)),
        Mistake("The slope of your intercept is a mean of a mean: n times too small.",
                "The 1/n is in `back` already. A value that all use gets the sum of what comes back.", trained_with(fold=np.mean)),
        Mistake("The run is tamed by a smaller rate, not mended.", "Leave the rate as it is given. Both faults are still there.",
                lambda A, y, w, lr, steps: training(A, y, w, lr / 10, steps, keep_w=True, keep_b=True, fold=everyone)),
        Mistake("Your first loss is that after a step.", "Note the loss first, then step: the first one is what ignorance costs.",
                trained_with(late=True)),
    ),
    success="Slopes never cleared are a memory that never fades: it swings. And a slope of the wrong shape turned one knob into n.",
    onwards="one `assert` in the loop would have caught the second fault at once. Which?")

# -- 02.8 -----------------------------------------------------------------------------------------------------------------------

BUDGET, GOAL = 100, 1e-3
ASK = "Ask the loss: did the step go down? Then try a longer one next. If not, take it back and try a shorter one."


def fog_cases(rng):
    def case(name, surface, off, **arguments):
        centre = np.round(rng.normal(0, 3, len(off)), 3)  # so that nobody knows where the bottom is
        named = {"function": surface, "part": "box", "budget": BUDGET, "centre": centre, **arguments}
        return Case(name, {"box": named, "x": centre + off})

    near = lambda n, low=0.5, high=1.5: np.round(rng.uniform(low, high, n), 3)
    yield case("a valley askew", "quadratic", near(2), condition=10, rotation=30)
    yield case("nearly level ground, ten knobs", "quadratic", near(10), condition=5, dimension=10, largest=0.01)
    yield case("steep ground, ten knobs", "quadratic", near(10), condition=5, dimension=10, largest=500.0)
    yield case("Booth's bowl", "booth", near(2, -6, -3))
    yield case("a hundred knobs", "quadratic", near(100), condition=4, dimension=100)


def low_enough(value, inputs, hidden):
    """The loss at the point that came back is at most a thousandth of the loss at the start."""
    x, named = np.array(inputs["x"]), inputs["box"]
    if np.shape(value) != x.shape:
        return f"A point is expected, an array of shape {x.shape}; yours has the shape {np.shape(value)}."
    f = function(**{name: v for name, v in named.items() if name not in ("part", "budget")})
    with np.errstate(all="ignore"):
        start, yours = float(f(x)), float(f(np.array(value, dtype=float)))
    return "" if yours <= GOAL * start else f"The loss is {yours:.3g} and began at {start:.3g}; the goal is {GOAL * start:.3g}."


def search(box, x, lr=1.0, grow=2.0, shrink=4.0, looks=None):
    """Keep steps that go down and lengthen them, shorten those that do not; with `looks` stop asking for slopes after so many."""
    here, g = box(x), box.gradient(x)
    while box.left >= 4:
        there = box(x - lr * g)
        if there < here:
            x, here, lr = x - lr * g, there, grow * lr
            g = box.gradient(x) if looks is None else g
        else:
            lr = lr / shrink
    return x


def at_rate(lr):
    def fixed(box, x):
        while box.left >= 3:
            x = x - lr * box.gradient(x)
        return x

    return fixed


def of_length(length):
    def fixed(box, x):
        while box.left >= 3:
            g = box.gradient(x)
            x = x - length * g / np.linalg.norm(g)
        return x

    return fixed


def one_gradient_too_many(box, x):
    while True:
        x = x - 0.1 * box.gradient(x)


arrive = Question(
    "02.8", "A hundred questions to the fog", "target", points=3, difficulty=3, minutes=20, name="arrive",
    objectives=("spend a budget of evaluations", "come down on landscapes of any steepness"),
    draw=fog_cases, proof=low_enough,
    mistakes=(
        Mistake("You ask more than the budget allows, and then nothing comes back.",
                "`box.left` says what is left. Ask for a gradient only while it is at least 3.", one_gradient_too_many),
        Mistake("You return the point where you began.", "Return the point where you are: does `x` change in your loop?",
                lambda box, x: x),
        Mistake("Your rate is 0.1 everywhere: on the steep ground it flies off, on the level ground it hardly moves.",
                ASK, at_rate(0.1)),
        Mistake("Your rate is 0.01 everywhere: too long on the steep ground, too short on all others.",
                ASK, at_rate(0.01)),
        Mistake("Your rate is 1 everywhere: on the steep ground it flies off.",
                ASK, at_rate(1.0)),
        Mistake("All your steps have the length 0.1: too short for the way, or they jump to and fro over the bottom.",
                "Let the slope set the length, as it fades to zero at the bottom, times a rate that you adapt.", of_length(0.1)),
        Mistake("Your rate can shrink but never grow, and on the level ground 1 is tiny.",
                "After a step that went down, double the rate.", lambda box, x: search(box, x, grow=1.0, shrink=2.0)),
        Mistake("You look once for the slope and search along that line for ever.",
                "After each step that you keep, ask for the slope there.", lambda box, x: search(box, x, looks=1)),
    ),
    success="The slope chose the direction, the loss the length. By differences a hundred knobs would cost 200 questions a step.",
    onwards="how few questions are enough for all five landscapes? The next chapter knows the best rate without asking.")

# -- 02.9 -----------------------------------------------------------------------------------------------------------------------

patient_friend = Manual(
    "02.9", "A letter to a patient friend", difficulty=2, minutes=10, name="letter", words=150,
    objectives=("explain reverse mode without a formula", "say what it costs"),
    rubric=(("gives both times, with the number of evaluations behind each", 1),
            ("says what a box does with the slope that arrives, and what happens where a value was used more than once", 1),
            ("names the price that reverse mode pays and differences do not", 1),
            ("says what differences are still good for", 1)))

QUESTIONS = (steepest, diagnosed, train, arrive)
MANUAL = (patient_friend,)
