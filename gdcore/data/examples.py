"""Examples with their targets, in parts that share nothing: what every loader returns, and what it asserts before."""

import dataclasses

import numpy as np

from gdcore.data.store import DataError

__all__ = ["Examples", "Splits", "assert_balanced", "assert_disjoint", "shuffled"]


@dataclasses.dataclass(frozen=True)
class Examples:
    """Inputs x and targets y, one for one: arrays, or lists of texts.  names: of the classes, where y holds their numbers."""

    x: object
    y: object
    names: tuple = ()

    def __len__(self):
        return len(self.x)

    def __getitem__(self, which):
        """The examples at the places `which`, a slice or an array of whole numbers."""
        pick = lambda values: values[which] if isinstance(values, np.ndarray) or isinstance(which, slice) else [values[i] for i in which]
        return Examples(pick(self.x), pick(self.y), self.names)


@dataclasses.dataclass(frozen=True)
class Splits:
    """Three parts: to train on, to choose with (rates, epochs, models), and to judge with, once."""

    train: Examples
    validation: Examples
    test: Examples

    def __iter__(self):
        return iter((self.train, self.validation, self.test))


def shuffled(count, seed=0):
    """The numbers below `count` in an order that depends on the seed alone."""
    return np.random.default_rng(seed).permutation(count)


def assert_balanced(what, y, counts):
    """Raise DataError unless the classes 0, 1, … are there as often as `counts` says."""
    found = np.bincount(np.asarray(y), minlength=len(counts)).tolist()
    if found != list(counts):
        raise DataError(f"The classes of {what} are there {found} times, expected {list(counts)}: this is not the data that the book uses.")


def assert_disjoint(parts):
    """Raise DataError if two parts share a key: `parts` is {name: keys that can be hashed}."""
    owner = {}
    for name, keys in parts.items():
        for key in set(keys):
            if owner.setdefault(key, name) != name:
                raise DataError(f"{owner[key]} and {name} share an example: a test on it would measure memory, not learning.")
