"""Rules that read whole vectors, and rules around rules, as JavaScript; tests/figures/test_arithmetic.py runs it."""

import pytest

from gdcore import rules as R
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


@pytest.mark.parametrize("rule", [R.Muon, R.Shampoo, R.EMA(R.Muon())], ids=str)
def test_matrices_are_refused(rule):
    with pytest.raises(TypeError, match="cannot be a function of vectors: it works on matrices"):
        javascript_of_arrays(rule)
