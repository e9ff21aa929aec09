"""A Marian model of the Hugging Face hub with the manners of our `Transformer`, so that the same recipe trains it.

For readers with a network and, better, a GPU; the book itself does without the package transformers.
"""

import torch
from torch import nn
from torch.nn import functional as F

from gdcore.data.store import DataError
from gdcore.models.transformer import END, PAD

__all__ = ["HubMarian", "HubPieces", "from_hub"]


def from_hub(name="Helsinki-NLP/opus-mt-it-en"):
    """(model, pieces) of a Marian model of the hub, after a download of some 300 MB: train it with `fit`, translate with `translated`.

    Raises ImportError without the package transformers, DataError if the model cannot be had.
    """
    try:
        from transformers import MarianMTModel, MarianTokenizer
    except ImportError:
        raise ImportError("from_hub needs the package transformers, which the book does without: pip install transformers.") from None
    try:
        return HubMarian(MarianMTModel.from_pretrained(name)), HubPieces(MarianTokenizer.from_pretrained(name))
    except OSError as error:
        raise DataError(f"The model {name} is not on this machine, and the hub did not give it ({str(error).splitlines()[0]}): connect to "
                        "the network, or give the name of another Marian model of the hub.") from error


class HubMarian(nn.Module):
    """`loss` and `translate` as `gdcore.models.transformer.Transformer` has them, around a MarianMTModel."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.filler = inner, inner.config.pad_token_id  # which is also what its decoder begins with
        if inner.config.eos_token_id != END:
            raise ValueError(f"This model ends a sentence with piece {inner.config.eos_token_id}, and we with {END}: take a Marian model.")

    @property
    def bias(self):
        """A parameter, for those who ask on which device the model is."""
        return next(self.inner.parameters())

    def known(self, pieces):
        """Its own filler in place of PAD."""
        return pieces.masked_fill(pieces == PAD, self.filler)

    def loss(self, source, target, smoothing=0.1):
        """As `Transformer.loss`: source (n, s), target (n, t), filled up with PAD."""
        written = F.pad(target[:, :-1], (1, 0), value=PAD)
        there = (source != PAD).long()
        logits = self.inner(input_ids=self.known(source), attention_mask=there, decoder_input_ids=self.known(written)).logits
        return F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=PAD, label_smoothing=smoothing)

    @torch.no_grad()
    def translate(self, source, longest=2.5):
        """As `Transformer.translate`: greedy, pieces (n, t)."""
        found = self.inner.generate(input_ids=self.known(source), attention_mask=(source != PAD).long(), num_beams=1, do_sample=False,
                                    max_new_tokens=int(longest * source.shape[1]) + 3)  # fmt: skip
        return found[:, 1:].masked_fill(found[:, 1:] == self.filler, END)


class HubPieces:
    """`encode` and `decode` as `gdcore.models.translation.Pieces` has them, around a MarianTokenizer."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer

    def encode(self, text, target=False):
        """The numbers of the pieces, and END. target: of a text in the language that is translated into, which has its own splitter."""
        return self.tokenizer(**{"text_target" if target else "text": text})["input_ids"]

    def decode(self, numbers):
        return self.tokenizer.decode(numbers, skip_special_tokens=True)
