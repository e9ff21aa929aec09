"""What several workers do together, on NumPy arrays in one process: the same arithmetic as over a network, with the bytes counted.

In come the gradients (or weights) of K workers, a list of arrays of one shape. What passes is a collective operation, a compressor with its
memory, or an outer step. What leaves is what each worker then holds, and how many bytes it sent. For real processes: torch.distributed.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["DiLoCo", "PowerSGD", "QSGD", "TopK", "all_reduce_seconds", "compressed_mean", "fit_network", "ring_all_reduce"]

INDEX = 4  # bytes of the place of an entry


def ring_all_reduce(parts):
    """The sum of the parts, in every worker's hands: (list of K arrays, bytes that each worker sent).

    Patarasuk and Yuan (2009), Bandwidth optimal all-reduce algorithms for clusters of workstations. Worker k sends to k + 1 only. In the
    first K − 1 rounds a piece of the sum grows as it goes round, in the next K − 1 the finished pieces go round: 2 (K − 1)/K of the
    array's bytes a worker, however many workers there are. Raises ValueError for no part, or parts of several shapes.
    """
    parts = _alike(parts)
    workers, shape = len(parts), parts[0].shape
    pieces = [[piece.copy() for piece in np.array_split(part.reshape(-1), workers)] for part in parts]
    sent = [0] * workers
    for turn in range(2 * (workers - 1)):
        adding = turn < workers - 1
        parcels = []  # all send at once: what is sent is what was there before this turn
        for k in range(workers):
            place = (k - turn if adding else k + 1 - (turn - workers + 1)) % workers
            parcels.append((place, pieces[k][place]))
            sent[k] += pieces[k][place].nbytes
        for k, (place, parcel) in enumerate(parcels):
            to = pieces[(k + 1) % workers]
            to[place] = to[place] + parcel if adding else parcel
    return [np.concatenate(own).reshape(shape) for own in pieces], sent


# -- compressors: `send(a, memory)` gives (what arrives, new memory, bytes) ---------------------------------------------------------------


@dataclass(frozen=True)
class TopK:
    """The largest entries only, each with its place: Stich, Cordonnier and Jaggi (2018), arXiv:1809.07599; why with feedback: Karimireddy
    et al. (2019), arXiv:1901.09847.

    share: of the entries that are sent, at least one. feedback: what was not sent is kept, and added to the next array; without it what is
    small is never sent.
    """

    share: float = 0.01
    feedback: bool = True

    def __post_init__(self):
        if not 0 < self.share <= 1:
            raise ValueError(f"TopK got share = {self.share!r}, but it must lie in (0, 1].")

    def init(self, a):
        return np.zeros_like(a)

    def send(self, a, residual):
        whole = a + residual if self.feedback else a
        count = max(1, round(self.share * a.size))
        size = np.abs(whole)
        large = size >= np.partition(size, -count, axis=None)[-count]  # half the time of argpartition
        if np.count_nonzero(large) != count:  # some are equal: any of them
            large = np.zeros(size.shape, bool)
            large.reshape(-1)[np.argpartition(size, -count, axis=None)[-count:]] = True
        sent = np.where(large, whole, 0)
        return sent, whole - sent, count * (a.itemsize + INDEX)


@dataclass(frozen=True)
class QSGD:
    """Each entry as a whole number of steps of its array's length, rounded at random so that the mean is right: Alistarh et al. (2017),
    arXiv:1610.02132. levels: steps up to the length, at most 127, so that an entry is a byte. The generator is the memory."""

    levels: int = 127
    seed: int = 0

    def __post_init__(self):
        if not 1 <= self.levels <= 127:
            raise ValueError(f"QSGD got levels = {self.levels!r}, but it must be from 1 to 127.")

    def init(self, a):
        return np.random.default_rng(self.seed)

    def send(self, a, draw):
        length = np.linalg.norm(a)
        share = self.levels * np.abs(a) / (length if length > 0 else 1.0)
        steps = np.floor(share + draw.random(a.shape))
        return np.sign(a) * steps * length / self.levels, draw, a.size + a.itemsize


@dataclass(frozen=True)
class PowerSGD:
    """A matrix as a product of two thin ones, by one step of power iteration from the last: Vogels et al. (2019), arXiv:1905.13727.

    rank: of the product. What is lost is kept and added to the next. The memory is (residual, right factor).
    """

    rank: int = 1
    seed: int = 0

    def init(self, a):
        if a.ndim != 2:
            raise ValueError(f"PowerSGD takes matrices and got an array of shape {a.shape}: send vectors as they are.")
        return np.zeros_like(a), np.random.default_rng(self.seed).normal(size=(a.shape[1], self.rank)).astype(a.dtype)

    def send(self, a, memory):
        residual, right = memory
        whole = a + residual
        left, _ = np.linalg.qr(whole @ right)
        right = whole.T @ left
        sent = left @ right.T
        return sent, (whole - sent, right), (left.size + right.size) * a.itemsize


def compressed_mean(compressor, parts, memories):
    """(the mean of what arrives from all workers, their new memories, bytes that each sent). Each worker has a memory of its own."""
    arrived, memories, sent = zip(*(compressor.send(a, memory) for a, memory in zip(_alike(parts), memories, strict=True)), strict=True)
    return np.mean(arrived, 0), [*memories], [*sent]


# -- few meetings --------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DiLoCo:
    """Workers train alone for many steps; how far they came, on the mean, is the gradient of an outer step with Nesterov's momentum.

    Douillard et al. (2023), arXiv:2311.08105. With lr = 1 and momentum = 0 it is local SGD (Stich 2019, arXiv:1805.09767): the mean of
    the weights.
    """

    lr: float = 0.7
    momentum: float = 0.9

    def init(self, x):
        return np.zeros_like(x)

    def update(self, x, found, v):
        """(the new common weights, new memory) from the weights that the workers came to."""
        g = x - np.mean(_alike(found), 0)
        v = self.momentum * v + g
        return x - self.lr * (g + self.momentum * v), v


# -- the time it takes ---------------------------------------------------------------------------------------------------------------------


def all_reduce_seconds(size, workers, latency, seconds_per_byte):
    """The α–β model of a ring: 2 (K − 1) messages, each of `latency` seconds and a K-th of `size` bytes. Thakur et al. (2005)."""
    rounds = 2 * (workers - 1)
    return rounds * (latency + size / workers * seconds_per_byte)


def fit_network(sizes, workers, seconds):
    """(latency, seconds per byte) of `all_reduce_seconds` from measured runs, three rows of one length.

    Errors count relatively, and neither comes out below 0.
    """
    sizes, workers, seconds = (np.asarray(row, dtype=float) for row in (sizes, workers, seconds))
    rounds = 2 * (workers - 1)
    columns = np.stack([rounds, rounds * sizes / workers], 1) / seconds[:, None]
    found = np.linalg.lstsq(columns, np.ones(len(seconds)), rcond=None)[0]
    for i in (0, 1):
        if found[i] < 0:  # the best fit without it
            other = columns[:, 1 - i]
            found[i], found[1 - i] = 0.0, other.sum() / (other @ other)
    return tuple(map(float, found))


def _alike(parts):
    parts = [np.asarray(part) for part in parts]
    shapes = {part.shape for part in parts}
    if len(shapes) != 1:
        raise ValueError(f"The workers' arrays must have one shape, got {sorted(shapes) if shapes else 'none'}.")
    return parts
