"""Readers: a score depends on the words of its text, not on its neighbours in the batch; and they learn what they are shown."""

import pytest
import torch

from gdcore.models.sentiment import BagOfWords, Reader, turned
from gdcore.training.lengths import padded

TEXTS = [torch.tensor([5, 6, 7, 8, 9, 3]), torch.tensor([4, 2]), torch.tensor([9])]


def models():
    torch.manual_seed(0)
    bag = BagOfWords(10)
    torch.nn.init.normal_(bag.weight.weight)
    return [bag.eval(), *(Reader(10, cell, size=4, hidden=3).eval() for cell in ("rnn", "gru", "lstm"))]


@pytest.mark.parametrize("model", models(), ids=["bag", "rnn", "gru", "lstm"])
def test_a_text_gets_the_same_score_in_any_batch(model):
    together = model(*padded(TEXTS))
    alone = torch.cat([model(*padded([text])) for text in TEXTS])
    assert together.shape == (3,) and torch.allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_reader_sees_the_order_and_a_bag_does_not(cell):
    torch.manual_seed(0)
    text = torch.tensor([[5, 6, 7, 8]])
    other, four = text.flip(1), torch.tensor([4])
    reader, bag = Reader(10, cell, size=4, hidden=3).eval(), models()[0]
    assert abs(reader(text, four) - reader(other, four)) > 1e-4
    assert torch.allclose(bag(text, four), bag(other, four))


def test_the_backward_half_is_torchs_own():
    torch.manual_seed(0)
    reader = Reader(10, "lstm", size=4, hidden=3).eval()
    both = torch.nn.LSTM(4, 3, batch_first=True, bidirectional=True)
    for name, value in reader.onwards.state_dict().items():
        both.state_dict()[name].copy_(value)
    for name, value in reader.backwards.state_dict().items():
        both.state_dict()[name + "_reverse"].copy_(value)
    ids, lengths = padded(TEXTS[:1])
    thoughts = both(reader.embed(ids))[0]
    pooled = torch.cat([thoughts.mean(dim=1), thoughts.max(dim=1).values], dim=1)
    assert torch.allclose(reader(ids, lengths), reader.judge(pooled)[:, 0], atol=1e-6)


def test_judging_by_the_last_thought_uses_both_ends_whatever_the_padding():
    torch.manual_seed(0)
    reader = Reader(10, "gru", size=4, hidden=3, last=True).eval()
    together = reader(*padded(TEXTS))
    for score, text in zip(together, TEXTS):
        x = reader.embed(text[None])
        ends = torch.cat([reader.onwards(x)[1][0], reader.backwards(x.flip(1))[1][0]], dim=1)
        assert torch.allclose(score, reader.judge(ends)[0, 0], atol=1e-6)


def test_turned_twice_is_the_same_again():
    x = torch.arange(24.0).reshape(2, 6, 2)
    lengths = torch.tensor([6, 3])
    assert torch.equal(turned(turned(x, lengths), lengths), x)
    assert turned(x, lengths)[1, :, 0].tolist() == [16, 14, 12, 18, 20, 22]


def test_forgetting_words_is_for_training_only():
    torch.manual_seed(0)
    reader = Reader(10, size=4, hidden=3, forget_words=0.5, dropout=0.0)
    ids, lengths = padded(TEXTS)
    assert not torch.equal(reader(ids, lengths), reader(ids, lengths))
    reader.eval()
    assert torch.equal(reader(ids, lengths), reader(ids, lengths))


def test_a_forgotten_padding_stays_padding():
    torch.manual_seed(0)
    reader = Reader(10, size=4, hidden=3, forget_words=0.999, dropout=0.0)
    seen = []
    reader.embed.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    ids, lengths = padded(TEXTS)
    reader(ids, lengths)
    assert torch.equal(seen[0] == 0, ids == 0) and (seen[0][ids > 0] == 1).float().mean() > 0.7


def test_vectors_to_begin_with():
    vectors = torch.randn(10, 4).numpy()
    assert torch.allclose(Reader(10, size=4, vectors=vectors).embed.weight, 0.3 * torch.tensor(vectors))
    with pytest.raises(RuntimeError):
        Reader(10, size=5, vectors=vectors)


def test_an_unknown_cell_is_said():
    with pytest.raises(ValueError, match="cell is 'gpt'; there are rnn, gru, lstm"):
        Reader(10, "gpt")
