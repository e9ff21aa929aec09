"""Film reviews: recurrent readers against a bag of words, what each part of the recipe brings, and how far the best one can be trusted."""

import functools
import time

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

import gdcore.optim
from examples.ledger import Ledger
from gdcore import data, device, schedules, seed
from gdcore.data.reviews import SOURCES
from gdcore.data.words import words
from gdcore.models.sentiment import BagOfWords, Reader
from gdcore.training import fit
from gdcore.training.lengths import ByLength
from gdcore.training.reading import bill, library, measure, scores

SEEDS = (0, 1, 2)
EPOCHS, BATCH, LIMIT = 3, 128, 300
RATES = {  # five trials each: three, and two more since the best of all four lay at the end
    "lstm": (0.002, 0.004, 0.008, 0.016, 0.032),
    "bag": (0.01, 0.03, 0.1, 0.3, 1.0),
    "gru": (0.002, 0.004, 0.008, 0.016, 0.032),
    "rnn": (0.0005, 0.0015, 0.004, 0.01, 0.025),
}
LENGTHS = (0, 100, 200, 400, 10_000)  # words: from … to below …

# pairs of sentences with the same words, or nearly: the first is for the film, the second against it
CONTRASTS = (
    ("not bad at all , it was good", "not good at all , it was bad"),
    ("the film is not boring . it is great", "the film is not great . it is boring"),
    ("i expected it to be terrible and it was wonderful", "i expected it to be wonderful and it was terrible"),
    ("the plot is weak but the acting is superb and i loved it", "the acting is superb but the plot is weak and i hated it"),
    ("this film is good", "this film is not good"),
    ("i liked it", "i didn't like it"),
    ("it never gets dull", "it never gets interesting"),
    ("you will not be disappointed", "you will be disappointed"),
    ("nothing here is bad", "nothing here is good"),
    ("far from awful", "far from wonderful"),
    ("without a single dull moment", "without a single funny moment"),
    ("it could not be better", "it could be better"),
)


def main(again=False):
    ledger = Ledger("rnn_sentiment", again)
    ledger.once("contrasts", lambda: {"pairs": CONTRASTS})
    for source in SOURCES:
        for pairs in (1, 2):
            ledger.once(f"linear {pairs} {source}", functools.partial(linear, source, pairs))
    for cell, rates in RATES.items():  # chosen on the validation part, by short trainings with a seed of their own
        for lr in rates:
            ledger.once(f"tune {cell} {lr}", functools.partial(short, 10, cell, lr=lr))
    best = {cell: min(rates, key=lambda lr: ledger[f"tune {cell} {lr}"]["validation"]["error"]) for cell, rates in RATES.items()}
    for cell in RATES:
        for s in SEEDS:
            ledger.once(f"{cell} {s}", functools.partial(full, cell, s, lr=best[cell]))
    ledger.once("in pairs, words and pairs", functools.partial(linear, "imdb", 2, kept))
    for cell in RATES:  # once more, with what each of them missed
        for s in SEEDS:
            ledger.once(f"in pairs, {cell} {s}", functools.partial(full, cell, s, judge=kept, lr=best[cell]))
    for s in SEEDS:  # what the first three rates would have led to
        ledger.once(f"third rate, lstm {s}", functools.partial(full, "lstm", s, lr=RATES["lstm"][:3][-1]))
    for s in SEEDS:
        for cell in RATES:
            ledger.once(f"race {cell} {s}", functools.partial(short, s, cell, lr=best[cell], looks=3))
    for s in SEEDS:
        ledger.once(f"sentences {s}", functools.partial(full, "lstm", s, "rotten tomatoes", epochs=6, lr=best["lstm"]))
    for s in SEEDS:
        for name, change in CHANGES.items():
            cell = change.get("cell", "lstm")
            ledger.once(f"{name} {s}", functools.partial(short, s, **{"cell": cell, "lr": best[cell], **change}))


# what is changed in the LSTM of the race, one thing at a time
CHANGES = {
    "last thought": {"last": True},
    "last thought of an RNN": {"last": True, "cell": "rnn"},
    "random vectors": {"vectors": None},
    "nothing forgotten": {"forget_words": 0.0, "dropout": 0.0},
}


@functools.cache
def parts(source):
    return data.movie_reviews(source)


@functools.cache
def books(source, limit):
    return library(parts(source), limit)


def train(cell, seed_, source="imdb", limit=LIMIT, lr=0.004, epochs=EPOCHS, clip=1.0, looks=2, **options):
    """A training: the reader, and its story as plain values. looks: an epoch, at the validation part."""
    shelf = books(source, limit)
    seed(seed_)
    count = len(shelf.vocabulary)
    reader = BagOfWords(count) if cell == "bag" else Reader(count, cell, **{"vectors": shelf.vectors, **options})
    reader.to(device())
    batches = ByLength(*shelf.train, BATCH if source == "imdb" else BATCH // 4, seed_, device())
    optimizer = gdcore.optim.AdamW(reader.parameters(), lr, weight_decay=0.01, compile=True)
    record = fit(reader, batches, bill, optimizer, epochs=epochs, schedule=schedules.one_cycle(epochs * len(batches), rise=0.15), clip=clip,
                 measure=lambda model: measure(model, shelf.validation), every=len(batches) // looks)
    weights = sum(p.numel() for p in reader.parameters())
    return reader, {"seed": seed_, "lr": lr, "weights": weights, "preparation": shelf.seconds,
                    "record": record.as_dict()}


def short(seed_, cell="lstm", looks=1, **options):
    """A training on 100 words of each review, for two epochs: enough to compare."""
    reader, story = train(cell, seed_, limit=100, epochs=2, looks=looks, **options)
    return story | {"validation": measure(reader, books("imdb", 100).validation)}


def full(cell, seed_, source="imdb", judge=None, **options):
    """A training on one source, judged on the test parts of both, by length, with the words shuffled, and on pairs of sentences."""
    reader, story = train(cell, seed_, source, **options)
    shelf = books(source, LIMIT)
    score = lambda texts: scores(reader, [shelf.vocabulary.encode(text, LIMIT) for text in texts]).numpy()
    return story | (judge or judged)(score, source)


def linear(source, pairs, judge=None):
    """Logistic regression on TF-IDF of words (pairs = 1), or of words and pairs of neighbours; its strength chosen on validation."""
    begin = time.perf_counter()
    splits = parts(source)
    features = TfidfVectorizer(tokenizer=words, token_pattern=None, ngram_range=(1, pairs), min_df=3, sublinear_tf=True)
    x, xv = features.fit_transform(splits.train.x), features.transform(splits.validation.x)
    prepared, trials = time.perf_counter() - begin, {}
    for strength in (1, 3, 10, 30):
        begin = time.perf_counter()
        model = LogisticRegression(C=strength, max_iter=300).fit(x, splits.train.y)
        seconds = time.perf_counter() - begin
        trials[strength] = float(np.mean(model.predict(xv) != splits.validation.y)), prepared + seconds, model
    strength = min(trials, key=lambda c: trials[c][0])
    error, seconds, model = trials[strength]
    score = lambda texts: model.decision_function(features.transform(texts))
    return {"C": strength, "features": x.shape[1], "seconds": seconds, "validation": error} | (judge or judged)(score, source)


def judged(score, source):
    """What a model's errors are; score: score(texts), above 0 for a positive review."""
    own, other = parts(source), parts("rotten tomatoes" if source == "imdb" else "imdb")
    wrong = lambda found, y: float(np.mean((found > 0) != y))
    found = score(own.test.x)
    lengths = np.array([len(words(text)) for text in own.test.x])
    rng = np.random.default_rng(0)
    mixed = [" ".join(rng.permutation(words(text))) for text in own.test.x]
    inside = [(lengths >= low) & (lengths < high) for low, high in zip(LENGTHS, LENGTHS[1:])]
    return {"test": wrong(found, own.test.y), "by length": [wrong(found[which], own.test.y[which]) for which in inside if which.any()],
            "of each length": [int(which.sum()) for which in inside if which.any()],
            "shuffled": wrong(score(mixed), own.test.y), "elsewhere": wrong(score(other.test.x), other.test.y),
            "contrasts": [[float(s) for s in score(list(pair))] for pair in CONTRASTS]}


def kept(score, source):
    """The test error, and which reviews were judged wrongly, a bit each, in hexadecimal: what a test in pairs needs."""
    test = parts(source).test
    missed = (np.asarray(score(test.x)) > 0) != test.y
    return {"test": float(missed.mean()), "missed": np.packbits(missed).tobytes().hex()}
