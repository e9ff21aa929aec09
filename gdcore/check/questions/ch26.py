"""The questions of chapter 26, on networks that read."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 26.1 -----------------------------------------------------------------------------------------------------------------------

numbers = Question(
    "26.1", "Four numbers before you train", "predict", points=2, difficulty=1, minutes=8, name="predicted",
    objectives=("predict how a gradient fades through time", "count weights, padding and chance before the first step"),
    draw=items("fades", "weights", "padding", "chance"), rtol=0.02,
    oracle={"fades": 0.0052, "weights": 8320.0, "padding": 0.6, "chance": 0.006},
    mistakes=(
        Mistake("For `fades` you took the factor of one step times the number of steps.",
                "Each step back multiplies by 0.9, fifty times over: a power.", {"fades": 45.0}),
        Mistake("For `fades` you gave the radius itself, as if the other 49 steps cost nothing.",
                "Each step back multiplies by 0.9 once more.", {"fades": 0.9}),
        Mistake("For `weights` you counted one gate. An LSTM has four blocks: i, f, g and o.",
                "Count the weights of one block, and multiply by four.", {"weights": 2080.0}),
        Mistake("For `weights` you counted three blocks. That is the GRU.",
                "The LSTM has i, f, g and o.", {"weights": 6240.0}),
        Mistake("For `weights` you left out the matrix U, through which the old state speaks.",
                "Each block has W of 32 × 32, U of 32 × 32, and a bias of 32.", {"weights": 4224.0}),
        Mistake("For `padding` you gave the share of words. The question asks for the share of places that are padding.",
                "A row is as long as the longest review: 4 × 250 places in all.", {"padding": 0.4}),
        Mistake("For `chance` you divided by n where its root belongs.",
                "The spread of a share of n is √(p(1 − p)/n).", {"chance": 0.000036}),
        Mistake("For `chance` you left out the division by n: this is the spread of a single answer.",
                "The spread of a share of n is √(p(1 − p)/n).", {"chance": 0.3}),
    ),
    success="0.9⁵⁰ is a two-hundredth; four blocks of 2,080 weights; 400 words in 1,000 places; √(0.09/2500) is 0.6 per cent.",
    onwards="how many test reviews would it take to tell 90.0 % from 90.5 %, if you want the difference to be twice its own chance?")

# -- 26.2 -----------------------------------------------------------------------------------------------------------------------


def lstm_case(rng, name, size, hidden, spread=1.0, h=None):
    draw = lambda *shape: np.round(spread * rng.normal(size=shape), 3)
    return Case(name, {"x": draw(size), "h": draw(hidden) if h is None else h, "c": draw(hidden), "W": draw(4 * hidden, size),
                       "U": draw(4 * hidden, hidden), "b": draw(4 * hidden)})


def lstm_cases(rng):
    yield lstm_case(rng, "two numbers a word, three of memory", 2, 3)
    yield lstm_case(rng, "one of each", 1, 1)
    yield lstm_case(rng, "a state that was silent", 3, 2, h=np.zeros(2))
    yield lstm_case(rng, "gates wide open and shut", 3, 4, spread=4.0)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm(x, h, c, W, U, b, order=(0, 1, 2, 3), told=np.tanh, written=np.tanh, old=False, state=True, couple=False):
    blocks = np.split(W @ x + (U @ h if state else 0) + b, 4)
    i, f, g, o = (blocks[k] for k in order)
    f, i, o = sigmoid(f), sigmoid(i), sigmoid(o)
    new = f * c + ((1 - f) if couple else i) * written(g)
    return o * told(c if old else new), new


lstm_step = Question(
    "26.2", "One step of an LSTM", "function", points=3, difficulty=2, minutes=12, name="lstm_step",
    objectives=("write the gates of an LSTM", "keep the memory and what is told of it apart"),
    draw=lstm_cases, oracle=lstm,
    mistakes=(
        Mistake("Your gates are in another order: f is taken for i.", "The rows of W, U and b hold i, f, g, o, as in torch.",
                lambda x, h, c, W, U, b: lstm(x, h, c, W, U, b, order=(1, 0, 2, 3))),
        Mistake("Your g and o have changed places.", "The rows of W, U and b hold i, f, g, o, as in torch.",
                lambda x, h, c, W, U, b: lstm(x, h, c, W, U, b, order=(0, 1, 3, 2))),
        Mistake("What you tell is of the old memory.", "First bring c up to date, then h = o · tanh(c) of the new one.",
                lambda x, h, c, W, U, b: lstm(x, h, c, W, U, b, old=True)),
        Mistake("What you tell is the memory itself: the last tanh is missing.", "h = o · tanh(c).",
                lambda x, h, c, W, U, b: lstm(x, h, c, W, U, b, told=lambda z: z)),
        Mistake("What you write goes through a sigmoid, so that the memory can only grow.", "g = tanh(…), from −1 to 1.",
                lambda x, h, c, W, U, b: lstm(x, h, c, W, U, b, written=sigmoid)),
        Mistake("The old state does not speak: U @ h is missing.", "All four blocks are made of W @ x + U @ h + b.",
                lambda x, h, c, W, U, b: lstm(x, h, c, W, U, b, state=False)),
        Mistake("You write with 1 − f. That is the GRU's way: here the input gate is free.", "c = f · c + i · g.",
                lambda x, h, c, W, U, b: lstm(x, h, c, W, U, b, couple=True)),
        Mistake("You return the memory first.", "The order is (h, c).", lambda x, h, c, W, U, b: lstm(x, h, c, W, U, b)[::-1]),
    ),
    success="The memory is scaled by f and added to, and no matrix stands between c and its past: that is the gradient's way back.",
    onwards="set all weights to zero and the forget bias to 4. How much of c is left after a hundred steps?")

# -- 26.3 -----------------------------------------------------------------------------------------------------------------------


def pool_cases(rng):
    def case(name, lengths, hidden, shift=0.0):
        thoughts = np.round(rng.normal(size=(len(lengths), max(lengths), hidden)) + shift, 2)
        for row, length in zip(thoughts, lengths):
            row[length:] = np.round(rng.normal(size=row[length:].shape) + 3, 2)  # what a network makes of padding
        return Case(name, {"thoughts": thoughts, "lengths": np.array(lengths)})

    yield case("three reviews", [5, 2, 4], 2)
    yield case("one word beside many", [1, 6], 3)
    yield case("all of one length", [3, 3], 2)
    yield case("thoughts below zero", [4, 2, 3], 2, shift=-4.0)


def pool(thoughts, lengths, fill=-np.inf, divide=None, hide_mean=True, hide_max=True, swap=False):
    there = (np.arange(thoughts.shape[1]) < lengths[:, None])[:, :, None]
    mean = np.where(there | (not hide_mean), thoughts, 0).sum(axis=1) / (lengths[:, None] if divide is None else divide(thoughts))
    most = np.where(there | (not hide_max), thoughts, fill).max(axis=1)
    return np.concatenate([most, mean] if swap else [mean, most], axis=1)


pooled = Question(
    "26.3", "Mean and maximum, without the padding", "function", points=3, difficulty=2, minutes=12, name="pooled",
    objectives=("leave padding out of a mean and of a maximum",),
    draw=pool_cases, oracle=pool,
    mistakes=(
        Mistake("The padding takes part in both.", "Where the place is at or beyond the length, nothing counts.",
                lambda thoughts, lengths: np.concatenate([thoughts.mean(axis=1), thoughts.max(axis=1)], axis=1)),
        Mistake("The padding takes part in your mean.", "Add up the first `length` thoughts only, and divide by `length`.",
                lambda thoughts, lengths: pool(thoughts, lengths, hide_mean=False, divide=lambda t: t.shape[1])),
        Mistake("The padding is left out of your sum, but you divide by the longest length.", "Divide each row by its own length.",
                lambda thoughts, lengths: pool(thoughts, lengths, divide=lambda t: t.shape[1])),
        Mistake("You add up where you should average.", "Divide each row by its own length.",
                lambda thoughts, lengths: pool(thoughts, lengths, divide=lambda t: 1)),
        Mistake("The padding takes part in your maximum.", "Give it −∞ before you take the maximum.",
                lambda thoughts, lengths: pool(thoughts, lengths, hide_max=False)),
        Mistake("Your maximum counts padding as 0, and 0 beats thoughts below zero.", "Give it −∞ before you take the maximum.",
                lambda thoughts, lengths: pool(thoughts, lengths, fill=0.0)),
        Mistake("The maximum comes first in your answer.", "The order is mean, then maximum.",
                lambda thoughts, lengths: pool(thoughts, lengths, swap=True)),
    ),
    success="A review gets the same numbers beside a long one as alone, so its verdict does not depend on its neighbours.",
    onwards="what does your function do with a review of no words at all? What should it do?")

# -- 26.4 -----------------------------------------------------------------------------------------------------------------------


def slope_cases(rng):
    def case(name, w, n, window):
        return Case(name, {"w": w, "x": np.round(rng.normal(size=n), 2), "window": window})

    yield case("six steps, window 3", round(rng.uniform(0.5, 0.9), 2), 6, 3)
    yield case("window 1", round(rng.uniform(0.5, 0.9), 2), 5, 1)
    yield case("a window as long as the text", round(rng.uniform(0.5, 1.1), 2), 5, 5)
    yield case("a window longer than the text", round(rng.uniform(0.5, 1.1), 2), 4, 9)
    yield case("a negative weight", -round(rng.uniform(0.5, 0.9), 2), 8, 4)


def slope(w, x, window, factor=None, now=False):
    h, states = 0.0, []
    for value in x:
        states.append(h)  # the state before this step
        h = w * h + value
    total = 0.0
    for back, before in enumerate(states[::-1][:window]):
        total += (w if factor is None else factor(w))**back * before
    return total if not now else total * w


truncated = Question(
    "26.4", "The slope behind a cut", "function", points=3, difficulty=3, minutes=15, name="slope",
    objectives=("compute a gradient through time by hand", "say what truncation leaves out"),
    draw=slope_cases, oracle=slope,
    mistakes=(
        Mistake("You went all the way back.", "Only the last `window` steps count: earlier states are numbers without a history.",
                lambda w, x, window: slope(w, x, len(x))),
        Mistake("Your window is one step too short.", "A window of 1 still has one step: h = w · (the state before) + x.",
                lambda w, x, window: slope(w, x, window - 1)),
        Mistake("Your window is one step too long.", "A window of 1 has one step and no more.",
                lambda w, x, window: slope(w, x, window + 1)),
        Mistake("You forget the way back: each step counts the same.",
                "What happened `back` steps ago passes through w `back` times before it arrives.",
                lambda w, x, window: slope(w, x, window, factor=lambda w: 1.0)),
        Mistake("Each term has one w too many.", "The last step has passed through no w yet.",
                lambda w, x, window: slope(w, x, window, now=True)),
        Mistake("You begin the window with a state of 0. The state goes on; it is the gradient that ends.",
                "Run the network over the whole text, and only then cut.",
                lambda w, x, window: slope(w, x[max(len(x) - window, 0):], window)),
    ),
    success="The state before the window counts as a number: it is there, and nobody asks where it came from.",
    onwards="let w be 0.9 and the window 10. Which share of the whole slope can be missing at most, if all states are 1?")

# -- 26.5 -----------------------------------------------------------------------------------------------------------------------


def turn_cases(rng):
    def case(name, lengths, width):
        ids = np.zeros((len(lengths), width), dtype=int)
        for row, length in zip(ids, lengths):
            row[:length] = rng.integers(2, 90, length)
        return Case(name, {"ids": ids, "lengths": np.array(lengths)})

    yield case("two reviews", [5, 3], 5)
    yield case("one word", [1, 4], 4)
    yield case("no padding", [4, 4, 4], 4)
    yield case("a batch with room to spare", [2, 5, 3], 8)


def turn(ids, lengths, by=0):
    ids, time = np.asarray(ids), np.arange(np.shape(ids)[1])
    lengths = np.asarray(lengths)[:, None]
    source = np.where(time < lengths, (lengths - 1 - time + by) % np.maximum(lengths, 1), time)
    return np.take_along_axis(ids, source, axis=1)


turned = Question(
    "26.5", "The reader that begins in the void", "bug", points=3, difficulty=2, minutes=10, name="turned",
    objectives=("find a bug that no error message tells", "turn sequences within their own length"),
    draw=turn_cases, oracle=turn,
    mistakes=(
        Mistake("This is the function as it was given.", "The padding comes first. Turn each row within its own length.",
                lambda ids, lengths: np.asarray(ids)[:, ::-1]),
        Mistake("You turned the batch: the last review is now the first.", "Turn each row along its words, `row[:length][::-1]`.",
                lambda ids, lengths: np.asarray(ids)[::-1]),
        Mistake("Nothing is turned.", "The first word of each row must come last, just before the padding.",
                lambda ids, lengths: np.asarray(ids)),
        Mistake("Your rows are turned, and then moved by one: the first word has stayed in front.",
                "The last word is at `length - 1`, and comes first.", lambda ids, lengths: turn(ids, lengths, by=1)),
        Mistake("You turn every row within the shortest length.", "Each row has its own length.",
                lambda ids, lengths: turn(ids, np.full(len(lengths), min(lengths)))),
        Mistake("Your rows are turned, but the padding has become words: it must stay 0, at the end.",
                "Write the turned words into the first `length` places of a row of zeros.",
                lambda ids, lengths: np.array([np.resize(row[:n][::-1], len(row)) for row, n in zip(np.asarray(ids), lengths)])),
    ),
    success="The backward reader now begins with the last word of each review, whatever it lies beside.",
    onwards="turn twice. Which property must that have? It makes a fine test.")

# -- 26.6 -----------------------------------------------------------------------------------------------------------------------

chosen = Question(
    "26.6", "Five readers at the doctor's", "choose", points=5, difficulty=2, minutes=10, name="chosen",
    objectives=("tell the troubles of recurrent networks apart by their symptoms", "give the reason"),
    draw=items("spikes", "forgets", "copies", "rival", "elsewhere"),
    oracle={"spikes": ("clip", "b"), "forgets": ("longer window", "d"), "copies": ("split again", "a"), "rival": ("report both", "e"),
            "elsewhere": ("new labels", "c")},
    mistakes=(
        Mistake("For `spikes` gates do not help: they are for gradients that vanish.",
                "A few steps are a thousand times too long. Which remedy acts on these alone?", {"spikes": ("gates", None)}),
        Mistake("For `spikes` a smaller rate slows all steps down, to tame three.",
                "Which remedy acts on the long steps alone?", {"spikes": ("smaller rate", None)}),
        Mistake("For `forgets` clipping does not help: nothing is too long.",
                "The gradient ends after 20 steps. How far apart are cause and effect?", {"forgets": ("clip", None)}),
        Mistake("For `copies` more dropout does not help: the test itself is wrong.",
                "A test on what was trained on measures memory.", {"copies": ("more dropout", None)}),
        Mistake("For `rival` another seed is not the question: the test part is too small to tell the two apart.",
                "What does chance do to a share of 500?", {"rival": ("another seed", None)}),
        Mistake("For `elsewhere` training longer makes the reader fit the old reviews even better.",
                "The words mean something else there. What do you need to learn that?", {"elsewhere": ("train longer", None)}),
    ),
    success="Each symptom had one cause: a long step, a short window, a leak, a small test, another world.",
    onwards="which of the five would you notice if you only watched the training loss?")

QUESTIONS = (numbers, lstm_step, pooled, truncated, turned, chosen)
