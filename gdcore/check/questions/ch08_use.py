"""The questions of chapter 8 on adaptive methods in use (08.4 to 08.7)."""

import numpy as np

from gdcore.check.declaration import Case, Manual, Mistake, Question

# -- 08.4 -----------------------------------------------------------------------------------------------------------------------


def sparse_cases(rng):
    def case(name, words, rows, lr=0.5, eps=1e-10, size=2):
        draw = lambda *shape: np.round(rng.normal(size=shape), 3)
        return Case(name, {"table": draw(words, size), "sums": np.round(rng.uniform(0.1, 2, (words, size)), 3), "rows": rows,
                           "grads": draw(len(rows), size), "lr": lr, "eps": eps})  # fmt: skip

    yield case("two words of five", 5, [3, 1])
    yield case("a word that comes twice", 4, [2, 0, 2])
    yield case("one word three times, and another", 6, [5, 5, 1, 5], lr=0.1)
    yield case("a large ε", 4, [0, 3], eps=0.3)
    yield case("all words, some more than once", 3, [0, 1, 2, 1, 0], size=3)


def sparse(table, sums, rows, grads, lr, eps, gather="add", square="sum", row=False, old=False, inside=False, root=True,
           squared=True, fade=1.0):
    table, sums = table.copy(), sums.copy()
    total, squares = np.zeros(table.shape), np.zeros(table.shape)
    if gather == "add":
        np.add.at(total, rows, grads)
    elif gather == "mean":
        np.add.at(total, rows, grads)
        total = total / np.maximum(np.bincount(rows, minlength=len(table)), 1)[:, None]
    else:
        total[rows] = grads
    if square == "each":
        np.add.at(squares, rows, grads**2)
    else:
        squares = total**2 if squared else np.abs(total)
    if row:
        squares = squares.sum(axis=1, keepdims=True)
    before = sums
    sums = fade * sums + squares
    s = before if old else sums
    divisor = np.sqrt(s + eps) if inside else (np.sqrt(s) if root else s) + eps
    return table - lr * total / divisor, sums


def one_by_one(table, sums, rows, grads, lr, eps):
    """A step for each line of the batch in turn: a word that comes twice takes two."""
    table, sums = table.copy(), sums.copy()
    for row, g in zip(rows, grads):
        sums[row] += g**2
        table[row] -= lr * g / (np.sqrt(sums[row]) + eps)
    return table, sums


def variant(**knobs):
    return lambda table, sums, rows, grads, lr, eps: sparse(table, sums, rows, grads, lr, eps, **knobs)


sparse_adagrad = Question(
    "08.4", "AdaGrad on the rows that are there", "function", points=3, difficulty=3, minutes=15, name="sparse_adagrad",
    objectives=("step only what has a gradient", "add up the gradients of a row that comes twice"),
    draw=sparse_cases, oracle=variant(),
    mistakes=(
        Mistake("Of a word that comes twice only one line counts: `table[rows] -= …` keeps the last.",
                "First add up what belongs to one row: `np.add.at(total, rows, grads)`.", variant(gather="last")),
        Mistake("A word that comes twice takes two steps, one after the other. It has one gradient, the sum of its lines.",
                "Add up its lines first, then take one step.", one_by_one),
        Mistake("You add the squares of the lines. The gradient of a row is the sum of its lines, and that is what is squared.",
                "Sum first, square then.", variant(square="each")),
        Mistake("You average the lines of a word that comes twice. The batch's loss has been averaged already.",
                "Add them up.", variant(gather="mean")),
        Mistake("You divide by the sums before this step.", "First s + g², then the root.", variant(old=True)),
        Mistake("ε stands inside the root.", "Take the root first, then add ε.", variant(inside=True)),
        Mistake("The root is missing.", "Divide by √s, not by s.", variant(root=False)),
        Mistake("Your sums add the gradient's size, not its square.", "s + g².", variant(squared=False)),
        Mistake("Your sums are those of this step alone.", "Add to the old ones: s + g².", variant(fade=0.0)),
        Mistake("You add up the squares of a row: each number has a sum of its own.", "Entry by entry: total**2.", variant(row=True)),
        Mistake("You return the table alone.", "Two arrays: return table, sums.", lambda *inputs: sparse(*inputs)[0]),
        Mistake("Table and sums have changed places.", "First the table, then the sums.", lambda *inputs: sparse(*inputs)[::-1]),
        Mistake("Your sums fade, also those of words that are not there: that is RMSProp.", "AdaGrad forgets nothing.", variant(fade=0.9)),
        Mistake("Your walker climbs: the sign is wrong.", "table minus the step.",
                lambda table, sums, rows, grads, lr, eps: sparse(table, sums, rows, grads, -lr, eps)),
    ),
    success="A zero gradient changes nothing in AdaGrad, so a step may touch the rows of the batch alone: a few dozen words of thousands.",
    onwards="could Adam do the same? Its averages fade at every step, so a row that is left alone is not where Adam would have it.")

# -- 08.5 -----------------------------------------------------------------------------------------------------------------------


def training_cases(rng):
    def case(name, n, d, lr, epochs, batch, decay, largest=1.0):
        A = np.round(rng.normal(size=(n, d)) * np.geomspace(1, largest, d), 3)
        y = (A @ (rng.normal(size=d) / np.geomspace(1, largest, d)) + 0.5 * rng.normal(size=n) > 0).astype(float)
        return Case(name, {"A": A, "y": y, "lr": lr, "epochs": epochs, "batch": batch, "decay": decay})

    yield case("three measurements", 24, 3, 0.1, 3, 8, 0.3)
    yield case("measurements of very different size", 30, 4, 0.05, 4, 10, 0.5, largest=30)
    yield case("no decay", 24, 3, 0.1, 3, 6, 0.0)
    yield case("one pass", 40, 2, 0.2, 1, 8, 0.2)
    yield case("all at once, six passes", 20, 3, 0.1, 6, 20, 0.4)


def loss_of(w, A, y):
    z = A @ w
    return np.mean(np.logaddexp(0, z) - y * z)


def trained(A, y, lr, epochs, batch, decay, anew=False, stored=False, penalty=False, flip=1, kept_t=False, only_t=False, none=False,
            after=False, rateless=False, bare=False, both=False, slow=False):
    w, losses = np.zeros(A.shape[1]), []
    losses.append(loss_of(w, A, y))
    m, v, t = np.zeros(len(w)), np.zeros(len(w)), 0
    for _ in range(epochs):
        if anew:
            m, v, t = np.zeros(len(w)), np.zeros(len(w)), t if kept_t else 0
        t = 0 if only_t else t + 1 if slow else t
        for k in range(0, len(y), batch):
            a, b, t = A[k:k + batch], y[k:k + batch], t if slow else t + 1
            g = a.T @ (1 / (1 + np.exp(-a @ w)) - b) / len(b)
            if penalty:
                g = g + decay * w
            m = 0.9 * m + 0.1 * g
            v = 0.999 * v + 0.001 * g**2
            m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
            if stored:
                m = m_hat
            kept = 1 - (1 if rateless else lr) * decay
            w = w if (penalty and not both) or none or after else kept * w
            w = w - flip * lr * (m if bare else m_hat) / (np.sqrt(v_hat) + 1e-8)
            w = kept * w if after else w
        losses.append(loss_of(w, A, y))
    return np.array(losses)


def faulty(**faults):
    return lambda A, y, lr, epochs, batch, decay: trained(A, y, lr, epochs, batch, decay, **faults)


training = Question(
    "08.5", "The training that begins again and again", "bug", points=3, difficulty=2, minutes=15, name="train",
    objectives=("find faults in an adaptive training by reading it", "tell what an optimizer must keep, and what it must not"),
    draw=training_cases, oracle=faulty(),
    mistakes=(
        Mistake("These are the losses of the code as it was given, with its three faults.",
                "What is made anew in each pass? What is stored back? What does the decay pass through?",
                faulty(anew=True, stored=True, penalty=True)),
        Mistake("One fault is found, the memory that is made anew in each pass. Two are left.",
                "Look at what happens to m after its correction, and at where the decay goes in.", faulty(stored=True, penalty=True)),
        Mistake("One fault is found, the average that is stored corrected. Two are left.",
                "Look at what is made anew in each pass, and at where the decay goes in.", faulty(anew=True, penalty=True)),
        Mistake("One fault is found, the decay in the gradient. Two are left.",
                "Look at what is made anew in each pass, and at what happens to m after its correction.", faulty(anew=True, stored=True)),
        Mistake("Two faults are found. The memory is still made anew in each pass.",
                "m, v and t belong before the outer loop.", faulty(anew=True)),
        Mistake("Two faults are found. The corrected average is still stored back into m.",
                "Give the corrected average a name of its own.", faulty(stored=True)),
        Mistake("Two faults are found. The decay still goes through the gradient.",
                "Leave g alone: w = (1 - lr * decay) * w, then the step.", faulty(penalty=True)),
        Mistake("t goes on, but m and v are still made anew in each pass: then the corrections are wrong, too.",
                "All three belong before the outer loop.", faulty(anew=True, kept_t=True)),
        Mistake("m and v go on, but t begins again in each pass: then the corrections are wrong.",
                "All three belong before the outer loop.", faulty(only_t=True)),
        Mistake("t counts passes, not steps.", "t + 1 for each batch.", faulty(slow=True)),
        Mistake("The decay is gone from the gradient, and from the training.",
                "w = (1 - lr * decay) * w, then the step.", faulty(none=True)),
        Mistake("You decay after the step, and so shrink the step as well.", "First shrink, then step.", faulty(after=True)),
        Mistake("Your decay is not multiplied by the rate.", "Each step leaves 1 − lr · decay.", faulty(rateless=True)),
        Mistake("You decay twice: through the gradient and beside it.", "Leave g alone.", faulty(penalty=True, both=True)),
        Mistake("m is not corrected any more.", "Divide it by 1 − 0.9**t, under a name of its own.", faulty(bare=True)),
        Mistake("The training climbs: the sign is wrong.", "w minus the step.", faulty(flip=-1)),
    ),
    success="m, v and t live as long as the training; corrected averages are used once and thrown away; the decay is beside the quotient.",
    onwards="divide the gradient by len(y) in place of len(b). Why do the losses hardly change, where plain descent would crawl?")

# -- 08.6 -----------------------------------------------------------------------------------------------------------------------


def length_cases(rng):
    yield Case("a long run", {"n": int(rng.integers(100, 1000)), "beta1": 0.9, "beta2": 0.999})
    for n in (2, 5, 12, 40):
        yield Case(f"{n} gradients", {"n": n, "beta1": 0.9, "beta2": 0.999})
    yield Case("other memories", {"n": int(rng.integers(20, 30)), "beta1": 0.8, "beta2": 0.99})


def shares(n, beta1, beta2):
    """The shares of n gradients, the oldest first, in both corrected averages."""
    age = np.arange(n)[::-1]
    return (1 - beta1) * beta1**age / (1 - beta1**n), (1 - beta2) * beta2**age / (1 - beta2**n)


def long_enough(value, inputs, hidden):
    g = np.array(value, dtype=float)
    n = inputs["n"]
    if g.shape != (n,) or not np.isfinite(g).all() or not np.any(g):
        return f"Give an array of {n} finite numbers, not all of them 0."
    a, b = shares(n, inputs["beta1"], inputs["beta2"])
    g = g / np.abs(g).max()
    reached, most = abs(a @ g) / np.sqrt(b @ g**2), np.sqrt(np.sum(a**2 / b))
    return "" if reached > (1 - 1e-6) * most else f"The last step is {reached:.6f} η long, and {most:.6f} η is possible."


longest = Question(
    "08.6", "The longest step of all", "target", points=3, difficulty=3, minutes=15, name="gradients",
    objectives=("see which gradients make an adaptive step long", "use the bound of the chapter the other way round"),
    draw=length_cases, proof=long_enough,
    mistakes=(
        Mistake("Your gradients are all equal: then every step is η long, however many there are.",
                "m likes the newest gradient more than v does. Which gradients use that?", lambda n, beta1, beta2: np.ones(n)),
        Mistake("A single gradient after silence: 3.16 η in a long run, and more is possible.",
                "Let the gradients before it help: they count in m as well.", lambda n, beta1, beta2: np.arange(n) // (n - 1) * 1.0),
        Mistake("Your gradients double: almost as short a memory as a single one.",
                "Growing is right, doubling is too much. By which factor?",
                lambda n, beta1, beta2: 2.0 ** np.maximum(np.arange(1 - n, 1), -60)),
        Mistake("Your gradients grow in a straight line.", "Let each be a fixed multiple of the one before.",
                lambda n, beta1, beta2: np.arange(1.0, n + 1)),
        Mistake("Your gradients grow by 1/beta1 a step. The memory of v has a say as well.",
                "Equality in Cauchy–Schwarz asks for gᵢ in proportion to aᵢ/bᵢ.", lambda n, beta1, beta2: beta1 ** np.arange(n)[::-1]),
        Mistake("Your gradients shrink: the order is turned round.", "The largest comes last.",
                lambda n, beta1, beta2: (beta1 / beta2) ** np.arange(n)),
        Mistake("Your factor turns the two memories round, so the gradients shrink.", "The largest comes last: beta2/beta1 a step.",
                lambda n, beta1, beta2: (beta2 / beta1) ** np.arange(n)[::-1]),
        Mistake("Your gradients grow by 1.11, the factor of the usual memories. Here are others as well.",
                "Take beta1 and beta2 from the arguments.", lambda n, beta1, beta2: (0.999 / 0.9) ** np.arange(n)),
        Mistake("Your factor holds only the root of beta2: aᵢ is divided by √bᵢ once.", "Cauchy–Schwarz divides by √bᵢ twice: gᵢ ∝ aᵢ/bᵢ.",
                lambda n, beta1, beta2: (beta1 / np.sqrt(beta2)) ** np.arange(n)[::-1]),
        Mistake("Your gradients change their sign, and in m they cancel.", "All of one sign.",
                lambda n, beta1, beta2: (-1.0) ** np.arange(n)),
    ),
    success="gᵢ ∝ aᵢ/bᵢ: gradients that grow by beta2/beta1 a step. It is the growth of a run that begins to explode.",
    onwards="for which pair of memories can no step be longer than η? (The longest is √Σ aᵢ²/bᵢ.)")

# -- 08.7 -----------------------------------------------------------------------------------------------------------------------

a_report = Manual(
    "08.7", "A new optimizer is announced", difficulty=2, minutes=10, name="review", words=150,
    objectives=("judge a comparison of optimizers", "say what evidence would change your mind"),
    rubric=(("says what is unequal in the tuning of the two, with the numbers", 1),
            ("says what is wrong with the schedule or with the decay of the rival, and why it matters to Adam", 1),
            ("says why one seed and the test part cannot decide", 1),
            ("proposes a fair comparison: equal budgets, validation, fresh seeds in pairs, an interval", 1)))

QUESTIONS = (sparse_adagrad, training, longest)
MANUAL = (a_report,)
