"""What descent prefers when many answers fit: where momentum settles, who taught what, what is learned first, and how much is luck.

In go the digits that come with scikit-learn, a sine and sums on a clock. What leaves, each over several seeds: curvatures at the edge;
losses after pictures were left out; agreement with a linear model, step by step; losses of wrong labels; the two accuracies of a network
that groks; answers of twenty seeds; and the accuracies of pruned networks.
"""

import functools

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from examples.ledger import Ledger
from gdcore.curvature import Hessian

__all__ = ["main"]

SEEDS, TEN = range(5), range(10)
RATE, MOST, TAUGHT = 0.3, 500, 300  # of the training that is asked who taught what: rate, steps, pictures
QUERIES, OUT = 30, 15  # pictures that are asked about, and how many are left out


def main(again=False):
    torch.set_num_threads(1)
    ledger = Ledger("understanding", again)
    for momentum, lr in ((0.0, 0.1), (0.3, 0.1), (0.5, 0.1), (0.8, 0.1), (0.0, 0.01)):
        ledger.once(f"edge: {momentum:g}, {lr:g}", functools.partial(edge, momentum, lr))
    ledger.once("left out", left_out)
    ledger.once("linear first", linear_first)
    ledger.once("wrong labels", wrong_labels)
    for decay in (1.0, 0.1, 0.0):
        ledger.once(f"clock: {decay:g}", functools.partial(clock, decay))
    ledger.once("seeds", seeds)
    ledger.once("tickets", tickets)


def digits(seed, *sizes):
    """Pictures with pixels in −0.5..0.5 and classes, as tensors in float64, and disjoint parts of them of these sizes; the last is the
    rest."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    return torch.tensor(x / 16 - 0.5), torch.tensor(y), order.split([*sizes, len(y) - sum(sizes)])


# -- the edge -------------------------------------------------------------------------------------------------------------------


def edge(momentum, lr):
    """The largest curvature of chapter 3's network along a training with all data: 60 looks in 150 units of rate times steps."""
    rows, losses, steps = [], [], round(150 / lr)
    for seed in range(3):
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Linear(1, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh(), nn.Linear(40, 1))
        x, weights, row, seen = torch.linspace(-2, 2, 40)[:, None], list(net.parameters()), [], []
        optimizer = torch.optim.SGD(weights, lr, momentum)
        for t in range(steps + 1):
            loss = F.mse_loss(net(x), torch.sin(2 * x))
            if t % (steps // 60) == 0:
                row.append(round(Hessian(loss, weights).sharpness(1e-3), 2))
                seen.append(float(f"{loss.item():.3g}"))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        rows.append(row)
        losses.append(seen)
    return {"curvature": rows, "losses": losses}


# -- who taught this --------------------------------------------------------------------------------------------------------------


def started(seed, *sizes):
    """The matrices of a network in float64, each entry a Gaussian over the root of its inputs."""
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(a, b, generator=draw, dtype=torch.float64) / a**0.5 for a, b in zip(sizes, sizes[1:])]


def inside(W, V, x, y):
    """The hidden values of pictures, the slopes of their losses by what enters either layer, and the losses."""
    hidden = torch.tanh(x @ W)
    scores = hidden @ V
    out = scores.softmax(-1) - F.one_hot(y, 10)
    losses = scores.logsumexp(-1) - scores.gather(-1, y.expand(scores.shape[:-1])[..., None])[..., 0]
    return hidden, (out @ V.transpose(-1, -2)) * (1 - hidden**2), out, losses


def fitted(x, y, kept, W, V):
    """Networks trained from one start, each on the pictures that its row of `kept` (networks, n) holds 1 for."""
    W, V, share = W.expand(len(kept), -1, -1), V.expand(len(kept), -1, -1), (kept / kept.sum(1, keepdim=True))[..., None]
    for _ in range(MOST):
        hidden, inner, out, _ = inside(W, V, x, y)
        W, V = W - RATE * x.T @ (inner * share), V - RATE * hidden.transpose(1, 2) @ (out * share)
    return W, V


def taught(x, y, asked, W, V):
    """TracIn in every step: how much each of n pictures lowered the loss of each that is asked about, (asked, n), to first order."""
    (pictures, classes), n, total = asked, len(x), 0
    for _ in range(MOST):
        hidden, inner, out, _ = inside(W, V, x, y)
        hidden_q, inner_q, out_q, _ = inside(W, V, pictures, classes)
        total = total + RATE / n * ((out_q @ out.T) * (hidden_q @ hidden.T) + (inner_q @ inner.T) * (pictures @ x.T))
        W, V = W - RATE * x.T @ inner / n, V - RATE * hidden.T @ out / n
    return total


def left_out():
    """For each of 30 pictures of the test part: its loss when the network was trained without 15 pictures, chosen in five ways."""
    rows = []
    for seed in range(3):
        x, y, (train, rest) = digits(seed, TAUGHT)
        x = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1)
        asked, rng = rest[: QUERIES // 3], np.random.default_rng(seed)
        W, V = started(seed, 65, 32, 10)
        score = taught(x[train], y[train], (x[asked], y[asked]), W, V)
        apart = torch.cdist(x[asked], x[train])
        kept = [torch.ones(TAUGHT, dtype=torch.float64)]
        mixed = lambda n, rng=rng: torch.tensor(rng.permutation(n)[:OUT])
        for q, picture in enumerate(asked):
            same = (y[train] == y[picture]).nonzero()[:, 0]
            for out in (score[q].argsort(descending=True)[:OUT], mixed(TAUGHT), same[mixed(len(same))], apart[q].argsort()[:OUT],
                        same[apart[q, same].argsort()[:OUT]], score[q].argsort()[:OUT]):  # fmt: skip
                kept.append(torch.ones(TAUGHT, dtype=torch.float64))
                kept[-1][out] = 0
        W, V = fitted(x[train], y[train], torch.stack(kept), W, V)
        losses = inside(W, V, x[asked], y[asked])[-1].numpy()
        for q in range(len(asked)):
            rows.append([losses[0, q], *losses[1 + 6 * q : 7 + 6 * q, q]])
    names = ("all", "helpful", "random", "same class", "nearest", "nearest of the class", "harmful")
    return {name: [float(f"{v:.3g}") for v in column] for name, column in zip(names, zip(*rows))}


# -- what comes first ---------------------------------------------------------------------------------------------------------------

LOOKS = np.unique(np.round(np.geomspace(1, 2000, 30)).astype(int))


def network(seed, *sizes):
    torch.manual_seed(seed)
    layers = [part for a, b in zip(sizes, sizes[1:]) for part in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


def linear_first():
    """Even or odd? A network's answers on the test part, step by step, beside those of the best linear model and its own last ones."""
    rows = {"accuracy": [], "linear": [], "itself": [], "on the linear model's mistakes": [], "accuracy of the linear model": []}
    for seed in SEEDS:
        x, y, (train, test) = digits(seed, 1000)
        x, truth = x.float(), (y % 2).float()
        line = network(seed, 64, 1)
        optimizer = torch.optim.LBFGS(line.parameters(), max_iter=500, line_search_fn="strong_wolfe")
        optimizer.step(functools.partial(closed, line, x[train], truth[train], optimizer, 1e-3))
        linear = line(x[test])[:, 0].detach()
        model, answers = network(seed, 64, 128, 1), []
        optimizer = torch.optim.SGD(model.parameters(), 0.5)
        for t in range(1, LOOKS[-1] + 1):
            closed(model, x[train], truth[train], optimizer)
            optimizer.step()
            if t in LOOKS:
                answers.append(model(x[test])[:, 0].detach())
        right, said = truth[test] > 0, torch.stack(answers) > 0
        wrong = (linear > 0) != right
        rows["accuracy of the linear model"].append(short(1 - wrong.float().mean()))
        rows["accuracy"].append([short(v) for v in (said == right).float().mean(1)])
        rows["on the linear model's mistakes"].append([short(v) for v in (said != right)[:, wrong].float().mean(1)])
        for name, other in (("linear", linear), ("itself", answers[-1])):
            rows[name].append([short(v) for v in torch.corrcoef(torch.stack([other, *answers]))[0, 1:]])
    return {"at": LOOKS.tolist(), **rows}


def closed(model, x, truth, optimizer, penalty=0.0):
    optimizer.zero_grad()
    loss = F.binary_cross_entropy_with_logits(model(x)[:, 0], truth) + penalty * sum((p**2).sum() for p in model.parameters())
    loss.backward()
    return loss


def short(value):
    return round(float(value), 3)


def wrong_labels():
    """One label in ten is wrong. Losses of right and wrong ones along the training, and how well the loss tells them apart."""
    from sklearn.metrics import roc_auc_score

    rows = {"right": [], "wrong": [], "area": [], "validation": [], "found": []}
    for seed in SEEDS:
        x, y, (train, check, _) = digits(seed, 1000, 300)
        x, draw = x.float(), np.random.default_rng(seed)
        flipped = draw.random(len(y)) < 0.1
        told = torch.where(torch.tensor(flipped), (y + torch.tensor(draw.integers(1, 10, len(y)))) % 10, y)
        model = network(seed, 64, 256, 10)
        optimizer = torch.optim.Adam(model.parameters(), 3e-3)
        for row in rows.values():
            row.append([])
        for t in range(LOOKS[-1] // 2 + 1):
            losses = F.cross_entropy(model(x[train]), told[train], reduction="none")
            if t in LOOKS:
                each, bad = losses.detach().numpy(), flipped[train]
                worst = np.argsort(-each)[: bad.sum()]
                for name, value in (("right", np.median(each[~bad])), ("wrong", np.median(each[bad])), ("area", roc_auc_score(bad, each)),
                                    ("found", bad[worst].mean()),
                                    ("validation", F.cross_entropy(model(x[check]), told[check]).item())):  # fmt: skip
                    rows[name][-1].append(float(f"{value:.3g}"))
            optimizer.zero_grad()
            losses.mean().backward()
            optimizer.step()
    return {"at": LOOKS[: len(rows["area"][0])].tolist(), **rows}


def clock(decay, p=31, width=128, steps=3000):
    """Sums modulo p, half of all to learn from: accuracies on those and on the others, with AdamW's decay."""
    a, b = (v.reshape(-1) for v in torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij"))
    x, y = torch.cat([F.one_hot(a, p), F.one_hot(b, p)], 1).float(), (a + b) % p
    at = np.unique(np.round(np.geomspace(1, steps, 40)).astype(int))
    rows = {"seen": [], "unseen": [], "norm": []}
    for seed in SEEDS:
        draw = torch.Generator().manual_seed(seed)
        train, test = torch.randperm(p * p, generator=draw).split([p * p // 2, p * p - p * p // 2])
        W = (torch.randn(2 * p, width, generator=draw) / (2 * p) ** 0.5).requires_grad_()
        V = (torch.randn(width, p, generator=draw) / width**0.5).requires_grad_()
        optimizer = torch.optim.AdamW([W, V], 0.01, (0.9, 0.98), weight_decay=decay)
        for row in rows.values():
            row.append([])
        for t in range(1, steps + 1):
            optimizer.zero_grad()
            F.cross_entropy((x[train] @ W) ** 2 @ V, y[train]).backward()
            optimizer.step()
            if t in at:
                with torch.no_grad():
                    said = ((x @ W) ** 2 @ V).argmax(1) == y
                    for name, value in (("seen", said[train].float().mean()), ("unseen", said[test].float().mean()),
                                        ("norm", (W.square().sum() + V.square().sum()).sqrt())):  # fmt: skip
                        rows[name][-1].append(short(value))
    return {"at": at.tolist(), **rows}


# -- luck ---------------------------------------------------------------------------------------------------------------------------


def trained(model, x, y, rows, steps, seed, masks=None):
    """Adam on batches of 50, in an order that is the seed's; masked weights stay 0."""
    draw = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    for _ in range(steps):
        i = rows[torch.randint(0, len(rows), (50,), generator=draw)]
        optimizer.zero_grad()
        F.cross_entropy(model(x[i]), y[i]).backward()
        optimizer.step()
        masked(model, masks)
    return model


def masked(model, masks):
    for p, mask in zip((p for p in model.parameters() if p.ndim > 1), masks or ()):
        p.data *= mask


def seeds(many=20):
    """Twenty networks of one recipe that differ in their start, in the order of their batches, or in both: answers on the test part."""
    x, y, (train, test) = digits(0, 300)
    x, rows = x.float(), {}
    for name, pair in (("start", lambda s: (s, 0)), ("order", lambda s: (0, s)), ("both", lambda s: (s, s))):
        votes = []
        for s in range(many):
            start, order = pair(s)
            with torch.no_grad():
                model = network(start, 64, 64, 10)
            model = trained(model, x, y, train, 600, order)
            with torch.no_grad():
                votes.append(model(x[test]).argmax(1))
        votes = torch.stack(votes)
        apart = [short((votes[i] != votes[j]).float().mean()) for i in range(many) for j in range(i)]
        right = (votes == y[test]).float().mean(1)
        gaps = [short((right[i] - right[j]).abs()) for i in range(many) for j in range(i)]
        rows[name] = {"accuracy": [short(v) for v in right], "apart": short(np.mean(apart)), "gap": short(np.mean(gaps)),
                      "together": short((votes.mode(0).values == y[test]).float().mean())}  # fmt: skip
    return rows


def tickets(rounds=(7, 14)):
    """Train, take away the smallest fifth of each layer's weights, go back to the start, again and again: the test accuracies of what is
    left from its own start, from a new one, of as many weights at random, and of the whole network."""
    rows = {f"{name}, {r}": [] for r in rounds for name in ("own start", "new start", "random weights")} | {"whole": []}
    for seed in TEN:
        x, y, (train, test) = digits(seed, 1000)
        x, sizes = x.float(), (64, 128, 64, 10)
        score = lambda model, x=x, y=y, test=test: short((model(x[test]).argmax(1) == y[test]).float().mean())
        masks = [torch.ones_like(p) for p in network(seed, *sizes).parameters() if p.ndim > 1]
        for r in range(max(rounds) + 1):
            model = network(seed, *sizes)
            masked(model, masks)
            model = trained(model, x, y, train, 400, seed, masks)
            if r == 0:
                rows["whole"].append(score(model))
            if r in rounds:
                rows[f"own start, {r}"].append(score(model))
                fresh = network(seed + 1000, *sizes)
                masked(fresh, masks)
                rows[f"new start, {r}"].append(score(trained(fresh, x, y, train, 400, seed, masks)))
                other = network(seed, *sizes)
                mixed = [m.reshape(-1)[torch.randperm(m.numel())].reshape(m.shape) for m in masks]
                masked(other, mixed)
                rows[f"random weights, {r}"].append(score(trained(other, x, y, train, 400, seed, mixed)))
            sizes_of = [p.detach().abs() * m for p, m in zip((p for p in model.parameters() if p.ndim > 1), masks)]
            masks = [(v > torch.quantile(v[m > 0], 0.2)).float() for v, m in zip(sizes_of, masks)]
    return {"left": {str(r): round(0.8**r, 3) for r in rounds}, **rows}


if __name__ == "__main__":
    main()
