"""The questions of chapter 11, on generalisation: penalties and when to stop (11.1 to 11.3)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 11.1 -----------------------------------------------------------------------------------------------------------------------

six_numbers = Question(
    "11.1", "Six numbers before you run", "predict", points=3, difficulty=1, minutes=8, name="predicted",
    objectives=("predict what a penalty leaves of a weight", "say what noise and a change of scale do"),
    draw=items("ridge", "stopped", "threshold", "dropout", "smoothing", "curvature"), rtol=1.5e-2,
    oracle={"ridge": 0.25, "stopped": 0.5, "threshold": -0.25, "dropout": 8.0, "smoothing": 2.0794, "curvature": 36.0},
    mistakes=(
        Mistake("For `ridge` this share is lost; asked is what is left.", "λ/(λ + α).", {"ridge": 0.75}),
        Mistake("For `ridge` you divided λ by α, which is close only for small λ.", "λ/(λ + α).", {"ridge": 1 / 3}),
        Mistake("For `ridge` you took 1 − α, which is one step of decay at the rate 1.", "Set λ(w − w*) + αw to zero.", {"ridge": 0.4}),
        Mistake("For `ridge` the penalty counts twice: with ½α|w|² its slope is αw.", "λ/(λ + α).", {"ridge": 0.2 / 1.4}),
        Mistake("For `ridge` you divided α by λ.", "λ/(λ + α).", {"ridge": 3.0}),
        Mistake("For `ridge` this is λα.", "λ/(λ + α).", {"ridge": 0.12}),
        Mistake("For `stopped` this is the rate itself.", "1/(ηt).", {"stopped": 0.08}),
        Mistake("For `stopped` this is ηt. More steps are a smaller penalty.", "One over it.", {"stopped": 2.0}),
        Mistake("For `stopped` the rate is forgotten.", "1/(ηt).", {"stopped": 0.04}),
        Mistake("For `stopped` the steps are forgotten: 1/η.", "1/(ηt).", {"stopped": 12.5}),
        Mistake("For `stopped` you divided the rate by the steps.", "1/(ηt).", {"stopped": 0.0032}),
        Mistake("For `stopped` you divided the steps by the rate.", "1/(ηt).", {"stopped": 312.5}),
        Mistake("For `threshold` α is forgotten: the threshold is η · α, not η.", "0.5 · 0.3 = 0.15.", {"threshold": 0.1}),
        Mistake("For `threshold` the rate is forgotten: the threshold is η · α, not α.", "0.5 · 0.3 = 0.15.", {"threshold": -0.1}),
        Mistake("For `threshold` the sign is lost.", "From −0.4 towards zero by 0.15.", {"threshold": 0.25}),
        Mistake("For `threshold` you went away from zero.", "From −0.4 towards zero by 0.15.", {"threshold": -0.55}),
        Mistake("For `threshold` you say zero, but −0.4 is further from zero than the threshold.", "The threshold is η · α = 0.15.",
                {"threshold": 0.0}),
        Mistake("For `threshold` either nothing was taken off, or you think of a hard threshold, which keeps what it does not cut.",
                "From −0.4 towards zero by 0.15.", {"threshold": -0.4}),
        Mistake("For `threshold` you went away from zero, and the rate is forgotten.", "From −0.4 towards zero by 0.15.",
                {"threshold": -0.7}),
        Mistake("For `dropout` you say zero. But this unit is kept.", "2/(1 − 0.75).", {"dropout": 0.0}),
        Mistake("For `dropout` you divided by p. A unit is kept with the chance 1 − p.", "2/(1 − 0.75).", {"dropout": 2 / 0.75}),
        Mistake("For `dropout` nothing is scaled. Then the mean would shrink to a quarter.", "2/(1 − 0.75).", {"dropout": 2.0}),
        Mistake("For `dropout` you multiplied by 1 − p, as is done in evaluation if training does not scale.", "Divide.",
                {"dropout": 0.5}),
        Mistake("For `dropout` you multiplied by p.", "Divide by 1 − p, the chance to be kept.", {"dropout": 1.5}),
        Mistake("For `smoothing` you gave all of ε to the wrong classes; a third of it goes to the true one.",
                "The true class has 1 − ε + ε/K.", {"smoothing": float(np.log(0.7 / 0.15))}),
        Mistake("For `smoothing` the true class has lost its own share of ε.", "The true class has 1 − ε + ε/K.",
                {"smoothing": float(np.log(7))}),
        Mistake("For `smoothing` the logarithm is missing: this is the ratio of the chances.", "Scores are logarithms.",
                {"smoothing": 8.0}),
        Mistake("For `smoothing` you compared with all wrong classes together.", "Each wrong class has ε/K = 0.1.",
                {"smoothing": float(np.log(4))}),
        Mistake("For `smoothing` you forgot to share ε among the classes.", "Each wrong class has ε/K = 0.1.",
                {"smoothing": float(np.log(0.7 / 0.3))}),
        Mistake("For `smoothing` this is the chance of the true class.", "Scores are logarithms of chances.", {"smoothing": 0.8}),
        Mistake("For `smoothing` your logarithm has the base 10.", "The softmax is made of powers of e.",
                {"smoothing": float(np.log10(8))}),
        Mistake("For `smoothing` your logarithm has the base 2.", "The softmax is made of powers of e.", {"smoothing": 3.0}),
        Mistake("For `smoothing` either you took 1 − ε, or the difference of the chances.", "Scores are logarithms of chances.",
                {"smoothing": 0.7}),
        Mistake("For `smoothing` the sign is lost: the true class is above.", "The larger chance over the smaller.",
                {"smoothing": -float(np.log(8))}),
        Mistake("For `curvature` you multiplied once. A curvature is a slope's slope: the factor comes in twice.", "3² times 4.",
                {"curvature": 12.0}),
        Mistake("For `curvature` nothing changes, you say. The function does not; its curvature along these weights does.",
                "Their inputs are 3 times as large.", {"curvature": 4.0}),
        Mistake("For `curvature` you divided. That is the first layer: the second layer's inputs grew.", "3² times 4.",
                {"curvature": 4 / 9}),
        Mistake("For `curvature` you divided once. The second layer's inputs grew, and the factor comes in twice.", "3² times 4.",
                {"curvature": 4 / 3}),
    ),
    success="λ/(λ + α), 1/(ηt), nearer to zero by ηα, over 1 − p, a finite best score, and c² for a layer whose inputs grow by c.",
    onwards="what does ridge leave of the direction with the curvature 20? Which directions does it hold back?")

# -- 11.2 -----------------------------------------------------------------------------------------------------------------------


def prox_cases(rng):
    def case(name, rows, columns, lr, weight, group, spread=1.0):
        return Case(name, {"v": np.round(spread * rng.normal(size=(rows, columns)), 3), "lr": lr, "weight": weight, "group": group})

    yield case("both penalties", 4, 3, 0.5, 0.4, 0.6)
    entries = case("entries alone", 3, 4, 0.2, 1.5, 0.0)
    entries.inputs["v"][-1] = 0.0  # a row of zeros, and nothing that the rows must lose: 0/0
    yield entries
    yield case("rows alone", 5, 2, 0.4, 0.0, 1.5)
    yield case("some rows vanish", 6, 2, 0.5, 0.8, 1.0)
    zeros = np.array([[0.0, 0.0], [1.5, -2.0], [0.2, -0.15], [1.0, 0.05]])
    yield Case("a row of zeros comes in", {"v": zeros, "lr": 0.5, "weight": 0.2, "group": 0.4})


def proximal(v, lr, weight, group, first="entries", rows=1, cut=True, hard=False, old=False, whole=False, square=False, share=False,
             crossing="", sizes=False, kept=False, bare=False):
    """The proximal step of both penalties, with knobs for what people get wrong."""
    v = np.array(v, dtype=float)

    def entries(x):
        if hard:
            return np.where(np.abs(x) > lr * weight, x, 0.0)
        size = np.abs(x) - lr * weight
        return np.sign(x) * (np.maximum(size, 0) if cut and crossing != "entries" else size)

    def groups(x, source):
        axis = None if whole else rows
        length = np.linalg.norm(source, axis=axis, keepdims=True)
        length = length**2 if square else np.abs(source).sum(axis=axis, keepdims=True) if sizes else length
        limit = lr * group * (np.sqrt(x.shape[1]) if share else 1)
        factor = 1 - limit / (length if bare else np.where(length > 0, length, 1))
        if kept:
            return x * (factor > 0)
        return x * (np.maximum(factor, 0) if cut and crossing != "rows" else factor)

    if first == "rows":
        return entries(groups(v, v))
    x = entries(v)
    return groups(x, v if old else x)


def change(**knobs):
    return lambda v, lr, weight, group: proximal(v, lr, weight, group, **knobs)


sparse_group = Question(
    "11.2", "Rows that vanish, and entries in them", "function", points=3, difficulty=3, minutes=12, name="prox",
    objectives=("derive a proximal step that the chapter does not have", "keep apart what holds for an entry and for a row"),
    draw=prox_cases, oracle=change(),
    mistakes=(
        Mistake("Only the entries are thresholded; the penalty on rows is missing.", "Then shrink each row by its length.",
                lambda v, lr, weight, group: proximal(v, lr, weight, 0.0)),
        Mistake("Only the rows are shrunk; the penalty on entries is missing.", "First the soft threshold of each entry.",
                lambda v, lr, weight, group: proximal(v, lr, 0.0, group)),
        Mistake("The rows come first. Then their lengths hold what the threshold takes off later.", "First the entries, then the rows.",
                change(first="rows")),
        Mistake("The rate is missing: a step of length lr meets the thresholds lr · weight and lr · group.", "Multiply both by lr.",
                lambda v, lr, weight, group: proximal(v, 1.0, weight, group)),
        Mistake("The rate is missing in the threshold of the entries.", "lr · weight.",
                lambda v, lr, weight, group: proximal(v, lr, weight / lr, group)),
        Mistake("The rate is missing in the shrinking of the rows.", "lr · group.",
                lambda v, lr, weight, group: proximal(v, lr, weight, group / lr)),
        Mistake("You shrink columns; the groups are rows.", "np.linalg.norm(…, axis=1, keepdims=True).", change(rows=0)),
        Mistake("You shrink the matrix as one group.", "A length for each row: axis=1.", change(whole=True)),
        Mistake("The lengths are those of the rows before the threshold.", "Take the lengths of what the threshold left.",
                change(old=True)),
        Mistake("Nothing is cut at zero: what would cross it comes out on the other side.", "np.maximum(…, 0), in both steps.",
                change(cut=False)),
        Mistake("Entries that the threshold should cut come out with the other sign.", "np.maximum(np.abs(v) - lr * weight, 0).",
                change(crossing="entries")),
        Mistake("Rows that should vanish come out turned round.", "No shorter than zero: np.maximum(1 - …, 0).", change(crossing="rows")),
        Mistake("A row of zeros is divided by its length: with group = 0 that is 0/0, and nan.", "Divide by 1 where the length is 0.",
                change(bare=True)),
        Mistake("Your rows vanish or stay as they are. Those that stay get shorter as well.", "By lr · group.", change(kept=True)),
        Mistake("Your length of a row is the sum of its sizes.", "The root of the sum of the squares.", change(sizes=True)),
        Mistake("You added the two strengths to one threshold for the entries. A row has a penalty of its own.",
                "First the entries, by lr · weight, then the rows, by lr · group.",
                lambda v, lr, weight, group: proximal(v, lr, weight + group, 0.0)),
        Mistake("Entries below zero are lost.", "np.sign(v) * np.maximum(np.abs(v) - lr * weight, 0).",
                lambda v, lr, weight, group: proximal(np.maximum(v, 0), lr, weight, group)),
        Mistake("You divided by the rate. A longer step meets larger thresholds.", "lr · weight and lr · group.",
                lambda v, lr, weight, group: proximal(v, 1 / lr, weight, group)),
        Mistake("Your threshold is hard: it keeps the entries that it does not cut as they are.", "Those come nearer to zero as well.",
                change(hard=True)),
        Mistake("The signs are lost.", "np.sign(v) * np.maximum(np.abs(v) - lr * weight, 0).",
                lambda *inputs: np.abs(proximal(*inputs))),
        Mistake("You divide by the squared length of a row.", "A row gets shorter by lr · group, so the factor is 1 − lr · group/length.",
                change(square=True)),
        Mistake("You weigh a row by the root of its size, as some libraries do. This penalty has no such weight.",
                "group times the sum of the lengths.", change(share=True)),
    ),
    success="First each entry comes nearer to zero by lr · weight, then each row gets shorter by lr · group, and no further than zero.",
    onwards="let a row be all weights that leave one input of a network. What does it mean when it vanishes?")

# -- 11.3 -----------------------------------------------------------------------------------------------------------------------


def stop_cases(rng):
    def case(name, losses, patience, least=0.0):
        return Case(name, {"losses": np.round(losses, 2), "patience": patience, "least": least})

    looks = np.arange(24)
    turn = 0.6 + 0.004 * (looks - rng.uniform(7, 11)) ** 2
    yield case("a smooth turn", turn, 3)
    yield case("a noisy turn", turn + 0.05 * rng.normal(size=24), 4)
    yield case("it never turns", 2 * 0.8 ** np.arange(8) + 0.01 * rng.uniform(size=8), 2)
    yield case("it only gets worse", 0.5 + np.sort(rng.uniform(0.02, 0.5, 6)), 3)
    yield case("a level stretch", [0.9, 0.7, 0.7, 0.7, 0.6, 0.6, 0.8, 0.5, 0.9], 2)
    yield case("up and down", [1.0, 0.8, 0.9, 0.7, 0.8, 0.75, 0.6, 0.65, 0.7, 0.66, 0.64, 0.3], 3)
    yield case("crumbs do not count", [1.0, 0.7, 0.69, 0.68, 0.66, 0.67, 0.62, 0.61, 0.4, 0.39, 0.39, 0.38, 0.38], 3, least=0.05)
    yield case("crumbs add up", [1.0, 0.7, 0.68, 0.66, 0.64, 0.63, 0.62, 0.6, 0.58, 0.5], 3, least=0.05)
    yield case("patience outlasts the list", [1.0, 0.6, 0.5, 0.55, 0.52], 4)
    yield case("noise and crumbs", 0.5 + 0.5 * 0.8 ** looks + 0.02 * rng.normal(size=24), 3, least=0.03)


def stopping(losses, patience, least, total=False, late=0, crumbs=True, equal=False, before=False, creep=False,
             sink=False, more=False, share=False, stuck=False, begin=1):
    """(the look to keep, the look at which it stops), with knobs for what people get wrong."""
    kept, mark, waited = 0, losses[0], 0
    for k in range(begin, len(losses)):
        against = losses[k - 1] if before else mark
        limit = against - (least * against if share else -least if more else least if crumbs else 0)
        if losses[k] < limit or (equal and losses[k] <= limit):
            kept, mark, waited = k, mark if stuck else losses[k], waited if total else 0
        else:
            waited += 1
            if (creep or sink) and losses[k] < mark:
                kept, mark = kept if sink else k, losses[k]
            if waited >= patience + late:
                return kept, k
    return kept, len(losses) - 1


def until(**knobs):
    return lambda losses, patience, least: stopping(losses, patience, least, **knobs)


def lowest_of_all(losses, patience, least):
    return int(np.argmin(losses)), stopping(losses, patience, least)[1]


def lowest_and_on(losses, patience, least):
    best = int(np.argmin(losses))
    return best, min(best + patience, len(losses) - 1)


def keeps_the_end(losses, patience, least):
    kept, end = stopping(losses, patience, least)
    return (kept if end - kept >= patience else end), end


def keeps_the_stop(losses, patience, least):
    kept, end = stopping(losses, patience, least)
    return (end if end - kept >= patience else kept), end


def lowest_seen(losses, patience, least):
    end = stopping(losses, patience, least)[1]
    return int(np.argmin(losses[: end + 1])), end


def counted_back(losses, patience, least):
    end = stopping(losses, patience, least)[1]
    return end - patience, end


def over_the_end(losses, patience, least):
    kept, end = stopping(losses, patience, least)
    return kept, end + (end - kept < patience)


def nothing_at_the_end(losses, patience, least):
    kept, end = stopping(losses, patience, least)
    return (kept, end) if end - kept >= patience else None


early_stop = Question(
    "11.3", "When to stop", "function", points=3, difficulty=2, minutes=10, name="early_stop", each=True,
    objectives=("write early stopping with patience", "demand a least improvement, so that crumbs do not keep a run alive"),
    draw=stop_cases, oracle=until(),
    mistakes=(
        Mistake("You keep the look at which it stops, not the best one.", "Go back: keep the last look that improved.",
                lambda *inputs: (stopping(*inputs)[1],) * 2),
        Mistake("You keep the lowest loss of the whole list. A run that stopped does not know what comes later, and crumbs do not count.",
                "Keep the last look that improved before the stop.", lowest_of_all, also=(lowest_and_on,)),
        Mistake("Your waiting is not begun anew by an improvement.", "Set the counter to 0 when a look improves.", until(total=True)),
        Mistake("You stop one look late.", "Stop at the look that makes it `patience` in a row.", until(late=1)),
        Mistake("You stop one look early.", "Stop at the look that makes it `patience` in a row.", until(late=-1)),
        Mistake("`least` is not used: crumbs count as improvements.", "A look improves if its loss is below the kept one minus least.",
                until(crumbs=False)),
        Mistake("A loss that is exactly at the limit counts as an improvement with you.", "Below, not at: use <.", until(equal=True)),
        Mistake("You compare with the look before, not with the one that is kept.", "Compare with the kept loss.", until(before=True)),
        Mistake("You keep every lower loss, so many crumbs move the mark and never add up to an improvement.",
                "Only an improvement by more than least moves the mark.", until(creep=True)),
        Mistake("You compare with the lowest loss so far: crumbs move the mark, though the kept look stays.",
                "Compare with the kept look's loss.", until(sink=True)),
        Mistake("The kept loss stays that of the first look: each later look that is low enough improves.",
                "When a look is kept, keep its loss as well.", until(stuck=True)),
        Mistake("The first look counts as one without an improvement.", "It is kept; the waiting begins with the second.", until(begin=0)),
        Mistake("You add `least`: then a loss that is a little higher improves.", "Below the kept loss minus least.", until(more=True)),
        Mistake("You take `least` for a share of the loss.", "The kept loss minus least.", until(share=True)),
        Mistake("You keep the look at which the patience ends the run, not the best one.", "Go back: keep the last look that improved.",
                keeps_the_stop),
        Mistake("You keep the lowest loss that was seen. It may be a crumb below a look that improved.",
                "Keep the last look that improved.", lowest_seen),
        Mistake("You count back from the stop by the patience. If the list ends first, this is not the kept look.",
                "Remember which look is kept.", counted_back),
        Mistake("If the patience never ends the run, you keep the last look.", "Keep the last look that improved, there too.",
                keeps_the_end),
        Mistake("If the patience never ends the run, your last look is one too far.", "len(losses) - 1.", over_the_end),
        Mistake("If the patience never ends the run, nothing is returned.", "return kept, len(losses) - 1, after the loop.",
                nothing_at_the_end),
        Mistake("Your second number is the look after the stop.", "The look that uses up the patience is the stop.",
                lambda losses, patience, least: (lambda kept, end: (kept, end + (end - kept >= patience)))(
                    *stopping(losses, patience, least))),
        Mistake("You return the kept loss, not the number of its look.", "return kept, k.",
                lambda *inputs: (float(inputs[0][stopping(*inputs)[0]]), stopping(*inputs)[1])),
        Mistake("You count looks from 1.", "The first look is 0.", lambda *inputs: tuple(k + 1 for k in stopping(*inputs))),
        Mistake("The two numbers have changed places.", "First the look to keep, then the look at which it stops.",
                lambda *inputs: stopping(*inputs)[::-1]),
        Mistake("You return the look to keep alone.", "return kept, k.", lambda *inputs: stopping(*inputs)[0]),
        Mistake("Your second number is the end of the list, not the look at which the run stops.",
                "Return as soon as the patience is used up.", lambda losses, patience, least: (
                    stopping(losses, patience, least)[0], len(losses) - 1)),
    ),
    success="Keep the last look that improved by more than least, and stop when so many in a row have not.",
    onwards="add the passes that come after the kept one over many runs. What does patience cost, and what does it save?")

QUESTIONS = (six_numbers, sparse_group, early_stop)
