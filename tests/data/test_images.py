"""Fashion-MNIST as the book uses it: counts, balance, no image in two parts, and a sentence for whatever is wrong."""

import gzip

import numpy as np
import pytest

from gdcore.data import DataError, fashion_mnist, images
from gdcore.data.examples import Examples, assert_balanced, assert_disjoint, shuffled


@pytest.fixture(scope="module")
def parts():
    return fashion_mnist()


def test_counts_and_kinds(parts):
    assert [len(part) for part in parts] == [54_976, 5_000, 10_000]
    for part in parts:
        assert part.x.dtype == np.uint8 and part.x.shape[1:] == (28, 28) and part.names == images.NAMES
        assert set(np.unique(part.y)) == set(range(10))


def test_it_is_shuffled_and_the_seed_decides(parts):
    assert len(set(parts.train.y[:50])) == 10  # all kinds soon
    again, other = fashion_mnist(), fashion_mnist(seed=1)
    assert np.array_equal(again.train.y, parts.train.y) and not np.array_equal(other.train.y, parts.train.y)
    assert np.array_equal(other.test.y, parts.test.y)


def test_without_a_validation_part_all_are_there():
    assert [len(part) for part in fashion_mnist(validation=0)] == [59_976, 0, 10_000]
    assert [len(part) for part in fashion_mnist(validation=0, copies=True)] == [60_000, 0, 10_000]


@pytest.mark.parametrize("validation", [-1, 50_001, 0.1, True, "all"])
def test_a_validation_part_that_cannot_be(validation):
    with pytest.raises(ValueError, match="from 0 to 50,000"):
        fashion_mnist(validation)


@pytest.mark.slow
def test_the_copies_are_those_that_a_search_finds():
    x, test = images._images("train-images-idx3-ubyte.gz"), images._images("t10k-images-idx3-ubyte.gz")
    which, twins = images.near_copies(x, test)
    assert which.tolist() == list(images.COPIES) and len(twins) == 24


def test_a_search_for_copies_sees_through_brightness():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 200, (30, 28, 28)).astype(np.uint8)
    test = np.concatenate([x[[3, 17]] // 2 + 40, rng.integers(0, 255, (5, 28, 28)).astype(np.uint8)])
    assert [found.tolist() for found in images.near_copies(x, test)] == [[3, 17], [0, 1]]


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A folder of the system of one's own, with the true files in it."""
    for name in images.FILES:
        (tmp_path / name).write_bytes(gzip.compress(images._content(name), 1))
    monkeypatch.setattr(images, "SYSTEM", tmp_path)
    return tmp_path


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"<html>not found</html>",
                                    lambda b: gzip.compress(gzip.decompress(b)[:-1] + b"\0")],
                         ids=["cut", "empty", "page", "changed"])  # fmt: skip
def test_a_damaged_file_is_one_sentence(system, damage):
    path = system / "train-labels-idx1-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match="damaged or cut short.*Remedy: apt install --reinstall dataset-fashion-mnist") as error:
        fashion_mnist()
    assert "\n" not in str(error.value)


def test_where_it_is_nowhere_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "SYSTEM", tmp_path / "none")
    monkeypatch.setattr(images, "URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("GDCORE_DATA", str(tmp_path / "cache"))
    with pytest.raises(DataError, match="connect once to the network.*apt install dataset-fashion-mnist"):
        fashion_mnist()


def test_parts_that_share_an_example_are_refused():
    assert_disjoint({"train": ["a", "b", "b"], "test": ["c"]})
    with pytest.raises(DataError, match="train and test share an example"):
        assert_disjoint({"train": ["a", "b"], "test": ["c", "b"]})


def test_classes_that_are_not_as_often_as_they_should_be():
    assert_balanced("it", [0, 1, 1, 0], [2, 2])
    with pytest.raises(DataError, match=r"it are there \[1, 3\] times, expected \[2, 2\]"):
        assert_balanced("it", [0, 1, 1, 1], [2, 2])


def test_some_of_the_examples():
    examples = Examples(["a", "b", "c"], [0, 1, 0], ("no", "yes"))
    assert examples[1:].x == ["b", "c"] and examples[np.array([2, 0])].y == [0, 0] and len(examples) == 3
    assert sorted(shuffled(10)) == list(range(10)) and list(shuffled(10)) == list(shuffled(10))
