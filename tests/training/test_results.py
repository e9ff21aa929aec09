"""Stored results, and the meter: nothing is half-written, joules are added up across a counter that begins again."""

import json
import os
import pathlib
import types

import numpy as np
import pytest
import torch

from examples import ledger
from gdcore.training import Record, machine, meter, read_results, results, write_results


def test_results_say_what_made_them(tmp_path):
    record = Record()
    record.add(step=1, seconds=0.5, loss=2.0)
    write_results(tmp_path / "a.json", {"record": record, "n": np.int64(3), "rows": torch.ones(2), "x": np.arange(2)}, "examples/a.py")
    found = read_results(tmp_path / "a.json")
    assert found["script"] == "examples/a.py" and found["machine"] == machine()
    assert {"CPU", "cores", "threads", "Python", "torch"} <= set(found["machine"])
    assert (found["n"], found["rows"], found["x"]) == (3, [1.0, 1.0], [0, 1])
    assert Record.from_dict(found["record"]) == record


def test_what_cannot_be_stored_leaves_the_old_file(tmp_path):
    write_results(tmp_path / "a.json", {"n": 1}, "a")
    with pytest.raises(TypeError, match="A function cannot be stored"):
        write_results(tmp_path / "a.json", {"n": machine}, "a")
    assert read_results(tmp_path / "a.json")["n"] == 1 and [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_file_is_written_beside_and_moved_and_a_path_may_be_a_text(tmp_path, monkeypatch):
    path, moved, replace = tmp_path / "new folder" / "a.json", [], os.replace
    monkeypatch.setattr(os, "replace", lambda *names: moved.append([pathlib.Path(name).name for name in names]) or replace(*names))
    write_results(str(path), {"n": 1}, "a")
    assert moved == [["a.json.new", "a.json"]] and read_results(str(path))["n"] == 1
    assert path.read_text().startswith('{\n "script": "a",\n') and path.read_text().endswith('\n "n": 1\n}\n')


def test_the_processor_is_the_first_that_the_system_names(tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text("cores : 2\nmodel name\t: One: fast\nmodel name\t: Another\n")
    monkeypatch.setattr(results, "pathlib", types.SimpleNamespace(Path=lambda name: tmp_path / pathlib.Path(name).name))
    assert machine()["CPU"] == "One: fast"


def test_missing_results_name_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match="make examples"):
        read_results(tmp_path / "a.json")


def test_a_ledger_trains_once_and_survives_an_interruption(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ledger, "RESULTS", tmp_path)
    trained = []

    def train(value):
        trained.append(value)
        if value == "b" and len(trained) == 2:
            raise KeyboardInterrupt
        return {"value": value}

    def all_of_it(again=False):
        book = ledger.Ledger("some", again)
        return [book.once(key, lambda key=key: train(key))["value"] for key in ("a", "b", "c")]

    with pytest.raises(KeyboardInterrupt):
        all_of_it()
    assert list(json.loads((tmp_path / "some.json").read_text())["entries"]) == ["a"]
    assert all_of_it() == ["a", "b", "c"] and trained == ["a", "b", "b", "c"]
    all_of_it()
    assert len(trained) == 4
    all_of_it(again=True)
    assert len(trained) == 7


@pytest.fixture
def counters(tmp_path, monkeypatch):
    """Two packages of a processor, with a part of the first that is counted with it."""
    for name, used in (("intel-rapl:0", 5e6), ("intel-rapl:0:0", 1e6), ("intel-rapl:1", 7e6)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text(str(int(used)))
        (tmp_path / name / "max_energy_range_uj").write_text("10000000")
    monkeypatch.setattr(meter, "RAPL", tmp_path)
    return tmp_path


def test_joules_are_those_between_start_and_hold(counters):
    watch = meter.Meter()
    watch.start()
    (counters / "intel-rapl:0" / "energy_uj").write_text("8000000")  # 3 joules
    (counters / "intel-rapl:1" / "energy_uj").write_text("2000000")  # begun again at 10: 5 joules
    watch.hold()
    (counters / "intel-rapl:0" / "energy_uj").write_text("9000000")  # nobody measures
    watch.start()
    (counters / "intel-rapl:0" / "energy_uj").write_text("9500000")
    watch.hold()
    assert watch.joules == pytest.approx(8.5) and watch.seconds > 0


def test_without_a_counter_there_are_no_joules(tmp_path, monkeypatch):
    monkeypatch.setattr(meter, "RAPL", tmp_path / "none")
    watch = meter.Meter()
    watch.start()
    watch.hold()
    assert watch.joules is None
