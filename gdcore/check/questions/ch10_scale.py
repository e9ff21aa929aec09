"""The questions of chapter 10, on loss scales and branches (10.4 to 10.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 10.4 -----------------------------------------------------------------------------------------------------------------------


def training_cases(rng):
    def case(name, n, d, lr, limit, scale, steps, size=1.0):
        A = np.round(size * rng.normal(size=(n, d)), 3)
        y = (A @ rng.normal(size=d) + 0.3 * size * rng.normal(size=n) > 0).astype(float)
        return Case(name, {"A": A, "y": y, "lr": lr, "limit": limit, "scale": scale, "steps": steps})

    yield case("no gradient is long", 20, 3, 0.5, 100.0, 1024.0, 6)
    yield case("the limit cuts", 24, 4, 1.0, 0.05, 256.0, 8, size=3.0)
    yield case("the scale is too high at first", 16, 3, 0.3, 50.0, 2.0**21, 10, size=2.0)
    yield case("too high, and the limit cuts", 22, 4, 0.5, 0.1, 2.0**20, 11, size=4.0)
    yield case("a single step", 8, 2, 1.0, 0.2, 64.0, 1, size=2.0)
    A = np.round(rng.uniform(1.0, 3.0, (16, 2)), 3)
    yield Case("halves that overflow to both sides",
               {"A": A, "y": np.repeat([0.0, 1.0], 8), "lr": 0.3, "limit": 0.4, "scale": 2.0**20, "steps": 8})


def loss_of(w, A, y):
    return np.mean(np.logaddexp(0, A @ w) - y * (A @ w))


def half(values):
    with np.errstate(over="ignore"):
        return np.float16(values).astype(float)


def shorter(g, limit):
    norm = np.sqrt(np.sum(g**2))
    return g * min(1.0, limit / norm) if norm else g


@np.errstate(all="ignore")
def trained(A, y, lr, limit, scale, steps, inner=False, early=False, blind=False, back=0.5, zeros=False, silent=False, unclipped=False,
            still=False, twice=False, mean=False, flip=1, retry=False, full=False, look=None, grow=1.0, values=False):
    w, losses, size = np.zeros(A.shape[1]), [], scale
    for _ in range(steps):
        g = np.zeros(A.shape[1])
        for a, b in zip(np.split(A, 2), np.split(y, 2)):
            part = scale * a.T @ (1 / (1 + np.exp(-a @ w)) - b) / (len(b) if mean else len(y))
            part = part if full else half(part)
            g = g + (part if early or not inner else part / scale)
            g = shorter(g, limit) if inner else g
        sound = look(g) if look else np.isfinite(g).all()
        if sound or blind or zeros:
            g = np.nan_to_num(g, posinf=65504.0, neginf=-65504.0) if zeros else g
            if early:
                g = (g if inner else shorter(g, limit)) / scale
            elif not inner:
                g = g if still else g / scale
                g = np.clip(g, -limit, limit) if values else g if unclipped else shorter(g, limit)
            g = g / scale if twice else g
            w = w - flip * lr * g
        if not sound and not blind:
            scale = scale * back
        if sound or not silent:
            losses.append(loss_of(w, A, y))
        scale = size if retry and sound else scale * grow if sound else scale
    return np.array(losses)


@np.errstate(all="ignore")
def repeated(A, y, lr, limit, scale, steps):
    """The step is tried again with half the scale until its gradient is finite."""
    w, losses = np.zeros(A.shape[1]), []
    for _ in range(steps):
        while True:
            g = sum(half(scale * a.T @ (1 / (1 + np.exp(-a @ w)) - b) / len(y)) for a, b in zip(np.split(A, 2), np.split(y, 2)))
            if np.isfinite(g).all():
                break
            scale = scale / 2
        w = w - lr * shorter(g / scale, limit)
        losses.append(loss_of(w, A, y))
    return np.array(losses)


def faulty(**faults):
    return lambda A, y, lr, limit, scale, steps: trained(A, y, lr, limit, scale, steps, **faults)


training = Question(
    "10.4", "The training in sixteen bits", "bug", points=3, difficulty=3, minutes=15, name="train",
    objectives=("find faults in the order of scaling, clipping and stepping", "skip a step whose gradient is not finite"),
    draw=training_cases, oracle=faulty(),
    mistakes=(
        Mistake("These are the losses of the code as it was given, with its three faults.",
                "Where is it clipped, in which units, and what happens to a gradient that is not finite?",
                faulty(inner=True, early=True, blind=True)),
        Mistake("One fault is found, the clipping inside the inner loop. Two are left.",
                "In which units is the limit? And what happens to a gradient that is not finite?", faulty(early=True, blind=True)),
        Mistake("One fault is found, the limit on scaled gradients. Two are left.",
                "Is the sum complete where it is clipped? And what happens to a gradient that is not finite?",
                faulty(inner=True, blind=True)),
        Mistake("One fault is found, the step that must be skipped. Two are left.", "Where is it clipped, and in which units?",
                faulty(inner=True, early=True)),
        Mistake("Two faults are found. It is still clipped inside the inner loop, before the sum is complete.",
                "Clip once a step, after both halves.", faulty(inner=True)),
        Mistake("Two faults are found. It is still clipped before the scale is divided out.", "Divide first, then clip.",
                faulty(early=True)),
        Mistake("Two faults are found. A gradient that is not finite still reaches the weights.",
                "Look with np.isfinite, which finds inf and nan, before the step; halve the scale and leave w alone.", faulty(blind=True)),
        Mistake("You look for nan alone: an inf still reaches the weights.", "np.isfinite finds both.",
                faulty(look=lambda g: not np.isnan(g).any())),
        Mistake("You look for inf alone: inf − inf is nan, and it still reaches the weights.", "np.isfinite finds both.",
                faulty(look=lambda g: not np.isinf(g).any())),
        Mistake("The step is skipped, or its inf made 0, and the scale is not halved: either it stays or it grows.",
                "scale = scale / 2.", faulty(back=1.0)),
        Mistake("The scale falls too fast on overflow: it is not halved.", "scale = scale / 2.", faulty(back=1 / 64)),
        Mistake("You replace inf and nan by numbers and step all the same.", "Such a gradient says nothing: leave w alone.",
                faulty(zeros=True)),
        Mistake("A skipped step leaves no loss: the list is too short.", "One loss for each step, taken or not.", faulty(silent=True)),
        Mistake("You repeat a step until its gradient is finite. A step that overflows is left out.", "One try a step, one loss a step.",
                repeated),
        Mistake("The clipping is gone.", "After the scale is divided out: at most `limit` long.", faulty(unclipped=True)),
        Mistake("The scale is never divided out.", "g / scale, before clipping.", faulty(still=True)),
        Mistake("The scale is divided out twice.", "Once, before clipping.", faulty(twice=True)),
        Mistake("Each half is averaged by itself, and the two are added: twice the gradient.", "Divide by len(y), as it was.",
                faulty(mean=True)),
        Mistake("The training climbs: the sign is wrong.", "w minus the step.", faulty(flip=-1)),
        Mistake("The scale is doubled after each good step. Its author wanted it halved only.", "Leave it alone when all is finite.",
                faulty(grow=2.0)),
        Mistake("You clip entry by entry, not by norm.", "limit / norm, one factor for all.", faulty(values=True)),
        Mistake("After a good step your scale jumps back to its first value, and overflows again.", "Keep the halved one.",
                faulty(retry=True)),
        Mistake("Nothing is rounded to sixteen bits any more.", "Leave the `half` where it was.", faulty(full=True)),
    ),
    success="Sum, look, divide by the scale, clip, step: and what is not finite changes the scale alone.",
    onwards="begin with a scale of 1 and inputs of size 10⁻⁵. What becomes of the gradient?")

# -- 10.5 -----------------------------------------------------------------------------------------------------------------------


def branch_cases(rng):
    yield Case("ReLU, He's scale", {"depth": int(rng.integers(20, 60)), "scale": 2**0.5, "slope": 0.0, "growth": 1.5})
    yield Case("a leaky unit", {"depth": int(rng.integers(20, 60)), "scale": 1.2, "slope": 0.3, "growth": 2.0})
    yield Case("a hundred blocks", {"depth": 100, "scale": round(rng.uniform(0.7, 1.3), 2), "slope": 0.1, "growth": 10.0})
    yield Case("two blocks", {"depth": 2, "scale": round(rng.uniform(1.5, 2.0), 2), "slope": 0.5, "growth": 4.0})
    yield Case("hardly any growth", {"depth": 30, "scale": 1.0, "slope": 0.2, "growth": 1.01})


def grows_so(value, inputs, hidden):
    c = np.array(value, dtype=float)
    if c.shape != () or not np.isfinite(c) or not 0 < c < 1e9:
        return "Give one number above 0, and not a huge one."
    square = 1.0
    for _ in range(inputs["depth"]):
        square *= 1 + c**2 * inputs["scale"] ** 2 * (1 + inputs["slope"] ** 2) / 2
        if square > 1e30:
            return "The gradient explodes: more than 10¹⁵ times as long."
    found = np.sqrt(square)
    wanted = inputs["growth"]
    return "" if abs(found / wanted - 1) < 1e-5 else f"The gradient grows {found:.5g} times, and {wanted:g} is asked for."


def weight(depth, scale, slope, growth, per=lambda growth, depth: growth ** (2 / depth) - 1, half=2.0, leak=True, scaled=2, root=True):
    chi = scale**scaled * ((1 + slope**2) if leak else 1.0) / half
    square = per(growth, depth) / chi
    return np.sqrt(square) if root else square


def other(**knobs):
    return lambda depth, scale, slope, growth: weight(depth, scale, slope, growth, **knobs)


branch = Question(
    "10.5", "Branches of the right weight", "target", points=3, difficulty=2, minutes=10, name="branch",
    objectives=("choose the weight of residual branches for a growth that is given", "carry χ over to another activation"),
    draw=branch_cases, proof=grows_so,
    mistakes=(
        Mistake("You let the square of the gradient grow by `growth`, not its length.", "The square may grow by growth².",
                other(per=lambda growth, depth: growth ** (1 / depth) - 1)),
        Mistake("You let the square grow by `growth` to the fourth.", "growth² over all blocks.",
                other(per=lambda growth, depth: growth ** (4 / depth) - 1)),
        Mistake("You added lengths, 1 + c√χ a block. It is squares that add.", "(1 + c²χ)^depth = growth².",
                other(per=lambda growth, depth: (growth ** (1 / depth) - 1) ** 2)),
        Mistake("You took 1/√depth, whatever the growth.", "Solve (1 + c²χ)^depth = growth² for c.",
                lambda depth, scale, slope, growth: depth**-0.5),
        Mistake("You took (growth² − 1)/depth: the first terms of a power series, not the power.",
                "The root of order depth: growth ** (2 / depth).",
                other(per=lambda growth, depth: (growth**2 - 1) / depth)),
        Mistake("You took the logarithm, which is right for infinitely many blocks only.", "growth ** (2 / depth) − 1.",
                other(per=lambda growth, depth: 2 * np.log(growth) / depth)),
        Mistake("You took χ of a ReLU: the slope on the negative side counts as well.", "χ = σ²(1 + slope²)/2.", other(leak=False)),
        Mistake("You average the slope itself; it is its square that counts.", "χ = σ²(1 + slope²)/2.",
                lambda depth, scale, slope, growth: weight(depth, scale, np.sqrt(slope), growth)),
        Mistake("You square the mean slope; it is the mean of the squares that counts.", "χ = σ²(1 + slope²)/2.",
                lambda depth, scale, slope, growth: np.sqrt(growth ** (2 / depth) - 1) / scale / (1 + slope) * 2),
        Mistake("The factor of one half is missing from χ: half of the units have the slope 1, half the other.", "χ = σ²(1 + slope²)/2.",
                other(half=1.0)),
        Mistake("The scale is missing from χ.", "χ = σ²(1 + slope²)/2.", other(scaled=0)),
        Mistake("The scale enters χ with its square.", "χ = σ²(1 + slope²)/2.", other(scaled=1)),
        Mistake("This is c², not c.", "Take the root.", other(root=False)),
        Mistake("You forgot the shortcut: c²χ alone has to do the growing.", "A block multiplies by 1 + c²χ.",
                other(per=lambda growth, depth: growth ** (2 / depth))),
        Mistake("This is 1 where asked is a weight: full branches explode.", "Solve (1 + c²χ)^depth = growth² for c.",
                lambda depth, scale, slope, growth: 1.0),
    ),
    success="(1 + c²χ)^depth = growth², solved for c. For ReLU with He's scale and growth √e it is nearly 1/√depth.",
    onwards="which growth do you get for c = 1/√depth, in a thousand blocks?")

# -- 10.6 -----------------------------------------------------------------------------------------------------------------------


def scaler_cases(rng):
    def sizes(n, low=1.0, high=4.0):
        return np.round(rng.uniform(low, high, n), 2)

    calm, late, mixed = sizes(14), sizes(16), sizes(24)
    late[9] = 1e4
    mixed[[3, 4, 11]] = [np.inf, 900.0, 3e4]
    yield Case("calm, and growing every three steps", {"largest": calm, "scale": 16.0, "interval": 3})
    yield Case("too high at first", {"largest": sizes(10), "scale": 2.0**18, "interval": 50})
    yield Case("one overflow resets the count", {"largest": late, "scale": 8.0, "interval": 4})
    yield Case("gradients of inf, and a wild run", {"largest": mixed, "scale": 256.0, "interval": 2})
    yield Case("growth at every step", {"largest": sizes(20), "scale": 1024.0, "interval": 1})
    edge = np.array([65504.0, 65504.5, 65504.5, 10.0]) / 1024
    yield Case("just within and just outside", {"largest": edge, "scale": 1024.0, "interval": 9})


def scaled(largest, scale, interval, keep=False, reset=True, after=False, take=False, backoff=0.5, growth=2.0, off=0, alone=False,
           add=False, first=False, plus=0.0):
    scales, taken, good = [], [], 0
    begin = scale
    for size in largest:
        sound = (size if alone else scale * size) <= 65504 + plus
        used = scale
        good = good + 1 if sound else (good if keep else 0)
        if not sound:
            scale = begin if first else scale * backoff
        elif good >= interval + off:
            scale = scale + begin if add else scale * growth
            good = 0 if reset else good
        scales.append(scale if after else used)
        taken.append(True if take else bool(sound))
    return np.array(scales), np.array(taken)


def by_the_clock(largest, scale, interval):
    """Grows at every interval-th step, whatever came before."""
    scales, taken = [], []
    for k, size in enumerate(largest, 1):
        scales.append(scale)
        taken.append(bool(scale * size <= 65504))
        scale = scale / 2 if not taken[-1] else scale * 2 if k % interval == 0 else scale
    return np.array(scales), np.array(taken)


def tries_again(largest, scale, interval):
    """Halves within a step until it fits."""
    scales, taken, good = [], [], 0
    for size in largest:
        while np.isfinite(size) and scale * size > 65504:
            scale, good = scale / 2, 0
        scales.append(scale)
        taken.append(bool(np.isfinite(size)))
        good = good + 1 if taken[-1] else 0
        if not taken[-1]:
            scale = scale / 2
        elif good >= interval:
            scale, good = scale * 2, 0
    return np.array(scales), np.array(taken)


def scaler(**knobs):
    return lambda largest, scale, interval: scaled(largest, scale, interval, **knobs)


loss_scale = Question(
    "10.6", "The scale that finds itself", "function", points=3, difficulty=2, minutes=12, name="loss_scale",
    objectives=("write a loss scale that backs off and grows", "skip what overflows"),
    draw=scaler_cases, oracle=scaler(),
    mistakes=(
        Mistake("An overflow does not set the count back: good steps must be in a row.", "good = 0 on overflow.", scaler(keep=True)),
        Mistake("You count all steps, and not the good ones in a row.", "good = 0 on overflow, good + 1 else.", by_the_clock),
        Mistake("After growth you go on counting, so the next step grows again.", "good = 0 after growth.", scaler(reset=False)),
        Mistake("You note the scale after its change. Asked is the one that the step used.", "Append before you change.",
                scaler(after=True)),
        Mistake("Steps that overflowed count as taken.", "taken is whether scale · largest is at most 65504.", scaler(take=True)),
        Mistake("The scale never backs off.", "Halve it on overflow.", scaler(backoff=1.0)),
        Mistake("The scale is quartered on overflow.", "Halve it.", scaler(backoff=0.25)),
        Mistake("The scale is doubled on overflow.", "Halve it.", scaler(backoff=2.0)),
        Mistake("The scale never grows.", "Double it after `interval` good steps in a row.", scaler(growth=1.0)),
        Mistake("You grow one good step too late.", "When the count reaches interval.", scaler(off=1)),
        Mistake("You grow one good step too early.", "When the count reaches interval.", scaler(off=-1)),
        Mistake("Your growth adds the first scale in place of doubling.", "scale = 2 * scale.", scaler(add=True)),
        Mistake("The scale is missing from the test: what overflows is scale times gradient.", "scale * size <= 65504.",
                scaler(alone=True)),
        Mistake("On overflow you go back to the first scale.", "Halve the present one.", scaler(first=True)),
        Mistake("Your limit is 65536. float16 ends at 65504.", "scale * size <= 65504.", scaler(plus=32.0)),
        Mistake("65,504 itself is still a float16: only above it the step is skipped.", "scale * size <= 65504.", scaler(plus=-0.25)),
        Mistake("The scale grows after each good step, whatever the interval.", "Count them.", lambda largest, scale, interval: scaled(
            largest, scale, 1)),
        Mistake("You halve until the step fits, and take it. A step that overflows is skipped, and its halving serves the next.",
                "One test, one halving a step.", tries_again),
        Mistake("You return the scales alone.", "Two arrays: return scales, taken.", lambda *inputs: scaled(*inputs)[0]),
        Mistake("The two arrays have changed places.", "First the scales, then what was taken.", lambda *inputs: scaled(*inputs)[::-1]),
        Mistake("taken is turned round: True where the step was skipped.", "True where the step is taken.",
                lambda *inputs: (scaled(*inputs)[0], ~scaled(*inputs)[1])),
    ),
    success="Back off at once, grow after patience: the scale stays within a factor of two or so of the largest that works.",
    onwards="how many steps in a thousand does it skip at interval 10, if gradients do not change?")

# -- 10.7 -----------------------------------------------------------------------------------------------------------------------

a_log = Manual(
    "10.7", "A log to read", difficulty=2, minutes=10, name="diagnosis", words=150,
    objectives=("read a log of gradients", "say which repair belongs to which fault"),
    rubric=(("computes the true length from the logged one and the scale, about 0.3, and concludes: clipped before unscaling", 1),
            ("says that layer 1 gets nothing, that this is a vanishing gradient, and that clipping cannot mend it", 1),
            ("explains the three lines with inf: skipped steps and a halved scale, which is no fault", 1),
            ("proposes a repair for each fault, and what to log to see whether it worked", 1)))

QUESTIONS = (training, branch, loss_scale)
MANUAL = (a_log,)
