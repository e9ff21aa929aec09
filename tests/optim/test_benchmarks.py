"""The benchmark runs and judges; how fast anything is, is never a test."""

import json
import re
import time

import pytest

from benchmarks import grading
from benchmarks.__main__ import main
from benchmarks.goals import verdicts
from benchmarks.timing import race


def result(**ratios):
    return {"problem": "b", "method": "Adam", "ms": {"gdcore eager": 20.0, "gdcore compiled": 9.0}, "floor_ms": {"traffic": 8.5},
            "first_compiled_step_s": 0.1, "ratios": ratios}  # fmt: skip


def test_a_missed_goal_says_by_how_much_and_what_the_floor_is():
    said = verdicts([result(**{"eager / foreach": 0.5, "compiled / fused": 1.06, "best peer / compiled": 0.9})])
    assert said == ["2 of 3 goals reached.", "(b) Adam: compiled / fused is 1.06, goal at most 1.0. "
                    "Of its 9 ms, moving its arrays alone takes 8.5 ms."]


def test_three_times_the_best_peer_is_asked_where_torch_has_nothing_fused():
    assert verdicts([result(**{"best peer / compiled": 2.9})])[0] == "1 of 2 goals reached."
    assert verdicts([result(**{"best peer / compiled": 3.1})])[0] == "2 of 2 goals reached."


@pytest.mark.parametrize("method", ["Lion", "Muon, full"])
def test_the_benchmark_writes_what_it_measured(method, tmp_path, monkeypatch, capsys):
    path = tmp_path / "times.json"
    monkeypatch.setattr("sys.argv", ["benchmarks", "--problems", "a", "--methods", method, "--seconds", "0.01", "--json", str(path)])
    main()
    (found,) = json.loads(path.read_text())["results"]
    assert all(time > 0 for time in (*found["ms"].values(), *found["floor_ms"].values()))
    assert found["ratios"]["best peer / compiled"] > 0
    assert "goals reached" in capsys.readouterr().out


class Sleeper:
    """An optimizer that counts its steps, each of a twentieth of a second."""

    def __init__(self):
        self.steps = 0

    def step(self):
        self.steps += 1
        time.sleep(0.05)


@pytest.mark.parametrize("seconds, rounds", [(0.04, 1), (0.34, 7)])
def test_a_step_longer_than_the_time_for_all_is_timed_in_one_round(seconds, rounds):
    slow = Sleeper()
    assert race({"slow": slow}, seconds)["slow"] >= 50
    assert slow.steps == 2 + rounds  # two to find out how long it takes


@pytest.mark.slow
def test_the_grader_is_timed_against_jupyter(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks.grading", "--students", "2", "--rounds", "1"])
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    grading.main()
    assert re.search(r"graded in \d+\.\d\d s, run by Jupyter in \d+\.\d\d s; ratio .*: (reached|missed)\.$", capsys.readouterr().out)
    assert "ratio 1.50, goal 1: missed." in grading.verdict(3.0, 2.0) and grading.verdict(1.0, 2.0).endswith("reached.")
