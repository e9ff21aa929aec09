"""Images into a network, and its answers: changes that leave the label alone, and figures that can be checked by hand."""

import numpy as np
import pytest
import torch

from gdcore.training.batches import generator
from gdcore.training.vision import as_input, calibration, flipped, judge, predict, shifted


@pytest.fixture
def x():
    return torch.rand(40, 1, 28, 28, generator=generator(0)) + 0.1


def test_bytes_become_standard_numbers():
    images = np.random.default_rng(0).integers(0, 256, (50, 28, 28)).astype(np.uint8)
    x = as_input(images, mean=0.5, std=0.25)
    assert x.shape == (50, 1, 28, 28) and x.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(x[:, 0], (torch.tensor(images) / 255 - 0.5) / 0.25)


def test_a_mirror_turns_about_half_of_them(x):
    y = flipped(x, generator(1))
    same, turned = ((y == z).flatten(1).all(dim=1) for z in (x, x.flip(-1)))
    assert (same ^ turned).all() and 10 < turned.sum() < 30


def test_a_shift_moves_by_up_to_two(x):
    y = shifted(x, generator(1))
    low, seen = x.min(), set()
    for before, after in zip(x[:, 0], y[:, 0]):
        padded = torch.nn.functional.pad(before, [2] * 4, value=low)
        found = [(i, j) for i in range(5) for j in range(5) if torch.equal(padded[i : i + 28, j : j + 28], after)]
        assert len(found) == 1
        seen.add(found[0])
    assert len(seen) > 12 and y.shape == x.shape


@pytest.mark.parametrize("change", [flipped, shifted])
def test_the_generator_decides(x, change):
    before = x.clone()
    assert torch.equal(change(x, generator(5)), change(x, generator(5)))
    assert not torch.equal(change(x, generator(5)), change(x, generator(6)))
    assert torch.equal(x, before)


class Table(torch.nn.Module):
    """Scores that are the input."""

    def forward(self, x):
        return x


def test_judging_in_parts_is_judging_at_once():
    scores, y = torch.randn(2500, 10, generator=generator(2)), torch.randint(0, 10, (2500,), generator=generator(3))
    assert torch.equal(predict(Table(), scores), scores)
    found = judge(Table(), scores, y)
    assert found["cross-entropy"] == pytest.approx(torch.nn.functional.cross_entropy(scores, y).item())
    assert found["accuracy"] == pytest.approx((scores.argmax(1) == y).float().mean().item())


def test_a_network_that_is_right_as_often_as_it_says_is_calibrated():
    sure = torch.tensor([0.75] * 400 + [0.95] * 400, dtype=torch.float64)
    scores = torch.stack([sure, 1 - sure], dim=1).log()
    y = torch.cat([(torch.arange(400) % 4 == 0).long(), (torch.arange(400) % 20 == 0).long()])
    rows, error = calibration(scores, y)
    assert [(round(a, 4), round(b, 4), c) for a, b, c in rows] == [(0.75, 0.75, 0.5), (0.95, 0.95, 0.5)] and error < 1e-6
    _, error = calibration(scores, torch.zeros(800, dtype=torch.long))
    assert error == pytest.approx(0.5 * 0.25 + 0.5 * 0.05)


def test_the_last_short_part_is_predicted_too(x):
    model = torch.nn.Flatten()
    assert torch.equal(predict(model, x, size=13), x.flatten(1)) and len(predict(model, x[:27], size=13)) == 27


def test_all_shifts_occur_and_a_certain_answer_is_in_the_last_tenth():
    point = torch.zeros(200, 1, 5, 5)
    point[:, 0, 2, 2] = 1.0
    where = shifted(point, generator(0))[:, 0].nonzero()[:, 1:]
    assert {tuple(place) for place in where.tolist()} == {(i, j) for i in range(5) for j in range(5)}
    chances = torch.tensor([[1.0, 0.0], [0.95, 0.05], [0.85, 0.15], [0.05, 0.95]], dtype=torch.float64)
    rows, error = calibration(chances.log(), torch.tensor([0, 0, 1, 1]))
    assert np.allclose(rows, [(0.85, 0.0, 0.25), (2.9 / 3, 1.0, 0.75)]) and error == pytest.approx(0.25 * 0.85 + 0.025)
