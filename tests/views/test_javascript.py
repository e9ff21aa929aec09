"""The JavaScript of every entrywise rule walks the same path in a real browser as the rule does on Python floats."""

import dataclasses
import json
import math
import random

import pytest

from gdcore import rules as R
from gdcore.rules.arithmetic import clip
from gdcore.views import javascript

STEPS = 50
SHOWN = [
    *(rule() for rule in R.RULES if rule.reads == "entry"),
    R.HeavyBall(dampening=0.3),
    R.AdaGrad(lr_decay=0.1, initial_accumulator_value=0.1),
    R.RMSProp(centered=True, momentum=0.9),
    R.ASGD(t0=3, lambd=0.1),
    R.RAdam(beta2=0.9),
    R.Lion(weight_decay=0.1),
    R.ScheduleFreeSGD(weight_decay=0.1, warmup_steps=20, r=0.5),
    R.ScheduleFreeAdamW(weight_decay=0.1, warmup_steps=20, r=0.5),
    R.Lookahead(R.Adam(), sync_period=3),
    R.EMA(R.Lookahead(R.RMSProp(momentum=0.5))),
    R.L2(R.AdaBelief(), weight_decay=0.1),
    R.DecoupledDecay(R.NAdam(), weight_decay=0.1),
    R.Ascent(R.GD()),
]


@pytest.fixture(scope="module")
def browser(chromium):
    page = chromium.new_page()
    yield page
    page.close()


def gradients(seed):
    """Gradients over six orders of magnitude, of both signs, now and then 0."""
    rng = random.Random(seed)
    return [0.0 if rng.random() < 0.05 else rng.gauss(0, 1) * 10 ** rng.uniform(-6, 0) for _ in range(STEPS)]


def in_python(rule, g, x):
    memory, path = rule.init(x), []
    for t, slope in enumerate(g, 1):
        x, *memory = rule.update(x, slope, t, *memory)
        path.append([x, rule.answer(x, *memory), *memory])
    return path


def in_browser(page, rule, source, g, x):
    name = type(rule).__name__
    numbers = {n: v for n, v in rule.hyperparameters().items() if not isinstance(v, R.Rule)}
    return page.evaluate(f"""() => {{
        {source}
        const h = {json.dumps(numbers)}, names = {json.dumps(rule.state_names)}, path = [];
        let x = {x!r}, s = {name}.init(h, x);
        {json.dumps(g)}.forEach((g, i) => {{
            const before = JSON.stringify(s);
            const [y, next] = {name}(h, x, g, i + 1, s);
            if (JSON.stringify(s) !== before) throw new Error("the memory was changed in place");
            x = y; s = next;
            path.push([x, {name}.answer(h, x, s), ...names.map(n => s[n])]);
        }});
        return path;
    }}""")


def farthest(ours, theirs):
    """The largest relative difference of two paths (to the largest size that each number has on its path)."""
    worst = 0.0
    for a, b in zip(zip(*ours), zip(*theirs)):
        size = max(map(abs, a)) or 1.0
        worst = max([worst, *(abs(p - q) / size if math.isfinite(p) and math.isfinite(q) else math.inf for p, q in zip(a, b))])
    return worst


@pytest.mark.parametrize("rule", SHOWN, ids=repr)
def test_the_path_in_the_browser_is_the_path_in_python(rule, browser):
    for seed, x in ((1, 0.7), (2, -3.0)):
        g = gradients(seed)
        path = in_browser(browser, rule, javascript(rule), g, x)
        assert len(path) == STEPS
        assert farthest(in_python(rule, g, x), path) <= 1e-12


def test_a_fault_is_found(browser):
    rule, g = R.Adam(), gradients(1)
    for right, wrong in (
        ("+ h.eps)", "- h.eps)"),
        ("m / (1 - h.beta1 ** t)", "m"),
        ("x - h.lr", "x + h.lr"),
        ("h.beta2 * v", "h.beta1 * v"),
    ):
        source = javascript(rule)
        assert right in source
        assert farthest(in_python(rule, g, 0.7), in_browser(browser, rule, source.replace(right, wrong), g, 0.7)) > 1e-12


def test_it_reads_like_the_rule():
    assert javascript(R.Adam).splitlines()[:7] == [
        "function Adam(h, x, g, t, {m, v}) {",
        "  m = h.beta1 * m + (1 - h.beta1) * g;",
        "  v = h.beta2 * v + (1 - h.beta2) * g ** 2;",
        "  const m_hat = m / (1 - h.beta1 ** t);",
        "  const v_hat = v / (1 - h.beta2 ** t);",
        "  return [x - h.lr * m_hat / (Math.sqrt(v_hat) + h.eps), {m, v}];",
        "}",
    ]


def blend(a, b, share):
    """A helper beside a rule."""
    return share * a + (1 - share) * b


def twice(a):
    b = 2 * a
    return b


@dataclasses.dataclass(frozen=True)
class Helped(R.Rule):
    """Momentum, through helpers."""

    lr: float = 0.1
    beta1: float = 0.9

    def update(self, x, g, t, m):
        m = blend(m, clip(g - 1, -0.5, 0.5), self.beta1)
        return x - self.lr * m, m


class Lost(Helped):
    def update(self, x, g, t, m):
        return x - self.lr * twice(g), m


def test_a_helper_beside_the_rule_is_read_through_and_one_of_two_lines_is_refused(browser):
    rule, g = Helped(), gradients(3)
    assert "m = (h.beta1 * m + (1 - h.beta1) * Math.min(Math.max(g - 1, -0.5), 0.5));" in javascript(rule)
    assert farthest(in_python(rule, g, 0.7), in_browser(browser, rule, javascript(rule), g, 0.7)) <= 1e-12
    with pytest.raises(TypeError, match="twice is no function of single numbers. Known are abs, clip, .* a helper beside the rule"):
        javascript(Lost())


@pytest.mark.parametrize("rule, words", [
    (R.LAMB, "LAMB cannot be a function of single numbers: its step needs the whole tensor"),
    (R.Muon, "Muon cannot be a function of single numbers: its step needs the whole matrix"),
    (R.SAM(R.GD()), "SAM cannot be a function of single numbers: its step needs a second gradient"),
    (R.EMA(R.Shampoo()), "EMA cannot be a function of single numbers: its step needs the whole matrix"),
    (R.Lookahead, r"Lookahead wraps a rule; give an instance, such as Lookahead\(Adam\(\)\)"),
    ("Adam", "A rule is wanted"),
], ids=str)
def test_what_is_no_function_of_numbers_is_refused(rule, words):
    with pytest.raises(TypeError, match=words):
        javascript(rule)
