"""The question of chapter 30 on a loop with three faults (30.4)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question

# -- 30.4 -----------------------------------------------------------------------------------------------------------------------


def loop_cases(rng):
    for name, n, d, epochs, rate in (("ten rows", 10, 4, 12, 0.15), ("a short run", 12, 5, 8, 0.2), ("more rows", 16, 5, 10, 0.15),
                                     ("few features", 12, 3, 9, 0.1)):
        for _ in range(2000):  # until the best epoch is neither the first nor the last, nor the training's
            size = 10 ** rng.uniform(-1, 1, d)
            X = np.round(size * rng.normal(size=(n + 8, d)) + size, 3)
            X[n:] += 0.7 * size
            y = np.round((X / size) @ rng.normal(size=d) + 1.5 * rng.normal(size=n + 8), 3)
            orders = np.array([rng.permutation(n) for _ in range(epochs)])
            case = Case(name, {"X": X, "y": y, "n": n, "orders": orders, "rate": rate})
            losses = looped(X, y, n, orders, rate, full=True)[1]
            train, best = losses.argmin(axis=0)
            odd = {"more rows": best != (losses @ [n, 8]).argmin(), "ten rows": train < epochs - 1}.get(name, True)
            if 0 < best < epochs - 1 and best != train and odd:
                break
        yield case


def looped(X, y, n, orders, rate, every=False, kept=False, by_train=False, full=False, last=False, one_order=False, sums=False, first=False,
           own=False, index=1, raw=False, each_epoch=False, ddof=0, late=False, mixed=False, over=None, ordered=False, dropped=False,
           anew=False, each_batch=False):
    """Train on rows up to n, choose the epoch by the others; each argument after `rate` is a fault."""
    source = X if every else X[:n]
    A = np.c_[X if raw else (X - source.mean(axis=0)) / source.std(axis=0, ddof=ddof), np.ones(len(X))]
    if own:
        A[n:, :-1] = (X[n:] - X[n:].mean(axis=0)) / X[n:].std(axis=0)
    w, g = np.zeros(A.shape[1]), np.zeros(A.shape[1])
    steps, losses = [], []
    for order in orders:
        g = np.zeros(len(w)) if each_epoch else g
        w = np.zeros(len(w)) if anew else w
        for start in range(0, n - n % 4 if dropped else n, 4):
            i = (np.arange(n) if ordered else orders[0] if one_order else order)[start:start + 4]
            slope = A[i].T @ (A[i] @ w - y[i]) / (1 if sums else {None: len(i), "all": n}.get(over, over))
            g = g + slope if kept or each_epoch else slope
            w = w - rate * g
            if each_batch or start + 4 >= (n - n % 4 if dropped else n):
                steps.append(w)
                losses.append([np.mean((A[:n] @ w - y[:n]) ** 2), np.mean((A[n:] @ w - y[n:]) ** 2)])
    losses = np.array(losses)
    if full:
        return steps, losses
    judge = losses @ [n, len(X) - n] if mixed else losses[:, 0 if by_train else 1]
    best = -1 if last else 0 if first else int(judge.argmin())
    return np.append(steps[-1 if late else best], losses[best, index])


def faulty(**faults):
    return lambda X, y, n, orders, rate: looped(X, y, n, orders, rate, **faults)


three_faults = Question(
    "30.4", "A loop with three faults", "bug", points=3, difficulty=2, minutes=12, name="honest",
    objectives=("find what a training loop knows too early", "find what it forgets to forget"),
    draw=loop_cases, oracle=looped, rtol=1e-7,
    mistakes=(
        Mistake("This is where the code as it was given ends, with its three faults.",
                "Where do means and spreads come from? What is in g at the second batch? Which loss chooses the epoch?",
                faulty(every=True, kept=True, by_train=True)),
        Mistake("One fault is found, the scaling. Two are left.", "Look at g, and at the loss that chooses.",
                faulty(kept=True, by_train=True)),
        Mistake("One fault is found, the gradient that was never emptied. Two are left.", "Look at the scaling, and at the choice.",
                faulty(every=True, by_train=True)),
        Mistake("One fault is found, the choice of the epoch. Two are left.", "Look at the scaling, and at g.",
                faulty(every=True, kept=True)),
        Mistake("Two faults are found. The validation rows still help to scale.", "Rows up to n.", faulty(every=True)),
        Mistake("Two faults are found. The gradients of earlier batches are still in g.", "Begin each batch with an empty g.",
                faulty(kept=True)),
        Mistake("Two faults are found. The training loss still chooses the epoch.", "The other rows choose.", faulty(by_train=True)),
        Mistake("The weights are those of the last epoch.", "Those of the epoch with the lowest validation loss.", faulty(last=True)),
        Mistake("The weights are those of the first epoch.", "Those of the epoch with the lowest validation loss.", faulty(first=True)),
        Mistake("All epochs have the order of the first one.", "Each epoch has its row of `orders`.", faulty(one_order=True)),
        Mistake("The gradient of a batch is a sum. It was a mean, and that was right.", "Divide by the length of the batch.",
                faulty(sums=True)),
        Mistake("The validation rows are scaled by themselves.", "With the numbers of the training rows.", faulty(own=True)),
        Mistake("The gradient is emptied once an epoch. It has to be empty for each batch.", "Inside the inner loop.",
                faulty(each_epoch=True)),
        Mistake("The gradient is emptied once an epoch, and the validation rows still help to scale.",
                "Empty it for each batch; scale by the rows up to n.", faulty(each_epoch=True, every=True)),
        Mistake("The gradient is emptied once an epoch, and the training loss still chooses.",
                "Empty it for each batch; the other rows choose.", faulty(each_epoch=True, by_train=True)),
        Mistake("All rows together choose the epoch. The training rows have no vote.", "The rows from n on.", faulty(mixed=True)),
        Mistake("The training loss chooses the epoch, and is the last number, too.", "The other rows choose.",
                faulty(by_train=True, index=0)),
        Mistake("The last number is the root of the validation loss.", "The mean square.",
                lambda X, y, n, orders, rate: (found := looped(X, y, n, orders, rate)) ** np.where(
                    np.arange(len(found)) < len(found) - 1, 1, 0.5)),
        Mistake("Either the slopes or the rate are doubled. The given code has the slope of half the square, and that was right.",
                "No factor 2.", lambda X, y, n, orders, rate: looped(X, y, n, orders, 2 * rate)),
        Mistake("The loss is that of the best epoch, and the weights are those of the last.", "Keep both at the same moment.",
                faulty(late=True)),
        Mistake("The spread is the one with n − 1. The given code took the mean over n, and that was right.", "`std(axis=0)`.",
                faulty(ddof=1)),
        Mistake("The last number is the training loss of the chosen epoch.", "Its validation loss.", faulty(index=0)),
        Mistake("The gradient is divided by all n rows and not by those of the batch.", "Divide by the length of the batch.",
                faulty(over="all")),
        Mistake("Every batch is divided by 4. The last one may be shorter.", "Divide by the length of the batch.", faulty(over=4)),
        Mistake("The last batch is left out where it is shorter.", "All n rows in each epoch.", faulty(dropped=True)),
        Mistake("The rows are taken as they stand. Each epoch has its order.", "order[k:k + 4].", faulty(ordered=True)),
        Mistake("Each epoch begins from zero weights. Training goes on from where it was.", "The weights are made once.",
                faulty(anew=True)),
        Mistake("The choice is among all batches. Asked is the best epoch.", "Compare at the end of each epoch.", faulty(each_batch=True)),
        Mistake("The loss at the end is halved.", "The mean square.", lambda X, y, n, orders, rate: np.append(
            (found := looped(X, y, n, orders, rate))[:-1], found[-1] / 2)),
        Mistake("The loss stands in front of the weights.", "The weights, then the validation loss.",
                lambda X, y, n, orders, rate: np.roll(looped(X, y, n, orders, rate), 1)),
        Mistake("The last number is missing.", "The weights, then the validation loss.",
                lambda X, y, n, orders, rate: looped(X, y, n, orders, rate)[:-1]),
        Mistake("The scaling is gone altogether.", "Mean and spread of the rows up to n.",
                lambda X, y, n, orders, rate: unscaled(X, y, n, orders, rate)),
    ),
    success="Nothing of the validation rows before the choice, nothing of the last batch in this one, and the choice is theirs alone.",
    onwards="the validation loss of the chosen epoch is too good to be reported. Why, and what would you report?")


def unscaled(X, y, n, orders, rate):
    with np.errstate(all="ignore"):
        return looped(X, y, n, orders, rate, raw=True)


QUESTIONS = (three_faults,)
