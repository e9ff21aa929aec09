"""A transformer that translates: six layers read the sentence, two write its translation.

Vaswani et al. (2017), arXiv:1706.03762, in the small form of Kim et al. (2019), WNGT, D19-5632: in the decoder a simple recurrent unit
(SSRU) stands in place of self-attention. `gdcore.models.marian_weights` fills it with the weights of a Marian model.

Shapes: n sentences, s pieces in the source, t pieces in the target, d features. A sentence that is shorter than its batch is filled up
with PAD; a translation begins with PAD, which stands for "nothing yet", and ends with END.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["END", "PAD", "Attention", "FeedForward", "Recurrence", "Transformer", "positions"]

PAD, END = -1, 0


def positions(length, d):
    """Where in the sentence: (length, d), sines in the first half of the features, cosines in the second (Vaswani et al., 3.5).

    The wave lengths go from 2π to 20000π; Marian, which we follow, puts sines and cosines side by side in blocks.
    """
    frequencies = torch.exp(torch.arange(d // 2) * (-math.log(10000.0) / (d // 2 - 1)))
    angles = torch.arange(length)[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class Sublayer(nn.Module):
    """What all parts have in common: add what you found to what came in, and normalise (layer norm after the sum, as in 2017)."""

    def __init__(self, d, dropout):
        super().__init__()
        self.norm, self.dropout = nn.LayerNorm(d, eps=1e-6), dropout

    def add(self, x, found):
        return self.norm(x + F.dropout(found, self.dropout, self.training))


class Attention(Sublayer):
    """Each place of x asks, each place of the memory answers (Vaswani et al., 3.2).

    softmax(q kᵀ / √(d / heads)) v, in several heads. forward(x, memory, there) takes
    x (n, t, d), memory (n, s, d), and there (n, s), False where the memory is filled
    up, and gives (n, t, d).
    """

    def __init__(self, d, heads, dropout):
        super().__init__(d, dropout)
        self.query, self.key, self.value, self.out = (nn.Linear(d, d) for _ in range(4))
        self.heads = heads

    def split(self, x):
        """(n, t, d) as (n, heads, t, d / heads)."""
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, memory, there):
        q = self.split(self.query(x))
        k, v = self.split(self.key(memory)), self.split(self.value(memory))
        asked = there[:, None, None, :]
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=asked)
        return self.add(x, self.out(found.transpose(1, 2).flatten(2)))

    def weights(self, x, memory, there):
        """Who looks where: (n, heads, t, s), each row sums to 1."""
        q, k = self.split(self.query(x)), self.split(self.key(memory))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])
        scores = scores.masked_fill(~there[:, None, None, :], -math.inf)
        return scores.softmax(dim=-1)


class FeedForward(Sublayer):
    """Each place by itself: widen, cut off below zero, narrow (Vaswani et al., 3.3). (n, t, d) to (n, t, d)."""

    def __init__(self, d, wide, dropout):
        super().__init__(d, dropout)
        self.widen, self.narrow = nn.Linear(d, wide), nn.Linear(wide, d)

    def forward(self, x):
        return self.add(x, self.narrow(F.relu(self.widen(x))))


class Recurrence(Sublayer):
    """The SSRU: cₜ = fₜ cₜ₋₁ + (1 − fₜ) W xₜ with the gate fₜ = σ(Wf xₜ + b), and relu(cₜ) comes out (Kim et al. 2019, 3.1).

    forward(x, before): x (n, t, d), before (n, d) the c of the last place so far. Gives (n, t, d) and the new c.
    """

    def __init__(self, d, dropout):
        super().__init__(d, dropout)
        self.new, self.gate = nn.Linear(d, d, bias=False), nn.Linear(d, d)

    def forward(self, x, before):
        keep = torch.sigmoid(self.gate(x))
        fresh = (1 - keep) * self.new(x)
        states = []
        for f, u in zip(keep.unbind(1), fresh.unbind(1)):
            before = torch.addcmul(u, f, before)
            states.append(before)
        return self.add(x, F.relu(torch.stack(states, dim=1))), before


class Transformer(nn.Module):
    """Encoder and decoder over one table of embeddings, which is also the output layer.

    `pieces`, a tensor of piece numbers, is what the model may write (see `restrict`). Logits are of these pieces, in this order.
    """

    def __init__(self, vocabulary=32000, d=256, wide=1536, heads=8, encoders=6, decoders=2, dropout=0.0, longest=512):
        super().__init__()
        self.d, self.dropout = d, dropout
        self.embedding, self.bias = nn.Embedding(vocabulary, d), nn.Parameter(torch.zeros(vocabulary))
        self.encoder = nn.ModuleList(
            nn.ModuleList([Attention(d, heads, dropout), FeedForward(d, wide, dropout)]) for _ in range(encoders))
        self.decoder = nn.ModuleList(
            nn.ModuleList([Recurrence(d, dropout), Attention(d, heads, dropout), FeedForward(d, wide, dropout)]) for _ in range(decoders))
        self.register_buffer("positions", positions(longest, d), persistent=False)
        nn.init.normal_(self.embedding.weight, std=d**-0.5)
        self.register_buffer("pieces", None, persistent=False)

    def embed(self, pieces, first=0):
        """Vectors (n, t, d) of pieces (n, t), of which the first stands at the place `first`; PAD is zero, plus its place."""
        vectors = self.embedding(pieces.clamp(min=0)) * (pieces != PAD)[..., None]
        vectors = vectors * math.sqrt(self.d) + self.positions[first : first + pieces.shape[1]]
        return F.dropout(vectors, self.dropout, self.training)

    def encode(self, source):
        """(memory, there) of source pieces (n, s): what the decoder attends to."""
        x, there = self.embed(source), source != PAD
        for attention, feed_forward in self.encoder:
            x = feed_forward(attention(x, x, there))
        return x, there

    def decode(self, written, memory, there, states=None, first=0):
        """(logits, states): for each place of `written` (n, t) the scores of the piece that comes next, and the recurrences' states."""
        x, after = self.hidden(written, memory, there, states, first)
        return self.scores(x), after

    def hidden(self, written, memory, there, states=None, first=0):
        """`decode` before the output layer: vectors (n, t, d) in place of logits."""
        x = self.embed(written, first)
        states = states or [x.new_zeros(x.shape[0], self.d)] * len(self.decoder)
        after = []
        for (recurrence, attention, feed_forward), state in zip(self.decoder, states):
            x, state = recurrence(x, state)
            x = feed_forward(attention(x, memory, there))
            after.append(state)
        return x, after

    def scores(self, x):
        """Logits: the product with the embedding of each piece that may be written."""
        table, bias = self.embedding.weight, self.bias
        return F.linear(x, table, bias) if self.pieces is None else F.linear(x, table[self.pieces], bias[self.pieces])

    def restrict(self, pieces):
        """From now on train and write these pieces alone, whole numbers with END among them; None: all. Raises ValueError without END."""
        if pieces is not None and END not in pieces:
            raise ValueError(f"restrict got {len(pieces)} pieces without {END}, the END: a translation could never end.")
        self.pieces = None if pieces is None else torch.tensor(sorted(set(pieces)), device=self.bias.device)

    @torch.no_grad()
    def extend(self, like):
        """A new piece for each list of pieces in `like`, at the end of the table: it begins as the mean of their rows."""
        table, bias = self.embedding.weight, self.bias
        more = [(table[pieces].mean(dim=0), bias[pieces].mean()) for pieces in like]
        self.embedding = nn.Embedding.from_pretrained(torch.cat([table, *(row[None] for row, _ in more)]), freeze=False)
        self.bias = nn.Parameter(torch.cat([bias, *(number[None] for _, number in more)]))

    def loss(self, source, target, smoothing=0.1):
        """Mean cross-entropy of the true next piece, with label smoothing (Szegedy et al. 2016, arXiv:1512.00567).

        target (n, t) ends each row with END and is filled up with PAD, which does not count; all its pieces must be among `pieces`.
        """
        logits = self(source, F.pad(target[:, :-1], (1, 0), value=PAD))
        wanted = target if self.pieces is None else torch.searchsorted(self.pieces, target)
        wanted = wanted.masked_fill(target == PAD, PAD).flatten()
        return F.cross_entropy(logits.flatten(0, 1), wanted, ignore_index=PAD, label_smoothing=smoothing)

    def sampled_loss(self, source, target, used, others, smoothing=0.1):
        """`loss` over the pieces `used`, a sorted tensor that holds all of the target, and `others` random ones for all the rest.

        A drawn piece stands for many: its score is raised by the logarithm of how many, and then the sum in the softmax is right on
        average. Jean et al. (2015), arXiv:1412.2007; with an even draw. The drawn rows of the table stay as they are (their gradients
        are tiny, and Adam would make full steps of them), and only the pieces in use share in the smoothing.
        """
        rest = torch.ones(len(self.bias), dtype=torch.bool, device=used.device).index_fill(0, used, False).nonzero()[:, 0]
        drawn = rest[torch.randint(len(rest), (others,), device=used.device)]
        table = torch.cat([self.embedding.weight[used], self.embedding.weight[drawn].detach()])
        bias = torch.cat([self.bias[used], self.bias[drawn].detach() + math.log(len(rest) / others)])
        x, _ = self.hidden(F.pad(target[:, :-1], (1, 0), value=PAD), *self.encode(source))
        log_p = F.linear(x, table, bias)[target != PAD].log_softmax(dim=-1)
        true = log_p.gather(1, torch.searchsorted(used, target[target != PAD])[:, None]).mean()
        return -(1 - smoothing) * true - smoothing * log_p[:, : len(used)].mean()

    def forward(self, source, written):
        """Logits (n, t, pieces), while the true translation is written: `written` begins with PAD and lags one piece behind."""
        return self.decode(written, *self.encode(source))[0]

    @torch.no_grad()
    def translate(self, source, longest=2.5):
        """Pieces (n, t) by greedy decoding: always the likeliest next one, until END, or `longest` times the source."""
        memory, there = self.encode(source)
        piece, states, written = source.new_full((len(source), 1), PAD), None, []
        done = torch.zeros(len(source), 1, dtype=torch.bool, device=source.device)
        for place in range(min(int(longest * source.shape[1]) + 3, len(self.positions))):
            logits, states = self.decode(piece, memory, there, states, place)
            piece = logits.argmax(dim=-1)
            piece = (piece if self.pieces is None else self.pieces[piece]).masked_fill(done, END)
            written.append(piece)
            done |= piece == END
            if done.all():
                break
        return torch.cat(written, dim=1)

    @torch.no_grad()
    def search(self, source, width=4, longest=2.5):
        """Pieces (n, t) by beam search: at each place the `width` likeliest beginnings go on.

        In the end the translation with the best mean log-probability of a piece wins. Sutskever et al. (2014), arXiv:1409.3215.
        """
        n, first = len(source), torch.arange(len(source), device=source.device)[:, None] * width
        memory, there = (x.repeat_interleave(width, dim=0) for x in self.encode(source))
        piece, states, written = source.new_full((n * width, 1), PAD), None, source.new_zeros(n * width, 0)
        total = memory.new_full((n, width), -math.inf).index_fill(1, source.new_tensor([0]), 0)  # one beginning, the empty one
        length, done = total.new_zeros(n * width), there.new_zeros(n * width)
        for place in range(min(int(longest * source.shape[1]) + 3, len(self.positions))):
            logits, states = self.decode(piece, memory, there, states, place)
            log_p = logits[:, -1].log_softmax(dim=-1)
            log_p[done], log_p[done, 0] = -math.inf, 0  # what is done goes on with END, which is the first of the pieces, at no cost
            total, which = (total[..., None] + log_p.unflatten(0, (n, width))).flatten(1).topk(width)
            of, piece = (which // log_p.shape[1] + first).flatten(), (which % log_p.shape[1]).flatten()
            piece = (piece if self.pieces is None else self.pieces[piece])[:, None]
            written, states = torch.cat([written[of], piece], dim=1), [state[of] for state in states]
            length, done = length[of] + ~done[of], done[of] | (piece[:, 0] == END)
            if done.all():
                break
        best = (total.flatten() / length).unflatten(0, (n, width)).argmax(dim=1)
        return written[best + first[:, 0]]
