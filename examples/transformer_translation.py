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
from gdcore.models.transformer import END, PAD, Transformer
from gdcore.models.translation import Pieces, SentencePairs, scores, translated
from gdcore.training import fit

EXTRA = "ñÑ¿¡"
LIKE = {"ñ": ("n", "nh"), "Ñ": ("N", "nh"), "¿": ("?",), "¡": ("!",)}  # what a new piece begins as the mean of
RATE, EPOCHS, SIZE, WARMUP, OTHERS = 4e-4, 6, 32, 40, 1000
SCRATCH = {  # the same minutes from random weights: as it is, and smaller, with more dropout and so with more epochs
    "from scratch": {"start": "random", "rate": 1e-3, "warmup": 100},
    "from scratch, small": {"start": "small", "rate": 2e-3, "warmup": 200, "epochs": 20},
}


def main(again=False):
    torch.set_num_threads(2)
    ledger = Ledger("transformer_translation", again)
    ledger.once("before", before)
    for number in range(3):
        ledger.once(f"fine-tuned, seed {number}", functools.partial(tuned, number, examine=True))
        for name, settings in SHORT.items():
            ledger.once(f"short, {name}, seed {number}", functools.partial(tuned, number, epochs=1, share=2, **settings))
        for name, settings in SCRATCH.items() if number == 0 else ():
            ledger.once(name, functools.partial(tuned, 0, **settings))


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


def fresh(start, extra):
    """The trained model with rows for the new characters, or, at random, the same network or a small one."""
    if start != "trained":
        small = {"d": 128, "wide": 512, "heads": 4, "encoders": 2, "decoders": 1, "dropout": 0.3}
        model = Transformer(32000 + len(extra), **(small if start == "small" else {"dropout": 0.1}))
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1 and "embedding" not in name:
                torch.nn.init.xavier_uniform_(parameter)
        return model
    model = from_marian(weights())
    number = vocabulary().known.piece_to_id
    model.extend([[number(piece) for piece in LIKE[character]] for character in extra])
    return model


# -- training ---------------------------------------------------------------------------------------------------------------------------

PARTS = {  # what may move
    "everything": lambda name: True,
    "decoder and embeddings": lambda name: not name.startswith("encoder"),
    "encoder and embeddings": lambda name: not name.startswith("decoder"),
    "embeddings alone": lambda name: name.startswith("embedding"),
    "norms and biases alone": lambda name: "norm" in name or name.endswith("bias"),
}


def nh(text):
    """Spanish spelled as if by a Portuguese hand: ñ as nh, no signs before a question."""
    return text.replace("ñ", "nh").replace("Ñ", "Nh").replace("¿", "").replace("¡", "")


SHORT = {
    "everything": {"examine": True},
    "trimmed softmax": {"others": 0},
    "with Portuguese": {"old": 0.5, "examine": True},
    **{part: {"part": part} for part in PARTS if part != "everything"},
    "ñ unknown": {"extra": ""},
    "ñ as nh": {"spell": nh},
    "embeddings at a tenth": {"slow": 0.1},
    "no warm-up": {"warmup": 0},
    "no clipping": {"clip": None},
    "no label smoothing": {"smoothing": 0.0},
}


def tuned(number, *, epochs=EPOCHS, rate=RATE, start="trained", part="everything", extra=EXTRA, spell=str, old=0.0, slow=1.0,
          warmup=WARMUP, clip=1.0, smoothing=0.1, others=OTHERS, share=1, examine=False):  # fmt: skip
    """One training with the seed `number`, and what it gave.

    part: of PARTS. spell: what is done to the Spanish. old: Portuguese pairs for each Spanish one. slow: the table's share of the rate.
    others: pieces drawn at each step for all that no target holds; 0 leaves those out, of the training and then of the translations.
    share: 2 takes every second of the sentences.
    examine: also translate Portuguese, measure how far each part moved, and, for seed 0, keep the translations.
    """
    seed(number)
    pieces, parts = vocabulary(extra), spanish()
    encode = lambda texts: [pieces.encode(spell(text)) for text in texts]
    sources, targets = encode(parts.train.x[::share]), encode(parts.train.y[::share])
    if old:
        count = int(old * len(sources))
        sources, targets = sources + encode(portuguese()[0].x[:count]), targets + encode(portuguese()[0].y[:count])
    model = fresh(start, extra)
    used = torch.tensor(sorted({END, *(piece for row in targets for piece in row)}))
    if not others:
        model.restrict(used.tolist())
        loss = lambda model, x, y: model.loss(x, y, smoothing)
    else:
        loss = lambda model, x, y: model.sampled_loss(x, y, used, others, smoothing)
    at_first = {name: value.clone() for name, value in model.state_dict().items()}
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(PARTS[part](name))
    batches = SentencePairs(sources, targets, SIZE, number)
    total = epochs * len(batches)
    warmup = min(warmup, total // 3)
    optimizer = optim.Adam(groups(model, rate, slow), lr=rate, betas=(0.9, 0.98))
    record = fit(model, batches, loss, optimizer, epochs=epochs, clip=clip,
                 schedule=schedules.wsd(total, warmup, total - warmup), measure=validation(pieces, spell))
    translate = lambda part: translated(model, pieces, [spell(text) for text in part.x])
    found = translate(parts.test)
    result = {"record": record.as_dict(), "steps": total, "seconds": record.seconds, "joules": record.joules,
              "parameters": sum(p.numel() for p in model.parameters() if p.requires_grad), **scores(found, parts.test.y)}  # fmt: skip
    if epochs > 1:
        result["validation"] = scores(translate(parts.validation), parts.validation.y)
    if examine:
        result["Portuguese"] = scores(translate(portuguese()[1]), portuguese()[1].y)
        result["moved"] = moved(model, at_first)
        result["found"] = found if number == 0 and epochs == EPOCHS else None
    if not others:
        model.restrict(None)
        everywhere = translate(parts.test)
        result["over all pieces"] = scores(everywhere, parts.test.y) | {"found": everywhere[:40]}
    return result


def groups(model, rate, slow):
    """The parameters that move, in groups with their rates."""
    table = [p for name, p in model.named_parameters() if p.requires_grad and name.startswith("embedding")]
    others = [p for name, p in model.named_parameters() if p.requires_grad and not name.startswith("embedding")]
    return [{"params": group, "lr": lr} for group, lr in ((others, rate), (table, slow * rate)) if group]


def validation(pieces, spell=str):
    """measure(model) for `fit`: the loss per piece on validation sentences, over all pieces."""
    part = spanish().validation
    batches = SentencePairs([pieces.encode(spell(text)) for text in part.x], [pieces.encode(english) for english in part.y], 32)

    def measure(model):
        allowed, model.pieces = model.pieces, None
        bills = [(model.loss(x, y, smoothing=0.0).item(), (y != PAD).sum().item()) for x, y in batches.epoch(0)]
        model.pieces = allowed
        return {"validation loss": sum(loss * count for loss, count in bills) / sum(count for _, count in bills)}

    return measure


def moved(model, before):
    """{part: how far its weights went, as a share of their length}."""
    parts = {}
    for name, after in model.state_dict().items():
        part = ".".join(name.split(".")[:3]) if name.startswith(("encoder", "decoder")) else name
        parts.setdefault(part, []).append(((after - before[name]).norm() ** 2, before[name].norm() ** 2))
    return {part: (sum(a for a, _ in lengths) / sum(b for _, b in lengths)).sqrt().item() for part, lengths in parts.items()}


def before():
    """What the Portuguese model makes of Spanish, with the new rows and with ñ spelled nh, and of Portuguese."""
    pieces, parts, model = vocabulary(), spanish(), fresh("trained", EXTRA).eval()
    found = translated(model, pieces, parts.test.x)
    with torch.no_grad():
        loss = validation(pieces)(model)
    return {**loss, **scores(found, parts.test.y), "found": found, "pairs": [len(part) for part in parts],
            "as nh": scores(translated(model, pieces, [nh(text) for text in parts.test.x]), parts.test.y),
            "Portuguese": scores(translated(model, pieces, portuguese()[1].x), portuguese()[1].y)}  # fmt: skip
