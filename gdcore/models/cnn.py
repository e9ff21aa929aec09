"""A small residual network for grey images of 28 × 28 points: 116,602 weights."""

from torch import nn
from torch.nn import functional as F

__all__ = ["Convolution", "FashionNet", "Residual"]


class Convolution(nn.Module):
    """A 3 × 3 convolution without a bias: 9·channels neighbours, times a matrix.

    The weight is kept as that matrix, of shape (outputs, 9·channels), so that a matrix
    method such as Muon may step it. Images are (n, channels, h, w). Its start is
    normal with the variance 2 / (9·channels): He et al. (2015), arXiv:1502.01852.
    """

    def __init__(self, channels, outputs):
        super().__init__()
        start = nn.Linear(9 * channels, outputs, bias=False).weight.detach()
        self.weight = nn.Parameter(nn.init.kaiming_normal_(start))

    def forward(self, x):
        return F.conv2d(x, self.weight.view(len(self.weight), -1, 3, 3), padding=1)


def block(channels, outputs):
    """Convolution, batch normalisation (Ioffe and Szegedy 2015, arXiv:1502.03167), and the bend."""
    return nn.Sequential(Convolution(channels, outputs), nn.BatchNorm2d(outputs), nn.ReLU())


class Residual(nn.Module):
    """x + f(x), so that the gradient has a way around f: He et al. (2016), arXiv:1512.03385."""

    def __init__(self, channels):
        super().__init__()
        self.f = nn.Sequential(block(channels, channels), block(channels, channels))

    def forward(self, x):
        return x + self.f(x)


class FashionNet(nn.Module):
    """Images (n, 1, 28, 28) to 10 scores: three stages, the last two with a way around.

    The stages are 28, 14 and 7 points across, widths are their channels. dropout: the
    share of the last features, 64 of them, that is set to 0 in training.
    """

    def __init__(self, widths=(16, 32, 64), dropout=0.0, classes=10):
        super().__init__()
        a, b, c = widths
        self.stages = nn.Sequential(
            block(1, a), nn.MaxPool2d(2),
            block(a, b), Residual(b), nn.MaxPool2d(2),
            block(b, c), Residual(c),
        )  # fmt: skip
        self.dropout = nn.Dropout(dropout)
        self.scores = nn.Linear(c, classes)

    def forward(self, x):
        features = self.stages(x).amax(dim=(2, 3))  # where each pattern is seen best
        return self.scores(self.dropout(features))

    def hidden_matrices(self):
        """The matrices between the first layer and the last: those that Muon is for."""
        layers = (m for m in self.modules() if isinstance(m, Convolution))
        first, *hidden = [layer.weight for layer in layers]
        return hidden
