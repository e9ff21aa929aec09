"""Words as numbers and as vectors."""

import numpy as np
import pytest

from gdcore.data.words import PAD, UNKNOWN, Vocabulary, word_vectors, words


def test_words_are_small_and_without_marks_but_for_calls_and_questions():
    assert words("It's NOT bad, is it?! 8/10. Isn’t that -- good") == \
        ["it's", "not", "bad", "is", "it", "?", "!", "8", "10", "isn't", "that", "good"]
    assert words("'quoted' ...") == ["quoted"] and words("") == []


def test_a_vocabulary_counts_and_orders_by_frequency_then_alphabet():
    v = Vocabulary(["b a b", "a b c", "c a d"], least=2)
    assert v.words[2:] == ["a", "b", "c"] and len(v) == 5
    assert v.encode("d c b a").tolist() == [UNKNOWN, 4, 3, 2]
    assert Vocabulary(["b a b", "a b c", "c a d"], size=1, least=1).words[2:] == ["a"]
    assert v.encode("...").tolist() == [UNKNOWN]  # a text of no words is one that is not known, so that no sequence is empty
    with pytest.raises(ValueError, match="No word of these texts is there 9 times"):
        Vocabulary(["a b"], least=9)


def test_a_long_text_keeps_its_first_quarter_and_its_end():
    v = Vocabulary(["a b c d e f g h i j"], least=1)
    numbers = v.encode("a b c d e f g h i j")
    assert v.encode("a b c d e f g h i j", limit=4).tolist() == [numbers[0], *numbers[-3:]]
    assert v.encode("a b c d e f g h i j", limit=10).tolist() == numbers.tolist()


def corpus(seed=0, texts=400):
    """Sentences in which 2, 3, 4 keep one kind of company, 5, 6, 7 another: the words 8 to 15, or 16 to 23."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(texts):
        kind = rng.integers(2)
        company = rng.integers(8, 16, 9) + 8 * kind
        company[4] = rng.integers(2, 5) + 3 * kind
        made.append(company)
    return made


def test_words_that_keep_alike_company_get_alike_vectors():
    vectors = word_vectors(corpus(), 24, size=4)
    assert vectors.shape == (24, 4) and vectors.dtype == np.float32
    assert (vectors[[PAD, UNKNOWN]] == 0).all() and abs(np.mean(vectors[2:] ** 2) - 1) < 1e-5
    alike = lambda a, b: vectors[a] @ vectors[b] / np.linalg.norm(vectors[a]) / np.linalg.norm(vectors[b])
    assert min(alike(2, 3), alike(5, 6)) > 0.8 > 0.3 > max(alike(2, 5), alike(3, 6))
    assert (word_vectors(corpus(), 24, size=4) == vectors).all()


def test_ppmi_is_the_formula_and_nobody_meets_across_texts():
    texts = [np.array([2, 3, 3, 4]), np.array([5, 2])]
    counts = np.zeros((6, 6))
    for text in texts:
        for i, a in enumerate(text):
            for j, b in enumerate(text):
                counts[a, b] += 0 < abs(i - j) <= 2
    totals = counts.sum(axis=1)
    with np.errstate(all="ignore"):
        ppmi = np.nan_to_num(np.maximum(np.log(counts / np.outer(totals, totals**0.75 / (totals**0.75).sum())), 0))
    u, s, _ = np.linalg.svd(ppmi)
    expected = u[:, :3] * np.sqrt(s[:3])
    found = word_vectors(texts, 6, size=3, window=2)
    expected /= np.sqrt(np.mean(expected[2:] ** 2))
    assert np.allclose(found @ found.T, expected @ expected.T, atol=1e-4)  # up to a turn
