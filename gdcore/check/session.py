"""The notebook's side: check one answer, sum up, keep the progress, and show it as a map of the book."""

from gdcore.check import record
from gdcore.check.declaration import manual_questions, question, questions
from gdcore.check.execute import run_all
from gdcore.check.judge import judge, mistakes_of, points_of
from gdcore.check.picture import paths
from gdcore.check.report import Report

__all__ = ["all", "check", "merge", "progress"]

# the parts of the book with their first and last chapters, as in book/chapters.yml
PARTS = (("Foundations", 1, 5), ("Craft", 6, 13), ("Advanced methods", 14, 24), ("Worked examples", 25, 27), ("In the world", 28, 30))

_seen = {}  # the best share of points of each question since the kernel started


def check(id, answer, seed=0):
    """Try an answer on the cases of a question and return the `Report`, which Jupyter shows.

    id: chapter and number, such as "03.2". answer: the function, the class, or the dictionary that the question asks for.
    seed: 0 gives the cases of the notebook, any other number new ones. A text for a person to mark gets no points here, but the
    list of what that person looks for. Raises ValueError for an id that does not exist.
    """
    if id in manual_questions():
        return _for_a_person(manual_questions()[id], answer)
    asked = question(id)
    cases = asked.cases(seed)
    outputs = run_all(asked.mode, answer, [c.inputs for c in cases], asked.limit)
    verdicts = [judge(asked, c, o) for c, o in zip(cases, outputs)]
    points = points_of(asked, cases, verdicts)
    if seed == 0:
        _seen[id] = max(points / asked.points, _seen.get(id, 0.0))
    wrong = [(c, v) for c, v in zip(cases, verdicts) if not v.passed]
    mistakes = mistakes_of(asked, cases, outputs) if wrong else []
    blocks = [("head", f"{id} {asked.title}: {points:g} of {asked.points} points")]
    blocks += _table(cases, verdicts)
    if wrong:
        blocks += _what_is_wrong(asked, wrong, [c for c, v in zip(cases, verdicts) if v.passed], mistakes)
    else:
        blocks += [("say", "good", f"Right. {asked.success}"), ("say", "", f"Try next: {asked.onwards}")]
    return Report(blocks, points, asked.points, [m.name for m in mistakes])


def _for_a_person(asked, answer):
    """What can be said without a person: whether something is written, and what it will be read for."""
    blocks = [("head", f"{asked.id} {asked.title}: up to {asked.points} points, given by a person")]
    if answer is not ... and not isinstance(answer, str):
        return Report([*blocks, ("say", "", f"The answer is a text between quotes, got {type(answer).__name__}.")])
    words = 0 if answer is ... else len(answer.replace("...", " ").split())
    if not words:
        return Report([*blocks, ("say", "", "Nothing is written yet.")])
    said = f"{words} words" if words != 1 else "1 word"
    said += f", and at most {asked.words} are asked for: what can go?" if words > asked.words else "."
    rubric = [("1 point" if points == 1 else f"{points} points", what) for what, points in asked.rubric]
    alone = "You learn alone? Be that person: mark your text by this list, then read the one in `solutions`."
    return Report([*blocks, ("say", "", f"{said} No program can tell whether a text is right. A person reads it, and looks for this:"),
                   ("table", rubric), ("say", "", alone)])


def _table(cases, verdicts):
    """A row a case; one sentence in place of the table where all cases fail by the same one, as an unwritten answer does."""
    messages = {v.message for v in verdicts}
    if len(messages) == 1 and len(cases) > 1 and not any(v.credit for v in verdicts):
        return [("say", "", messages.pop())]
    marks = {0: "✗", 1: "✓"}
    return [("table", [(marks.get(v.credit, "◐"), c.name, v.message) for c, v in zip(cases, verdicts)])]


def _what_is_wrong(asked, wrong, passed, mistakes):
    blocks = []
    for mistake in mistakes:
        blocks += [("say", "mistake", mistake.name), ("hint", mistake.hint)]
    if not mistakes and passed:
        blocks.append(("say", "", _where_to_look(asked, [c for c, _ in wrong], passed)))
    if asked.steps:
        longest = max((v for _, v in wrong if v.got is not None), key=lambda v: len(v.expected or ()), default=None)
        drawn = paths(longest.expected, longest.got) if longest else None
        blocks += [("picture", *drawn)] if drawn else []
    return blocks


def _where_to_look(asked, wrong, passed):
    """The rarer kind of case tells more: one that fails among many that pass, or one that passes among many that fail."""
    if asked.mode == "answer":
        return f"Look at {wrong[0].name!r} first."
    if len(wrong) <= len(passed):
        return f"Look at {wrong[0].name!r} first: what is special about it?"
    if len(passed) == 1:
        return f"Only {passed[0].name!r} passes: what is special about it?"
    names = ", ".join(repr(c.name) for c in passed[:-1])
    return f"Only {names} and {passed[-1].name!r} pass: what have they in common?"


def all():
    """Sum up the chapters that were tried since the kernel started, keep the best of each question in the file, and say where."""
    path = record.place()
    kept, trouble = record.load(path)
    best = record.merged(kept, _seen)
    chapters = sorted({id[:2] for id in _seen})
    if not chapters:
        return Report([("say", "", 'Nothing was checked yet: answer a question, run its check, and then check.all() again.')])
    rows, points, of = [], 0.0, 0
    for chapter in chapters:
        for asked in questions(chapter).values():
            got = best.get(asked.id, 0.0) * asked.points
            mark = "✓" if got == asked.points else "◐" if got else "✗"
            said = f"{got:g} of {asked.points}" if asked.id in best else f"not tried, {asked.points}"
            rows.append((mark, f"{asked.id} {asked.title}", said))
            points, of = points + got, of + asked.points
        rows += [("–", f"{asked.id} {asked.title}", f"{asked.points} more, from a person") for asked in manual_questions(chapter).values()]
    trouble = trouble + " " * bool(trouble) + record.save(path, best)
    said = trouble.strip() or f"Kept in {path.name}; check.progress() shows the whole book."
    return Report([("head", f"{points:g} of {of} points"), ("table", rows), ("say", "", said)], points, of)


def progress():
    """A map of the book: of each chapter with exercises the share of points that you have, from the file and this session."""
    kept, trouble = record.load(record.place())
    return _map(record.merged(kept, _seen), trouble)


def merge(*paths):
    """Add the progress files of other machines to this one's, the best of each question counting, and show the map.

    A file that is not there raises FileNotFoundError; a damaged one is left as it is, and the map says so.
    """
    path = record.place()
    loaded = [record.load(path), *(record.load(p, ours=False) for p in paths)]
    best = record.merged(_seen, *(shares for shares, _ in loaded))
    return _map(best, " ".join([said for _, said in loaded if said] + [record.save(path, best)]).strip())


def _map(best, trouble):
    blocks = [("head", "Your way through the book")]
    points = of = 0
    for part, first, last in PARTS:
        rows = []
        for chapter in (f"{n:02}" for n in range(first, last + 1)):
            asked = questions(chapter).values()
            whole, have = sum(q.points for q in asked), sum(q.points * best.get(q.id, 0.0) for q in asked)
            points, of = points + have, of + whole
            rows.append((chapter, have / whole, f"{have:g} of {whole}") if whole else (chapter, None, "–"))
        blocks += [("say", "", part), ("bars", rows)]
    blocks += [("say", "", f"{points:g} of {of} points.")] + ([("say", "", trouble)] if trouble else [])
    return Report(blocks, points, of)
