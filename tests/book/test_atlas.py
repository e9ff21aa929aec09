"""The atlas: no method is left out, what is stored is what is measured, and the page shows it, sorts it and leads on."""

import importlib
import inspect
import json

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from examples import _wines as wines
from examples.atlas import ELSEWHERE, METHODS, bill
from gdcore import algorithms, rules
from tests.book.conftest import ROOT

pytestmark = pytest.mark.slow

# helpers, and what changes a method without being one
NO_METHOD = {"Walk", "Search", "Problem", "Circuit", "Machine", "World", "Episodes"}


@pytest.fixture(scope="module")
def entries():
    return json.loads((ROOT / "examples" / "results" / "atlas.json").read_text("utf-8"))["entries"]


def test_every_rule_and_every_algorithm_has_its_dot():
    there = {cls.__name__ for cls in rules.RULES + rules.WRAPPERS + rules.TOLD + rules.UNDRAWN}
    for name in algorithms.__all__:
        module = importlib.import_module(f"gdcore.algorithms.{name}")
        there |= {n for n in module.__all__ if inspect.isclass(getattr(module, n))}
    assert not there - NO_METHOD - set(METHODS) - set(ELSEWHERE)


def test_the_record_is_complete(entries):
    assert [*entries] == [*METHODS, *ELSEWHERE], "run: make examples NAMES=atlas"


@pytest.mark.parametrize("name", ["LBFGS", "Newton", "HessianFree", "Rprop", "QSGD", "Scaffold", "OnePlusOne", "CMAES"])
def test_what_is_stored_is_what_is_measured(name, entries):
    now = bill(name)
    # the signs of eigenvectors, and with them CMA-ES's draws, are the processor's: two settings that are level may change places
    for key in ("sweeps", "steps", "kept", "bytes", *(["setting"] if name != "CMAES" else [])):
        assert now.get(key) == (pytest.approx(entries[name][key], rel=0.15) if key in ("sweeps", "steps") else entries[name].get(key)), key


def test_the_task_is_what_it_says():
    task, draw = wines.Task(), np.random.default_rng(0)
    x, v = draw.normal(size=(2, 42))
    assert approx_fprime(x, task.value, 1e-7) == pytest.approx(task.gradient(x), abs=1e-6)
    assert task.hessian(x) @ v == pytest.approx(task.product(x, v), abs=1e-12)
    assert np.mean([task.slope(x, i) for i in range(178)], axis=0) == pytest.approx(task.gradient(x), abs=1e-12)
    parts = wines.clients()
    assert sum(p.n for p in parts.values()) == 178
    assert sum(p.n * p.gradient(x) for p in parts.values()) / 178 == pytest.approx(task.gradient(x), abs=1e-12)
    assert round(wines.condition()) == 158


def test_what_the_page_says_of_it(entries):
    sweeps = {name: entry["sweeps"] for name, entry in entries.items() if "sweeps" in entry}
    there = {name: n for name, n in sweeps.items() if n}
    assert min(there, key=there.get) == "LBFGS" and (sweeps["LBFGS"], sweeps["GD"], sweeps["Adam"]) == (14, 36, 116)
    searches = [there[name] for name in there if entries[name]["family"] == "values only"]
    assert round(min(searches) / sweeps["GD"]) == 28 and sweeps["RandomSearch"] is None
    nearer = {name: entries[name]["nearer"]["sweeps"] for name in there}
    assert 1.4 < nearer["Newton"] / sweeps["Newton"] < 1.6 and 2.8 < nearer["SAGA"] / sweeps["SAGA"] < 3.1
    assert nearer["SGD"] is None and nearer["AdamW"] > 6 * nearer["Adam"] and nearer["Muon"] > 4 * nearer["Adam"]


@pytest.fixture(scope="module")
def page(book, chromium):
    page = chromium.new_context(viewport={"width": 1200, "height": 900}).new_page()
    page.goto((book.html / "book" / "atlas.html").as_uri())
    page.wait_for_selector(".gd-atlas-map circle")
    return page


def test_each_row_is_a_dot_that_leads_to_its_card(page, book):
    links = page.eval_on_selector_all(".gd-atlas-map a", "all => all.map((a) => [a.dataset.name, a.getAttribute('href')])")
    assert {name for name, _ in links} == set(METHODS)
    for address in {href for _, href in links} | set(page.eval_on_selector_all(".gd-atlas-box a", "all => all.map((a) => a.href)")):
        file, _, anchor = address.rpartition("/")[2].partition("#")
        assert f'id="{anchor}"' in (book.html / "book" / file).read_text("utf-8"), address


def test_axes_and_columns_follow_the_reader(page):
    place = "() => document.querySelector('[data-name=LBFGS] circle').cx.baseVal.value"
    before = page.evaluate(place)
    page.select_option("select[name=across]", "kept")
    assert page.evaluate(place) != before
    names = "all => all.map((e) => e.textContent)"
    head = page.locator(".gd-atlas-box th[data-column=sweeps] button").first
    head.click()
    order = page.eval_on_selector_all(".gd-atlas-box >> nth=0 >> tbody th", names)
    assert order[0] == "LBFGS" and order[-1] == "RandomSearch"
    head.click()
    order = page.eval_on_selector_all(".gd-atlas-box >> nth=0 >> tbody th", names)
    assert order[0] == "SPSA" and order[-1] == "RandomSearch"  # what is not there comes last either way
    page.locator("[data-name=CMAES]").focus()
    assert page.locator("#atlas figcaption p").inner_text().startswith("CMAES: 1,620 sweeps")
