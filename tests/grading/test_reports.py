"""What a learner sees: guards that say one clear sentence, the same words as HTML and as text, in well under a second."""

import html
import json
import re
import time

import numpy as np
import pytest

import gdcore
from gdcore import check
from gdcore.check import record, session
from gdcore.check.declaration import question
from gdcore.check.execute import run
from gdcore.check.judge import judge
from gdcore.check.picture import paths
from tests.grading.common import QUESTIONS, submission_of


@pytest.fixture(autouse=True)
def progress_file(tmp_path, monkeypatch):
    path = tmp_path / "progress.json"
    monkeypatch.setenv("GDCORE_PROGRESS", str(path))
    monkeypatch.setattr(session, "_seen", {})
    return path


def words(report):
    """What the HTML says, without what is drawn and without spaces."""
    text = re.sub(r"<svg.*?</svg>", "", report._repr_html_(), flags=re.DOTALL)
    return _bare(html.unescape(re.sub(r"<[^>]+>", "", text)))


def said(report):
    """What the text says, without spaces."""
    return _bare(repr(report).replace("`", ""))


def _bare(text):
    return "".join(text.split())


def right(prediction, y):
    return np.mean((np.ravel(prediction) - np.ravel(y)) ** 2)


# -- guards: what comes back when a submission does something else than answer -----------------------------------------------------


def raises(prediction, y):
    total = 0
    return total + undefined  # noqa: F821


def endless(prediction, y):
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            pass


def alters(prediction, y):
    result = right(prediction, y)
    prediction -= prediction
    return result


def leaves(prediction, y):
    raise SystemExit(0)


GUARDS = [
    (lambda prediction, y: None, "It returns None: nothing is written yet, or the `return` is missing."),
    (raises, "It raised NameError in line 3 of raises: name 'undefined' is not defined."),
    (endless, "It was still running after 2 seconds and was stopped: is there a loop that never ends?"),
    (alters, "It alters its input `prediction`: the caller still needs that array, so work on a copy."),
    (leaves, "It raised SystemExit in line 2 of leaves: 0."),
    (lambda prediction, y: "about 3", "one number is expected, 'about 3' came."),
    (lambda prediction, y: [right(prediction, y)], "one number is expected, an array of shape (1,) came."),
    (lambda prediction, y: np.ones((2, 3)), "one number is expected, an array of shape (2, 3) came."),
    (lambda prediction, y: float("nan"), "is expected, nan came: an overflow, or a division by zero."),
    (lambda prediction, y: float("inf"), "is expected, inf came: an overflow, or a division by zero."),
    (lambda prediction, y: 1 + 2j, "It returns an object of type complex: return numbers, or a NumPy array of them."),
    (lambda prediction, y: object(), "It returns an object of type object: return numbers, or a NumPy array of them."),
    (lambda prediction, y: np.zeros(2_000_000), "It returns an array of 2,000,000 numbers"),
    (lambda prediction: 1, "It raised TypeError: "),
    (right(1, 2), "The answer is a function, got float64: pass the function itself, without calling it."),
    (..., "Nothing is written yet."),
]


@pytest.mark.parametrize("submission, sentence", GUARDS)
def test_a_guard_says_one_clear_sentence(submission, sentence):
    report = check("01.2", submission)
    assert report.points == 0 and not report.passed and report.mistakes == ()
    assert sentence in repr(report)


def test_guards_of_the_other_kinds():
    class SGD:
        def __init__(self, params, lr):
            self.params = params

        def step(self, grads):
            grads[0] += 1

    assert "It alters its input `gradients`" in repr(check("03.3", SGD))
    assert "The answer is a class, got SGD: pass the class itself, without brackets." in repr(check("03.3", SGD([], 0.1)))
    assert "The answer is a dictionary such as the one above, got int" in repr(check("01.1", 464))
    assert "The key 'bill' is missing." in repr(check("01.1", {"squared": 464, "absolute": "a", "sixty": ...}))
    assert "The answer is a number; got a." in repr(check("01.1", {"absolute": "a"}))
    assert "✗  budget   Nothing is written yet." in repr(check("01.6", {"budget": ("squared", ...), "parcels": ("absolute", "a")}))
    assert "Give a pair, (choice, reason); got squared." in repr(check("01.6", {"budget": "squared"}))
    assert "2 rates are expected, an array of shape (2,); yours has the shape ()." in repr(check("03.8", lambda mu, L, n: 1.0))
    assert "A slope and an intercept are expected, two numbers; 3 came." in repr(check("01.8", lambda x, y: 3.0))
    assert "which has not the form that is asked for" in repr(check("01.8", lambda x, y: [1.0, [2.0]]))


def test_a_number_that_lies_about_itself_becomes_a_plain_one():
    class Liar(float):
        def __eq__(self, other):
            return True

        __hash__ = float.__hash__

    assert check("01.2", lambda prediction, y: Liar(1)).points == 0


def test_a_time_that_was_measured_counts_where_there_is_no_alarm():
    asked = question("01.2")
    case = asked.cases()[0]
    output = run("function", right, case.inputs)
    assert judge(asked, case, output).passed
    assert judge(asked, case, {**output, "seconds": 3.0}).message.startswith("It took 3.0 seconds, and 2 are allowed")


def test_torch_answers_count():
    torch = pytest.importorskip("torch")
    assert check("01.2", lambda prediction, y: torch.tensor(right(prediction, y))).passed
    assert check("01.2", lambda prediction, y: torch.tensor(right(prediction, y), dtype=torch.float32)).passed


# -- reports ----------------------------------------------------------------------------------------------------------------------

SHOWN = [pytest.param(q, m, id=f"{q.id}-{i}") for q in QUESTIONS for i, m in enumerate(q.mistakes)]


@pytest.mark.parametrize("asked, mistake", SHOWN)
def test_html_and_text_say_the_same_and_soon(asked, mistake):
    begin = time.perf_counter()
    report = check(asked.id, submission_of(asked, mistake))
    shown = words(report)
    assert time.perf_counter() - begin < 5  # half a second beside nothing; a fault that loops for ever is another matter
    assert shown == said(report)
    assert mistake.name in repr(report) and mistake.hint in repr(report) and report.mistakes == (mistake.name,)


def test_a_loop_without_end_is_named_too():
    def armijo(f, gradient, x, lr, c):
        g, tries = gradient(x), 1
        while not f(x - lr * g) <= f(x) - c * (g @ g):
            lr, tries = lr / 2, tries + 1
        return lr, tries

    assert check("03.6", armijo).mistakes == ("The rate is missing on the right side.",)


def test_where_to_look_is_where_the_rarer_cases_are():
    def rows_only(f, x, h):  # fails on tables
        return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))]).reshape(x.shape) if x.ndim == 1 else 0 * x

    def tables_only(f, x, h):
        return question("02.2").oracle(f, x, h) if x.ndim == 2 else 0 * x

    def long_rows_and_tables(f, x, h):
        return question("02.2").oracle(f, x, h) if x.size == 6 else 0 * x

    assert "Look at 'knobs in a table, (2, 3)' first: what is special about it?" in repr(check("02.2", rows_only))
    assert "Only 'knobs in a table, (2, 3)' passes: what is special about it?" in repr(check("02.2", tables_only))
    assert "Only 'six knobs' and 'knobs in a table, (2, 3)' pass: what have they in common?" in repr(check("02.2", long_rows_and_tables))
    said_of_none = repr(check("02.2", lambda f, x, h: 0 * x))
    assert "passes" not in said_of_none and "Look at" not in said_of_none
    assert "Look at 'bill' first." in repr(check("02.1", {**question("02.1").oracle, "bill": 17}))


def test_what_is_shown_differs_in_the_digits_that_are_shown():
    class NearlyRight:
        def __init__(self, params, length):
            self.right = question("02.5").oracle(params, length)

        def step(self, grads):
            self.right.length *= 1 + 3e-8
            self.right.step(grads)

    for id, answer in (("02.5", NearlyRight), ("02.2", lambda f, x, h: question("02.2").oracle(f, x, h) * (1 + 1e-6)),
                       ("03.2", lambda *inputs: np.array(question("03.2").oracle(*inputs)) + 1e-8)):
        pairs = re.findall(r"first wrong at .*?: (.*) is expected, (.*) came", repr(check(id, answer)))
        assert len(pairs) >= 4 and all(expected != came for expected, came in pairs), pairs


def test_success_says_why_and_what_next():
    report = check("01.2", right)
    assert report.passed and report.points == 2
    assert question("01.2").success in repr(report) and f"Try next: {question('01.2').onwards}" in repr(report)
    assert words(report) == said(report)


def test_another_seed_is_another_case_and_counts_nothing():
    assert repr(check("01.2", right, seed=7)) != repr(check("01.2", right)) and check("01.2", right, seed=7).passed
    session._seen.clear()
    check("01.2", right, seed=7)
    assert session._seen == {}


@pytest.mark.parametrize("answer, said_of_it", [
    (..., "Nothing is written yet."), ("\n...\n", "Nothing is written yet."), ("  ", "Nothing is written yet."),
    ("A.", "1 word. No program can tell whether a text is right. A person reads it, and looks for this:"),
    ("word " * 151, "151 words, and at most 150 are asked for: what can go?"),
    (3, "The answer is a text between quotes, got int."), (None, "The answer is a text between quotes, got NoneType."),
], ids=range(7))  # fmt: skip
def test_a_text_for_a_person_gets_an_honest_answer_and_no_points(progress_file, answer, said_of_it):
    report = check("01.9", answer)
    assert said_of_it in repr(report) and words(report) == said(report)
    assert (report.points, report.of, report.passed) == (0, 0, False) and "up to 4 points, given by a person" in repr(report)
    check("01.2", right)
    assert "–  01.9 Two models for the waiting room     4 more, from a person" in repr(check.all())
    assert "01.9" not in json.loads(progress_file.read_text())["shares"]


def test_paths_are_drawn_with_a_text_and_without_fixed_ink():
    report = check("03.2", question("03.2").mistakes[0].code)
    (svg, says), = [rest for kind, *rest in report.blocks if kind == "picture"]
    assert 'role="img"' in svg and says in svg and "currentColor" in svg and "leaves the picture at step" in says
    assert not re.search(r'(fill|stroke)="(black|white|#000|#fff)', svg)
    assert paths([[0.0, 0.0], [1.0, 1.0]], [[0.0, 0.0], [float("nan"), 1.0]]) is not None
    assert paths([1.0, 2.0, 3.0], [1.0, float("inf"), 3.0]) is not None
    assert paths([1.0], [1.0]) is None and paths(3.0, 4.0) is None and paths([[1.0], [2.0]], [[1.0, 2.0], [2.0, 3.0]]) is None


def test_the_module_is_the_function_and_keeps_its_names():
    assert gdcore.check is check and check.claim is gdcore.claim
    assert check("01.2", right).passed and check.check("01.2", right).passed
    with pytest.raises(ValueError, match="There is no question '1.2'; there are 01.1"):
        check("1.2", right)


# -- progress ---------------------------------------------------------------------------------------------------------------------


def test_all_sums_up_and_keeps_the_best(progress_file):
    assert "Nothing was checked yet" in repr(check.all()) and not progress_file.exists()
    check("01.2", right)
    check("01.2", lambda prediction, y: 0.0)
    report = check.all()
    assert (report.points, report.of) == (2, 20) and words(report) == said(report)
    assert json.loads(progress_file.read_text())["shares"] == {"01.2": 1.0}
    session._seen.clear()  # a new kernel
    check("01.3", lambda e, delta: e)
    assert check.all().points == 2 and json.loads(progress_file.read_text())["shares"] == {"01.2": 1.0, "01.3": 0.0}
    assert [p.name for p in progress_file.parent.iterdir()] == [progress_file.name]


def test_the_map_shows_the_whole_book(progress_file):
    record.save(progress_file, {"01.2": 1.0, "03.1": 0.5, "99.1": 1.0})
    report = check.progress()
    assert (report.points, report.of) == (3.5, sum(q.points for q in QUESTIONS))
    assert "01 2 of 20" in repr(report) and "30 0 of 16" in repr(report) and words(report) == said(report)


def test_the_parts_are_those_of_the_plan():
    yaml = pytest.importorskip("yaml")
    from tests.grading.common import ROOT

    plan = yaml.safe_load((ROOT / "book/chapters.yml").read_text(encoding="utf-8"))
    assert [(p["part"], int(p["chapters"][0][0][:2]), int(p["chapters"][-1][0][:2])) for p in plan] == list(session.PARTS)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"shares": 3}', '{"other": {}}', "\x00\xff", "[" * 100_000])
def test_a_damaged_file_is_set_aside(progress_file, text):
    progress_file.write_text(text, encoding="utf-8")
    assert f"{progress_file.name} is damaged; it was renamed to {progress_file.name}.damaged" in repr(check.progress())
    assert progress_file.with_name(progress_file.name + ".damaged").read_text(encoding="utf-8") == text
    check("01.2", right)
    assert "Kept in" in repr(check.all()) and json.loads(progress_file.read_text())["shares"] == {"01.2": 1.0}


def test_bytes_that_are_no_text_are_set_aside(progress_file):
    progress_file.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read (UnicodeDecodeError)" in repr(check.progress())


def test_senseless_entries_are_left_out(progress_file):
    progress_file.write_text('{"shares": {"01.1": 1.0, "01.2": 7, "01.3": "all", "01.4": null, "01.5": NaN, "01.6": true}}')
    report = check.progress()
    assert "5 of 6 entries of progress.json make no sense" in repr(report) and report.points == 2


def test_a_folder_that_cannot_be_written_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("GDCORE_PROGRESS", str(tmp_path / "nowhere" / "progress.json"))
    check("01.2", right)
    assert "could not be written to progress.json" in repr(check.all())


def test_two_machines_merge(progress_file, tmp_path):
    other = tmp_path / "other.json"
    record.save(progress_file, {"01.1": 1.0, "01.2": 0.2})
    record.save(other, {"01.2": 0.8, "03.1": 0.5, "09.1": 1.0})
    check.merge(other)
    merged = json.loads(progress_file.read_text())["shares"]
    assert merged == {"01.1": 1.0, "01.2": 0.8, "03.1": 0.5, "09.1": 1.0}
    check.merge(other, other)
    assert json.loads(progress_file.read_text())["shares"] == merged
    a, b, c = {"x": 0.1, "y": 1.0}, {"x": 0.5}, {"z": 0.0, "y": 0.2}
    assert record.merged(a, record.merged(b, c)) == record.merged(record.merged(c, a), b) == {"x": 0.5, "y": 1.0, "z": 0.0}


def test_a_file_to_merge_must_be_there_and_is_never_touched(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no progress file none.json"):
        check.merge(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    assert "bad.json is damaged; it was left out." in repr(check.merge(tmp_path / "bad.json"))
    assert (tmp_path / "bad.json").read_text() == "{"
