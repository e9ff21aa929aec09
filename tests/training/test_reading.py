"""A reader's work: scores in the order asked, effects of words, and a library that has seen the training part only."""

import time

import numpy as np
import pytest
import torch

from gdcore.data import Examples, Splits
from gdcore.models.sentiment import BagOfWords, Reader
from gdcore.training import fit
from gdcore.training.lengths import ByLength
from gdcore.training.reading import bill, library, measure, scores, word_effects


def splits(n=200, seed=0):
    """Texts of fillers with one word that decides: "fine" or "dull"; every second one with "not" before it, which turns it over."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for i in range(n):
        good, turned = i % 2, (i // 2) % 2
        filler = [f"w{k}" for k in rng.integers(0, 6, rng.integers(2, 9))]
        at = rng.integers(0, len(filler))
        texts.append(" ".join(filler[:at] + ["not"] * turned + ["fine" if good else "dull"] + filler[at:]))
        labels.append(good ^ turned)
    part = lambda a, b: Examples(texts[a:b], np.array(labels[a:b]))
    return Splits(part(0, n // 2), part(n // 2, 3 * n // 4), part(3 * n // 4, n))


def test_scores_come_in_the_order_asked_whatever_the_batches():
    books = library(splits(), size=4)
    torch.manual_seed(0)
    model = Reader(len(books.vocabulary), size=4, hidden=3)
    sequences = books.validation[0]
    alone = torch.cat([scores(model, [sequence]) for sequence in sequences])
    assert torch.allclose(scores(model, sequences, size=7), alone, atol=1e-6) and not model.training


def test_a_library_knows_the_words_of_the_training_part_only():
    parts = splits()
    parts.test.x[0] += " unheard"
    begin = time.perf_counter()
    books = library(parts, limit=5, size=4)
    assert 0 < books.seconds < time.perf_counter() - begin
    assert "unheard" not in books.vocabulary.words and 1 in library(parts, size=4).test[0][0]
    assert max(map(len, books.train[0])) <= 5 and books.vectors.shape == (len(books.vocabulary), 4)
    again, labels = books.shelve(parts.test)
    assert all((a == b).all() for a, b in zip(again, books.test[0])) and torch.equal(labels, books.test[1])


def test_judge_counts_errors_and_bills():
    model = BagOfWords(5)
    model.weight.weight.data[:, 0] = torch.tensor([0.0, 0, 0.4, -0.4, 0])
    part = ([np.array([2]), np.array([3]), np.array([3]), np.array([4, 2])], torch.tensor([1.0, 0, 1, 1]))
    found = measure(model, part)
    expected = np.mean([np.log1p(np.exp(-score)) for score in (0.4, 0.4, -0.4, 0.4 / 2**0.5)])
    assert found["error"] == 0.25 and abs(found["cross-entropy"] - expected) < 1e-6


def test_the_effect_of_a_word_in_a_bag_is_its_weight():
    books = library(splits(), size=4)
    model = BagOfWords(len(books.vocabulary))
    torch.manual_seed(0)
    torch.nn.init.normal_(model.weight.weight[2:])
    score, found, effects = word_effects(model, books.vocabulary, "Fine, w1 unheard")
    weight = lambda word: model.weight.weight[books.vocabulary.encode(word)[0], 0].item() - model.weight.weight[1, 0].item()
    assert found == ["fine", "w1", "unheard"]
    assert effects == pytest.approx([weight("fine") / 3**0.5, weight("w1") / 3**0.5, 0], abs=1e-6)
    assert score == pytest.approx(scores(model, [books.vocabulary.encode("fine w1 unheard")]).item())


def train(books, model, epochs=60):
    torch.manual_seed(0)
    fit(model, ByLength(*books.train, 20), bill, torch.optim.Adam(model.parameters(), 0.02), epochs=epochs, clip=1.0, progress=False)
    return measure(model, books.test)["error"]


@pytest.mark.slow
def test_a_reader_learns_what_no_bag_can_learn():
    books = library(splits(800), size=8)
    torch.manual_seed(0)
    assert train(books, Reader(len(books.vocabulary), "gru", size=8, hidden=8, forget_words=0.0, dropout=0.0), 25) < 0.02
    assert train(books, BagOfWords(len(books.vocabulary)), 25) > 0.25


def test_half_precision_trains_as_well():
    books = library(splits(), size=4)
    torch.manual_seed(0)
    model = Reader(len(books.vocabulary), "lstm", size=4, hidden=4)
    record = fit(model, ByLength(*books.train, 20), bill, torch.optim.Adam(model.parameters(), 0.02), epochs=3, mixed=True, progress=False)
    assert record.status == "finished" and record["loss"][-1] < record["loss"][0] + 0.1


def test_a_training_that_was_killed_goes_on_with_the_same_numbers(tmp_path):
    books = library(splits(), size=4)

    def run(path, stop=None):
        torch.manual_seed(3)
        model = Reader(len(books.vocabulary), "lstm", size=4, hidden=4)
        calls = iter(range(100))

        def look(model):
            if stop is not None and next(calls) == stop:
                raise KeyboardInterrupt
            return measure(model, books.validation)

        return fit(model, ByLength(*books.train, 20, seed=1), bill, torch.optim.Adam(model.parameters(), 0.02), epochs=4,
                   measure=look, checkpoint=path, progress=False)

    whole = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut", stop=2)
    again = run(tmp_path / "cut")
    strip = lambda record: [{k: v for k, v in point.items() if k != "seconds"} for point in record.points]
    assert strip(again) == strip(whole)
