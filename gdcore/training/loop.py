"""The training loop: steps, a schedule, clipping, mixed precision, a record, and checkpoints."""

import contextlib
import itertools

import torch

from gdcore.clipping import clip_
from gdcore.progress import bar
from gdcore.schedules import attach
from gdcore.training import checkpoint as files
from gdcore.training.meter import Meter
from gdcore.training.record import Record

__all__ = ["fit"]


def fit(model, batches, loss, optimizers, *, epochs, schedule=None, clip=None, mixed=None, measure=None, every=None, checkpoint=None,
        progress=None):
    """Train the model and return the `Record` of the training. A loss that is no number ends it; the record then says "diverged".

    batches: an object with len(), the batches an epoch, and epoch(k), an iterable of the tuples of epoch k = 0, 1, …, such as `Batches`.
    loss: loss(model, *batch), one number as a tensor. optimizers: a torch optimizer, or a list of them that share the parameters.
    schedule: of gdcore.schedules, the factor on every learning rate at step t. clip: the largest norm of the whole gradient.
    mixed: compute the loss in half precision; None does so on CUDA: bfloat16, or float16 with a GradScaler on a card without it.
    measure: measure(model), {name: number}, taken every `every` steps (None: once an epoch) and at the end, in evaluation mode; its
    time is not counted, and the model is left in that mode. checkpoint: a path. At each of these points the training is kept there;
    called again after an interruption, `fit` goes on from it and gives the same numbers as without (on the same machine).
    progress: as in `gdcore.minimize`.
    Raises ValueError for a checkpoint of another training, for epochs shorter than len(batches) and for a measure under a name that the
    record itself has; lets through what model, loss and measure raise.
    """
    run = _Run(model, batches, loss, optimizers, epochs, schedule, clip, mixed, measure)
    every = every or len(batches)
    if checkpoint is not None:
        run.resume(files.load(checkpoint, run.identity()))
    with bar(progress, run.total) as shown:
        shown.update(run.step)
        while run.record.status == "running":
            run.advance(min(every - run.step % every, run.total - run.step), shown)
            if checkpoint is not None:
                files.save(checkpoint, run.state())
    model.eval()
    return run.record


class _Run:
    """A training between two steps."""

    def __init__(self, model, batches, loss, optimizers, epochs, schedule, clip, mixed, measure):
        self.model, self.batches, self.loss, self.clip, self.measure = model, batches, loss, clip, measure
        self.optimizers = [optimizers] if isinstance(optimizers, torch.optim.Optimizer) else list(optimizers)
        self.parameters = [p for o in self.optimizers for group in o.param_groups for p in group["params"]]
        self.schedulers = [attach(o, schedule) for o in self.optimizers] if schedule else []
        self.device = self.parameters[0].device
        mixed = self.device.type == "cuda" if mixed is None else mixed
        half = torch.float16 if self.device.type == "cuda" and not torch.cuda.is_bf16_supported() else torch.bfloat16
        self.precision = lambda: _autocast(self.device, half) if mixed else contextlib.nullcontext()
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=mixed and half == torch.float16)
        self.step, self.total, self.epochs = 0, epochs * len(batches), epochs
        self.record, self.meter = Record(), Meter(self.device)

    def advance(self, steps, shown):
        """Take some steps, then look: one point more in the record."""
        self.model.train()
        self.meter.start()
        total = torch.zeros((), device=self.device)
        for batch in self._next(steps):
            total += self._step(batch)
            shown.update(1)
        self.meter.hold()
        mean = total.item() / steps
        measured = self._measured() if self.measure else {}
        self.record.add(step=self.step, seconds=self.meter.seconds, loss=mean, **measured)
        self.record.joules = self.meter.joules
        if self.record.status == "running" and self.step == self.total:
            self.record.status = "finished"
        shown.set_postfix_str(", ".join(f"{name} {value:.3g}" for name, value in {"loss": mean, **measured}.items()))

    def _next(self, steps):
        """The next batches, also across the end of an epoch."""
        while steps:
            epoch, done = divmod(self.step, len(self.batches))
            here = min(steps, len(self.batches) - done)
            taken = done
            for batch in itertools.islice(self.batches.epoch(epoch), done, done + here):
                yield batch
                taken += 1
            if taken < done + here:  # or this loop would never end
                raise ValueError(f"Epoch {epoch} ended after {taken} batches, but len(batches) says {len(self.batches)}: make them agree.")
            steps -= here

    def _step(self, batch):
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        with self.precision():
            loss = self.loss(self.model, *batch)
        self.scaler.scale(loss).backward()
        if self.clip is not None:
            for optimizer in self.optimizers:
                self.scaler.unscale_(optimizer)
            clip_(self.parameters, self.clip)
        for optimizer in self.optimizers:
            self.scaler.step(optimizer)
        self.scaler.update()
        for scheduler in self.schedulers:
            scheduler.step()
        self.step += 1
        return loss.detach()

    def _measured(self):
        self.model.eval()
        with torch.no_grad():
            found = self.measure(self.model)
        if taken := {"step", "seconds", "loss"} & set(found):
            raise ValueError(f"measure gave {', '.join(map(repr, sorted(taken)))}, which the record keeps for the training itself: call it "
                             "otherwise, such as 'validation loss'.")
        return found

    # -- to be killed and to go on ----------------------------------------------------------------------------------------------

    def identity(self):
        """What makes it the same training: without it the numbers of a checkpoint mean something else."""
        shapes = [list(p.shape) for p in self.parameters]
        return {"epochs": self.epochs, "batches an epoch": len(self.batches), "optimizers": [type(o).__name__ for o in self.optimizers],
                "parameters": shapes, "device": self.device.type}  # fmt: skip

    def state(self):
        parts = [*self.optimizers, *self.schedulers, self.scaler]
        return {"identity": self.identity(), "step": self.step, "record": self.record.as_dict(), "model": self.model.state_dict(),
                "parts": [part.state_dict() for part in parts], "random": _random_state(self.device)}  # fmt: skip

    def resume(self, state):
        if state is None:
            return
        self.step, self.record = state["step"], Record.from_dict(state["record"])
        self.model.load_state_dict(state["model"])
        for part, saved in zip([*self.optimizers, *self.schedulers, self.scaler], state["parts"]):
            part.load_state_dict(saved)
        self.meter = Meter(self.device, self.record.seconds, self.record.joules or 0.0)
        _set_random_state(self.device, state["random"])


@contextlib.contextmanager
def _autocast(device, half):
    """Half precision. On a CPU that cannot multiply bfloat16, oneDNN has no LSTM of it and raises: torch's own takes its place."""
    able = device.type != "cpu" or (torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported())
    known = torch.backends.mkldnn.set_flags(torch.backends.mkldnn.enabled and able)[0]
    try:
        with torch.autocast(device.type, half):
            yield
    finally:
        torch.backends.mkldnn.set_flags(known)


def _random_state(device):
    """Of torch's generators, which dropout draws from."""
    return [torch.get_rng_state()] + ([torch.cuda.get_rng_state(device)] if device.type == "cuda" else [])


def _set_random_state(device, states):
    torch.set_rng_state(states[0])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states[1], device)
