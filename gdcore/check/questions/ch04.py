"""The questions of chapter 4, on convergence: rates, floors and ceilings (04.1 to 04.4)."""

import math

import numpy as np

from gdcore.check.declaration import Case, Mistake, Question
from gdcore.check.execute import Endless
from gdcore.check.questions.shared import items

# -- 04.1 -----------------------------------------------------------------------------------------------------------------------

six_numbers = Question(
    "04.1", "Six numbers about the end of a run", "predict", points=3, difficulty=1, minutes=10, name="predicted",
    objectives=("read a condition number off a plot", "say what is left at least and at most"),
    draw=items("kappa", "convex", "power", "floor", "ceiling", "saddle"), rtol=0.015,
    oracle={"kappa": 100.0, "convex": 4000.0, "power": 10_000.0, "floor": 0.162, "ceiling": 0.8, "saddle": 145.0},
    mistakes=(
        Mistake("For `kappa` you took the factor of the loss for 1 − 1/κ. That is the factor of the distance, and the loss has its square.",
                "ln 10/115 = 0.02 a step is 2/κ.", {"kappa": 50.0}),
        Mistake("Your `kappa` belongs to the best rate 2/(L + μ), or the square is counted twice.",
                "At 1/L a step leaves (1 − 1/κ)² of the loss.",
                {"kappa": 200.0}),
        Mistake("For `kappa` you took the number of steps itself.", "ln 10/115 = 0.02 is what a step takes off the logarithm of the gap.",
                {"kappa": 115.0}),
        Mistake("For `convex` you took a digit for a fixed number of steps. That is so with a smallest curvature above zero only.",
                "The bound is LR²/2k: solve it for k.", {"convex": 800.0}),
        Mistake("For `convex` you took the root: the bound falls with k, not with k².", "A tenth of the gap needs ten times the steps.",
                {"convex": 1265.0}),
        Mistake("For `convex` you took the square: a tenth of the gap is not a hundred times the steps.", "The bound falls with 1/k.",
                {"convex": 40_000.0}),
        Mistake("For `power` you went on as on half-log paper, where a factor takes a fixed number of steps.",
                "On log-log paper the next factor of a hundred takes ten times as many steps as the last.", {"power": 1900.0}),
        Mistake("For `power` you let the gap fall with 1/k. This run falls faster.",
                "Which power takes 10⁻² to 10⁻⁴ in ten times the steps?",
                {"power": 100_000.0}),
        Mistake("For `floor` you counted the last gain once more: it has been made already.",
                "What is to come begins with gain · q.", {"floor": 0.18}),
        Mistake("For `floor` you gave the last gain. It has been made.", "Sum those to come: gain · (q + q² + …).", {"floor": 0.018}),
        Mistake("For `floor` you gave only the next gain.", "Sum all of them: gain · (q + q² + …).", {"floor": 0.0162}),
        Mistake("For `ceiling` the length of the gradient is not squared.", "‖g‖²/2μ.", {"ceiling": 2.0}),
        Mistake("For `ceiling` the 2 is lost.", "The lowest point of a parabola of curvature μ lies ‖g‖²/2μ below.", {"ceiling": 1.6}),
        Mistake("For `ceiling` the curvature is forgotten.", "‖g‖²/2μ: the flatter the ground may be, the more may be left.",
                {"ceiling": 0.08}),
        Mistake("Your `ceiling` is that of the distance, ‖g‖/μ.", "For the loss: ‖g‖²/2μ.", {"ceiling": 4.0}),
        Mistake("For `saddle` you took η|λ| for ln(1 + η|λ|). That is near for small steps, and five per cent off for this one.",
                "ln 1.1 is 0.0953.", {"saddle": 138.2}),
        Mistake("For `saddle` you took 1 − η|λ|, a step towards the middle. Here the step leads outwards.",
                "A negative curvature makes it 1 + η|λ|.", {"saddle": 131.1}),
        Mistake("For `saddle` the curvature is forgotten: a step multiplies the distance by 1 + η|λ|.", "η|λ| is 0.1.", {"saddle": 75.8}),
        Mistake("For `saddle` the rate is forgotten: a step multiplies the distance by 1 + η|λ|.", "η|λ| is 0.1.", {"saddle": 34.0}),
        Mistake("For `saddle` you mixed two logarithms.", "Both must have the same base: ln 10⁶ is 13.8.", {"saddle": 63.0}),
    ),
    success="Straight on half-log paper is a factor a step, on log-log paper a power. And logarithms make a saddle's wait bearable.",
    onwards="which of the six would change if the rate were halved, and how?")

# -- 04.2 -----------------------------------------------------------------------------------------------------------------------


def tail(curvatures, start, lr, steps, lowest):
    """The losses of a descent on a bowl whose lowest value is `lowest`."""
    c = np.array(curvatures)
    x = np.array(start) * (1 - lr * c) ** np.arange(steps + 1)[:, None]
    return lowest + (c * x**2).sum(axis=1) / 2


def tail_cases(rng):
    def case(name, curvatures, start, lr, steps, target, lowest):
        return Case(name, {"losses": tail(curvatures, start, lr, steps, lowest), "target": target})

    far = lambda n: np.round(rng.uniform(1, 3, n), 3)
    yield case("one direction", [1.0], far(1), 0.1, 4, 1e-3, 3.0)
    yield case("a fast and a slow direction", [0.05, 1.0], far(2), 0.9, 40, 1e-4, -0.5)
    yield case("the lowest loss is 7", [0.2, 1.0, 3.0], far(3), 0.3, 40, 1e-4, 7.0)
    yield case("it is there already", [1.0, 2.0], far(2), 0.2, 30, 0.01, 0.1)
    yield case("a jump across the bottom at each step", [1.0], far(1), 1.9, 6, 1e-6, -2.0)
    yield case("a start in the steep direction", [0.5, 4.0], [0.3, 5.0], round(rng.uniform(0.2, 0.24), 3), 25, 1e-8, 0.0)


def to_go(losses, target, gains=slice(-3, None), sum_of=lambda gain, q: gain * q / (1 - q), count=math.ceil, least=0):
    """The steps until the geometric tail of the gains is below the target, or another reading of them for the mistakes."""
    a, b, c = losses[gains]
    q = (b - c) / (a - b)
    steps = count(math.log(target / sum_of(b - c, q)) / math.log(q))
    return steps if least is None else max(least, steps)


def going(**changes):
    return lambda losses, target: to_go(losses, target, **changes)


def at_the_last_gain(losses, target):
    gain, q = losses[-2] - losses[-1], (losses[-2] - losses[-1]) / (losses[-3] - losses[-2])
    return max(0, math.ceil((gain * q / (1 - q) - target) / gain))


def with_power_of_q(power):
    def count(losses, target):
        gain, q = losses[-2] - losses[-1], (losses[-2] - losses[-1]) / (losses[-3] - losses[-2])
        return max(0, math.ceil(math.log(target / (gain * q / (1 - q))) / math.log(q) / power))
    return count


def ratio_of_losses(losses, target):
    q = losses[-1] / losses[-2]
    return max(0, math.ceil(math.log(target / losses[-1]) / math.log(q)))


steps_left = Question(
    "04.2", "How many steps are left?", "function", points=3, difficulty=2, minutes=12, name="steps_left",
    objectives=("turn the last three losses into a forecast",),
    draw=tail_cases, oracle=to_go,
    mistakes=(
        Mistake("You took the ratio of two losses. It is the *gains* that shrink by a constant factor: the lowest loss is not zero.",
                "Gain and gain before: losses[-2] − losses[-1] and losses[-3] − losses[-2].", ratio_of_losses),
        Mistake("You waited until the gain is below the target, not what is left.", "What is left is the sum of all gains to come.",
                going(sum_of=lambda gain, q: gain)),
        Mistake("It is one step too many: either what is left counts the last gain, which has been made, or a step is added at the end.",
                "The gains to come begin with gain · q.", going(sum_of=lambda gain, q: gain / (1 - q))),
        Mistake("Your number is rounded to the nearest: after it the target may be missed by a little.", "`math.ceil`.",
                going(count=round)),
        Mistake("Your number is not whole: nobody takes a part of a step.", "Round up: `math.ceil`.", going(count=float)),
        Mistake("A run that is there already would have a negative number of steps to go.", "Zero at least: `max(0, …)`.",
                going(least=None)),
        Mistake("Your number is rounded down: after it the target is not yet reached.", "`math.ceil`.", going(count=math.floor)),
        Mistake("You read the first three losses, where the steep directions still speak.", "The last three.", going(gains=slice(0, 3))),
        Mistake("The 1 − q is missing: you took the next gain alone for all that is left.", "q + q² + … = q/(1 − q).",
                going(sum_of=lambda gain, q: gain * q)),
        Mistake("You let each step to come gain as much as the last. The gains shrink.", "After k steps qᵏ of what is left now is left.",
                at_the_last_gain),
        Mistake("You took q for the factor of the distance and squared it. It is the factor of the gains already, and so of the loss.",
                "After k steps qᵏ of what is left now is left.", with_power_of_q(2)),
        Mistake("You took the root of q. What is asked for is the loss, and it shrinks by q itself.",
                "After k steps qᵏ of what is left now is left.", with_power_of_q(0.5)),
        Mistake("You divided logarithms of two bases.", "`math.log` in both places.", with_power_of_q(math.log(10))),
        Mistake("At least one step is counted, also where none is needed.", "`max(0, …)`.", going(least=1)),
    ),
    success="Three losses, and no best in sight: two gains give the factor, the factor gives the sum of all gains to come.",
    onwards="it is a lower bound on a bowl, as the chapter proves. Which start makes it far too low?")

# -- 04.3 -----------------------------------------------------------------------------------------------------------------------


def bowl(rng, curvatures):
    """A symmetric matrix of these eigenvalues."""
    q = np.linalg.qr(rng.normal(size=(len(curvatures),) * 2))[0]
    H = q @ np.diag(curvatures) @ q.T
    return np.round((H + H.T) / 2, 6)


def near_cases(rng):
    def case(name, H, eps):
        return Case(name, {"H": H, "b": np.round(rng.normal(0, 3, len(H)), 3), "x": np.round(rng.normal(0, 3, len(H)), 3), "eps": eps})

    yield case("along the axes", np.diag([0.5, 5.0]), 0.5)
    yield case("two weights that pull together", np.array([[2.0, 1.5], [1.5, 2.0]]), 0.4)
    yield case("a bowl askew, four weights", bowl(rng, [0.2, 1.0, 3.0, 4.0]), 4.0)
    yield case("level ground", bowl(rng, [0.001, 0.004, 0.02]), 400.0)
    yield case("near enough at the start", bowl(rng, [2.0, 3.0]), 100.0)


def walk(H, b, x, eps, ends=None, promise=lambda g, mu, L: np.linalg.norm(g) / mu, rate=lambda mu, L: 1 / L, sign=-1, late=False):
    """(steps, promise) of a descent that ends when its promise is at most eps; other promises, rates and orders for the mistakes."""
    mu, L = ends(H) if ends else np.linalg.eigvalsh(H)[[0, -1]]
    steps, g = 0, H @ x + sign * b
    while promise(g, mu, L) > eps or (late and not steps):
        x = x - rate(mu, L) * g
        g, steps = H @ x + sign * b, steps + 1
        if steps > 20_000:
            raise Endless
    return steps, promise(g, mu, L)


def by_solving(H, b, x, eps):
    best, L, steps = np.linalg.solve(H, b), np.linalg.eigvalsh(H)[-1], 0
    while np.linalg.norm(x - best) > eps:
        x, steps = x - (H @ x - b) / L, steps + 1
    return steps, np.linalg.norm(x - best)


def the_point(H, b, x, eps):
    steps, L = walk(H, b, x, eps)[0], np.linalg.eigvalsh(H)[-1]
    for _ in range(steps):
        x = x - (H @ x - b) / L
    return steps, x


def by_step_length(H, b, x, eps):
    L, steps, moved = np.linalg.eigvalsh(H)[-1], 0, math.inf
    while moved > eps:
        step = (H @ x - b) / L
        x, steps, moved = x - step, steps + 1, np.linalg.norm(step)
    return steps, moved


def walking(**changes):
    return lambda H, b, x, eps: walk(H, b, x, eps, **changes)


surely_near = Question(
    "04.3", "A stop with a promise", "function", points=3, difficulty=2, minutes=15, name="surely_near",
    objectives=("stop by a bound for the distance", "say what it costs to know"),
    draw=near_cases, oracle=walk, each=True,
    mistakes=(
        Mistake("Your promise is divided by the largest curvature. That is the distance in the most curved direction, its smallest.",
                "In a direction of curvature λ the distance is the gradient over λ. Which λ makes it largest?",
                walking(promise=lambda g, mu, L: np.linalg.norm(g) / L)),
        Mistake("You stop when the gradient is short. How far that is depends on the smallest curvature.", "Divide by μ.",
                walking(promise=lambda g, mu, L: np.linalg.norm(g))),
        Mistake("This is the ceiling for the loss, ‖g‖²/2μ. The question asks for the distance.", "In one direction: g = λ · distance.",
                walking(promise=lambda g, mu, L: g @ g / (2 * mu))),
        Mistake("The length of the gradient is squared.", "‖g‖/μ, without a square: distance, not loss.",
                walking(promise=lambda g, mu, L: g @ g / mu)),
        Mistake("The slope has the wrong sign of b.", "The slope of ½xᵀHx − bᵀx is Hx − b.", walking(sign=1)),
        Mistake("Your curvatures are read off the diagonal.", "The curvatures are the eigenvalues: `np.linalg.eigvalsh(H)`.",
                walking(ends=lambda H: (np.diag(H).min(), np.diag(H).max()))),
        Mistake("Your rate is 2/(L + μ). It is the best, but the task asks for 1/L.", "Each step is g/L.",
                walking(rate=lambda mu, L: 2 / (L + mu))),
        Mistake("You divide by 2μ. The 2 belongs to the ceiling for the loss.", "For the distance: ‖g‖/μ.",
                walking(promise=lambda g, mu, L: np.linalg.norm(g) / (2 * mu))),
        Mistake("You solved for the minimum and measured the true distance. Where that can be done, nobody needs to descend.",
                "The gradient and the smallest curvature bound it.", by_solving),
        Mistake("The pair is in the wrong order.", "First the number of steps, then the bound.",
                lambda H, b, x, eps: walk(H, b, x, eps)[::-1]),
        Mistake("You return eps. The bound that was proved is smaller.", "‖g‖/μ at the point where you stop.",
                lambda H, b, x, eps: (walk(H, b, x, eps)[0], eps)),
        Mistake("You count one step more than is needed: either the count begins at 1, or the gradient that you judge is one step old.",
                "Count each step when it is taken, and look at the gradient of the new point.",
                lambda H, b, x, eps: (walk(H, b, x, eps)[0] + 1, walk(H, b, x, eps)[1])),
        Mistake("You stop when the step is short. A step is ‖g‖/L: the smallest that the distance may be.", "Divide by μ.", by_step_length),
        Mistake("Your length of the gradient is its largest entry.", "`np.linalg.norm(g)`: the root of the sum of squares.",
                walking(promise=lambda g, mu, L: np.abs(g).max() / mu)),
        Mistake("Gradient and curvature are both squared: that bounds the square of the distance.", "‖g‖/μ.",
                walking(promise=lambda g, mu, L: g @ g / mu**2)),
        Mistake("You return the point. The task asks for the number of steps and the bound that was proved.",
                "The bound is ‖g‖/μ at the end.",
                the_point),
        Mistake("You step before you look: a start that is near enough needs no step.", "Look first, then step: `while … > eps`.",
                walking(late=True)),
    ),
    success="The gradient is λ times the distance in each direction, so the flattest one makes the promise: ‖g‖/μ, without knowing the "
            "minimum.",
    onwards="how much larger than the true distance is your promise in each case? When are they equal?")

# -- 04.4 -----------------------------------------------------------------------------------------------------------------------


def flat_cases(rng):
    def case(name, L, rounds, n=2, **arguments):
        named = {"function": "quadratic", "part": "gradient", "dimension": n, **arguments}
        return Case(name, {"product": named, "v": np.round(rng.normal(size=n) + 0.5, 3), "L": L, "rounds": rounds})

    yield case("a valley askew", 5.0, 4, condition=5, rotation=30)
    yield case("six directions", 40.0, 12, n=6, condition=40)
    yield case("steep everywhere", 900.0, 6, n=3, condition=9, largest=900.0)
    yield case("level ground", 0.01, 8, n=4, condition=6, largest=0.01)
    yield case("only a bound for L is known", round(rng.uniform(15, 20), 1), 9, n=5, condition=10)
    yield case("one round", 8.0, 1, n=3, condition=8)


def shifted(product, v, L, rounds, shift=lambda v, Hv, L: L * v - Hv, tell=lambda v, Hv, w: v @ Hv, normal=True):
    """The Rayleigh quotient after power iteration with L·I − H; other products and answers for the mistakes."""
    w = v
    for _ in range(rounds):
        w = shift(v, product(v), L)
        v = w / np.linalg.norm(w) if normal else w
    return tell(v, product(v), w)


def unit_before(product, v, L, rounds):
    for _ in range(rounds):
        v = v / np.linalg.norm(v)
        v = L * v - product(v)
    return v @ product(v)


def by_largest_entry(product, v, L, rounds):
    for _ in range(rounds):
        v = L * v - product(v)
        v = v / np.abs(v).max()
    return v @ product(v)


def by_whole_matrix(product, v, L, rounds):
    return np.linalg.eigvalsh(np.array([product(row) for row in np.eye(len(v))]))[0]


def shifting(**changes):
    return lambda product, v, L, rounds: shifted(product, v, L, rounds, **changes)


flattest = Question(
    "04.4", "The flattest direction, by products alone", "function", points=3, difficulty=3, minutes=15, name="flattest",
    objectives=("get the smallest curvature from products with the Hessian", "turn power iteration to the other end"),
    draw=flat_cases, oracle=shifted,
    mistakes=(
        Mistake("This is power iteration with H itself: it finds the largest curvature.",
                "Iterate with a matrix whose largest eigenvalue is L − μ.",
                shifting(shift=lambda v, Hv, L: Hv)),
        Mistake("You added L where it should be turned round: H + L has the same largest direction as H.", "L·v − Hv.",
                shifting(shift=lambda v, Hv, L: L * v + Hv)),
        Mistake("Your answer is the eigenvalue of L − H, not of H.", "Ask H at the end: vᵀHv.",
                shifting(tell=lambda v, Hv, w: np.linalg.norm(w))),
        Mistake("Your v has no longer the length 1 when you ask for vᵀHv.", "Divide by its length in each round, or by vᵀv at the end.",
                shifting(normal=False)),
        Mistake("One round is missing.", "`range(rounds)`.", lambda product, v, L, rounds: shifted(
            product, v / np.linalg.norm(v), L, rounds - 1)),
        Mistake("One round is missing, and with a single round v is not made a unit vector at all.", "`range(rounds)`.",
                lambda product, v, L, rounds: shifted(product, v, L, rounds - 1)),
        Mistake("One round too many.", "`range(rounds)`.", lambda product, v, L, rounds: shifted(product, v, L, rounds + 1)),
        Mistake("You divide by the largest entry. The length is the root of the sum of squares.", "`np.linalg.norm(v)`.", by_largest_entry),
        Mistake("This is the smallest eigenvalue itself. The task asks for what so many rounds give, and a large H has no `eigvalsh`.",
                "Multiply `rounds` times, then ask H along v.", by_whole_matrix),
        Mistake("This is the length of Hv, not the curvature along v.", "The curvature along a unit vector v is vᵀHv.",
                shifting(tell=lambda v, Hv, w: np.linalg.norm(Hv))),
        Mistake("Your answer is L minus the curvature: an eigenvalue of L − H, not of H.", "vᵀHv, with H itself.",
                lambda product, v, L, rounds: L - shifted(product, v, L, rounds)),
        Mistake("You return the direction. The task asks for the curvature along it.", "At the end return vᵀHv.",
                shifting(tell=lambda v, Hv, w: v)),
        Mistake("Your v had the length 1 before the last multiplication, and has it no longer.", "Divide after the product, not before it.",
                unit_before),
        Mistake("You subtracted from a constant, not from L times v.", "L·v − Hv: the same v in both.",
                shifting(shift=lambda v, Hv, L: L - Hv)),
        Mistake("You shifted by 1, not by L: then the largest eigenvalue of 1 − H in size is the most curved direction's.", "L·v − Hv.",
                shifting(shift=lambda v, Hv, L: v - Hv)),
    ),
    success="L − H has the same directions as H in the opposite order, so what remains is the flattest. It gives the μ that a ceiling "
            "needs.",
    onwards="at which rate does a run of plain descent do exactly this to its distance from the minimum?")

QUESTIONS = (six_numbers, steps_left, surely_near, flattest)
