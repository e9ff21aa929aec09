"""Images on their way into a network, and what it makes of them."""

import torch
from torch.nn import functional as F

__all__ = ["as_input", "calibration", "flipped", "judge", "predict", "shifted"]


def as_input(images, device="cpu", mean=0.286, std=0.353):
    """Bytes of shape (n, h, w) as floats of shape (n, 1, h, w), with mean 0 and spread 1; the defaults are those of Fashion-MNIST.

    Channels last in memory: the same numbers, in the order in which torch's convolutions on a CPU tend to be faster.
    """
    x = torch.tensor(images, device=device).unsqueeze(1).float()
    return ((x / 255 - mean) / std).contiguous(memory_format=torch.channels_last)


def flipped(x, generator):
    """Each image, with a chance of one half, as in a mirror."""
    mirror = (torch.rand(len(x), generator=generator) < 0.5).to(x.device)
    return torch.where(mirror[:, None, None, None], x.flip(-1), x).contiguous(memory_format=torch.channels_last)


def shifted(x, generator, by=2):
    """Each image moved by up to `by` points along each axis; what comes in is the image's lowest value."""
    n, _, h, w = x.shape
    padded = x.min().expand(n, 1, h + 2 * by, w + 2 * by).clone()
    padded[:, :, by : by + h, by : by + w] = x
    dy, dx = torch.randint(0, 2 * by + 1, (2, n), generator=generator).to(x.device)
    rows, columns = dy[:, None] + torch.arange(h, device=x.device), dx[:, None] + torch.arange(w, device=x.device)
    return padded[torch.arange(n, device=x.device)[:, None, None], 0, rows[:, :, None], columns[:, None, :]].unsqueeze(1)


@torch.no_grad()
def predict(model, x, size=250):
    """The scores of all images, of shape (n, classes), in evaluation mode and parts of `size`, which should fit into the cache."""
    model.eval()
    return torch.cat([model(part) for part in x.split(size)]).float()


def judge(model, x, y):
    """{"cross-entropy": mean cross-entropy, "accuracy": share that is right}."""
    scores = predict(model, x)
    return {"cross-entropy": F.cross_entropy(scores, y).item(), "accuracy": (scores.argmax(dim=1) == y).float().mean().item()}


def calibration(scores, y, bins=10):
    """How far the network's confidence can be trusted: (rows, error).

    rows: one (confidence, accuracy, share of the images) for each tenth of confidence that occurs. error: the mean distance of
    confidence and accuracy, weighted by the shares, the expected calibration error of Guo et al. (2017), arXiv:1706.04599.
    """
    confidence, guess = scores.softmax(dim=1).max(dim=1)
    right, which = (guess == y).float(), (confidence * bins).long().clamp(max=bins - 1)
    rows = [(confidence[here].mean().item(), right[here].mean().item(), here.float().mean().item())
            for here in (which == k for k in range(bins)) if here.any()]  # fmt: skip
    return rows, sum(share * abs(sure - true) for sure, true, share in rows)
