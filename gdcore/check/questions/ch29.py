"""The questions of chapter 29 on losses: pinball, costs, eight numbers, a stream that looks ahead (29.1 to 29.4)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 29.1 -----------------------------------------------------------------------------------------------------------------------


def pinball_cases(rng):
    for name, n, d, q in (("a rare shortage", 12, 2, 0.9), ("cheap shortages", 9, 3, 0.2), ("four to one", 25, 2, 0.8),
                          ("nearly always enough", 40, 4, 0.95)):
        X = np.round(rng.normal(size=(n, d)), 3)
        y = np.round(X @ rng.normal(size=d) + 2 * rng.normal(size=n), 3) + 0.0004  # never on the line
        yield Case(name, {"w": np.round(rng.normal(size=d), 2), "X": X, "y": y, "q": q})


def pin(w, X, y, q, side=-1.0, mean=True, square=False, loss=None, slope=None, short=lambda e: e > 0):
    """The mean pinball loss of a line and its slope; each argument after `q` is a fault."""
    e = y - X @ w
    each = np.maximum(q * e, (q - 1) * e) if loss is None else loss(e, q)
    by = np.where(short(e), q, q - 1) if slope is None else slope(e, q)
    if square:
        each, by = each * np.abs(e), 2 * by * np.abs(e)
    n = len(y) if mean else 1
    return np.append(each.sum() / n, side * X.T @ by / n)


def bent(**faults):
    return lambda w, X, y, q: pin(w, X, y, q, **faults)


a_line = Question(
    "29.1", "A line for a quantile", "function", points=2, difficulty=1, minutes=10, name="pinball",
    objectives=("write the pinball loss and its slope by the weights", "keep apart which side of the line costs how much"),
    draw=pinball_cases, oracle=pin, each=True, rtol=1e-8,
    mistakes=(
        Mistake("q and 1 − q have changed places: this line aims at the other quantile.", "Too little costs q, e = y − ŷ > 0.",
                lambda w, X, y, q: pin(w, X, y, 1 - q)),
        Mistake("The slope points up the loss: its sign is wrong.", "By ŷ it is −q where y is above the line.", bent(side=1.0)),
        Mistake("You add up and do not average.", "Divide by the number of days.", bent(mean=False)),
        Mistake("The errors are squared. Then it aims at no quantile (statisticians call what it finds an expectile).",
                "The error itself, times q or 1 − q.", bent(square=True)),
        Mistake("Both sides cost q: this is the median's loss, times q.", "Below the line an error costs 1 − q.",
                bent(loss=lambda e, q: q * np.abs(e), slope=lambda e, q: q * np.sign(e))),
        Mistake("The other side costs nothing: only what was short counts.", "(q − 1)e where e < 0.",
                bent(loss=lambda e, q: q * np.maximum(e, 0), slope=lambda e, q: q * (e > 0))),
        Mistake("The loss is below zero where the order was too large: its sign is lost there.", "(q − 1)e with e < 0 is positive.",
                bent(loss=lambda e, q: np.where(e > 0, q * e, (1 - q) * e))),
        Mistake("The loss and the slope have both lost the sign below the line.",
                "(q − 1)e with e < 0 is positive; the slope there is 1 − q.",
                bent(loss=lambda e, q: np.where(e > 0, q * e, (1 - q) * e), slope=lambda e, q: np.where(e > 0, q, 1 - q))),
        Mistake("The loss is right, and the slope has q and 1 − q in each other's place.", "−q where y is above the line, else 1 − q.",
                bent(slope=lambda e, q: np.where(e > 0, 1 - q, -q))),
        Mistake("The slope still holds the error, as for squares. A pinball's slope knows only the side.", "−q or 1 − q, times x.",
                bent(slope=lambda e, q: np.where(e > 0, q, 1 - q) * e)),
        Mistake("Either the slope is that of the order ŷ, or the measurements X are missing in it.",
                "ŷ = Xw, so each day brings its row of X.",
                lambda w, X, y, q: np.append(pin(w, X, y, q)[0], -np.where(y - X @ w > 0, q, q - 1).mean())),
        Mistake("This is the loss alone.", "One array: the loss, then its slope by each weight.", lambda w, X, y, q: pin(w, X, y, q)[:1]),
        Mistake("The slope is right but the loss is added up.", "The mean over the days.",
                lambda w, X, y, q: pin(w, X, y, q) * np.append(len(y), np.ones(len(w)))),
        Mistake("The loss is right but the slope is added up.", "The mean over the days.",
                lambda w, X, y, q: pin(w, X, y, q) * np.append(1, np.full(len(w), len(y)))),
        Mistake("This is the mean absolute error, the median's loss: q is missing.", "q on one side, 1 − q on the other.",
                bent(loss=lambda e, q: np.abs(e), slope=lambda e, q: np.sign(e))),
        Mistake("These are squares: the line of the mean.", "The pinball loss bends at zero and is straight on both sides.",
                bent(loss=lambda e, q: e**2, slope=lambda e, q: 2 * e)),
        Mistake("You took the smaller of qe and (q − 1)e: that is never above zero.", "The larger one.",
                bent(loss=lambda e, q: np.minimum(q * e, (q - 1) * e))),
        Mistake("Where the line was short the slope is −q. A larger order helps there, and yours says it costs.", "−q or 1 − q.",
                bent(slope=lambda e, q: np.where(e > 0, -q, q - 1))),
        Mistake("In the slope the days with too much ordered count nothing.", "1 − q on these days.",
                bent(slope=lambda e, q: np.where(e > 0, q, 0.0))),
        Mistake("You took e = ŷ − y in the loss and in the slope.", "e = y − ŷ: above zero where too little was ordered.",
                bent(loss=lambda e, q: np.maximum(-q * e, (1 - q) * e), slope=lambda e, q: np.where(e < 0, q, q - 1))),
    ),
    success="A day knows only the side on which it lies, −q or 1 − q, and the loss is the sum of distances with these prices.",
    onwards="descend it for q = 0.1 and q = 0.9 on the hotel's days. On how many later days does the truth lie between the two lines?")

# -- 29.2 -----------------------------------------------------------------------------------------------------------------------


def call_cases(rng):
    """Risks on both sides of every threshold that a fault would set."""
    for name, n, miss, alarm, visit in (("a clinic", 12, 20.0, 1.0, 2.0), ("a bank", 15, 50.0, 4.0, 10.0),
                                         ("cheap misses", 12, 3.0, 4.0, 1.0),
                                        ("a dear visit", 14, 9.0, 2.0, 6.0), ("visits for nothing", 10, 7.0, 1.5, 0.0)):
        t = cut_at(miss, alarm, visit)
        near = [t * f for f in (0.6, 0.9, 0.97)] + [t + (1 - t) * f for f in (0.03, 0.1, 0.5)]
        risks = np.concatenate([near, rng.uniform(0.01, 0.99, n)])
        yield Case(name, {"risks": np.round(rng.permutation(risks), 4), "miss": miss, "alarm": alarm, "visit": visit})


def cut_at(miss, alarm, visit):
    return alarm / (miss - visit + alarm)


def chosen(risks, miss, alarm, visit, cut=cut_at, call=lambda p, t: p > t, bill=None):
    """The threshold, the calls, and the expected bill; each argument after `visit` is a fault."""
    t = cut(miss, alarm, visit)
    calls = call(risks, t).astype(float)
    bill = bill or (lambda p, c: c * (p * visit + (1 - p) * alarm) + (1 - c) * p * miss)
    return np.concatenate([[t], calls, [np.sum(bill(risks, calls))]])


def priced(cut=cut_at, **faults):
    return lambda risks, miss, alarm, visit: chosen(risks, miss, alarm, visit, cut=cut, **faults)


def bills(kind):
    def answer(risks, miss, alarm, visit):
        bill = {"no visit": lambda p, c: c * (1 - p) * alarm + (1 - c) * p * miss,
                "sure": lambda p, c: c * alarm + (1 - c) * miss,
                "called": lambda p, c: c * (p * visit + (1 - p) * alarm),
                "all": lambda p, c: c * (visit + (1 - p) * alarm) + (1 - c) * p * miss}[kind]
        return chosen(risks, miss, alarm, visit, bill=bill)
    return answer


a_call = Question(
    "29.2", "Three costs, one threshold", "function", points=2, difficulty=1, minutes=10, name="decide",
    objectives=("derive a threshold from what each outcome costs", "price a list of decisions by their risks"),
    draw=call_cases, oracle=chosen, each=True,
    mistakes=(
        Mistake("A right call is free in your threshold, and here it costs the visit.", "Compare p·visit + (1 − p)·alarm with p·miss.",
                priced(lambda m, a, v: a / (m + a))),
        Mistake("Your threshold adds the visit to the missed case's cost. It is what a call does not save.", "miss − visit.",
                priced(lambda m, a, v: a / (m + v + a))),
        Mistake("The ratio is turned round.", "The dearer a miss, the lower the threshold.", priced(lambda m, a, v: (m - v) / (m - v + a))),
        Mistake("The ratio is turned round, and a right call is free in it.", "The dearer a miss, the lower the threshold.",
                priced(lambda m, a, v: m / (m + a))),
        Mistake("This is alarm over miss: odds, and the visit is missing.", "p·visit + (1 − p)·alarm against p·miss.",
                priced(lambda m, a, v: a / m)),
        Mistake("The threshold is one half. That is right only for equal costs.", "Compare the two expected costs.",
                priced(lambda m, a, v: 0.5)),
        Mistake("These are odds, alarm over what a call saves. A risk is a share of the sum.", "p/(1 − p) = odds.",
                priced(lambda m, a, v: a / (m - v))),
        Mistake("The visit is paid at a false alarm, too, in your threshold. Its whole cost is `alarm`.", "(1 − p)·alarm.",
                priced(lambda m, a, v: (a + v) / (m + a))),
        Mistake("You call below the threshold.", "Call where the risk is high.", priced(call=lambda p, t: p < t)),
        Mistake("The calls turn round the threshold: they are made where 1 − p is above it.", "p > threshold.",
                priced(call=lambda p, t: 1 - p > t)),
        Mistake("The bill forgets the visits of right calls.", "p·visit for a call.", bills("no visit")),
        Mistake("The bill takes each decision as certainly wrong: the risks are missing in it.", "Weigh each cost by its chance.",
                bills("sure")),
        Mistake("The bill holds the calls alone. A case that is not called costs p·miss.", "Add p·miss for the others.", bills("called")),
        Mistake("The bill takes the visit at each call. Where nobody is ill it is `alarm` and nothing else.", "p·visit + (1 − p)·alarm.",
                bills("all")),
        Mistake("The bill is a mean. Asked is the sum.", "Add up all of them.",
                lambda risks, miss, alarm, visit: chosen(risks, miss, alarm, visit) / np.append(np.ones(len(risks) + 1), len(risks))),
        Mistake("The bill is missing.", "Threshold, calls, bill.", lambda *inputs: chosen(*inputs)[:-1]),
        Mistake("The threshold is missing.", "Threshold, calls, bill.", lambda *inputs: chosen(*inputs)[1:]),
    ),
    success="Two expected costs, one equation: what a false alarm costs, over that and what a right call saves.",
    onwards="let the visits be limited to five. Which five do you call, and does the threshold still matter?")

# -- 29.3 -----------------------------------------------------------------------------------------------------------------------

eight_numbers = Question(
    "29.3", "Eight numbers before you run", "predict", points=3, difficulty=2, minutes=12, name="predicted",
    objectives=("foretell the best constant under a loss", "foretell what a batch, a weight and a shrinkage do"),
    draw=items("squared", "absolute", "pinball", "largest", "none", "threshold", "weighted", "shrunk"), rtol=2e-3,
    oracle={"squared": 8, "absolute": 5, "pinball": 9, "largest": 11, "none": 0.996**100, "threshold": 1 / 16, "weighted": 0.5,
            "shrunk": 0.4},
    mistakes=(
        Mistake("For `squared` this is the median.", "The mean.", {"squared": 5}),
        Mistake("For `squared` this is the middle between the smallest and the largest.", "The mean.", {"squared": 11}),
        Mistake("For `squared` this is the sum.", "The mean.", {"squared": 40}),
        Mistake("For `absolute` this is the mean.", "As many days above as below.", {"absolute": 8}),
        Mistake("For `absolute` this is the middle of the range.", "As many days above as below.", {"absolute": 11}),
        Mistake("For `absolute` the days are five: between the second and the third there are two below and three above.",
                "As many days above as below.", {"absolute": 4.5}),
        Mistake("For `pinball` either the costs have changed places, or you counted from above.", "Enough on seven days in ten.",
                {"pinball": 4}),
        Mistake("For `pinball` you took seven tenths of the largest.", "Enough on seven days in ten.", {"pinball": 14}),
        Mistake("For `pinball` this is the median.", "Enough on seven days in ten.", {"pinball": 5}),
        Mistake("For `pinball` you took seven tenths of the mean.", "Enough on seven days in ten.", {"pinball": 5.6}),
        Mistake("For `pinball` this is enough on every day.", "Enough on seven days in ten.", {"pinball": 20}),
        Mistake("For `pinball` you went between two days. There the slope is not zero, it still pulls to a day.",
                "At 9 the slope changes its sign.", {"pinball": 8.2}),
        Mistake("For `largest` this is the mean.", "Half way between the ends.", {"largest": 8}),
        Mistake("For `largest` this is the median.", "Half way between the ends.", {"largest": 5}),
        Mistake("For `largest` this is the largest error itself.", "Half way between the ends.", {"largest": 9}),
        Mistake("For `largest` this is half of the largest.", "Half way between the ends.", {"largest": 10}),
        Mistake("For `none` this is the chance of at least one.", "0.996 a hundred times.", {"none": 1 - 0.996**100}),
        Mistake("For `none` this is the number of rare cases that a batch holds on average.", "0.996 a hundred times.", {"none": 0.4}),
        Mistake("For `none` you took one case, not a hundred.", "0.996 a hundred times.", {"none": 0.996}),
        Mistake("For `none` the chances add up only as long as they are small.", "0.996 a hundred times.", {"none": 0.6}),
        Mistake("For `threshold` these are odds.", "Two over the sum of both.", {"threshold": 1 / 15}),
        Mistake("For `threshold` the ratio is turned round.", "Two over the sum of both.", {"threshold": 15 / 16}),
        Mistake("For `threshold` this is the ratio of the costs, turned round.", "Two over the sum of both.", {"threshold": 15}),
        Mistake("For `threshold` one half is right for equal costs.", "Two over the sum of both.", {"threshold": 0.5}),
        Mistake("For `weighted` this is the risk itself. The weight moves it.", "9p over 9p + 1 − p.", {"weighted": 0.1}),
        Mistake("For `weighted` this is nine times the risk.", "9p over 9p + 1 − p.", {"weighted": 0.9}),
        Mistake("For `weighted` the others keep their weight 1: they are 1 − p of the sum.", "9p over 9p + 1 − p.",
                {"weighted": 0.9 / 1.9}),
        Mistake("For `weighted` these are odds.", "9p over 9p + 1 − p.", {"weighted": 1.0}),
        Mistake("For `shrunk` this is the raw mean.", "Times n over n + λ.", {"shrunk": 0.6}),
        Mistake("For `shrunk` you took λ for n: this is what is taken away.", "Times n over n + λ.", {"shrunk": 0.2}),
        Mistake("For `shrunk` you divided by λ.", "Times n over n + λ.", {"shrunk": 0.1}),
        Mistake("For `shrunk` you divided by n.", "Times n over n + λ.", {"shrunk": 0.05}),
        Mistake("For `shrunk` you divided by 1 + λ.", "Times n over n + λ.", {"shrunk": 0.6 / 7}),
    ),
    success="The loss chooses the constant: mean, median, quantile, middle of the range. A weight moves a risk, a penalty a mean.",
    onwards="which of the eight change if every demand is doubled, and which if only the largest is?")

# -- 29.4 -----------------------------------------------------------------------------------------------------------------------


def stream_cases(rng):
    for name, n, words, rate, skip in (("a short stream", 30, 6, 0.3, 6), ("many words", 60, 20, 0.5, 10), ("a fast rate", 40, 5, 0.8, 8),
                                       ("nothing skipped but one", 25, 8, 0.4, 1)):
        weights = 1.5 * rng.normal(size=words)
        clicks = np.array([rng.choice(words, 3, replace=False) for _ in range(n)])
        drift = np.linspace(0.5, -1.0, n)  # the share of likes changes, so that the whole stream's share is another number
        liked = (rng.random(n) < 1 / (1 + np.exp(-weights[clicks].sum(axis=1) - drift))).astype(int)
        yield Case(name, {"clicks": clicks, "liked": liked, "words": words, "rate": rate, "skip": skip})


def progressed(clicks, liked, words, rate, skip, late=False, whole=False, uneven=False, own=False, plain=False, climb=1.0, every=False,
               turned=False, shift=0, single=False):
    """Progressive loss, the running share's loss and their quotient; each argument after `skip` is a fault."""
    w, likes, loss, base = np.zeros(words), 0, [], []
    for k, (click, y) in enumerate(zip(clicks, liked)):
        p = 1 / (1 + np.exp(-w[click].sum()))
        w[click] -= climb * rate * (p - y)
        if late:
            p = 1 / (1 + np.exp(-w[click].sum()))
        share = (1 + likes) / (2 + k)
        if own:
            share = (1 + likes + y) / (3 + k)
        if whole:
            share = np.mean(liked)
        if plain:
            share = 0.5
        likes += y
        loss.append(-np.log(p if y else 1 - p))
        base.append(-np.log(share if y else 1 - share))
    skip = 0 if every else skip + shift
    a, b = np.mean(loss[0 if uneven == "model" else skip:]), np.mean(base[0 if uneven is True else skip:])
    if single:
        return np.array([a, b, np.mean(np.array(loss[skip:]) / base[skip:])])
    return np.array([a, b, b / a if turned else a / b])


def leaking(**faults):
    return lambda clicks, liked, words, rate, skip: progressed(clicks, liked, words, rate, skip, **faults)


ahead = Question(
    "29.4", "A stream that looks ahead", "bug", points=3, difficulty=2, minutes=12, name="honest",
    objectives=("find where a measurement on a stream uses what is not known yet", "compare two losses over the same clicks"),
    draw=stream_cases, oracle=progressed, each=True,
    mistakes=(
        Mistake("This is the code as it was given, with its three faults.",
                "What is known when a click is foretold? Which share of likes? Over which clicks are the two means taken?",
                leaking(late=True, whole=True, uneven=True)),
        Mistake("One fault is found, the lesson before the test. Two are left.", "Look at the share of likes, and at the two means.",
                leaking(whole=True, uneven=True)),
        Mistake("One fault is found, the share. Two are left.", "Look at the order of lesson and test, and at the two means.",
                leaking(late=True, uneven=True)),
        Mistake("One fault is found, the two means. Two are left.", "Look at the order of lesson and test, and at the share of likes.",
                leaking(late=True, whole=True)),
        Mistake("Two faults are found. Each click is still foretold after its own lesson.", "First the prediction.", leaking(late=True)),
        Mistake("Two faults are found. The share of likes is still that of the whole stream.",
                "What was known before: (1 + likes)/(2 + k).",
                leaking(whole=True)),
        Mistake("Two faults are found. The two means are still taken over different clicks.", "Both from `skip` on.", leaking(uneven=True)),
        Mistake("Your running share knows the click that it foretells.", "Count its like afterwards.", leaking(own=True)),
        Mistake("The yardstick is a half for ever. A running share learns.", "(1 + likes)/(2 + k).", leaking(plain=True)),
        Mistake("Both means run over all clicks. Asked is from `skip` on.", "Both from `skip` on.", leaking(every=True)),
        Mistake("Your model climbs.", "w minus rate times (p − y).", leaking(climb=-1.0)),
        Mistake("The two means are taken over different clicks: now the model's holds them all.", "Both from `skip` on.",
                leaking(uneven="model")),
        Mistake("Both means begin one click too late.", "From number `skip` on, with numbers from 0: loss[skip:].", leaking(shift=1)),
        Mistake("The third number is the mean of the clicks' quotients. Asked is the quotient of the means.", "a / b.",
                leaking(single=True)),
        Mistake("The quotient is turned round.", "The model's loss over the share's.", leaking(turned=True)),
    ),
    success="First foretell, then learn; the yardstick as blind as the model; both means over the same clicks.",
    onwards="shuffle the stream and measure again. Which of the three numbers moves, and why?")

QUESTIONS = (a_line, a_call, eight_numbers, ahead)
