"""A training that takes a tenth of a second: a small network on handwritten digits, as functions of {name: tensor}."""

import functools

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch.nn import functional as F

__all__ = ["BATCH", "batches", "digits", "error_of", "loss_of", "network"]

BATCH = 50


@functools.cache
def digits(seed, scale=1.0):
    """{part: (pictures (n, 64) with greys from 0 to 1 times scale, classes)}: 1,000 to train on, 400 to choose by, 397 for the end."""
    all_ = load_digits()
    order = np.random.default_rng(seed).permutation(len(all_.target))
    x, y = torch.tensor(scale * all_.data[order] / 16, dtype=torch.float32), torch.tensor(all_.target[order])
    return {"train": (x[:1000], y[:1000]), "validation": (x[1000:1400], y[1000:1400]), "test": (x[1400:], y[1400:])}


def network(seed, hidden=(32,), inputs=64, classes=10):
    """The weights of a network of tanh units, W0, b0, W1, …, drawn by LeCun's rule."""
    draw = torch.Generator().manual_seed(seed)
    sizes, net = [inputs, *hidden, classes], {}
    for k, (into, out) in enumerate(zip(sizes, sizes[1:])):
        net[f"W{k}"] = torch.randn(into, out, generator=draw) / into**0.5
        net[f"b{k}"] = torch.zeros(out)
    return net


def answers(net, x, unit=torch.tanh):
    for k in range(len(net) // 2):
        x = x @ net[f"W{k}"] + net[f"b{k}"]
        x = unit(x) if f"W{k + 1}" in net else x
    return x


def loss_of(net, x, y, unit=torch.tanh):
    return F.cross_entropy(answers(net, x, unit), y)


def error_of(net, x, y):
    with torch.no_grad():
        return float((answers(net, x).argmax(1) != y).float().mean())


def batches(part, steps, seed, size=BATCH):
    """The first `steps` batches of a training: each epoch in an order of its own, which depends on the seed alone."""
    x, y = part
    draw, order = np.random.default_rng(seed), np.zeros(0, int)
    while len(order) < steps * size:
        order = np.concatenate([order, draw.permutation(len(x))])
    return [(x[rows], y[rows]) for rows in torch.tensor(order[: steps * size]).split(size)]
