"""What a training was like: a table with a row for each point at which it was looked at."""

import dataclasses
import math

__all__ = ["Record"]


@dataclasses.dataclass
class Record:
    """A training's points: step, seconds of training till then (without measuring), mean training loss since the last point, measures.

    status: "running", "finished" or "diverged"; joules: of the training, None where the machine does not tell.
    """

    points: list = dataclasses.field(default_factory=list)
    status: str = "running"
    joules: float | None = None

    def __getitem__(self, name):
        """The column `name`: "step", "seconds", "loss", or a measure. Raises KeyError, which names those there are."""
        if not self.points or name not in self.points[-1]:
            raise KeyError(f"This record has no column {name!r}; it has {', '.join(self.points[-1]) if self.points else 'no points yet'}.")
        return [point[name] for point in self.points]

    @property
    def seconds(self):
        return self.points[-1]["seconds"] if self.points else 0.0

    def add(self, **values):
        """Add a point; a training whose loss is no number has diverged."""
        self.points.append({name: float(value) if name != "step" else int(value) for name, value in values.items()})
        if not math.isfinite(values["loss"]):
            self.status = "diverged"

    def as_run(self, loss="loss", **more):
        """This training as `gdcore.figures.live.race` takes it. loss: the column to race by; more: {its name there: column}."""
        return {"losses": self[loss], "steps": self["step"], "seconds": self["seconds"]} | {new: self[old] for new, old in more.items()}

    def as_dict(self):
        """Plain values, for a file."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values):
        return cls(**values)
