"""The questions of chapter 2 on the chain rule: through a graph, and through a layer (02.3 and 02.4)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.execute import Endless

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
    many = [tuple(range(max(0, k - 2), k))[::1 if k % 3 else -1] for k in range(60)]  # or a search from one side would do
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


def first_parent(parents, local):
    slopes = np.zeros(len(parents))
    slopes[-1] = 1.0
    for k in range(len(parents))[::-1]:
        slopes[parents[k, 0]] += slopes[k] * local[k, 0]
    return slopes


def whole_slopes(cut_before_adding):
    def walk(parents, local):
        slopes = np.zeros(len(parents), dtype=int)
        slopes[-1] = 1
        for k in range(len(parents))[::-1]:
            for parent, own in zip(parents[k], local[k]):
                slopes[parent] += int(slopes[k] * own) if cut_before_adding else 0
                slopes[parent] = slopes[parent] + (0 if cut_before_adding else slopes[k] * own)
        return slopes

    return walk


def other_first(parents, local):
    """The local slopes exchanged, where a box has two parents; elsewhere the one parent gets 0."""
    return local[:, ::-1]


def of_the_parent(parents, local):
    slopes = np.zeros(len(parents))
    slopes[-1] = 1.0
    for k in range(len(parents))[::-1]:
        for i, parent in enumerate(parents[k]):
            if parent >= 0:
                slopes[parent] += slopes[k] * local[parent, i]
    return slopes


def box_zero_left_out(parents, local):
    slopes = walk_back(parents, local)
    slopes[0] = 0.0
    return slopes


def search_with_seen(take, mark_late=False):
    """A search from the loss that hands on each box once, when it is met: take is the end of the list from which boxes come."""
    def walk(parents, local):
        slopes, waiting, seen = np.zeros(len(parents)), [len(parents) - 1], set() if mark_late else {len(parents) - 1}
        slopes[-1] = 1.0
        while waiting:
            k = waiting.pop(take)
            if mark_late and k in seen:
                continue
            seen |= {k}
            for parent, own in zip(parents[k].tolist(), local[k]):
                if parent >= 0:
                    slopes[parent] += slopes[k] * own
                    waiting += [parent] if parent not in seen else []
                    seen |= set() if mark_late else {parent}
        return slopes

    return walk


def at_once(again):
    """Each box hands on as soon as a slope arrives: only the first time, or all that it has, every time."""
    def walk(parents, local):
        slopes, seen = np.zeros(len(parents)), set()
        slopes[-1] = 1.0
        if again and len(parents) > 40:
            raise Endless

        def visit(k):
            seen.add(k)
            for parent, own in zip(parents[k].tolist(), local[k]):
                if parent >= 0:
                    slopes[parent] += slopes[k] * own
                    if again or parent not in seen:
                        visit(parent)

        visit(len(parents) - 1)
        return slopes

    return walk


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
        Mistake("A value times itself gets one of its two slopes back. Either you skip the second of two equal parents, or you write "
                "to both places at once, and NumPy writes to a place once, however often you name it.",
                "Go through the parents one by one, and let each add its slope, the same one too.", both_at_once),
        Mistake("Only the first parent of each box gets a slope.", "A box has two parents: loop over `zip(parents[k], local[k])`.",
                first_parent),
        Mistake("Each parent gets the other one's local slope.", "`local[k, 0]` belongs to `parents[k, 0]`.",
                lambda parents, local: walk_back(parents, other_first(parents, local))),
        Mistake("Your walk leaves out the last box, and so nothing is handed on.", "Begin at n − 1: `reversed(range(n))`.",
                lambda parents, local: np.eye(len(parents))[-1]),
        Mistake("Each box uses the local slope of its parent.", "How fast box k grows with its parents stands in `local[k]`.",
                of_the_parent),
        Mistake("Box 0 gets nothing.", "Missing parents are −1, and 0 is a box like the others: ask `parent >= 0`.", box_zero_left_out),
        Mistake("Your slopes are whole numbers: what lies between is cut off.",
                "`np.zeros(n)` is made of floats; an array like `parents` is not.",
                whole_slopes(False), also=(whole_slopes(True),)),
        Mistake("Some boxes hand on their slope before all of it has arrived: the first visit is not the last arrival.",
                "The boxes are numbered so that each stands after its parents. Go from the last to the first.",
                at_once(False), also=(search_with_seen(0), search_with_seen(-1), search_with_seen(-1, True), search_with_seen(0, True))),
        Mistake("A box that is reached twice hands on twice, and the second time what it has handed on already.",
                "Visit each box once, when all has arrived: from the last to the first.", at_once(True)),
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
        Mistake("The slope of your tanh is t(1 − t), which is that of the sigmoid.", "It is `1 - t**2`.",
                layer_with(own=lambda a, t: t * (1 - t))),
        Mistake("The tanh is taken twice: its slope is 1 − t², and t is the output already.", "`1 - y**2` with `y = np.tanh(x @ w + b)`.",
                layer_with(own=lambda a, t: 1 - np.tanh(t) ** 2)),
        Mistake("You multiply by the output of the tanh, where its slope belongs.", "Its slope is `1 - y**2`.",
                layer_with(own=lambda a, t: t)),
        Mistake("What arrives is left out.", "First `arriving * (1 - y**2)`, entry by entry.",
                lambda x, w, b, arriving: back_through(x, w, b, np.ones_like(arriving))),
        Mistake("Without b: the slope of the tanh is taken at `x @ w`.", "The tanh saw `x @ w + b`.",
                lambda x, w, b, arriving: back_through(x, w, 0 * b, arriving)),
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
        Mistake("The slopes in w and in b are divided by the number of pictures. Nothing here is a mean.",
                "If the loss is a mean, its 1/n is already in what arrives.",
                layer_with(to_w=lambda g, x, w, b: x.T @ g / len(x), to_b=lambda g, x, w, b: g.mean(axis=0).reshape(b.shape))),
        Mistake("The slope in x goes around the tanh.", "x goes into the tanh, so take what has come back through it.",
                lambda x, w, b, arriving: (arriving @ w.T, *back_through(x, w, b, arriving)[1:])),
        Mistake("The slope in w goes around the tanh.", "w goes into the tanh, so take what has come back through it.",
                lambda x, w, b, arriving: [(s, x.T @ arriving)[i == 1] for i, s in enumerate(back_through(x, w, b, arriving))]),
        Mistake("The slope in b goes around the tanh.", "b goes into the tanh, so sum what has come back through it.",
                lambda x, w, b, arriving: (*back_through(x, w, b, arriving)[:2], arriving.sum(axis=0).reshape(b.shape))),
        Mistake("The slope in b is always a row of shape (1, k), and b mostly is not.", "Give it the shape of b: `.reshape(b.shape)`.",
                layer_with(to_b=lambda g, x, w, b: g.sum(axis=0, keepdims=True))),
        Mistake("All biases share one number.", "Each neuron has its own bias: sum over the pictures only, `axis=0`.",
                layer_with(to_b=lambda g, x, w, b: g.sum())),
        Mistake("The three slopes stand in another order: asked are those in x, in w, in b.", "Hand back x, w, b.",
                lambda x, w, b, arriving: [back_through(x, w, b, arriving)[i] for i in (1, 0, 2)]),
        Mistake("The slope in x passes through w the wrong way round.", "`g @ w.T`: from k neurons back to d inputs.",
                layer_with(to_x=lambda g, x, w, b: g @ w)),
        Mistake("The slope in w comes out transposed.", "It must have the shape of w, (d, k): `x.T @ g`.",
                layer_with(to_w=lambda g, x, w, b: g.T @ x)),
    ),
    success="Two products back for one there, and the bias gets a sum. Stack such layers, and you have backpropagation as of 1986.",
    onwards="compare with your `numerical_gradient` on `np.sum(arriving * np.tanh(x @ w + b))`. How many digits agree?")

QUESTIONS = (backward, layer_back)
