"""Texts on their way into a reader, and what it makes of them: scores, and the words that mattered."""

import dataclasses
import time

import numpy as np
import torch
from torch.nn import functional as F

from gdcore.data.words import UNKNOWN, Vocabulary, word_vectors, words
from gdcore.training.lengths import padded

__all__ = ["Library", "bill", "library", "measure", "scores", "word_effects"]


@dataclasses.dataclass(frozen=True)
class Library:
    """Texts as numbers, by a vocabulary and word vectors that come from the training part alone.

    train, validation, test: (arrays of word numbers, labels as a float tensor). seconds: that it took to make vocabulary and vectors.
    """

    vocabulary: Vocabulary
    vectors: np.ndarray
    train: tuple
    validation: tuple
    test: tuple
    limit: int
    seconds: float

    def shelve(self, examples):
        """Other texts as this library numbers them: (arrays of word numbers, labels as a float tensor)."""
        return [self.vocabulary.encode(text, self.limit) for text in examples.x], torch.tensor(examples.y, dtype=torch.float32)


def library(splits, limit=300, size=64, most=20_000):
    """The `Library` of texts in `Splits`: at most `most` words of vocabulary, `limit` words of each text, vectors of `size` numbers."""
    begin = time.perf_counter()
    vocabulary = Vocabulary(splits.train.x, most)
    vectors = word_vectors([vocabulary.encode(text) for text in splits.train.x], len(vocabulary), size)
    seconds = time.perf_counter() - begin
    empty = Library(vocabulary, vectors, (), (), (), limit, seconds)
    return dataclasses.replace(empty, **{name: empty.shelve(getattr(splits, name)) for name in ("train", "validation", "test")})


def bill(model, ids, lengths, y):
    """The cross-entropy of a batch, as `gdcore.training.fit` wants its loss."""
    return F.binary_cross_entropy_with_logits(model(ids, lengths), y)


@torch.no_grad()
def scores(model, sequences, size=100):
    """The score of each sequence, a float tensor on the CPU in their order; batches of `size` are sorted by length. The model is left in
    evaluation mode."""
    model.eval()
    device = next(model.parameters()).device
    order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]))
    found = torch.empty(len(sequences))
    for begin in range(0, len(order), size):
        batch = order[begin:begin + size]
        found[batch] = model(*padded([sequences[i] for i in batch], device)).float().cpu()
    return found


def measure(model, part):
    """{"error": the share of wrong judgements, "cross-entropy": the mean bill} on (sequences, labels)."""
    found, y = scores(model, part[0]), part[1]
    return {"error": ((found > 0) != (y > 0.5)).float().mean().item(), "cross-entropy": F.binary_cross_entropy_with_logits(found, y).item()}


def word_effects(model, vocabulary, text):
    """(score, words, effects): by how much the score of a text falls when one word after the other is made unknown.

    An effect above 0 means that the word speaks for a positive review. A word that the vocabulary lacks has the effect 0.
    """
    numbers = vocabulary.encode(text)
    without = np.tile(numbers, (len(numbers) + 1, 1))
    without[np.arange(1, len(without)), np.arange(len(numbers))] = UNKNOWN
    found = scores(model, list(without))
    return found[0].item(), words(text), (found[0] - found[1:]).tolist()
