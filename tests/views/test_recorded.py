"""Functions written down as straight-line code: order kept, shared parts named once, and clear words for what has no such code."""

import numpy as np
import pytest

from gdcore.rules.arithmetic import maximum, sqrt
from gdcore.views.recorded import Printer, Value, Vector, number

X, Y = Value("name", "x", varies=True), Value("name", "y", varies=True)
P = Value("name", "p.k", varies=False)


def code(*results):
    printer = Printer()
    return [*printer.constants(*results), *printer.shared(*results), *map(printer.text, results)]


@pytest.mark.parametrize("value, text", [
    (X - (Y - 1), "x - (y - 1)"),
    ((X - Y) - 1, "x - y - 1"),
    (X / (Y * 2) / 3, "x / (y * 2) / 3"),
    (-(X + Y) * -2.5, "-(x + y) * -2.5"),
    (2 - -X, "2 - -x"),
    (sum([X, Y]) * np.float64(0.5), "(x + y) * 0.5"),
    (np.float64(0.5) * X, "0.5 * x"),
    (sqrt(abs(X)), "Math.sqrt(Math.abs(x))"),
    (maximum(X, 0), "Math.max(x, 0)"),
    (X**3, "x * x * x"),
], ids=range(10))
def test_an_expression_is_written_as_it_was_computed(value, text):
    assert code(value) == [text]


def test_what_is_used_twice_is_named_once_and_what_does_not_vary_comes_first():
    a = X * Y - 1
    assert code(a * a, a * (P / 2)) == ["const a = p.k / 2;", "const b = x * y - 1;", "b * b", "b * a"]


def test_data_is_read_in_a_loop():
    data = np.array([[1.0, 2.0], [3.0, 4.5], [5.0, 6.0]])
    rows = Vector([X, Y]) @ data.T
    printer = Printer()
    value, (one, two) = rows.mean(-1), ((rows * rows) @ data / 3).parts
    assert printer.text(value) == "sum(3, (i) => x * D0[i] + y * D1[i]) / 3"
    assert printer.shared(one, two) == ["const a = rows(3, (i) => x * D0[i] + y * D1[i]), b = rows(3, (i) => a[i] * a[i]);"]
    assert printer.text(two) == "sum(3, (i) => b[i] * D1[i]) / 3"
    assert printer.data == {(1.0, 3.0, 5.0): "D0", (2.0, 4.5, 6.0): "D1"}


def test_numbers():
    assert [number(x) for x in (1, 0.1, 1e-8, float("inf"), -float("inf"))] == ["1", "0.1", "1e-08", "Infinity", "-Infinity"]


@pytest.mark.parametrize("function, words", [
    (lambda x: x**5, "can be raised to the powers 2, 3 and 4 and was raised to 5"),
    (lambda x: 1 if x else 0, "A function that branches on its point has no straight-line code"),
])
def test_what_has_no_straight_line_code_is_refused(function, words):
    with pytest.raises(TypeError, match=words):
        function(X)
