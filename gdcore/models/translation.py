"""From sentences to batches of pieces of words, and back: the vocabulary, its new characters, batches of like length, translation."""

import functools

import numpy as np
import torch

from gdcore.models.transformer import END, PAD

__all__ = ["Pieces", "SentencePairs", "filled", "scores", "translated"]


class Pieces:
    """The pieces of a SentencePiece vocabulary (Kudo and Richardson 2018, arXiv:1808.06226), and characters that it lacks behind them.

    path: its file. extra: single characters that shall be pieces of their own; a model needs a row of its table for each, at the end.
    """

    def __init__(self, path, extra=""):
        import sentencepiece

        self.known, self.extra = sentencepiece.SentencePieceProcessor(str(path)), extra
        self.first = self.known.get_piece_size()  # the number of the first extra piece

    def __len__(self):
        return self.first + len(self.extra)

    def split(self, text):
        """The pieces of the text, as texts; "▁" stands for the beginning of a word. What is not known comes as it is."""
        return self.known.encode(text, out_type=str)

    def encode(self, text):
        """The numbers of the pieces of the text, and END."""
        unknown, numbers = self.known.unk_id(), []
        for piece in self.split(text):
            number = self.known.piece_to_id(piece)
            if number != unknown:
                numbers.append(number)
            else:  # one or more characters without a piece
                numbers += [self.first + self.extra.index(c) if c in self.extra else unknown for c in piece]
        return [*numbers, END]

    def decode(self, numbers):
        """The text of piece numbers, up to END."""
        numbers = list(numbers)
        numbers = numbers[: numbers.index(END)] if END in numbers else numbers
        pieces = [self.known.id_to_piece(i) if i < self.first else self.extra[i - self.first] for i in numbers]
        return "".join(pieces).replace("▁", " ").strip()


def filled(rows, device="cpu"):
    """Rows of piece numbers as one tensor (n, longest), filled up with PAD."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[PAD] * (longest - len(row))] for row in rows], device=device)


class SentencePairs:
    """Batches (source, target) of sentences of about the same length, for `gdcore.training.fit`; a few that fill no batch sit out an epoch.

    sources, targets: lists of rows of piece numbers. size: sentences a batch. seed: of the order.
    """

    def __init__(self, sources, targets, size, seed=0, device="cpu"):
        self.sources, self.targets, self.size, self.seed, self.device = sources, targets, size, seed, device

    def __len__(self):
        """Batches an epoch."""
        return len(self.sources) // self.size

    def epoch(self, number):
        """The batches of epoch `number`: shuffled, then sorted by length within twenty batches at a time, then those shuffled."""
        draws = np.random.default_rng([self.seed, number])
        order = draws.permutation(len(self.sources))[: len(self) * self.size]
        pools = [sorted(order[i : i + 20 * self.size], key=lambda k: (len(self.targets[k]), len(self.sources[k])))
                 for i in range(0, len(order), 20 * self.size)]
        batches = [pool[i : i + self.size] for pool in pools for i in range(0, len(pool), self.size)]
        for i in draws.permutation(len(batches)):
            yield tuple(filled([rows[k] for k in batches[i]], self.device) for rows in (self.sources, self.targets))


def translated(model, pieces, texts, size=64, width=1):
    """The model's translations of the texts, in batches of like length: by greedy decoding, or by a beam search of that width."""
    write = model.translate if width == 1 else functools.partial(model.search, width=width)
    rows = [pieces.encode(text) for text in texts]
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    device, found = model.bias.device, [None] * len(rows)
    for begin in range(0, len(order), size):
        some = order[begin : begin + size]
        for i, numbers in zip(some, write(filled([rows[i] for i in some], device)).tolist()):
            found[i] = pieces.decode(numbers)
    return found


def scores(found, references):
    """{"BLEU", "chrF"}, from 0 to 100, of translations against one reference each.

    BLEU: Papineni et al. (2002), shared runs of one to four words. chrF: Popović (2015), shared runs of up to six characters. Both as
    sacreBLEU has them (Post 2018, arXiv:1804.08771).
    """
    from sacrebleu import corpus_bleu, corpus_chrf

    return {"BLEU": corpus_bleu(found, [references]).score, "chrF": corpus_chrf(found, [references]).score}
