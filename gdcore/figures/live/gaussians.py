"""Random numbers that are the same in Python and in every browser: mulberry32, and for normal ones Box and Muller (`js/gaussians.js`)."""

import numpy as np

__all__ = ["gaussians", "uniforms"]


def uniforms(seed, count):
    """`count` random numbers in [0, 1) of a seed, a whole number from 0 to 2³² − 1.

    mulberry32 (Ettinger 2017, in the public domain) counts up by a constant and mixes the bits, so all numbers can be made at once.
    """
    uint = np.uint32
    a = (uint(seed) + np.arange(1, count + 1, dtype=uint) * uint(0x6D2B79F5)).astype(uint)
    t = (a ^ (a >> uint(15))) * (a | uint(1))
    t = (t + (t ^ (t >> uint(7))) * (t | uint(61))) ^ t
    return (t ^ (t >> uint(14))) / 4294967296


def gaussians(seed, count):
    """`count` normal random numbers of a seed: two uniform numbers u, v give √(−2 ln(1 − u)) times the cosine and the sine of 2πv
    (Box and Muller 1958)."""
    u, v = uniforms(seed, count + count % 2).reshape(-1, 2).T
    far, turn = np.sqrt(-2 * np.log(1 - u)), 2 * np.pi * v
    return np.stack([far * np.cos(turn), far * np.sin(turn)], axis=1).ravel()[:count]
