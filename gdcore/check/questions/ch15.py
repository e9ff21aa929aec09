"""The questions of chapter 15 on steps: whitening with averages, eight numbers, K-FAC with a bias (15.1 to 15.3)."""

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.questions.shared import items

# -- 15.1 -----------------------------------------------------------------------------------------------------------------------


def power(M, p, turned=False):
    """A power of a symmetric matrix, by its eigenvalues; `turned`, its eigenvectors as rows, is a fault."""
    values, vectors = np.linalg.eigh(M)
    vectors = vectors.T if turned else vectors
    return vectors * values**p @ vectors.T


def whitening_cases(rng):
    for name, side, count, lr, decay, eps in (("one gradient", 3, 1, 0.1, 0.9, 0.01), ("five gradients", 3, 5, 0.05, 0.8, 0.001),
                                              ("larger, a short memory", 4, 6, 0.1, 0.5, 0.01), ("a large ε", 2, 4, 0.2, 0.7, 0.5),
                                              ("flat gradients", 4, 3, 0.1, 0.95, 0.05)):
        gradients = rng.normal(size=(count, side, side))
        if name == "flat gradients":  # of rank one: only ε keeps the factors invertible
            gradients = gradients[:, :, :1] * gradients[:, :1, :]
        yield Case(name, {"W": np.round(rng.normal(size=(side, side)), 3), "gradients": np.round(gradients, 3), "lr": lr, "decay": decay,
                          "eps": eps})  # fmt: skip


def whiten(W, gradients, lr, decay, eps, p=-0.25, left=True, right=True, swap=False, average=True, share=True, first=0.0, before=False,
           entry=False, added=False, floor="eps", corrected=False, sign=1.0, product=False,
           path=False, last=False, exchanged=False, turned=False, diagonal=False, upright=False):
    """Shampoo with fading averages; each argument after `eps` is a fault."""
    first = eps if first == "eps" else first
    L, R = (first * np.eye(n) for n in W.shape)
    points, start = [W], W
    for t, G in enumerate(gradients, 1):
        old = L, R
        l, r = (G * G, G * G) if product else (G.T @ G, G @ G.T) if swap else (G @ G.T, G.T @ G)
        if floor == "inside":
            l, r = l + eps * np.eye(len(l)), r + eps * np.eye(len(r))
        keep, new = (decay if average else 1.0), (1 - decay if share and average else 1.0)
        keep, new = (new, keep) if exchanged else (keep, new)
        L, R = keep * L + new * l, keep * R + new * r
        A, B = old if before else (L, R)
        if corrected:
            A, B = A / (1 - decay**t), B / (1 - decay**t)
        if floor == "eps":
            A, B = A + eps * np.eye(len(A)), B + eps * np.eye(len(B))
        if floor == "everywhere":
            A, B = A + eps, B + eps
        if floor == "kept":
            L, R = A, B = L + eps * np.eye(len(L)), R + eps * np.eye(len(R))
        raised = lambda M: power(np.diag(np.diag(M)) if diagonal else M, p, turned)
        if entry:
            raised = lambda M: (np.abs(M) + (eps if entry == "everywhere" else 0)) ** p
        if upright:
            raised = lambda M: (lambda values, Q: Q * values**p @ Q)(*np.linalg.eigh(M))
        D = raised(A) @ G if left else G
        D = D @ raised(B) if right else D
        W = W - sign * lr * D
        points.append(W)
    return np.array(points[path == "after" :]) if path else start - W if last else W


def faulty(**faults):
    return lambda W, gradients, lr, decay, eps: whiten(W, gradients, lr, decay, eps, **faults)


whitening = Question(
    "15.1", "Shampoo that forgets", "function", points=3, difficulty=2, minutes=15, name="whitened", rtol=1e-7,
    objectives=("whiten a gradient along its rows and along its columns", "take a power of a matrix by its eigenvalues"),
    draw=whitening_cases, oracle=faulty(),
    mistakes=(
        Mistake("The exponent is −1/2: with both sides that whitens twice.", "Each side takes −1/4.", faulty(p=-0.5)),
        Mistake("The exponent is +1/4: large directions become larger.", "Each side takes −1/4.", faulty(p=0.25)),
        Mistake("The exponent is −1/8.", "Each side takes −1/4.", faulty(p=-0.125)),
        Mistake("The exponent is −1: that is the inverse.", "Each side takes −1/4.", faulty(p=-1.0)),
        Mistake("Your power is taken entry by entry. The power of a matrix is that of its eigenvalues.",
                "np.linalg.eigh, then Q diag(λ**p) Qᵀ.", faulty(entry="everywhere"), also=(faulty(entry="as they are"),)),
        Mistake("Of L and R only the diagonals are used.", "np.linalg.eigh of the whole matrix.", faulty(diagonal=True)),
        Mistake("Your exponent is −1/2, and only on the left side.", "Each side takes −1/4.", faulty(p=-0.5, right=False)),
        Mistake("L and R have changed places.", "L belongs to the rows: G Gᵀ. It multiplies from the left.", faulty(swap=True)),
        Mistake("Only the left side is whitened.", "R⁻¹ᐟ⁴ multiplies from the right.", faulty(right=False)),
        Mistake("Only the right side is whitened.", "L⁻¹ᐟ⁴ multiplies from the left.", faulty(left=False)),
        Mistake("Your factors add up and never forget, as in the paper. Asked are averages that fade.",
                "decay · L + (1 − decay) · G Gᵀ.", faulty(average=False)),
        Mistake("The new part of the averages has no weight 1 − decay.", "decay · L + (1 − decay) · G Gᵀ.", faulty(share=False)),
        Mistake("Your averages start at the identity.", "They start at 0.", faulty(first=1.0)),
        Mistake("You divide by the averages before this gradient.", "First the averages, then the step.", faulty(before=True)),
        Mistake("ε goes into the averages, with 1 − decay of its weight. It belongs to what is raised to the power.",
                "(L + εI)⁻¹ᐟ⁴, and L itself stays without ε.", faulty(floor="inside")),
        Mistake("ε stays in the averages, and is added anew in each step.", "(L + εI)⁻¹ᐟ⁴, and L itself stays without ε.",
                faulty(floor="kept")),
        Mistake("ε is where the averages start, as in the paper. Then it fades.", "Start at 0, and take (L + εI)⁻¹ᐟ⁴.",
                faulty(first="eps", floor="none")),
        Mistake("decay and 1 − decay have changed places.", "decay · L + (1 − decay) · G Gᵀ.", faulty(exchanged=True)),
        Mistake("The eigenvectors stand the wrong way round.", "They are the columns of Q: Q diag(λ**p) Qᵀ.", faulty(turned=True)),
        Mistake("Q stands there twice, and is not transposed the second time.", "Q diag(λ**p) Qᵀ.", faulty(upright=True)),
        Mistake("ε is added to every entry. It belongs on the diagonal.", "eps * np.eye(n).", faulty(floor="everywhere")),
        Mistake("You correct the averages as Adam does. Nothing is corrected here.", "Take L and R as they are.", faulty(corrected=True)),
        Mistake("Your factors hold squares entry by entry.", "G @ G.T is a product of matrices.", faulty(product=True)),
        Mistake("Your walker climbs: the sign is wrong.", "W minus the step.", faulty(sign=-1.0)),
        Mistake("You return all points.", "The last weights alone.", faulty(path=True)),
        Mistake("You return the weights after each gradient.", "The last weights alone.", faulty(path="after")),
        Mistake("You return how far the weights went.", "Return the weights.", faulty(last=True)),
    ),
    success="Two small factors, a quarter of a power on each side: with one gradient and a small ε the step is U Vᵀ, but for its length.",
    onwards="one gradient, decay 0.9, ε = 0: which multiple of U Vᵀ is the step? And would −1/2 on one side alone do as well?")

# -- 15.2 -----------------------------------------------------------------------------------------------------------------------

eight_numbers = Question(
    "15.2", "Eight numbers before you run", "predict", points=3, difficulty=2, minutes=12, name="predicted",
    objectives=("predict what an iteration does to singular values", "count what the two sides of a layer cost and save"),
    draw=items("classic", "tiny", "gain", "stable rank", "root mean square", "curvatures", "factors", "fading"), rtol=1.2e-2,
    oracle={"classic": 0.8964, "tiny": 484.9, "gain": 7, "stable rank": 1.5, "root mean square": 0.05, "curvatures": 1000,
            "factors": 116, "fading": 0.25},
    mistakes=(
        Mistake("For `classic` you forgot to divide by the norm first.", "21/29 goes into the polynomial.",
                {"classic": 1.5 * 21 - 0.5 * 21**3}),
        Mistake("For `classic` either you divided by the largest singular value, or you took two steps.",
                "The norm is √(20² + 21²) = 29, and one step is asked.", {"classic": 1.0}),
        Mistake("For `classic` the step is missing: this is the value that goes in.", "1.5 s − 0.5 s³.", {"classic": 21 / 29}),
        Mistake("For `classic` you took Muon's numbers.", "1.5 s − 0.5 s³.",
                {"classic": 3.4445 * (21 / 29) - 4.775 * (21 / 29) ** 3 + 2.0315 * (21 / 29) ** 5}),
        Mistake("For `classic` this is the other singular value.", "The larger one.", {"classic": 1.5 * (20 / 29) - 0.5 * (20 / 29) ** 3}),
        Mistake("For `classic` either you divided by the sum of the singular values, or this is the smaller one before the step.",
                "√(20² + 21²) = 29, and 21/29 goes into the polynomial.",
                {"classic": 1.5 * (21 / 41) - 0.5 * (21 / 41) ** 3}),
        Mistake("For `tiny` you multiplied by five in place of taking a power.", "Each step multiplies by 3.4445.", {"tiny": 17.2225}),
        Mistake("For `tiny` this is one step.", "Five steps.", {"tiny": 3.4445}),
        Mistake("For `tiny` these are four steps.", "Five steps.", {"tiny": 3.4445**4}),
        Mistake("For `tiny` you took the classic numbers.", "a = 3.4445.", {"tiny": 1.5**5}),
        Mistake("For `tiny` you think that five steps bring it near 1.", "It starts at 10⁻⁶ and stays far below 1.", {"tiny": 1e6},
                also=({"tiny": 7e5},)),
        Mistake("For `tiny` you say where it arrives, not by how much it grows.", "By what is 10⁻⁶ multiplied?", {"tiny": 4.849e-4}),
        Mistake("For `gain` you took the length of the gradient: that is the gain in the Frobenius norm.",
                "Every direction may move by 1 at once.", {"gain": 5}),
        Mistake("For `gain` you took the largest singular value alone.", "Every direction may move by 1 at once.", {"gain": 4}),
        Mistake("For `gain` you added the squares.", "⟨G, U Vᵀ⟩.", {"gain": 25}),
        Mistake("For `gain` the sign is that of the loss's change; asked is by how much it falls.", "A positive number.", {"gain": -7}),
        Mistake("For `stable rank` either you counted singular values above 0, or the largest one is not squared.",
                "Squares: the sum over the largest.", {"stable rank": 3}),
        Mistake("For `stable rank` you forgot the squares.", "Squares: the sum over the largest.", {"stable rank": 2}),
        Mistake("For `stable rank` you took the root.", "The quotient of squares is the answer.", {"stable rank": 1.5**0.5}),
        Mistake("For `stable rank` either you divided by the smallest or by nothing.", "By the largest square.", {"stable rank": 6}),
        Mistake("For `stable rank` you took the sum before the square.", "Squares first, then the sum.", {"stable rank": 16 / 6}),
        Mistake("For `root mean square` you took the shorter side.", "100 singular values of 1 in 40,000 entries.",
                {"root mean square": 0.1}),
        Mistake("For `root mean square` the root is forgotten.", "√(100/40,000).", {"root mean square": 0.0025}),
        Mistake("For `root mean square` you think of entries of size 1, as a sign has them.", "100 singular values of 1 in 40,000 entries.",
                {"root mean square": 1}),
        Mistake("For `root mean square` you counted one singular value.", "There are 100.", {"root mean square": 0.005}),
        Mistake("For `curvatures` you took the larger of the two.", "Every product of two eigenvalues is a curvature.",
                {"curvatures": 50}),
        Mistake("For `curvatures` you took the smaller of the two.", "Every product of two eigenvalues is a curvature.",
                {"curvatures": 20}),
        Mistake("For `curvatures` you added.", "The largest product over the smallest.", {"curvatures": 70}),
        Mistake("For `curvatures` you divided one by the other.", "The largest product over the smallest.", {"curvatures": 2.5}),
        Mistake("For `curvatures` you took a root.", "The largest product over the smallest.", {"curvatures": 1000**0.5}),
        Mistake("For `curvatures` you squared.", "Each factor comes in once.", {"curvatures": 1e6}),
        Mistake("For `factors` you forgot the bias: it is one more input.", "10² + 4².", {"factors": 97}),
        Mistake("For `factors` you gave the bias to the outputs.", "It is one more input, a 1.", {"factors": 106}),
        Mistake("For `factors` you gave the bias to both sides.", "It is one more input, a 1.", {"factors": 125}),
        Mistake("For `factors` this is the number of weights.", "A square for each side.", {"factors": 40}),
        Mistake("For `factors` this is Newton's matrix.", "A square for each side.", {"factors": 1600}),
        Mistake("For `factors` you added the sides.", "Each factor is a square.", {"factors": 14}),
        Mistake("For `factors` you counted equal entries once. True, half would do; the factors hold all.", "10² + 4².", {"factors": 65}),
        Mistake("For `factors` you counted only the larger one.", "There are two.", {"factors": 100}),
        Mistake("For `factors` you counted the inverses, too.", "The two factors alone.", {"factors": 232}),
        Mistake("For `fading` you took a quarter power only once: both sides fade.", "16⁻¹ᐟ⁴ from the left, 16⁻¹ᐟ⁴ from the right.",
                {"fading": 0.5}),
        Mistake("For `fading` you divided by 16.", "Each side gives 16⁻¹ᐟ⁴.", {"fading": 1 / 16}),
        Mistake("For `fading` nothing fades: that holds for averages. These are sums.", "L = 16 G Gᵀ.", {"fading": 1}),
        Mistake("For `fading` the exponent's sign is lost.", "Sums make the steps shorter.", {"fading": 4}),
    ),
    success="Singular values walk alone, a norm decides the gain, a layer's curvatures are products, and sums make Shampoo tired.",
    onwards="after how many of Muon's steps is the value that began at 10⁻⁶ above a half? (Half-precision numbers bring such values in.)")

# -- 15.3 -----------------------------------------------------------------------------------------------------------------------


def kfac_cases(rng):
    for name, batch, inputs, outputs, lr, damping, scale in (
            ("more examples than inputs", 12, 3, 2, 0.5, 0.01, 1.0), ("fewer examples than inputs", 3, 4, 3, 0.3, 0.1, 1.0),
            ("as many outputs as inputs with the bias", 9, 2, 3, 1.0, 0.05, 1.0), ("large inputs", 10, 3, 3, 0.5, 0.02, 10.0),
            ("small slopes", 8, 2, 2, 1.0, 0.2, 0.2)):  # fmt: skip
        X = scale * rng.normal(size=(batch, inputs)) + 0.5
        slopes = rng.normal(size=(batch, outputs)) * (0.1 if name == "small slopes" else 1.0)
        yield Case(name, {"W": np.round(rng.normal(size=(outputs, inputs + 1)), 3), "X": np.round(X, 3), "slopes": np.round(slopes, 3),
                          "lr": lr, "damping": damping})  # fmt: skip


def natural(W, X, slopes, lr, damping, split=True, flipped=False, rooted=True, trace=False, mean_g=True, mean_a=True, mean_grad=True,
            centred=False, front=False, sign=1.0, damp=True, damped="both", inner=False, only=False, ratio_root=True, invert="both",
            bias_damped=True, whole=False, scalar=False, unbiased=False, rate=True, unseen=False, multiplied=False):
    """K-FAC on one layer; each argument after `damping` is a fault."""
    ones = np.ones((len(X), 1))
    X = np.hstack([ones, X] if front else [X, ones])
    B = len(X)
    grad = slopes.T @ X / (B if mean_grad else 1)
    x = X - X.mean(axis=0) if centred else X
    A, G = x.T @ x / (B if mean_a else 1), slopes.T @ slopes / (B if mean_g else 1)
    if unbiased:
        A, G = A * B / (B - 1), G * B / (B - 1)
    if inner:
        G = grad @ grad.T
    if whole:
        D = np.linalg.solve(np.kron(G, A) + damping * np.eye(grad.size), grad.ravel()).reshape(grad.shape)
        return W - lr * D
    average = {True: np.trace, False: lambda M: np.trace(M) / len(M), "entries": np.mean}[trace]
    pi = average(A[:-1, :-1] if unseen else A) / average(G) if split else 1.0
    pi = np.sqrt(pi) if ratio_root and split else pi
    pi = 1 / pi if flipped else pi
    root = (np.sqrt(damping) if rooted else damping) * damp
    eye, other = (np.ones_like(M) if scalar else np.eye(len(M)) for M in (A, G))
    if not bias_damped:
        eye[-1, -1] = 0.0
    A = A + root * pi * eye * (damped != "G")
    G = G + root / pi * other * (damped != "A")
    if invert == "neither":
        return W - lr * G @ grad @ A
    D = np.linalg.solve(G, grad) if invert != "A" else grad
    D = D @ (A if multiplied else np.linalg.inv(A)) if invert != "G" else D
    lr = lr if rate else 1.0
    return (lr if only == "with the rate" else 1.0) * D if only else W - sign * lr * D


def wrong(**faults):
    return lambda W, X, slopes, lr, damping: natural(W, X, slopes, lr, damping, **faults)


kfac = Question(
    "15.3", "K-FAC, with a bias", "function", points=3, difficulty=3, minutes=18, name="kfac_step", rtol=1e-7,
    objectives=("build the two factors of a layer from a batch", "share the damping out between them"),
    draw=kfac_cases, oracle=wrong(),
    mistakes=(
        Mistake("The damping is shared out the wrong way round: the larger factor must get the larger part.",
                "A gets π √λ, G gets √λ/π.", wrong(flipped=True)),
        Mistake("The damping is not shared out: π is missing.", "π² is the mean diagonal entry of A over that of G.", wrong(split=False)),
        Mistake("You share out λ in place of its root. Then λ² is added to the curvature.", "A gets π √λ, G gets √λ/π.",
                wrong(rooted=False)),
        Mistake("You add λ to both factors: it is neither shared out, nor is its root taken.", "A gets π √λ, G gets √λ/π.",
                wrong(rooted=False, split=False)),
        Mistake("You add λ to the whole curvature. Asked is damping of each factor.", "A + π√λ I and G + √λ/π I.", wrong(whole=True)),
        Mistake("The damping is added to every entry. It belongs on the diagonal.", "np.eye(len(A)).", wrong(scalar=True)),
        Mistake("You multiply by the factors. Their inverses are asked.", "np.linalg.solve.", wrong(invert="neither")),
        Mistake("Nothing is damped.", "A + π√λ I and G + √λ/π I.", wrong(damp=False)),
        Mistake("Only A is damped.", "Both factors.", wrong(damped="A")),
        Mistake("Only G is damped.", "Both factors.", wrong(damped="G")),
        Mistake("For π you compared traces. A has more entries on its diagonal than G: compare the means.",
                "np.trace(A) / len(A).", wrong(trace=True)),
        Mistake("For π you took the mean of all entries. Take that of the diagonal.", "np.trace(A) / len(A).", wrong(trace="entries")),
        Mistake("π is the root of the quotient.", "np.sqrt.", wrong(ratio_root=False)),
        Mistake("Either A or G is a sum over the batch, not a mean.", "Divide both by the number of examples.", wrong(mean_a=False)),
        Mistake("The gradient is a sum over the batch, not a mean.", "Divide by the number of examples.", wrong(mean_grad=False)),
        Mistake("A and G are sums over the batch, not means.", "Divide both by the number of examples.", wrong(mean_a=False, mean_g=False)),
        Mistake("Nothing is divided by the number of examples.", "A, G and the gradient are means.",
                wrong(mean_grad=False, mean_a=False, mean_g=False)),
        Mistake("You subtract the mean of the inputs: a covariance. K-FAC takes the plain mean of x xᵀ.", "X.T @ X / B.",
                wrong(centred=True)),
        Mistake("Your column of ones stands in front. The bias is the last column of W.", "np.hstack([X, ones]).", wrong(front=True)),
        Mistake("G is made of the mean gradient. Take the outer product of each example's slopes, then the mean.",
                "slopes.T @ slopes / B.", wrong(inner=True)),
        Mistake("Only the side of the outputs is inverted.", "A⁻¹ multiplies from the right.", wrong(invert="G")),
        Mistake("Only the side of the inputs is inverted.", "G⁻¹ multiplies from the left.", wrong(invert="A")),
        Mistake("The bias is not damped.", "The last diagonal entry of A as well.", wrong(bias_damped=False)),
        Mistake("Your walker climbs: the sign is wrong.", "W minus the step.", wrong(sign=-1.0)),
        Mistake("You return the step.", "Return the weights after it.", wrong(only=True), also=(wrong(only="with the rate"),)),
        Mistake("The rate is missing.", "W minus lr times the step.", wrong(rate=False)),
        Mistake("Your means divide by the number of examples less 1.", "Plain means: over the number of examples.", wrong(unbiased=True)),
        Mistake("For π the 1 behind the inputs is left out. It is on A's diagonal, too.", "np.trace(A) / len(A).", wrong(unseen=True)),
        Mistake("The right side is multiplied by A, not by its inverse.", "`np.linalg.solve` divides from the left.",
                wrong(multiplied=True)),
    ),
    success="Two small systems in place of one of side n(m + 1), and damping in the proportion in which the factors are large.",
    onwards="add λ to the whole curvature, A ⊗ G + λI, and solve that. How far is the shared damping off, and what do its extra terms do?")

QUESTIONS = (whitening, eight_numbers, kfac)
