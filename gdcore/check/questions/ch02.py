"""The questions of chapter 2, on the gradient: what it says, and slopes by looking around (02.1 and 02.2)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 02.1 -----------------------------------------------------------------------------------------------------------------------

five_numbers = Question(
    "02.1", "Five numbers in the fog", "predict", points=3, difficulty=1, minutes=8, name="predicted",
    objectives=("read the slope in any direction off a gradient", "say what a gradient costs"),
    draw=items("steepest", "askew", "random", "bill", "digits"), rtol=1e-3,
    oracle={"steepest": -5.0, "askew": -1.4, "random": 0.05, "bill": 200.0, "digits": 100.0},
    mistakes=(
        Mistake("For `steepest` you added the slopes. A step along both axes is longer than a step along one.",
                "The length of a gradient is Pythagoras: √(3² + 4²).", {"steepest": -7.0}),
        Mistake("For `steepest` the sign is lost: 5 is the slope of the steepest way up.",
                "Down there, the loss falls: the slope is negative.", {"steepest": 5.0}),
        Mistake("For `steepest` you added the two slopes as they are.", "A length comes from squares: √(3² + 4²).", {"steepest": -1.0}),
        Mistake("For `steepest` the root is missing: 25 is the length squared.", "The slope of the best way is the length of the gradient.",
                {"steepest": -25.0}, also=({"steepest": 25.0},)),
        Mistake("For `askew` a sign of the gradient is lost: its second slope is −4.",
                "The slope along u is the dot product: 3 · 0.6 − 4 · 0.8.", {"askew": 5.0}),
        Mistake("For `askew` the sign is lost. Along u the loss falls: there is more way down in it than up.",
                "3 · 0.6 is 1.8, and −4 · 0.8 is −3.2.", {"askew": 1.4}),
        Mistake("For `random` you divided by d. The squares of the cosines add up to 1, so it is they that shrink as 1/d.",
                "The cosine itself is about 1/√d, here a hundredth.", {"random": 0.0005}),
        Mistake("For `random` you took the steepest slope. In 10,000 dimensions almost every direction is almost level.",
                "Multiply the length of the gradient by the width of a random cosine, 1/√d.", {"random": 5.0}),
        Mistake("For `random` you gave the cosine. How steep the ground is belongs to it.", "Multiply it by the length of the gradient, 5.",
                {"random": 0.01}),
        Mistake("For `random` a sign came in. A root mean square has none.", "Up and down count alike: 5/√10,000.", {"random": -0.05}),
        Mistake("For `random` you gave the mean: up and down cancel. A root mean square does not let them.",
                "Square the slopes first, then the mean, then the root.", {"random": 0.0}),
        Mistake("For `random` you took a place with two knobs: there a random cosine is about 1/√2.", "With d knobs it is about 1/√d.",
                {"random": 5 / 2**0.5}),
        Mistake("For `bill` you counted one evaluation a knob, as forward differences do. Central ones look to both sides.",
                "Two evaluations a knob, and the point itself is not needed.", {"bill": 100.0}, also=({"bill": 101.0},)),
        Mistake("For `bill` you gave the price of reverse mode. Differences do not know it.",
                "Each knob is turned by itself, up and down.", {"bill": 3.0}),
        Mistake("For `digits` you gave what forward differences gain: their error falls with h, that of central ones with h².",
                "A tenth of the step leaves a tenth, squared, of the error.", {"digits": 10.0}),
        Mistake("For `bill` you turned the knobs in pairs. Slopes need each knob by itself.", "Each knob is turned twice, up and down.",
                {"bill": 10_000.0}),
        Mistake("For `digits` you gave the power, or the number of digits. Asked is how many times smaller the error is.",
                "h² with a tenth of h: what is a tenth squared?", {"digits": 2.0}),
        Mistake("For `digits` you gave what is left of the error. Asked is how many times smaller it becomes.",
                "A hundredth of the error is left: then it is how many times smaller?", {"digits": 0.01}),
    ),
    success="The best slope is −‖g‖ = −5, any other a dot product, a random one about ‖g‖/√d; differences cost 2d, reverse mode 3.",
    onwards="a network has a million weights. How steep is a random direction there, compared with the best?")

# -- 02.2 -----------------------------------------------------------------------------------------------------------------------


def difference_cases(rng):
    def case(name, surface, x, h, **arguments):
        return Case(name, {"f": {"function": surface, **arguments}, "x": x, "h": h})

    # the turns are long, so that in float32 too one side differs from two, and in Rosenbrock's valley a turn of its own from h
    yield case("Rosenbrock's valley, long turns", "rosenbrock", np.round(rng.uniform([0.5, -1.5], 1.5), 3), 0.1)
    yield case("a valley askew", "quadratic", np.round(rng.uniform(0.3, 1.5, 2), 3), 1e-2, condition=100, rotation=30)
    yield case("a point in whole numbers", "quadratic", rng.integers(1, 5, 2) * rng.choice([-1, 1], 2), 1e-2, condition=10, rotation=30)
    yield case("six knobs", "quadratic", np.round(rng.uniform(0.3, 1.5, 6), 3), 1e-2, condition=20, dimension=6)
    yield case("knobs in a table, (2, 3)", "fenced", np.round(rng.uniform(0.3, 1.5, (2, 3)), 3), 1e-2, curvature=2.0, fence=1e9)


def by_differences(f, x, h, up=1.0, down=1.0, run=2.0, piled=False, kind=float):
    """Slopes from f(x + up h) − f(x − down h), divided by run h, where turned knobs may stay turned or be whole numbers."""
    slopes, base = np.zeros(x.shape), x.astype(kind)
    for i in np.ndindex(x.shape):
        there, back = base.copy(), base.copy()
        there[i] += up * h
        back[i] -= down * h
        slopes[i] = (f(there) - f(back)) / (run * h)
        base = back if piled else base
    return slopes


def differences_with(**changes):
    return lambda f, x, h: by_differences(f, x, h, **changes)


def at_own_turn(own):
    return lambda f, x, h: by_differences(f, x, own)


def cut_off(bumps, slopes):
    """Arrays made like x, so of whole numbers if x is: the one that is added, the one of the slopes, or both."""
    def differences(f, x, h):
        found = np.zeros(x.shape, x.dtype if slopes else float)
        for i in np.ndindex(x.shape):
            bump = np.zeros(x.shape, x.dtype if bumps else float)
            bump[i] = h
            found[i] = (f(x + bump) - f(x - bump)) / (2 * h)
        return found

    return differences


def in_place(again):
    """The knobs of the caller are turned: back again, or left where they are."""
    def differences(f, x, h):
        slopes = np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            before = x[i]
            x[i] = before + h
            up = f(x)
            x[i] = before - h if again else x[i] - 2 * h
            slopes[i] = (up - f(x)) / (2 * h)
            x[i] = before if again else x[i]
        return slopes

    return differences


def row_by_row(f, x, h):
    slopes = np.zeros(x.shape)
    for i in range(len(x)):
        bump = np.zeros(x.shape)
        bump[i] = h
        slopes[i] = (f(x + bump) - f(x - bump)) / (2 * h)
    return slopes


def never_cleared(f, x, h):
    """One bump for all knobs, which is not taken back."""
    slopes, bump = np.zeros(x.shape), np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        bump[i] = h
        slopes[i] = (f(x + bump) - f(x - bump)) / (2 * h)
    return slopes


def rows_only(count):
    """Right for knobs in a row; in a table NumPy refuses."""
    def differences(f, x, h):
        n = count(x)
        return np.array([(f(x + bump) - f(x - bump)) / (2 * h) for bump in h * np.eye(n)])

    return differences


def counted_places(f, x, h):
    """x[0], x[1], … as many as there are entries: in a table there are not as many rows."""
    slopes = np.zeros(x.shape)
    for i in range(x.size):
        bump = np.zeros(x.shape)
        bump[i] = h
        slopes[i] = (f(x + bump) - f(x - bump)) / (2 * h)
    return slopes


def first_knob(f, x, h):
    slopes = by_differences(f, x, h)
    return np.where(np.arange(x.size).reshape(x.shape) == 0, slopes, 0.0)


numerical_gradient = Question(
    "02.2", "Turn each knob, both ways", "function", points=2, difficulty=1, minutes=10, name="numerical_gradient",
    objectives=("get a gradient from a program that you cannot see into", "leave everything as you found it"),
    draw=difference_cases, oracle=by_differences, rtol=1e-7,  # rounding: 1e-16 · 300 / 1e-2, against slopes of at least 0.1
    mistakes=(
        Mistake("These are forward differences: you look to one side only.",
                "Look from h above and from h below, and divide by the 2h between them.", differences_with(down=0.0, run=1.0)),
        Mistake("These are backward differences: you look to one side only.",
                "Look from h above and from h below, and divide by the 2h between them.", differences_with(up=0.0, run=1.0)),
        Mistake("Your slopes are twice too large: the two points are 2h apart.", "Divide the rise by the run, `2 * h`.",
                differences_with(run=1.0)),
        Mistake("Your slopes have the wrong sign.", "Above minus below: `f(x + bump) - f(x - bump)`.",
                lambda f, x, h: -by_differences(f, x, h)),
        Mistake("You look to one side only, and still divide by 2h.",
                "Look from h above and from h below. A knob that you turn there and back "
                "stands where it was.", differences_with(down=0.0), also=(differences_with(up=0.0),)),
        Mistake("The rise is divided by 2, and not by 2h.", "The two points are 2h apart: divide by `2 * h`.",
                lambda f, x, h: h * by_differences(f, x, h)),
        Mistake("The rise is not divided by the run.", "A slope is rise over run: divide by `2 * h`.",
                lambda f, x, h: 2 * h * by_differences(f, x, h)),
        Mistake("Your slopes are h² times too small: `/ 2 * h` divides by 2 and multiplies by h.", "Use brackets: `/ (2 * h)`.",
                lambda f, x, h: h * h * by_differences(f, x, h)),
        Mistake("The h that is given has no effect: you turn each knob by a length of your own.", "Turn by `h`, and divide by `2 * h`.",
                at_own_turn(1e-5), also=tuple(map(at_own_turn, (1e-2, 1e-3, 1e-4, 1e-6)))),
        Mistake("You turn all knobs at once, and what comes out is the sum of all slopes.",
                "One knob at a time: an array of zeros with h in the one place `i`.",
                lambda f, x, h: np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h)), also=(lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h),)),
        Mistake("In a table you turn a whole row at once.", "`for i in np.ndindex(x.shape)` goes through each place of it.", row_by_row),
        Mistake("You turn the knobs of the caller, and leave them turned.", "`x + bump` makes a new array and touches nothing.",
                in_place(again=False), also=(lambda f, x, h: in_place(False)(f, x if x.dtype == float else x.astype(float), h),)),
        Mistake("A knob stays turned while you turn the next one.", "Begin from a fresh copy of `x` for each knob.",
                differences_with(piled=True), also=(never_cleared,)),
        Mistake("Your way through the knobs is made for a row of them, and breaks off in a table.",
                "`for i in np.ndindex(x.shape)` goes through all places of an array of any shape.",
                rows_only(len), also=(rows_only(np.size), counted_places)),
        Mistake("Only the first knob gets a slope: the `return` stands inside the loop.", "Move it to the left, below the loop.",
                first_knob),
        Mistake("A point of whole numbers stays one: what you add to its entries is cut off.",
                "A copy takes the type of `x`. Add an array of floats instead: `x + bump`.",
                lambda f, x, h: by_differences(f, x, h, kind=x.dtype), also=(cut_off(True, False), cut_off(True, True), in_place(True))),
        Mistake("At a point of whole numbers your slopes are whole numbers too: what lies between is cut off.",
                "`np.zeros_like(x)` takes the type of `x`. `np.zeros(x.shape)` is made of floats.", cut_off(False, True)),
        Mistake("Your gradient is one long row, whatever the shape of the knobs.",
                "A gradient has the shape of what it is the gradient in: `np.zeros(x.shape)`, and `np.ndindex(x.shape)` for the places.",
                lambda f, x, h: by_differences(f, x, h).ravel()),
    ),
    success="Each knob is turned alone, by h to both sides, so the error falls with h². And x is as it was.",
    onwards="count: how often is f called for a table of 64 × 32 weights? And what would reverse mode ask?")

QUESTIONS = (five_numbers, numerical_gradient)
