"""Race: recorded losses of real trainings, by steps, by seconds, or by gradients evaluated."""

import numpy as np

from gdcore.figures.live.widget import Live
from gdcore.figures.style import INK, PALETTE, figure, label_ends

__all__ = ["Race", "race"]

CLOCKS = {"steps": "step", "seconds": "seconds", "gradients": "gradients evaluated"}
MOST_RUNS = 8
MOST_NUMBERS = 4000  # of all runs together: about 32 kB in a notebook
MARKS = 200  # places of the cursor along the axis


def race(runs, *, title, question="", clock="steps", scale="log", label="loss", metric=None, clock_scale="linear",
         colors=4):
    """Recorded trainings side by side. The reader chooses the clock, moves the cursor, plays the race, and lifts one run out.

    runs: {name: {"losses": …, "steps": …, "seconds": …, "gradients": …}}, up to 8. losses are a row of numbers, or one row a seed: then
    the line is their median and the band goes from the lowest to the highest; of more than four only the run that is lifted out has its
    band, since so many would hide each other. The clocks say when each loss was taken; steps count from
    0 where they are missing; a clock is offered if all runs have it; of seconds with one row a seed the median is taken.
    clock: the clock to begin with. scale: "log" or "linear", of the losses. label: what the losses are, such as "test loss".
    metric: the name of a second value to draw beside them, such as "accuracy", which each run then holds under that name.
    clock_scale: "log" where runs end at times of very different size; times of 0 are then left out. colors: after so many runs, 1 to 4,
    the colours begin again with dashed lines: 3 for three methods, first on one task and then on another.
    Numbers are kept to 4 digits, and about 4000 of them: of longer runs evenly spread points, the first and the last among them.
    The traits `clock`, `scale`, `chosen` (the name of a run, or None) and `step` (the cursor, in 200ths of the axis) follow the reader;
    `push` adds points while a training runs, also to an empty race, `live.race({}, …)`.
    Raises TypeError or ValueError, in one sentence, for what cannot be drawn.
    """
    return Race(runs, title, question, clock, scale, label, metric, clock_scale, colors)


class Race(Live):
    """See `race`."""

    kind = "race"

    def __init__(self, runs, title, question, clock, scale, label, metric, clock_scale="linear", colors=4):
        if not isinstance(runs, dict):
            raise TypeError(f"runs is a {type(runs).__name__}; a race takes a dict of them, {{name: {{'losses': …, 'steps': …}}}}.")
        _few(runs)
        data = {"label": label, "metric": metric, "runs": _thinned([_run(str(name), run, metric) for name, run in runs.items()])}
        if scale not in ("log", "linear"):
            raise ValueError(f"scale is {scale!r}; it is 'log' or 'linear'.")
        if clock_scale not in ("log", "linear"):
            raise ValueError(f"clock_scale is {clock_scale!r}; it is 'log' or 'linear'.")
        if colors not in (1, 2, 3, 4):
            raise ValueError(f"colors is {colors!r}; it is a whole number from 1 to 4.")
        data |= {"clock_scale": "log"} if clock_scale == "log" else {}
        data |= {"colors": colors} if colors != 4 else {}
        state = {"clock": clock, "scale": scale, "step": MARKS, "chosen": None}
        super().__init__(state, title, question, {name: (name,) for name in state}, data)
        if runs:
            self._clock()

    @property
    def medians(self):
        """{name: (times by the present clock, median of the losses over the seeds)}."""
        return {run["name"]: (np.array(run[self._clock()]), _read(run["losses"])[0]) for run in self.spec["data"]["runs"]}

    def push(self, name, *, loss, step, seconds=None, gradients=None, metric=None):
        """Append a point to the run `name`, which begins with its first one; the figure grows, also while a cell runs.

        loss and metric: a number, or one a seed. The clocks must not go back. When the figure holds too many points, every other one goes.
        """
        data = self.spec["data"]
        runs = {run["name"]: run for run in data["runs"]}
        new = {"losses": np.reshape(loss, (-1, 1)), "steps": [step]}
        new |= {} if seconds is None else {"seconds": [seconds]}
        new |= {} if gradients is None else {"gradients": [gradients]}
        new |= {} if metric is None else {data["metric"]: np.reshape(metric, (-1, 1))}
        new = _run(name, new, data["metric"])
        runs[name] = _joined(runs[name], new) if name in runs else new
        _few(runs)
        self.spec = {**self.spec, "data": {**data, "runs": _thinned(list(runs.values()), 0.5)}}

    def still(self):
        curves, metric = self.spec["data"]["runs"], self.spec["data"]["metric"]
        end = max((run[self._clock()][-1] for run in curves), default=0)
        at = self._time(curves, end, self.state["step"] / MARKS)
        reached = [_reached(run, self._clock(), at) for run in curves]
        return self._draw(curves, metric, at), self._alt(curves, reached, at), self._table(curves, end)

    def _time(self, runs, end, share):
        """The time at a share of the axis."""
        if self.spec["data"].get("clock_scale") != "log":
            return end * share
        first = min((t for run in runs for t in run[self._clock()] if t > 0), default=1)
        return first * (end / first) ** share if share < 1 and end > first else end

    def _clock(self):
        """The clock of the moment, if it is one of those that all runs have."""
        offered = [name for name in CLOCKS if all(name in run for run in self.spec["data"]["runs"])]
        if self.state["clock"] not in offered:
            raise ValueError(f"clock is {self.state['clock']!r}; all runs have {' and '.join(offered)}.")
        return self.state["clock"]

    def _draw(self, runs, metric, at):
        keys = ["losses"] + ["metric"] * bool(metric)
        colors, log = self.spec["data"].get("colors", 4), "log" if self.spec["data"].get("clock_scale") == "log" else "linear"
        fig, axes = figure(self.spec["title"], columns=len(keys), height=3.6)
        for ax, key, label in zip(np.atleast_1d(axes), keys, (self.spec["data"]["label"], metric)):
            ends = []
            for i, run in enumerate(runs):
                times, color = run[self._clock()], PALETTE[i % colors]
                line, *band = np.array(run[key], dtype=float)
                ax.plot(times, line, color=color, linestyle="-" if i < colors else "--")
                if band and (len(runs) < 5 or run["name"] == self.state["chosen"]):
                    ax.fill_between(times, *band, color=color, alpha=0.17, linewidth=0)
                if np.isfinite(line).any():
                    last = np.flatnonzero(np.isfinite(line))[-1]
                    ends.append((times[last], line[last], run["name"], color))
            ax.set(xlabel=CLOCKS[self._clock()], ylabel=label, xscale=log)
            if key == "losses":
                _heights(ax, runs, self.state["scale"] == "log")
            if self.state["step"] < MARKS:
                ax.axvline(at, color=INK, linewidth=1)
        label_ends(ax, ends)  # beside the last panel: the colours are the same
        return fig

    def _alt(self, runs, reached, at):
        said = [f"{run['name']} {_words(values)}" for run, values in zip(runs, reached)]
        if not said:
            return f"{self.spec['title']}. No training has been recorded yet."
        clock = self._clock()
        where = f"After {float(f'{at:.3g}') if clock == 'seconds' else int(at)} {clock}"
        return f"{self.spec['title']}. {where} the {self.spec['data']['label']} is: {'; '.join(said)}.".replace("-", "−")

    def _table(self, runs, end):
        """The median of each run at eleven places of the axis, with the lowest and the highest seed."""
        rows = []
        for at in (self._time(runs, end, share) for share in np.linspace(0, 1, 11)):
            at = float(f"{at:.4g}") if self._clock() == "seconds" else round(at)
            rows.append([at, *(_words(_reached(run, self._clock(), at)) for run in runs)])
        return {"columns": [CLOCKS[self._clock()], *(run["name"] for run in runs)], "rows": rows}


# -- runs as plain values ----------------------------------------------------------------------------------------------------------


def _few(runs):
    if len(runs) > MOST_RUNS:
        raise ValueError(f"{len(runs)} runs were given; a race shows up to {MOST_RUNS}.")


def _run(name, run, metric):
    """A run as the figure keeps it: median, lowest and highest over the seeds, None where there is no number, and the clocks."""
    if not isinstance(run, dict) or "losses" not in run:
        raise TypeError(f"The run {name!r} has no losses; give {{'losses': …, 'steps': …}}.")
    losses = _rows(name, "losses", run["losses"])
    points = losses.shape[1]
    kept = {"name": name, "losses": _over_seeds(np.where(np.isnan(losses), np.inf, losses))}  # a lost loss is as bad as can be
    if metric:
        if metric not in run:
            raise ValueError(f"The run {name!r} has no {metric}, the metric of this race.")
        kept["metric"] = _over_seeds(np.ma.masked_invalid(_rows(name, metric, run[metric], points)))
    for clock in CLOCKS:
        times = run.get(clock, range(points) if clock == "steps" else None)
        if times is None:
            continue
        times = np.median(_rows(name, clock, times, points), axis=0)
        if not np.isfinite(times).all() or times[0] < 0 or (np.diff(times) < 0).any():
            raise ValueError(f"The {clock} of the run {name!r} must be numbers from 0 that do not fall.")
        kept[clock] = times
    return {key: _short(value, key) if key != "name" else value for key, value in kept.items()}


def _rows(name, what, values, points=None):
    rows = np.atleast_2d(np.asarray(values, dtype=float))
    if rows.ndim != 2 or not rows.size or rows.shape[1] != (points or rows.shape[1]):
        wanted = f"{points} values, as many as it has losses" if points else "a row of numbers, or one a seed"
        raise ValueError(f"The {what} of the run {name!r} have the shape {np.shape(values)}; they must be {wanted}.")
    return rows


def _over_seeds(rows):
    if len(rows) == 1:
        return np.ma.filled(rows, np.nan)
    return np.array([np.ma.filled(found, np.nan) for found in (np.ma.median(rows, axis=0), rows.min(axis=0), rows.max(axis=0))])


def _read(rows):
    """Rows as they are kept, with infinity for what is no number."""
    return np.where(np.isnan(np.array(rows, dtype=float)), np.inf, np.array(rows, dtype=float))


def _short(values, key):
    """Numbers of 4 digits; counts as they are; None for what is no number."""
    if np.ndim(values) == 2:
        return [_short(row, key) for row in values]
    if key in ("steps", "gradients"):
        return [int(v) if v == int(v) else float(f"{v:.6g}") for v in values]
    return [float(f"{v:.4g}") if np.isfinite(v) else None for v in values]


def _joined(run, new):
    """A run with one point more."""
    shape = lambda run: {key: len(value) if isinstance(value[0], list) else 1 for key, value in run.items() if key != "name"}
    if shape(run) != shape(new):
        seeds = "one seed" if len(run["losses"]) == 1 else "several seeds"
        raise ValueError(f"The run {run['name']!r} has {', '.join(shape(run))} of {seeds}, and so must its new point.")
    joined = {"name": run["name"]}
    for key in new:
        if key == "name":
            continue
        rows = isinstance(run[key][0], list)
        joined[key] = [[*row, *more] for row, more in zip(run[key], new[key])] if rows else [*run[key], *new[key]]
        if key in CLOCKS and joined[key][-1] < joined[key][-2]:
            raise ValueError(f"The {key} of the run {run['name']!r} went back from {joined[key][-2]} to {joined[key][-1]}.")
    return joined


def _thinned(runs, share=1):
    """The runs themselves if the figure can hold them, else that share of the points it can hold, evenly spread."""
    rows = [sum(len(value) if isinstance(value[0], list) else 1 for key, value in run.items() if key != "name") for run in runs]
    longest = max(2, MOST_NUMBERS // max(1, sum(rows)))
    return [run if len(run["steps"]) <= longest else _spread(run, int(longest * share)) for run in runs]


def _spread(run, count):
    kept = np.unique(np.searchsorted(run["steps"], np.linspace(run["steps"][0], run["steps"][-1], count)))
    pick = lambda value: [pick(row) for row in value] if isinstance(value[0], list) else [value[k] for k in kept]
    return {key: pick(value) if key != "name" else value for key, value in run.items()}


def _heights(ax, runs, log):
    """The axis of the losses: what has exploded leaves the picture at the top."""
    values = [v[np.isfinite(v) & (v > 0)] for v in (_read(run["losses"]).ravel() for run in runs)]
    starts, values = [v[0] for v in values if v.size], np.concatenate([np.ones(0), *values])
    if log and values.size:
        from matplotlib.ticker import LogLocator, NullFormatter

        low, high = values.min(), min(values.max(), 30 * max(starts, default=1))
        room = np.clip((high / low) ** 0.25, 1.02, 1.2)
        low, high = low / room, high * room
        ax.set(yscale="log", ylim=(low, high))
        if high < 100 * low:
            ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.yaxis.set_major_formatter("{x:g}")
            ax.yaxis.set_minor_formatter(NullFormatter())
    elif starts:
        ax.set_ylim(top=1.06 * min(values.max(), 2 * max(starts)))


# -- what a run had reached --------------------------------------------------------------------------------------------------------


def _reached(run, clock, at):
    """The loss of the last point till then, and the lowest and the highest of several seeds; or None."""
    k = np.searchsorted(run[clock], at, side="right") - 1
    return None if k < 0 else _read(run["losses"])[:, k].tolist()


def _words(reached):
    if reached is None:
        return "–"
    loss, *band = (f"{value:.3g}" for value in reached)
    return "diverged" if loss == "inf" else loss + (f" ({' to '.join(band)})" if band else "")
