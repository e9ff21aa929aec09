"""Two jobs of the chapter on use cases: images with few labels, and a reader of reviews that meets single sentences."""

import copy
import functools

import numpy as np

SEEDS = range(5)

# -- images with few labels: a body that has seen eight classes meets coat and shirt --------------------------------------------------

NEW, FEW, STEPS = (4, 6), (5, 20, 100), 60  # coat and shirt, chosen before any result was seen
WIDTHS = (8, 16, 32)  # half of those of the chapter on images
HEADS, BODIES = (0.003, 0.01, 0.03, 0.1), (0.00003, 0.0001, 0.001)  # rates of the new head, and of the body where it gets one of its own
TRIALS = {
    "last layer": [(lr, 0.0) for lr in HEADS],
    "all, one rate": [(lr, lr) for lr in (0.0001, 0.001, 0.003, 0.01, 0.03)],
    "all, small rate below": [(lr, low) for lr in HEADS for low in BODIES],
    "random weights": [(lr, lr) for lr in (0.001, 0.003, 0.01, 0.03)],
}


@functools.cache
def clothes():
    """(old, new): for each part the images and their classes, numbered from 0; old has the eight classes, new the two."""
    import torch

    from gdcore import data
    from gdcore.training.vision import as_input

    splits = data.fashion_mnist()
    old, new, number = {}, {}, torch.tensor([0, 1, 2, 3, 0, 4, 1, 5, 6, 7])  # each class among its own
    for name in ("train", "validation", "test"):
        part = getattr(splits, name)
        x, y = as_input(part.x, torch.device("cpu")), torch.tensor(part.y)
        which = (y == NEW[0]) | (y == NEW[1])
        old[name], new[name] = (x[~which], number[y[~which]]), (x[which], number[y[which]])
    return old, new


@functools.cache
def body(seed):
    """A network that has seen 16,000 images of the eight old classes, two epochs long."""
    import torch
    from torch.nn import functional as F

    from gdcore.models.cnn import FashionNet

    torch.manual_seed(seed)
    x, y = (v[:16_000] for v in clothes()[0]["train"])
    net = FashionNet(WIDTHS, classes=8)
    optimizer = torch.optim.AdamW(net.parameters(), 0.01, weight_decay=0.05)
    batches = [rows for _ in range(2) for rows in torch.randperm(len(x)).split(128)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=len(batches))
    for rows in batches:
        optimizer.zero_grad()
        F.cross_entropy(net(x[rows]), y[rows], label_smoothing=0.05).backward()
        optimizer.step()
        schedule.step()
    return net.eval()


def drawn(seed, n):
    """n images of each new class, drawn by the seed from the training part."""
    import torch

    x, y = clothes()[1]["train"]
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(1000 + seed))
    rows = torch.cat([order[y[order] == k][:n] for k in (0, 1)])
    return x[rows], y[rows]


def tuned_on(net, x, y, lr, low, seed):
    """The network after its steps on the few images, with a new head of two scores; `net` None: from random weights."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    from gdcore.models.cnn import FashionNet

    torch.manual_seed(seed)
    fresh, net = net is None, FashionNet(WIDTHS, classes=2) if net is None else copy.deepcopy(net)
    net.scores = nn.Linear(WIDTHS[-1], 2)
    net.train(fresh)  # the averages of batch normalisation stay where they are learned already
    groups = [{"params": net.scores.parameters(), "lr": lr}] + ([{"params": net.stages.parameters(), "lr": low}] if low else [])
    optimizer = torch.optim.Adam(groups)
    for _ in range(STEPS):
        rows = torch.randperm(len(y))[:40]
        optimizer.zero_grad()
        F.cross_entropy(net(x[rows]), y[rows]).backward()
        optimizer.step()
    return net.eval()


def right(net, x, y):
    import torch

    with torch.no_grad():
        return float(np.mean([(net(a).argmax(1) == b).double().mean().item() for a, b in zip(x.split(500), y.split(500))]))


def remembered(net, old):
    """The accuracy on the old classes with the old head on the body as it is now."""
    net = copy.deepcopy(net)
    net.scores = old.scores
    return right(net, *(v[:1000] for v in clothes()[0]["test"]))


def images(seeds=SEEDS, tuning=(100, 101)):
    """{n: {method: rows (accuracy on test, accuracy on the old classes)}}; each method's rates are the best on validation, over two other
    draws of labels."""
    from sklearn.linear_model import LogisticRegression

    (xv, yv), (xt, yt) = clothes()[1]["validation"], clothes()[1]["test"]
    before = [right(body(s), *(v[:1000] for v in clothes()[0]["test"])) for s in seeds]
    rows, chosen = {}, {}
    flat = lambda x: x.flatten(1).numpy()
    for n in FEW:
        rows[n], chosen[n] = {}, {}
        for method, trials in TRIALS.items():
            start = lambda s, method=method: None if method == "random weights" else body(s % 5)
            worth = lambda t, n=n, start=start: np.mean([right(tuned_on(start(s), *drawn(s, n), *t, s), xv, yv) for s in tuning])
            best = max(trials, key=worth)
            chosen[n][method] = best
            nets = [tuned_on(start(s), *drawn(s, n), *best, s) for s in seeds]
            rows[n][method] = [[right(net, xt, yt), None if start(s) is None else remembered(net, body(s))] for s, net in zip(seeds, nets)]
        fit = lambda s, c, n=n: LogisticRegression(C=c, max_iter=500).fit(flat(drawn(s, n)[0]), drawn(s, n)[1])
        c = max((0.01, 0.1, 1.0, 10.0), key=lambda c, fit=fit: np.mean([fit(s, c).score(flat(xv), yv) for s in tuning]))
        chosen[n]["pixels"] = c
        rows[n]["pixels"] = [[fit(s, c).score(flat(xt), yt), None] for s in seeds]
    return {"before": before, "rows": rows, "chosen": chosen, "test": len(yt)}


def frozen(seeds=SEEDS, tuning=(100, 101)):
    """{n: accuracy on test} of logistic regression on the body's features, carried to its end: what the last layer alone could reach."""
    import torch
    from sklearn.linear_model import LogisticRegression

    def features(s, x):
        net = copy.deepcopy(body(s % 5))
        net.scores = torch.nn.Identity()
        with torch.no_grad():
            return torch.cat([net(part) for part in x.split(500)]).numpy()

    (xv, yv), (xt, yt), found = clothes()[1]["validation"], clothes()[1]["test"], {}
    for n in FEW:
        fit = lambda s, c, n=n: LogisticRegression(C=c, max_iter=3000).fit(features(s, drawn(s, n)[0]), drawn(s, n)[1])
        worth = lambda c, fit=fit: np.mean([fit(s, c).score(features(s, xv), yv) for s in tuning])
        c = max((0.01, 0.1, 1.0, 10.0, 100.0), key=worth)
        found[n] = [c, [fit(s, c).score(features(s, xt), yt) for s in seeds]]
    return {"rows": found}


def rates(seeds=SEEDS, n=20):
    """One rate on all layers, from small to large: accuracy on the new classes and on the old ones."""
    xt, yt = clothes()[1]["test"]
    tried, rows = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03), []
    for lr in tried:
        nets = [(s, tuned_on(body(s), *drawn(s, n), lr, lr, s)) for s in seeds]
        rows.append([[right(net, xt, yt), remembered(net, body(s))] for s, net in nets])
    return {"rates": tried, "rows": rows}


# -- language: from reviews to single sentences ------------------------------------------------------------------------------------

LIMIT, SENTENCES = 100, (200, 1000)
READER_RATES, ROUNDS = (0.0003, 0.001, 0.003, 0.01), 10


def trained(reader, shelf, lr, epochs, size, seed):
    """The reader after some epochs of AdamW with one cycle on (sequences, labels)."""
    import gdcore.optim
    from gdcore import schedules
    from gdcore.training import fit
    from gdcore.training.lengths import ByLength
    from gdcore.training.reading import bill

    batches = ByLength(*shelf, size, seed)
    optimizer = gdcore.optim.AdamW(reader.parameters(), lr, weight_decay=0.01)
    reader.train()
    fit(reader, batches, bill, optimizer, epochs=epochs, schedule=schedules.one_cycle(epochs * len(batches), rise=0.15), clip=1.0)
    return reader


@functools.cache
def reviews():
    """(books, shelves of sentences, texts as counts of IMDB's words, labels) for the reviews and the sentences."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    from gdcore import data
    from gdcore.data.words import words
    from gdcore.training.reading import library

    far, near = data.movie_reviews("imdb"), data.movie_reviews("rotten tomatoes")
    books = library(far, LIMIT)
    shelves = {name: books.shelve(getattr(near, name)) for name in ("train", "validation", "test")}
    wide = TfidfVectorizer(tokenizer=words, token_pattern=None, min_df=3, sublinear_tf=True)
    counts = {"far": wide.fit_transform(far.train.x)} | {name: wide.transform(getattr(near, name).x) for name in shelves}
    return books, shelves, counts, far.train.y, near


def best_of(trials, worth):
    """The trial with the lowest worth, and its place."""
    found = [worth(t) for t in trials]
    return trials[int(np.argmin(found))], int(np.argmin(found))


def language(s):
    """{name: (error on 2,000 sentences, what was chosen on 500 others)} for one training of the reader and one draw of the few."""
    import torch
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    from gdcore.data.words import words
    from gdcore.models.sentiment import Reader
    from gdcore.training.reading import measure

    books, shelves, counts, y, near = reviews()
    judged = lambda reader, part: measure(reader, part)["error"]
    fresh = lambda **more: Reader(len(books.vocabulary), "gru", hidden=32, **more)
    torch.manual_seed(s)
    reader = trained(fresh(vectors=books.vectors), books.train, 0.016, 1, 128, s)
    rows = {"home": [judged(reader, books.test), None], "as it is": [judged(reader, shelves["test"]), None]}
    wide = LogisticRegression(C=3, max_iter=300).fit(counts["far"], y)
    rows["words, IMDB"] = [1 - wide.score(counts["test"], near.test.y), None]
    order = np.random.default_rng(s).permutation(len(near.train.y))
    for n in SENTENCES:
        few = order[:n]
        shelf = ([shelves["train"][0][i] for i in few], shelves["train"][1][few])
        for name, lrs in (("fine-tuned", READER_RATES), ("random weights", (0.003, 0.01, 0.03))):
            readers = []
            for lr in lrs:
                torch.manual_seed(s)
                readers.append(trained(copy.deepcopy(reader) if name == "fine-tuned" else fresh(), shelf, lr, ROUNDS, 20, s))
            best, at = best_of(readers, lambda r: judged(r, shelves["validation"]))
            rows[f"{name} {n}"] = [judged(best, shelves["test"]), lrs[at]]
        texts = [near.train.x[i] for i in few]
        own = TfidfVectorizer(tokenizer=words, token_pattern=None, sublinear_tf=True).fit(texts)
        models = [LogisticRegression(C=c, max_iter=300).fit(own.transform(texts), near.train.y[few]) for c in (1, 3, 10, 30)]
        best, _ = best_of(models, lambda m, own=own: -m.score(own.transform(near.validation.x), near.validation.y))
        rows[f"words, few {n}"] = [1 - best.score(own.transform(near.test.x), near.test.y), best.C]
        both, labels = sparse.vstack([counts["far"], counts["train"][few]]), np.r_[y, near.train.y[few]]
        weighed = lambda w, n=n: np.r_[np.ones(len(y)), np.full(n, w)]
        models = [LogisticRegression(C=3, max_iter=300).fit(both, labels, weighed(w)) for w in (1, 5, 20)]
        best, at = best_of(models, lambda m: -m.score(counts["validation"], near.validation.y))
        rows[f"words, both {n}"] = [1 - best.score(counts["test"], near.test.y), (1, 5, 20)[at]]
    return {"rows": rows, "weights": sum(p.numel() for p in reader.parameters())}
