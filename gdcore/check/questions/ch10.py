"""The questions of chapter 10, on deep gradients: how long they are, through time, and shortened (10.1 to 10.3)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 10.1 -----------------------------------------------------------------------------------------------------------------------

six_numbers = Question(
    "10.1", "Six lengths before you run", "predict", points=3, difficulty=2, minutes=10, name="predicted",
    objectives=("predict what depth leaves of a gradient", "predict what a limit and a spike do"),
    draw=items("sigmoid", "ReLU", "residual", "underflow", "clipped", "spike"), rtol=5e-3,
    oracle={"sigmoid": 0.25**10, "ReLU": 2.0**-10, "residual": 1.1**5, "underflow": 34.0, "clipped": 2.4, "spike": 348.9},
    mistakes=(
        Mistake("For `sigmoid` this is the square of the bound: you multiplied the squares of the slopes.",
                "Asked is the length, so the factor of a layer is 1/4.", {"sigmoid": 0.25**20}),
        Mistake("For `sigmoid` you took a largest slope of 1/2. That is the sigmoid's value at 0, and not its slope.",
                "s(1 − s) at s = 1/2.", {"sigmoid": 0.5**10}),
        Mistake("For `sigmoid` this is one layer; there are ten.", "Ten factors of 1/4.", {"sigmoid": 0.25}),
        Mistake("For `sigmoid` these are nine layers; there are ten.", "Each of the ten layers has a slope.", {"sigmoid": 0.25**9}),
        Mistake("For `sigmoid` you took a largest slope of 1, which is tanh's.", "s(1 − s) at s = 1/2.", {"sigmoid": 1.0}),
        Mistake("For `ReLU` this is the square of the length: half a layer, twenty times.", "The length has the root: 2⁻¹⁰.",
                {"ReLU": 2.0**-20}),
        Mistake("For `ReLU` you took He's scale √2. Here the scale is 1.", "Half of the units pass the gradient on.", {"ReLU": 1.0}),
        Mistake("For `ReLU` this is one layer; there are twenty.", "Twenty factors of 1/√2.", {"ReLU": 2.0**-0.5}),
        Mistake("For `ReLU` this is the growth, not what is left: the sign of the exponent is wrong.", "2⁻¹⁰ is left.", {"ReLU": 2.0**10}),
        Mistake("For `residual` this is the square of the length.", "The squares grow by 1.1 a block; the length by its root.",
                {"residual": 1.1**10}),
        Mistake("For `residual` you forgot the weight of the branches: 2 in each block is the growth for c = 1.", "c² is 1/10.",
                {"residual": 2.0**5}),
        Mistake("For `residual` you let the branch add its length, and not its square: c in place of c².", "Squares add: 1 + c²χ.",
                {"residual": (1 + 10**-0.5) ** 10}),
        Mistake("For `residual` this is the limit for infinitely many blocks, √e. There are ten.", "1.1^5.",
                {"residual": np.e**0.5}),
        Mistake("For `residual` this is χ of the scale 1. He's scale makes it 1, not 1/2.", "1 + 1/10 in each block, for the square.",
                {"residual": 1.05**5}),
        Mistake("For `residual` nothing grows. The shortcut passes the gradient on, and the branch adds to it.", "Squares add: 1 + c²χ.",
                {"residual": 1.0}),
        Mistake("For `underflow` you counted to the smallest normal number, 2⁻¹⁴. Below it float16 goes on, with fewer digits.",
                "It is rounded to 0 below 2⁻²⁵.", {"underflow": 19.0}),
        Mistake("For `underflow` either you counted to 2⁻²⁴, half of which still rounds up to it, or this is the last step above 2⁻²⁵.",
                "Asked is the first step below 2⁻²⁵.", {"underflow": 33.0}),
        Mistake("For `underflow` this is one step too many: perhaps the beginning was counted as a step.",
                "n ln 0.6 = −25 ln 2, and the next whole number.", {"underflow": 35.0}),
        Mistake("For `underflow` you counted to 65,504, the other end.", "It is rounded to 0 below 2⁻²⁵.", {"underflow": 22.0}),
        Mistake("For `underflow` you counted powers of two. The factor is 0.6.", "n ln 0.6 = −25 ln 2.", {"underflow": 25.0}),
        Mistake("For `clipped` you cut entry by entry.", "The factor is the same for all entries: 2.6/13.", {"clipped": 2.6}),
        Mistake("For `clipped` this is the factor, not what becomes of the 12.", "12 times it.", {"clipped": 0.2}),
        Mistake("For `clipped` you left the number as it is.", "All three together are 13 long.", {"clipped": 12.0}),
        Mistake("For `clipped` you added the lengths of the tensors, 5 and 12.", "Squares add: √(25 + 144) = 13.",
                {"clipped": 12 * 2.6 / 17}),
        Mistake("For `clipped` you shortened to length 1, not to 2.6.", "12 · 2.6/13.", {"clipped": 12 / 13}),
        Mistake("For `spike` you took β₂ = 0.999.", "Here it is 0.99.", {"spike": np.log(0.001 * 1e4 / 3) / -np.log(0.999)}),
        Mistake("For `spike` either you forgot the square, so that nothing is to fade, or you think that Adam forgets at once.",
                "v takes g²: (1 − β₂)s² = 100, and it must fade to 3.", {"spike": 0.0}),
        Mistake("For `spike` you forgot the root: half the step is a quarter of 1/v.", "v must be 4, so the spike's part 3.",
                {"spike": np.log(100) / -np.log(0.99)}),
        Mistake("For `spike` you let the spike alone fade to 4, without the 1 that is there anyway.", "1 + 100 · 0.99^k = 4.",
                {"spike": np.log(25) / -np.log(0.99)}),
        Mistake("For `spike` you forgot that v takes only a hundredth of the square.", "(1 − β₂)s² = 100.",
                {"spike": np.log(1e4 / 3) / -np.log(0.99)}),
        Mistake("For `spike` this is the memory of v, 1/(1 − β₂), and not the time that a spike of 100 needs.", "1 + 100 · 0.99^k = 4.",
                {"spike": 100.0}),
    ),
    success="Lengths multiply, squares add, one factor clips all tensors, and a spike fades from v like 0.99^k.",
    onwards="for which β₂ does Adam get over a spike of 100 within fifty steps?")

# -- 10.2 -----------------------------------------------------------------------------------------------------------------------


def time_cases(rng):
    def case(name, n, steps, size=1.0, inputs=0.5):
        W = np.round(size * rng.normal(size=(n, n)) / np.sqrt(n), 3)
        h, H = np.zeros(n), []
        for _ in range(steps):
            h = np.tanh(W @ h + inputs * rng.normal(size=n))
            H.append(np.round(h, 3))
        return Case(name, {"W": W, "H": np.array(H), "g": np.round(rng.normal(size=n), 3)})

    yield case("one step", 3, 1)
    yield case("two steps of two units", 2, 2)
    yield case("thirty steps that fade", 4, 30)
    yield case("ten steps that explode", 5, 10, size=3.0, inputs=0.05)
    yield case("units at their ends", 3, 6, inputs=2.0)


def lengths(W, H, g, transposed=True, slope="right", order=-1, measure=np.linalg.norm, after=False, shift=0, start=True, full=True):
    """The lengths of the gradient back through time, with knobs for what people get wrong."""
    kept = [measure(g)]
    rows = H[::order]
    if shift:
        rows = [*rows[1:], 0 * rows[0]]
    for h in rows if full else rows[:-1]:
        s = {"right": 1 - h**2, "none": np.ones(len(h)), "no square": 1 - h, "square": (1 - h) ** 2,
             "again": 1 - np.tanh(h) ** 2, "activation": h}[slope]
        M = W.T if transposed else W
        g = s * (M @ g) if after else M @ (s * g)
        kept.append(measure(g))
    return np.array(kept if start else kept[1:])


def back(**knobs):
    return lambda W, H, g: lengths(W, H, g, **knobs)


def never_updated(W, H, g):
    return np.array([np.linalg.norm(g), *(np.linalg.norm(W.T @ ((1 - h**2) * g)) for h in H[::-1])])


through_time = Question(
    "10.2", "Back through time", "function", points=3, difficulty=2, minutes=12, name="through_time",
    objectives=("write the gradient of a recurrent network as a product", "measure where it vanishes or explodes"),
    draw=time_cases, oracle=back(),
    mistakes=(
        Mistake("The matrix is not transposed: that is the way forward.", "Back goes W.T.", back(transposed=False)),
        Mistake("The slope of tanh is missing: this is the gradient of a linear network.", "tanh′(z) is 1 − h².", back(slope="none")),
        Mistake("You multiply by 1 − h, and not by 1 − h².", "tanh′ = 1 − tanh².", back(slope="no square")),
        Mistake("You square 1 − h. It is h that is squared.", "tanh′ = 1 − tanh².", back(slope="square")),
        Mistake("You take the tanh of h again. H holds what came out of the tanh.", "The slope is 1 − h**2.", back(slope="again")),
        Mistake("You multiply by h itself, not by the slope there.", "tanh′(z) is 1 − h².", back(slope="activation")),
        Mistake("You multiply by the matrix first, and by the slope afterwards. The gradient meets the tanh first.",
                "W.T @ ((1 - h**2) * g).", back(after=True)),
        Mistake("You walk forward: the first state comes first.", "The gradient begins at the last: H[::-1].", back(order=1)),
        Mistake("Each slope is that of the state before: you are one step off.", "The last row of H is where g begins.", back(shift=1)),
        Mistake("These are squares of lengths.", "Take the root.", back(measure=lambda g: g @ g)),
        Mistake("This is the root of the mean square, not the length.", "np.linalg.norm, without a mean.",
                back(measure=lambda g: np.sqrt(np.mean(g**2)))),
        Mistake("You measure the largest entry, not the length.", "np.linalg.norm.", back(measure=lambda g: np.abs(g).max())),
        Mistake("You measure the sum of the sizes, not the length.", "The root of the sum of squares.",
                back(measure=lambda g: np.abs(g).sum())),
        Mistake("The length of g itself is missing: there are T + 1 numbers.", "Begin the list with it.", back(start=False)),
        Mistake("You stop one step before the start.", "T states mean T matrices: T + 1 numbers.", back(full=False)),
        Mistake("Your numbers stand in the order of time, the start first.", "Begin at the end, with g.",
                lambda W, H, g: lengths(W, H, g)[::-1]),
        Mistake("You divide by the length of g. Asked are the lengths themselves.", "The first number is the norm of g.",
                lambda W, H, g: lengths(W, H, g) / np.linalg.norm(g)),
        Mistake("You keep the gradients, not their lengths.", "np.linalg.norm of each.", back(measure=lambda g: g)),
        Mistake("You return the last length alone.", "Keep all in a list.", lambda W, H, g: lengths(W, H, g)[-1]),
        Mistake("Each length is that of g after one step: g itself is never replaced.", "g = W.T @ …, and on from there.", never_updated),
    ),
    success="A slope, a matrix, a slope, a matrix: the same W each time, so its largest eigenvalue decides in the long run.",
    onwards="multiply W by 1.5 in the case that fades. Does the gradient grow, or do the tanh units go flat first?")

# -- 10.3 -----------------------------------------------------------------------------------------------------------------------


def clip_cases(rng):
    def case(name, sizes, shapes=((2, 3), (3,)), lr=0.1, limit=1.0, **more):
        draw = lambda size: [np.round(size * rng.normal(size=shape), 3) for shape in shapes]
        return Case(name, {"parameters": draw(1.0), "settings": {"lr": lr, "limit": limit}, "gradients": [draw(s) for s in sizes], **more})

    yield case("one long gradient", (5.0,))
    yield case("short and long in turns", (0.1, 8.0, 0.1, 8.0), lr=0.5)
    yield case("all within the limit", (0.5, 0.3, 0.8), limit=20.0)
    yield case("three arrays", (3.0, 0.2, 6.0), shapes=((2,), (2, 2), (3,)), limit=2.5)
    yield case("a gradient of zeros", (2.0, 0.0, 2.0), limit=0.7)
    yield case("the rate is cut by ten before step 3", (4.0, 4.0, 4.0, 0.1), changes={"3": {"lr": 0.01}})


class Reference:
    """Descent with all gradients clipped by one norm; subclasses change one thing."""

    def __init__(self, params, lr, limit):
        self.params, self.lr, self.limit, self.first = params, lr, limit, lr

    def norm(self, grads):
        return np.sqrt(sum(np.sum(g**2) for g in grads))

    def factor(self, grads):
        return self.limit / max(self.limit, self.norm(grads))

    def step(self, grads):
        factor = self.factor(grads)
        for i, (p, g) in enumerate(zip(self.params, grads)):
            self.change(i, p, g, factor)

    def change(self, i, p, g, factor):
        p -= self.lr * factor * g


class EachTensor(Reference):
    def change(self, i, p, g, factor):
        p -= self.lr * self.factor([g]) * g


class ByValue(Reference):
    def change(self, i, p, g, factor):
        p -= self.lr * np.clip(g, -self.limit, self.limit)


class UpAndDown(Reference):
    def factor(self, grads):
        norm = self.norm(grads)
        return self.limit / norm if norm else 1.0


class ToOne(Reference):
    def factor(self, grads):
        norm = self.norm(grads)
        return 1 / norm if norm > self.limit else 1.0


class TheStep(Reference):
    def factor(self, grads):
        return self.limit / max(self.limit, self.lr * self.norm(grads))


class NoRoot(Reference):
    def norm(self, grads):
        return sum(np.sum(g**2) for g in grads)


class Largest(Reference):
    def norm(self, grads):
        return max(np.abs(g).max() for g in grads)


class MeanSquare(Reference):
    def norm(self, grads):
        return np.sqrt(sum(np.sum(g**2) for g in grads) / sum(g.size for g in grads))


class SumOfNorms(Reference):
    def norm(self, grads):
        return sum(np.linalg.norm(g) for g in grads)


class LongestTensor(Reference):
    def norm(self, grads):
        return max(np.linalg.norm(g) for g in grads)


class SumOfSizes(Reference):
    def norm(self, grads):
        return sum(np.abs(g).sum() for g in grads)


class FirstTensor(Reference):
    def norm(self, grads):
        return np.linalg.norm(grads[0])


class Never(Reference):
    def factor(self, grads):
        return 1.0


class Drops(Reference):
    def factor(self, grads):
        return float(self.norm(grads) <= self.limit)


class OfTheWeights(Reference):
    def norm(self, grads):
        return super().norm(self.params)


class Rebinds(Reference):
    def change(self, i, p, g, factor):
        self.params[i] = p - self.lr * factor * g


class Climbs(Reference):
    def change(self, i, p, g, factor):
        p += self.lr * factor * g


class FixedRate(Reference):
    def change(self, i, p, g, factor):
        p -= self.first * factor * g


class Unguarded(Reference):
    def factor(self, grads):
        with np.errstate(all="ignore"):
            return min(1.0, self.limit / self.norm(grads)) if self.norm(grads) else np.nan


clipped = Question(
    "10.3", "Descent with a limit", "optimizer", points=3, difficulty=2, minutes=12, name="ClippedSGD",
    objectives=("clip a list of gradients by one norm", "leave short gradients as they are"),
    draw=clip_cases, oracle=Reference, rtol=1e-5,  # torch's 1e-6 beside the norm counts as right
    mistakes=(
        Mistake("Each array is clipped by its own norm. That turns the gradient as a whole.", "One norm, one factor for all arrays.",
                EachTensor),
        Mistake("You clip entry by entry, by value. That turns the gradient.", "Multiply all entries by one factor.", ByValue),
        Mistake("Short gradients are made longer: you always bring the norm to the limit.", "The factor is at most 1.", UpAndDown),
        Mistake("Long gradients become 1 long, not as long as the limit.", "limit / norm.", ToOne),
        Mistake("You compare the length of the step with the limit: the rate is in it already.", "The norm of the gradients, without lr.",
                TheStep),
        Mistake("The root is missing: there is a squared norm in your factor.", "np.sqrt of the sum of squares.", NoRoot),
        Mistake("You measure the largest entry, not the Euclidean norm.", "The root of the sum of squares.", Largest),
        Mistake("You measure the root of the mean square: it does not grow with the number of entries.", "A sum, not a mean.", MeanSquare),
        Mistake("You add the norms of the arrays. It is their squares that add.", "√(‖g₁‖² + ‖g₂‖² + …).", SumOfNorms),
        Mistake("You take the norm of the longest array alone.", "√(‖g₁‖² + ‖g₂‖² + …).", LongestTensor),
        Mistake("You add up the sizes of the entries, not their squares.", "The root of the sum of squares.", SumOfSizes),
        Mistake("You take the norm of the first array alone.", "All arrays count.", FirstTensor),
        Mistake("Nothing is clipped.", "Multiply by min(1, limit / norm).", Never),
        Mistake("Steps with a long gradient are left out. Clipping shortens them.", "Multiply by limit / norm.", Drops),
        Mistake("You measure the parameters, not the gradients.", "The norm of grads.", OfTheWeights),
        Mistake("The arrays of the caller do not move: you make new ones.", "Change them in place, `p -= …`.", Rebinds),
        Mistake("Your walker climbs: the sign is wrong.", "Minus.", Climbs),
        Mistake("A schedule cannot change your rate: you keep the first.", "Use self.lr in each step.", FixedRate),
        Mistake("A gradient of zeros divides by zero, and nan spreads from there.", "limit / max(limit, norm) never does.", Unguarded),
    ),
    success="One norm over all arrays, one factor, and never above 1: the direction stays, and short gradients are left alone.",
    onwards="how many percent of the steps of a training of yours does a limit of 1 touch? Log the norm and count.")

QUESTIONS = (six_numbers, through_time, clipped)
