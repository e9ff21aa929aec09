"""Chance that can be repeated: `random.js` in the figures gives the same numbers."""

import numpy as np

__all__ = ["normals", "uniform"]


def uniform(seed, k):
    """The k-th numbers of mulberry32 (Ettinger 2017), from 0 on, in the open interval from 0 to 1; k is an array of whole numbers."""
    k = np.asarray(k, dtype=np.uint64)
    word = np.uint64(2**32 - 1)
    z = (np.uint64(seed) + (k + np.uint64(1)) * np.uint64(0x6D2B79F5)) & word
    z = (z ^ (z >> np.uint64(15))) * (z | np.uint64(1)) & word
    z ^= (z + ((z ^ (z >> np.uint64(7))) * (z | np.uint64(61)) & word)) & word
    return ((z ^ (z >> np.uint64(14))) + 0.5) / 2**32


def normals(seed, k):
    """The k-th pairs of standard normal numbers (Box and Muller 1958), in an array of shape (…, 2)."""
    k = np.asarray(k, dtype=np.uint64)
    length = np.sqrt(-2 * np.log(uniform(seed, 2 * k)))
    angle = 2 * np.pi * uniform(seed, 2 * k + np.uint64(1))
    return np.stack([length * np.cos(angle), length * np.sin(angle)], -1)
