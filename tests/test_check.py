"""A claim prints what holds, raises what does not, and takes nothing for a truth value that is none."""

import numpy as np
import pytest

from gdcore import claim
from gdcore.check import ClaimError


@pytest.mark.parametrize("numbers, shown", [
    ({}, ""),
    ({"steps": 12}, "  (steps = 12)"),
    ({"loss": 0.123456, "worst_case": 3891.2}, "  (loss = 0.123, worst case = 3,891)"),
    ({"error": np.float64(1.5e-9), "n": np.int64(40000)}, "  (error = 1.5e-9, n = 40000)"),
    ({"far": 2.5e7, "name": "Adam", "none": float("nan")}, "  (far = 2.5e7, name = Adam, none = nan)"),
])  # fmt: skip
def test_what_is_printed(capsys, numbers, shown):
    claim("it works ", True, **numbers)
    assert capsys.readouterr().out == f"✓ it works{shown}\n"


def test_what_does_not_hold_raises_and_prints_no_tick(capsys):
    with pytest.raises(ClaimError, match=r"This does not hold: two is more than three  \(two = 2\)\."):
        claim("two is more than three", 2 > 3, two=2)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("condition", [True, np.bool_(True), np.array(True), np.array([True])])
def test_truth_values(condition):
    claim("it is so", condition)


def test_truth_values_of_torch():
    torch = pytest.importorskip("torch")
    claim("it is so", torch.tensor(1.0) > 0)
    with pytest.raises(ClaimError):
        claim("it is so", torch.tensor(1.0) < 0)


@pytest.mark.parametrize("condition", [1, 0.0, None, "yes", np.array([True, True]), np.array([]), [True]])
def test_what_is_no_truth_value(condition):
    with pytest.raises(TypeError, match="give one truth value"):
        claim("it is so", condition)


@pytest.mark.parametrize("sentence", ["", "  ", None, 3])
def test_what_is_no_sentence(sentence):
    with pytest.raises(TypeError, match="say in words"):
        claim(sentence, True)
