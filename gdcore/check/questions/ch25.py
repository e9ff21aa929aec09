"""The questions of chapter 25, on images."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 25.1 -----------------------------------------------------------------------------------------------------------------------

counting = Question(
    "25.1", "How many weights, how wide a view", "predict", points=2, difficulty=1, minutes=6, name="predicted",
    objectives=("count the weights of a layer", "say how far a stack of windows sees"),
    draw=items("window", "dense", "view", "places"), rtol=1e-9,
    oracle={"window": 4608.0, "dense": 614656.0, "view": 7.0, "places": 49.0},
    mistakes=(
        Mistake("For `window` you counted one window a channel. Each of the 32 outputs looks at all 16 channels.",
                "A window holds 3 · 3 · 16 numbers, and there is one for each output.", {"window": 288.0}),
        Mistake("For `window` you counted one output. Each of the 32 has a window of its own.",
                "One output has 3 · 3 · 16 weights.", {"window": 144.0}),
        Mistake("For `dense` you counted one weight a point. Every output has a weight for every input.",
                "784 inputs times 784 outputs.", {"dense": 784.0}),
        Mistake("For `view` you multiplied. Each further window adds one point on each side.",
                "One window sees 3 points. The second sees those of its left and right neighbour too: 5.", {"view": 27.0}),
        Mistake("For `view` you added up the windows. Neighbouring windows overlap.",
                "One window sees 3 points, two in a row see 5. And three?", {"view": 9.0}),
        Mistake("For `places` you shrank the image once. There are two poolings.",
                "28, then 14, then half of it, in both directions.", {"places": 196.0}),
        Mistake("For `places` you gave the side. The places fill a square.", "7 rows of 7.", {"places": 7.0}),
    ),
    success="4,608 weights see 3 × 3 points of 16 channels, and the same 4,608 serve at every place. The dense layer "
            "needs 614,656 for one channel.",
    onwards="how many windows of 3 × 3 must you stack to see all 28 points? And how many fewer with a pooling after every second one?")

# -- 25.2 -----------------------------------------------------------------------------------------------------------------------


def convolution_cases(rng):
    def case(name, channels, outputs, h, w):
        draw = lambda *shape: rng.integers(-4, 5, shape).astype(float)
        return Case(name, {"x": draw(channels, h, w), "weights": draw(outputs, channels, 3, 3)})

    yield case("one channel, one output", 1, 1, 4, 4)
    yield case("higher than wide", 1, 1, 5, 3)
    yield case("three channels, one output", 3, 1, 4, 5)
    yield case("two channels, three outputs", 2, 3, 4, 4)
    yield case("a single point", 2, 2, 1, 1)


def padded(x, mode="constant"):
    return np.pad(x, ((0, 0), (1, 1), (1, 1)), mode=mode)


def convolution_of(x, weights, pad=padded, turn=lambda w: w, add=np.sum):
    (_, h, w), x = x.shape, pad(x)
    y = np.zeros((len(weights), h, w))
    for a in range(3):
        for b in range(3):
            y += add(turn(weights)[:, :, a, b, None, None] * x[:, a : a + h, b : b + w], axis=1)
    return y


convolution = Question(
    "25.2", "A convolution with many channels", "function", points=3, difficulty=2, minutes=15, name="convolve",
    objectives=("let one window see all channels", "treat the border on purpose"),
    draw=convolution_cases, oracle=convolution_of,
    mistakes=(
        Mistake("Your window is turned upside down and left to right: the convolution of signal processing.",
                "Networks leave the window as it is: weight (a, b) meets the point a − 1 below and b − 1 to the right.",
                lambda x, weights: convolution_of(x, weights, turn=lambda w: w[..., ::-1, ::-1])),
        Mistake("Your window lies on its side: rows and columns of the weights are exchanged.",
                "The first index of the window goes down, as the first index of the image does.",
                lambda x, weights: convolution_of(x, weights, turn=lambda w: w.swapaxes(-1, -2))),
        Mistake("Your image is a ring: what leaves on the right comes back on the left.",
                "`np.roll` does that. Outside the image take 0: `np.pad(x, ((0, 0), (1, 1), (1, 1)))`.",
                lambda x, weights: convolution_of(x, weights, pad=lambda x: padded(x, "wrap"))),
        Mistake("Outside your image the border goes on. Here it is 0.", "`np.pad` with its usual mode puts zeros around.",
                lambda x, weights: convolution_of(x, weights, pad=lambda x: padded(x, "edge"))),
        Mistake("You average over the channels where they should be added.",
                "One output is a plain sum over all channels of all nine products.",
                lambda x, weights: convolution_of(x, weights, add=np.mean)),
        Mistake("Your window sees the first channel only.",
                "Sum over the channels as well: the weights have the shape (outputs, channels, 3, 3).",
                lambda x, weights: convolution_of(x[:1], weights[:, :1])),
        Mistake("Your answer is smaller than the image: you left the border out.", "Pad the image by one point of 0 on each side first.",
                lambda x, weights: convolution_of(x, weights)[:, 1:-1, 1:-1]),
    ),
    success="Nine shifted copies, nine products, one sum over the channels. The same weights serve at every place.",
    onwards="do it without the two loops: `np.lib.stride_tricks.sliding_window_view` lays all windows side by side, and `np.einsum` sums.")

# -- 25.3 -----------------------------------------------------------------------------------------------------------------------


def vote_cases(rng):
    def case(name, h, w, scale=1.0):
        draw = lambda: np.round(scale * rng.normal(size=(h, w)), 2)
        return Case(name, {"x": draw(), "slope": draw()})

    yield case("four by four", 4, 4)
    yield case("wider than high", 3, 6)
    one = case("a slope at one place only", 5, 5)
    slope = np.zeros((5, 5))
    slope[0, 4] = 2.0
    yield Case(one.name, {**one.inputs, "slope": slope})
    yield case("a photograph", 12, 12, 0.3)


def votes_of(x, slope):
    (h, w), around = x.shape, np.pad(x, 1)
    return np.array([[np.sum(slope * around[a : a + h, b : b + w]) for b in range(3)] for a in range(3)])


votes = Question(
    "25.3", "Every place has a vote", "function", points=3, difficulty=2, minutes=15, name="filter_slope",
    objectives=("compute the gradient of a shared weight", "see why sharing makes it strong"),
    draw=vote_cases, oracle=lambda x, slope: votes_of(x, slope),
    mistakes=(
        Mistake("You average the votes. A weight that is used at many places gets their sum.",
                "The chain rule adds up all ways from a weight to the loss.", lambda x, slope: votes_of(x, slope) / x.size),
        Mistake("Your nine numbers are in the reverse order: image and slope have changed places.",
                "Weight (a, b) met the point `x` shifted by (a − 1, b − 1). Shift the image, and leave the slope where it is.",
                lambda x, slope: votes_of(x, slope)[::-1, ::-1]),
        Mistake("Your nine numbers lie on their side: rows and columns are exchanged.",
                "The first index of the weight goes down.", lambda x, slope: votes_of(x, slope).T),
        Mistake("The places at the border have no vote in your answer.",
                "They count too: outside the image x is 0, so some of their nine products vanish, not all.",
                lambda x, slope: votes_of(x, np.pad(slope[1:-1, 1:-1], 1))),
        Mistake("Your image goes on at its border. In the forward pass it was 0 there, so it is here.",
                "`np.pad(x, 1)` puts zeros around.",
                lambda x, slope: np.array([[np.sum(slope * np.pad(x, 1, mode="edge")[a : a + len(x), b : b + x.shape[1]])
                                            for b in range(3)] for a in range(3)])),
    ),
    success="Each of the nine weights collects one vote from every place where it was used. That is all that "
            "back-propagation does in a convolution.",
    onwards="the slope of the loss in the *image* is a convolution as well. Which window does it use? (Try the "
            "mistake of 25.2 that turns it.)")

# -- 25.4 -----------------------------------------------------------------------------------------------------------------------


def normal_cases(rng):
    def case(name, n, channels=2):
        x = np.round(rng.normal(3, 2, (n, channels)), 2)
        stored = {"mean": rng.normal(3, 0.3, channels), "var": rng.uniform(0.3, 4, channels)}
        learned = {"scale": rng.uniform(0.5, 2, channels), "shift": rng.normal(size=channels)}
        return Case(name, {"x": x, **{key: np.round(value, 2) for key, value in (stored | learned).items()}, "eps": 1e-5})

    yield case("eight images", 8)
    yield case("one image alone", 1)
    one = case("a channel that was always 5", 4)
    yield Case(one.name, {**one.inputs, "mean": np.array([5.0, 3.0]), "var": np.array([0.0, 1.0]), "eps": 1e-3})
    yield case("sixty-four images, five channels", 64, 5)


def normal_of(x, mean, var, scale, shift, eps, spread=lambda var, eps: np.sqrt(var + eps)):
    return scale * (x - mean) / spread(var, eps) + shift


def of_the_batch(x, mean, var, scale, shift, eps):
    return normal_of(x, x.mean(axis=0), x.var(axis=0), scale, shift, eps)


normal = Question(
    "25.4", "The answer that depends on its neighbours", "bug", points=3, difficulty=2, minutes=10, name="normalise",
    objectives=("tell training from judging", "find a fault that no error message names"),
    draw=normal_cases, oracle=lambda x, mean, var, scale, shift, eps: normal_of(x, mean, var, scale, shift, eps),
    mistakes=(
        Mistake("It still takes mean and spread from the batch at hand: the bug is still there.",
                "`mean` and `var` were collected in training, and nobody uses them.", of_the_batch),
        Mistake("The mean is the stored one, the spread is still the batch's.", "A single image has no spread: use `var`.",
                lambda x, mean, var, scale, shift, eps: normal_of(x, mean, x.var(axis=0), scale, shift, eps)),
        Mistake("The spread is the stored one, the mean is still the batch's.", "A single image minus its own mean is 0: use `mean`.",
                lambda x, mean, var, scale, shift, eps: normal_of(x, x.mean(axis=0), var, scale, shift, eps)),
        Mistake("You divide by the variance. The spread is its root.", "`np.sqrt(var + eps)`.",
                lambda x, mean, var, scale, shift, eps: normal_of(x, mean, var, scale, shift, eps, lambda var, eps: var + eps)),
        Mistake("Your ε stands outside the root.", "It is added to the variance: `np.sqrt(var + eps)`.",
                lambda x, mean, var, scale, shift, eps: normal_of(x, mean, var, scale, shift, eps, lambda var, eps: np.sqrt(var) + eps)),
        Mistake("The learned scale and shift are gone.", "After the division: times `scale`, plus `shift`.",
                lambda x, mean, var, scale, shift, eps: normal_of(x, mean, var, 1, 0, eps)),
    ),
    success="Judging uses what training has collected, so an image's answer is its own. In PyTorch that is `model.eval()`.",
    onwards="and if you forget `model.train()` afterwards? What does the network learn from then on, and what does it no longer collect?")

# -- 25.5 -----------------------------------------------------------------------------------------------------------------------


def confident_cases(rng):
    def case(name, n, honest, low=0.3):
        sure = np.round(rng.uniform(low, 0.999, n), 3)
        right = (rng.random(n) < (sure if honest else sure**3)).astype(float)
        return Case(name, {"confidence": sure, "right": right})

    yield case("twelve images", 12, True)
    yield case("too sure of itself", 60, False)
    yield Case("all in one tenth", {"confidence": np.round(rng.uniform(0.9, 0.999, 8), 3), "right": np.array([1.0, 1, 0, 1, 0, 1, 1, 1])})
    yield Case("quite sure, with a 1.0", {"confidence": np.array([1.0, 0.95, 0.55, 0.52]), "right": np.array([0.0, 1, 1, 0])})
    both = np.round(np.r_[rng.uniform(0.9, 0.99, 10), rng.uniform(0.5, 0.59, 10)], 3)
    yield Case("too sure here, too modest there", {"confidence": both, "right": np.r_[np.ones(6), np.zeros(4), np.ones(9), 0.0]})
    yield case("two hundred images", 200, False, 0.2)


def tenths(confidence, right, sure=lambda k, confidence: confidence.mean()):
    """(share, mean confidence, share right) of each tenth that occurs, as three arrays."""
    which = np.minimum((confidence * 10).astype(int), 9)
    parts = [(k, which == k) for k in np.unique(which)]
    return np.array([(here.mean(), sure(k, confidence[here]), right[here].mean()) for k, here in parts]).T


def gap_of(confidence, right, **how):
    share, sure, true = tenths(confidence, right, **how)
    return np.sum(share * np.abs(sure - true))


gap = Question(
    "25.5", "May it be believed?", "function", points=3, difficulty=2, minutes=15, name="calibration_error",
    objectives=("measure whether a confidence can be trusted", "weigh by how often something happens"),
    draw=confident_cases, oracle=gap_of,
    mistakes=(
        Mistake("All tenths count alike in your answer, however few images are in them.",
                "Weigh each gap by the share of the images in its tenth.",
                lambda confidence, right: np.mean(np.abs(np.subtract(*tenths(confidence, right)[1:])))),
        Mistake("You compare each image with its own confidence. A single image is right or wrong, never 80 % right.",
                "Average confidence and correctness within each tenth, and compare the averages.",
                lambda confidence, right: np.mean(np.abs(confidence - right))),
        Mistake("You compare the two overall averages: too sure here and too modest there cancel in them.",
                "One gap for each tenth of confidence, and its size before you add.",
                lambda confidence, right: abs(confidence.mean() - right.mean())),
        Mistake("You take the middle of a tenth for its confidence.", "Use the mean confidence of the images in it.",
                lambda confidence, right: gap_of(confidence, right, sure=lambda k, _: (k + 0.5) / 10)),
        Mistake("You give the largest gap. Asked is the mean one.", "Sum of share times gap.",
                lambda confidence, right: np.max(np.abs(np.subtract(*tenths(confidence, right)[1:])))),
    ),
    success="Within each tenth of confidence it compares what was promised with what was kept, and weighs by how often that happens.",
    onwards="halve the sharpness of a network (divide its scores by 2) and compute it again. Which networks does that help?")

# -- 25.6 -----------------------------------------------------------------------------------------------------------------------

diagnosis = Question(
    "25.6", "What would you do next?", "choose", points=4, difficulty=1, minutes=8, name="chosen",
    objectives=("read a training's symptoms", "choose the next experiment and not the next hope"),
    draw=items("handful", "gap", "morning", "table", "mirror"),
    oracle={"handful": "bug", "gap": "regularise", "morning": "data", "table": "seeds", "mirror": "label"},
    mistakes=(
        Mistake("For `handful` you tune. A network that cannot learn 64 images by heart is not badly tuned: something is broken.",
                "Look for the bug first: labels shuffled apart from images, a loss on the wrong axis, a graph that is cut.",
                {"handful": "seeds"}),
        Mistake("For `handful` you regularise: that makes learning by heart harder still.", "It cannot even fit. What is broken?",
                {"handful": "regularise"}),
        Mistake("For `gap` you look for a bug. 99.9 % against 90 % is no bug: it is learning by heart.",
                "What makes learning by heart harder?", {"gap": "bug"}),
        Mistake("For `morning` you regularise. The network is as good as it was: the world has changed.",
                "Look at what it is shown now, beside what it was trained on.", {"morning": "regularise"}),
        Mistake("For `table` you take 0.2 points for an effect. Seeds alone scatter by as much.",
                "How far apart are three seeds of the same recipe?", {"table": "regularise"}),
        Mistake("For `mirror` you call it a matter of luck. A mirrored 2 is no 2.",
                "Does the label survive the change?", {"mirror": "seeds"}),
    ),
    success="First that it can fit at all, then that it does not fit too much, then whether the effect is one, and "
            "always a look at the data.",
    onwards="write down for your own last training which of the five experiments you skipped.")

QUESTIONS = (counting, convolution, votes, normal, gap, diagnosis)
