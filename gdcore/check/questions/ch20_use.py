"""The questions of chapter 20 on noise and steps: a baseline for each entry, the slope of a clip, a report (20.5 to 20.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 20.5 -----------------------------------------------------------------------------------------------------------------------


def variances(pi, r, b):
    """Of each entry of one pull's gradient, exactly; b: a baseline for each entry."""
    pi, r, b = np.array(pi), np.array(r), np.array(b)
    sample = (np.eye(len(pi)) - pi) * (r[:, None] - b)  # arm pulled × entry
    return pi @ sample**2 - (pi @ sample) ** 2


def best(pi, r, power=2, chances=True):
    pi, r = np.array(pi, dtype=float), np.array(r, dtype=float)
    weight = np.abs(np.eye(len(pi)) - pi) ** power * (pi[:, None] if chances else 1)
    return (weight * r[:, None]).sum(0) / weight.sum(0)


def arm_cases(rng):
    for name, pi in (("even chances", np.full(3, 1 / 3)), ("a favourite", [0.9, 0.06, 0.04]), ("two favourites", [0.45, 0.45, 0.05, 0.05]),
                     ("many arms", rng.dirichlet(np.ones(7))), ("a rare arm", [0.3, 0.69, 0.01])):
        pi = np.round(pi, 4)
        yield Case(name, {"pi": pi / pi.sum(), "r": np.round(rng.normal(3, 2, len(pi)), 2)})


def quiet(value, inputs, hidden):
    pi, r = inputs["pi"], inputs["r"]
    b = np.array(value, dtype=float)
    if b.shape != (len(pi),) or not np.isfinite(b).all():
        return f"Give an array of {len(pi)} finite numbers."
    got, least = variances(pi, r, b).sum(), variances(pi, r, best(pi, r)).sum()
    return "" if got <= least * (1 + 1e-6) + 1e-9 else f"The sum of the variances is {got:.6g}, and {least:.6g} is possible."


def common(pi, r):
    """The best single number: weights π |s|²."""
    pi, r = np.array(pi), np.array(r)
    weight = pi * ((np.eye(len(pi)) - pi) ** 2).sum(1)
    return weight @ r / weight.sum() * np.ones(len(pi))


baselines = Question(
    "20.5", "A baseline for each entry", "target", points=3, difficulty=2, minutes=12, name="baselines",
    objectives=("choose a baseline by its variance", "see that each entry of a gradient may have its own"),
    draw=arm_cases, proof=quiet,
    mistakes=(
        Mistake("You took the mean reward for all entries. It is right for none of them in general.", "Weigh with the squared score.",
                lambda pi, r: np.dot(pi, r) * np.ones(len(pi))),
        Mistake("You give one number, the mean reward.", "One for each entry.", lambda pi, r: float(np.dot(pi, r))),
        Mistake("There is no baseline.", "Where is the parabola of an entry lowest?", lambda pi, r: np.zeros(len(pi))),
        Mistake("That is the best number if all entries must share it.", "Each entry has a parabola of its own.", common),
        Mistake("You weigh with the score's size, not with its square.", "The variance has the square of the score.",
                lambda pi, r: best(pi, r, power=1)),
        Mistake("The chances of the arms are missing from the weights.", "It is a mean over pulls.",
                lambda pi, r: best(pi, r, chances=False)),
        Mistake("Entry k is the reward of arm k: either you returned the rewards, or you did not add over the arms that may be pulled.",
                "A weighted mean of all rewards.", lambda pi, r: np.array(r)),
        Mistake("You took the mean of the rewards without chances.", "Weigh with π and the squared score.",
                lambda pi, r: np.mean(r) * np.ones(len(pi))),
        Mistake("Rows and columns are mixed up. A row of the score is a pulled arm, a column an entry.",
                "The sum runs over the arms that may be pulled.", lambda pi, r: (np.eye(len(pi)) - pi) ** 2 @ (np.array(pi) * r)
                / ((np.eye(len(pi)) - pi) ** 2 @ np.array(pi))),
        Mistake("You give the advantages, r minus the mean. Asked is what is subtracted.", "A weighted mean of all rewards.",
                lambda pi, r: np.array(r) - np.dot(pi, r)),
        Mistake("The mean of the other arms' rewards is taken without their chances.", "Weigh them with π, too.",
                lambda pi, r: (1 - np.array(pi)) * r + np.array(pi) * (np.sum(r) - r) / (len(r) - 1)),
        Mistake("The signs are turned round: the baseline is subtracted.", "r − b.", lambda pi, r: -best(pi, r)),
        Mistake("You took the highest reward.", "Where is the parabola of an entry lowest?", lambda pi, r: np.max(r) * np.ones(len(pi))),
        Mistake("Entry k is the reward of arm k times its chance.", "A weighted mean of all rewards.",
                lambda pi, r: np.array(pi) * np.array(r)),
        Mistake("You left the entry's own arm out of the mean. Its score is the longest.", "All arms, also k itself.",
                lambda pi, r: (np.dot(pi, r) - np.array(pi) * np.array(r)) / (1 - np.array(pi))),
        Mistake("Your weights are not divided by their sum.", "A weighted mean.",
                lambda pi, r: ((np.eye(len(pi)) - np.array(pi)) ** 2 * np.array(pi)[:, None] * np.array(r)[:, None]).sum(0)),
    ),
    success="bₖ = E[sₖ² r]/E[sₖ²]: rewards of pulls with a long score in this entry weigh more. The mean of the gradient does not change.",
    onwards="simplify: show that bₖ = (1 − πₖ) rₖ + πₖ · (the mean reward of the other arms). When is it near rₖ?")

# -- 20.6 -----------------------------------------------------------------------------------------------------------------------


def clip_cases(rng):
    for name, n, c, spread in (("some beyond, some within", 8, 0.2, 0.4), ("all within", 6, 0.3, 0.1), ("a narrow clip", 10, 0.05, 0.3),
                               ("far apart", 8, 0.2, 1.0), ("a wide clip", 12, 0.5, 0.8)):
        old = np.round(rng.uniform(-3, -0.5, n), 3)
        shift = spread * rng.choice([-1, 1], n) * rng.uniform(0.3, 1.0, n)
        # one in each direction beyond the clip, with either sign of the advantage, unless all stay within
        A = np.round(rng.choice([-1, 1], n) * rng.uniform(0.3, 2, n), 2)
        if name != "all within":
            shift[:4], A[:4] = np.array([1, 1, -1, -1]) * (np.log1p(c) + 0.15 + c), np.array([1.1, -0.7, 0.9, -1.3])
            shift[:4] = shift[:4] * rng.uniform(1, 1.2, 4)
            shift[4] = np.log1p(c) + 0.5 * (c - np.log1p(c))  # beyond 1 + c, and not beyond eᶜ
            A[4] = abs(A[4])
        yield Case(name, {"new": np.round(old + shift, 5), "old": old, "A": A, "c": c})


def slope(new, old, A, c, both=False, swapped=False, inverted=False, ratio=True, sign=-1.0, mean=True, log=False, clip=True, held=False,
          high=True, low=True):
    new, old, A = (np.array(v, dtype=float) for v in (new, old, A))
    rho = np.exp(old - new) if inverted else np.exp(new - old)
    top, bottom = (np.exp(c), np.exp(-c)) if log else (1 + c, 1 - c)
    over, under = (rho > top) & high, (rho < bottom) & low
    stop = over | under if both else ((A > 0) & over) | ((A < 0) & under)
    stop = ((A < 0) & over) | ((A > 0) & under) if swapped else stop
    value = (rho if ratio else 1.0) * A
    value = np.where(stop, np.clip(rho, bottom, top) * A if held else 0.0, value) if clip else value
    return sign * value / (len(A) if mean else 1)


def slope_by(**faults):
    return lambda new, old, A, c: slope(new, old, A, c, **faults)


clipped = Question(
    "20.6", "The slope of a clipped step", "function", points=3, difficulty=2, minutes=12, name="slope",
    objectives=("find the slope of PPO's loss by hand", "say which acts it stops and which it never stops"),
    draw=clip_cases, oracle=slope_by(),
    mistakes=(
        Mistake("You stop every ratio outside of the clip. The way back must stay open.", "Which of the two terms is the minimum?",
                slope_by(both=True)),
        Mistake("You stop the way back, and let the others run: minimum and maximum are swapped.", "A above 0 and a ratio above 1 + c.",
                slope_by(swapped=True)),
        Mistake("Your ratio is upside down.", "exp(new − old).", slope_by(inverted=True)),
        Mistake("The ratio is missing from the slope: the slope of ρ by log π is ρ.", "−ρA/n.", slope_by(ratio=False)),
        Mistake("The sign is that of the objective. The loss is its negative.", "The loss has a minus.", slope_by(sign=1.0)),
        Mistake("You took the sum. The loss is a mean.", "Divide by n.", slope_by(mean=False)),
        Mistake("You clip at eᶜ and e⁻ᶜ.", "At 1 + c and 1 − c.", slope_by(log=True)),
        Mistake("Nothing is clipped.", "Where the clipped term is the lower one, the slope is 0.", slope_by(clip=False)),
        Mistake("Where the clip holds you give (1 ± c)A: either as a slope, which is 0 there, or you return the loss.",
                "A constant has none.", slope_by(held=True)),
        Mistake("You clip the ratio and multiply: either this is a part of the loss, or the minimum is missing, too.",
                "Where is the slope 0, and where −ρA/n?", lambda new, old, A, c: -np.clip(
                    np.exp(np.array(new) - old), 1 - c, 1 + c) * A / len(A)),
        Mistake("Within the clip both terms are equal, and you gave 0 there.", "Is < or ≤ the question?", lambda new, old, A, c: np.where(
            slope(new, old, A, c) == 0, 0.0, np.where(np.abs(np.exp(np.array(new) - old) - 1) < c, 0.0, slope(new, old, A, c)))),
        Mistake("You stop each ratio above 1 + c, and none below: the sign of A decides.", "Which of the two terms is the minimum?",
                slope_by(both=True, low=False)),
        Mistake("You divide by the number of acts that are not stopped. The loss is a mean over all.", "Divide by n.",
                lambda new, old, A, c: slope(new, old, A, c) * len(A) / max(np.sum(slope(new, old, A, c) != 0), 1)),
        Mistake("You return the loss, one number. Asked is its slope by each entry.", "An array as long as `new`.", lambda new, old, A, c:
                -float(np.mean(np.minimum(np.exp(np.array(new) - old) * A, np.clip(np.exp(np.array(new) - old), 1 - c, 1 + c) * A)))),
        Mistake("This is the slope by the chance. Asked is that by its logarithm, `new`.", "The slope of e^(new − old) by new is itself.",
                lambda new, old, A, c: slope(new, old, A, c, ratio=False) / np.exp(np.array(old))),
        Mistake("You clip only above.", "Below 1 − c, too, where A is negative.", slope_by(low=False)),
        Mistake("You clip only below.", "Above 1 + c, too, where A is positive.", slope_by(high=False)),
    ),
    success="−ρA/n, and 0 for an act that has gone too far in the direction of its advantage.",
    onwards="at the first of the steps all ratios are 1. Which well-known gradient is it then?")

# -- 20.7 -----------------------------------------------------------------------------------------------------------------------

report = Manual(
    "20.7", "A report on a new method", difficulty=2, minutes=10, name="review", words=150,
    objectives=("judge a comparison of methods that learn from rewards", "say which run would settle a doubt"),
    rubric=(("says that three seeds are too few, or asks for ten with an interval", 1),
            ("says that the rival was not tuned: the rate of one method is not that of another", 1),
            ("says that the limit of time was taken for an end, and what that does to the critic", 1),
            ("says that the task is too easy or a control is missing, such as random search, or asks for the number of episodes", 1)))

QUESTIONS = (baselines, clipped)
MANUAL = (report,)
