"""Batches of sequences that are about equally long: a padded place costs as much time as a word, and teaches nothing."""

import torch
from torch.nn.utils.rnn import pad_sequence

from gdcore.training.batches import generator

__all__ = ["ByLength", "padded"]

POOL = 50  # batches sorted together: enough that their reviews are of nearly one length, few enough that an epoch stays well shuffled


class ByLength:
    """Shuffled batches (ids, lengths, y) of sequences of whole numbers, each batch of nearly equal lengths and padded with 0.

    sequences: arrays of whole numbers; y: a tensor, one target each. size: examples a batch; those that do not fill the last one sit out
    that epoch. seed: of the order, which depends on it and the epoch alone. device: where the batches go.
    Raises ValueError if the numbers of sequences and targets differ, one is empty, or size is no number from 1 to theirs.
    """

    def __init__(self, sequences, y, size, seed=0, device="cpu"):
        if len(sequences) != len(y):
            raise ValueError(f"There are {len(sequences)} sequences and {len(y)} targets: give one target for each.")
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= len(y):
            raise ValueError(f"The batch size is {size!r}; give a whole number from 1 to {len(y)}, the number of sequences.")
        self.lengths = torch.tensor([len(sequence) for sequence in sequences])
        if (self.lengths == 0).any():
            raise ValueError("A sequence is empty: leave it out, or give it a word that stands for nothing.")
        self.sequences, self.y, self.size, self.seed, self.device = sequences, y, size, seed, device

    def __len__(self):
        """Batches an epoch."""
        return len(self.y) // self.size

    def epoch(self, number):
        """The batches of epoch `number`, counted from 0: shuffled, sorted by length within pools of `POOL` batches, shuffled again."""
        draws = generator(self.seed, number)
        order = torch.randperm(len(self.y), generator=draws)[: len(self) * self.size]
        pools = [pool[self.lengths[pool].argsort(stable=True)] for pool in order.split(POOL * self.size)]
        batches = torch.cat(pools).split(self.size)
        for k in torch.randperm(len(batches), generator=draws).tolist():
            yield *padded([self.sequences[i] for i in batches[k]], self.device), self.y[batches[k]].to(self.device)


def padded(sequences, device="cpu"):
    """(ids, lengths): sequences as one tensor (batch, longest), with 0 after the end of each, and how long each is."""
    ids = pad_sequence([torch.as_tensor(sequence) for sequence in sequences], batch_first=True)
    return ids.to(device), torch.tensor([len(sequence) for sequence in sequences], device=device)
