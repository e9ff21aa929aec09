"""The questions of chapter 27, on a transformer that translates."""

import math

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 27.1 -----------------------------------------------------------------------------------------------------------------------


sizes = Question(
    "27.1", "Four numbers about the model", "predict", points=2, difficulty=1, minutes=8, name="predicted",
    objectives=("count the parameters of a transformer", "say what a loss means before training"),
    draw=items("table", "attention", "looks", "clueless"), rtol=1e-3,
    oracle={"table": 8192000.0, "attention": 262144.0, "looks": 800.0, "clueless": math.log(32000)},
    mistakes=(
        Mistake("For `table` you counted the pieces twice: once to read and once to write.",
                "The table is tied: the same rows read and write.", {"table": 16384000.0}),
        Mistake("For `attention` you gave each head a matrix of 32 to 32. A head reads all 256 features, and makes 32 of them.",
                "8 heads of 256 by 32 make 256 by 256.", {"attention": 32768.0}),
        Mistake("For `attention` you counted three matrices. Query, key and value are three, and there is a fourth.",
                "What the heads found is joined by one more linear layer, 256 to 256.", {"attention": 196608.0}),
        Mistake("For `attention` you multiplied by the heads. They share the four matrices: each has a slice of 32 of the 256 features.",
                "8 heads of 32 features make 256.", {"attention": 2097152.0}),
        Mistake("For `looks` you forgot that each head has weights of its own.", "Each of 8 heads holds a table of 10 by 10.",
                {"looks": 100.0}),
        Mistake("For `looks` you counted each pair once. Who looks where is no symmetric matter: a looks at b, and b at a.",
                "Each of 10 pieces looks at all 10, itself among them.", {"looks": 440.0}),
        Mistake("For `clueless` you used a logarithm of another base.", "The loss of deep learning counts in natural logarithms.",
                {"clueless": math.log2(32000)}),
    ),
    success="32,000 rows of 256; four matrices of 256 by 256; 8 tables of 10 by 10; and −ln(1/32000) = 10.4 for knowing nothing.",
    onwards="how many of the 16.9 million parameters are in the six encoder layers? And how many are left for the decoder?")

# -- 27.2 -----------------------------------------------------------------------------------------------------------------------


def attention_cases(rng):
    def draw(t, s, d, spread=1.0):
        made = {name: np.round(spread * rng.normal(size=(n, d)), 3) for name, n in (("q", t), ("k", s))}
        return {**made, "v": np.round(rng.normal(size=(s, d)), 3), "there": np.ones(s)}

    yield Case("two places ask three", draw(2, 3, 4))
    yield Case("wide vectors, d = 64", draw(3, 5, 64))
    filled = draw(3, 5, 4)
    yield Case("the last two places are filled up", {**filled, "there": np.array([1.0, 1, 1, 0, 0])})
    yield Case("scores in the hundreds", draw(2, 4, 4, spread=40.0))
    yield Case("far scores and a filled place", {**draw(4, 4, 9, spread=30.0), "there": np.array([0.0, 1, 1, 1])})


def soft(scores, axis=-1):
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def attend(q, k, v, there, scale=None):
    scores = q @ k.T / (math.sqrt(q.shape[1]) if scale is None else scale)
    return soft(np.where(there > 0, scores, -np.inf)) @ v


def naive_attend(q, k, v, there):
    with np.errstate(all="ignore"):
        e = np.exp(q @ k.T / math.sqrt(q.shape[1])) * there
        return e / e.sum(axis=1, keepdims=True) @ v


attention = Question(
    "27.2", "Attention in three lines", "function", points=3, difficulty=2, minutes=15, name="attention",
    objectives=("compute what a place finds", "keep out what is not there"),
    draw=attention_cases, oracle=attend, rtol=1e-6,
    mistakes=(
        Mistake("The scores are not divided by √d: wide vectors make the softmax nearly one-hot.", "Divide by `np.sqrt(q.shape[1])`.",
                lambda q, k, v, there: attend(q, k, v, there, scale=1.0)),
        Mistake("You divide by d. It is the root of d that keeps the spread of the scores at 1.",
                "A sum of d products with variance 1 has the variance d, so its spread is √d.",
                lambda q, k, v, there: attend(q, k, v, there, scale=float(q.shape[1]))),
        Mistake("Filled places still take part in the softmax: the rows of your weights no longer sum to 1.",
                "Set their scores to −∞ before the softmax, not their weights to 0 after it.",
                lambda q, k, v, there: (soft(q @ k.T / math.sqrt(q.shape[1])) * there) @ v),
        Mistake("A filled place gets the score 0, and e⁰ is 1: that is a vote, not silence.", "The score that means silence is −∞.",
                lambda q, k, v, there: soft(q @ k.T / math.sqrt(q.shape[1]) * there) @ v),
        Mistake("The mask is not used.", "`np.where(there > 0, scores, -np.inf)`.",
                lambda q, k, v, there: soft(q @ k.T / math.sqrt(q.shape[1])) @ v),
        Mistake("Your softmax runs over those who ask. Each asker must share out a total of 1 over the memory.",
                "`axis=1`: each row of the weights sums to 1.",
                lambda q, k, v, there: soft(np.where(there > 0, q @ k.T / math.sqrt(q.shape[1]), -1e9), axis=0) @ v),
        Mistake("Your exponential overflows on large scores.", "Subtract from each row its largest score first.", naive_attend),
    ),
    success="Each row of the weights sums to 1, what is not there gets none, and the root of d keeps the scores in the softmax's range.",
    onwards="feed it the rows of `q` in another order. What happens to the output? That is why a transformer needs positions.")

# -- 27.3 -----------------------------------------------------------------------------------------------------------------------


def recurrence_cases(rng):
    gate = lambda t, d: np.round(rng.uniform(0.05, 0.95, (t, d)), 3)
    new = lambda t, d: np.round(rng.normal(size=(t, d)), 3)
    yield Case("three places, two features", {"f": gate(3, 2), "u": new(3, 2), "before": np.zeros(2)})
    yield Case("one place, something before", {"f": gate(1, 3), "u": new(1, 3), "before": np.array([1.0, -2.0, 0.5])})
    yield Case("twelve places", {"f": gate(12, 4), "u": new(12, 4), "before": np.round(rng.normal(size=4), 3)})
    yield Case("a gate that keeps everything", {"f": np.ones((4, 2)), "u": new(4, 2), "before": np.array([3.0, -1.0])})
    yield Case("a gate that forgets everything", {"f": np.zeros((4, 2)), "u": new(4, 2), "before": np.array([3.0, -1.0])})


def recur(f, u, before, step=lambda f, u, c: f * c + (1 - f) * u, out=lambda c: np.maximum(c, 0)):
    c, outs = np.array(before, dtype=float), []
    for keep, fresh in zip(f, u):
        c = step(keep, fresh, c)
        outs.append(out(c))
    return np.array(outs), c


ssru = Question(
    "27.3", "The decoder's memory", "function", points=3, difficulty=2, minutes=12, name="ssru",
    objectives=("write a gated recurrence", "carry a state from place to place"),
    draw=recurrence_cases, oracle=recur,
    mistakes=(
        Mistake("The gate is the wrong way round: it keeps the new and forgets the old.", "f close to 1 means: keep c.",
                lambda f, u, before: recur(f, u, before, step=lambda f, u, c: (1 - f) * c + f * u)),
        Mistake("The new is added in full: without the factor 1 − f the state can grow without limit.",
                "c becomes a weighted mean of the old c and u, so the weights sum to 1.",
                lambda f, u, before: recur(f, u, before, step=lambda f, u, c: f * c + u)),
        Mistake("What comes out is c itself. Negative entries must be cut off on the way out.", "`np.maximum(c, 0)`, for the output alone.",
                lambda f, u, before: recur(f, u, before, out=lambda c: c)),
        Mistake("The cut at zero has crept into the state: what was negative is lost for the next place.",
                "Cut a copy for the output, and carry c on as it is.",
                lambda f, u, before: recur(f, u, before, step=lambda f, u, c: np.maximum(f * c + (1 - f) * u, 0))),
        Mistake("You start from zero and not from `before`. A translation written piece by piece would forget at each step.",
                "Begin with c = before.", lambda f, u, before: recur(f, u, 0 * before)),
        Mistake("Nothing is carried: each place sees the state from before the sentence.", "Assign the new c inside the loop.",
                lambda f, u, before: (np.maximum(f * before + (1 - f) * u, 0), f[-1] * before + (1 - f[-1]) * u[-1])),
        Mistake("The state that you return has been cut at zero.", "Return c as it is: only the outputs are cut.",
                lambda f, u, before: (recur(f, u, before)[0], np.maximum(recur(f, u, before)[1], 0))),
    ),
    success="One multiplication and one addition a place, and a state that does not grow with the sentence.",
    onwards="give it 200 random places, once at once and once in two halves with the state carried over. Are the outputs the same?")

# -- 27.4 -----------------------------------------------------------------------------------------------------------------------

FILL = -1


def loss_cases(rng):
    def draw(t, pieces, spread=1.0):
        return {"z": np.round(spread * rng.normal(size=(t, pieces)), 3), "k": rng.integers(0, pieces, t), "smoothing": 0.1}

    yield Case("four places, six pieces", draw(4, 6))
    case = draw(5, 6)
    case["k"][3:] = FILL
    yield Case("the last two places are filled up", case)
    case = {**draw(4, 5), "smoothing": 0.0}
    case["k"][2:] = FILL
    yield Case("no smoothing, and half is filled up", case)
    yield Case("half of it smoothed away", {**draw(3, 8), "smoothing": 0.5})
    k = rng.integers(0, 4, 3)
    yield Case("surely right", {"z": 30.0 * np.eye(4)[k] + 1000, "k": k, "smoothing": 0.2})


def log_soft(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def smoothed(z, k, smoothing, places="true", spread="all", mean=True):
    log_p = log_soft(z)
    there = k != FILL
    true = np.where(there, log_p[np.arange(len(k)), np.maximum(k, 0)], 0.0)
    others = (log_p.sum(axis=1) - log_p[np.arange(len(k)), np.maximum(k, 0)]) / (z.shape[1] - 1)
    rest = {"all": log_p.mean(axis=1), "others": others, "none": 0 * true, "sum": log_p.sum(axis=1)}[spread]
    each = -(1 - smoothing) * true - smoothing * np.where(there, rest, 0.0)
    return each.sum() / (there.sum() if places == "true" else len(k)) if mean else each.sum()


def filled_as_zero(z, k, smoothing):
    return smoothed(z, np.where(k == FILL, 0, k), smoothing)


def filled_as_last(z, k, smoothing, spread="all"):
    return smoothed(z, np.where(k == FILL, z.shape[1] - 1, k), smoothing, spread=spread)


smoothed_loss = Question(
    "27.4", "The model that is never finished", "bug", points=3, difficulty=2, minutes=15, name="smoothed_loss",
    objectives=("smooth the labels", "leave out what is no word"),
    draw=loss_cases, oracle=lambda z, k, smoothing: smoothed(z, k, smoothing),
    mistakes=(
        Mistake("This is the function as it was given.", "There are two faults: one in which places count, one in what a place pays.",
                lambda z, k, smoothing: filled_as_last(z, k, smoothing, spread="sum")),
        Mistake("Filled places count: NumPy takes the label −1 for the last piece, without a word.",
                "Choose the rows with k ≥ 0 first, then do everything with them.", filled_as_last),
        Mistake("Filled places count as if piece 0 were the truth there.", "They must be left out, of the sum and of the number.",
                filled_as_zero),
        Mistake("Filled places are left out of the sum, but not of the number you divide by.",
                "Divide by the number of true pieces: a batch with much filling would otherwise look better than it is.",
                lambda z, k, smoothing: smoothed(z, k, smoothing, places="all")),
        Mistake("The truth gets 1 − s, and the share s is given to nobody.", "The share s is spread evenly over all pieces.",
                lambda z, k, smoothing: smoothed(z, k, smoothing, spread="none")),
        Mistake("You spread the share over the wrong pieces only.",
                "As PyTorch has it, and the paper of 2016, the share goes to all pieces, the true one among them.",
                lambda z, k, smoothing: smoothed(z, k, smoothing, spread="others")),
        Mistake("Each piece gets the whole share s: with 30,000 pieces that is a lot.", "Take the mean of the row of log p, not its sum.",
                lambda z, k, smoothing: smoothed(z, k, smoothing, spread="sum")),
        Mistake("Your loss adds up where it should average.", "Divide by the number of true pieces.",
                lambda z, k, smoothing: smoothed(z, k, smoothing, mean=False)),
        Mistake("The labels are not smoothed.", "(1 − s) times the bill of the truth plus s times the mean bill of all pieces.",
                lambda z, k, smoothing: smoothed(z, k, 0.0)),
    ),
    success="Only true pieces count, and being sure costs something: even a right answer at 30 points' distance pays for its certainty.",
    onwards="what is the smallest loss that can be reached with s = 0.1 and 5,000 pieces? It is not 0.")

# -- 27.5 -----------------------------------------------------------------------------------------------------------------------


def bleu_cases(rng):
    words = ["click", "the", "button", "to", "open", "a", "new", "window", "and", "press", "it"]
    text = lambda n: " ".join(rng.choice(words, n).tolist())
    end = text(4)
    yield Case("one word differs", {"found": f"click the button {end} now", "reference": f"click the button {end} then"})
    yield Case("the same word again and again", {"found": "the button the the the the", "reference": "open the button of the window"})
    yield Case("too short", {"found": "press the button", "reference": "press the button to open a new window"})
    yield Case("longer than the reference", {"found": "press the button to open a new window", "reference": "press the button to open it"})
    yield Case("right words, wrong order", {"found": "button the click", "reference": "click the button"})
    start = text(5)
    yield Case("the beginning is right", {"found": f"{start} {text(3)}", "reference": f"{start} {text(4)}"})


def grams(words, n):
    return [tuple(words[i:i + n]) for i in range(len(words) - n + 1)]


def precision(found, reference, n, clip=True, over="found"):
    a, b = grams(found, n), grams(reference, n)
    shared = sum(min(a.count(g), b.count(g)) if clip else a.count(g) for g in set(a) if g in b)
    return shared / len(a if over == "found" else b)


def bleu_of(found, reference, clip=True, brevity=True, mean="geometric", over="found", both=False):
    a, b = found.split(), reference.split()
    p1, p2 = (precision(a, b, n, clip, over) for n in (1, 2))
    middle = math.sqrt(p1 * p2) if mean == "geometric" else (p1 + p2) / 2
    ratio = len(b) / len(a)
    penalty = math.exp(1 - ratio) if brevity and (both or ratio > 1) else 1.0
    return middle * penalty


bleu = Question(
    "27.5", "A small BLEU", "function", points=3, difficulty=3, minutes=20, name="bleu2",
    objectives=("count shared runs of words", "see how a score can be cheated, and what stops it"),
    draw=bleu_cases, oracle=lambda found, reference: bleu_of(found, reference), rtol=1e-6,
    mistakes=(
        Mistake("A word may be repeated for profit: your counts are not clipped.",
                "A run counts at most as often as it stands in the reference: `min` of the two counts.",
                lambda found, reference: bleu_of(found, reference, clip=False)),
        Mistake("Being short costs nothing: one sure word would win.", "Multiply by e^(1 − r/c) if the translation is shorter.",
                lambda found, reference: bleu_of(found, reference, brevity=False)),
        Mistake("You take the plain mean of the two precisions. BLEU takes the geometric one: without shared pairs it is 0.",
                "The root of p₁ p₂.", lambda found, reference: bleu_of(found, reference, mean="plain")),
        Mistake("You divide by the runs of the reference. That is recall; BLEU is made of precisions.",
                "Divide by the number of runs in the translation.", lambda found, reference: bleu_of(found, reference, over="reference")),
        Mistake("The penalty rewards length: for a translation that is longer than the reference your factor is above 1.",
                "If the translation is not shorter, the factor is exactly 1.",
                lambda found, reference: bleu_of(found, reference, both=True)),
        Mistake("You score single words alone: any order of them is as good.", "Runs of two words must count, too.",
                lambda found, reference: precision(found.split(), reference.split(), 1)
                * math.exp(min(0, 1 - len(reference.split()) / len(found.split())))),
    ),
    success="Repeats are clipped, short answers pay, and the order counts through the pairs. Real BLEU goes on to runs of four.",
    onwards="two translations of one sentence can both be perfect and share few pairs. Write such a pair, and look at its BLEU.")

# -- 27.6 -----------------------------------------------------------------------------------------------------------------------

diagnose = Question(
    "27.6", "Four sick translators", "choose", points=4, difficulty=2, minutes=8, name="chosen",
    objectives=("read a symptom", "name the cause and its cure"),
    draw=items("booked", "unknown", "forgot", "leak"),
    oracle={"booked": ("untrained pieces", "b"), "unknown": ("missing character", "c"),
            "forgot": ("forgetting", "a"), "leak": ("leaking split", "d")},
    mistakes=(
        Mistake("For `booked` the learning rate is not to blame: the loss fell, also on validation pages.",
                "What is different between the training, with its 5,000 pieces, and the decoding?", {"booked": ("high rate", None)}),
        Mistake("For `booked` a too small data set would show as a gap between training and validation loss, and there is none.",
                "The words that intrude stand in no training sentence.", {"booked": ("overfitting", None)}),
        Mistake("For `unknown` the model is not at fault: the word is damaged before the model sees it.",
                "Print the pieces of the sentence.", {"unknown": ("frozen encoder", None)}),
        Mistake("For `forgot` the measure is sound: BLEU fell on a test that has not changed.",
                "Which sentences did it see during fine-tuning, and which not?", {"forgot": ("noisy score", None)}),
        Mistake("For `leak` overfitting would show on the validation part, if that part were honest.",
                "Where do the validation sentences come from, and who else stands on the same pages?", {"leak": ("overfitting", None)}),
    ),
    success="Decode over what you trained over; look at the pieces before you blame the model; measure what you do not want to lose.",
    onwards="for each of the three, write the one-line test that would have found it before a user did.")

QUESTIONS = (sizes, attention, ssru, smoothed_loss, bleu, diagnose)
