"""The questions of chapter 13, on tools: settings of three libraries, momentum and Adam as they write them (13.1 to 13.3)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 13.1 -----------------------------------------------------------------------------------------------------------------------

EPS = 1e-7 / 0.001**0.5  # Keras's ε at the first step, in the form of the paper

settings = Question(
    "13.1", "Six numbers in three libraries", "predict", points=3, difficulty=2, minutes=10, name="predicted",
    objectives=("predict a step from the settings of a library", "tell two forms of one rule apart by numbers"),
    draw=items("RMSprop, PyTorch", "RMSprop, Keras", "momentum, PyTorch", "momentum, Keras", "Adam, Keras", "clipnorm"), rtol=1e-2,
    oracle={"RMSprop, PyTorch": -0.01, "RMSprop, Keras": -0.00316228, "momentum, PyTorch": -0.119, "momentum, Keras": -0.2,
            "Adam, Keras": -1e-3 * 3e-6 / (3e-6 + EPS), "clipnorm": 1.118034},
    mistakes=(
        Mistake("For `RMSprop, PyTorch` either you took a corrected step, as Adam's first is, or you weighed g² with α in place of 1 − α.",
                "v is 0.01 g² after one gradient.", {"RMSprop, PyTorch": -0.001}),
        Mistake("For `RMSprop, PyTorch` you took α = 0.9, which is Keras's.", "PyTorch has 0.99.", {"RMSprop, PyTorch": -0.00316228}),
        Mistake("For `RMSprop, PyTorch` the sign is wrong.", "Down: against the gradient.", {"RMSprop, PyTorch": 0.01}),
        Mistake("For `RMSprop, PyTorch` nothing is divided: this is the step of plain descent.",
                "The divisor is √v = 0.1 |g|.", {"RMSprop, PyTorch": -0.004}),
        Mistake("For `RMSprop, PyTorch` the root is missing: you divide by v.", "The divisor is √v = 0.1 |g|.",
                {"RMSprop, PyTorch": -0.025}),
        Mistake("For `RMSprop, Keras` the root is missing: you divide by v.", "The divisor is √v = 0.316 |g|.",
                {"RMSprop, Keras": -0.0025}),
        Mistake("For `RMSprop, Keras` you took a step of one rate, as Adam's first is. RMSprop has no correction.",
                "v is 0.1 g² after one gradient.", {"RMSprop, Keras": -0.001}),
        Mistake("For `RMSprop, Keras` either you took α = 0.99, which is PyTorch's, or divided by 0.1 |g|, without its root.",
                "√0.1 is 0.316.",
                {"RMSprop, Keras": -0.01}),
        Mistake("For `RMSprop, Keras` the sign is wrong.", "Down: against the gradient.", {"RMSprop, Keras": 0.00316228}),
        Mistake("For `RMSprop, Keras` you weighed g² with ρ in place of 1 − ρ.", "v = ρ · 0 + (1 − ρ) g².",
                {"RMSprop, Keras": -0.001 / 0.9**0.5}),
        Mistake("For `momentum, PyTorch` you took the form with the rate inside.", "w₂ = −0.1 − 0.01 (0.9 + 1).",
                {"momentum, PyTorch": -0.2}),
        Mistake("For `momentum, PyTorch` the rate was never cut.", "The second step has the rate 0.01.", {"momentum, PyTorch": -0.29}),
        Mistake("For `momentum, PyTorch` the momentum is forgotten: b₂ is 0.9 b₁ + 1.", "w₂ = −0.1 − 0.01 b₂.",
                {"momentum, PyTorch": -0.11}),
        Mistake("For `momentum, PyTorch` this is the second step alone; asked is where w is.", "Add the first, −0.1.",
                {"momentum, PyTorch": -0.019}),
        Mistake("For `momentum, PyTorch` the sign is wrong.", "Down: against the gradient.", {"momentum, PyTorch": 0.119}),
        Mistake("For `momentum, PyTorch` the velocity is an average, with 1 − μ before the gradient. Here it is a sum.",
                "b₁ = 1, b₂ = 1.9.", {"momentum, PyTorch": -0.0119}),
        Mistake("For `momentum, Keras` you took the form with the rate outside.", "v₂ = 0.9 · (−0.1) − 0.01.",
                {"momentum, Keras": -0.119}),
        Mistake("For `momentum, Keras` the rate was never cut.", "v₂ = 0.9 · (−0.1) − 0.01.", {"momentum, Keras": -0.29}),
        Mistake("For `momentum, Keras` the momentum is forgotten.", "v₂ = 0.9 · (−0.1) − 0.01.", {"momentum, Keras": -0.11}),
        Mistake("For `momentum, Keras` this is the second step alone; asked is where w is.", "Add the first, −0.1.",
                {"momentum, Keras": -0.1}),
        Mistake("For `momentum, Keras` the sign is wrong.", "Down: against the gradient.", {"momentum, Keras": 0.2}),
        Mistake("For `Adam, Keras` you took PyTorch's form: ε beside the corrected root.", "In Keras it counts 31.6 times at step 1.",
                {"Adam, Keras": -1e-3 * 3e-6 / 3.1e-6}),
        Mistake("For `Adam, Keras` either ε is left out, or it is 1e-8 in PyTorch's form, or it is multiplied by the root, not divided.",
                "ε = 1e-7, and it counts 31.6 times at step 1.", {"Adam, Keras": -1e-3}),
        Mistake("For `Adam, Keras` you took ε = 1e-8, PyTorch's, in the form of Keras.", "Keras has 1e-7.",
                {"Adam, Keras": -1e-3 * 3e-6 / (3e-6 + EPS / 10)}),
        Mistake("For `Adam, Keras` you took ε a thousand times: the root is missing.", "ε / √(1 − β₂), which is 31.6 ε.",
                {"Adam, Keras": -1e-3 * 3e-6 / (3e-6 + 1e-4)}),
        Mistake("For `Adam, Keras` this is the step in rates; asked is where w is.", "Times the rate.",
                {"Adam, Keras": -3e-6 / (3e-6 + EPS)}),
        Mistake("For `Adam, Keras` m is not corrected.", "Both corrections are in the rate: m̂ is the gradient at step 1.",
                {"Adam, Keras": -1e-4 * 3e-6 / (3e-6 + EPS)}),
        Mistake("For `Adam, Keras` nothing is corrected: neither m nor the root.", "At step 1, m̂ is g and √v̂ is |g|.",
                {"Adam, Keras": -1e-4 / 0.001**0.5 * 3e-6 / (3e-6 + EPS)}),
        Mistake("For `Adam, Keras` the sign is wrong.", "Down: against the gradient.", {"Adam, Keras": 1e-3 * 3e-6 / (3e-6 + EPS)}),
        Mistake("For `clipnorm` you clipped all together: that is `global_clipnorm`.", "Each variable by itself: 1 and 0.5.",
                {"clipnorm": 1.0}),
        Mistake("For `clipnorm` you added the two lengths. Together they are the root of the sum of squares.", "√(1² + 0.5²).",
                {"clipnorm": 1.5}),
        Mistake("For `clipnorm` the short gradient was made longer.", "A gradient below the limit stays: 0.5.", {"clipnorm": 1.414214}),
        Mistake("For `clipnorm` nothing was clipped.", "The first gradient is 5 long.", {"clipnorm": 5.024938}),
        Mistake("For `clipnorm` this is the square of the length.", "Take the root.", {"clipnorm": 1.25}),
    ),
    success="A name fixes neither the settings nor the place of the rate, of ε, or of the norm.",
    onwards="in which of the six would a test of a single step, at the usual gradients, have shown no difference between the libraries?")

# -- 13.2 -----------------------------------------------------------------------------------------------------------------------


def momentum_cases(rng):
    def case(name, rates, mu, nesterov, w):
        gradients = np.round(rng.normal(size=len(rates)), 2)
        return Case(name, {"gradients": gradients, "rates": np.array(rates), "mu": mu, "nesterov": nesterov, "w": w})

    yield case("one rate", [0.1] * 6, 0.9, False, 1.0)
    yield case("a rate that is cut", [0.1] * 3 + [0.01] * 4, 0.9, False, -0.5)
    yield case("a warm-up", [0.02, 0.04, 0.06, 0.08, 0.1], 0.8, False, 0.3)
    yield case("Nesterov, one rate", [0.05] * 5, 0.9, True, 2.0)
    yield case("Nesterov, a rate that is cut", [0.2, 0.2, 0.02, 0.02, 0.002], 0.7, True, 0.0)


def inside(gradients, rates, mu, nesterov, w, form="inside", flip=1, old=False, average=False, never=False, always=False, lost=False,
           ahead=False, late=False, rateless=False, start=True, first=False, doubled=False, bare=False, twice=False, moves=False):
    """Momentum as Keras writes it, with knobs for what people get wrong."""
    v, path = 0.0, [0.0 if moves else w]
    rates = np.append(rates[0], rates[:-1]) if late else rates
    for g, rate in zip(gradients, rates):
        rate = rates[0] if first else rate
        before = v
        if form == "outside":
            v = mu * v + (1 - mu if average else 1) * g
            move = -rate * (g + mu * v if (nesterov or always) and not never else v)
        else:
            push = (1 - mu if average else 1) * (g if rateless else rate * g)
            v = mu * v - push
            new = before if old else v
            look = v if doubled else mu * (mu * v if ahead else new)
            move = look - (0 if bare else rate * g) if (nesterov or always) and not never else new
        move = rate * move if twice else move
        w = flip * move if moves else w + flip * move
        v = 0.0 if lost else v
        path.append(w)
    return np.array(path if start else path[1:])


def wrong(**knobs):
    return lambda gradients, rates, mu, nesterov, w: inside(gradients, rates, mu, nesterov, w, **knobs)


keras_momentum = Question(
    "13.2", "Momentum with the rate inside", "function", points=3, difficulty=2, minutes=10, name="keras_momentum",
    objectives=("write the form of momentum that Keras has", "keep two forms apart under a schedule"),
    draw=momentum_cases, oracle=wrong(), steps=True,
    mistakes=(
        Mistake("This is PyTorch's form: today's rate multiplies the whole velocity.", "The rate belongs inside: v ← μv − ηg.",
                wrong(form="outside")),
        Mistake("PyTorch's form, and Nesterov's branch is not there.", "v ← μv − ηg, and with Nesterov w ← w + μv − ηg.",
                wrong(form="outside", never=True)),
        Mistake("With Nesterov you take the plain step: either the branch is missing, or it has the v from before this gradient.",
                "With Nesterov w ← w + μv − ηg, with the new v.",
                wrong(never=True)),
        Mistake("You always look ahead, also where `nesterov` is False.", "Plain: w ← w + v.", wrong(always=True)),
        Mistake("You step by the velocity from before this gradient.", "First the new v, then w.", wrong(old=True)),
        Mistake("Your velocity is an average: the gradient has 1 − μ before it.", "v ← μv − ηg, with the whole gradient.",
                wrong(average=True)),
        Mistake("The walker climbs: the sign is wrong.", "v collects −ηg, and w ← w + v.", wrong(flip=-1)),
        Mistake("The velocity is thrown away after each step.", "v must live from one step to the next.", wrong(lost=True)),
        Mistake("The rate in the velocity is missing.", "v ← μv − ηg.", wrong(rateless=True)),
        Mistake("Each step takes the rate of the step before.", "gradients[t] and rates[t] belong together.", wrong(late=True)),
        Mistake("All steps take the first rate.", "rates[t], not rates[0].", wrong(first=True)),
        Mistake("With Nesterov μ is missing before v, so the gradient counts twice.", "w ← w + μv − ηg.", wrong(doubled=True)),
        Mistake("With Nesterov you multiply by μ twice.", "w ← w + μv − ηg, with v the new velocity.", wrong(ahead=True)),
        Mistake("With Nesterov the gradient is missing in the second line.", "w ← w + μv − ηg.", wrong(bare=True)),
        Mistake("The rate counts twice: in the velocity, and again in the step.", "w ← w + v, and v holds the rate already.",
                wrong(twice=True)),
        Mistake("These are the steps; asked are the weights.", "Add each step to w, and note w.", wrong(moves=True)),
        Mistake("The start is missing from the path.", "The path has one entry more than there are gradients.", wrong(start=False)),
    ),
    success="Each gradient keeps the rate of its own day. At one constant rate nobody can tell the two forms apart.",
    onwards="with equal gradients, by what rates must PyTorch's form be fed to take the same steps? Question 13.5 asks it.")

# -- 13.3 -----------------------------------------------------------------------------------------------------------------------


def adam_cases(rng):
    def case(name, where, size, eps, beta1=0.9, beta2=0.999, n=8):
        gradients = size * np.round(rng.uniform(0.5, 2, n) * rng.choice([-1, 1, 1], n), 2)
        return Case(name, {"gradients": gradients, "lr": 0.01, "beta1": beta1, "beta2": beta2, "eps": eps, "where": where})

    for where in ("after", "before", "inside"):
        yield case(f"{where}, gradients near ε", where, 1e-6 if where != "inside" else 1e-3, 1e-6)
        yield case(f"{where}, a large ε", where, 1.0, 0.3, 0.8, 0.95, n=int(rng.integers(5, 9)))
    yield case("before, many steps", "before", 1e-3, 1e-3, 0.9, 0.99, n=20)


def adam_of(gradients, lr, beta1, beta2, eps, where, places=None, first=1, flip=1, corrected="both", times=False, swap=False, stored=False,
            start=True, squared=True, power=True, whole=False):
    """Adam with ε in one of three places, with knobs for what people get wrong."""
    where = (places or {}).get(where, where)
    w, m, v, path = 0.0, 0.0, 0.0, [0.0]
    for t, g in enumerate(gradients, first):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * (g**2 if squared else abs(g))
        n = t if power else 1
        c1, c2 = (1 - beta2**n, 1 - beta1**n) if swap else (1 - beta1**n, 1 - beta2**n)
        m_hat = m / c1 if corrected in ("both", "m") else m
        v_hat = v / c2 if corrected in ("both", "v") else v
        if stored:
            m, v = m_hat, v_hat
        c = np.sqrt(c2)
        divisor = {"before": np.sqrt(v_hat) + (eps * c if times else eps / c),
                   "after": np.sqrt(v_hat) + eps, "inside": np.sqrt(v_hat + eps),
                   "raw inside": np.sqrt(v_hat + eps / c2), "no root": np.sqrt(v_hat) + eps / c2, "squared": np.sqrt(v_hat + eps**2),
                   "never": np.sqrt(v) + eps, "by c2": (np.sqrt(v) + eps) / c2, "times": (np.sqrt(v) + eps) * c,
                   "root of sum": np.sqrt(v + eps) / c, "flat": v_hat + eps}[where]
        w = w - flip * lr * (g if whole else m_hat) / divisor
        path.append(w)
    return np.array(path if start else path[1:])


def other(**knobs):
    return lambda gradients, lr, beta1, beta2, eps, where: adam_of(gradients, lr, beta1, beta2, eps, where, **knobs)


adam = Question(
    "13.3", "Three places for one ε", "function", points=3, difficulty=2, minutes=12, name="adam",
    objectives=("write Adam as three libraries have it", "turn a formula from one form into another"),
    draw=adam_cases, oracle=other(), steps=True,
    mistakes=(
        Mistake("All three places are PyTorch's: ε beside the corrected root.", "`before` adds ε to √v, `inside` to v̂ under the root.",
                other(places={"before": "after", "inside": "after"})),
        Mistake("All three places are Keras's: ε beside the uncorrected root.", "`after` adds ε to √v̂, `inside` to v̂ under the root.",
                other(places={"after": "before", "inside": "before"})),
        Mistake("`before` and `after` are exchanged.", "Before or after the correction: Keras adds to √v, PyTorch to √v̂.",
                other(places={"after": "before", "before": "after"})),
        Mistake("`before` is PyTorch's form: ε beside the corrected root.", "Add ε to √v, and correct afterwards.",
                other(places={"before": "after"})),
        Mistake("`inside` is not inside: ε stands beside the root.", "√(v̂ + ε).", other(places={"inside": "after"})),
        Mistake("`before` has ε inside the root.", "√v + ε.", other(places={"before": "inside"})),
        Mistake("`inside` adds ε to the uncorrected v.", "√(v̂ + ε).", other(places={"inside": "raw inside"})),
        Mistake("`inside` adds ε², so that it is a root of ε² for a gradient of zero.", "√(v̂ + ε), as optax's `eps_root`.",
                other(places={"inside": "squared"})),
        Mistake("`before` multiplies ε by √(1 − β₂ᵗ) where it should be divided: your ε rises in place of falling.",
                "√v + ε is √(1 − β₂ᵗ) times (√v̂ + ε/√(1 − β₂ᵗ)).", other(times=True)),
        Mistake("`before` divides ε by 1 − β₂ᵗ; the root is missing.", "ε/√(1 − β₂ᵗ).", other(places={"before": "no root"})),
        Mistake("`before` never corrects the sum √v + ε.", "Divide it by √(1 − β₂ᵗ).", other(places={"before": "never"})),
        Mistake("`before` divides the sum √v + ε by 1 − β₂ᵗ; the root is missing.", "√v̂ is √v/√(1 − β₂ᵗ).",
                other(places={"before": "by c2"})),
        Mistake("`before` multiplies the sum √v + ε by √(1 − β₂ᵗ) where it should be divided.", "√v̂ is √v/√(1 − β₂ᵗ).",
                other(places={"before": "times"})),
        Mistake("`before` has ε under the root of the uncorrected v.", "√v + ε, then the correction.",
                other(places={"before": "root of sum"})),
        Mistake("`after` and `inside` are exchanged.", "After is √v̂ + ε, inside is √(v̂ + ε).",
                other(places={"after": "inside", "inside": "after"})),
        Mistake("`after` has no root: you divide by v̂ + ε.", "√v̂ + ε.", other(places={"after": "flat"})),
        Mistake("You divide by v̂ + ε everywhere; the roots are missing.", "The root of the average of squares has the size of a gradient.",
                other(places={"after": "flat", "inside": "flat", "before": "flat"})),
        Mistake("Nothing is corrected.", "m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).", other(corrected="none")),
        Mistake("v is not corrected.", "v̂ = v/(1 − β₂ᵗ).", other(corrected="m")),
        Mistake("m is not corrected.", "m̂ = m/(1 − β₁ᵗ).", other(corrected="v")),
        Mistake("The two corrections are exchanged.", "m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).", other(swap=True)),
        Mistake("The corrected averages are stored back.", "Give them names of their own.", other(stored=True)),
        Mistake("The corrections lack the power t.", "1 − beta1**t.", other(power=False)),
        Mistake("Steps are counted from 2.", "t is 1 at the first step.", other(first=2)),
        Mistake("v averages |g|, not g².", "Square the gradient.", other(squared=False)),
        Mistake("The step has the gradient in the numerator, not its average.", "m̂ over the root.", other(whole=True)),
        Mistake("The walker climbs: the sign is wrong.", "w minus the step.", other(flip=-1)),
        Mistake("The start is missing from the path.", "The path begins with 0.", other(start=False)),
    ),
    success="One ε in three places is three rules, and you can tell them by a gradient that is not far above ε.",
    onwards="which ε must Keras have, to take PyTorch's first step? And why does no ε give its whole path?")

QUESTIONS = (settings, keras_momentum, adam)
