"""The page on what to begin with: each line has evidence, each link leads somewhere, and what it says of the race is in the record."""

import re

import numpy as np
import pytest

from gdcore.training import read_results
from tests.book.conftest import ROOT

PAGE = (ROOT / "book" / "choose.md").read_text("utf-8")
RACE = read_results(ROOT / "examples" / "results" / "optimizer_race.json")["entries"]
NETS = ("words", "deep", "images", "letters")


def ends(task, name):
    """The last validation losses of the five seeds."""
    return np.array([np.inf if len(row) < 11 or row[-1] is None else row[-1] for row in RACE[f"{task} {name}"]["curve"]])


def beside(task, name):
    """The geometric mean of the final losses over AdamW's, seed by seed."""
    return float(np.exp(np.mean(np.log(ends(task, name) / ends(task, "AdamW")))))


def percent(task, name):
    return 100 * (beside(task, name) - 1)


def line(begin):
    (found,) = [row for row in PAGE.splitlines() if row.startswith(f"| {begin} |")]
    return found


def test_every_line_has_its_evidence_and_every_link_leads_somewhere():
    rows = [row for row in PAGE.splitlines() if row.startswith("| ") and not row.startswith(("| you train", "| then", "| where"))]
    assert len(rows) > 20
    for row in rows:
        *_, evidence = row.strip("| ").split(" | ")
        assert re.search(r"race|chapter \d+", evidence), row
    assert [path for path in re.findall(r"\]\(([^)#]+)", PAGE) if not (ROOT / "book" / path).exists()] == []


SAID = [
    ("a transformer", "descent ends 3 % above it, momentum 1 %",
     lambda: (percent("letters", "SGD"), percent("letters", "momentum")), (3, 1)),
    ("a plain deep network without normalisation", "Muon ends at 0.38 of AdamW's loss", lambda: (100 * beside("deep", "Muon"),), (38,)),
    ("a convolutional network", "Schedule-Free 8 % below AdamW, momentum a quarter above",
     lambda: (percent("images", "schedule-free"), percent("images", "momentum")), (-8, 25)),
    ("rare features (words, clicks, items)", "descent 3 % above AdamW, AdaGrad 2 % above, NAdam 1.5 % below",
     lambda: (percent("words", "SGD"), percent("words", "AdaGrad"), percent("words", "NAdam")), (3, 2, -1.5)),
    ("large hidden matrices", "race: 6 % below AdamW on photographs and on letters, at 0.38 of it",
     lambda: (percent("images", "Muon"), percent("letters", "Muon")), (-6, -6)),
]  # fmt: skip


@pytest.mark.parametrize("row, sentence, measured, said", SAID, ids=[row for row, *_ in SAID])
def test_its_numbers_are_those_of_the_race(row, sentence, measured, said):
    assert sentence in line(row)
    assert np.allclose(measured(), said, atol=0.6), measured()


def test_what_it_says_of_seeds_and_rates():
    rates = [RACE[f"{task} {name}"]["rate"] for task in NETS for name in ("Adam",)]
    assert "3 to 32 times 0.001" in PAGE and 3 < min(rates) / 0.001 and max(rates) / 0.001 < 32.1
    lost = [int(np.isinf(ends("rosenbrock", "momentum")).sum())]
    assert "explodes on three of five" in PAGE and lost == [3]
    lion = [abs(percent(task, "Lion")) for task in ("words", "images", "letters")]
    assert "Lion within 4 % of AdamW on words, photographs and letters" in PAGE and max(lion) < 4
