"""Readers of reviews: words in, one score out, above 0 for a positive review."""

import torch
from torch import nn

__all__ = ["BagOfWords", "Reader", "turned"]

CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class BagOfWords(nn.Module):
    """Logistic regression on which words a text holds: the score is a bias and one weight a word, scaled by 1/√length.

    words: size of the vocabulary. forward(ids, lengths): word numbers (batch, time), 0 after the end; returns scores, (batch,).
    """

    def __init__(self, words):
        super().__init__()
        self.weight = nn.EmbeddingBag(words, 1, mode="sum", padding_idx=0)
        self.bias = nn.Parameter(torch.zeros(()))
        nn.init.zeros_(self.weight.weight)

    def forward(self, ids, lengths):
        """The scores of a batch."""
        return self.weight(ids).squeeze(1) / lengths.sqrt() + self.bias


class Reader(nn.Module):
    """Reads a text from both ends, keeps the mean and the maximum of what it thought at each word, and judges.

    words: size of the vocabulary. cell: "rnn", "gru" or "lstm". size, hidden: numbers a word, and numbers of memory a direction.
    vectors: word vectors to begin with, of shape (words, size), scaled by 0.3. forget_words: share of words that read as unknown while
    training; dropout: of word vectors and of what is judged. last: judge by the last thought of each direction alone.
    forward(ids, lengths): as `BagOfWords`. Raises ValueError for another cell.
    """

    def __init__(self, words, cell="lstm", size=64, hidden=64, vectors=None, forget_words=0.2, dropout=0.4, last=False):
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"cell is {cell!r}; there are {', '.join(CELLS)}.")
        self.embed = nn.Embedding(words, size, padding_idx=0)
        if vectors is not None:
            self.embed.weight.data.copy_(0.3 * torch.as_tensor(vectors))
        self.onwards = CELLS[cell](size, hidden, batch_first=True)
        self.backwards = CELLS[cell](size, hidden, batch_first=True)
        self.judge = nn.Linear(2 * hidden if last else 4 * hidden, 1)
        self.forget_words, self.dropout, self.last = forget_words, nn.Dropout(dropout), last

    def forward(self, ids, lengths):
        """The scores of a batch; while training some of its words are forgotten."""
        if self.training and self.forget_words:
            ids = torch.where(torch.rand(ids.shape, device=ids.device) < self.forget_words, (ids > 0).long(), ids)
        return self.read(self.dropout(self.embed(ids)), lengths)

    def read(self, x, lengths):
        """The scores of texts as vectors of words, of shape (batch, time, size)."""
        onwards = self.onwards(x)[0]
        backwards = self.backwards(turned(x, lengths))[0]  # from the last word to the first
        if self.last:
            end = (lengths - 1)[:, None, None].expand(-1, 1, onwards.shape[2])
            ends = [thoughts.gather(1, end)[:, 0] for thoughts in (onwards, backwards)]
            return self.judge(self.dropout(torch.cat(ends, dim=1))).squeeze(1)
        there = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
        thoughts = torch.cat([onwards, turned(backwards, lengths)], dim=2)
        mean = (thoughts * there[:, :, None]).sum(dim=1) / lengths[:, None]
        most = thoughts.masked_fill(~there[:, :, None], -torch.inf).max(dim=1).values
        return self.judge(self.dropout(torch.cat([mean, most], dim=1))).squeeze(1)


def turned(x, lengths):
    """Each sequence of (batch, time, size) back to front within its length; the padding stays where it is. Twice is the same again."""
    time = torch.arange(x.shape[1], device=x.device)
    source = torch.where(time < lengths[:, None], lengths[:, None] - 1 - time, time)
    return x.gather(1, source[:, :, None].expand_as(x))
