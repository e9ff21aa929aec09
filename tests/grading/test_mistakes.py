"""Known wrong answers are named, right ones never."""

import inspect
import json
import os

import numpy as np
import pytest

from gdcore.check import declaration
from gdcore.check.declaration import Case, Question, question, questions
from gdcore.check.judge import mistaken_output
from tests.grading.common import QUESTIONS, SEEDS, code, graded, said_of, solutions, submission_of

pytestmark = pytest.mark.slow

PAIRS = [pytest.param(q, m, way, id=f"{q.id}-{i}" + f"-{way}" * (way > 0))
         for q in QUESTIONS for i, m in enumerate(q.mistakes) for way in range(len(m.codes))]
SOLVED = solutions()
MANY, NAMED, SEEN = (30, 30, SEEDS) if os.environ.get("GDCORE_TEST_ALL") else (12, 2, SEEDS[:2])  # naming runs all mistakes of a question


@pytest.mark.parametrize("question, mistake, way", PAIRS)
def test_a_known_wrong_answer_is_named_as_itself_and_no_other(question, mistake, way):
    for seed in SEEN:
        if question.mode == "answer" or seed == SEEN[0]:
            points, named = graded(question, submission_of(question, mistake, way), seed)
        else:  # what the engine finds when it runs the mistake itself, and keeps: a run more would say no more
            cases = question.cases(seed)
            points, named = said_of(question, cases, [mistaken_output(question, mistake, way, case) for case in cases])
        assert points < question.points and named == [mistake.name], f"seed {seed}: {points} points, {named}"


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda q: q.id)
def test_a_right_answer_is_right_for_many_seeds_and_never_named(asked):
    """On the first seeds, and on all in make test-all, no mistake gives what is right: there it could not be told from it."""
    for seed in range(MANY):
        assert graded(asked, SOLVED[asked.id][1], seed, named=seed < NAMED) == (asked.points, [])


@pytest.mark.parametrize("id, name", [("01.7", "01_loss.ipynb"), ("02.7", "02_gradient.ipynb"), ("03.7", "03_learning_rate.ipynb"),
                                      ("04.5", "04_convergence.ipynb"), ("06.5", "06_momentum.ipynb"), ("07.5", "07_schedules.ipynb"),
                                      ("08.5", "08_adaptive.ipynb"), ("09.4", "09_inputs_and_initialisation.ipynb"),
                                      ("10.4", "10_deep_gradients.ipynb"), ("11.4", "11_generalisation.ipynb"),
                                      ("12.6", "12_monitoring.ipynb"), ("13.4", "13_tools.ipynb"),
                                      ("14.4", "14_second_order.ipynb"), ("15.4", "15_matrix_methods.ipynb"),
                                      ("16.4", "16_large_scale.ipynb"),
                                      ("17.4", "17_distributed.ipynb"), ("19.4", "19_gradient_free.ipynb"),
                                      ("18.4", "18_federated.ipynb"), ("20.4", "20_reinforcement.ipynb"), ("21.4", "21_quantum.ipynb"),
                                      ("28.4", "28_use_cases.ipynb"),
                                      ("23.4", "23_understanding.ipynb"), ("22.4", "22_hybrid.ipynb"), ("24.4", "24_edge_and_energy.ipynb"),
                                      ("27.4", "27_transformer_translation.ipynb"),
                                      ("29.4", "29_industries.ipynb"), ("30.4", "30_dos_and_donts.ipynb")])
def test_the_broken_code_that_the_notebook_gives_is_worth_nothing_and_named(id, name):
    scope = {"np": np}
    exec(next(source for source in code("exercises", name) if "def given" in source), scope)
    for seed in SEEDS:
        assert graded(question(id), scope["given"], seed) == (0, [question(id).mistakes[0].name])


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda q: q.id)
def test_cases_are_plain_named_and_repeatable(asked):
    said = lambda cases: json.dumps([(c.name, c.inputs, c.hidden) for c in cases])
    for seed in SEEDS:
        cases = asked.cases(seed)
        before = said(cases)
        assert before == said(declaration._drawn.__wrapped__(asked, seed))
        cases[0].inputs.clear()  # by an answer that does what it likes: the next one gets its own
        assert before == said(asked.cases(seed))
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
