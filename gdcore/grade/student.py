"""The verdicts on one student: each notebook runs in a process of its own, each answer is judged case by case.

Points are for the cases of the secret seed. Those of the notebook are tried as well, for the feedback: their numbers may be shown.
"""

import re
import time

from gdcore.check.declaration import manual_questions, questions
from gdcore.check.execute import NOTHING
from gdcore.check.judge import judge, mistakes_of, points_of
from gdcore.grade.manual import answer
from gdcore.grade.parent import TOTAL, Child, Gone
from gdcore.grade.shortcuts import parsed, runnable, shortcut
from gdcore.grade.submissions import Unreadable, read

__all__ = ["grade"]

LENIENCE = 2  # times the seconds that a case has in the notebook: a grader's machine is busier
SKIPS = 3  # cells that may hang or end the process, before the notebook is given up
OVER = f"Not tried: the notebook's {TOTAL} seconds were used up."
ENDED = ("Endless", "gone", "not tried")  # after these, the other cases of a question are not tried


def grade(student, contents, seed, sandbox):
    """{"questions": {id: verdict}, "answers": {id: text of a manual question}, "notes": […]} for the bytes of a student's files."""
    notes, notebooks = list(student.notes), {}
    for (name, _), data in zip(student.files, contents):
        try:
            notebook = read(name, data)
        except Unreadable as error:
            notes.append(str(error))
            continue
        notes += notebook.notes
        for chapter in notebook.chapters:
            notebooks.setdefault(chapter, []).append((name, notebook))
    verdicts, answers, run = {}, {}, {}
    for chapter, found in sorted(notebooks.items()):
        name, notebook = min(found, key=lambda pair: (not re.fullmatch(rf"(.*/)?{chapter}_[a-z_]+\.ipynb", pair[0]), pair[0]))
        notes += [f"{other} answers chapter {chapter} too; only {name} counts." for other, _ in found if other != name]
        run.setdefault(name, (notebook, []))[1].append(chapter)
    for name, (notebook, chapters) in run.items():
        verdicts |= _notebook(name, notebook, chapters, seed, sandbox, notes)
        answers |= {id: answer(notebook.cells, q) for id, q in manual_questions().items() if q.chapter in chapters}
    return {"questions": verdicts, "answers": answers, "notes": notes}


def _notebook(name, notebook, chapters, seed, sandbox, notes):
    """{id: verdict} for the questions of these chapters."""
    statements = parsed(notebook.code)
    talk, verdicts = _Talk(sandbox, [runnable(source) for source in notebook.code]), {}
    try:
        for asked in (q for chapter in chapters for q in questions(chapter).values()):
            if used := shortcut(statements, asked):
                said = f"The answer uses {used}, which is not allowed here: write it yourself."
                verdicts[asked.id] = {"points": 0, "status": "forbidden", "mistakes": [], "why": said, "cases": [], "secret": None}
            else:
                verdicts[asked.id] = _question(asked, talk, seed)
    finally:
        talk.end()
    notes += [f"{name}: {said}" for said in talk.told()]
    return verdicts


def _question(asked, talk, seed):
    secret, visible = asked.cases(seed), asked.cases()
    same = [c.inputs for c in secret] == [c.inputs for c in visible]
    outputs = talk.outputs(asked, secret)
    verdicts = [judge(asked, c, o) for c, o in zip(secret, outputs)]
    shown = verdicts if same else [judge(asked, c, o) for c, o in zip(visible, talk.outputs(asked, visible, outputs))]
    points = points_of(asked, secret, verdicts)
    mistakes = mistakes_of(asked, secret, outputs) if points < asked.points else []
    why = next((v.message for v, o in zip(verdicts, outputs) if o.get("raised") in (*ENDED, "missing")), "")
    return {"points": points, "status": _status(asked, points, verdicts, outputs), "mistakes": [m.name for m in mistakes], "why": why,
            "cases": [[v.credit, c.name, v.message] for c, v in zip(visible, shown)],
            "secret": None if same else [sum(v.passed for v in verdicts), len(verdicts)]}  # fmt: skip


def _status(asked, points, verdicts, outputs):
    """One word for a question: right, partly, wrong, blank, missing, late or gone."""
    if points > 0:
        return "right" if points == asked.points else "partly"
    if any(o.get("raised") == "missing" for o in outputs):
        return "missing"
    if all("othing is written yet" in v.message for v in verdicts):
        return "blank"
    raised = {o.get("raised") for o in outputs}
    return "gone" if "gone" in raised else "late" if "Endless" in raised else "wrong"


class _Talk:
    """Requests to a notebook's process. One that ended or hung is replaced, without the cell that did it, while there is time."""

    def __init__(self, sandbox, cells):
        self.sandbox, self.cells = sandbox, cells
        self.child, self.skip, self.over = None, {}, ""
        self.until, self.errors = time.monotonic() + TOTAL, {}

    def outputs(self, asked, cases, before=()):
        """The outputs for some cases; none is tried after one that did not come to an end, here or `before`."""
        limit, outputs = LENIENCE * asked.limit, []
        for case in cases:
            if any(o.get("raised") in ENDED for o in [*before, *outputs]):
                outputs.append(NOTHING | {"error": "Not tried, since one before it did not come to an end.", "raised": "not tried"})
            else:
                outputs.append(self._output(asked, case, limit))
        return outputs

    def _output(self, asked, case, limit):
        try:
            self._start()
            if time.monotonic() > self.until:
                raise Gone(OVER)
            return self.child.ask(asked, case.inputs, limit)
        except Gone as gone:
            self.end()
            return NOTHING | {"error": str(gone), "raised": "gone"}

    def _start(self):
        while self.child is None:
            left = self.until - time.monotonic()
            if self.over or left <= 0:
                raise Gone(self.over or OVER)
            try:
                self.child = Child(self.sandbox, self.cells, self.skip, left)
                self.errors = self.child.errors
            except Gone as gone:
                if gone.cell is None or gone.cell in self.skip or len(self.skip) == SKIPS:
                    self.over = f"The notebook did not run to its end. {gone}"
                else:
                    self.skip[gone.cell] = str(gone)

    def told(self):
        """What went wrong in the cells, a sentence each."""
        wrong = {n: f"did not end or ended all, and was left out. {said}" for n, said in self.skip.items()} | self.errors
        yield from (f"code cell {n} {said.rstrip('.')}." for n, said in sorted(wrong.items())[:5])
        if self.over:
            yield self.over

    def end(self):
        if self.child is not None:
            self.child.end()
            self.child = None
