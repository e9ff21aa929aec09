"""Batches that can be had again: epoch 3 is the same epoch 3 in every process, whatever was drawn before."""

import numpy as np
import torch

__all__ = ["Batches", "InTurn", "generator"]


class Batches:
    """Shuffled batches of tensors, of one size: examples that do not fill the last one sit out that epoch.

    x, y: tensors with the examples along their first axis. size: examples a batch. seed: of the order and of `augment`.
    augment: augment(x, generator), a changed copy of a batch of inputs; it draws from the torch.Generator it is given, on the CPU.
    Raises ValueError if x and y differ in length, or size is no number from 1 to their length.
    """

    def __init__(self, x, y, size, seed=0, augment=None):
        if len(x) != len(y):
            raise ValueError(f"x holds {len(x)} examples and y {len(y)}: give one target for each.")
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= len(x):
            raise ValueError(f"The batch size is {size!r}; give a whole number from 1 to {len(x)}, the number of examples.")
        self.x, self.y, self.size, self.seed, self.augment = x, y, size, seed, augment

    def __len__(self):
        """Batches an epoch."""
        return len(self.x) // self.size

    def epoch(self, number):
        """The batches (x, y) of epoch `number`, counted from 0."""
        draws = generator(self.seed, number)
        order = torch.randperm(len(self.x), generator=draws).to(self.x.device)
        for which in order[: len(self) * self.size].split(self.size):
            x = self.x[which]
            yield (x if self.augment is None else self.augment(x, draws)), self.y[which]


class InTurn:
    """Batches of several kinds as one epoch: all of the first, then all of the second, and so on.

    parts: objects with len() and epoch(k), such as `Batches`. One that stands there twice comes in two orders.
    """

    def __init__(self, *parts):
        self.parts = parts

    def __len__(self):
        """Batches an epoch."""
        return sum(map(len, self.parts))

    def epoch(self, number):
        """The batches of epoch `number`, counted from 0."""
        for place, part in enumerate(self.parts):
            yield from part.epoch(number * len(self.parts) + place)


def generator(*seeds):
    """A torch.Generator on the CPU whose numbers depend on these whole numbers alone."""
    state = np.random.SeedSequence(seeds).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state >> np.uint64(1)))
