"""Points on the line between two states of a network, and distances along it."""

import math

import pytest
import torch
from torch import nn

from gdcore.training.weights import between, moved


def states():
    torch.manual_seed(0)
    nets = [nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)) for _ in range(2)]
    nets[1](torch.randn(8, 3))  # counts a batch
    return [{name: value.clone() for name, value in net.state_dict().items()} for net in nets]


def test_between():
    start, end = states()
    for share in (0.0, 0.3, 1.0):
        found = between(start, end, share)
        torch.testing.assert_close(found["0.weight"], start["0.weight"] + share * (end["0.weight"] - start["0.weight"]))
        assert found["1.num_batches_tracked"] == 1  # a whole number, of the end
    for share, there in ((0.0, start), (1.0, end)):
        assert torch.equal(between(start, end, share)["0.bias"], there["0.bias"])


def test_what_is_not_of_one_network_is_refused():
    start, end = states()
    with pytest.raises(ValueError, match="two different networks"):
        between(start, {"0.weight": end["0.weight"]}, 0.5)
    with pytest.raises(ValueError, match="two different networks"):
        between(start, end | {"0.bias": torch.zeros(5)}, 0.5)


def test_moved_is_the_way_over_the_length():
    start = {"a.x": torch.tensor([3.0, 4.0]), "a.y": torch.tensor([12.0]), "b": torch.tensor([2.0])}
    end = {"a.x": torch.tensor([3.0, 4.0]), "a.y": torch.tensor([15.0]), "b": torch.tensor([3.0])}
    assert moved(start, end) == pytest.approx({"a.x": 0, "a.y": 3 / 12, "b": 0.5})
    assert moved(start, end, part=lambda name: name[0]) == pytest.approx({"a": 3 / math.hypot(3, 4, 12), "b": 0.5})
