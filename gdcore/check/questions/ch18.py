"""The questions of chapter 18 on rounds: one of unequal clients, eight numbers, where averages rest, a broken server (18.1 to 18.4)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items


def bowls(rng, k, d, far=1.0):
    """(curvatures k × d, lowest points k × d), rounded."""
    return np.round(rng.uniform(0.3, 4.0, (k, d)), 2), np.round(far * rng.normal(size=(k, d)) + 1.0, 2)


# -- 18.1 -----------------------------------------------------------------------------------------------------------------------


def round_cases(rng):
    def case(name, k, d, there, same=False, batch=10):
        a, c = bowls(rng, k, d)
        n = np.full(k, 30) if same else rng.permutation(np.arange(1, k + 1)) * 20 + rng.integers(0, 9, k)
        if batch > 10:
            n[there[0]] = batch - 4  # less than a batch: no step
        return Case(name, {"x": np.round(rng.normal(size=d), 2), "a": a, "c": c, "n": n, "there": sorted(there), "batch": batch, "lr": 0.1})

    yield case("all take part", 3, 2, [0, 1, 2])
    yield case("some take part", 5, 2, [1, 2, 4])
    yield case("all have as many", 4, 2, [0, 2, 3], same=True)
    yield case("one alone", 3, 3, [1])
    yield case("large batches", 5, 1, [0, 3, 4], batch=15)


def one_round(x, a, c, n, there, batch, lr, weigh="there", work="own", chain=False, last=False, gradients=False, up=False, change=False,
              sums=False, frozen=False, moves=False, twice=False):
    """The next common point; each argument after `lr` is a fault."""
    n, who = np.asarray(n), range(len(n)) if there is None else [int(i) for i in there]
    found, y = [], x
    for i in who:
        y = y if chain else x
        steps = {"own": n[i] // batch, "more": n[i] // batch + 1, "least": max(n[i] // batch, 1), "batch": batch,
                 "mean": int(n[who].mean() // batch), "same": n[who].min() // batch, "most": n[who].max() // batch, "up": -(-n[i] // batch),
                 "one": 1, "all": n[i]}[work]  # fmt: skip
        start, total = y, np.zeros(len(x))
        for _ in range(int(steps)):
            g = a[i] * ((x if frozen else y) - c[i])
            total = total + g
            y = y + lr * g if up else y - (2 if twice else 1) * lr * g
        found.append(start - lr * total / max(steps, 1) if gradients else y)
    found, own = np.array(found), n[who].astype(float)
    if last:
        return found[-1]
    share = {"there": own / own.sum(), "alike": np.ones(len(own)) / len(own), "all": own / n.sum(), "heads": np.ones(len(own)) / len(n),
             "steps": (own // batch) / (own // batch).sum(), "inverse": (1 / own) / (1 / own).sum(),
             "still": own / n.sum(), "first": n[: len(own)] / n[: len(own)].sum()}[weigh]  # fmt: skip
    at = found.sum(0) if sums else share @ found
    at = at + (1 - share.sum()) * x if weigh == "still" else x + (found - x).sum(0) if moves else at
    return at - x if change else at


def by(**faults):
    return lambda x, a, c, n, there, batch, lr: one_round(x, a, c, n, there, batch, lr, **faults)


unequal = Question(
    "18.1", "A round of unequal clients", "function", points=3, difficulty=2, minutes=10, name="one_round",
    objectives=("write a round of FedAvg", "weigh those who are there, and no others"),
    draw=round_cases, oracle=by(), rtol=1e-6,
    mistakes=(
        Mistake("All clients weigh alike, however many examples they have.", "Weights n_i over the sum of those who are there.",
                by(weigh="alike")),
        Mistake("Your weights are shares of all clients' examples. Where some are absent they do not sum to 1, and x shrinks.",
                "Divide by the examples of those who are there.", by(weigh="all")),
        Mistake("You divide by the number of all clients, and the weights are lost as well.", "n_i over the sum of those who are there.",
                by(weigh="heads")),
        Mistake("All clients are taken, also those that are absent.", "Only the numbers in `there`.",
                lambda x, a, c, n, there, batch, lr: one_round(x, a, c, n, None, batch, lr)),
        Mistake("Each client begins where the one before it ended.", "All begin at the common x.", by(chain=True)),
        Mistake("You return what the last client found.", "The weighted mean of all that are there.", by(last=True)),
        Mistake("Those who are absent are in your mean, as if they stood still at x.", "Only the examples of those who are there.",
                by(weigh="still")),
        Mistake("You add the changes up. They must be averaged.", "Each as heavy as it has examples.", by(moves=True)),
        Mistake("Each takes one step too many.", "n_i // batch steps, also if that is 0.", by(work="more")),
        Mistake("A client with less than a batch takes a step all the same.", "n_i // batch is 0: it stays at x.", by(work="least")),
        Mistake("Each takes `batch` steps.", "`batch` is the size of one batch: n_i // batch steps.", by(work="batch")),
        Mistake("All take the number of steps of the mean client.", "n_i // batch steps each.", by(work="mean")),
        Mistake("Your steps are twice as long: either the ½ is forgotten or the rate is doubled.", "The gradient is a (y − c).",
                by(twice=True)),
        Mistake("All take as many steps as the one with the fewest.", "n_i // batch steps each.", by(work="same")),
        Mistake("All take as many steps as the one with the most.", "n_i // batch steps each.", by(work="most")),
        Mistake("Each takes one step only.", "n_i // batch steps each.", by(work="one")),
        Mistake("You rounded the number of steps up.", "n_i // batch: an unfinished batch is left out.", by(work="up")),
        Mistake("You average the gradients of the way over its steps. Then a client that works longer does not come farther.",
                "Average the points that they come to.", by(gradients=True)),
        Mistake("Your clients climb: the sign of the step is wrong.", "y − lr · gradient.", by(up=True)),
        Mistake("You return the change. Asked is the new point.", "Add x.", by(change=True)),
        Mistake("You add the points up.", "The weights must sum to 1.", by(sums=True)),
        Mistake("You weigh by the number of steps. Asked is the number of examples.", "Weights n_i over their sum.", by(weigh="steps")),
        Mistake("Each takes a step for every example.", "A step for every batch: n[i] // batch.", by(work="all")),
        Mistake("Each takes all its steps with the gradient at the common point.", "That where the client is now.", by(frozen=True)),
        Mistake("Your weights are those of the first clients, not of those in `there`.", "n[there].", by(weigh="first")),
        Mistake("Your weights are upside down: who has few examples weighs most.", "n_i, not 1/n_i.", by(weigh="inverse")),
    ),
    success="Each client works as long as its data last, from the common point; those who are there share the weight 1.",
    onwards="a client with more data now takes more steps as well. Whose minimum do the averages lean to, and how would you undo it?")

# -- 18.2 -----------------------------------------------------------------------------------------------------------------------

eight_numbers = Question(
    "18.2", "Eight numbers of a federation", "predict", points=4, difficulty=2, minutes=15, name="predicted",
    objectives=("count the bytes of a federated training", "predict a place of rest, and what a crowd does to noise"),
    draw=items("all", "scaffold", "short", "client", "late", "rest", "noise", "crowd"), rtol=1e-2,
    oracle={"all": 1200, "scaffold": 2400, "short": 900, "client": 6, "late": 35, "rest": 0.7711, "noise": 0.06, "crowd": 3000},
    mistakes=(
        Mistake("For `all` you counted one way.", "Weights go there, and come back.", {"all": 600}),
        Mistake("For `all` all 200 clients take part in each round.", "A tenth of them.", {"all": 12000}),
        Mistake("For `all` either you counted numbers, not bytes, or the bytes of a number are missing.", "Four bytes each.", {"all": 300}),
        Mistake("For `all` either you counted eight bytes for a number, or two vectors each way.", "float32 has four; the weights alone.",
                {"all": 2400}),
        Mistake("For `all` all 200 clients take part, and you counted one way.", "A tenth of them, there and back.", {"all": 6000}),
        Mistake("For `all` you counted one round.", "Thirty of them.", {"all": 40}),
        Mistake("For `all` this is one client that is there in each round.", "Twenty are there.", {"all": 60}),
        Mistake("For `scaffold` either this is FedAvg, or you counted the variates one way only and forgot the weights back.",
                "Weights and variates, both ways.", {"scaffold": 1200}),
        Mistake("For `scaffold` the variates go one way only.", "The server's go there, the changes of the client's come back.",
                {"scaffold": 1800}),
        Mistake("For `scaffold` you counted four times FedAvg.", "Weights and variates, both ways: four vectors in place of two.",
                {"scaffold": 4800}),
        Mistake("For `short` both ways are short.", "Only the way back.", {"short": 600}),
        Mistake("For `short` nothing has become less.", "Half on the way back.", {"short": 1200}),
        Mistake("For `short` you counted the way back only.", "There 600, and back half of it.", {"short": 300}),
        Mistake("For `client` you counted one way.", "Three rounds, there and back.", {"client": 3}),
        Mistake("For `client` it takes part in every round.", "In a tenth of the thirty, on average.", {"client": 60}),
        Mistake("For `client` this is one round.", "Three rounds on average.", {"client": 2}),
        Mistake("For `late` you forgot that the silent ones were sent the weights.", "20 MB go out; 15 come back.", {"late": 30}),
        Mistake("For `late` all answer.", "15 come back.", {"late": 40}),
        Mistake("For `late` you counted the way back only.", "20 MB go out as well.", {"late": 15}),
        Mistake("For `late` you counted the way out only.", "15 MB come back.", {"late": 20}),
        Mistake("For `late` you let the five answer and the fifteen fall silent.", "15 come back.", {"late": 25}),
        Mistake("For `rest` this is the best point with one step, and the two have changed places.", "The one at 1 has curvature 4.",
                {"rest": 0.2}),
        Mistake("For `rest` this is the best point, where averages rest with one step.", "M = 1 − (1 − ηa)².", {"rest": 0.8}),
        Mistake("For `rest` this is the mean of the two lowest points, where averages rest after very many steps.", "M = 1 − (1 − ηa)².",
                {"rest": 0.5}),
        Mistake("For `rest` you weighed by what is left, (1 − ηa)². What counts is what was moved.", "1 minus that.",
                {"rest": 0.36 / (0.36 + 0.81)}),
        Mistake("For `rest` the two have changed places.", "The one at 1 has curvature 4.", {"rest": 0.19 / 0.83}),
        Mistake("For `rest` you took three steps or more.", "Two steps: 1 − (1 − ηa)².", {"rest": (1 - 0.6**3) / (2 - 0.6**3 - 0.9**3)}),
        Mistake("For `noise` this is the noise on the sum.", "Divided by 50.", {"noise": 3}),
        Mistake("For `noise` you divided by √50, as if each client added noise of its own.", "One noise on the sum.",
                {"noise": 3 / 50**0.5}),
        Mistake("For `noise` the clip is missing.", "z C/m.", {"noise": 0.03}),
        Mistake("For `noise` either z is missing, or you divided by it.", "z C/m.", {"noise": 0.04}),
        Mistake("For `crowd` you count as if the noise fell with the root of the number.", "It falls with the number.", {"crowd": 9e6}),
        Mistake("For `crowd` the clip is missing.", "z C/m = 0.001.", {"crowd": 1500}),
        Mistake("For `crowd` z is missing.", "z C/m = 0.001.", {"crowd": 2000}),
        Mistake("For `crowd` you took fifty times the root of 60.", "The noise falls with the number: fifty times 60.",
                {"crowd": 50 * 60**0.5}),
        Mistake("For `crowd` this is how many times the fifty.", "Times 50.", {"crowd": 60}),
    ),
    success="Vectors times rounds times those who are there; 1 − (1 − ηa)^E; z C/m, which falls with the number and not with its root.",
    onwards="your own model and your own clients: how many minutes of upload are that on a line of one megabyte a second?")

# -- 18.3 -----------------------------------------------------------------------------------------------------------------------


def rest_cases(rng):
    def case(name, k, d, mu, steps, n=None):
        a, c = bowls(rng, k, d)
        n = rng.integers(10, 90, k) if n is None else n
        return Case(name, {"a": a, "c": c, "n": n, "lr": 0.1, "mu": mu, "steps": steps})

    yield case("two clients", 2, 2, 0.5, [4, 9])
    yield case("no hold", 3, 2, 0.0, [2, 6, 12])
    yield case("as many steps", 3, 1, 1.0, [5, 5, 5])
    yield case("many steps, strong hold", 3, 2, 2.0, [40, 60, 90])
    yield case("one works hard", 4, 2, 0.3, [1, 1, 1, 30], n=np.full(4, 20))


def rest(a, c, n, lr, mu, steps, alike=False, work=None, hold=1.0, factor=True, best=False, half=False, left=False, plain=False,
         inverse=False, more=0, ended=False, early=False, again=0, seen=False, whole=False):
    """Where FedProx rests on bowls; each argument after `steps` is a fault."""
    n, E = np.asarray(n, dtype=float), np.asarray(steps) + more
    E = E if work is None else np.full(len(E), work(E))
    h = a + hold * mu
    moved = 1 - (1 - lr * (a if half else h)) ** E[:, None]
    M = np.ones_like(moved) if ended else E[:, None] * h if early else 1 - moved if left else moved
    M = M * (h / a if inverse else a / h) if factor else M
    M = a * np.ones_like(M) if best else np.ones_like(M) if plain else M
    w = ((np.ones(len(n)) if alike else n) * E.astype(float) ** again)[:, None]
    goal = a * c / h if seen else c
    return (w * M * goal).sum(0) / ((w if whole else w * M) + 0 * M).sum(0)


def at(**faults):
    return lambda a, c, n, lr, mu, steps: rest(a, c, n, lr, mu, steps, **faults)


place = Question(
    "18.3", "Where unequal work leads", "function", points=3, difficulty=3, minutes=15, name="place",
    objectives=("solve for the place where averages rest", "say what unequal work and a hold do to it"),
    draw=rest_cases, oracle=at(), rtol=1e-6,
    mistakes=(
        Mistake("This is the best point, where averages rest with one step each.", "M_i in place of a_i.", at(best=True)),
        Mistake("This is the mean of the lowest points, where averages rest after very many steps.", "Each weighs by M_i as well.",
                at(plain=True)),
        Mistake("All clients weigh alike.", "n_i · M_i.", at(alike=True)),
        Mistake("All take the mean number of steps.", "Each has its own: steps[i].", at(work=np.mean)),
        Mistake("All take the largest number of steps.", "Each has its own: steps[i].", at(work=np.max)),
        Mistake("Either all take the first client's number of steps, or all take the smallest.", "Each has its own: steps[i].",
                at(work=lambda E: E[0])),
        Mistake("You weigh by the steps once more. M has them already.", "n_i · M_i.", at(again=1)),
        Mistake("You divide each move by its number of steps: another method, FedNova.", "n_i · M_i.", at(again=-1)),
        Mistake("You put the held bowl's lowest point at a c/(a + μ), as if it were held at 0.", "It is held at x: the move is −M (x − c).",
                at(seen=True)),
        Mistake("You divide by the sum of the examples.", "The weights n_i M_i must sum to 1.", at(whole=True)),
        Mistake("You counted μ half: ½μ(y − x)² has the gradient μ(y − x).", "a + μ.", at(hold=0.5)),
        Mistake("You have one step too few.", "steps[i] of them.", at(more=-1)),
        Mistake("μ is forgotten: this is FedAvg.", "A client descends a bowl of curvature a + μ.", at(hold=0.0)),
        Mistake("The sign of μ is wrong: it pushes away.", "a + μ.", at(hold=-0.5)),
        Mistake("You counted μ twice: ½μ(y − x)² has the gradient μ(y − x).", "a + μ.", at(hold=2.0)),
        Mistake("The factor a/(a + μ) is missing. The held bowl's lowest point is not c.", "It lies a/(a + μ) of the way to c.",
                at(factor=False)),
        Mistake("Your factor is upside down.", "a/(a + μ), which is less than 1.", at(inverse=True)),
        Mistake("μ moves the lowest point, and is missing in the steps: they shrink the distance by 1 − η(a + μ).", "(1 − lr (a + μ))^E.",
                at(half=True)),
        Mistake("You weigh by what is left of the way, not by what was gone.", "1 − (1 − η(a + μ))^E.", at(left=True)),
        Mistake("You have one step too many.", "steps[i] of them.", at(more=1)),
        Mistake("Your clients work until nothing moves. They take `steps` steps each.", "Times 1 − (1 − η(a + μ))^E.", at(ended=True)),
        Mistake("You took E η(a + μ) for 1 − (1 − η(a + μ))^E. That holds for few small steps only.", "The power itself.", at(early=True)),
    ),
    success="Each weighs n a/(a + μ) (1 − (1 − η(a + μ))^E): who works longer is heard more, and μ makes that nearly a/μ for all.",
    onwards="FedNova (Wang et al. 2020, arXiv:2007.07481) divides each change by its own number of steps. Where does that rest?")

# -- 18.4 -----------------------------------------------------------------------------------------------------------------------


def server_cases(rng):
    def case(name, k, d, present, beta=0.8, server_lr=0.5, steps=3):
        a, c = bowls(rng, k, d)
        n = rng.permutation(np.arange(1, k + 1)) * 10
        return Case(name, {"a": a, "c": c, "n": n, "lr": 0.1, "steps": steps, "server_lr": server_lr, "beta": beta, "present": present})

    yield case("all are there", 3, 2, [[1, 1, 1]] * 6)
    yield case("some are there", 3, 2, [[1, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 0], [1, 1, 1]])
    yield case("a round without anybody", 3, 1, [[1, 1, 1], [1, 0, 1], [0, 0, 0], [0, 1, 1], [1, 1, 0]])
    yield case("no momentum", 4, 2, [[1, 0, 0, 1], [1, 1, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0]], beta=0.0, server_lr=1.0)
    yield case("one client", 1, 2, [[1]] * 5)


def served(a, c, n, lr, steps, server_lr, beta, present, weigh="present", keep=True, start="common", nobody="still", damp=False, up=False,
           lead=False, short=False, plain=False, first=True):
    """The path of a server with momentum; each argument after `present` is a fault."""
    n, x, v = np.asarray(n, dtype=float), np.zeros(a.shape[1]), np.zeros(a.shape[1])
    own, path = np.zeros(a.shape), [x]
    for row in np.asarray(present):
        who = np.flatnonzero(row)
        v = v if keep else np.zeros(len(x))
        if not len(who) and (nobody == "still" or weigh != "all"):
            v = v * 0 if nobody == "reset" else beta * v if nobody == "fades" else v
            if nobody in ("rolls", "zero"):
                v = beta * v + (x if nobody == "zero" else 0)
                x = x - server_lr * v
            if nobody != "skipped":
                path.append(x)
            continue
        found = []
        for i in who:
            y = own[i] if start == "own" else x
            for _ in range(steps - short):
                y = y - lr * a[i] * (y - c[i])
            own[i] = y
            found.append(y)
        total = {"present": n[who].sum(), "all": n.sum(), "home": n.sum(), "alike": len(who)}[weigh]
        w = (np.ones(len(who)) if weigh == "alike" else n[who]) / total
        mean = w @ np.array(found) if len(who) else np.zeros(len(x))
        mean = mean + (1 - w.sum()) * x if weigh == "home" else mean
        g = mean - x if up else x - mean
        v = beta * v + (1 - beta if damp else 1) * g
        x = x - g if plain else x - server_lr * ((g + beta * v) if lead else v)
        path.append(x)
    return np.array(path if first else path[1:])


def faulty(**faults):
    return lambda a, c, n, lr, steps, server_lr, beta, present: served(a, c, n, lr, steps, server_lr, beta, present, **faults)


server = Question(
    "18.4", "A server with three faults", "bug", points=3, difficulty=2, minutes=15, name="train",
    objectives=("find faults in a federated server", "say what belongs to a round and what stays between rounds"),
    draw=server_cases, oracle=faulty(), steps=True, rtol=1e-6,
    mistakes=(
        Mistake("This is the path of the code as it was given, with its three faults.",
                "Who shares the weight 1? What must live on between rounds, and what must not?",
                faulty(weigh="all", keep=False, start="own", nobody="rolls")),
        Mistake("One fault is found, the weights. Two are left.", "Look at the velocity, and at where a client begins.",
                faulty(keep=False, start="own")),
        Mistake("One fault is found, the velocity. Two are left.", "Look at the weights, and at where a client begins.",
                faulty(weigh="all", start="own", nobody="rolls")),
        Mistake("One fault is found, where a client begins. Two are left.", "Look at the weights and at the velocity.",
                faulty(weigh="all", keep=False, nobody="rolls")),
        Mistake("Two faults are found. The weights still do not sum to 1 when some are absent.", "Divide by the examples of those present.",
                faulty(weigh="all", nobody="rolls")),
        Mistake("Two faults are found. The velocity is still made new in each round.", "It is the server's memory: before the loop.",
                faulty(keep=False)),
        Mistake("Two faults are found. A client still goes on from where it stopped, not from the common point.", "Each begins at x.",
                faulty(start="own")),
        Mistake("Rounds without anybody are right. The three faults are left.",
                "Look at the weights, the velocity, and where a client begins.", faulty(weigh="all", keep=False, start="own")),
        Mistake("Rounds without anybody are right, and so is the velocity. Two faults are left.",
                "Look at the weights, and at where a client begins.", faulty(weigh="all", start="own")),
        Mistake("Rounds without anybody are right, and so is where a client begins. Two faults are left.",
                "Look at the weights and at the velocity.", faulty(weigh="all", keep=False)),
        Mistake("Rounds without anybody are right. With some absent the weights still do not sum to 1.",
                "Divide by the examples of those present.", faulty(weigh="all")),
        Mistake("Those who are absent are in your mean, as if they stood still at x.", "Divide by the examples of those present.",
                faulty(weigh="home")),
        Mistake("In a round without anybody your mean is 0, and the server walks towards it.", "Such a round changes nothing.",
                faulty(nobody="zero")),
        Mistake("In a round without anybody the velocity fades. Asked is that such a round changes nothing.", "Leave v alone.",
                faulty(nobody="fades")),
        Mistake("In a round without anybody the velocity rolls on. Asked is that such a round changes nothing.", "Skip it.",
                faulty(nobody="rolls")),
        Mistake("A round without anybody is missing in the path.", "Append x in each round.", faulty(nobody="skipped")),
        Mistake("A round without anybody sets the velocity back to zero. Asked is that it changes nothing.", "Leave v alone.",
                faulty(nobody="reset")),
        Mistake("The server takes the mean itself: momentum and its rate are gone.", "v ← βv + g, x ← x − server_lr · v.",
                faulty(plain=True)),
        Mistake("The path lacks the point at which it begins.", "path = [x] before the first round.", faulty(first=False)),
        Mistake("All clients weigh alike.", "As heavy as they have examples.", faulty(weigh="alike")),
        Mistake("The server walks away from the mean: the sign is wrong.", "x − mean is the gradient.", faulty(up=True)),
        Mistake("You damp the gradient by 1 − β. The code that was given does not.", "v ← βv + g.", faulty(damp=True)),
        Mistake("You made it Nesterov's momentum.", "x − server_lr · v.", faulty(lead=True)),
        Mistake("Your clients take one step too few.", "`steps` of them.", faulty(short=True)),
    ),
    success="Weights belong to the round, the velocity to the server, and a client brings nothing of its own but its data.",
    onwards="which of the three faults would a run with all clients present, and no momentum, have shown?")

QUESTIONS = (unequal, eight_numbers, place, server)
