"""What chapter 27 reads from its file: all that its script trains, and nothing that the script does not."""

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
    for key, entry in asked.items():
        assert {"CPU", "cores", "threads", "torch"} <= set(entry["machine"]) and entry["wall"] > 0
        if key != "before":
            assert entry["record"]["status"] == "finished" and entry["record"]["points"][-1]["step"] == entry["steps"]
            assert 0 <= entry["BLEU"] <= 100 and 0 < entry["chrF"] <= 100


@pytest.mark.slow
def test_a_tiny_training_of_each_kind(monkeypatch):
    """The script itself, on a few sentences: every setting runs, and gives what the chapter reads."""
    try:
        parts, old = example.help_pages("es"), example.help_pages("pt_BR")
    except DataError:
        pytest.skip("GNOME's help pages are not on this machine")
    few = lambda splits: type(splits)(splits.train[:32], splits.validation[:32], splits.test[:2])
    monkeypatch.setattr(example, "spanish", lambda: few(parts))
    monkeypatch.setattr(example, "portuguese", lambda: (old.train[:32], old.test[:2]))
    whole = example.tuned(0, epochs=1, warmup=1, part="norms and biases alone", old=1.0, examine=True)
    assert whole["steps"] == 2 and whole["Portuguese"]["BLEU"] >= 0
    moved = {part for part, share in whole["moved"].items() if share > 0}
    assert "encoder.0.0" in moved and "embedding.weight" not in moved
    trimmed = example.tuned(0, epochs=1, warmup=1, others=0, extra="", spell=example.nh, clip=None)
    assert trimmed["over all pieces"]["BLEU"] >= 0 and trimmed["parameters"] == 16_907_008
