"""The printed arithmetic walks, in a real browser, the paths of gdcore.minimize: every rule on every surface."""

import base64
import dataclasses
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from gdcore import rules as R
from gdcore.figures.live.arithmetic import PARAMETERS, arithmetic, plain
from gdcore.figures.live.columns import on_points
from gdcore.figures.live.spec import rule_json, surface_json
from gdcore.minimize import minimize
from gdcore.rules.hyperparameters import HYPERPARAMETERS
from gdcore.surfaces import SURFACES, quadratic
from tests.figures.cases import SETTINGS, STEPS, foretold, sizes, starts

WITHIN = 1e-10  # relative to the largest entry so far; rounding differs by 1e-16 a step, and grows at most 1e5-fold (see `foretold`)

# numbers go back as bytes, which keeps all digits and is fast
RUN = """(cases) => {
  %s
  const numbers = [], ends = [];
  for (const {rule, surface, start, steps, options} of cases) {
    const path = run(makeRule(rule), makeSurface(surface), start, steps, options);
    ends.push([path.values.length, path.step, path.status, path.message]);
    numbers.push(...path.xs, ...path.answers, ...path.values, ...path.norms);
  }
  const bytes = new Uint8Array(Float64Array.from(numbers).buffer), parts = [];
  for (let i = 0; i < bytes.length; i += 32768) parts.push(String.fromCharCode(...bytes.subarray(i, i + 32768)));
  return [btoa(parts.join("")), ends];
}"""


@pytest.fixture(scope="module")
def page(chromium):
    page = chromium.new_page()
    yield page
    page.close()


def in_browser(page, cases, text=None):
    """[(points, answers, values, norms, step, status, message)] of many runs at once."""
    packed, ends = page.evaluate(RUN % (text or arithmetic()), cases)
    numbers, done, paths = np.frombuffer(base64.b64decode(packed)), 0, []
    for case, (n, *end) in zip(cases, ends, strict=True):
        dim, arrays = len(case["start"]), []
        for width in (dim, dim, 1, 1):
            arrays.append(numbers[done : done + n * width].reshape(n, width))
            done += n * width
        paths.append((*arrays, *end))
    assert done == len(numbers)
    return paths


def case(rule, surface, start, steps=STEPS, **options):
    return {"rule": rule_json(rule), "surface": surface_json(surface), "start": list(start), "steps": steps, "options": options}


def difference(trace, path, n):
    """The largest relative difference of the first n points, answers, values and norms."""
    if len(path[0]) < n:
        return np.inf
    ours = (trace.x, trace.answers, trace.values[:, None], trace.gradient_norms[:, None])
    return max(float((abs(a[:n] - b[:n]).max(axis=1) / sizes(a[:n])).max(initial=0.0)) for a, b in zip(ours, path))


def in_numpy(runs, steps=STEPS):
    """[(trace of minimize, how many of its points can be foretold)]."""
    with np.errstate(all="ignore"):
        runs = [(on_points(rule), surface, start) for rule, surface, start in runs]
        traces = [minimize(surface, start, rule, steps) for rule, surface, start in runs]
        return [(trace, foretold(surface, rule, trace.x)) for (rule, surface, _), trace in zip(runs, traces)]


def test_every_rule_on_every_surface(page, record_property):
    runs = [(rule, surface, start) for k, rule in enumerate(SETTINGS) for surface in SURFACES.values()
            for start in starts(surface, seed=k)]  # fmt: skip
    traces, paths = in_numpy(runs), in_browser(page, [case(*run) for run in runs])
    assert not [run for run, (trace, n), path in zip(runs, traces, paths) if not difference(trace, path, n) <= WITHIN]
    full = [(run, trace, path) for run, (trace, n), path in zip(runs, traces, paths) if n == len(trace)]
    assert not [(run, trace, path[6]) for run, trace, path in full if (trace.step, trace.status) != path[4:6]]
    points, asked = sum(n for _, n in traces), sum(len(trace) for trace, _ in traces)
    record_property("compared", f"{len(full)} of {len(runs)} paths in full, {points} of {asked} points")
    assert len(full) >= 0.9 * len(runs) and points >= 0.95 * asked
    for i in (0, 1):  # no rule and no surface gets away
        for one in {id(run[i]): run[i] for run in runs}.values():
            assert sum(run[i] is one for run, *_ in full) >= 0.5 * sum(run[i] is one for run in runs), one
    assert {trace.status for _, trace, _ in full} == {"converged", "diverged", "budget spent"}


def test_in_one_dimension_it_ends_as_with_numbers_of_python(page):
    runs = [(rule, surface, [surface.start]) for rule in SETTINGS for surface in SURFACES.values() if surface.dimension == 1]
    for (rule, surface, _), path in zip(runs, in_browser(page, [case(*run) for run in runs])):
        trace = minimize(surface, rule=on_points(rule), steps=STEPS)
        assert path[4:6] == (trace.step, trace.status)
        if "cannot be computed" not in trace.message:  # numbers of Python raise where those of JavaScript and NumPy are inf
            assert path[6] == trace.message


def test_a_fault_is_found(page):
    """Each of these, planted in the printed text or in the loop, shows as a wrong path on one of a few runs."""
    runs = [(rule, surface, start) for rule in SETTINGS for surface in (SURFACES["rosenbrock"], SURFACES["ackley"])
            for start in starts(surface, seed=1)[1:]]  # fmt: skip
    traces, cases = in_numpy(runs, 20), [case(*run, 20) for run in runs]

    def worst(text):
        return max(difference(trace, path, n) for (trace, n), path in zip(traces, in_browser(page, cases, text)))

    assert worst(arithmetic()) <= WITHIN
    for right, wrong in FAULTS:
        assert right in arithmetic(), right
        assert worst(arithmetic().replace(right, wrong)) > WITHIN, f"{wrong} went unnoticed"


FAULTS = [
    ("h.trust * norm(x)", "h.trust * rms(x)"), ("m_hat / u, {m, u}", "m_hat / (u + h.eps), {m, u}"), ("rms(u) / h.d", "norm(u) / h.d"),
    ("h.lr * q * u[i]", "h.lr * u[i]"), ("rho > 5", "rho > 4"), ("t % h.sync_period === 0", "t % h.sync_period === 1"),
    ("{x_bar, inner}, rule) {", "{x_bar, inner}, rule) { x_bar = x;"), ("x[i] + h.radius", "x[i] - h.radius"),
    ("1 - rule.h.lr * h.weight_decay", "1 - h.weight_decay"), ("probe ? disturbed(surface.gradient(probe)) : seen", "seen"),
    ("1 / sqrt(t)", "1 / sqrt(t + 1)"), ("y * y) / 2) / 5", "y * y) / 2) / 4"), ("400 * x", "401 * x"),
    ("=> s.x_bar", "=> x"), ("x[i] * y[i]", "x[i] ** 3"), ("++t, s", "t++ + 2, s"), ("b * gram", "b"), ("(1, x.length / 1)", "(1, 1)"),
    ("outer(g, g)", "outer(x, g)"), ("i === j ? scale", "i === 0 ? scale"), ("half < 0 ? -1 : 1", "half < 0 ? 1 : -1"),
]  # fmt: skip


@pytest.mark.parametrize("known", [
    {}, {"rotation": 30.0}, {"condition": 1.0}, {"condition": 10, "rotation": -75.5, "largest": 2.0}, {"largest": 0.5},
], ids=str)
def test_a_bowl_moves_with_its_parameters(page, known):
    surface = quadratic(**known)
    rules = [R.GD(0.01), R.HeavyBall(0.005), R.Adam(0.1), R.SAM(R.GD(0.005))]
    runs = [(rule, surface, start) for rule in rules for start in starts(surface, seed=3)]
    paths = in_browser(page, [case(*run) for run in runs])
    for (rule, surface, start), path in zip(runs, paths):
        trace = minimize(surface, start, rule, STEPS)
        assert foretold(surface, rule, trace.x) == len(trace)
        assert difference(trace, path, len(trace)) <= WITHIN
        assert path[4:] == (trace.step, trace.status, trace.message)
    made = page.evaluate(f"(known) => {{ {arithmetic()} return makeSurface({{surface: 'quadratic', parameters: known}}); }}", known)
    assert made["start"] == pytest.approx(surface.start, rel=1e-15)
    assert made["lipschitz"] == surface.lipschitz and made["strongConvexity"] == surface.strong_convexity
    assert made["parameters"] == {"condition": 100, "rotation": 0, "largest": None} | known


def test_schedule_noise_and_record(page):
    """Each option of `run` against minimize; the noise is in a gradient that counts its calls."""
    text = """() => { %s
      const rule = makeRule({rule: "Lookahead", inner: {rule: "Adam", hyper: {lr: 0.1}}}), surface = makeSurface({surface: "rosenbrock"});
      const noise = (t) => [Math.sqrt(t), -1 / t], schedule = (t) => 1 / (1 + t), all = {tolerance: null};
      const runs = {schedule: {schedule}, noise: {noise}, record: {record: 7}, all};
      return Object.entries(runs).map(([name, options]) => {
        const path = run(rule, surface, null, 100, options);
        return [name, {...path, xs: [...path.xs], values: [...path.values]}];
      });
    }"""
    paths = dict(page.evaluate(text % arithmetic()))
    rule, surface, calls = R.Lookahead(R.Adam(0.1)), SURFACES["rosenbrock"], iter(range(1, 200))

    def noisy(x):
        t = next(calls)
        return surface.gradient(x) + np.array([np.sqrt(t), -1 / t])

    usual = minimize(surface, rule=rule, steps=100)
    ours = {"schedule": minimize(surface, rule=rule, steps=100, schedule=lambda t: 1 / (1 + t)),
            "noise": minimize(surface, rule=rule, steps=100, gradient=noisy), "all": usual}  # fmt: skip
    for name, trace in ours.items():
        theirs = np.reshape(paths[name]["xs"], (-1, 2))
        assert abs(theirs - trace.x).max() <= WITHIN * abs(trace.x).max(), name
    assert abs(np.array(paths["noise"]["values"]) / ours["noise"].values - 1).max() <= WITHIN
    assert paths["record"]["recorded"] == [*range(0, 100, 7), 100]
    assert paths["record"]["xs"] == [v for k in paths["record"]["recorded"] for v in paths["all"]["xs"][2 * k : 2 * k + 2]]


def test_the_last_finite_point_is_recorded_and_none_after_it(page):
    rule, surface = R.GD(1.0), SURFACES["rosenbrock"]
    every, seventh = in_browser(page, [case(rule, surface, surface.start), case(rule, surface, surface.start, record=7)])
    with np.errstate(all="ignore"):
        trace = minimize(surface, rule=rule)
    assert every[5] == "diverged" and len(every[0]) == len(trace) == every[4]
    assert (seventh[0][-1] == every[0][-1]).all() and len(seventh[0]) < len(every[0])


def test_nothing_is_changed_in_place(page):
    """With everything frozen, an assignment into it would throw."""
    text = """(cases) => { "use strict"; %s
      const freeze = (o) => (o && typeof o === "object" && Object.values(Object.freeze(o)).forEach(freeze), o);
      for (const {rule, surface} of cases) {
        const r = makeRule(rule), f = makeSurface(surface);
        let x = freeze([...f.start]), s = freeze(r.init(x));
        for (let t = 1; t < 5; t++) [x, s] = freeze(r.update(x, freeze(f.gradient(x)), t, s)), r.answer(x, s);
      }
    }"""
    page.evaluate(text % arithmetic(), [case(rule, quadratic(), (1.0, 1.0)) for rule in SETTINGS])


# -- what is said about rules and surfaces --------------------------------------------------------------------------------------


def test_the_descriptions_are_those_of_python(page):
    text = """() => { %s
      const plain = (key, v) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : v);
      return JSON.stringify({RULES, SURFACES}, plain);
    }"""
    seen = json.loads(page.evaluate(text % arithmetic()))
    kinds = [*R.RULES, *R.WRAPPERS, *R.COMPOSITIONS]
    assert list(seen["RULES"]) == [kind.__name__ for kind in kinds]
    for kind in kinds:
        printed = seen["RULES"][kind.__name__]
        assert printed["wraps"] == issubclass(kind, R.Wrapper)
        own = {f.name: list(f.default) if isinstance(f.default, tuple) else f.default for f in dataclasses.fields(kind) if f.name != "rule"}
        assert {name: field["default"] for name, field in printed["fields"].items()} == own
        for name, field in printed["fields"].items():
            assert _range(field) == _range_of(HYPERPARAMETERS.get(name)), name
    assert list(seen["SURFACES"]) == list(SURFACES)
    for name, surface in SURFACES.items():
        printed, one = seen["SURFACES"][name], surface.dimension == 1
        assert printed["start"] == np.atleast_1d(surface.start).tolist() and printed["dimension"] == surface.dimension
        assert printed["box"] == [list(pair) for pair in surface.box]
        assert printed["minima"] == [[m] if one else list(m) for m in surface.minima]
        assert float(printed["minimumValue"]) == surface.minimum_value
        assert (printed["lipschitz"], printed["strongConvexity"]) == (surface.lipschitz, surface.strong_convexity)


def _range(field):
    if "low" not in field:
        return None
    return (field["text"], field["meaning"], float(field["low"]), float(field["high"]), field["openLow"], field["openHigh"],
            field["integer"])  # fmt: skip


def _range_of(known):
    return known and (plain(known.symbol), known.meaning, known.low, known.high, known.open_low, known.open_high, known.integer)


@pytest.mark.parametrize("latex, text", [
    (r"\eta", "η"), (r"\beta_1", "β₁"), (r"\varepsilon_2", "ε₂"), (r"\eta^-", "η⁻"), (r"\Delta_{\max}", "Δ_max"), ("T_w", "T_w"),
    (r"\varphi", "φ"), (r"\lambda", "λ"), (r"\eta_c", "η_c"), ("k", "k"),
])  # fmt: skip
def test_a_symbol_as_plain_text(latex, text):
    assert plain(latex) == text


@pytest.mark.parametrize("name, value", [("condition", 0.5), ("largest", 0.0), ("condition", float("nan"))])
def test_what_a_slider_may_not_reach_the_surface_refuses(name, value):
    assert not PARAMETERS["quadratic"][name][0].allows(value)
    with pytest.raises(ValueError, match=name):
        quadratic(**{name: value})


ERRORS = {
    'makeRule({rule: "Adamm"})': 'There is no rule "Adamm"; known are GD, HeavyBall, Nesterov, ',
    "makeRule()": "There is no rule undefined; known are GD, ",
    'makeRule({rule: "toString"})': 'There is no rule "toString"; known are GD, ',
    'makeRule({rule: "Muon", hyper: {ns_precision: "bfloat16"}})': 'Muon got ns_precision = "bfloat16", but ns_precision must be "full".',
    'makeRule({rule: "Muon", hyper: {adjust_lr: "no"}})':
        'Muon got adjust_lr = "no", but adjust_lr must be "original" or "match_rms_adamw".',
    'makeRule({rule: "Muon", hyper: {ns_coefficients: 3}})': "Muon got ns_coefficients = 3, but ns_coefficients must be a list of numbers.",
    'makeRule({rule: "SAM"})': 'SAM goes around another rule; give it one as inner, such as {rule: "Adam"}.',
    'makeRule({rule: "GD", inner: {rule: "GD"}})': "GD goes around no other rule; leave inner out.",
    'makeRule({rule: "DecoupledDecay", inner: {rule: "EMA", inner: {rule: "GD"}}})':
        "DecoupledDecay needs the learning rate of the rule in it, and EMA has none of its own; put DecoupledDecay inside.",
    'makeRule({rule: "GD", hyper: {beta: 1}})': 'GD has no hyper-parameter "beta"; it has lr.',
    'makeRule({rule: "GD", hyper: [1]})': "GD got [1] for its hyper-parameters; give an object of names and numbers.",
    'makeRule({rule: "GD", hyper: {lr: "1"}})': 'GD got lr = "1", but lr must be a number.',
    'makeRule({rule: "GD", hyper: {lr: null}})': "GD got lr = null, but lr must be a number.",
    'makeRule({rule: "GD", hyper: {lr: NaN}})': "GD got lr = NaN, but lr (learning rate: how far a step goes in its direction) must lie in "
        "[0, inf).",
    'makeRule({rule: "Adam", hyper: {beta2: 1}})': "Adam got beta2 = 1, but beta2 (memory of the squared gradient) must lie in [0, 1).",
    'makeRule({rule: "RMSProp", hyper: {centered: 1}})': "RMSProp got centered = 1, but centered must be true or false.",
    'makeRule({rule: "Lookahead", hyper: {sync_period: 2.5}, inner: {rule: "GD"}})':
        "Lookahead got sync_period = 2.5, but sync_period (steps between two synchronisations) must be a whole number in [1, inf).",
    'makeSurface({surface: "hill"})': 'There is no surface "hill"; known are absolute, quartic, ',
    'makeSurface({surface: "booth", parameters: {condition: 3}})': 'booth has no parameter "condition"; it has none.',
    'makeSurface({surface: "quadratic", parameters: {condition: 0.5}})':
        "quadratic got condition = 0.5, but condition (condition: how many times as curved across as along) must lie in [1, inf).",
    "run(gd, bowl, [1], 10)": "quadratic cannot begin at [1]; give 2 finite numbers in an array.",
    "run(gd, bowl, [NaN, 1], 10)": "quadratic cannot begin at [NaN, 1]; give 2 finite numbers in an array.",
    "run(gd, bowl, 3, 10)": "quadratic cannot begin at 3; give 2 finite numbers in an array.",
    "run(gd, bowl, null, 1e9)": "steps is 1000000000, but must be a whole number from 0 to 1000000.",
    "run(gd, bowl, null, 1.5)": "steps is 1.5, but must be a whole number from 0 to 1000000.",
    "run(gd, bowl, null, 5, {record: 0})": "record is 0, but must be a whole number from 1 on.",
    "run(gd, bowl, null, 5, {tolerance: -1})": "tolerance is -1, but must be at least 0, or null to go on to the end.",
    "run(gd, bowl, null, 5, {noise: 1})": "noise is 1, but must be a function of the step.",
    "run(gd, bowl, null, 5, {schedule: (t) => -1})":
        "GD got lr = -0.001, but lr (learning rate: how far a step goes in its direction) must lie in [0, inf).",
}


def test_errors_are_one_sentence(page):
    text = """(codes) => { %s
      const gd = makeRule({rule: "GD"}), bowl = makeSurface({surface: "quadratic"});
      return codes.map((code) => { try { eval(code); return "no error"; } catch (error) { return error.message; } });
    }"""
    said = page.evaluate(text % arithmetic(), list(ERRORS))
    for code, message in zip(ERRORS, said):
        assert message.startswith(ERRORS[code]) if ERRORS[code].endswith(", ") else message == ERRORS[code], code


def test_python_says_the_same_of_a_value_out_of_range():
    with pytest.raises(ValueError) as error:
        R.Adam(beta2=1.0)
    assert str(error.value).replace("1.0,", "1,") == ERRORS['makeRule({rule: "Adam", hyper: {beta2: 1}})']


# -- the text --------------------------------------------------------------------------------------------------------------------


def test_the_text_is_small_and_the_same_in_every_process():
    code = "import sys; from gdcore.figures.live.arithmetic import arithmetic; sys.stdout.buffer.write(arithmetic().encode())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, env=os.environ | {"PYTHONHASHSEED": "7"}, check=True)
    assert other.stdout.decode() == arithmetic()
    lines = [line.strip() for line in arithmetic().splitlines() if not line.strip().startswith("//")]
    assert len("\n".join(lines).encode()) < 41_000  # before a minifier takes the spaces, which are a fifth
    assert not re.search(r"\b(import|export)\b(?! way)", "\n".join(lines))
