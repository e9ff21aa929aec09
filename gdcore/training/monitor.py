"""What to look at in a run, measured while it runs: gradients, updates, dead units, noise, and the time that data takes.

`monitor` hangs hooks on a model and its optimizer, so the training loop stays as it is. On most steps a hook only counts; every so many
steps it looks: gradients before the step, weights before and after. What it saw is a table, a text line, warnings in sentences, a figure
(`gdcore.figures.runs`), and TensorBoard's files where that package is installed.
"""

import contextlib
import math
import statistics
import time

import torch

__all__ = ["Monitor", "monitor"]

# units that pass exactly nothing, and no gradient, while their input is negative
SWITCHES = (torch.nn.ReLU, torch.nn.ReLU6, torch.nn.Hardswish, torch.nn.Threshold)


def monitor(model, optimizer, every=50, *, probes=None, tensorboard=None):
    """Watch a training of any torch model with any torch optimizer: `with monitor(model, optimizer) as watch:` around the loop.

    every: look at each so many steps; a look costs about as much as a step, so at 50 the training is a few per cent slower.
    probes: {name: function without arguments}, more numbers to take at each look, such as a validation loss or a sharpness; their time
    is left out of the shares.
    tensorboard: a folder for TensorBoard's files, for which the package tensorboard is needed.
    In the loop, `watch(loss)` hands the loss on and notes it. Afterwards `watch.points` is a list of dictionaries, `watch["loss"]` a
    column, `print(watch)` a line, `watch.warnings()` what is unusual and what it may mean.
    Raises TypeError for what is no model or optimizer, ValueError for parameters that do not belong together, ImportError without
    tensorboard where it is asked for.
    """
    return Monitor(model, optimizer, every, probes, tensorboard)


class Monitor:
    """See `monitor`.

    A point has: step; loss (the mean since the last look; absent if it was not noted); gradient, the norm of all gradients; ratio, the
    median over the weight matrices of |update| / |weights|; gradients and ratios, {name: value} of each parameter; dead, the share of
    units behind a ReLU that were 0 for a whole batch, None without a ReLU; noise, 1 minus the cosine of the angle between two gradients
    in a row: near 0 they agree, near 1 they have nothing in common, above 1 the step overshot; data, the share of time between the
    steps that was spent before the model was called; and what the probes gave.
    """

    def __init__(self, model, optimizer, every, probes, tensorboard):
        if not isinstance(model, torch.nn.Module):
            raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}.")
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise TypeError(f"optimizer must be a torch.optim.Optimizer, got {type(optimizer).__name__}.")
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ValueError(f"every is {every!r}; give a whole number of steps from 1 up.")
        stepped = {p for group in optimizer.param_groups for p in group["params"]}
        self.parameters = {name: p for name, p in model.named_parameters() if p in stepped}
        if not self.parameters:
            raise ValueError("The optimizer steps none of the model's parameters: give it model.parameters() of this very model.")
        self.left_out = [name for name, p in model.named_parameters() if p.requires_grad and p not in stepped]
        self.model, self.optimizer, self.every, self.probes = model, optimizer, every, dict(probes or {})
        self.writer = _writer(tensorboard) if tensorboard is not None else None
        self.points, self.step = [], 0
        self._hooks, self._losses, self._alive = [], [], {}
        self._before, self._last, self._seconds = None, None, {"data": 0.0, "all": 0.0}
        self._ended = self._called = None

    # -- around the loop ---------------------------------------------------------------------------------------------------------

    def __enter__(self):
        model, optimizer = self.model, self.optimizer
        self._hooks = [model.register_forward_pre_hook(self._forward), optimizer.register_step_pre_hook(self._pre),
                       optimizer.register_step_post_hook(self._post)]  # fmt: skip
        self._hooks += [m.register_forward_hook(self._units(name)) for name, m in model.named_modules() if isinstance(m, SWITCHES)]
        self._ended = time.perf_counter()
        return self

    def __exit__(self, *error):
        for hook in self._hooks:
            hook.remove()
        self._before = self._last = None
        if self.writer is not None:
            self.writer.close()

    def __call__(self, loss):
        """Note the loss of this step, and hand it on."""
        self._losses.append(loss.detach())
        return loss

    # -- hooks -------------------------------------------------------------------------------------------------------------------

    @property
    def _looks(self):
        """Whether the step that comes next is looked at."""
        return (self.step + 1) % self.every == 0

    def _forward(self, module, inputs):
        if self._called is None and module.training:
            self._called = time.perf_counter()

    def _units(self, name):
        def hook(module, inputs, output):
            if self._looks and module.training and output.ndim > 1:
                units = -1 if output.ndim < 4 else 1  # a unit is a column, or a channel of pictures
                alive = (output.detach() != 0).movedim(units, 0).flatten(1).any(1)  # no number is not dead
                self._alive[name] = self._alive.get(name, False) | alive

        return hook

    @torch.no_grad()
    def _pre(self, optimizer, args, kwargs):
        if self._looks:
            self._before = [p.clone() for p in self.parameters.values()]

    @torch.no_grad()
    def _post(self, optimizer, args, kwargs):
        now = time.perf_counter()
        if self._called is not None:
            self._seconds["data"] += self._called - self._ended
            self._seconds["all"] += now - self._ended
        looks, self.step = self._looks, self.step + 1
        if looks:
            self._look()
        if self._looks:  # the next step is looked at: keep this gradient to compare with
            self._last = {name: _gradient(p).clone() for name, p in self.parameters.items() if p.grad is not None}
        self._ended, self._called = time.perf_counter(), None

    def _look(self):
        names, parameters = list(self.parameters), list(self.parameters.values())
        weights = [float(n) for n in torch._foreach_norm(self._before)]
        updates = [float(n) for n in torch._foreach_norm(torch._foreach_sub(parameters, self._before))]
        with_gradient = [name for name, p in self.parameters.items() if p.grad is not None]
        lengths = torch._foreach_norm([_gradient(self.parameters[name]) for name in with_gradient]) if with_gradient else []
        gradients = {name: float(length) for name, length in zip(with_gradient, lengths)}
        ratios = {name: update / weight for name, update, weight in zip(names, updates, weights) if weight != 0}  # no number stays one
        matrices = [ratios[name] for name, p in self.parameters.items() if p.ndim > 1 and name in ratios] or list(ratios.values()) or [0.0]
        alive = torch.cat([a.flatten() for a in self._alive.values()]) if self._alive else None
        point = {
            "step": self.step, "gradient": math.hypot(*gradients.values()), "ratio": statistics.median(matrices),
            "gradients": gradients, "ratios": ratios, "dead": None if alive is None else 1 - float(alive.float().mean()),
            "noise": self._noise(gradients), "data": self._seconds["data"] / self._seconds["all"] if self._seconds["all"] else None,
        }  # fmt: skip
        if self._losses:
            point["loss"] = float(torch.stack([loss.reshape(()) for loss in self._losses]).mean())
        with torch.enable_grad():  # a sharpness wants slopes of slopes
            point |= {name: float(probe()) for name, probe in self.probes.items()}
        self.points.append(point)
        self._before = self._last = None
        self._losses, self._alive, self._seconds = [], {}, {"data": 0.0, "all": 0.0}
        if self.writer is not None:
            _write(self.writer, self.points[-1])

    def _noise(self, gradients):
        """1 − g·g'/|g||g'| of two gradients in a row: 0 if they agree, about 1 if nothing is common, more if the step overshot."""
        if not self._last or set(self._last) != set(gradients):
            return None
        now = {name: _gradient(self.parameters[name]) for name in self._last}
        product = sum(float(torch.vdot(before.flatten(), now[name].flatten()).real) for name, before in self._last.items())
        lengths = math.hypot(*gradients.values()) * math.hypot(*map(float, torch._foreach_norm(list(self._last.values()))))
        return 1 - product / lengths if 0 < lengths < math.inf else None

    # -- what was seen -----------------------------------------------------------------------------------------------------------

    def __getitem__(self, name):
        """A column, such as watch["ratio"], one value a look. Raises KeyError, which names those there are."""
        if not self.points or name not in self.points[-1]:
            there = ", ".join(self.points[-1]) if self.points else "no points yet"
            raise KeyError(f"This run has no column {name!r}; it has {there}.")
        return [point.get(name) for point in self.points]

    def __str__(self):
        """The last look in one line."""
        if not self.points:
            return f"no look yet: the first is at step {self.every}"
        point = self.points[-1]
        shown = {"loss": "loss {:.3g}", "gradient": "gradient {:.2g}", "ratio": "update/weight {:.1e}", "dead": "dead {:.0%}",
                 "noise": "noise {:.2f}", "data": "data {:.0%} of the time"}  # fmt: skip
        known = {**shown, **{name: f"{name} {{:.3g}}" for name in self.probes}}
        parts = [text.format(point[name]) for name, text in known.items() if point.get(name) is not None]
        return " · ".join([f"step {point['step']}", *parts])

    def warnings(self):
        """What is unusual at the last look, each a sentence with its number; an empty list if nothing is."""
        return [sentence for sentence in _unusual(self) if sentence]


def _unusual(watch):
    """Rules of thumb, in the order in which they are worth looking at."""
    if not watch.points:
        return
    point = watch.points[-1]
    silent = [name for name in watch.parameters if name not in point["gradients"]]
    mute = [name for name, g in point["gradients"].items() if g == 0]
    wild = [name for name, g in point["gradients"].items() if not math.isfinite(g)]
    yield wild and f"The gradient of {_few(wild)} is not finite: look for a division by 0, a logarithm of 0, or a rate that is too high."
    yield not math.isfinite(point.get("loss", 0.0)) and "The loss is not finite."
    yield not watch.model.training and "The model is in evaluation mode while it is trained: dropout is off and BatchNorm does not learn."
    yield watch.left_out and f"The optimizer does not know {_few(watch.left_out)}, which would take gradients."
    yield silent and f"No gradient has come to {_few(silent)}: frozen, detached, or not part of the loss."
    yield mute and f"The gradient of {_few(mute)} is exactly 0: a dead layer, or a branch that starts at 0."
    ratio = point["ratio"]
    step = f"A step changes the weights by {ratio:.1e} of their length, where about 1e-3 is usual: the rate may be too"
    yield ratio > 1e-2 and f"{step} high."
    yield 0 < ratio < 1e-5 and f"{step} low."
    dead = point["dead"] or 0.0
    yield dead >= 0.5 and f"{dead:.0%} of the units behind a ReLU gave 0 for a whole batch."
    sizes = [g for name, g in point["gradients"].items() if watch.parameters[name].ndim > 1 and g > 0 and math.isfinite(g)]
    spread = sizes[-1] / sizes[0] if len(sizes) > 2 else 1.0
    yield not 1e-4 < spread < 1e4 and f"The last weight matrix has {spread:.1e} times the gradient of the first: it vanishes or explodes."
    data = point["data"] or 0.0
    yield data > 0.5 and f"{data:.0%} of the time between steps passes before the model is called: the data is slower than the network."


def _gradient(p):
    return p.grad.to_dense() if p.grad.is_sparse else p.grad


def _few(names):
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _writer(folder):
    with contextlib.suppress(ImportError):  # TensorBoard imports TensorFlow, and triton after TensorFlow kills the process
        import triton  # noqa: F401
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise ImportError("TensorBoard's files need its package: pip install tensorboard, or leave tensorboard out.") from None
    return SummaryWriter(folder)


def _write(writer, point):
    for name, value in point.items():
        if isinstance(value, dict):
            for inner, number in value.items():
                writer.add_scalar(f"{name}/{inner}", number, point["step"])
        elif value is not None and name != "step":
            writer.add_scalar(f"run/{name}", value, point["step"])
