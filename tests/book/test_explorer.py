"""The explorer and the cards below it: races by address, and symbols that light up together."""

import json
import re
import sys
from urllib.parse import quote, unquote

import numpy as np
import pytest

from tests.book.conftest import ROOT

sys.path.insert(0, str(ROOT / "book"))
import explorer

pytestmark = pytest.mark.slow
FIGURE = "document.querySelector('figure.gd-live').figure"
STATE = f"() => {FIGURE}.state"


def test_the_stored_page_is_current():
    """Equal but for the last digits, which another processor may round otherwise."""
    stored, now = explorer.FILE.read_text("utf-8"), explorer.page()
    number = r"-?\d+\.\d+(?:e-?\d+)?"
    assert re.sub(number, "0", stored) == re.sub(number, "0", now), "run: python book/explorer.py"
    assert np.allclose([float(n) for n in re.findall(number, stored)], [float(n) for n in re.findall(number, now)], rtol=1e-3, atol=0.05)


@pytest.fixture
def page(book, chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.errors = []
    page.on("console", lambda m: page.errors.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: page.errors.append(str(e)))
    page.address = (book.html / "book" / "rule_cards.html").as_uri()
    page.goto(page.address)
    page.wait_for_function(f"() => {FIGURE}.drawn")
    yield page
    assert page.errors == []
    context.close()


def test_surface_rules_and_steps_are_the_readers_choice_and_the_address_follows(page):
    page.get_by_label("surface", exact=True).select_option("himmelblau")
    page.get_by_role("button", name="remove RMSProp").click()
    page.get_by_label("rule 2").select_option("Lion")
    page.wait_for_function("() => location.hash.includes('Lion')")
    told = json.loads(unquote(page.evaluate("() => location.hash")).removeprefix("#race="))
    assert told["surface"] == {"surface": "himmelblau"} and [rule["rule"] for rule in told["rules"]] == ["GD", "Lion", "Adam"]
    again = page.context.new_page()
    again.goto(page.url)
    again.wait_for_function(f"() => {FIGURE}.drawn")
    assert again.evaluate(STATE)["rules"] == told["rules"] and again.evaluate(STATE)["surface"] == told["surface"]


def test_the_keys_stay_with_the_control_that_the_reader_has(page):
    page.get_by_label("surface", exact=True).focus()
    rules = page.evaluate(STATE)["rules"]
    for _ in range(3):
        before = page.evaluate(STATE)["surface"]
        page.keyboard.press("ArrowDown")
        page.wait_for_function(f"(before) => {FIGURE}.state.surface.surface !== before.surface && !{FIGURE}.frame", arg=before)
        assert page.evaluate("document.activeElement.ariaLabel") == "surface" and page.evaluate(STATE)["rules"] == rules
    page.get_by_role("button", name="remove RMSProp").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"() => {FIGURE}.state.rules.length === 3 && !{FIGURE}.frame")
    assert page.evaluate("document.querySelector('figure.gd-live').contains(document.activeElement)")


def test_every_link_of_on_this_page_lands_and_back_returns(page):
    """A click on each: what lies far is laid out on the way, and no race takes the reader back to the explorer."""
    links = page.eval_on_selector_all(".bd-sidebar-secondary a[href^='#']", "(all) => all.map((a) => a.getAttribute('href'))")
    assert len(links) > 30
    top = "(link) => document.querySelector(link).getBoundingClientRect().top"
    for link in links:
        page.evaluate("(link) => document.querySelector(`.bd-sidebar-secondary a[href='${link}']`).click()", link)
        page.wait_for_function(f"(link) => {{ const top = ({top})(link); return -20 < top && top < 300; }}", arg=link, timeout=5000)
    page.go_back()
    page.wait_for_function(f"(link) => {{ const top = ({top})(link); return -20 < top && top < 300; }}", arg=links[-2], timeout=5000)
    page.evaluate("() => location.hash = 'race=Lion'")
    page.wait_for_function("() => Math.abs(document.querySelector('figure.gd-live').getBoundingClientRect().top) < 200")


def test_on_a_phone_the_map_stays_in_sight_while_the_sliders_go_by(page):
    page.set_viewport_size({"width": 390, "height": 844})
    last = page.locator("figure.gd-live input[type=range]").last
    last.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    canvas, slider = (box.bounding_box() for box in (page.locator("figure.gd-live canvas").first, last))
    assert 0 <= canvas["y"] and canvas["y"] + canvas["height"] < slider["y"] + slider["height"] <= 844


def test_every_rule_and_every_surface_can_be_chosen(page):
    rules = page.get_by_label("rule 1").evaluate("(s) => [...s.options].map((o) => o.value)")
    surfaces = page.get_by_label("surface", exact=True).evaluate("(s) => [...s.options].map((o) => o.value)")
    assert len(rules) >= 23 and len(surfaces) >= 17
    for i in range(max(len(rules), len(surfaces))):
        page.get_by_label("surface", exact=True).select_option(surfaces[i % len(surfaces)])
        page.get_by_label("rule 1").select_option(rules[i % len(rules)])
        page.evaluate("() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")
        assert page.locator(".gd-live-error").count() == 0, (rules[i % len(rules)], surfaces[i % len(surfaces)])


def test_a_card_starts_its_own_race(page):
    page.get_by_role("link", name="Race Yogi").press("Enter")  # by key: on a busy machine cards above may still take their place
    page.wait_for_function(f"() => {FIGURE}.state.rules.length === 1")
    assert page.evaluate(STATE)["rules"][0]["rule"] == "Yogi"


@pytest.mark.parametrize("words", ["{", '{"rules": [{"rule": "Nobody"}]}', "Nobody"])
def test_an_address_that_means_nothing_gives_a_sentence(book, chromium, words):
    page = chromium.new_page()
    page.goto((book.html / "book" / "rule_cards.html").as_uri() + "#race=" + quote(words))
    page.wait_for_function(f"() => {FIGURE}.drawn")
    page.wait_for_selector(".gd-live-error")
    assert re.search("holds no race|There is no rule", page.locator(".gd-live-error").inner_text())
    page.close()


def test_a_symbol_lights_up_in_equation_code_table_and_slider(page):
    page.locator("section#adam tr[data-symbol=beta1]").focus()
    look = "(all) => all.map((e) => [e.closest('section[data-linked]')?.id, e.tagName, e.className])"
    lit = page.eval_on_selector_all(".gd-lit", look)
    tags = [tag for _, tag, _ in lit]
    assert {place for place, tag, name in lit if "gd-live-slider" not in name} == {"adam"}
    assert "TR" in tags and "SPAN" in tags and any(tag.startswith("MJX") for tag in tags), lit
    assert any("gd-live-slider" in name for *_, name in lit), "Adam is in the race: its slider lights up, too"
    page.locator("section#adam .gd-h-eps").first.hover()
    assert page.evaluate("() => document.querySelector('section#adam .gd-h-eps').classList.contains('gd-lit')")
    assert not page.evaluate("() => document.querySelector('section#adam tr[data-symbol=beta1]').classList.contains('gd-lit')")


def test_every_symbol_of_every_card_has_its_place_in_an_equation_or_says_so(page):
    """A hyper-parameter of a card lights up something beside its row of the table; those that are off by default may not."""
    silent = page.evaluate("""() => [...document.querySelectorAll("section[data-linked]")].flatMap((card) =>
        card.querySelector(".gd-symbols").dataset.names.split(" ").filter((name) => name && !card.querySelector(`.gd-h-${name}`)
            && !card.querySelector(`code [data-symbol=${name}], pre [data-symbol=${name}]`)).map((name) => `${card.id} ${name}`))""")
    assert silent == []
