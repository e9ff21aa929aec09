"""`python -m benchmarks.monitoring`: what a monitor costs, as the ratio of a watched training to the same one unwatched, in one run."""

import statistics
import time

import torch
from torch import nn

from gdcore.training import machine, monitor

ROUNDS, STEPS = 9, 200
WIDTHS = {"small": (128, 64), "middle": (512, 128)}  # of two hidden layers, and the batch


def main():
    print(", ".join(f"{key} {value}" for key, value in machine().items()))
    print("ratio of seconds, watched to unwatched: AdamW, 784 inputs, two hidden layers; a look every 50 steps, and every 10")
    for name, (width, batch) in WIDTHS.items():
        ratios = [statistics.median(ratio(width, batch, every) for _ in range(ROUNDS)) for every in (50, 10)]
        print(f"{name:8}" + "".join(f"{value:8.3f}" for value in ratios))


def ratio(width, batch, every):
    """One round: both take turns on the same network."""
    net = nn.Sequential(nn.Linear(784, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))
    optimizer = torch.optim.AdamW(net.parameters())
    x, y = torch.randn(batch, 784), torch.randint(0, 10, (batch,))
    seconds(net, optimizer, x, y, lambda loss: loss)
    plain = seconds(net, optimizer, x, y, lambda loss: loss)
    with monitor(net, optimizer, every) as watch:
        watched = seconds(net, optimizer, x, y, watch)
    return watched / plain


def seconds(net, optimizer, x, y, watch):
    begin = time.perf_counter()
    for _ in range(STEPS):
        optimizer.zero_grad()
        watch(nn.functional.cross_entropy(net(x), y)).backward()
        optimizer.step()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
