"""A job of the chapter on use cases: films, their stars, and lists of ten."""

import functools

import numpy as np

from examples.ledger import Ledger

SEEDS = range(5)

# -- ratings: two tables of numbers, and which loss they descend ------------------------------------------------------------------------

RATE, RANKS, STRENGTHS, EPOCHS = 0.01, (0, 2, 8, 32), (0.0, 0.02, 0.05, 0.1, 0.2), 30


@functools.cache
def ratings():
    """(person, film, stars, part) as tensors, in the order of each person's time: part 0 is the first 80 % of what a person rated, 1 the
    next 10 %, for choosing, 2 the last 10 %."""
    import torch

    from gdcore.data import table

    rows = table("movielens").sort_values(["userId", "timestamp", "movieId"], kind="stable")
    person, film = (np.unique(rows[name], return_inverse=True)[1] for name in ("userId", "movieId"))
    place = rows.groupby("userId").cumcount() / rows.groupby("userId").rating.transform("size")
    part = np.digitize(place.to_numpy(), [0.8, 0.9])
    return torch.tensor(person), torch.tensor(film), torch.tensor(rows.rating.to_numpy(dtype=np.float32)), torch.tensor(part)


def factorised(rank, strength, seed, epochs=EPOCHS, look=lambda epoch, model: None):
    """The mean, biases and vectors of persons and films after epochs of SGD on the squared error, batches of 500."""
    import torch

    person, film, stars, part = ratings()
    a, k, y = (v[part == 0] for v in (person, film, stars))
    torch.manual_seed(seed)
    mean, sizes = y.mean(), (int(person.max()) + 1, int(film.max()) + 1)
    b, c = (torch.zeros(n) for n in sizes)
    P, Q = (0.1 * torch.randn(n, rank) for n in sizes)
    for epoch in range(epochs):
        for rows in torch.randperm(len(y)).split(500):
            u, f = a[rows], k[rows]
            p, q = P[u], Q[f]
            wrong = y[rows] - mean - b[u] - c[f] - (p * q).sum(1)
            b.index_add_(0, u, RATE * (wrong - strength * b[u]))
            c.index_add_(0, f, RATE * (wrong - strength * c[f]))
            if rank:
                P.index_add_(0, u, RATE * (wrong[:, None] * q - strength * p))
                Q.index_add_(0, f, RATE * (wrong[:, None] * p - strength * q))
        look(epoch + 1, (mean, b, c, P, Q))
    return mean, b, c, P, Q


def errors(model, which):
    """What the model is off by at each rating of one part."""
    person, film, stars, part = ratings()
    mean, b, c, P, Q = model
    u, f, y = (v[part == which] for v in (person, film, stars))
    return (y - mean - b[u] - c[f] - (P[u] * Q[f]).sum(1)).numpy()


def rmse(errors):
    return float(np.sqrt(np.mean(np.square(errors, dtype=float))))


def stars(seeds=SEEDS):
    """Curves of training and validation for each rank and strength; the best strength and epoch of each rank, and the test part with it."""
    person, _, y, part = ratings()
    curves = {}
    for rank in RANKS:
        for strength in STRENGTHS:
            told = []
            factorised(rank, strength, 100, look=lambda e, m, told=told: told.append([rmse(errors(m, 0)), rmse(errors(m, 1))]))
            curves[f"{rank}, {strength}"] = np.round(told, 4)
    mean = (y[part == 2] - y[part == 0].mean()).numpy()
    found = {"curves": curves, "mean": rmse(mean), "chosen": {}, "test": {}, "against biases": {}}
    squares, owner = {}, person[part == 2].numpy()
    for rank in RANKS:
        strength = min(STRENGTHS, key=lambda s, rank=rank: curves[f"{rank}, {s}"][:, 1].min())
        epoch = int(curves[f"{rank}, {strength}"][:, 1].argmin()) + 1
        off = [errors(factorised(rank, strength, s, epoch), 2) for s in seeds]
        found["chosen"][rank], found["test"][rank] = (strength, epoch), [rmse(e) for e in off]
        squares[rank] = np.mean(np.square(off, dtype=float), axis=0)
    for rank in RANKS[1:]:  # by how much the mean square falls, and its interval over persons
        gain = squares[0] - squares[rank]
        found["against biases"][rank] = over_persons(gain, owner)
    return found


def over_persons(values, owner, draws=2000):
    """(mean, low, high): 95 % of the bootstrap over persons of a mean over ratings."""
    total, count = (np.bincount(owner, w, minlength=owner.max() + 1) for w in (values, np.ones(len(values))))
    picks = np.random.default_rng(0).integers(0, len(total), (draws, len(total)))
    means = total[picks].sum(1) / count[picks].sum(1)
    return [float(values.mean()), *(float(v) for v in np.quantile(means, [0.025, 0.975]))]


def ordered(rank, strength, seed, epochs, look=lambda epoch, scores: None):
    """Scores (person, film) by SGD on pairs: a film that the person rated should stand above one drawn at random (Rendle et al. 2009)."""
    import torch

    person, film, _, part = ratings()
    a, k = person[part == 0], film[part == 0]
    torch.manual_seed(seed)
    seen = torch.zeros(int(person.max()) + 1, int(film.max()) + 1, dtype=torch.bool)
    seen[a, k] = True
    P, Q, c = 0.1 * torch.randn(seen.shape[0], rank), 0.1 * torch.randn(seen.shape[1], rank), torch.zeros(seen.shape[1])
    for epoch in range(epochs):
        for rows in torch.randperm(len(a)).split(500):
            u, f, other = a[rows], k[rows], torch.randint(0, seen.shape[1], (len(rows),))
            keep = ~seen[u, other]
            u, f, other = u[keep], f[keep], other[keep]
            p, q, n = P[u], Q[f], Q[other]
            push = 0.05 * torch.sigmoid(c[other] - c[f] - (p * (q - n)).sum(1))
            P.index_add_(0, u, push[:, None] * (q - n) - 0.05 * strength * p)
            Q.index_add_(0, f, push[:, None] * p - 0.05 * strength * q)
            Q.index_add_(0, other, -push[:, None] * p - 0.05 * strength * n)
            c.index_add_(0, f, push - 0.05 * strength * c[f])
            c.index_add_(0, other, -push - 0.05 * strength * c[other])
        look(epoch + 1, c + P @ Q.T)
    return c + P @ Q.T


def top_ten(scores, which):
    """(hit, NDCG) of each person who gave at least one film of the part four stars or more; films rated before are not offered."""
    import torch

    person, film, stars, part = ratings()
    wanted, known = torch.zeros(scores.shape, dtype=torch.bool), torch.zeros(scores.shape, dtype=torch.bool)
    before, liked = part < which, (part == which) & (stars >= 4)
    known[person[before], film[before]], wanted[person[liked], film[liked]] = True, True
    there = wanted.any(1)
    hits = wanted.gather(1, scores.masked_fill(known, -torch.inf).topk(10, 1).indices)[there].numpy()
    worth = 1 / np.log2(np.arange(2, 12))
    most = np.cumsum(worth)[np.minimum(wanted[there].sum(1).numpy(), 10) - 1]
    return hits.any(1).astype(float), hits @ worth / most


def lists(seeds=SEEDS):
    """Ten films for everybody: the most rated, by predicted stars, and by pairs; chosen on validation, told on test."""
    import torch

    person, film, _, part = ratings()
    shape = (int(person.max()) + 1, int(film.max()) + 1)
    often = torch.bincount(film[part == 0], minlength=shape[1]).float().expand(shape)
    told = {}
    for strength in (0.003, 0.01, 0.03, 0.1):
        look = lambda e, s, strength=strength: e % 10 or told.update({(strength, e): float(top_ten(s, 1)[1].mean())})
        ordered(16, strength, 100, 160, look)
    strength, epochs = max(told, key=told.get)
    rank = 8
    chosen = stars_chosen()[rank]
    scored = {"most rated": [often]}
    scored["predicted stars"] = [b[:, None] + c + P @ Q.T for _, b, c, P, Q in (factorised(rank, chosen[0], s, chosen[1]) for s in seeds)]
    scored["pairs"] = [ordered(16, strength, s, epochs) for s in seeds]
    each = {name: [top_ten(s, 2) for s in found] for name, found in scored.items()}
    gain = np.mean([hit for hit, _ in each["pairs"]], 0) - each["most rated"][0][0]
    return {"tuning": [[*key, value] for key, value in told.items()], "chosen": [strength, epochs],
            "hits": {n: [float(h.mean()) for h, _ in v] for n, v in each.items()},
            "NDCG": {n: [float(d.mean()) for _, d in v] for n, v in each.items()},
            "persons": len(gain), "gain in hits": over_persons(gain, np.arange(len(gain)))}


def stars_chosen():
    return {int(rank): tuple(found) for rank, found in Ledger("use_cases").once("stars", stars)["chosen"].items()}
