"""Two and four processes on this machine: what they agree on, what they send, how long it takes, and a crash in the middle."""

import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from examples.ledger import Ledger

__all__ = ["main", "together"]


def main(again=False):
    ledger = Ledger("distributed_training", again)
    for workers in (2, 4):
        names = "parity,hooks,ring,zero,shards"
        ledger.once(f"what {workers} agree on", functools.partial(together, names, workers))
        ledger.once(f"straggler among {workers}", functools.partial(together, "straggler", workers))
        ledger.once(f"times of {workers}", functools.partial(together, "times", workers))
    ledger.once("crash", crash)


def together(names, workers, *options, restarts=0, folder=None):
    """The results of these experiments, done by so many processes. Raises RuntimeError with the end of what they said if they fail."""
    with tempfile.TemporaryDirectory() as own:
        out = pathlib.Path(folder or own) / "out.json"
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(workers),
                   "--max-restarts", str(restarts), "-m", "examples.distributed.worker", names, str(out), *options]  # fmt: skip
        done = subprocess.run(command, cwd=pathlib.Path(__file__).parents[1], env=os.environ | {"OMP_NUM_THREADS": "1"},
                              capture_output=True, text=True, timeout=600)  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{workers} processes failed at {names}:\n{done.stderr[-3000:]}")
        return json.loads(out.read_text())


def crash():
    """A training that ran through, and one that lost a process at step 7 and was begun anew by torchrun."""
    return {"ran through": together("crash", 2)["crash"], "lost one": together("crash", 2, "--die", restarts=1)["crash"]}
