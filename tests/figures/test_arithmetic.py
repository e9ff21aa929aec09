"""The printed arithmetic walks, in a real browser, the paths of gdcore.minimize: every rule on every surface."""

import base64
import json

import numpy as np
import pytest

from gdcore import rules as R
from gdcore.figures.live.arithmetic import arithmetic, spec
from gdcore.minimize import minimize
from gdcore.surfaces import SURFACES, quadratic
from tests.book.chromium import browser
from tests.figures.cases import PLAIN, SETTINGS, STEPS, foretold, sizes, starts

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
def page():
    with browser() as chromium:
        yield chromium.new_page()


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


def case(rule, surface, start, steps=STEPS, parameters=None, **options):
    return {"rule": spec(rule), "surface": {"surface": surface.name, "parameters": parameters or {}}, "start": list(start),
            "steps": steps, "options": options}  # fmt: skip


def difference(trace, path, n):
    """The largest relative difference of the first n points, answers, values and norms."""
    if len(path[0]) < n:
        return np.inf
    ours = (trace.x, trace.answers, trace.values[:, None], trace.gradient_norms[:, None])
    return max(float((abs(a[:n] - b[:n]).max(axis=1) / sizes(a[:n])).max(initial=0.0)) for a, b in zip(ours, path))


def test_every_rule_on_every_surface(page, record_property):
    runs = [(rule, surface, start) for k, rule in enumerate(SETTINGS) for surface in SURFACES.values()
            for start in starts(surface, seed=k)]
    paths = in_browser(page, [case(*run) for run in runs])
    steps = full = asked = 0
    wrong, ends = [], []
    with np.errstate(all="ignore"):
        for (rule, surface, start), path in zip(runs, paths):
            trace = minimize(surface, start, rule, STEPS)
            n = foretold(surface, rule, trace.x)
            full, steps, asked = full + (n == len(trace)), steps + n, asked + len(trace)
            if not (off := difference(trace, path, n)) <= WITHIN:
                wrong.append((off, n, rule, surface.name, start))
            if n == len(trace) and path[4:6] != (trace.step, trace.status):
                ends.append((trace.message, path[6], rule, surface.name, start))
    print(f"{len(runs)} paths, {full} in full; {steps} of {asked} points")
    print(*sorted(wrong, key=str)[:40], sep="\n"); print(*ends[:20], sep="\n")
    assert not wrong and not ends
