"""The questions of chapter 16 on memory: blocks of bytes, eight numbers, rounding by chance, a batch in parts (16.1 to 16.4)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 16.1 -----------------------------------------------------------------------------------------------------------------------


def block_cases(rng):
    def case(name, n, block, spread=1.0, zeros=()):
        a = rng.normal(size=n) * np.exp(spread * rng.normal(size=n))
        for k in zeros:
            a[k * block : (k + 1) * block] = 0.0
        return Case(name, {"a": np.round(a, 4), "block": block})

    yield case("two blocks of four", 8, 4)
    yield case("the last block is shorter", 9, 4)
    yield case("a block of zeros", 12, 4, zeros=(1,))
    yield case("large and small blocks side by side", 16, 8, spread=2.5)
    yield case("one block for all", 6, 8)


def blocked(a, block, levels=127, whole=np.round, scale=lambda part: np.abs(part).max(), one=False, drop=False, sign=True, empty=0.0,
            back=True, shift=0):
    """Codes and back, block by block; each argument after `block` is a fault."""
    out, n = np.zeros(len(a)), len(a) - (len(a) % block if drop else 0)
    for k in range(0, n, block):
        part = a[k : k + block]
        s = scale(a if one else part)
        codes = whole(levels * (part if sign else np.abs(part)) / s) if s else np.full(len(part), empty)
        out[k : k + block] = codes * s / (levels + shift) if back and s else codes
    return out


def by(**faults):
    return lambda a, block: blocked(a, block, **faults)


def evenly(a, block, up=True):
    return np.array_split(np.array(a), max(1, -(-len(a) // block) if up else len(a) // block))


def powered(a, block):
    out = np.array(a, dtype=float)
    for k in range(0, len(out), block):
        part = out[k : k + block]
        s = max(np.abs(part).max(), 1e-300)
        out[k : k + block] = s * np.sign(part) * (np.round(127 * (np.abs(part) / s) ** 0.25) / 127) ** 4
    return out


blocks = Question(
    "16.1", "Blocks of bytes", "function", points=3, difficulty=2, minutes=12, name="there_and_back",
    objectives=("keep numbers in bytes with a size for each block", "bound the error that a code makes"),
    draw=block_cases, oracle=by(),
    mistakes=(
        Mistake("One size for all blocks: small numbers far from the large ones are lost with them.", "Take the largest of the block.",
                by(one=True)),
        Mistake("Your codes are cut off towards zero, not rounded to the nearest. The error doubles.", "np.round.", by(whole=np.trunc)),
        Mistake("Your codes are rounded down. The error doubles, and the mean is off.", "np.round.", by(whole=np.floor)),
        Mistake("The signs are lost.", "The codes go from −127 to 127.", by(sign=False)),
        Mistake("A block of zeros divides by zero.", "Where the largest is 0, all of the block are 0.", by(empty=np.nan)),
        Mistake("You use 128 levels: the largest entry would need the code 128, which a signed byte has not.", "127 of each sign.",
                by(levels=128)),
        Mistake("You use 255 levels of each sign: that takes nine bits.", "127 of each sign.", by(levels=255)),
        Mistake("On the way there are 127 levels, on the way back 128.", "The same number both ways.", by(shift=1)),
        Mistake("You round to whole multiples of the size without the 127 levels: only −s, 0 and s are left.",
                "127 · a/s, rounded, times s/127.", by(levels=1)),
        Mistake("The last block, which is shorter, is lost.", "A slice may be shorter than `block`.", by(drop=True)),
        Mistake("The last block, which is shorter, stays as it was.", "It has a size of its own.",
                lambda a, block: np.where(np.arange(len(a)) < len(a) // block * block, blocked(a, block), a)),
        Mistake("You took `block` for the number of blocks.", "Each has `block` entries.",
                lambda a, block: blocked(a, max(1, -(-len(a) // block)))),
        Mistake("This is the chapter's code, with the fourth power. Here a code q stands for sq/127.", "No power.", powered),
        Mistake("Your codes are rounded up.", "np.round.", by(whole=np.ceil)),
        Mistake("The size of a block is its range, from the smallest to the largest entry.", "The largest |a|.", by(scale=np.ptp)),
        Mistake("The size of a block is its standard deviation: the largest entries then need codes above 127.", "The largest |a|.",
                by(scale=np.std)),
        Mistake("You share the numbers out in even blocks, as np.array_split does. Asked are blocks of `block`, and a shorter last one.",
                "Slices from k to k + block.", lambda a, block: np.concatenate([blocked(part, len(part)) for part in evenly(a, block)])),
        Mistake("You share the numbers out in len(a) // block parts: where it does not come out even, they are too long.",
                "Slices from k to k + block.",
                lambda a, block: np.concatenate([blocked(part, len(part)) for part in evenly(a, block, up=False)])),
        Mistake("You return the codes. Asked is what comes back from them.", "Times s/127.", by(back=False)),
        Mistake("You return codes/127. The size of the block is missing on the way back.", "Times s/127.",
                by(whole=lambda codes: np.round(codes) / 127, back=False)),
        Mistake("The size of a block is its largest entry with its sign. The largest of a negative block is its smallest in size.",
                "np.abs first.", by(scale=np.max)),
        Mistake("The size of a block is its root mean square: the largest entries then need codes above 127.", "The largest |a|.",
                by(scale=lambda part: np.sqrt(np.mean(part**2)))),
        Mistake("You return the numbers as they are.", "They must pass through 255 codes.", lambda a, block: np.array(a)),
    ),
    success="Within a block no entry is off by more than s/254: half of the distance of two codes. A far outlier harms its own block only.",
    onwards="how large is the error relative to an entry of s/1000? And with the chapter's fourth power?")

# -- 16.2 -----------------------------------------------------------------------------------------------------------------------

eight_numbers = Question(
    "16.2", "Eight numbers before you buy", "predict", points=4, difficulty=2, minutes=15, name="predicted",
    objectives=("count the bytes of a training before it runs", "predict what checkpointing and larger batches bring"),
    draw=items("Adam", "momentum", "8-bit", "Adafactor", "checkpoint", "batch", "lost", "steps"), rtol=1e-2,
    oracle={"Adam": 48, "momentum": 36, "8-bit": 30.09, "Adafactor": 16.384, "checkpoint": 12, "batch": 2048, "lost": 2**-7, "steps": 300},
    mistakes=(
        Mistake("For `Adam` either you forgot the gradients, or you counted one average; Adam keeps two.",
                "Weights, gradients, and two averages.", {"Adam": 36}),
        Mistake("For `Adam` either these are the weights alone, or you counted numbers, not bytes.",
                "Four numbers a weight, four bytes each.", {"Adam": 12}),
        Mistake("For `Adam` either you counted the optimizer's memory alone, or you left it out.",
                "Weights, gradients, and two averages.", {"Adam": 24}),
        Mistake("For `Adam` you counted the bytes of one weight.", "Three billion of them.", {"Adam": 16}),
        Mistake("For `Adam` you counted eight bytes for a number.", "A number in float32 has four bytes.", {"Adam": 96}),
        Mistake("For `momentum` either you forgot the copy in four bytes, or you forgot the velocity.", "2 + 2 + 4 + 4.",
                {"momentum": 24}),
        Mistake("For `momentum` you counted Adam's two averages.", "Momentum keeps one number.", {"momentum": 48}),
        Mistake("For `momentum` you have three numbers of two bytes.", "The copy and the velocity have four.", {"momentum": 18}),
        Mistake("For `momentum` the velocity has two bytes. It belongs to the step, which is taken in four.", "2 + 2 + 4 + 4.",
                {"momentum": 30}),
        Mistake("For `momentum` this is one weight.", "Three billion of them.", {"momentum": 12}),
        Mistake("For `8-bit` you forgot the copy in four bytes.", "2 + 2 + 4 and the memory.", {"8-bit": 18.09}),
        Mistake("For `8-bit` the two averages are missing.", "2 + 2 + 4 and the memory.", {"8-bit": 24}),
        Mistake("For `8-bit` you counted one average.", "Two, of a byte each.", {"8-bit": 27.05}),
        Mistake("For `8-bit` this is Adam's number: its averages have one byte each now.", "8 bytes become a little more than 2.",
                {"8-bit": 48}),
        Mistake("For `8-bit` weights and gradients have four bytes. In mixed precision they have two, and a copy.", "2 + 2 + 4.",
                {"8-bit": 36.09}),
        Mistake("For `8-bit` this is one weight.", "Three billion of them.", {"8-bit": 10.03}),
        Mistake("For `Adafactor` you kept the whole matrix.", "A number for each row and one for each column.",
                {"Adafactor": 4 * 3072 * 1024 / 1e3}),
        Mistake("For `Adafactor` either you counted numbers, not bytes, or the rows are missing.",
                "Rows and columns, four bytes each.", {"Adafactor": 4.096}),
        Mistake("For `Adafactor` this is the whole matrix, in megabytes.", "A number for each row and one for each column.",
                {"Adafactor": 4 * 3072 * 1024 / 1e6}),
        Mistake("For `Adafactor` you counted two bytes a number.", "They are kept in four.", {"Adafactor": 8.192}),
        Mistake("For `Adafactor` you counted two averages, or eight bytes a number.", "Only v is kept, in four bytes.",
                {"Adafactor": 32.768}),
        Mistake("For `Adafactor` you counted bytes.", "A kilobyte is 1000 of them.", {"Adafactor": 16384}),
        Mistake("For `Adafactor` you divided by 1024. Asked are kilobytes of 10³ bytes.", "A kilobyte is 1000 of them.", {"Adafactor": 16}),
        Mistake("For `Adafactor` the columns are missing.", "Rows and columns.", {"Adafactor": 12.288}),
        Mistake("For `checkpoint` this is the number of segments. The layers of the segment at work come on top.", "s + D/s.",
                {"checkpoint": 6}),
        Mistake("For `checkpoint` this is the plain training.", "Where is s + D/s least?", {"checkpoint": 37}),
        Mistake("For `checkpoint` you cut each layer off by itself, or counted the layers.", "Where is s + D/s least?",
                {"checkpoint": 36}),
        Mistake("For `checkpoint` you counted one unit too much. By the formula the inputs kept are as many as the segments.", "s + D/s.",
                {"checkpoint": 13}),
        Mistake("For `checkpoint` either you kept one input, or one layer is alive: both s and D/s count.", "s + D/s.", {"checkpoint": 7}),
        Mistake("For `checkpoint` this is half the layers.", "Where is s + D/s least?", {"checkpoint": 18}),
        Mistake("For `checkpoint` you cut in two.", "Where is s + D/s least?", {"checkpoint": 20}),
        Mistake("For `batch` you counted the weights alone.", "Adam's 16 bytes a weight against 4 bytes an activation.", {"batch": 512}),
        Mistake("For `batch` your quotient is upside down: the batch grows with the width.", "16 n² D against 4 B n D.", {"batch": 128}),
        Mistake("For `batch` either an activation has two bytes with you, or you counted 32 bytes a weight.",
                "16 bytes a weight, 4 an activation.", {"batch": 4096}),
        Mistake("For `batch` you left the gradients out.", "16 bytes a weight: weights, gradients, two averages.", {"batch": 1536}),
        Mistake("For `batch` either you left Adam's memory out, or you counted its memory alone.", "16 bytes a weight.", {"batch": 1024}),
        Mistake("For `batch` an activation has four bytes, too.", "16 n² D against 4 B n D.", {"batch": 8192}),
        Mistake("For `lost` this is the distance of two neighbours. What is below half of it is lost.", "Half of 2⁻⁶.", {"lost": 2**-6}),
        Mistake("For `lost` you took the neighbours of 1. Between 2 and 4 they are twice as far apart.", "Half of 2⁻⁶.", {"lost": 2**-8}),
        Mistake("For `lost` you took 2⁻⁹, or the neighbours below 1.", "Between 2 and 4 neighbours are 2⁻⁶ apart.", {"lost": 2**-9}),
        Mistake("For `lost` you took 3 · 2⁻⁹. That bound is for all weights; at 3 the neighbours are known.", "Half of 2⁻⁶.",
                {"lost": 3 * 2**-9}),
        Mistake("For `lost` you took 3 · 2⁻⁸. Neighbours are equally far apart from 2 to 4.", "Half of 2⁻⁶.", {"lost": 3 * 2**-8}),
        Mistake("For `lost` you counted float32's digits.", "bfloat16 has seven bits of fraction.", {"lost": 2**-23}),
        Mistake("For `steps` you divided by six, as far below the critical batch.", "S_min first: 800 = S_min (1 + 300/100).",
                {"steps": 800 / 6}),
        Mistake("For `steps` these are the fewest possible, of a batch without noise.", "Times 1 + 300/600.", {"steps": 200}),
        Mistake("For `steps` you took the square root, which is a rule for rates.", "S_min (1 + 300/B).", {"steps": 800 / 6**0.5}),
        Mistake("For `steps` you took the critical batch for the fewest steps.", "800 = S_min (1 + 300/100).", {"steps": 450}),
        Mistake("For `steps` you turned the quotient round.", "1 + 𝓑/B, with B = 600: 1 + 300/600.", {"steps": 600}),
        Mistake("For `steps` nothing is saved.", "600 is twice the critical batch: S_min is near.", {"steps": 800}),
        Mistake("For `steps` you took 800 for the fewest steps.", "800 = S_min (1 + 300/100).", {"steps": 1200}),
        Mistake("For `steps` these are the steps at the critical batch.", "B = 600: S_min (1 + 300/600).", {"steps": 400}),
    ),
    success="16 bytes a weight, 12 with momentum, 10 with bytes; 2√D units; 4n; half a neighbour's distance; S_min (1 + 𝓑/B).",
    onwards="your own card and your own model: what is the largest model that Adam can train on it, and with which batch?")

# -- 16.3 -----------------------------------------------------------------------------------------------------------------------


def chance_cases(rng):
    def case(name, step, centre, n=200):
        return mixed(name, np.round(centre + 0.9 * step * rng.uniform(-1, 1, 4), 6), step, n)

    def mixed(name, x, step, n):  # each number with all the u there are; what ignores u, and counts on its place, is off
        u = np.tile(np.round((np.arange(n) + 0.5) / n, 6), len(x))
        order = rng.permutation(len(u))
        return Case(name, {"x": np.repeat(x, n)[order], "step": step, "u": u[order]})

    yield case("between 0 and 1", 1.0, 0.5)
    yield case("a fine grid", 0.125, 3.0)
    yield case("below zero", 0.5, -4.1)
    yield case("a coarse grid", 10.0, 23.0)
    yield mixed("numbers on the grid", 0.25 * rng.integers(-9, 9, 4), 0.25, 200)


def right_on_average(value, inputs, hidden):
    x, step = np.array(inputs["x"], dtype=float), inputs["step"]
    found = np.array(value, dtype=float)
    if found.shape != x.shape or not np.isfinite(found).all():
        return f"Give an array of {len(x)} finite numbers."
    k = found / step
    if np.abs(k - np.round(k)).max() > 1e-6:
        return f"{found[np.abs(k - np.round(k)).argmax()]:.6g} is no multiple of {step:g}."
    far = np.abs(found - x).argmax()
    if abs(found[far] - x[far]) > step * (1 - 1e-9):
        return f"{x[far]:.6g} became {found[far]:.6g}, which is not one of its two neighbours."
    truths = np.unique(x)
    means = np.array([found[x == truth].mean() for truth in truths])
    off = np.abs(means - truths)
    worst = off.argmax()
    if off[worst] > 1.01 * step / 200:
        return f"The mean of 200 roundings of {truths[worst]:.6g} is {means[worst]:.6g}."
    u, up = np.array(inputs["u"]), found > x + 1e-9 * step
    for truth in truths:
        high, rest = u[(x == truth) & up], u[(x == truth) & ~up]
        if len(high) and len(rest) and max(high.min(), rest.min()) < min(high.max(), rest.max()):
            return f"The mean is right, but equal u do not decide alike: of the entries {truth:.6g} both small and large u go up."
    return ""


def low(x, step):
    return np.floor(np.array(x) / step)


def part(x, step):
    return np.array(x) / step - low(x, step)


by_chance = Question(
    "16.3", "Up or down by chance", "function", points=3, difficulty=2, minutes=10, name="rounded",
    objectives=("round so that the mean is right", "use one random number for one decision"),
    draw=chance_cases, proof=right_on_average,
    mistakes=(
        Mistake("You round to the nearest: u has no say, and the mean is off.", "With which chance must x go up?",
                lambda x, step, u: step * np.round(np.array(x) / step)),
        Mistake("You go up and down with equal chance. What lies near a neighbour must go there more often.",
                "The chance is the share of the way.", lambda x, step, u: step * (low(x, step) + (u < 0.5))),
        Mistake("Your chances are turned round: what lies near the upper neighbour goes down.",
                "Up with the chance x/step − floor(x/step).",
                lambda x, step, u: step * (low(x, step) + (u > part(x, step)))),
        Mistake("You add noise of a whole step and round to the nearest: then a number moves by half a step upwards on average.",
                "Noise from −½ to ½ and the nearest, or from 0 to 1 and down.",
                lambda x, step, u: step * np.round(np.array(x) / step + u)),
        Mistake("You cut towards zero. Below zero the way down is the other one.", "np.floor.",
                lambda x, step, u: step * np.trunc(np.array(x) / step + u)),
        Mistake("You always go down.", "With which chance must x go up?", lambda x, step, u: step * low(x, step)),
        Mistake("You always go up.", "With which chance must x go down?", lambda x, step, u: step * np.ceil(np.array(x) / step)),
        Mistake("You return the number of the grid point. Times the step it is the point.", "Times step.",
                lambda x, step, u: low(x, step) + (u < part(x, step))),
        Mistake("You return the number of the grid point, not the point.", "Times step.",
                lambda x, step, u: np.floor(np.array(x) / step + u)),
        Mistake("All entries share one random number. They go up together.", "u has one for each entry.",
                lambda x, step, u: step * np.floor(np.array(x) / step + np.ravel(u)[0])),
        Mistake("You round up after adding u: then a number moves by half a step to a whole one upwards.", "np.floor.",
                lambda x, step, u: step * np.ceil(np.array(x) / step + u)),
        Mistake("You cut towards zero and go up from there. Below zero you begin at the upper neighbour.", "np.floor.",
                lambda x, step, u: step * (np.trunc(np.array(x) / step) + (u < np.abs(np.fmod(x, step)) / step))),
        Mistake("Up and down have equal chances. What lies near a neighbour must go there more often.",
                "The chance is the share of the way.", lambda x, step, u: step * (low(x, step) + (u > 0.5))),
        Mistake("Your chance is the distance to the grid point below, without its unit.", "Divide by the step.",
                lambda x, step, u: step * (low(x, step) + (u > 1 - (np.array(x) - step * low(x, step))))),
        Mistake("Your grid has the distance 1, whatever the step.", "Divide by the step first.",
                lambda x, step, u: np.floor(np.array(x) + u)),
        Mistake("You add the random number without its unit: u is a share of a step.", "x/step + u.",
                lambda x, step, u: step * np.floor((np.array(x) + u) / step)),
        Mistake("You add noise and stay off the grid.", "np.floor.", lambda x, step, u: np.array(x) + step * (u - 0.5)),
        Mistake("Your chance to go up is the distance to the point below, without its unit.", "Divide by the step.",
                lambda x, step, u: step * (low(x, step) + (u < np.array(x) - step * low(x, step)))),
    ),
    success="floor(x/step + u) carries over with just the chance that makes the mean x.",
    onwards="which spread has the result? Show that it is largest half way, and that 1,000 steps of it add √1000 times as much.")

# -- 16.4 -----------------------------------------------------------------------------------------------------------------------


def parts_cases(rng):
    def case(name, n, d, lr, steps, part, limit, decay, size=1.0):
        A = np.round(rng.normal(size=(n, d)), 2)
        y = np.round(size * (A @ rng.normal(size=d) + 0.3 * rng.normal(size=n)), 2)
        return Case(name, {"A": A, "y": y, "lr": lr, "steps": steps, "part": part, "limit": limit, "decay": decay})

    yield case("equal parts", 12, 3, 0.2, 6, 4, 1.0, 0.9)
    yield case("the last part is smaller", 10, 3, 0.15, 6, 4, 1.5, 0.8)
    yield case("no clipping", 11, 2, 0.1, 5, 3, 1e6, 0.9)
    yield case("a constant rate", 13, 4, 0.1, 5, 5, 0.8, 1.0)
    yield case("one part", 8, 2, 0.1, 5, 8, 1.0, 0.7, size=2.0)
    yield case("parts of one", 7, 2, 0.1, 5, 1, 1.2, 0.9)


def in_parts(A, y, lr, steps, part, limit, decay, weights="examples", clip="whole", schedule="step", early=False, late=False, last=False,
             half=False, sums=False, down=-1.0, kept=False):
    """Losses of a descent whose gradients come in parts; each argument after `decay` is a fault."""
    w, losses, count = np.zeros(A.shape[1]), [np.mean(y**2)], -(-len(y) // part)
    total = np.zeros_like(w)
    for _ in range(steps):
        total = total if kept else np.zeros_like(w)
        for k in range(0, len(y), part):
            a, b = A[k : k + part], y[k : k + part]
            g = (1 if half else 2) * a.T @ (a @ w - b)
            if clip == "alone":  # its share of the whole
                g = g * min(1, limit * len(y) / max(np.linalg.norm(g), 1e-12))
            if clip == "part":  # the mean of the part, as the given code has it
                g = g * min(1, limit * len(b) / max(np.linalg.norm(g), 1e-12))
            share = {"examples": 1 / len(y), "parts": 1 / len(b) / count, "none": 1 / len(b), "full": 1 / part / count, "sum": 1,
                     "twice": 1 / len(y) / count}[weights]
            total = g * share if last else total + g * share
            if clip == "running":
                total = total * min(1, limit / max(np.linalg.norm(total), 1e-12))
            lr = lr * decay if schedule == "part" else lr
        if clip == "whole":
            total = total * min(1, limit / max(np.linalg.norm(total), 1e-12))
        if clip == "always":
            total = total * limit / max(np.linalg.norm(total), 1e-12)
        if clip == "entries":
            total = np.clip(total, -limit, limit)
        lr = lr * decay if early else lr
        w = w + down * lr * total
        lr = lr * decay if schedule == "step" and not early else lr
        losses.append(np.sum((A @ w - y) ** 2) if sums else np.mean((A @ w - y) ** 2))
    return np.array(losses)


def faulty(**faults):
    return lambda A, y, lr, steps, part, limit, decay: in_parts(A, y, lr, steps, part, limit, decay, **faults)


accumulation = Question(
    "16.4", "One batch in parts, three faults", "bug", points=3, difficulty=2, minutes=15, name="train",
    objectives=("find faults in a training that accumulates", "say what belongs to a part and what to a step"),
    draw=parts_cases, oracle=faulty(),
    mistakes=(
        Mistake("These are the losses of the code as it was given, with its three faults.",
                "What does each part weigh? What is clipped, and how often does the rate fall?",
                faulty(weights="parts", clip="part", schedule="part")),
        Mistake("One fault is found, the weight of a part. Two are left.", "Look at the clipping and at the rate.",
                faulty(clip="part", schedule="part")),
        Mistake("One fault is found, the clipping. Two are left.", "Look at the weight of a part and at the rate.",
                faulty(weights="parts", schedule="part")),
        Mistake("One fault is found, the rate. Two are left.", "Look at the weight of a part and at the clipping.",
                faulty(weights="parts", clip="part")),
        Mistake("Two faults are found. A smaller last part still weighs as much as the others.", "Divide its sum by len(y).",
                faulty(weights="parts")),
        Mistake("Two faults are found. Each part is still clipped by itself.", "Clip the sum, once a step.", faulty(clip="part")),
        Mistake("Two faults are found. Each part is still clipped by itself, as its share of the whole.", "Clip the sum, once a step.",
                faulty(clip="alone")),
        Mistake("One fault is found, the weight of a part. The rate still falls with every part, and each part is clipped by itself.",
                "Two lines belong to the step.", faulty(clip="alone", schedule="part")),
        Mistake("The sum is clipped after every part. It is whole only after the last.", "Clip once a step.", faulty(clip="running")),
        Mistake("You always scale to `limit`. A shorter gradient stays as it is.", "Only where the length is above the limit.",
                faulty(clip="always")),
        Mistake("You clip each entry. Asked is the length of the whole gradient.", "np.linalg.norm.", faulty(clip="entries")),
        Mistake("The gradient is a sum over all examples, not divided by their number.", "Divide by len(y).", faulty(weights="sum")),
        Mistake("The gradient is divided twice: by the examples and by the parts.", "len(y) is enough.", faulty(weights="twice")),
        Mistake("The rate falls before the first step, and a smaller last part still weighs as much as the others.",
                "Divide by len(y), and let the rate fall after the step.", faulty(weights="parts", early=True)),
        Mistake("The rate falls before the first step, and each part is still clipped by itself.",
                "Clip the sum, and let the rate fall after the step.", faulty(clip="part", early=True)),
        Mistake("The first loss is missing, that of w = 0.", "steps + 1 losses.", lambda *inputs: in_parts(*inputs)[1:]),
        Mistake("Two faults are found. The rate still falls with every part.", "Once a step, after it.", faulty(schedule="part")),
        Mistake("The parts are not divided at all: the gradient is as many times too long as there are parts.", "Divide by len(y).",
                faulty(weights="none")),
        Mistake("The clipping is gone.", "Clip the sum, once a step.", faulty(clip="none")),
        Mistake("The rate does not fall any more.", "lr · decay after each step.", faulty(schedule="none")),
        Mistake("The rate falls before the first step. That one has the rate lr.", "Let it fall after the step.", faulty(early=True)),
        Mistake("Only the last part's gradient is used.", "Add them up.", faulty(last=True)),
        Mistake("The sum is never set back to zero: each step takes the gradients of all steps before.", "A new zero for each step.",
                faulty(kept=True)),
        Mistake("You divide by part · parts. With a smaller last part that is more than there are examples.", "Divide by len(y).",
                faulty(weights="full")),
        Mistake("The training climbs: the sign is wrong.", "w minus the step.", faulty(down=1.0)),
        Mistake("The 2 of the gradient is lost.", "The slope of a square is twice the error.", faulty(half=True)),
        Mistake("Your losses are sums.", "np.mean.", faulty(sums=True)),
    ),
    success="A part has its sum, divided by all examples. Clipping and the rate belong to the step, since they see the whole batch.",
    onwards="with Adam in place of descent: which of the three faults would hardly show?")

QUESTIONS = (blocks, eight_numbers, by_chance, accumulation)
