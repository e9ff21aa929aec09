"""The questions of chapter 17 on many workers: a ring, eight numbers, feedback, a broken loop (17.1 to 17.4)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 17.1 -----------------------------------------------------------------------------------------------------------------------


def ring_cases(rng):
    def case(name, workers, length):
        return Case(name, {"parts": np.round(rng.normal(size=(workers, workers, length)), 2)})

    yield case("three workers, pieces of two", 3, 2)
    yield case("four workers, pieces of one", 4, 1)
    yield case("five workers", 5, 3)
    yield case("two workers", 2, 4)
    yield case("seven workers", 7, 1)


def around(parts, first=0, forward=1, add=True, send="held", rounds=-1, order=1, after=False, whole=False):
    """What each worker sends in each round; each argument after `parts` is a fault."""
    held = np.array(parts, dtype=float)
    K = len(held)
    start, sent = held.copy(), []
    for turn in range(K + rounds):
        piece = (np.arange(K) + first - order * turn) % K
        parcels = (start if send == "start" else held)[np.arange(K), piece]
        to = (np.arange(K) + forward) % K
        held = held.copy()
        held[to, piece] = parcels + (held[to, piece] if add else 0)
        sent.append(held[to, piece] if after else parcels)
    return held if whole else np.array(sent)


def ring_by(**faults):
    return lambda parts: around(parts, **faults)


def added_up(parts):
    """The array of who holds what after the last round, by piece."""
    return around(parts, whole=True)


ring = Question(
    "17.1", "Half a ring", "function", points=3, difficulty=2, minutes=15, name="sent",
    objectives=("write the first half of a ring all-reduce", "follow one piece on its way around"),
    draw=ring_cases, oracle=ring_by(),
    mistakes=(
        Mistake("You send each piece as it was at the start. Either what arrived is not added before the next round, or it was added "
                "to another piece, or it went to worker k − 1.", "The neighbour's sum must go on: send what is held now, to k + 1.",
                ring_by(send="start")),
        Mistake("What arrives replaces the neighbour's piece. It must be added to it.", "held[to, piece] += parcel.", ring_by(add=False)),
        Mistake("You send the same piece in each round.", "In round r worker k sends piece k − r.", ring_by(order=0)),
        Mistake("The piece goes up with the round. What arrived was the piece below.", "k − r, by the number of workers.",
                ring_by(order=-1)),
        Mistake("In the first round worker k sends piece k + 1. Asked is piece k.", "k − r, and r begins at 0.", ring_by(first=1)),
        Mistake("In the first round worker k sends piece k − 1. Asked is piece k.", "k − r, and r begins at 0.", ring_by(first=-1)),
        Mistake("These are K rounds. K − 1 make every piece whole.", "range(K − 1).", ring_by(rounds=0)),
        Mistake("These are K − 2 rounds: one is missing.", "range(K − 1).", ring_by(rounds=-2)),
        Mistake("These are the pieces after the parcel was added. Asked is the parcel itself.", "Store it before you add it.",
                ring_by(after=True)),
        Mistake("You return the finished sum.", "Asked is what each worker sends, round by round.",
                lambda parts: np.sum(parts, axis=0)),
        Mistake("You return what the workers hold at the end.", "Asked is what they send, round by round.", added_up),
        Mistake("Your parcels hold the mean of what came together, not the sum.", "Only add; the division comes at the end.",
                lambda parts: around(parts) / (np.arange(len(parts) - 1) + 1)[:, None, None]),
        Mistake("Your axes are worker, round. Asked is round, worker.", "One row of parcels for each round.",
                lambda parts: around(parts).swapaxes(0, 1)),
    ),
    success="A piece that starts at worker j visits all the others in K − 1 rounds, and ends whole at worker j − 1.",
    onwards="add the second half. After how many rounds in all does everyone hold everything, and what has each worker sent?")

# -- 17.2 -----------------------------------------------------------------------------------------------------------------------

eight_numbers = Question(
    "17.2", "Eight numbers for sixteen machines", "predict", points=4, difficulty=2, minutes=15, name="predicted",
    objectives=("count bytes and seconds of a training on many machines", "predict what fewer meetings and fewer bytes bring"),
    draw=items("ring", "step", "tiny", "share", "local", "gather", "equal", "shards"), rtol=1e-2,
    oracle={"ring": 750, "step": 0.6015, "tiny": 1.5015, "share": 0.3994, "local": 14, "gather": 120, "equal": 100, "shards": 38.5},
    mistakes=(
        Mistake("For `ring` this is the gradient itself. Each worker sends it nearly twice.", "2 (K − 1)/K times.", {"ring": 400}),
        Mistake("For `ring` this is twice the gradient. K is not endless.", "2 (K − 1)/K times.", {"ring": 800}),
        Mistake("For `ring` this is one half of the ring.", "First the sums go around, then the whole pieces.", {"ring": 375}),
        Mistake("For `ring` this is what one who collects for all would receive.", "In a ring all send alike.", {"ring": 6000}),
        Mistake("For `ring` this is what all workers send together.", "Of each.", {"ring": 12000}),
        Mistake("For `ring` this is one piece.", "It sends one in each of 2 (K − 1) rounds.", {"ring": 25}),
        Mistake("For `ring` these are bytes.", "Megabytes.", {"ring": 750e6}),
        Mistake("For `step` this is one half of the ring.", "2 (K − 1) rounds.", {"step": 0.30075}),
        Mistake("For `step` each message has the whole gradient.", "A K-th of it.", {"step": 9.6015}),
        Mistake("For `step` this is the gradient sent once.", "2 (K − 1) rounds with a K-th each.", {"step": 0.32}),
        Mistake("For `step` this is the gradient sent twice.", "2 (K − 1) rounds, not 2 K.", {"step": 0.64}),
        Mistake("For `step` these are milliseconds.", "Seconds.", {"step": 601.5}),
        Mistake("For `tiny` this is one message.", "2 (K − 1) rounds pay a latency each.", {"tiny": 0.05}),
        Mistake("For `tiny` these are K messages.", "2 (K − 1).", {"tiny": 0.8}),
        Mistake("For `tiny` this is one half of the ring.", "2 (K − 1).", {"tiny": 0.75}),
        Mistake("For `tiny` these are seconds.", "Milliseconds.", {"tiny": 0.0015}),
        Mistake("For `tiny` these are 2 K messages.", "2 (K − 1).", {"tiny": 1.6}),
        Mistake("For `share` this is the share of the talking.", "Work over the whole step.", {"share": 0.6006}),
        Mistake("For `share` you divided work by talk.", "Work over the sum of both.", {"share": 0.665}),
        Mistake("For `share` this is in per cent.", "A share lies between 0 and 1.", {"share": 39.94}),
        Mistake("For `share` you let work and talk overlap. They do not here.", "0.4 over 0.4 + talk.", {"share": 1.0}),
        Mistake("For `local` the talking then takes as long as a tenth of the work. It may take a tenth of the whole.",
                "H work ≥ 9 talk.", {"local": 16}),
        Mistake("For `local` you rounded down: with 13 steps it is just under nine tenths.", "Round up.", {"local": 13}),
        Mistake("For `local` a whole number of steps is asked.", "The least that is enough.", {"local": 13.53}),
        Mistake("For `local` this makes work and talk equal.", "Nine to one.", {"local": 2}),
        Mistake("For `local` you took nine tenths of the ratio.", "H · 0.4 ≥ 9 · talk.", {"local": 1.35}),
        Mistake("For `gather` this is the parcel. All must reach all: each worker passes on 15 of them.", "(K − 1) parcels.",
                {"gather": 8}),
        Mistake("For `gather` you let the parcels around the ring as sums. They name different places.", "(K − 1) parcels.",
                {"gather": 15}),
        Mistake("For `gather` the places are missing: each number needs one, of four bytes.", "Eight bytes an entry.", {"gather": 60}),
        Mistake("For `gather` this is one parcel, and without its places.", "(K − 1) parcels, eight bytes an entry.", {"gather": 4}),
        Mistake("For `gather` its own parcel is not one that a worker passes on again.", "(K − 1) parcels.", {"gather": 128}),
        Mistake("For `equal` the gradient passes the ring nearly twice, not once.", "(K − 1) 8 = 2 (K − 1)/K · 400.", {"equal": 50}),
        Mistake("For `equal` the places are missing.", "Eight bytes an entry.", {"equal": 200}),
        Mistake("For `shards` everything is shared out. Asked is the optimizer's part only.", "2 + 2 + 12/8 bytes.", {"shards": 14}),
        Mistake("For `shards` nothing is shared out.", "2 + 2 + 12/8 bytes.", {"shards": 112}),
        Mistake("For `shards` the gradients are shared out as well.", "2 + 2 + 12/8 bytes.", {"shards": 26.25}),
        Mistake("For `shards` the share of the optimizer is missing.", "2 + 2 + 12/8 bytes.", {"shards": 28}),
        Mistake("For `shards` this is the optimizer's share alone.", "2 + 2 + 12/8 bytes.", {"shards": 10.5}),
        Mistake("For `shards` this would be right in gibibytes.", "A gigabyte has 10⁹ bytes.", {"shards": 35.86}),
        Mistake("For `shards` this is one weight.", "Seven billion of them.", {"shards": 5.5}),
        Mistake("For `shards` you shared out Adam's two averages and kept the copy whole.", "The copy belongs to the optimizer.",
                {"shards": 63}),
    ),
    success="2 (K − 1)/K of the bytes, 2 (K − 1) latencies; sums go around a ring, lists of places do not.",
    onwards="your own network: measure an all-reduce of 4 bytes and one of 100 megabytes, and predict one of a megabyte.")

# -- 17.3 -----------------------------------------------------------------------------------------------------------------------


def feedback_cases(rng):
    def case(name, steps, workers, n, k, shift=0.0):
        g = np.round(rng.normal(size=(steps, workers, n)) * np.exp(rng.normal(size=n)) + shift, 3)
        return Case(name, {"gradients": g, "k": k})

    yield case("two workers, one entry", 6, 2, 4, 1)
    yield case("three workers, two entries", 8, 3, 6, 2)
    yield case("all below zero", 6, 2, 5, 2, shift=-4.0)
    yield case("one worker", 7, 1, 5, 1)
    yield case("all entries", 4, 3, 4, 4)
    opposed = np.tile([[-3.2, 1.0, 0.5], [3.2, 1.0, -0.25]], (7, 1, 1))  # no two are ever equal
    yield Case("two that disagree", {"gradients": opposed, "k": 1})


def largest(a, k, by=np.abs, smallest=False):
    order = np.argsort(by(a), kind="stable")
    kept = np.zeros(len(a), bool)
    kept[order[:k] if smallest else order[-k:]] = True
    return kept


def with_feedback(gradients, k, by=np.abs, add=True, rest="whole", common=False, sums=False, one=False, decay=1.0, sign=1.0,
                  smallest=False, average=False, bare=False, senders=False):
    """The means of what arrives, step by step; each argument after `k` is a fault."""
    gradients = np.array(gradients, dtype=float)
    steps, workers, n = gradients.shape
    e, out = np.zeros((workers, n)), []
    for g in gradients:
        sent = np.zeros((workers, n))
        if average:  # the mean first, compressed once
            whole = g.mean(0) + e[0]
            kept = largest(whole, k, by)
            e[0] = np.where(kept, 0, whole)
            out.append(np.where(kept, whole, 0))
            continue
        for i in range(workers):
            whole = g[i] + sign * e[0 if one else i] if add else g[i]
            kept = largest(g[i] if rest == "chosen" else whole, k, by, smallest)
            sent[i] = np.where(kept, g[i] if bare else whole, 0)
            left = {"whole": whole - sent[i], "all": whole, "fresh": np.where(kept, 0, g[i]), "sent": sent[i],
                    "gradient": g[i] - sent[i], "chosen": whole - sent[i], "more": e[i] + whole - sent[i]}[rest]
            e[0 if one else i] = decay * left
        count = np.maximum((sent != 0).sum(0), 1) if senders else 1 if sums else workers
        mean = sent.sum(0) / count
        if common:
            e = g + e - mean if common == "mean" else e
        out.append(mean)
    return np.array(out)


def fed(**faults):
    return lambda gradients, k: with_feedback(gradients, k, **faults)


feedback = Question(
    "17.3", "Nothing lost, only late", "function", points=3, difficulty=2, minutes=12, name="arrived",
    objectives=("compress gradients to their largest entries, with feedback", "give each worker a memory of its own"),
    draw=feedback_cases, oracle=fed(),
    mistakes=(
        Mistake("What was not sent is forgotten.", "Keep it, and add it to the next gradient.", fed(add=False)),
        Mistake("You take the largest numbers. A large negative one is large, too.", "By absolute value.", fed(by=np.array)),
        Mistake("You keep the gradient minus what was sent. What was kept before belongs to it.", "e = g + e − sent.",
                fed(rest="gradient")),
        Mistake("You choose the entries by the gradient alone. What was kept must have a say, or small entries still wait for ever.",
                "The largest of g + e.", fed(rest="chosen")),
        Mistake("What was kept is added twice: to the gradient, and again to the new rest.", "e = (g + e) − sent.", fed(rest="more")),
        Mistake("Your workers share one memory.", "An e for each worker.", fed(one=True)),
        Mistake("You return the sum over the workers.", "The mean.", fed(sums=True)),
        Mistake("You divide each entry by the number of workers that sent it.", "By all workers: whoever sends nothing counts as 0.",
                fed(senders=True)),
        Mistake("Of the chosen entries you send the gradient only. What was kept there must go, too.", "Send g + e.", fed(bare=True)),
        Mistake("You keep the whole sum, what was sent as well.", "e = (g + e) − sent.", fed(rest="all")),
        Mistake("You keep what was sent.", "Keep the others.", fed(rest="sent")),
        Mistake("You keep the rest of the gradient. What had been kept there before is lost.", "The rest of g + e.", fed(rest="fresh")),
        Mistake("What was kept is subtracted.", "g + e.", fed(sign=-1.0)),
        Mistake("You send the smallest entries.", "The last of np.argsort, not the first.", fed(smallest=True)),
        Mistake("You compress the mean. The mean is not known before all have sent.", "First each worker by itself.",
                fed(average=True)),
        Mistake("Each worker keeps its own sum minus the mean of what arrived. Its own parcel is what it has sent.",
                "Minus its own parcel.", fed(common="mean")),
        Mistake("You return the gradients' means, uncompressed.", "Only k entries of each worker may pass.",
                lambda gradients, k: np.mean(gradients, axis=1)),
        Mistake("What was kept fades by a tenth in each step.", "Keep all of it.", fed(decay=0.9)),
    ),
    success="What was sent and what is kept add up to what was meant, for each worker, at every step.",
    onwards="let the rate fall by half in the middle. In which units should the residual be kept: gradients, or steps?")

# -- 17.4 -----------------------------------------------------------------------------------------------------------------------


def loop_cases(rng):
    def case(name, n, d, workers, batch, lr, steps):
        A = np.round(rng.normal(size=(n, d)), 2)
        return Case(name, {"A": A, "y": np.round(A @ rng.normal(size=d) + 0.3 * rng.normal(size=n), 2), "workers": workers,
                           "batch": batch, "lr": lr, "steps": steps})  # fmt: skip

    yield case("two workers", 12, 3, 2, 3, 0.2, 6)
    yield case("three workers", 18, 3, 3, 2, 0.15, 7)
    yield case("the rows begin anew in mid-step", 13, 2, 3, 3, 0.2, 8)
    yield case("four workers, one row each", 10, 2, 4, 1, 0.1, 9)
    yield case("five workers, a low rate", 11, 3, 5, 2, 0.05, 6)


def in_step(A, y, workers, batch, lr, steps, rows="own", memory="mean", step="after", total="mean", per=0, down=-1.0, judge="all",
            kept=True):
    """Losses of AdaGrad on many workers; each argument after `steps` is a fault."""
    A, y = np.array(A, dtype=float), np.array(y, dtype=float)
    w, s = np.zeros(A.shape[1]), np.zeros(A.shape[1])
    mine = np.zeros((workers, A.shape[1]))
    judged = lambda w: np.mean((A @ w - y) ** 2) if judge == "all" else np.mean((A[:batch] @ w - y[:batch]) ** 2)
    losses = [judged(w)]
    for t in range(steps):
        found = []
        for k in range(workers):
            begin = {"own": (t * workers + k) * batch, "same": t * batch, "late": t * batch + k, "overlap": (t + k) * batch,
                     "block": t * workers * batch, "stride": (t * workers + k),
                     "shares": k * (len(y) // workers) + t * batch}[rows]  # fmt: skip
            which = (begin + np.arange(batch)) % len(y)
            a, b = A[which], y[which]
            g = 2 * a.T @ (a @ w - b) / batch
            found.append(g)
            if memory == "own":
                s = s + g**2
            elif memory == "separate":
                mine[k] = mine[k] + g**2
            if step == "within":
                w = w + down * lr * g / (np.sqrt(s) + 1e-8) / workers
        g = np.sum(found, 0) if total == "sum" else found[-1] if total == "last" else np.mean(found, 0)
        if not kept:
            s = 0 * s
        s = s + g**2 if memory == "mean" else s + np.mean(np.square(found), 0) if memory == "squares" else s
        root = np.sqrt(mine if memory == "separate" else s) + 1e-8
        move = np.mean(found / root, 0) if memory == "separate" else g / root
        if step == "after":
            w = w + down * lr * workers**per * move
        losses.append(judged(w))
    return np.array(losses)


def broken(**faults):
    return lambda A, y, workers, batch, lr, steps: in_step(A, y, workers, batch, lr, steps, **faults)


loop = Question(
    "17.4", "Many workers, no gain", "bug", points=3, difficulty=2, minutes=15, name="train",
    objectives=("find faults in a data-parallel training", "say what comes before the mean and what after"),
    draw=loop_cases, oracle=broken(),
    mistakes=(
        Mistake("These are the losses of the code as it was given, with its three faults.",
                "Which rows has worker k? Whose squares belong into s? When is w moved?",
                broken(rows="same", memory="own", step="within")),
        Mistake("One fault is found, the rows. Two are left.", "Look at s and at w.", broken(memory="own", step="within")),
        Mistake("The rows are still the same for all workers. The rest is right.", "The number of the worker must appear.",
                broken(rows="same")),
        Mistake("The rows are still the same for all, and s still sums the squares of single workers.", "Two faults are left.",
                broken(rows="same", memory="own")),
        Mistake("The memory s still sums the squares of single workers. It must see what one worker with all rows would see.",
                "First the mean, then the square.", broken(memory="own")),
        Mistake("The memory s sums the mean of the squares. The square of the mean is smaller.", "First the mean, then the square.",
                broken(memory="squares")),
        Mistake("Each worker has a memory of its own, and the steps are averaged. A step that divides must come after the mean.",
                "First the mean, then one step.", broken(memory="separate")),
        Mistake("Workers overlap: worker k has the rows of worker k − 1 in the next step.",
                "Each step uses workers · batch rows: (t · workers + k) · batch.", broken(rows="overlap")),
        Mistake("Worker k begins one row after worker k − 1. It must begin a batch later.",
                "(t · workers + k) · batch.", broken(rows="late")),
        Mistake("From step to step you move on by all rows of a step, but within a step all workers have the same.",
                "(t · workers + k) · batch.", broken(rows="block")),
        Mistake("The rows move on by single rows. They must move by whole batches.", "(t · workers + k) · batch.",
                broken(rows="stride")),
        Mistake("Each worker walks through a share of its own of the rows. Asked are the next workers · batch rows of all.",
                "(t · workers + k) · batch.", broken(rows="shares")),
        Mistake("The step is that of the last worker: the gradients of the others are lost.", "The mean over all workers, then one step.",
                broken(total="last")),
        Mistake("Your rate is multiplied by the number of workers. Asked is the training of one worker with all rows.",
                "Leave lr.", broken(per=1)),
        Mistake("You divide by the number of workers twice: in the mean, and again in the step.", "The mean has done it.",
                broken(per=-1)),
        Mistake("The first loss is missing.", "Begin with that of w = 0.",
                lambda A, y, workers, batch, lr, steps: in_step(A, y, workers, batch, lr, steps)[1:]),
        Mistake("The sign of the step is wrong.", "Against the gradient.", broken(down=1.0)),
        Mistake("The losses are those of the first rows only.", "Over all of A.", broken(judge="first")),
        Mistake("The memory begins anew in each step.", "s is made once.", broken(kept=False)),
    ),
    success="Mean first, then square, then one step: the workers together are one worker with workers · batch rows.",
    onwards="replace the mean by the sum. Why do the losses hardly change here, and with which rule would they?")

QUESTIONS = (ring, eight_numbers, feedback, loop)
