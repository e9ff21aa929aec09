"""Flower's programs as processes of their own: what they find together is what one process finds, and nothing is left behind."""

import logging
import pathlib
import subprocess

import pytest

from examples.federated_processes import alone, over_loopback
from gdcore.training import read_results

RECORD = read_results(pathlib.Path(__file__).parents[1] / "examples/results/federated_processes.json")["entries"]


@pytest.mark.slow
def test_processes_find_what_one_finds():
    logging.getLogger("flwr").setLevel(logging.ERROR)
    here, there = alone(2), over_loopback(2)
    assert there["accuracy"] == here["accuracy"] == RECORD["in one process"]["accuracy"][:3]
    assert there["weights"] == pytest.approx(here["weights"], rel=1e-12)  # replies come in any order, and a sum of floats knows
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout.splitlines()
    # a dead one that nobody has waited for is the container's business: where process 1 is no init, it stays in the list
    assert not [line for line in left if "flower-super" in line and "<defunct>" not in line]


def test_the_record_is_whole():
    one, many = RECORD["in one process"], RECORD["over loopback"]
    assert one["accuracy"] == many["accuracy"] and one["weights"] == pytest.approx(many["weights"], rel=1e-12)
    assert one["accuracy"][-1] > 0.8 > 0.3 > one["accuracy"][0]
    assert one["sent"] == one["received"] == 5 * 4 * 65 * 10 * 8  # rounds, shops, weights of eight bytes
