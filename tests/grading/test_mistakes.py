"""Known wrong answers are named, right ones never; the oracles are right."""

import inspect
import json

import numpy as np
import pytest

from gdcore.check.declaration import Case, Question, question, questions
from tests.grading.common import QUESTIONS, SEEDS, code, graded, solutions, submission_of

PAIRS = [pytest.param(q, m, id=f"{q.id}-{i}") for q in QUESTIONS for i, m in enumerate(q.mistakes)]
SOLVED = solutions()


@pytest.mark.parametrize("question, mistake", PAIRS)
def test_a_known_wrong_answer_is_named_as_itself_and_no_other(question, mistake):
    for seed in SEEDS:
        points, named = graded(question, submission_of(question, mistake), seed)
        assert points < question.points and named == [mistake.name], f"seed {seed}: {points} points, {named}"


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda q: q.id)
def test_a_right_answer_is_right_for_many_seeds_and_never_named(asked):
    for seed in range(30):
        assert graded(asked, SOLVED[asked.id][1], seed) == (asked.points, [])


@pytest.mark.parametrize("id, name", [("01.7", "01_loss.ipynb"), ("02.7", "02_gradient.ipynb"), ("03.7", "03_learning_rate.ipynb")])
def test_the_broken_code_that_the_notebook_gives_is_worth_nothing_and_named(id, name):
    scope = {"np": np}
    exec(next(source for source in code("exercises", name) if "def given" in source), scope)
    for seed in SEEDS:
        assert graded(question(id), scope["given"], seed) == (0, [question(id).mistakes[0].name])


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda q: q.id)
def test_cases_are_plain_named_and_repeatable(asked):
    for seed in SEEDS:
        cases = asked.cases(seed)
        plain = [(c.name, c.inputs, c.hidden) for c in cases]
        assert json.loads(json.dumps(plain)) == json.loads(json.dumps([(c.name, c.inputs, c.hidden) for c in asked.cases(seed)]))
        assert len({c.name for c in cases}) == len(cases) >= 4 and all(c.weight > 0 for c in cases)
    if asked.mode != "answer":
        assert json.dumps(asked.cases(0)[0].inputs) != json.dumps(asked.cases(1)[0].inputs) or asked.id in ("03.5", "03.8")


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda q: q.id)
def test_what_is_said_are_sentences(asked):
    texts = [asked.success, asked.onwards, *(m.name for m in asked.mistakes), *(m.hint for m in asked.mistakes)]
    assert all(len(text) > 5 and text.rstrip("`)")[-1] in ".?" or text.endswith("`.") for text in texts)
    names = [m.name for m in asked.mistakes]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("asked", [q for q in QUESTIONS if q.kind == "function"], ids=lambda q: q.id)
def test_a_right_answer_in_float32_counts(asked):
    right = SOLVED[asked.id][1]

    def single(*inputs):
        value = right(*inputs)
        return tuple(map(np.float32, value)) if isinstance(value, tuple) else np.float32(value)

    single.__signature__ = inspect.signature(right)
    assert graded(asked, single)[0] == asked.points


# -- oracles against torch, autograd and differences ------------------------------------------------------------------------------


def cases_with_oracle(id):
    for seed in SEEDS:
        for case in question(id).cases(seed):
            given = [np.array(v) if isinstance(v, list) else v for v in case.inputs.values()]
            yield given, question(id).oracle(*given)


def test_oracles_of_losses_are_torch():
    torch = pytest.importorskip("torch")
    from torch.nn import functional as F

    t = torch.tensor
    for (prediction, y), value in cases_with_oracle("01.2"):
        assert np.isclose(value, F.mse_loss(t(prediction.ravel()), t(y.ravel())).item(), rtol=1e-12)
    for (e, delta), value in cases_with_oracle("01.3"):
        assert np.allclose(value, F.huber_loss(t(e), torch.zeros_like(t(e)), reduction="none", delta=delta), rtol=1e-12)
    for (z, k), value in cases_with_oracle("01.4"):
        assert np.isclose(value, F.cross_entropy(t(z), t(k)).item(), rtol=1e-12)
    for (z, k), value in cases_with_oracle("01.5"):
        scores = t(z, requires_grad=True)
        F.cross_entropy(scores, t(k)).backward()
        assert np.allclose(value, scores.grad, rtol=1e-10, atol=1e-15)
    for (z, k, _), value in cases_with_oracle("01.7"):
        assert np.isclose(value, F.cross_entropy(t(z), t(k)).item(), rtol=1e-10, atol=1e-14)


def test_the_slope_agrees_with_differences():
    loss = question("01.4").oracle
    for case in question("01.5").cases(0)[:4]:
        z, k = np.array(case.inputs["z"]), np.array(case.inputs["k"])
        for index in np.ndindex(z.shape):
            up, down = z.copy(), z.copy()
            up[index] += 1e-5
            down[index] -= 1e-5
            # central differences err by about 1e-10 from truncation and 1e-11 from rounding
            assert abs((loss(up, k) - loss(down, k)) / 2e-5 - question("01.5").oracle(z, k)[index]) < 1e-8


def test_the_optimizer_is_torchs():
    torch = pytest.importorskip("torch")
    from gdcore.check.execute import run

    for case in question("03.3").cases(1):
        ours = run("optimizer", question("03.3").oracle, case.inputs)["value"]
        parameters = [torch.tensor(p, dtype=torch.float64) for p in case.inputs["parameters"]]
        optimizer = torch.optim.SGD(parameters, lr=case.inputs["settings"]["lr"])
        for t, gradients in enumerate(case.inputs["gradients"], 1):
            optimizer.param_groups[0]["lr"] = case.inputs.get("changes", {}).get(str(t), {}).get("lr", optimizer.param_groups[0]["lr"])
            for p, g in zip(parameters, gradients):
                p.grad = torch.tensor(g, dtype=torch.float64)
            optimizer.step()
            for p, q in zip(parameters, ours[t]):
                assert np.allclose(p, q, rtol=1e-12)


def test_the_plan_is_kept_by_a_descent():
    """The promised number of steps is enough in the worst direction, and one fewer is not."""
    for (H, share), (limit, rate, steps) in cases_with_oracle("03.5"):
        curvatures = np.linalg.eigvalsh(H)
        left = lambda t, factors=1 - rate * curvatures: np.abs(factors**t).max()
        assert left(steps) <= share < left(steps - 1)
        assert np.abs(1 - 1.001 * limit * curvatures).max() > 1 > np.abs(1 - 0.999 * limit * curvatures).max()


def test_curvatures_measured_in_explosions_are_those_of_the_bowls():
    assert np.allclose([value for _, value in cases_with_oracle("03.4")][0], 10, rtol=1e-3)  # the flat direction has died out


# -- the registry -----------------------------------------------------------------------------------------------------------------


def test_unknown_questions_and_kinds():
    with pytest.raises(ValueError, match="There is no question '09.9'; there are 01.1, 01.2"):
        question("09.9")
    good = dict(title="t", points=1, difficulty=1, minutes=1, objectives=(), name="f", draw=lambda rng: [Case("a", {})], mistakes=(),
                success="", onwards="")  # fmt: skip
    with pytest.raises(ValueError, match="is of kind 'riddle', but must be one of function, optimizer"):
        Question("01.1", kind="riddle", oracle=len, **good)
    with pytest.raises(ValueError, match="an oracle or a proof, and not both"):
        Question("01.1", kind="function", **good)
    with pytest.raises(ValueError, match="chapter and number, such as 03.2; got '1.1'"):
        Question("1.1", kind="function", oracle=len, **good)


def test_ids_count_from_one_without_gaps():
    for chapter in {q.chapter for q in QUESTIONS}:
        assert list(questions(chapter)) == [f"{chapter}.{n}" for n in range(1, len(questions(chapter)) + 1)]
