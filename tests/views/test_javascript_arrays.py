"""Rules that read whole vectors, and rules around rules, as JavaScript; tests/figures/test_arithmetic.py runs it."""

from dataclasses import dataclass

import pytest

from gdcore import rules as R
from gdcore.rules.arithmetic import matmul
from gdcore.views.javascript_arrays import javascript_of_arrays


def test_it_reads_like_the_rule():
    assert javascript_of_arrays(R.LAMB).splitlines() == [
        "function LAMB(h, x, g, t, {m, v}) {",
        "  m = m.map((_, i) => h.beta1 * m[i] + (1 - h.beta1) * g[i]);",
        "  v = v.map((_, i) => h.beta2 * v[i] + (1 - h.beta2) * g[i] ** 2);",
        "  const m_hat = m.map((_, i) => m[i] / (1 - h.beta1 ** t));",
        "  const v_hat = v.map((_, i) => v[i] / (1 - h.beta2 ** t));",
        "  const u = m_hat.map((_, i) => m_hat[i] / (Math.sqrt(v_hat[i]) + h.eps) + h.weight_decay * x[i]);",
        "  const q = norm(x) > 0 ? norm(x) / (norm(u) > 0 ? norm(u) : 1) : 1;",
        "  return [x.map((_, i) => x[i] - h.lr * q * u[i]), {m, v}];",
        "}",
        "LAMB.init = (h, x) => ({m: x.map(() => 0), v: x.map(() => 0)});",
        "LAMB.answer = (h, x, s) => x;",
    ]


def test_of_adafactor_only_what_a_vector_takes_is_left():
    text = javascript_of_arrays(R.Adafactor)
    assert "h.eps1 === null ? Number.EPSILON : h.eps1" in text
    assert "Adafactor.init = (h, x) => ({r: x.map(() => 0), c: 0});" in text
    assert "shape" not in text and "mean" not in text


def test_a_wrapper_is_written_without_its_rule():
    text = javascript_of_arrays(R.EMA)
    assert text == javascript_of_arrays(R.EMA(R.Adam()))
    assert text.splitlines()[:2] == ["function EMA(h, x, g, t, {x_bar, inner}, rule) {", "  [x, inner] = rule.update(x, g, t, inner);"]
    assert "(1 - rule.h.lr * h.weight_decay) * x[i]" in javascript_of_arrays(R.DecoupledDecay)
    assert "SAM.probe = (h, x, g, t, inner, rule) => {" in javascript_of_arrays(R.SAM)


def test_a_rule_for_matrices_sees_a_vector_as_one_column():
    assert javascript_of_arrays(R.Shampoo).splitlines() == [
        "function Shampoo(h, x, g, t, {l, r}) {",
        "  const whole0 = outer(g, g);",
        "  l = l.map((_, i) => l[i] + whole0[i]);",
        "  r = r + dot(g, g);",
        "  const whole1 = times(inverseRoot(l, 4), g);",
        "  return [x.map((_, i) => x[i] - h.lr * (whole1[i] * r ** -(1 / 4))), {l, r}];",
        "}",
        "Shampoo.init = (h, x) => ({l: eye(x.length, h.eps), r: h.eps});",
        "Shampoo.answer = (h, x, s) => x;",
    ]
    text = javascript_of_arrays(R.Muon)
    assert "const gram = dot(x, x);" in text and "a * x[i] + (b * gram + c * (gram * gram)) * x[i]" in text
    assert "bfloat16" not in text and "transpose" not in text
    assert javascript_of_arrays(R.EMA(R.Muon())) == javascript_of_arrays(R.EMA)


def test_other_products_of_matrices_are_refused():
    with pytest.raises(TypeError, match=r"Squares cannot be written in JavaScript: 'matmul\(l, l\)' is no product with a vector"):
        javascript_of_arrays(Squares)


@dataclass(frozen=True)
class Squares(R.Shampoo):
    def update(self, x, g, t, l, r):
        l = matmul(l, l)
        return x - self.lr * g, l, r
