"""The questions of chapter 17 on plans: workers and meetings for a deadline, the largest rate of a late walker, a review (17.5 to 17.7)."""

import math

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 17.5 -----------------------------------------------------------------------------------------------------------------------

MOST = 64  # workers, and local steps, at most


def seconds_of(workers, local, steps, critical, drift, work, latency, wire, first=1, rounds=2):
    """Seconds of a training: local steps that more workers shorten and fewer meetings lengthen, and a ring at each meeting."""
    needed = steps * (1 + critical / workers) * (1 + drift * (local - first))
    meeting = rounds * (workers - 1) * (latency + wire / workers)
    return needed * (work + meeting / local)


MODEL = ("steps", "critical", "drift", "work", "latency", "wire")
GRID = np.arange(1, MOST + 1)


def all_plans(given, **changes):
    """Seconds of each plan, (workers, local steps), the first row and column for 1; changes: numbers of a wrong model."""
    return seconds_of(GRID[:, None], GRID[None, :], **{name: given[name] for name in MODEL} | changes)


def choose(allowed=None, machine=False, limit=True, **changes):
    """The best plan of a wrong model, over a part of the plans, without the limit, or by machine seconds."""

    def plan(given):
        seconds = all_plans(given, **changes)
        machines = GRID[:, None] * seconds
        out = (machines > given["budget"]) if limit else np.zeros_like(seconds, bool)
        if allowed is not None:
            out = out | ~allowed
        if out.all():
            return 1, 1
        best = np.where(out, np.inf, machines if machine else seconds).argmin()
        return int(best // MOST + 1), int(best % MOST + 1)

    return plan


VARIANTS = (choose((GRID == 1)[None, :] & (GRID > 0)[:, None]), choose(latency=0.0, wire=0.0), choose(drift=0.0), choose(critical=0.0),
            choose(latency=0.0), lambda given: (MOST, MOST), choose(limit=False), lambda given: choose()(given)[::-1])  # fmt: skip


def deadline_cases(rng):
    kinds = {"a slow network": (0.02, 0.5, 0.004), "a fast network": (0.003, 0.1, 0.02), "a drift that hurts": (0.01, 0.3, 0.1),
             "a small budget": (0.01, 0.3, 0.01), "much to send": (0.003, 1.5, 0.02)}  # fmt: skip
    for name, (latency, wire, drift) in kinds.items():
        while True:
            rough = lambda value: float(f"{value * rng.uniform(0.8, 1.2):.2g}")
            given = {"steps": int(rng.integers(50, 200) * 10), "critical": rough(20), "drift": rough(drift), "work": rough(0.25),
                     "latency": rough(latency), "wire": rough(wire)}  # fmt: skip
            free = choose(limit=False)(given | {"budget": np.inf})
            most = free[0] * all_plans(given)[free[0] - 1, free[1] - 1]
            given["budget"] = float(f"{(0.6 if name == 'a small budget' else 0.85) * most:.3g}")
            best = choose()(given)
            if best[0] > 1 and best[0] != best[1] and all(variant(given) != best for variant in VARIANTS):
                break
        yield Case(name, given)
    yield Case("all the machines there are", {"steps": int(rng.integers(50, 200) * 10), "critical": 400.0, "drift": 0.0001, "work": 0.2,
                                              "latency": 0.02, "wire": 0.5, "budget": 1e9})  # fmt: skip


def in_time(value, inputs, hidden):
    try:
        workers, local = (float(v) for v in value)
    except (TypeError, ValueError):
        return "Give two whole numbers: the workers and the local steps."
    if not (math.isfinite(workers) and math.isfinite(local)) or workers % 1 or local % 1:
        return "Give two whole numbers: the workers and the local steps."
    if not (1 <= workers <= MOST and 1 <= local <= MOST):
        return f"Workers and local steps go from 1 to {MOST}."
    seconds = all_plans(inputs)
    took = seconds[int(workers) - 1, int(local) - 1]
    if workers * took > inputs["budget"]:
        return f"{workers:.0f} workers for {took:.0f} s are {workers * took:.0f} machine seconds, and {inputs['budget']:.0f} are there."
    best = choose()(inputs)
    least = seconds[best[0] - 1, best[1] - 1]
    return "" if took <= least * (1 + 1e-9) else f"It takes {took:.1f} seconds, and {least:.1f} are possible."


def answers(variant):
    def plan(steps, critical, drift, work, latency, wire, budget):
        return variant({"steps": steps, "critical": critical, "drift": drift, "work": work, "latency": latency, "wire": wire,
                        "budget": budget})  # fmt: skip

    return plan


deadline = Question(
    "17.5", "As soon as the budget allows", "target", points=3, difficulty=3, minutes=15, name="plan",
    objectives=("choose workers and meetings together", "keep a budget of machine seconds"),
    draw=deadline_cases, proof=in_time,
    mistakes=(
        Mistake("You meet after every step. Either you tried no other H, or you count N meetings in place of N/H.",
                "Try every H from 1 to 64, with N/H meetings.",
                answers(VARIANTS[0])),
        Mistake("You planned as if talking took no time.", "A meeting costs 2 (K − 1) messages.", answers(VARIANTS[1])),
        Mistake("You planned as if fewer meetings cost no steps.", "Times 1 + drift · (H − 1).", answers(VARIANTS[2])),
        Mistake("One worker and one step: either your plan needs the fewest machine seconds, or in it more workers shorten nothing.",
                "The budget is a limit, not the aim; and the steps are times 1 + critical/K.", answers(VARIANTS[3])),
        Mistake("You left the latency out.", "Each of the 2 (K − 1) messages pays it.", answers(VARIANTS[4])),
        Mistake("You left the wire out.", "Each of the 2 (K − 1) messages pays wire/K, too.", answers(choose(wire=0.0))),
        Mistake("Your drift is that of H steps. With H = 1 there is none.", "Times 1 + drift · (H − 1).", answers(choose(first=0))),
        Mistake("Your meetings have K − 1 messages: one half of the ring.", "2 (K − 1).", answers(choose(rounds=1))),
        Mistake("Both numbers are one too low: these are places in the table, counted from 0.", "The first row is K = 1.",
                answers(lambda given: tuple(n - 1 for n in choose()(given)))),
        Mistake("You return 64 and 64.", "Try all pairs.", answers(VARIANTS[5])),
        Mistake("You left the budget out.", "Workers times seconds must not exceed it.", answers(VARIANTS[6])),
        Mistake("You return the local steps first.", "The workers, then the local steps.", answers(VARIANTS[7])),
    ),
    success="Workers and meetings belong together: whoever talks less can use more hands.",
    onwards="which of the five numbers would you pay for to have halved? Compute it for each case.")

# -- 17.6 -----------------------------------------------------------------------------------------------------------------------


def late_cases(rng):
    def case(name, curvature, delay, momentum):
        return Case(name, {"curvature": float(np.round(curvature * rng.uniform(0.9, 1.1), 3)), "delay": delay, "momentum": momentum})

    yield case("on time, with momentum", 2.0, 0, 0.9)
    yield case("one step late, none", 5.0, 1, 0.0)
    yield case("one step late, with momentum", 1.0, 1, 0.5)
    yield case("three late", 10.0, 3, 0.9)
    yield case("seven late", 0.5, 7, float(np.round(rng.uniform(0.6, 0.85), 2)))
    yield case("four late, a little momentum", 3.0, 4, 0.3)


def slowest(rate, delay, momentum):
    """The largest modulus of z with z^(τ+2) − (1 + β) z^(τ+1) + β z^τ + ηλ z = 0."""
    p = np.zeros(delay + 3)
    p[:3] = 1, -(1 + momentum), momentum
    p[-2] += rate
    return np.abs(np.roots(p)).max()


def real(rate, delay, momentum):
    """A fault: the largest real part."""
    p = np.zeros(delay + 3)
    p[:3] = 1, -(1 + momentum), momentum
    p[-2] += rate
    return np.roots(p).real.max()


def of_polynomial(momenta=lambda b: (-(1 + b), b), share=lambda b: 1.0, down=1.0):
    """The modulus that is looked at, of a polynomial with a fault: its terms in β, the factor of ηλ and its sign."""

    def found(rate, delay, momentum):
        p = np.zeros(delay + 3)
        p[:3] = 1, *momenta(momentum)
        p[-2] += down * rate * share(momentum)
        return np.abs(np.roots(p)).max()

    return found


def limit(curvature, delay, momentum, extra=0, sign=1.0, unit=True, size=slowest):
    low, high = 0.0, 4.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if size(middle, delay + extra, sign * momentum) < 1 else (low, middle)
    return low / curvature if unit else low


def late_by(**faults):
    return lambda curvature, delay, momentum: limit(curvature, delay, momentum, **faults)


late = Question(
    "17.6", "Late, with momentum", "function", points=3, difficulty=3, minutes=15, name="largest_rate", rtol=1e-3,
    objectives=("turn a rule with delay and momentum into a polynomial", "find where its largest root leaves the circle"),
    draw=late_cases, oracle=late_by(),
    mistakes=(
        Mistake("This is the chapter's formula, which has no momentum.", "Momentum adds a term to the polynomial.",
                lambda curvature, delay, momentum: 2 * math.sin(math.pi / (2 * (2 * delay + 1))) / curvature),
        Mistake("This is the chapter's formula times 1 + β, which is right without delay only.",
                "Look for the root that leaves the circle.",
                lambda curvature, delay, momentum: 2 * math.sin(math.pi / (2 * (2 * delay + 1))) * (1 + momentum) / curvature),
        Mistake("This is the chapter's formula times 1 − β. It is near for long delays only.", "Look for the root that leaves the circle.",
                lambda curvature, delay, momentum: 2 * math.sin(math.pi / (2 * (2 * delay + 1))) * (1 - momentum) / curvature),
        Mistake("This is the limit without delay.", "The gradient is from x of τ steps before.",
                lambda curvature, delay, momentum: 2 * (1 + momentum) / curvature),
        Mistake("This is 2 over the curvature: neither delay nor momentum.", "Look for the root that leaves the circle.",
                lambda curvature, delay, momentum: 2 / curvature),
        Mistake("The curvature is left out.", "The polynomial holds the product ηλ.", late_by(unit=False)),
        Mistake("You multiply by the curvature.", "The polynomial holds the product ηλ.",
                lambda curvature, delay, momentum: limit(curvature, delay, momentum) * curvature**2),
        Mistake("Your delay is one step longer.", "With τ = 0 the gradient is that of now.", late_by(extra=1)),
        Mistake("The sign of β is wrong in your polynomial.", "z² − (1 + β) z + β, times z^τ, plus ηλ z.", late_by(sign=-1.0)),
        Mistake("You look at the largest real part. A root may leave the circle anywhere.", "np.abs of the roots.", late_by(size=real)),
        Mistake("Right but for τ = 0, where two terms have the same power, and one has taken the place of the other.",
                "Add the coefficients.",
                lambda curvature, delay, momentum: limit(curvature, delay, momentum) if delay else limit(
                    curvature, 0, momentum, size=lambda rate, delay, momentum: np.abs(np.roots([1, rate, momentum])).max())),
        Mistake("Your limit is 0: either the sign of ηλ is wrong in your polynomial, or its coefficients stand the other way round.",
                "z^(τ+2) − (1 + β) z^(τ+1) + β z^τ + ηλ z.", late_by(size=of_polynomial(down=-1.0))),
        Mistake("The term βz^τ is missing in your polynomial.", "The momentum holds x of two steps: now and before.",
                late_by(size=of_polynomial(momenta=lambda b: (-(1 + b), 0.0)))),
        Mistake("The sign of β is wrong in one of its two terms.", "z² − (1 + β) z + β, times z^τ, plus ηλ z.",
                late_by(size=of_polynomial(momenta=lambda b: (-(1 + b), -b))),
                also=(late_by(size=of_polynomial(momenta=lambda b: (-(1 - b), b))),)),
        Mistake("Your rate is multiplied by 1 − β, as where momentum is an average. Here it is a sum.", "The equation has ηλ alone.",
                late_by(size=of_polynomial(share=lambda b: 1 - b))),
        Mistake("This is half of the limit.", "The largest rate, not a safe one.",
                lambda curvature, delay, momentum: 0.5 * limit(curvature, delay, momentum)),
    ),
    success="Momentum widens the limit on time, and narrows it when gradients are late.",
    onwards="for each delay, which momentum allows the largest rate? And which makes the largest root smallest?")

# -- 17.7 -----------------------------------------------------------------------------------------------------------------------

a_plan = Manual(
    "17.7", "A plan for a hundred machines", difficulty=2, minutes=10, name="review", words=150,
    objectives=("judge a plan for many machines by its bytes, seconds and steps",
                "say which small measurement would settle a doubt"),
    rubric=(("computes the ring: 2 · 0.99 of 4 gigabytes, about 8 seconds a step at 1 gigabyte a second, and 2 of work", 1),
            ("says that top-k's parcels cannot be added, so that 99 of them save nothing, or that feedback is missing", 1),
            ("says that sorted data make local steps drift to a wrong place, and what to do", 1),
            ("says that a checkpoint without the optimizer's memory or the position in the data is none, or that it must be tried", 1)))

QUESTIONS = (deadline, late)
MANUAL = (a_plan,)
