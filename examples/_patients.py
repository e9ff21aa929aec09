"""Twenty-four trainings of a small network, one of them healthy: each patient is the healthy training with one fault, as code.

What is recorded of each, and what it costs the reader to see it, is in `examples.clinic`.
"""

import functools
import math

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F

from gdcore.training.batches import generator

STEPS, WIDTH = 300, 64


@functools.cache
def digits():
    """1,797 digits of 8 × 8 pixels, shuffled: {part: (x, y)}, in the units of the scanner, 0 to 16."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    x, y = torch.tensor(x[order], dtype=torch.float32), torch.tensor(y[order])
    cuts = {"train": slice(0, 1000), "validation": slice(1000, 1400), "fresh": slice(1400, None)}
    return {part: (x[cut], y[cut]) for part, cut in cuts.items()}


def linear(inputs, outputs, scale=1.0):
    """A layer with weights of variance 2 scale² / inputs (He's for scale 1) and biases of 0."""
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, std=scale * math.sqrt(2 / inputs))
    nn.init.zeros_(layer.bias)
    return layer


class Healthy:
    """Three hidden layers of 64 ReLU units, SGD with momentum, batches of 32, 300 steps."""

    lr, batch, seed, kind = 0.02, 32, 0, torch.float32

    def __init__(self, factor=1.0, one_batch=False, kind=None):
        """factor: on the learning rate; one_batch: train on the first batch alone; kind: another type of numbers."""
        torch.manual_seed(self.seed)
        self.lr, self.one_batch, self.kind = factor * self.lr, one_batch, kind or self.kind
        self.parts = {part: (self.input(x, part), y) for part, (x, y) in self.data().items()}
        self.model = self.network().to(self.kind)
        self.optimizer = self.make_optimizer()
        self.order = self.orders()

    # -- what a patient may have wrong ------------------------------------------------------------------------------------------

    def data(self):
        return digits()

    def input(self, x, part):
        mean, std = (f(digits()["train"][0], 0) for f in (torch.mean, torch.std))
        return (x - mean) / (std + 0.1)

    def layers(self):
        return [64, WIDTH, WIDTH, WIDTH, 10]

    def network(self):
        sizes = self.layers()
        hidden = [m for a, b in zip(sizes[:-2], sizes[1:-1]) for m in (linear(a, b), nn.ReLU())]
        return nn.Sequential(*hidden, linear(sizes[-2], sizes[-1], 0.5))

    def make_optimizer(self):
        return torch.optim.SGD(self.model.parameters(), lr=self.lr, momentum=0.9)

    def orders(self):
        """The indices of the examples, batch after batch."""
        n = len(self.parts["train"][1])
        for epoch in range(10**6):
            yield from torch.randperm(n, generator=generator(self.seed, epoch))[: n // self.batch * self.batch].split(self.batch)

    def next_batch(self, t):
        x, y = self.parts["train"]
        which = torch.arange(self.batch) if self.one_batch else next(self.order)
        return x[which].to(self.kind), y[which]

    def forward(self, x):
        return self.model(x)

    def loss(self, logits, y):
        return F.cross_entropy(logits.float() if self.kind != torch.float64 else logits, y)

    def step(self, t, note):
        """One step; note(loss) takes down what the program would print."""
        x, y = self.next_batch(t)
        self.optimizer.zero_grad()
        note(self.loss(self.forward(x), y)).backward()
        self.seen = x, y
        self.optimizer.step()

    @torch.no_grad()
    def evaluate(self, part):
        """(loss, accuracy) as the program would print them."""
        self.model.eval()
        x, y = self.parts[part]
        logits = self.forward(x.to(self.kind))
        found = float(self.loss(logits, y)), float((logits.argmax(1) == y).float().mean())
        self.model.train()
        return found


class RateTooHigh(Healthy):
    lr = 1.0


class RateTooLow(Healthy):
    lr = 2e-5


class NoWarmup(Healthy):
    """Attention over the rows of the digit, eight blocks with norms after the sums, Adam at its full rate from the first step."""

    lr, warmup, seed = 0.02, 0, 1

    def network(self):
        block = lambda: nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
        rows = nn.Sequential(nn.Unflatten(1, (8, 8)), linear(8, 32))
        return nn.Sequential(rows, *[block() for _ in range(8)], nn.Flatten(), linear(256, 10, 0.5))

    def make_optimizer(self):
        return torch.optim.Adam(self.model.parameters(), lr=self.lr)

    def step(self, t, note):
        self.optimizer.param_groups[0]["lr"] = self.lr * min(1, (t + 1) / max(1, self.warmup)) * (1 - t / STEPS) ** 2
        super().step(t, note)


class DecayOnNorms(Healthy):
    """AdamW with so much decay, on everything, that the scales of the norms go to 0."""

    lr, decay = 3e-3, 20.0

    def network(self):
        block = lambda a, b: (linear(a, b), nn.LayerNorm(b), nn.ReLU())
        return nn.Sequential(*block(64, WIDTH), *block(WIDTH, WIDTH), *block(WIDTH, WIDTH), linear(WIDTH, 10, 0.5))

    def make_optimizer(self):
        return torch.optim.AdamW(self.model.parameters(), lr=self.lr, weight_decay=self.decay)


class DeadUnits(Healthy):
    def network(self):
        model = super().network()
        for layer in model[:-1:2]:
            nn.init.constant_(layer.bias, -2.5)
        return model


class SaturatedSoftmax(Healthy):
    def network(self):
        model = super().network()
        nn.init.normal_(model[-1].weight, std=20.0)
        return model


class Leak(Healthy):
    """The validation part is among the training examples."""

    def data(self):
        parts = digits()
        few = [torch.cat([parts["train"][i][:60], parts["validation"][i][:100]]) for i in (0, 1)]
        return parts | {"train": tuple(few), "validation": tuple(v[:100] for v in parts["validation"])}


class SumForMean(Healthy):
    def loss(self, logits, y):
        return F.cross_entropy(logits.float(), y, reduction="sum")


class EvalForgotten(Healthy):
    def network(self):
        layers = list(super().network())
        return nn.Sequential(*[m for layer in layers for m in ([layer, nn.Dropout(0.4)] if isinstance(layer, nn.ReLU) else [layer])])

    @torch.no_grad()
    def evaluate(self, part):
        x, y = self.parts[part]
        logits = self.forward(x)
        return float(self.loss(logits, y)), float((logits.argmax(1) == y).float().mean())


class FrozenLayer(Healthy):
    def network(self):
        model = super().network()
        for layer in (model[0], model[2], model[4]):
            layer.weight.data *= 0.3
            layer.requires_grad_(False)
        return model


class DoubleSoftmax(Healthy):
    def loss(self, logits, y):
        return super().loss(logits.softmax(1), y)


class NotZeroed(Healthy):
    def step(self, t, note):
        x, y = self.next_batch(t)
        note(self.loss(self.forward(x), y)).backward()
        self.seen = x, y
        self.optimizer.step()


class AccumulatedUnscaled(Healthy):
    """Gradients of 16 small batches are added before a step, and never divided by 16."""

    lr, parts_of_a_step = 0.05, 16

    def step(self, t, note):
        self.optimizer.zero_grad()
        pieces = [self.next_batch(t) for _ in range(self.parts_of_a_step)]
        losses = [self.loss(self.forward(x), y) for x, y in pieces]
        for loss in losses:
            loss.backward()
        note(sum(losses) / len(losses))
        self.seen = torch.cat([x for x, _ in pieces]), torch.cat([y for _, y in pieces])
        self.optimizer.step()


class BadBatch(Healthy):
    def next_batch(self, t):
        x, y = super().next_batch(t)
        broken = (30 * torch.randn(x.shape, generator=generator(1))).to(x.dtype)  # a file that was read wrongly
        return (broken if t == 150 and not self.one_batch else x), y


class Overflow(Healthy):
    """Half precision with a constant loss scale, and no look at whether the gradients are finite."""

    kind, scale = torch.float16, 2.0**18

    def step(self, t, note):
        x, y = self.next_batch(t)
        self.optimizer.zero_grad()
        (note(self.loss(self.forward(x), y)) * self.scale).backward()
        for p in self.model.parameters():
            p.grad /= self.scale
        self.seen = x, y
        self.optimizer.step()


class RoundedAway(Healthy):
    """Weights kept in bfloat16, and steps smaller than half of their last digit."""

    lr, kind = 1e-4, torch.bfloat16

    def make_optimizer(self):
        return torch.optim.Adam(self.model.parameters(), lr=self.lr)


class ShuffledLabels(Healthy):
    def data(self):
        parts = digits()
        x, y = parts["train"]
        return parts | {"train": (x, y[torch.randperm(len(y), generator=generator(7))])}


class SymmetricStart(Healthy):
    def network(self):
        model = super().network()
        for layer in model[::2]:
            nn.init.constant_(layer.weight, 1 / layer.in_features)
        return model


class Vanishing(Healthy):
    def network(self):
        sizes = [64] + [WIDTH] * 8
        hidden = [m for a, b in zip(sizes, sizes[1:]) for m in (linear(a, b, 0.7), nn.Sigmoid())]
        return nn.Sequential(*hidden, linear(WIDTH, 10, 0.5))


class ValidationScaledOtherwise(Healthy):
    def input(self, x, part):
        return x / 16 if part == "validation" else super().input(x, part)


class ScheduleByBatch(Healthy):
    """A schedule meant to fall once an epoch is asked once a batch."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.schedule = torch.optim.lr_scheduler.StepLR(self.optimizer, 1, 0.7)

    def step(self, t, note):
        super().step(t, note)
        self.schedule.step()


class SortedData(Healthy):
    def orders(self):
        order = self.parts["train"][1].argsort(stable=True)
        while True:
            yield from order[: len(order) // self.batch * self.batch].split(self.batch)


class MaskTurned(Healthy):
    """Rows of a digit are read one by one, some are padding, and the mask keeps the padding in place of the rows."""

    def network(self):
        return nn.Sequential(linear(8, WIDTH), nn.ReLU(), linear(WIDTH, WIDTH), nn.ReLU(), linear(8 * WIDTH, 10, 0.5))

    def hidden(self, there):
        return there  # should be ~there: what is to be kept is filled

    def forward(self, x):
        rows = x.unflatten(1, (8, 8))
        there = (torch.arange(8) < 6)[:, None]  # the last two rows are cut off, as if they were padding
        units = self.model[:4](rows * there)
        units = units.masked_fill(self.hidden(there), 0.0)
        return self.model[4](units.flatten(1))


# The diagnoses, as they are named to the reader
PATIENTS = {
    "healthy": Healthy, "rate too high": RateTooHigh, "rate too low": RateTooLow, "no warm-up": NoWarmup,
    "weight decay on norms": DecayOnNorms, "dead units": DeadUnits, "saturated softmax": SaturatedSoftmax, "leak": Leak,
    "loss summed, not averaged": SumForMean, "eval() forgotten": EvalForgotten, "frozen layers": FrozenLayer,
    "softmax applied twice": DoubleSoftmax, "gradient not zeroed": NotZeroed, "accumulated without scaling": AccumulatedUnscaled,
    "one bad batch": BadBatch, "overflow in half precision": Overflow, "updates rounded away": RoundedAway,
    "shuffled labels": ShuffledLabels, "symmetric start": SymmetricStart, "vanishing gradients": Vanishing,
    "validation scaled otherwise": ValidationScaledOtherwise, "schedule stepped once a batch": ScheduleByBatch,
    "data sorted by class": SortedData, "mask the wrong way round": MaskTurned,
}  # fmt: skip

# What is the same training without its fault; of the others it is the healthy one
CURES = {
    "no warm-up": {"warmup": 100}, "weight decay on norms": {"decay": 0.01}, "eval() forgotten": {"evaluate": Healthy.evaluate},
    "updates rounded away": {"kind": torch.float32}, "mask the wrong way round": {"hidden": lambda self, there: ~there},
}  # fmt: skip


def cured(name):
    """The class of a patient without its fault."""
    return type("Cured", (PATIENTS[name],), CURES[name]) if name in CURES else Healthy
