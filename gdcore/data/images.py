"""Fashion-MNIST: 70,000 photographs of clothes, grey, 28 × 28 points, ten kinds.

Xiao, Rasul and Vollgraf (2017), arXiv:1708.07747; MIT License, Zalando SE.
"""

import gzip
import pathlib
import zlib

import numpy as np

from gdcore.data.examples import Examples, Splits, assert_balanced, assert_disjoint, shuffled
from gdcore.data.store import DataError, cached, check

__all__ = ["NAMES", "fashion_mnist", "near_copies"]

NAMES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
URL = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
SYSTEM = pathlib.Path("/usr/share/datasets/fashion-mnist")  # of Debian's package dataset-fashion-mnist
REMEDY = "On Debian or Ubuntu the package dataset-fashion-mnist brings it: apt install dataset-fashion-mnist."

# file: MD5 as published (Debian packs the same contents anew, so theirs differs), and SHA-256 of what is inside
FILES = {
    "train-images-idx3-ubyte.gz": ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
    "train-labels-idx1-ubyte.gz": ("25c81989df183df01b3e8a0aad5dffbe", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
    "t10k-images-idx3-ubyte.gz": ("bef4ecab320f06d8554ea6380940ec79", "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
    "t10k-labels-idx1-ubyte.gz": ("bb300cfdad3c16e7a12a480ee83cd310", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
}  # fmt: skip

# training images that are, but for compression, a test image again (see `near_copies`): they are left out
COPIES = (970, 6300, 7061, 11932, 13360, 14928, 18494, 18802, 19456, 20255, 22949, 23722, 24633, 25069, 27804, 29438, 34240, 39497,
          48447, 51488, 51970, 56004, 58762, 59025)  # fmt: skip


def fashion_mnist(validation=5000, seed=0, copies=False):
    """Fashion-MNIST as `Splits`: images as bytes of shape (n, 28, 28), 0 the black ground, and labels from 0 to 9 (`NAMES`).

    The test part is the published one, 10,000 images. The published 60,000 are shuffled, 24 near copies of test images left out (unless
    copies=True asks for them, to compare with published results), and the last `validation` of them set apart for choosing. The first
    call may download 31 MB, with a checksum; later ones need no network.
    Raises DataError if the data is missing, damaged, or not what it should be; ValueError for a validation part of no possible size.
    """
    if isinstance(validation, bool) or not isinstance(validation, int) or not 0 <= validation <= 50_000:
        raise ValueError(f"validation is {validation!r}; give a whole number of images from 0 to 50,000.")
    x, y = _images("train-images-idx3-ubyte.gz"), _labels("train-labels-idx1-ubyte.gz")
    test = Examples(_images("t10k-images-idx3-ubyte.gz"), _labels("t10k-labels-idx1-ubyte.gz"), NAMES)
    assert_balanced("the training part of Fashion-MNIST", y, [6000] * 10)
    assert_balanced("the test part of Fashion-MNIST", test.y, [1000] * 10)
    order = shuffled(len(x), seed)
    order = order if copies else order[~np.isin(order, COPIES)]
    cut = len(order) - validation
    parts = Splits(Examples(x[order[:cut]], y[order[:cut]], NAMES), Examples(x[order[cut:]], y[order[cut:]], NAMES), test)
    assert_disjoint({name: [image.tobytes() for image in getattr(parts, name).x] for name in ("train", "validation", "test")})
    return parts


def near_copies(x, test, limit=0.995):
    """The places in x, ascending, of images whose correlation with some image of `test` is above `limit`, and the places of their twins.

    x and test: arrays of shape (n, h, w). Of Fashion-MNIST some twenty pairs are above 0.995: one photograph, compressed twice. Below
    that they are two pairs of trousers.
    """
    x, test = _standard(x), _standard(test)
    closest, twin = np.full(len(x), -1.0, dtype=np.float32), np.zeros(len(x), dtype=int)
    for begin in range(0, len(test), 500):  # a part at a time, or the table of all pairs would fill gigabytes
        alike = x @ test[begin : begin + 500].T
        best = alike.argmax(axis=1)
        found = alike[np.arange(len(x)), best]
        twin[found > closest] = begin + best[found > closest]
        closest = np.maximum(closest, found)
    which = np.flatnonzero(closest > limit)
    return which, twin[which]


def _standard(images):
    """Each image as a row of mean 0 and length 1, so that a product of two is their correlation."""
    rows = images.reshape(len(images), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _images(name):
    return np.frombuffer(_content(name), np.uint8, offset=16).reshape(-1, 28, 28)


def _labels(name):
    return np.frombuffer(_content(name), np.uint8, offset=8).astype(np.int64)


def _content(name):
    """What is inside the compressed file, from the system or the cache, if its checksum is right."""
    md5, sha256 = FILES[name]
    path = SYSTEM / name
    remedy = "apt install --reinstall dataset-fashion-mnist"
    if not path.is_file():
        path, remedy = cached(name, URL + name, md5, REMEDY), "delete it, and it is fetched again"
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be unpacked ({error}): it is damaged or cut short. Remedy: {remedy}.") from error
    check(content, sha256, str(path), remedy)
    return content
