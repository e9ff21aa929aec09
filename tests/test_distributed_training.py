"""Real processes: what two of them compute together is what one would, through shards too, and a lost one is no loss."""

import math
import pathlib

import pytest

from examples.distributed_training import together
from gdcore.training import read_results

RECORD = read_results(pathlib.Path(__file__).parents[1] / "examples/results/distributed_training.json")["entries"]


@pytest.fixture(scope="module")
def found():
    return together("parity,ring,zero,shards", 2)


@pytest.mark.slow
def test_two_processes_are_one(found):
    """In float64; norm-based rules (LAMB, LARS, Adafactor) see the whole tensor, though each process has a part of it."""
    for name, apart in found["parity"].items():
        assert apart < 1e-12, name
    for name, values in found["shards"].items():
        assert values["apart"] < 1e-12, name
        assert sum(values["weights"]) == found["zero"]["parameters"] and max(values["weights"]) < 0.51 * sum(values["weights"])
    assert {"LAMB", "LARS", "Adafactor", "Lookahead"} <= set(found["parity"]) < set(found["shards"]) >= {"Rprop", "NAdam"}


@pytest.mark.slow
def test_the_ring_and_the_memory(found):
    ring, zero = found["ring"], found["zero"]
    assert ring["apart"] < 1e-14 and ring["sent"] == [ring["bytes"]] * 2
    assert zero["apart"] < 1e-12 and sum(zero["numbers"]) == 2 * zero["parameters"] and min(zero["numbers"]) > 0


@pytest.mark.slow
def test_a_lost_process_changes_nothing():
    straight, broken = (RECORD["crash"][name] for name in ("ran through", "lost one"))
    fresh = together("crash", 2, "--die", restarts=1)["crash"]
    assert (fresh["attempt"], fresh["begun"], straight["attempt"]) == (1, 7, 0)
    assert fresh["losses"] == pytest.approx(straight["losses"], rel=1e-9) and fresh["last"] == pytest.approx(straight["last"], rel=1e-9)
    assert broken["losses"] == straight["losses"] and broken["last"] == straight["last"]  # on one machine to the bit


def test_the_record_is_whole():
    for workers in (2, 4):
        agree = RECORD[f"what {workers} agree on"]
        assert max(agree["parity"].values()) < 1e-12 and max(v["apart"] for v in agree["shards"].values()) < 1e-12
        assert set(agree["ring"]["sent"]) == {2 * (workers - 1) * agree["ring"]["bytes"] // workers}
        sizes = [size for size, _ in RECORD[f"times of {workers}"]["times"]["rows"]]
        assert sizes == [2**k for k in range(10, 26)]
        slow = RECORD[f"straggler among {workers}"]["straggler"]
        assert min(slow["one slow"]) > 0.02 > max(slow["all well"]) and all(map(math.isfinite, slow["all well"]))
