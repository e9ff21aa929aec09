"""The questions of chapter 24 on meters and choices: a counter that begins again, clean hours, small weights, a letter (24.4 to 24.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 24.4 -----------------------------------------------------------------------------------------------------------------------


def meter_cases(rng):
    for name, maximum, k, wraps in (("no new beginning", 10**9, 4, 0), ("one", 999_999, 5, 1), ("two", 999_999, 8, 2),
                                    ("at the very end", 99_999, 3, 1), ("a long pause", 65_535_999, 4, 1)):
        used = rng.integers(1, maximum // (k + 2), k - 1)
        if wraps:
            used[: wraps + 1] = rng.integers(int(0.55 * maximum), int(0.9 * maximum), wraps + 1)
        start = int(rng.integers(0, maximum // 3)) if not wraps else int(0.7 * maximum)
        if name == "a long pause":
            used[-1] = 0  # the counter stood still: nothing is counted
        readings = (start + np.concatenate([[0], np.cumsum(used)])) % (maximum + 1)
        yield Case(name, {"readings": readings.astype(np.int64), "maximum": maximum})


def measured(readings, maximum, wrap="add", more=1, unit=1e6, ends=False, drop_last=False,
             still=False):
    """The joules between the first and the last reading of a counter in microjoules; each argument after `maximum` is a fault."""
    readings, total = [int(r) for r in readings], 0
    pairs = list(zip(readings, readings[1:]))
    if ends:
        pairs = [(readings[0], readings[-1])]
    for before, after in pairs[: -1 if drop_last else None]:
        step = after - before
        if step < 0 or (step == 0 and still):
            step = {"add": step + maximum + more, "abs": -step, "raw": step, "skip": 0, "after": after, "max": maximum + 1,
                    "both": maximum + 1 - step}[wrap]
        total += step
    return total / unit


def read(**faults):
    return lambda readings, maximum: measured(readings, maximum, **faults)


a_counter = Question(
    "24.4", "A counter that begins again", "bug", points=2, difficulty=2, minutes=11, name="joules",
    objectives=("turn a counter's readings into energy",),
    draw=meter_cases, oracle=measured, rtol=1e-9,
    mistakes=(
        Mistake("This is the code as it was given, with both faults.", "What does a counter read after its maximum? What is µ?",
                read(wrap="abs", unit=1e3)),
        Mistake("One fault is found, the unit. A fall of the counter is still taken for energy.", "It has begun again at zero.",
                read(wrap="abs")),
        Mistake("One fault is found. A microjoule is a millionth.", "1e6 of them are a joule.", read(unit=1e3)),
        Mistake("After its maximum the counter reads 0, and that is one more count.", "Add maximum + 1.", read(more=0)),
        Mistake("Either a negative difference is added as it is, or you take the last reading less the first. That is the same sum.",
                "Reading by reading: add maximum + 1 to what is negative.", read(wrap="raw")),
        Mistake("You add maximum + 1 to the size of the fall. It has to be taken away: the difference is negative.",
                "after − before + maximum + 1.", read(wrap="both")),
        Mistake("A counter that stood still has not begun again.", "Add maximum + 1 only below zero.", read(still=True)),
        Mistake("You return millijoules less one count: neither the unit nor the count after the maximum is right.",
                "1e6 of them are a joule, and the turn is maximum + 1.", read(more=0, unit=1e3)),
        Mistake("You leave out the stretch in which it began again.", "It used energy there, too.", read(wrap="skip")),
        Mistake("You count from zero after the new beginning, and lose what was used before it.", "Add maximum + 1 to the difference.",
                read(wrap="after")),
        Mistake("You count a whole turn where it began again.", "after − before + maximum + 1.", read(wrap="max")),
        Mistake("You take the first and the last reading only. It may have begun again in between.", "Reading by reading.",
                read(ends=True)),
        Mistake("The last stretch is missing.", "zip(readings, readings[1:]).", read(drop_last=True)),
        Mistake("You return microjoules.", "Divide by a million.", read(unit=1.0)),
    ),
    success="A negative difference has gone through zero once: add one more than the maximum; a million of its counts are a joule.",
    onwards="at 60 W and a maximum of 262 kJ, how often must you read so that no turn is missed?")

# -- 24.5 -----------------------------------------------------------------------------------------------------------------------


def day_cases(rng):
    for name, n, need, restart in (("one dip", 12, 4, 40), ("two dips", 16, 5, 30), ("dear to start", 16, 6, 400),
                                   ("free to start", 14, 5, 0), ("noisy", 18, 7, 60)):
        t = np.arange(n)
        base = {"two dips": 350 - 150 * np.cos(4 * np.pi * t / n), "noisy": 300 + 0 * t}.get(name, 350 - 150 * np.sin(np.pi * t / n))
        grams = np.round(base + rng.uniform(-60, 60, n) * (2 if name in ("noisy", "free to start") else 1)).astype(int)
        yield Case(name, {"grams": grams, "need": need, "restart": restart})
    grams = 400 + rng.integers(-5, 6, 18)
    grams[[2, 3, 4, 9, 10, 11]] -= 300
    grams[[0, 6, 14, 16]] -= 305  # single clean hours, not worth a start
    yield Case("single hours and two dips", {"grams": grams, "need": 6, "restart": 90})


def total(hours, grams, restart):
    chosen = set(hours)
    return sum(grams[h] for h in chosen) + restart * sum(h - 1 not in chosen for h in chosen)


def least(grams, need, restart):
    """The hours with the lowest total, by going through the day once: (total, hours) for each number used, and whether the last ran."""
    best = {(0, False): (0, ())}
    for h, g in enumerate(grams):
        new = {}
        for (used, ran), (cost, hours) in best.items():
            for key, value in (((used, False), (cost, hours)), ((used + 1, True), (cost + g + (0 if ran else restart), (*hours, h)))):
                if key[0] <= need and (key not in new or value < new[key]):
                    new[key] = value
        best = new
    return min(best[key] for key in best if key[0] == need)


def clean(value, inputs, hidden):
    grams, need, restart = [int(g) for g in inputs["grams"]], inputs["need"], inputs["restart"]
    hours = np.array(value, dtype=float).ravel()
    if len(hours) != need or len(set(hours)) != need or not all(h == int(h) and 0 <= h < len(grams) for h in hours):
        return f"Give {need} different hours, from 0 to {len(grams) - 1}."
    found, best = total([int(h) for h in hours], grams, restart), least(grams, need, restart)[0]
    return "" if found <= best else f"This plan emits {found} g; there is one with {best} g."


def cheapest(grams, need, restart):
    return sorted(np.argsort(grams, kind="stable")[:need].tolist())


def window(grams, need, restart):
    sums = [sum(grams[k : k + need]) for k in range(len(grams) - need + 1)]
    return list(range(int(np.argmin(sums)), int(np.argmin(sums)) + need))


def better(grams, need, restart):
    return min((cheapest(grams, need, restart), window(grams, need, restart)), key=lambda hours: total(hours, list(grams), restart))


def greedy(grams, need, restart):
    found = []
    for _ in range(need):
        rest = [h for h in range(len(grams)) if h not in found]
        found.append(min(rest, key=lambda h: grams[h] + (0 if h - 1 in found or h + 1 in found else restart)))
    return sorted(found)


clean_hours = Question(
    "24.5", "When the grid is clean", "target", points=4, difficulty=3, minutes=18, name="plan",
    objectives=("plan a training that can be interrupted", "weigh clean hours against new starts"),
    draw=day_cases, proof=clean,
    mistakes=(
        Mistake("These are the cleanest hours, one by one. What do their new starts cost?", "Go through the day and keep what ran before.",
                cheapest),
        Mistake("This is the cleanest stretch without a pause. Sometimes a pause pays.", "Go through the day and keep what ran before.",
                window),
        Mistake("You take the better of two plans, all cheapest hours or one stretch. Some days want something in between.",
                "Go through the day and keep what ran before.", better),
        Mistake("You take the cheapest next hour each time. A pair of hours can be cheaper than any start with one.",
                "Go through the day and keep what ran before.", greedy),
        Mistake("Your hours begin at 1.", "The first is 0.",
                lambda grams, need, restart: [h + 1 for h in least([int(g) for g in grams], need, restart)[1]]),
        Mistake("You begin at once.", "Later hours may be cleaner.", lambda grams, need, restart: list(range(need))),
        Mistake("You take the last hours.", "Earlier ones may be cleaner.",
                lambda grams, need, restart: list(range(len(grams) - need, len(grams)))),
        Mistake("These are the dirtiest hours.", "The fewest grams.", lambda grams, need, restart: np.argsort(grams)[-need:].tolist()),
        Mistake("One hour is missing.", "Give `need` hours.",
                lambda grams, need, restart: list(least([int(g) for g in grams], need, restart)[1])[1:]),
        Mistake("You return the grams, not the hours.", "Numbers of hours, from 0.",
                lambda grams, need, restart: sorted(int(g) for g in grams)[:need]),
    ),
    success="Two numbers remember the day so far, hours used and whether the last one ran: the best plan is found in one pass.",
    onwards="the forecast is wrong by 10 per cent. When would you plan anew?")

# -- 24.6 -----------------------------------------------------------------------------------------------------------------------


def weights_cases(rng):
    for name, shapes, share, spread in (("alike", ((3, 4), (4, 2)), 0.5, (1, 1)), ("one much larger", ((2, 3), (3, 3)), 0.6, (0.1, 3)),
                                        ("a narrow one", ((5, 3), (3, 1)), 0.4, (1, 1)), ("none goes", ((2, 2), (2, 3)), 0.0, (1, 1)),
                                        ("nearly all", ((4, 4), (4, 3)), 0.9, (1, 0.5)),
                                        ("rounded up", ((3, 3), (2, 4)), 0.4, (1, 1))):
        a, b = (np.round(c * rng.normal(size=shape), 4) for shape, c in zip(shapes, spread))
        yield Case(name, {"a": a, "b": b, "share": share})


def masks(a, b, share, size=np.abs, each=False, keep=False, count=round, largest=False, values=False, rows=False):
    """Masks of two layers without the smallest share of all weights; each argument after `share` is a fault."""
    weights = [np.array(w, dtype=float) for w in (a, b)]
    share = 1 - share if keep else share

    def cut(sizes, n):
        order = np.argsort(-sizes if largest else sizes, kind="stable")
        mask = np.ones(len(sizes))
        mask[order[:n]] = 0
        return mask

    if each or rows:
        found = [np.concatenate([cut(size(part), count(share * part.size)) for part in (w if rows else [w.ravel()])]).reshape(w.shape)
                 for w in weights]  # fmt: skip
    else:
        flat = np.concatenate([size(w).ravel() for w in weights])
        parts = np.split(cut(flat, count(share * len(flat))), np.cumsum([w.size for w in weights])[:-1])
        found = [part.reshape(w.shape) for part, w in zip(parts, weights)]
    return [m * w for m, w in zip(found, weights)] if values else found


def by_rank(a, b, share):
    order = np.argsort(np.abs(np.concatenate([np.ravel(a), np.ravel(b)])), kind="stable")
    mask = (order >= round(share * len(order))).astype(float)
    return [mask[: np.size(a)].reshape(np.shape(a)), mask[np.size(a) :].reshape(np.shape(b))]


def cutting(**faults):
    return lambda a, b, share: masks(a, b, share, **faults)


the_smallest = Question(
    "24.6", "The smallest of all", "function", points=3, difficulty=2, minutes=13, name="masks",
    objectives=("prune by size over all layers at once",),
    draw=weights_cases, oracle=masks,
    mistakes=(
        Mistake("You cut the share in each layer by itself. Asked are the smallest of all.", "Put all sizes into one list first.",
                cutting(each=True)),
        Mistake("You cut the share in each row.", "Put all sizes into one list first.", cutting(rows=True)),
        Mistake("You compare the weights with their signs: the most negative ones go first.", "np.abs.", cutting(size=lambda w: w)),
        Mistake("The largest weights go.", "The smallest.", cutting(largest=True)),
        Mistake("The share is what stays, with you. It is what goes.", "A share of 0.9 leaves a tenth.", cutting(keep=True)),
        Mistake("You return the weights that are left. Asked are masks of 0 and 1.", "Zeros and ones.", cutting(values=True)),
        Mistake("Zeros and ones have changed places.", "1 stays.", lambda a, b, share: [1 - m for m in masks(a, b, share)]),
        Mistake("A share of 0 takes one weight away with you.", "Cut round(share · N) weights, which may be none.",
                lambda a, b, share: masks(a, b, max(share, 1 / (np.size(a) + np.size(b))))),
        Mistake("One weight too many goes.", "Exactly round(share · N).", cutting(count=lambda x: round(x) + (x > 0))),
        Mistake("One weight too few goes.", "Exactly round(share · N).", cutting(count=lambda x: max(round(x) - 1, 0))),
        Mistake("You round the number of zeros down.", "Exactly round(share · N).", cutting(count=int)),
        Mistake("You round the number of zeros up.", "Exactly round(share · N).", cutting(count=lambda x: int(np.ceil(x)))),
        Mistake("You compare the sizes with the share. It counts weights, it does not measure them.", "Sort the sizes first.",
                lambda a, b, share: [(np.abs(w) > share).astype(float) for w in (a, b)]),
        Mistake("np.argsort gives places, not ranks: its k-th number says where the k-th smallest is.", "mask[places[:n]] = 0.", by_rank),
        Mistake("Nothing is cut.", "Exactly round(share · N) zeros.", lambda a, b, share: masks(a, b, 0.0)),
    ),
    success="One list of all sizes decides, so layers that can spare much give much.",
    onwards="a layer loses all of its weights. What does the network answer then, and how would you forbid it?")

# -- 24.7 -----------------------------------------------------------------------------------------------------------------------

a_label = Manual(
    "24.7", "A green label", difficulty=2, minutes=10, name="letter", words=180,
    objectives=("judge a claim about energy", "say what would have to be measured"),
    rubric=(("asks how the joules were found: a meter, or an estimate, with which watts", 1),
            ("asks for the accuracy beside the energy, and for the same accuracy of the rival", 1),
            ("counts the tuning, the search and the failed runs, not the last training alone", 1),
            ("names one measure that saves for certain, such as stopping early, fewer bits or weights, clean hours, with a number", 1)))

QUESTIONS = (a_counter, clean_hours, the_smallest)
MANUAL = (a_label,)
