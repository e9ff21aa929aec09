"""Weights as points: on the line from one training's beginning to its end, and how far it went."""

import torch

__all__ = ["between", "moved"]


@torch.no_grad()
def between(start, end, share):
    """{name: start + share (end − start)} of two state dicts: what was learned, taken back in part.

    Wortsman et al. (2022), arXiv:2109.01903, who keep in this way what a network could do before it was fine-tuned. share: 0 is the
    start, 1 the end. Raises ValueError where the two are not of one network.
    """
    if start.keys() != end.keys() or any(start[name].shape != end[name].shape for name in start):
        raise ValueError("between got the weights of two different networks: give two states of one.")
    return {name: torch.lerp(value, end[name], share) if value.is_floating_point() else end[name] for name, value in start.items()}


@torch.no_grad()
def moved(start, end, part=lambda name: name):
    """{part: how far its weights went, as a share of their length at the start}. part: part(name), what a name is counted with."""
    lengths = {}
    for name, value in start.items():
        lengths.setdefault(part(name), []).append(((end[name] - value).norm() ** 2, value.norm() ** 2))
    return {part: (sum(a for a, _ in some) / sum(b for _, b in some)).sqrt().item() for part, some in lengths.items()}
