"""The image network: its convolution against torch's, its count of weights, and what Muon is given."""

import pytest
import torch
from torch.nn import functional as F

import gdcore
from gdcore.models.cnn import Convolution, FashionNet, Residual


@pytest.fixture(autouse=True)
def same_start():
    gdcore.seed(0)


def test_a_convolution_is_nine_neighbours_times_a_matrix():
    layer, x = Convolution(3, 5).double(), torch.randn(2, 3, 6, 7, dtype=torch.float64)
    columns = F.unfold(x, kernel_size=3, padding=1)  # (2, 27, 42)
    by_hand = (layer.weight @ columns).view(2, 5, 6, 7)
    assert torch.allclose(layer(x), by_hand, rtol=0, atol=1e-12)


def test_its_start_keeps_the_spread_through_a_bend():
    layer = Convolution(64, 256)
    assert layer.weight.std().item() == pytest.approx((2 / (9 * 64)) ** 0.5, rel=0.02)


def test_the_count_that_the_chapter_names():
    assert sum(p.numel() for p in FashionNet().parameters()) == 116_602


def test_around_a_residual_the_input_passes_unchanged():
    block, x = Residual(4).eval(), torch.randn(2, 4, 5, 5)
    for module in block.modules():
        if isinstance(module, Convolution):
            torch.nn.init.zeros_(module.weight)
    assert torch.equal(block(x), x)


def test_shifted_clothes_give_the_same_scores():
    """The stages move with the image, and the maximum over all places forgets where: pooling in steps of 4 allows shifts by 4."""
    net, x = FashionNet().eval(), torch.zeros(3, 1, 96, 96)  # the border is out of sight
    x[..., 40:52, 40:52] = torch.rand(3, 1, 12, 12)
    assert torch.allclose(net(x), net(x.roll((4, -4), dims=(2, 3))), atol=1e-5)
    assert not torch.allclose(net(x), net(x.flip(-2)), atol=1e-3)


def test_muon_gets_the_hidden_matrices_and_nothing_else():
    net = FashionNet()
    hidden = net.hidden_matrices()
    assert len(hidden) == 6 and all(p.ndim == 2 for p in hidden)
    assert all(p is not net.stages[0][0].weight and p is not net.scores.weight for p in hidden)


def test_dropout_is_there_in_training_only():
    net, x = FashionNet(dropout=0.5), torch.rand(4, 1, 28, 28)
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))
