"""Batches by length: every example once, hardly any padding, the same again from the seed."""

import numpy as np
import pytest
import torch

from gdcore.training.lengths import ByLength, padded


def sequences(n=1000, seed=0):
    rng = np.random.default_rng(seed)
    return [np.full(length, number + 1) for number, length in enumerate(rng.integers(1, 200, n))]


def first_numbers(batches, epoch):
    return torch.cat([ids[:, 0] for ids, _, _ in batches.epoch(epoch)])


def test_each_sequence_comes_once_with_its_target_and_length():
    data = sequences()
    y = torch.arange(1000.0)
    for ids, lengths, targets in (batches := ByLength(data, y, 10)).epoch(0):
        assert ids.shape == (10, lengths.max())
        for row, length, target in zip(ids, lengths, targets):
            assert torch.equal(row[:length], torch.as_tensor(data[int(target)])) and (row[length:] == 0).all()
    assert len(batches) == 100 and sorted(first_numbers(batches, 0).tolist()) == list(range(1, 1001))


def test_hardly_a_place_is_padding():
    batches = list(ByLength(sequences(), torch.zeros(1000), 10).epoch(0))
    assert sum(lengths.sum() for _, lengths, _ in batches) > 0.95 * sum(ids.numel() for ids, _, _ in batches)
    spread = [lengths.float().mean() for _, lengths, _ in batches]  # and short and long ones take turns
    assert abs(np.corrcoef(spread[:-1], spread[1:])[0, 1]) < 0.4


def test_an_epoch_depends_on_seed_and_number_alone():
    data, y = sequences(), torch.zeros(1000)
    one = ByLength(data, y, 16, seed=3)
    list(one.epoch(0))
    torch.rand(7)
    assert torch.equal(first_numbers(one, 5), first_numbers(ByLength(data, y, 16, seed=3), 5))
    assert not torch.equal(first_numbers(one, 5), first_numbers(one, 6))
    assert not torch.equal(first_numbers(one, 5), first_numbers(ByLength(data, y, 16, seed=4), 5))
    assert len(first_numbers(one, 0)) == 992  # the last 8 sit out


def test_bad_input_is_said():
    with pytest.raises(ValueError, match="3 sequences and 2 targets"):
        ByLength(sequences(3), torch.zeros(2), 1)
    with pytest.raises(ValueError, match="A sequence is empty"):
        ByLength([np.zeros(0, int)], torch.zeros(1), 1)
    for size in (0, 4, 1.5, True):
        with pytest.raises(ValueError, match="batch size is .*from 1 to 3"):
            ByLength(sequences(3), torch.zeros(3), size)


def test_padded():
    ids, lengths = padded([np.array([1, 2]), np.array([3])])
    assert ids.tolist() == [[1, 2], [3, 0]] and lengths.tolist() == [2, 1]
