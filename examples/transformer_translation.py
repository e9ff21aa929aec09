"""What chapter 27 reports: a Portuguese model learns Spanish, by fine-tuning, from scratch, in parts, and with its old data beside.

All trainings are on the help pages of GNOME 43.0, some first on those of its programs. Choices were made by the validation pages; the
test pages were translated at the end.
"""

import dataclasses
import functools

import torch

from examples.ledger import Ledger
from gdcore import device, optim, schedules, seed
from gdcore.data import help_pages, portuguese_to_english, program_pages, read_marian
from gdcore.data.parallel import PROGRAMS, near_copies
from gdcore.models.marian_weights import from_marian
from gdcore.models.transformer import END, PAD, Transformer
from gdcore.models.translation import Pieces, SentencePairs, scores, translated
from gdcore.training import InTurn, fit
from gdcore.training.weights import between, moved

EXTRA = "ñÑ¿¡"
LIKE = {"ñ": ("n", "nh"), "Ñ": ("N", "nh"), "¿": ("?",), "¡": ("!",)}  # what a new piece begins as the mean of
SIZE, BEAM, SHARE = 32, 4, 0.85  # sentences a batch; width of the search; of the way that the weights went, how much is kept
SHARES = (0.4, 0.55, 0.7, 0.85, 1.0)


def main(again=False):
    torch.set_num_threads(2)
    ledger = Ledger("transformer_translation", again)
    ledger.once("before", before)
    ledger.once("programs", neighbours)
    for number in range(3):
        ledger.once(f"fine-tuned, seed {number}", functools.partial(tuned, Recipe(), number))
        ledger.once(f"more, seed {number}", functools.partial(tuned, MORE, number))
    for name, recipe in WHOLE.items():
        for number in range(3):
            ledger.once(f"whole, {name}, seed {number}", functools.partial(greedy, recipe, number))
    for name, recipe in SHORT.items():
        for number in range(3):
            ledger.once(f"short, {name}, seed {number}", functools.partial(greedy, recipe, number))
    for name, recipe in TRAP.items():
        ledger.once(name, functools.partial(greedy, recipe, 0))
    for name, recipe in SCRATCH.items():
        ledger.once(name, functools.partial(scratch, recipe))
    for name, recipe in TRIALS.items():
        ledger.once(f"trial, {name}", functools.partial(trial, recipe))


# -- data and model ---------------------------------------------------------------------------------------------------------------------


@functools.cache
def spanish():
    return help_pages("es")


@functools.cache
def programs(most):
    return program_pages("es", spanish(), most=most)


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


def fresh(recipe):
    """The trained model with rows for the new characters, or, at random, the same network or a small one."""
    if recipe.start != "trained":
        small = {"d": 128, "wide": 512, "heads": 4, "encoders": 2, "decoders": 1}
        model = Transformer(32000 + len(recipe.extra), dropout=recipe.dropout, **(small if recipe.start == "small" else {}))
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1 and "embedding" not in name:
                torch.nn.init.xavier_uniform_(parameter)
        return model.to(device())
    model = from_marian(weights(), recipe.dropout)
    number = vocabulary().known.piece_to_id
    model.extend([[number(piece) for piece in LIKE[character]] for character in recipe.extra])
    return model.to(device())


# -- recipes ----------------------------------------------------------------------------------------------------------------------------

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


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One way to train; the defaults are the chapter's.

    part: of PARTS. spell: what is done to the Spanish. old: Portuguese pairs for each Spanish one. slow: the table's share of the rate.
    others: pieces drawn at each step for all that no target holds; 0 leaves those out, of the training and then of the translations.
    every: 2 takes every second of the sentences. more: the programs' help, sentences of at most so many words, comes once
    before the epochs, mixed with the pages.
    """

    epochs: int = 5
    rate: float = 4e-4
    warmup: int = 40
    clip: float | None = 1.0
    smoothing: float = 0.1
    others: int = 1000
    dropout: float = 0.0
    start: str = "trained"
    part: str = "everything"
    extra: str = EXTRA
    spell: callable = str
    old: float = 0.0
    slow: float = 1.0
    every: int = 1
    more: int = 0


MORE = Recipe(more=22, epochs=2)
TRIALS = {  # beside "fine-tuned, seed 0" and "more, seed 0", each of which stands in the middle of three
    **{f"rate {rate:g}": Recipe(rate=rate) for rate in (3e-4, 5e-4)},
    **{f"at most {words} words": Recipe(more=words, epochs=2) for words in (15, 30)},
}
WHOLE = {  # the chapter's recipe, with one change
    **{part: Recipe(part=part) for part in PARTS if part != "everything"},
    "no warm-up": Recipe(warmup=0),
    "no clipping": Recipe(clip=None),
    "no label smoothing": Recipe(smoothing=0.0),
    "dropout 0.1": Recipe(dropout=0.1),
}
QUICK = Recipe(epochs=1, every=2)
SHORT = {  # asked cheaply, in a tenth of the steps
    "everything": QUICK,
    "with Portuguese": dataclasses.replace(QUICK, old=0.5),
    "ñ unknown": dataclasses.replace(QUICK, extra=""),
    "ñ as nh": dataclasses.replace(QUICK, spell=nh),
    "table at a tenth of the rate": dataclasses.replace(QUICK, slow=0.1),
}
TRAP = {f"trimmed softmax, rate {rate:g}": Recipe(others=0, rate=rate) for rate in (4e-4, 1e-3)}
LARGE = Recipe(start="random", dropout=0.1, warmup=100)  # about the same minutes from random weights: the same network, and
SMALL = Recipe(start="small", dropout=0.3, warmup=200, epochs=20)  # a small one, that has time for more epochs
SCRATCH = {
    **{f"from scratch, rate {rate:g}": dataclasses.replace(LARGE, rate=rate) for rate in (5e-4, 1e-3)},
    **{f"from scratch, small, rate {rate:g}": dataclasses.replace(SMALL, rate=rate) for rate in (1e-3, 2e-3)},
    # with more sentences, at the better rate, for about as many steps
    "more, from scratch": dataclasses.replace(LARGE, rate=5e-4, more=30, epochs=2),
    "more, from scratch, small": dataclasses.replace(SMALL, rate=2e-3, more=30, epochs=16),
}

# -- training ---------------------------------------------------------------------------------------------------------------------------


def train(recipe, number):
    """(model, its weights at first, what to store) of one training with the seed `number`."""
    seed(number)
    pieces, parts = vocabulary(recipe.extra), spanish()
    encode = lambda texts: [pieces.encode(recipe.spell(text)) for text in texts]
    sources, targets = encode(parts.train.x[:: recipe.every]), encode(parts.train.y[:: recipe.every])
    if recipe.old:
        count = int(recipe.old * len(sources))
        sources, targets = sources + encode(portuguese()[0].x[:count]), targets + encode(portuguese()[0].y[:count])
    more = [encode(side) for side in (programs(recipe.more).x, programs(recipe.more).y)] if recipe.more else ([], [])
    model = fresh(recipe)
    used = torch.tensor(sorted({END, *(piece for row in targets + more[1] for piece in row)}), device=device())
    if recipe.others:
        loss = lambda model, x, y: model.sampled_loss(x, y, used, recipe.others, recipe.smoothing)
    else:
        model.restrict(used.tolist())
        loss = lambda model, x, y: model.loss(x, y, recipe.smoothing)
    at_first = {name: value.clone() for name, value in model.state_dict().items()}
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(PARTS[recipe.part](name))
    pairs = functools.partial(SentencePairs, size=SIZE, seed=number, device=device())
    batches = InTurn(*[pairs(sources, targets)] * recipe.epochs)
    if recipe.more:
        batches = InTurn(pairs(sources + more[0], targets + more[1]), *batches.parts)
    warmup = min(recipe.warmup, len(batches) // 3)
    optimizer = optim.Adam(groups(model, recipe), lr=recipe.rate, betas=(0.9, 0.98), compile=True)
    record = fit(model, batches, loss, optimizer, epochs=1, every=len(sources) // SIZE, clip=recipe.clip,
                 schedule=schedules.wsd(len(batches), warmup, len(batches) - warmup), measure=validation(pieces, recipe.spell))
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return model, at_first, {"record": record.as_dict(), "steps": len(batches), "seconds": record.seconds, "joules": record.joules,
                             "parameters": count}  # fmt: skip


def tuned(recipe, number):
    """One of the chapter's recipes, and what becomes of the translations on the way back to the start. For seed 0 they are kept."""
    pieces = vocabulary()
    model, start, result = train(recipe, number)
    end = {name: value.clone() for name, value in model.state_dict().items()}
    result["moved"] = moved(start, end, layer)
    result["shares"] = {}
    for share in SHARES if number == 0 else (SHARE, 1.0):
        model.load_state_dict(between(start, end, share))
        result["shares"][str(share)] = judged(model, pieces)
    model.load_state_dict(between(start, end, SHARE))
    loose = help_pages("es", copies=True).test  # what the score would be if near copies had been left in
    result["with near copies"] = scores(translated(model, pieces, loose.x, width=BEAM), loose.y) | {"sentences": len(loose)}
    found = translated(model, pieces, spanish().test.x, width=BEAM)
    return result | scores(found, spanish().test.y) | {"found": found if number == 0 else None}


def judged(model, pieces):
    """Greedy translations of the validation and the test pages, and of the test pages in Portuguese."""
    parts, old = spanish(), portuguese()[1]
    return {name: scores(translated(model, pieces, part.x), part.y)
            for name, part in {"validation": parts.validation, "test": parts.test, "Portuguese": old}.items()}  # fmt: skip


def greedy(recipe, number):
    """A training, and greedy translations of the test pages and of Portuguese; of a trimmed softmax also over all pieces."""
    pieces, (test, old) = vocabulary(recipe.extra), (spanish().test, portuguese()[1])
    model, _, result = train(recipe, number)
    found = translated(model, pieces, [recipe.spell(text) for text in test.x])
    result |= scores(found, test.y)
    result["Portuguese"] = scores(translated(model, pieces, old.x), old.y)
    if not recipe.others:
        model.restrict(None)
        found = translated(model, pieces, test.x)
        result["over all pieces"] = scores(found, test.y) | {"found": found[:40]}
    return result


def trial(recipe):
    """A training with seed 0 and its greedy translations of the validation pages alone."""
    pieces, part = vocabulary(), spanish().validation
    model, _, result = train(recipe, 0)
    return result | {"validation": scores(translated(model, pieces, part.x), part.y)}


def scratch(recipe):
    """A training from random weights, with the same search at the end; the rate is chosen by the validation pages."""
    pieces, parts = vocabulary(), spanish()
    model, _, result = train(recipe, 0)
    score = lambda part: scores(translated(model, pieces, part.x, width=BEAM), part.y)
    return result | score(parts.test) | {"validation": score(parts.validation)}


def layer(name):
    """With which part of the network a weight is counted."""
    return ".".join(name.split(".")[:3]) if name.startswith(("encoder", "decoder")) else name


def groups(model, recipe):
    """The parameters that move, in groups with their rates."""
    table = [p for name, p in model.named_parameters() if p.requires_grad and name.startswith("embedding")]
    others = [p for name, p in model.named_parameters() if p.requires_grad and not name.startswith("embedding")]
    return [{"params": group, "lr": lr} for group, lr in ((others, recipe.rate), (table, recipe.slow * recipe.rate)) if group]


def validation(pieces, spell=str):
    """measure(model) for `fit`: the loss per piece on validation sentences, over all pieces."""
    part = spanish().validation
    sources, targets = [pieces.encode(spell(text)) for text in part.x], [pieces.encode(english) for english in part.y]
    batches = SentencePairs(sources, targets, SIZE, device=device())

    def measure(model):
        allowed, model.pieces = model.pieces, None
        bills = [(model.loss(x, y, smoothing=0.0).item(), (y != PAD).sum().item()) for x, y in batches.epoch(0)]
        model.pieces = allowed
        return {"validation loss": sum(loss * count for loss, count in bills) / sum(count for _, count in bills)}

    return measure


def neighbours():
    """How much the help of the programs holds, and what."""
    found = programs(MORE.more)
    return {"programs": len(PROGRAMS), "sentences": len(found), "first": list(zip(found.x, found.y))[:3]}


def before():
    """What the Portuguese model makes of Spanish, with the new rows and with ñ spelled nh, and of Portuguese."""
    pieces, parts, model = vocabulary(), spanish(), fresh(Recipe()).eval()
    found = translated(model, pieces, parts.test.x, width=BEAM)
    with torch.no_grad():
        loss = validation(pieces)(model)
    spelled = scores(translated(model, pieces, [nh(text) for text in parts.test.x]), parts.test.y)
    return {**loss, **scores(found, parts.test.y), "found": found, **judged(model, pieces), "as nh": spelled,
            "pairs": [len(part) for part in parts]}  # fmt: skip
