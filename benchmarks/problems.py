"""What is stepped: the parameter shapes of three networks, filled with seeded numbers."""

import itertools

import torch

__all__ = ["PROBLEMS", "gpt2_small", "parameters"]


def small_network():
    """A classifier of 28 × 28 pictures with two hidden layers: 6 tensors."""
    sizes = (784, 64, 32, 10)
    return [shape for n, m in itertools.pairwise(sizes) for shape in ((m, n), (m,))]


def resnet18():
    """ResNet-18 (He et al. 2016, arXiv:1512.03385): 62 tensors, 11.7 million numbers."""
    shapes = [(64, 3, 7, 7), (64,), (64,)]
    inputs = 64
    for width in (64, 128, 256, 512):
        for _ in range(2):
            shapes += [(width, inputs, 3, 3), (width,), (width,), (width, width, 3, 3), (width,), (width,)]
            if inputs != width:
                shapes += [(width, inputs, 1, 1), (width,), (width,)]
            inputs = width
    return [*shapes, (1000, 512), (1000,)]


def gpt2_small(blocks=12, width=768):
    """GPT-2 small (Radford et al. 2019): 148 tensors, 124 million numbers."""
    block = [(width,), (width,), (3 * width, width), (3 * width,), (width, width), (width,),
             (width,), (width,), (4 * width, width), (4 * width,), (width, 4 * width), (width,)]  # fmt: skip
    return [(50257, width), (1024, width), *(block * blocks), (width,), (width,)]


PROBLEMS = {"a": small_network, "b": resnet18, "c": gpt2_small}


def parameters(shapes, matrices=False):
    """Parameters with gradients; matrices: only those a matrix rule takes, filters laid flat, embeddings and the like left out."""
    if matrices:
        shapes = [(s[0], s[1] * s[2] * s[3]) if len(s) == 4 else s for s in shapes]
        shapes = [s for s in shapes if len(s) == 2 and max(s) < 10_000]
    generator = torch.Generator().manual_seed(0)
    params = [torch.nn.Parameter(torch.randn(s, generator=generator) * 0.02) for s in shapes]
    for p in params:
        p.grad = torch.randn(p.shape, generator=generator) * 1e-3
    return params
