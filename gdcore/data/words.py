"""Texts as numbers: words, a vocabulary made of the training part alone, and vectors of words from the company they keep."""

import collections
import re

import numpy as np

__all__ = ["PAD", "UNKNOWN", "Vocabulary", "word_vectors", "words"]

PAD, UNKNOWN = 0, 1  # the numbers of no word at all, and of a word that the vocabulary does not hold
WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[!?]")


def words(text):
    """The words of a text in small letters, "isn't" as one, with ! and ? as words of their own; all other signs are left out."""
    return WORD.findall(text.lower().replace("’", "'"))


class Vocabulary:
    """The words that texts hold at least `least` times, at most `size` of them, the most frequent first; numbered from 2.

    Raises ValueError if no word is left.
    """

    def __init__(self, texts, size=20_000, least=3):
        counts = collections.Counter(word for text in texts for word in words(text))
        kept = sorted((word for word, n in counts.items() if n >= least), key=lambda word: (-counts[word], word))[:size]
        if not kept:
            raise ValueError(f"No word of these texts is there {least} times: give more texts, or a smaller `least`.")
        self.words = ["", "?unknown?", *kept]
        self._number = {word: number for number, word in enumerate(self.words)}

    def __len__(self):
        return len(self.words)

    def encode(self, text, limit=None):
        """The numbers of the text's words as an array; of more than `limit` words the first quarter and the last three of `limit`."""
        numbers = np.array([self._number.get(word, UNKNOWN) for word in words(text)] or [UNKNOWN], dtype=np.int64)
        if limit is None or len(numbers) <= limit:
            return numbers
        return np.r_[numbers[: limit // 4], numbers[len(numbers) - (limit - limit // 4):]]


def word_vectors(texts, count, size=64, window=4, seed=0):
    """A vector of `size` numbers for each of `count` words, of shape (count, size): alike for words that keep alike company.

    texts: arrays of word numbers, as from `Vocabulary.encode`. Two words meet when they stand at most `window` apart. How much more often
    they meet than by chance, as a logarithm cut off at 0 (PPMI), is a matrix; its largest singular vectors, scaled by the roots of
    their singular values, are the vectors. Levy, Goldberg and Dagan (2015), Transactions of the ACL 3, 211–225. The numbers 0 and 1
    (no word, unknown word) get zeros; the mean square of all others is 1.
    """
    from scipy import sparse
    from sklearn.utils.extmath import randomized_svd

    stream = np.concatenate([np.r_[text, np.zeros(window, dtype=np.int64)] for text in texts])  # nobody meets across two texts
    meetings = sparse.csr_matrix((count, count), dtype=np.float32)
    for apart in range(1, window + 1):
        one, other = stream[:-apart], stream[apart:]
        met = (one > UNKNOWN) & (other > UNKNOWN)
        meetings += sparse.coo_matrix((np.ones(met.sum(), np.float32), (one[met], other[met])), (count, count)).tocsr()
    meetings = (meetings + meetings.T).tocoo()
    totals = np.asarray(meetings.sum(axis=1)).ravel()
    smooth = totals**0.75  # rare words would seem special by chance: their share is raised, as the authors advise
    chance = totals[meetings.row] * (smooth[meetings.col] / smooth.sum())
    ppmi = sparse.csr_matrix((np.maximum(np.log(meetings.data / chance), 0), (meetings.row, meetings.col)), (count, count))
    u, s, _ = randomized_svd(ppmi, size, n_iter=3, random_state=seed)
    vectors = u * np.sqrt(s)
    vectors[[PAD, UNKNOWN]] = 0  # but for rounding they are
    return (vectors / np.sqrt(np.mean(vectors[2:] ** 2))).astype(np.float32)
