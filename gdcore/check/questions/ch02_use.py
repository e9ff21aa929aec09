"""The questions of chapter 2 on using a gradient, and on gradients that go wrong (02.5 and 02.6)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 02.5 -----------------------------------------------------------------------------------------------------------------------


def steepest_cases(rng):
    def case(name, steps, shapes=((2, 3), (3,)), length=0.5, scale=1.0, tiny=1.0, silent=()):
        draw = lambda size: [np.round(size * rng.normal(size=shape), 4) for shape in shapes]
        gradients = [[g * (t not in silent) for g in draw(scale)] for t in range(steps)]
        gradients = [[tiny * g for g in step] for step in gradients]
        return Case(name, {"parameters": draw(1.0), "settings": {"length": length}, "gradients": gradients})

    yield case("one step, two arrays", 1)
    yield case("ten steps", 10, length=0.1)
    yield case("one vector", 5, shapes=((2,),), length=1.0)
    yield case("on ground that is nearly level", 6, scale=0.01)
    yield case("on ground as good as level", 4, tiny=2.0**-50)
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


def padded(little):
    """Nothing is divided by zero, since a little is always added."""
    class Padded(Straight):
        def direction(self, grads):
            return [g / (self.size(grads) + little) for g in grads]

    return Padded


def floored(little):
    class Floored(Straight):
        def size(self, grads):
            return max(super().size(grads), little)

    return Floored


class StaysEarly(Straight):
    def direction(self, grads):
        return [u * (self.size(grads) > 1e-8) for u in super().direction(grads)]


def each_padded(little):
    class EachPadded(Straight):
        def direction(self, grads):
            return [g / (np.linalg.norm(g) + little) for g in grads]

    return EachPadded


class Clips(Straight):
    def direction(self, grads):
        return [g / max(self.length, self.size(grads)) for g in grads]


class SumOfLengths(Straight):
    def size(self, grads):
        return sum(np.linalg.norm(g) for g in grads)


class MeanSquare(Straight):
    def size(self, grads):
        return np.sqrt(sum((g**2).sum() for g in grads) / sum(g.size for g in grads))


class LengthOfFirst(Straight):
    def size(self, grads):
        return np.linalg.norm(grads[0])


class NoLength(Straight):
    def direction(self, grads):
        return [u / self.length for u in super().direction(grads)]


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
        Mistake("Nothing moves: either the step makes new arrays, or your optimizer holds copies, and the network keeps its old ones. "
                "(Or nothing is written yet.)",
                "Keep `params` as it is given, not copied. And `p = p - …` only gives a new array the name p: write `p -= …`.", Rebinds),
        Mistake("Your step climbs: the sign is wrong.", "The gradient points the steepest way up.", Climbs),
        Mistake("Your step is as long as the slope is steep: that is gradient descent.",
                "Divide by the length of the gradient, and only its direction is left.", Plain),
        Mistake("Each array takes a step of the full length. The point is all arrays together.",
                "One length for all: add up the squares of all entries of all arrays, then the root.", EachByItself,
                also=tuple(map(each_padded, (0.0, 1e-6, 1e-8, 1e-12)))),
        Mistake("Where there is no slope you divide zero by zero, and every weight becomes nan.",
                "No slope, no direction: if the length is 0, stay.", Unguarded),
        Mistake("A little number guards your length against a division by zero, and on ground as good as level it decides.",
                "Every step has the same length, however gentle the slope. Ask whether the length is above 0, and not above a little.",
                padded(1e-8), also=(*map(padded, (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16)),
                                    *map(floored, (1e-3, 1e-6, 1e-8, 1e-10, 1e-12)), StaysEarly)),
        Mistake("Your step is never too long, but on gentle ground it is too short: you clip.",
                "Divide by the length of the gradient, also where it is small.", Clips),
        Mistake("You add the lengths of the arrays. The length of the whole point is Pythagoras again.",
                "Add the squares of all entries of all arrays, and take one root.", SumOfLengths),
        Mistake("You divide by the root of the mean square, and a step is longer the more entries there are.",
                "Pythagoras adds the squares; it does not take their mean.", MeanSquare),
        Mistake("All arrays are divided by the length of the first one.", "Add up the squares of all arrays.", LengthOfFirst),
        Mistake("Every step has the length 1, whatever `length` says.", "Multiply the direction by `self.length`.", NoLength),
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
        Mistake("For `nan` a cut would say None. Here a slope came back, and it is no number.",
                "What is the slope of a root at 0, and what does it become if you multiply it by 0?", {"nan": ("cut", None)}),
        Mistake("For `nan` a staircase has a slope, and it is zero. Zero is a number.",
                "What is the slope of a root at 0, and what does it become if you multiply it by 0?", {"nan": ("staircase", None)}),
        Mistake("For `nan` nothing was overwritten: PyTorch would have refused, with an error that names the inplace operation.",
                "What is the slope of a root at 0, and what does it become if you multiply it by 0?", {"nan": ("overwritten", None)}),
        Mistake("For `18` a lower rate is no cure: w stays where it is, and the slope grows all the same.",
                "What does every training loop do before `backward()`?", {"18": (None, "b")}),
        Mistake("For `None` nothing was overwritten: PyTorch would have refused, with an error that names the inplace operation.",
                "Which function in the line leaves the graph?", {"None": ("overwritten", None)}),
        Mistake("For `18` a look at `grad_fn` finds nothing: the way back is whole.", "What is added each time?", {"18": (None, "d")}),
        Mistake("For `nan` a lower rate is no cure: it is nan before any step.", "Look at what goes into the root.", {"nan": (None, "b")}),
        Mistake("For `None` a hidden branch would say nan: it has a slope, and it is multiplied by 0.",
                "Which function in the line leaves the graph?", {"None": ("hidden branch", None)}),
        Mistake("For `zero` a hidden branch would say nan, and only where its function has no slope.",
                "All that comes back is multiplied by 0: on which side of its kink is the rectifier?", {"zero": ("hidden branch", None)}),
        Mistake("For `zero` nothing was overwritten: PyTorch would have refused, with an error that names the inplace operation.",
                "On which side of its kink is the rectifier?", {"zero": ("overwritten", None)}),
        Mistake("For `None` clearing is no cure: there is no slope that could be cleared.", "Look where the way back ends.",
                {"None": (None, "c")}),
        Mistake("For `zero` the input is not dangerous: no number there is infinite, and none is nan.",
                "What made the neuron die? And on which side is its rectifier flat?", {"zero": (None, "a")}),
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

QUESTIONS = (steepest, diagnosed)
