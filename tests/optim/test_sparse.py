"""SparseAdam takes torch's steps, row by row."""

import copy

import pytest
import torch
from torch.testing._internal.common_optimizers import optim_db

import gdcore.optim as G

CONFIGS = next(info for info in optim_db if info.optim_cls is torch.optim.SparseAdam).optim_inputs_func(device="cpu")


def batches(steps=12, seed=1):
    """Rows that a batch touched, one of them twice, none of them, and their gradients."""
    generator = torch.Generator().manual_seed(seed)
    for t in range(steps):
        rows = torch.randint(6, (0 if t == 4 else 3,), generator=generator)
        yield torch.sparse_coo_tensor(rows[None], torch.randn(len(rows), 2, generator=generator, dtype=torch.float64), (6, 2))


def trained(kind, **options):
    p = torch.nn.Parameter(torch.arange(12, dtype=torch.float64).view(6, 2))
    optimizer, path = kind([p], **options), []
    for t, g in enumerate(batches()):
        optimizer.param_groups[0]["lr"] = optimizer.param_groups[0]["lr"] * (1.5 if t % 2 else 0.5)
        p.grad = g
        optimizer.step()
        path.append(p.detach().clone())
    return torch.stack(path), optimizer, p


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.desc)
def test_the_configurations_of_torchs_database(config):
    (ours, mine, p), (theirs, other, q) = (trained(kind.SparseAdam, **copy.deepcopy(config.kwargs)) for kind in (G, torch.optim))
    assert (ours - theirs).abs().max() < (1e-9 if "Tensor" in config.desc else 1e-12)  # a rate in single precision
    for name in ("exp_avg", "exp_avg_sq"):
        assert (mine.state[p][name] - other.state[q][name]).abs().max() < 1e-13
    assert int(mine.state[p]["step"]) == int(other.state[q]["step"]) == 12


def test_a_row_without_a_gradient_rests():
    path, *_ = trained(G.SparseAdam)
    for before, after, g in zip(path, path[1:], list(batches())[1:], strict=False):
        touched = torch.zeros(6, dtype=torch.bool).index_fill_(0, g.coalesce().indices()[0], True)
        assert torch.equal((after != before).any(1), touched)


def test_a_dense_gradient_is_refused():
    p = torch.nn.Parameter(torch.ones(3, 2))
    optimizer, p.grad = G.SparseAdam([p]), torch.ones(3, 2)
    with pytest.raises(RuntimeError, match="does not support dense gradients"):
        optimizer.step()
    with pytest.raises(ValueError, match="lr = -1"):
        G.SparseAdam([p], lr=-1)
