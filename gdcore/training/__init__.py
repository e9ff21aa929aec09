"""Training on real data: one loop with a record, checkpoints and a meter.

Data comes in as batches that depend on a seed and the epoch's number alone. It passes through `fit`, which steps any
torch optimizer and writes down losses, seconds and joules. It leaves as a `Record`, a plain table that a race can draw and that
`results` stores together with the machine that made it. Beside it stand two tools for any training: `monitor` looks at a run while it
runs, `compare` races optimizers fairly on a task of your own.
"""

from gdcore.training.batches import Batches, InTurn
from gdcore.training.compare import Comparison, compare
from gdcore.training.loop import fit
from gdcore.training.monitor import Monitor, monitor
from gdcore.training.record import Record
from gdcore.training.results import machine, read_results, write_results

__all__ = ["Batches", "Comparison", "InTurn", "Monitor", "Record", "compare", "fit", "machine", "monitor", "read_results",
           "write_results"]
