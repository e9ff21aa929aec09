"""The recipe on a model of the hub: up to the download with a stand-in, whole where transformers is installed."""

import sys
import types

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gdcore.data import DataError
from gdcore.models.hub import HubMarian, HubPieces, from_hub
from gdcore.models.transformer import END, PAD
from gdcore.training import fit


class Inner(nn.Module):
    """A stand-in with the arguments of MarianMTModel: it answers with what the decoder was given."""

    def __init__(self, pieces=7):
        super().__init__()
        self.config = types.SimpleNamespace(pad_token_id=pieces - 1, eos_token_id=0)
        self.table = nn.Embedding(pieces, pieces)

    def forward(self, input_ids, attention_mask, decoder_input_ids):
        assert input_ids.min() >= 0 and decoder_input_ids[:, 0].eq(self.config.pad_token_id).all()
        self.seen = attention_mask.sum(dim=1).tolist()
        return types.SimpleNamespace(logits=self.table(decoder_input_ids))

    def generate(self, input_ids, attention_mask, num_beams, do_sample, max_new_tokens):
        assert (num_beams, do_sample, max_new_tokens) == (1, False, int(2.5 * input_ids.shape[1]) + 3)
        return torch.tensor([[6, 3, 0, 6, 6], [6, 3, 4, 5, 0]])


SOURCE, TARGET = torch.tensor([[1, 2, END], [3, END, PAD]]), torch.tensor([[4, 5, END], [3, END, PAD]])


def test_the_loss_is_that_of_the_shifted_target_without_filling():
    torch.manual_seed(0)
    model = HubMarian(Inner())
    table = model.inner.table.weight
    by_hand = F.cross_entropy(table[[6, 4, 5, 6, 3]], torch.tensor([4, 5, END, 3, END]))
    assert torch.isclose(model.loss(SOURCE, TARGET, smoothing=0.0), by_hand)
    assert model.inner.seen == [3, 2]


def test_translations_end_with_END():
    assert HubMarian(Inner()).translate(SOURCE).tolist() == [[3, 0, 0, 0], [3, 4, 5, 0]]


def test_the_loop_trains_it():
    torch.manual_seed(0)
    model = HubMarian(Inner())
    batches = type("Batches", (), {"__len__": lambda self: 5, "epoch": lambda self, k: [(SOURCE, TARGET)] * 5})()
    record = fit(model, batches, lambda model, x, y: model.loss(x, y), torch.optim.Adam(model.parameters(), lr=0.1), epochs=4)
    assert record["loss"][-1] < record["loss"][0] / 2


def test_another_kind_of_model_is_refused():
    inner = Inner()
    inner.config.eos_token_id = 2
    with pytest.raises(ValueError, match="ends a sentence with piece 2, and we with 0"):
        HubMarian(inner)


def test_one_sentence_for_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ImportError, match=r"from_hub needs the package transformers.*pip install transformers\.$"):
        from_hub()

    class Away:
        @staticmethod
        def from_pretrained(name):
            raise OSError("We couldn't connect.\nmore lines")

    monkeypatch.setitem(sys.modules, "transformers", types.SimpleNamespace(MarianMTModel=Away, MarianTokenizer=Away))
    with pytest.raises(DataError, match=r"x/y is not on this machine, .*\(We couldn't connect\.\): connect to the network"):
        from_hub("x/y")


def test_source_and_target_have_their_own_splitters():
    tokenizer = lambda **texts: {"input_ids": [len(texts["text"]) if "text" in texts else -len(texts["text_target"]), END]}
    assert HubPieces(tokenizer).encode("abc") == [3, END] and HubPieces(tokenizer).encode("abc", target=True) == [-3, END]


def test_with_transformers_itself():
    import transformers
    config = transformers.MarianConfig(vocab_size=30, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
                                       decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, pad_token_id=29, eos_token_id=0,
                                       decoder_start_token_id=29, max_position_embeddings=64)  # fmt: skip
    torch.manual_seed(0)
    model = HubMarian(transformers.MarianMTModel(config)).eval()
    assert torch.isfinite(model.loss(SOURCE, TARGET)) and model.translate(SOURCE).shape[0] == 2
