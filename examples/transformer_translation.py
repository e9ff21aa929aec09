"""What chapter 27 reports: a Portuguese model learns Spanish, by fine-tuning, from scratch, in parts, and with its old data beside.

All trainings are on the help pages of GNOME 43.0. Choices were made by the validation pages; test pages were translated at the end.
"""

import functools

import torch

from examples.ledger import Ledger
from gdcore import optim, schedules, seed
from gdcore.data import help_pages, portuguese_to_english, read_marian
from gdcore.data.parallel import near_copies
from gdcore.models.marian_weights import from_marian
from gdcore.models.transformer import END, Transformer
from gdcore.models.translation import Pieces, SentencePairs, filled, scores, translated
from gdcore.training import fit

EXTRA = "ñÑ¿¡"
LIKE = {"ñ": ("n", "nh"), "Ñ": ("N", "nh"), "¿": ("?",), "¡": ("!",)}  # what a new piece begins as the mean of
RATE, EPOCHS, SIZE, WARMUP, DROPOUT = 5e-4, 7, 32, 40, 0.1
SHORT = 2  # epochs of the comparisons


def main(again=False):
    torch.set_num_threads(2)
    ledger = Ledger("transformer_translation", again)
    ledger.once("before", before)
    for number in range(3):
        ledger.once(f"fine-tuned, seed {number}", functools.partial(tuned, number, examine=True))
    ledger.once("from scratch", lambda: tuned(0, start="scratch", rate=1e-3, warmup=200))
    short = functools.partial(functools.partial, tuned, 0, epochs=SHORT)
    for name in PARTS:
        ledger.once(f"short, {name}", short(part=name))
    ledger.once("short, ñ as nh", short(spell=nh))
    ledger.once("short, ñ unknown", short(extra=""))
    ledger.once("short, with Portuguese", short(old=0.5))
    ledger.once("short, no warm-up", short(warmup=0))
    ledger.once("short, no clipping", short(clip=None))
    ledger.once("short, no label smoothing", short(smoothing=0.0))


# -- data and model ---------------------------------------------------------------------------------------------------------------------


@functools.cache
def spanish():
    return help_pages("es")


@functools.cache
def portuguese():
    """The same pages in Portuguese; its training part without what is, or is nearly, said in the Spanish validation and test."""
    parts, judged = help_pages("pt_BR"), spanish().validation.y + spanish().test.y
    keep = [i for i, copy in enumerate(near_copies(parts.train.y, judged)) if not copy]
    return parts.train[keep], parts.test


@functools.cache
def weights():
    return read_marian(portuguese_to_english()[0])


def vocabulary(extra=EXTRA):
    return Pieces(portuguese_to_english()[1], extra)


def written(targets, common=8000):
    """The pieces to train and write with: those of the targets, and of the `common` first ones those that the model writes at all.

    The bias of a piece that never stood in the English of its training has fallen to about −17; an English piece has about −1.
    """
    english = [piece for piece in range(common) if weights()["decoder_ff_logit_out_b"][0, piece] > -6]
    return {END, *english, *(piece for row in targets for piece in row)}


def nh(text):
    """Spanish spelled as if by a Portuguese hand: ñ as nh, no signs before a question."""
    return text.replace("ñ", "nh").replace("Ñ", "Nh").replace("¿", "").replace("¡", "")


def fresh(start, extra):
    """The trained model with rows for the new characters, or the same network at random."""
    if start == "scratch":
        model = Transformer(32000 + len(extra), dropout=DROPOUT)
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1 and "embedding" not in name:
                torch.nn.init.xavier_uniform_(parameter)
        return model
    model = from_marian(weights(), DROPOUT)
    number = vocabulary().known.piece_to_id
    model.extend([[number(piece) for piece in LIKE[character]] for character in extra])
    return model


# -- training ---------------------------------------------------------------------------------------------------------------------------

PARTS = {  # what may move
    "everything": lambda name: True,
    "encoder frozen": lambda name: not name.startswith("encoder"),
    "decoder frozen": lambda name: not name.startswith("decoder"),
    "embeddings alone": lambda name: name.startswith("embedding"),
    "norms and biases alone": lambda name: "norm" in name or name.endswith("bias"),
    "embeddings at a tenth of the rate": lambda name: True,
}


def tuned(number, *, epochs=EPOCHS, rate=RATE, start="trained", part="everything", extra=EXTRA, spell=str, old=0.0, warmup=WARMUP,
          clip=1.0, smoothing=0.1, examine=False):  # fmt: skip
    """One training with the seed `number`, and what it gave.

    spell: what is done to the Spanish. old: Portuguese pairs for each Spanish one.
    examine: also decode over all pieces, translate Portuguese, measure how far each part moved, and keep the translations.
    """
    seed(number)
    pieces, parts = vocabulary(extra), spanish()
    encode = lambda texts: [pieces.encode(spell(text)) for text in texts]
    sources, targets = encode(parts.train.x), encode(parts.train.y)
    allowed = written(targets)
    model = fresh(start, extra)
    model.restrict(allowed)
    if old:
        pairs, _ = portuguese()
        count = int(old * len(sources))
        sources, targets = sources + encode(pairs.x[:count]), targets + encode(pairs.y[:count])
        model.restrict(written(targets))
    at_first = {name: value.clone() for name, value in model.state_dict().items()}
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(PARTS[part](name))
    batches = SentencePairs(sources, targets, SIZE, number)
    total = epochs * len(batches)
    optimizer = optim.Adam(groups(model, rate, part), lr=rate, betas=(0.9, 0.98))
    record = fit(model, batches, lambda model, x, y: model.loss(x, y, smoothing), optimizer, epochs=epochs, clip=clip,
                 schedule=schedules.wsd(total, warmup, total - warmup), measure=validation(pieces, spell, epochs == SHORT))
    found = translated(model, pieces, [spell(text) for text in parts.test.x])
    result = {"record": record.as_dict(), "steps": total, "seconds": record.seconds, "joules": record.joules,
              "parameters": sum(p.numel() for p in model.parameters() if p.requires_grad), **scores(found, parts.test.y)}
    result["Portuguese"] = scores(translated(model, pieces, portuguese()[1].x), portuguese()[1].y) if examine or old else None
    if examine:
        result["moved"] = moved(model, at_first)
        result["found"] = found if number == 0 else None
        model.restrict(None)
        result["over all pieces"] = scores(translated(model, pieces, parts.test.x), parts.test.y)
    return result


def groups(model, rate, part):
    """The parameters that move, in groups with their rates."""
    table = [p for name, p in model.named_parameters() if p.requires_grad and name.startswith("embedding")]
    others = [p for name, p in model.named_parameters() if p.requires_grad and not name.startswith("embedding")]
    slow = rate / 10 if "tenth" in part else rate
    return [{"params": group, "lr": lr} for group, lr in ((others, rate), (table, slow)) if group]


def validation(pieces, spell, seldom):
    """measure(model) for `fit`: the loss per piece on the validation pages, and, unless `seldom`, BLEU and chrF there."""
    part = spanish().validation
    texts = [spell(text) for text in part.x]
    rows = sorted(zip(map(pieces.encode, texts), map(pieces.encode, part.y)), key=lambda pair: len(pair[1]))

    def measure(model):
        allowed = set(model.pieces.tolist())
        total = count = 0
        for begin in range(0, len(rows), 64):
            some = [(x, y) for x, y in rows[begin : begin + 64] if allowed.issuperset(y)]
            pieces_here = sum(len(y) for _, y in some)
            total += pieces_here * model.loss(filled([x for x, _ in some]), filled([y for _, y in some]), smoothing=0.0).item()
            count += pieces_here
        return {"validation loss": total / count} | ({} if seldom else scores(translated(model, pieces, texts), part.y))

    return measure


def moved(model, before):
    """{part: how far its weights went, as a share of their length}."""
    parts = {}
    for name, after in model.state_dict().items():
        part = ".".join(name.split(".")[:3]) if name.startswith(("encoder", "decoder")) else name
        parts.setdefault(part, []).append(((after - before[name]).norm() ** 2, before[name].norm() ** 2))
    return {part: (sum(a for a, _ in lengths) / sum(b for _, b in lengths)).sqrt().item() for part, lengths in parts.items()}


def before():
    """What the Portuguese model makes of Spanish, and of Portuguese, over all pieces and over those that the trainings use."""
    pieces, parts, model = vocabulary(), spanish(), fresh("trained", EXTRA).eval()
    result = {"Portuguese": scores(translated(model, pieces, portuguese()[1].x), portuguese()[1].y)}
    result["over all pieces"] = scores(translated(model, pieces, parts.test.x), parts.test.y)
    result["as nh"] = scores(translated(model, pieces, [nh(text) for text in parts.test.x]), parts.test.y)
    model.restrict(written([pieces.encode(text) for text in parts.train.y]))
    found = translated(model, pieces, parts.test.x)
    return result | scores(found, parts.test.y) | {"found": found, "pairs": [len(part) for part in parts], "pieces": len(model.pieces)}
