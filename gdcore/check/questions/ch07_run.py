"""The questions of chapter 7 on runs: a plateau, two faults in a loop, a target, and a letter (07.4 to 07.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question
from gdcore.schedules import Plateau, polynomial

# -- 07.4 -----------------------------------------------------------------------------------------------------------------------


def plateau_cases(rng):
    def case(name, metrics, lr, factor, patience, cooldown):
        given = {"metrics": np.round(metrics, 3), "lr": lr, "factor": factor, "patience": patience, "cooldown": cooldown}
        return Case(name, given)

    top = round(rng.uniform(2, 4), 2)
    yield case("a metric that stands still", np.full(12, top), 0.1, 0.5, 2, 0)
    yield case("it falls, then stands", np.r_[np.linspace(top, 1, 5), np.ones(9)], 1.0, 0.1, 3, 0)
    yield case("it goes up and down, and never below its best", np.r_[top, 1.0, np.tile([1.6, 1.3, 1.1], 4)], 0.2, 0.5, 3, 0)
    yield case("a rest after each cut", np.full(18, top), 0.8, 0.5, 2, 3)
    yield case("better again during the rest", np.r_[3, 3, 3, 2.5, 2.6, 2.6, 2.6, 2.6, 2.6, 2.4, 2.4, 2.4, 2.4, 2.4], 0.4, 0.25, 1, 2)
    yield case("nan now and then", np.r_[2, 1.5, np.nan, 1.6, 1.4, np.nan, np.nan, np.nan, 1.3, 1.3, 1.3, 1.3], 0.1, 0.1, 2, 0)
    yield case("no patience at all", np.round(rng.uniform(1, 2, 8), 2), 1.0, 0.5, 0, 0)


def by_torchs_rule(metrics, lr, factor, patience, cooldown):
    plateau = Plateau(factor=factor, patience=patience, threshold=0.0, cooldown=cooldown, eps=0.0)
    return lr * np.array([plateau.step(m) for m in metrics])


def cut(metrics, lr, factor, patience, cooldown, better=None, last=False, start=np.inf, enough=None, keeps=False, forgets=False,
        unpaused=False, frozen=False, before=False, piled=False, resets=False, subtracts=False):
    """The rates; each argument after `cooldown` is a fault."""
    best, bad, rest, rates = start, 0, 0, []
    better = better or (lambda m, best: m < best)
    enough = enough or (lambda bad, patience: bad > patience)
    for m in metrics:
        rates += [lr] * before
        resting = rest > 0
        if better(m, best) and not (frozen and resting):
            best, bad = m, bad if piled else 0
        else:
            bad += 1
        best = m if last else best
        if resting:
            rest, bad = rest - 1, bad if unpaused else 0
        if enough(bad, patience) and not (unpaused and resting):
            lr, rest, bad = lr - factor if subtracts else lr * factor, cooldown, bad if keeps else 0
            best = np.inf if forgets else m if resets else best
        rates += [lr] * (not before)
    return np.array(rates)


def cut_with(**faults):
    return lambda metrics, lr, factor, patience, cooldown: cut(metrics, lr, factor, patience, cooldown, **faults)


plateau = Question(
    "07.4", "Cut when it stands still", "function", points=3, difficulty=2, minutes=15, name="cut_on_plateau", steps=True,
    objectives=("write a schedule that looks at the loss", "count as torch counts"),
    draw=plateau_cases, oracle=by_torchs_rule,
    mistakes=(
        Mistake("You are one metric too early: `patience` bad ones are to be borne, and the next one cuts.", "Cut if bad > patience.",
                cut_with(enough=lambda bad, patience: bad >= max(patience, 1))),
        Mistake("You cut when the count reaches `patience`: `patience` bad ones are to be borne, and the next one cuts.",
                "Cut if bad > patience.", cut_with(enough=lambda bad, patience: bad >= patience)),
        Mistake("You are one metric too late.", "Cut if bad > patience, with this metric counted.",
                cut_with(enough=lambda bad, patience: bad > patience + 1)),
        Mistake("You compare with the last metric, not with the best so far.", "Keep `best`, and change it only for a better one.",
                cut_with(last=True)),
        Mistake("Your count goes on after a cut, so the next metric cuts again.", "After a cut: bad = 0.", cut_with(keeps=True)),
        Mistake("A better metric does not set your count back.", "Better: keep it as the best, and bad = 0.", cut_with(piled=True)),
        Mistake("The rest after a cut is missing.", "For `cooldown` metrics after a cut, bad stays 0.",
                lambda metrics, lr, factor, patience, cooldown: cut(metrics, lr, factor, patience, 0)),
        Mistake("You count bad metrics during the rest, so that the cut comes as soon as it is over.",
                "While the rest lasts, set bad = 0.", cut_with(unpaused=True)),
        Mistake("Your rest is one metric too short: either it begins too small, or it is counted down at the cut itself.",
                "The second rule stands before the third: begin it at `cooldown`, and count down by one for each metric after the cut.",
                lambda metrics, lr, factor, patience, cooldown: cut(metrics, lr, factor, patience, max(cooldown - 1, 0))),
        Mistake("Your rest is one metric too long.", "Begin it at `cooldown`, and count down by one for each metric after the cut.",
                lambda metrics, lr, factor, patience, cooldown: cut(metrics, lr, factor, patience, cooldown + 1)),
        Mistake("During the rest you do not look at the metric, and miss a new best.", "The rest stops the counting, not the looking.",
                cut_with(frozen=True)),
        Mistake("An equal metric counts as better.", "Better means smaller: m < best.", cut_with(better=lambda m, best: m <= best)),
        Mistake("nan counts as better, or it is kept as the best.", "Ask `m < best`, which nan fails.",
                cut_with(better=lambda m, best: not m >= best)),
        Mistake("After a cut you forget the best metric.", "It stays: a cut must earn its keep against the old best.",
                cut_with(forgets=True)),
        Mistake("After a cut you take the metric of that step for the best.", "The best stays the smallest so far.",
                cut_with(resets=True)),
        Mistake("You divide the rate by the factor, so it grows.", "lr = lr * factor.",
                lambda metrics, lr, factor, patience, cooldown: cut(metrics, lr, 1 / factor, patience, cooldown)),
        Mistake("You subtract the factor from the rate.", "lr = lr * factor.", cut_with(subtracts=True)),
        Mistake("The first metric counts as bad: `best` begins as that metric, and nothing is below itself.",
                "Begin with best = np.inf, and the first metric is better.",
                lambda metrics, *rest: cut(metrics, *rest, start=metrics[0])),
        Mistake("You return the last rate alone.", "One rate for each metric.", lambda *inputs: cut(*inputs)[-1]),
        Mistake("You give the rate before each metric, not after it.", "First look at the metric, then note the rate.",
                cut_with(before=True)),
        Mistake("Larger counts as better: the comparison is the wrong way round.",
                "A loss: smaller is better.", cut_with(better=lambda m, best: m > best, start=-np.inf)),
        Mistake("The factor is taken off the rate, not multiplied into it.", "lr = lr * factor.",
                lambda metrics, lr, factor, patience, cooldown: cut(metrics, lr, 1 - factor, patience, cooldown)),
    ),
    success="Best, bad, rest: three numbers are its whole memory. That memory is why a plateau is no function of t.",
    onwards="which of these three numbers would a checkpoint have to hold? Look at torch's state_dict.")

# -- 07.5 -----------------------------------------------------------------------------------------------------------------------


def loop_cases(rng):
    for name, n, d, peak, batch, epochs in (("twelve people, batches of four", 12, 2, 0.2, 4, 4),
                                            ("the last batch is smaller", 14, 3, 0.15, 4, 5),
                                            ("one batch an epoch", 10, 2, 0.3, 10, 6), ("batches of one", 9, 2, 0.08, 1, 4)):
        A = np.round(rng.normal(size=(n, d)), 3)
        y = np.round(A @ rng.uniform(2, 6, d) + rng.normal(size=n), 3)
        yield Case(name, {"A": A, "y": y, "peak": peak, "batch": batch, "orders": np.array([rng.permutation(n) for _ in range(epochs)])})


def trained(A, y, peak, batch, orders, compounds=False, clock="updates", total="updates", begin=0, half=1.0, stride=False,
            by_batch=False, seen="all"):
    """The loss after each epoch; each argument after `orders` is a fault."""
    w, lr, losses, t = np.zeros(A.shape[1]), peak, [], begin
    each = -(-len(y) // batch)
    total = {"updates": len(orders) * each, "epochs": len(orders), "whole": len(orders) * (len(y) // batch),
             "all but one": len(orders) * each - 1}[total]
    for k, order in enumerate(orders):
        for j, i in enumerate(range(0, len(y), batch)):
            some = order[i : i + batch]
            now = {"updates": t, "epochs": k, "batches": j, "none": 0, "rows": total * (k * len(y) + i) / len(orders) / len(y),
                   "both": k * each + i}[clock]  # fmt: skip
            share = 1 - now / total
            lr = (lr if compounds else peak) * share
            error = A[some] @ w - y[some]
            w = w - half * lr * 2 * A[some].T @ error / (batch if by_batch else len(some))
            t += batch if stride else 1
        losses.append(np.mean(error**2 if seen == "last" else (A @ w - y) ** 2))
    return np.array(losses)


def trained_with(**faults):
    return lambda A, y, peak, batch, orders: trained(A, y, peak, batch, orders, **faults)


loop = Question(
    "07.5", "The rate that dies", "bug", points=3, difficulty=2, minutes=15, name="train", steps=True,
    objectives=("find a schedule that compounds", "tell the clock of epochs from that of updates"),
    draw=loop_cases, oracle=trained,
    mistakes=(
        Mistake("This is the training as it was given.", "Two faults, both in the rate. Print it, update by update.",
                trained_with(compounds=True, clock="epochs")),
        Mistake("The rate no longer compounds, but t counts epochs, and `total` counts updates: it hardly falls.",
                "Count t up after each update.", trained_with(clock="epochs")),
        Mistake("t counts updates now, but each factor is multiplied onto the last rate, and it dies long before the end.",
                "A schedule is a factor on the peak: lr = peak * (1 - t / total).", trained_with(compounds=True)),
        Mistake("Your rate falls once an epoch, by the share of epochs. The task is: with each update.",
                "t counts updates, and so does `total`.", trained_with(clock="epochs", total="epochs")),
        Mistake("Your t begins anew in each epoch.", "It counts all updates of the run.", trained_with(clock="batches")),
        Mistake("Your first update does not get the peak: t begins at 1, or is counted up before its use.",
                "First use t = 0, then count up.", trained_with(begin=1)),
        Mistake("The rate is the peak all the time.", "It must fall to zero with the updates.", trained_with(clock="none")),
        Mistake("You divide by total − 1, so the last update has the rate 0. It is to be zero after the last one.", "1 − t/total.",
                trained_with(total="all but one")),
        Mistake("t counts updates and `total` counts epochs: the rate is zero after one t for each epoch, and then below zero.",
                "Both count updates.", trained_with(total="epochs")),
        Mistake("t counts rows, not updates: it goes up by `batch` each time.", "t += 1.", trained_with(stride=True)),
        Mistake("You count rows, in t and in the total. Where the last batch is smaller, that is not the share of the updates.",
                "t += 1 after each update.", trained_with(clock="rows")),
        Mistake("Between epochs t counts updates, and within an epoch rows.", "t += 1 after each update.", trained_with(clock="both")),
        Mistake("You divide by `batch`, and the last batch of an epoch may be smaller.", "/ len(some), as it was given.",
                trained_with(by_batch=True)),
        Mistake("Your losses are those of the last batch, before its step.", "np.mean((A @ w - y) ** 2), as it was given.",
                trained_with(seen="last")),
        Mistake("Your total forgets the last, smaller batch of each epoch.", "There are −(−n // batch) updates in an epoch.",
                trained_with(total="whole")),
        Mistake("The 2 of the slope is lost, so every step is half as long as it should be.", "The slope of e² is 2e.",
                trained_with(half=0.5)),
    ),
    success="The factor belongs on the peak, and t must count what `total` counts.",
    onwards="write it with LambdaLR and mean what you write: where does scheduler.step() stand, in the inner or in the outer loop?")

# -- 07.6 -----------------------------------------------------------------------------------------------------------------------


def plan_cases(rng):
    def case(name, curvatures, sigma, e, steps):
        return Case(name, {"curvatures": np.round(curvatures, 4), "sigma": sigma, "e": e, "steps": steps})

    yield case("a wide bowl, 200 steps", np.geomspace(0.01, 1, 6), 1.0, round(rng.uniform(60, 140), 1), 200)
    yield case("more noise, 150 steps", np.geomspace(0.05, 2, 5), 3.0, 100.0, 150)
    yield case("few steps", np.geomspace(0.02, 1, 4), 1.0, round(rng.uniform(20, 60), 1), 60)
    yield case("a curved bowl", np.sort(rng.uniform(0.5, 10, 5)), 2.0, 50.0, 120)


def left_by(rates, curvatures, sigma, e):
    """The expected loss in the end, of one row of rates or of a column each, (steps, schedules)."""
    rates, curvatures = np.asarray(rates, dtype=float), np.asarray(curvatures, dtype=float)
    e = np.full((*rates.shape[1:], len(curvatures)), float(e))
    with np.errstate(all="ignore"):
        for lr in rates:
            e = (1 - lr[..., None] * curvatures) ** 2 * e + (lr[..., None] * sigma) ** 2
        return e @ curvatures / 2


def peaked(shape, curvatures, sigma, e, steps, count=120):
    """The rates of a shape at the best of `count` peaks below 2/L."""
    rates = np.outer(shape(np.arange(steps)), np.geomspace(0.003, 1, count) * 1.999 / np.max(curvatures))
    return rates[:, left_by(rates, curvatures, sigma, e).argmin()]


def tuned_line(curvatures, sigma, e, steps):
    return peaked(polynomial(steps), curvatures, sigma, e, steps)


def tuned_constant(curvatures, sigma, e, steps):
    return peaked(lambda t: np.ones(len(t)), curvatures, sigma, e, steps)


def near_a_tuned_line(value, inputs, hidden):
    """The rates leave at most 2 % more than a straight line to zero at its best peak."""
    bowl = {name: inputs[name] for name in ("curvatures", "sigma", "e")}
    if np.shape(value) != (inputs["steps"],):
        return f"{inputs['steps']} rates are expected, an array of shape ({inputs['steps']},); yours has the shape {np.shape(value)}."
    left = left_by(value, **bowl)
    goal = 1.02 * left_by(tuned_line(**inputs), **bowl)
    if left <= goal:
        return ""
    constant = left_by(tuned_constant(**inputs), **bowl)
    said = f"Your rates leave {left:.3g}; the goal is {goal:.3g}, and the best constant rate leaves {constant:.3g}."
    factors = np.geomspace(0.01, 100, 161)
    scaled = left_by(np.outer(value, factors), **bowl)
    if not np.isfinite(scaled).any():
        return said
    if np.nanmin(scaled) <= goal:
        return said + f" The shape is good enough: {factors[np.nanargmin(scaled)]:.2g} times these rates reach the goal."
    if np.ptp(value) == 0:
        return said + " Your rates are all equal, and no constant rate gets there."
    return said + f" At its best peak this shape leaves {np.nanmin(scaled):.3g}: choose another shape."


def line_from(peak):
    return lambda curvatures, sigma, e, steps: peak(np.asarray(curvatures)) * polynomial(steps)(np.arange(steps))


def one_over_t(curvature):
    def rates(curvatures, sigma, e, steps):
        c = curvature(np.asarray(curvatures))
        return 1 / (c * (np.arange(1, steps + 1) + sigma**2 / (c**2 * e)))

    return rates


plan = Question(
    "07.6", "Any schedule you like", "target", points=3, difficulty=3, minutes=20, name="plan",
    objectives=("judge a schedule before a single step is taken", "tune a peak by a formula, not by runs"),
    draw=plan_cases, proof=near_a_tuned_line, limit=10.0,
    mistakes=(
        Mistake("Your rate is constant, at its best for this bowl and this length. No constant rate reaches the goal.",
                "Let it fall to zero, and tune the peak of that.", tuned_constant),
        Mistake("A line to zero, and its peak is 1/L whatever the noise.", "Try some hundred peaks: the recursion judges each at once.",
                line_from(lambda c: 1 / c.max())),
        Mistake("A line to zero, from just below 2/L: in much noise that is too high a peak.",
                "Try some hundred peaks: the recursion judges each at once.", line_from(lambda c: 1.99 / c.max())),
        Mistake("This is 1/(λ(t + r)) of the most curved direction. The flat ones do not arrive.",
                "One λ does not serve several. Take a shape that falls to zero at the end, and tune its peak.", one_over_t(np.max)),
        Mistake("This is 1/(λ(t + r)) of the flattest direction: its first rates are beyond 2/L, and the curved ones explode.",
                "No rate above 2/L for long.", one_over_t(np.min)),
        Mistake("This is 1/(λ(t + r)) of an average curvature.", "One λ does not serve several.", one_over_t(np.mean)),
        Mistake("The best constant rate without noise, 2/(L + μ), ends on a high floor.", "Noise asks for a rate that falls.",
                lambda curvatures, sigma, e, steps: np.full(steps, 2 / (np.max(curvatures) + np.min(curvatures)))),
        Mistake("Your line falls to zero, and its peak is the best constant rate: a rate that falls bears a higher one.",
                "Tune the peak of the schedule itself.", lambda curvatures, sigma, e, steps: tuned_constant(
                    curvatures, sigma, e, steps)[0] * polynomial(steps)(np.arange(steps))),
    ),
    success="No run was needed: e ← (1 − ηλ)²e + η²σ² judges a schedule in advance, and a line with a tuned peak is near the best.",
    onwards="descend on the rates themselves, as the chapter did. How far below the goal do you come?")

# -- 07.7 -----------------------------------------------------------------------------------------------------------------------

three_plans = Manual(
    "07.7", "Three plans, two hundred steps before the end", difficulty=2, minutes=10, name="advice", words=150,
    objectives=("compare runs whose rates differ", "choose a plan for a run of unknown length"),
    rubric=(("says why the gap at step 800 is mostly the floors of the present rates and not how far B is ahead", 1),
            ("explains C's fall after step 800, and that it was not learnt there", 1),
            ("says what would have made the runs comparable at step 800: an average of the weights, or a decay branched off", 1),
            ("proposes a plan for the case that the length is not known, and names its price", 1)))

QUESTIONS = (plateau, loop, plan)
MANUAL = (three_plans,)
