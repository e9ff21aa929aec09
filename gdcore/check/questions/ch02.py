"""The questions of chapter 2, on the gradient: slopes by looking around, and slopes by the chain rule (02.1 to 02.4)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.execute import Endless
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
        Mistake("For `askew` a sign of the gradient is lost: its second slope is −4.",
                "The slope along u is the dot product: 3 · 0.6 − 4 · 0.8.", {"askew": 5.0}),
        Mistake("For `askew` the sign is lost. Along u the loss falls: there is more way down in it than up.",
                "3 · 0.6 is 1.8, and −4 · 0.8 is −3.2.", {"askew": 1.4}),
        Mistake("For `random` you divided by d. The squares of the cosines add up to 1, so it is they that shrink as 1/d.",
                "The cosine itself is about 1/√d, here a hundredth.", {"random": 0.0005}),
        Mistake("For `random` you took the steepest slope. In 10,000 dimensions almost every direction is almost level.",
                "Multiply the length of the gradient by the width of a random cosine, 1/√d.", {"random": 5.0}),
        Mistake("For `bill` you counted forward differences: d + 1. Central ones look to both sides of each knob.",
                "Two evaluations a knob, and the point itself is not needed.", {"bill": 101.0}),
        Mistake("For `bill` you gave the price of reverse mode. Differences do not know it.",
                "Each knob is turned by itself, up and down.", {"bill": 3.0}),
        Mistake("For `digits` you gave what forward differences gain: their error falls with h, that of central ones with h².",
                "A tenth of the step leaves a tenth, squared, of the error.", {"digits": 10.0}),
    ),
    success="The best slope is −‖g‖ = −5, any other a dot product, a random one about ‖g‖/√d; differences cost 2d, reverse mode 3.",
    onwards="a network has a million weights. How steep is a random direction there, compared with the best?")

# -- 02.2 -----------------------------------------------------------------------------------------------------------------------


def difference_cases(rng):
    def case(name, surface, x, h, **arguments):
        return Case(name, {"f": {"function": surface, **arguments}, "x": x, "h": h})

    yield case("Rosenbrock's valley", "rosenbrock", np.round(rng.uniform(-1.5, 1.5, 2), 3), 1e-5)
    yield case("a valley askew", "quadratic", np.round(rng.uniform(0.3, 1.5, 2), 3), 1e-3, condition=100, rotation=30)
    yield case("a point in whole numbers", "booth", rng.integers(-4, 5, 2), 1e-3)
    yield case("six knobs", "quadratic", np.round(rng.uniform(0.3, 1.5, 6), 3), 1e-4, condition=20, dimension=6)
    yield case("knobs in a table, (2, 3)", "fenced", np.round(rng.uniform(0.3, 1.5, (2, 3)), 3), 1e-3, curvature=2.0, fence=1e9)


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


numerical_gradient = Question(
    "02.2", "Turn each knob, both ways", "function", points=2, difficulty=1, minutes=10, name="numerical_gradient",
    objectives=("get a gradient from a program that you cannot see into", "leave everything as you found it"),
    draw=difference_cases, oracle=by_differences, rtol=1e-7,  # rounding: 1e-16 · 300 / 1e-5, against slopes of at least 0.1
    mistakes=(
        Mistake("These are forward differences: you look to one side only.",
                "Look from h above and from h below, and divide by the 2h between them.", differences_with(down=0.0, run=1.0)),
        Mistake("These are backward differences: you look to one side only.",
                "Look from h above and from h below, and divide by the 2h between them.", differences_with(up=0.0, run=1.0)),
        Mistake("Your slopes are twice too large: the two points are 2h apart.", "Divide the rise by the run, `2 * h`.",
                differences_with(run=1.0)),
        Mistake("The rise is not divided by the run.", "A slope is rise over run: divide by `2 * h`.",
                lambda f, x, h: 2 * h * by_differences(f, x, h)),
        Mistake("You turn all knobs at once, and every slope becomes their sum.",
                "One knob at a time: an array of zeros with h in the one place `i`.",
                lambda f, x, h: np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))),
        Mistake("A knob stays turned while you turn the next one.", "Begin from a fresh copy of `x` for each knob.",
                differences_with(piled=True)),
        Mistake("A point of whole numbers stays one: what you add to its entries is cut off.",
                "A copy takes the type of `x`. Add an array of floats instead: `x + bump`.",
                lambda f, x, h: by_differences(f, x, h, kind=x.dtype)),
        Mistake("Your gradient is one long row, whatever the shape of the knobs.",
                "A gradient has the shape of what it is the gradient in: `np.zeros(x.shape)`, and `np.ndindex(x.shape)` for the places.",
                lambda f, x, h: by_differences(f, x, h).ravel()),
    ),
    success="Each knob is turned alone, by h to both sides, so the error falls with h². And x is as it was.",
    onwards="count: how often is f called for a table of 64 × 32 weights? And what would reverse mode ask?")

# -- 02.3 -----------------------------------------------------------------------------------------------------------------------


def boxes(rng, *made_from, low=0.3, high=1.5):
    """Inputs of `backward`: for each box the one or two boxes that it is made from, with random local slopes."""
    parents = np.array([(*made, -1, -1)[:2] for made in made_from])
    local = np.round(rng.uniform(low, high, parents.shape) * rng.choice([-1, 1], parents.shape), 3)
    return {"parents": parents, "local": np.where(parents < 0, 0.0, local)}


def square(inputs, k):
    """The same, where box k multiplies a value by itself: both local slopes are that value."""
    inputs["local"][k] = inputs["local"][k, 0]
    return inputs


def backward_cases(rng):
    yield Case("a chain of four", boxes(rng, (), (0,), (1,), (2,)))
    yield Case("one value, used by two boxes", boxes(rng, (), (0,), (0,), (1, 2)))
    yield Case("a value times itself", square(boxes(rng, (), (0,), (1, 1), (2,)), 2))
    yield Case("two knobs, and a value that leads nowhere", boxes(rng, (), (), (0, 1), (0,), (2, 1)))
    some = [tuple(rng.choice(k, 2, replace=False)) for k in range(3, 12)]
    yield Case("a web of twelve", boxes(rng, (), (), (), *some))
    many = [tuple(range(max(0, k - 2), k)) for k in range(60)]
    yield Case("sixty boxes, each used by the next two", boxes(rng, *many, low=0.4, high=0.8))


def walk_back(parents, local, add=True, order=-1, first=0.0, slope_of=lambda arriving, own: arriving * own):
    """Reverse mode; with `=` for `+=`, in another order, from other slopes, or handing on something else for the mistakes."""
    slopes = np.full(len(parents), first)
    slopes[-1] = 1.0
    for k in range(len(parents))[::order]:
        for parent, own in zip(parents[k], local[k]):
            if parent >= 0:
                slopes[parent] = add * slopes[parent] + slope_of(slopes[k], own)
    return slopes


def walk_with(**changes):
    return lambda parents, local: walk_back(parents, local, **changes)


def both_at_once(parents, local):
    """NumPy's += on a list of places: a place that is named twice is written once."""
    slopes = np.zeros(len(parents))
    slopes[-1] = 1.0
    for k in range(len(parents))[::-1]:
        slopes[parents[k]] += slopes[k] * local[k]
    return slopes


def last_for_missing(parents, local):
    slopes = np.zeros(len(parents))
    slopes[-1] = 1.0
    for k in range(len(parents))[::-1]:
        for parent, own in zip(parents[k], local[k]):
            slopes[parent] = slopes[k] * own
    return slopes


def every_path(parents, local):
    if len(parents) > 40:  # it would take years
        raise Endless
    return walk_back(parents, local)


backward = Question(
    "02.3", "The machine in five lines", "function", points=3, difficulty=2, minutes=15, name="backward",
    objectives=("walk a graph backwards, once", "add where a value was used more than once"),
    draw=backward_cases, oracle=walk_back, limit=1.0,
    mistakes=(
        Mistake("Where a value is used twice, the last slope that comes back overwrites the other.",
                "Slopes multiply along a path and add over paths: `+=`.", walk_with(add=False)),
        Mistake("Slopes overwrite each other, and a parent of −1 is taken for the last box.",
                "`slopes[-1]` is the loss itself. Leave missing parents out, and use `+=`.", last_for_missing),
        Mistake("A value times itself gets one of its two slopes back: NumPy writes to a place once, however often you name it.",
                "`slopes[parents[k]] += …` is the trap. Go through the parents one by one, or use `np.add.at`.", both_at_once),
        Mistake("You walk from the inputs to the loss. The slopes of the later boxes have not arrived yet.",
                "Begin with the last box: `reversed(range(n))`.", walk_with(order=1)),
        Mistake("No slope ever starts: all begin at zero.", "The loss has slope 1 in itself: `slopes[-1] = 1`.",
                lambda parents, local: np.zeros(len(parents))),
        Mistake("Every box begins with a slope of 1. Only the loss does.", "All others begin with 0 and wait for what comes back.",
                walk_with(first=1.0)),
        Mistake("Each box hands on its own slope, and not what came to it.", "Multiply: `slopes[k] * local`.",
                walk_with(slope_of=lambda arriving, own: own)),
        Mistake("Each box hands on what came to it; its own slope is missing.", "Multiply: `slopes[k] * local`.",
                walk_with(slope_of=lambda arriving, own: arriving)),
        Mistake("You add the slopes along a path.", "Along a path they multiply; over paths they add.",
                walk_with(slope_of=lambda arriving, own: arriving + own)),
        Mistake("You walk every path by itself. That is right, and through sixty boxes there are 4 · 10¹² of them.",
                "Visit each box once, when all that it will ever receive has arrived: from the last to the first.", every_path),
    ),
    success="One walk, each box once: it costs about as much as the way there, however many knobs and however many paths there are.",
    onwards="let a box remember its parents and its local slopes itself, and you have the `Value` of the chapter.")

# -- 02.4 -----------------------------------------------------------------------------------------------------------------------


def layer(rng, n, d, k, row=False):
    """Inputs of `layer_back`: n pictures, d inputs, k neurons, and the slopes that arrive at their outputs."""
    draw = lambda *shape, scale=1.0: np.round(scale * rng.normal(size=shape), 3)
    return {"x": draw(n, d), "w": draw(d, k, scale=0.5), "b": draw(1, k) if row else draw(k), "arriving": draw(n, k)}


def layer_cases(rng):
    yield Case("four pictures, three inputs, two neurons", layer(rng, 4, 3, 2))
    yield Case("one picture", layer(rng, 1, 3, 4))
    yield Case("three of everything", layer(rng, 3, 3, 3))
    yield Case("biases in a row, (1, 3)", layer(rng, 5, 2, 3, row=True))
    yield Case("forty pictures", layer(rng, 40, 8, 5))


def back_through(x, w, b, arriving, own=lambda a, t: 1 - t**2, to_x=None, to_w=None, to_b=None):
    """(slopes in x, in w, in b) of tanh(x @ w + b), any of them wrong on purpose."""
    a = x @ w + b
    g = arriving * own(a, np.tanh(a))
    right = (lambda g, x, w, b: g @ w.T, lambda g, x, w, b: x.T @ g, lambda g, x, w, b: g.sum(axis=0).reshape(b.shape))
    return tuple((wrong or r)(g, x, w, b) for wrong, r in zip((to_x, to_w, to_b), right))


def layer_with(**changes):
    return lambda x, w, b, arriving: back_through(x, w, b, arriving, **changes)


layer_back = Question(
    "02.4", "A whole layer, backwards", "function", points=3, difficulty=2, minutes=15, name="layer_back",
    objectives=("push slopes through a matrix product", "give every slope the shape of its own array"),
    draw=layer_cases, oracle=back_through,
    mistakes=(
        Mistake("The tanh is passed by as if it were not there.", "It multiplies what arrives by its own slope, 1 − tanh².",
                layer_with(own=lambda a, t: np.ones_like(a))),
        Mistake("The slope of your tanh takes the input squared, not the output: 1 − a².", "It is 1 − t² with `t = np.tanh(a)`.",
                layer_with(own=lambda a, t: 1 - a**2)),
        Mistake("The slope of your tanh is 1 − t: the square is missing.", "It is `1 - t**2`.", layer_with(own=lambda a, t: 1 - t)),
        Mistake("Your bias learns the mean of its slopes. It went out to all pictures, so all that comes back is added.",
                "`g.sum(axis=0)`. If the loss is a mean, its 1/n is already in what arrives.",
                layer_with(to_b=lambda g, x, w, b: g.mean(axis=0).reshape(b.shape))),
        Mistake("The slopes of the bias are not added up: there is one set of them for each picture.",
                "The bias was stretched over n pictures, so sum over them: `g.sum(axis=0)`.", layer_with(to_b=lambda g, x, w, b: g)),
        Mistake("The slopes of the bias are added over the neurons.", "Each neuron has its own bias: sum over the pictures, `axis=0`.",
                layer_with(to_b=lambda g, x, w, b: g.sum(axis=1))),
        Mistake("A bias stored as a row of shape (1, k) gets a slope of shape (k,).",
                "A slope has the shape of its array, or the next step broadcasts it: `.reshape(b.shape)`, or sum with `keepdims`.",
                layer_with(to_b=lambda g, x, w, b: g.sum(axis=0))),
        Mistake("The slope in w is divided by the number of pictures. Nothing here is a mean.",
                "If the loss is a mean, its 1/n is already in what arrives.", layer_with(to_w=lambda g, x, w, b: x.T @ g / len(x))),
        Mistake("The slope in x passes through w the wrong way round.", "`g @ w.T`: from k neurons back to d inputs.",
                layer_with(to_x=lambda g, x, w, b: g @ w)),
        Mistake("The slope in w comes out transposed.", "It must have the shape of w, (d, k): `x.T @ g`.",
                layer_with(to_w=lambda g, x, w, b: g.T @ x)),
    ),
    success="Two products back for one there, and the bias gets a sum. Stack such layers, and you have backpropagation as of 1986.",
    onwards="compare with your `numerical_gradient` on `np.sum(arriving * np.tanh(x @ w + b))`. How many digits agree?")

QUESTIONS = (five_numbers, numerical_gradient, backward, layer_back)
