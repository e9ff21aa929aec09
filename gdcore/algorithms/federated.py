"""Many clients with data of their own, and a server that sees their weights only: on NumPy vectors, so that theory can be checked.

In come the clients, as functions from a point to their gradient, and how many examples each has. What passes are a client's local steps, an
aggregate of what comes back, and a server's step. What leaves is the next common point. Over a network: Flower.
"""

from dataclasses import dataclass

import numpy as np

from gdcore.rules import GD, Rule

__all__ = ["FedAvg", "Scaffold", "clipped_mean", "krum", "masked", "mean", "median", "trimmed_mean", "unmasked_sum"]


# -- aggregates: (points of the clients, their numbers of examples) -> a point --------------------------------------------------


def mean(found, examples):
    """The mean, each client as heavy as it has examples: McMahan et al. (2017), arXiv:1602.05629."""
    return np.average(_points(found), axis=0, weights=examples)


def median(found, examples=None):
    """The median of each entry, every client alike: Yin et al. (2018), arXiv:1803.01498."""
    return np.median(_points(found), axis=0)


def trimmed_mean(found, examples=None, share=0.2):
    """The mean of each entry without the `share` highest and the `share` lowest: Yin et al. (2018), arXiv:1803.01498."""
    points = np.sort(_points(found), axis=0)
    cut = int(share * len(points) + 1e-9)
    if not 0 <= share < 0.5:
        raise ValueError(f"share is {share!r}; it must lie in [0, 0.5), or nothing would be left.")
    return points[cut : len(points) - cut].mean(axis=0)


def krum(found, examples=None, bad=1):
    """The one point whose nearest others are nearest: Blanchard et al. (2017), arXiv:1703.02757. bad: clients that may lie.

    Raises ValueError unless there are at least 2 bad + 3 clients.
    """
    points = _points(found)
    if len(points) < 2 * bad + 3:
        raise ValueError(f"krum with {bad} bad clients needs at least {2 * bad + 3} clients, got {len(points)}.")
    apart = ((points[:, None] - points) ** 2).sum(axis=2)
    score = np.sort(apart, axis=1)[:, 1 : len(points) - bad - 1].sum(axis=1)  # the first is the distance to itself
    return points[np.argmin(score)]


def clipped_mean(found, x, clip, noise, draw):
    """The mean of the clients' changes, none longer than `clip`, plus Gaussian noise of deviation noise · clip on their sum.

    McMahan et al. (2018), arXiv:1710.06963; Abadi et al. (2016), arXiv:1607.00133. draw: a NumPy generator. What privacy that gives says an
    accountant, such as the one of the library Opacus.
    """
    changes = _points(found) - x
    lengths = np.linalg.norm(changes, axis=1, keepdims=True)
    short = changes * np.minimum(1.0, clip / np.maximum(lengths, 1e-300))
    return x + (short.sum(axis=0) + noise * clip * draw.normal(size=x.shape)) / len(short)


# -- rounds: `update(clients, x, t, *memory)` gives the next point and memory ---------------------------------------------------


@dataclass(frozen=True)
class FedAvg:
    """Each client takes some steps from the common point; the server steps by the aggregate of what they found.

    McMahan et al. (2017), arXiv:1602.05629. lr, steps: of a client. mu: how strongly it is held at the common point; above 0 it is
    FedProx, Li et al. (2020), arXiv:1812.06127. server: any rule, which is given x − aggregate as its gradient: GD(1.0) takes the
    aggregate itself, Adam and Yogi make FedAdam and FedYogi, Reddi et al. (2021), arXiv:2003.00295 (who correct no bias). aggregate:
    what is made of the points.
    """

    lr: float = 0.1
    steps: int = 5
    mu: float = 0.0
    server: Rule = GD(1.0)
    aggregate: object = mean

    def __post_init__(self):
        if not (self.lr > 0 and self.steps >= 1 and self.mu >= 0):
            raise ValueError(f"FedAvg got lr = {self.lr!r}, steps = {self.steps!r}, mu = {self.mu!r}; give lr > 0, steps ≥ 1 and mu ≥ 0.")

    def init(self, x):
        return self.server.init(x)

    def local(self, gradient, x):
        """Where a client comes to from x."""
        y = x
        for _ in range(self.steps):
            y = y - self.lr * (gradient(y) + self.mu * (y - x))
        return y

    def update(self, clients, x, t, *memory, examples=None):
        """One round t, from 1. clients: {name: gradient} of those that take part. examples: {name: how many}, all alike without it."""
        found = [self.local(gradient, x) for gradient in clients.values()]
        weights = [1.0 if examples is None else examples[name] for name in clients]
        x, *memory = self.server.update(x, x - self.aggregate(found, weights), t, *memory)
        return (x, *memory)

    def bytes(self, x):
        """What one client receives and sends in a round."""
        return 2 * x.nbytes


@dataclass(frozen=True)
class Scaffold:
    """FedAvg whose clients know where the others pull: each step is corrected by the difference of a common and an own control variate.

    Karimireddy et al. (2020), arXiv:1910.06378, option II: c_i ← c_i − c + (x − y)/(steps · lr). all_clients: how many there are, when not
    all take part in a round. The memory is the common variate and those of the clients, {name: variate}.
    """

    lr: float = 0.1
    steps: int = 5
    server_lr: float = 1.0
    all_clients: int | None = None

    def init(self, x):
        return np.zeros_like(x), {}

    def update(self, clients, x, t, c, own, *, examples=None):
        """One round t, from 1. examples: {name: how many}, which weigh moves and variates, as their mean is to be that of all examples;
        all alike without it, as in the paper."""
        moves, changes, own = [], [], dict(own)
        for name, gradient in clients.items():
            mine, y = own.get(name, np.zeros_like(x)), x
            for _ in range(self.steps):
                y = y - self.lr * (gradient(y) - mine + c)
            own[name] = mine - c + (x - y) / (self.steps * self.lr)
            moves.append(y - x)
            changes.append(own[name] - mine)
        share = len(clients) / (self.all_clients or len(clients))
        weights = None if examples is None else [examples[name] for name in clients]
        average = lambda found: np.average(found, axis=0, weights=weights)
        return x + self.server_lr * average(moves), c + share * average(changes), own

    def bytes(self, x):
        return 4 * x.nbytes  # weights and variates, both ways


# -- secure aggregation, the idea -----------------------------------------------------------------------------------------------

SCALE, RING = 2**24, 2**64  # fixed point, and the ring in which masks wrap round


def masked(values, me, others, secret):
    """A client's vector as whole numbers modulo 2⁶⁴, hidden by a mask for each other client: Bonawitz et al. (2017), CCS.

    me: this client's number. others: the numbers of all who take part. secret(i, j): the seed that the clients i < j share. One of the
    two adds the mask, the other takes it away, so the sum of all is exact; a client that falls silent leaves its masks in the sum. The
    published protocol shares secrets so that those can be taken out; here it is the idea only, and no cryptography.
    """
    hidden = np.round(np.asarray(values) * SCALE).astype(np.int64).astype(np.uint64)
    for other in others:
        if other != me:
            low, high = sorted((me, other))
            mask = np.random.default_rng(secret(low, high)).integers(0, RING, size=hidden.shape, dtype=np.uint64, endpoint=False)
            hidden = hidden + mask if me == low else hidden - mask
    return hidden


def unmasked_sum(parcels):
    """The sum of what all clients hid, as numbers again."""
    total = np.zeros_like(parcels[0])
    for parcel in parcels:
        total = total + parcel
    return total.astype(np.int64) / SCALE


def _points(found):
    points = np.asarray(found, dtype=float)
    if points.ndim != 2 or not len(points):
        raise ValueError(f"The clients' points must be vectors of one length, got an array of shape {points.shape}.")
    return points
