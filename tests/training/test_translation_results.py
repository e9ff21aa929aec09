"""What chapter 27 reads from its file: all that its script trains, and nothing that the script does not."""

import dataclasses

import pytest

from examples import transformer_translation as example
from gdcore.data import DataError


@pytest.fixture
def asked(monkeypatch):
    """The keys that the script asks its ledger for, with the entries; a training would fail."""
    found = {}
    once = example.Ledger.once

    def note(ledger, key, train):
        assert key in ledger.entries, f"{key} is not stored: make examples NAMES=transformer_translation"
        found[key] = once(ledger, key, train)
        return found[key]

    monkeypatch.setattr(example.Ledger, "once", note)
    example.main()
    return found


def test_all_that_the_script_trains_is_stored_and_nothing_else(asked):
    assert set(asked) == set(example.Ledger("transformer_translation").entries)


def test_all_trainings_came_to_their_end_and_say_where(asked):
    assert [key for key, entry in asked.items() if "record" not in entry] == ["before", "programs"]
    for entry in asked.values():
        assert {"CPU", "cores", "threads", "torch"} <= set(entry["machine"]) and entry["wall"] > 0
        if "record" in entry:
            assert entry["record"]["status"] == "finished" and entry["record"]["points"][-1]["step"] == entry["steps"]
            score = entry if "BLEU" in entry else entry["validation"]  # a trial has not seen the test pages
            assert 0 <= score["BLEU"] <= 100 and 0 < score["chrF"] <= 100


@pytest.mark.slow
def test_a_tiny_training_of_each_kind(monkeypatch):
    """The script itself, on a few sentences: every setting runs, and gives what the chapter reads."""
    try:
        parts, old = example.help_pages("es"), example.help_pages("pt_BR")
    except DataError:
        pytest.skip("GNOME's help pages are not on this machine")
    short = lambda part, count: part[sorted(range(len(part)), key=lambda i: len(part.x[i]))[:count]]
    few = lambda splits: type(splits)(splits.train[:32], short(splits.validation, 32), short(splits.test, 2))
    monkeypatch.setattr(example, "spanish", lambda: few(parts))
    monkeypatch.setattr(example, "portuguese", lambda: (old.train[:32], short(old.test, 2)))
    monkeypatch.setattr(example, "help_pages", lambda language, copies: few(parts))
    monkeypatch.setattr(example, "programs", lambda most: parts.train[32:64])
    whole = example.tuned(example.Recipe(), 0)
    assert whole["steps"] == 5 and set(whole["shares"]) == {str(share) for share in example.SHARES} and len(whole["found"]) == 2
    assert whole["BLEU"] >= 0 and whole["moved"]["encoder.0.0"] > 0
    few_parts = dataclasses.replace(example.SHORT["with Portuguese"], every=1, part="norms and biases alone", old=1.0)
    model, start, result = example.train(few_parts, 0)
    changed = {name for name, value in model.state_dict().items() if not value.equal(start[name])}
    assert result["steps"] == 2 and "encoder.0.0.norm.weight" in changed and all("norm" in name or "bias" in name for name in changed)
    wide = dataclasses.replace(example.SMALL, more=30, epochs=1)
    assert example.train(wide, 0)[2]["steps"] == 3  # two batches of both, one of the pages
    odd = dataclasses.replace(example.QUICK, every=1, warmup=1, others=0, extra="", spell=example.nh, clip=None)
    trimmed = example.greedy(odd, 0)
    assert trimmed["over all pieces"]["BLEU"] >= 0 and trimmed["parameters"] == 16_907_008
    assert example.scratch(dataclasses.replace(example.SMALL, epochs=1))["validation"]["chrF"] >= 0
