"""A file of results that grows: a training that is stored is not done again, and an interruption loses one at most."""

import math
import pathlib
import time

from gdcore.training import machine, read_results, write_results

__all__ = ["Ledger", "short"]

RESULTS = pathlib.Path(__file__).parent / "results"


class Ledger:
    """The results of one example, {key: plain values}, in examples/results/NAME.json.

    again: forget what is stored. Each entry is written as soon as it is there.
    """

    def __init__(self, name, again=False):
        self.name, self.path = name, RESULTS / f"{name}.json"
        self.entries = read_results(self.path)["entries"] if self.path.exists() and not again else {}

    def __getitem__(self, key):
        return self.entries[key]

    def once(self, key, train):
        """The entry `key`: what is stored, or else what train() returns, a dict, stored with its wall time and the machine's facts."""
        if key not in self.entries:
            print(f"{self.name}: {key} …", end=" ", flush=True)
            begin = time.perf_counter()
            values = train()
            wall = time.perf_counter() - begin
            # through the file, so that fresh and stored entries are alike
            entry = {**values, "wall": round(wall, 1), "machine": machine()}
            write_results(self.path, {"entries": {**self.entries, key: entry}}, f"examples/{self.name}.py")
            self.entries = read_results(self.path)["entries"]
            print(f"{wall:.0f} s", flush=True)
        return self.entries[key]


def short(value):
    """Four digits are enough for a record; None for what is no number."""
    return float(f"{value:.4g}") if value is not None and math.isfinite(value) else None
