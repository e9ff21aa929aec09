"""The verdicts on one student: each notebook runs in a process of its own, each answer is judged case by case where its check stands.

Points are for the cases of the secret seed. Those of the notebook are tried as well, for the feedback, in another process that has not seen
the secret ones: what it says may be shown. Where a question is checked several times the best answer counts; one that asks a landscape on a
budget meets another landscape each time, since it may remember.
"""

import re
import time
from collections import defaultdict

from gdcore.check.declaration import manual_questions, questions
from gdcore.check.execute import NOTHING
from gdcore.check.judge import expected_output, judge, mistakes_of, points_of
from gdcore.grade.manual import answer
from gdcore.grade.parent import TOTAL, Child, Gone
from gdcore.grade.submissions import Unreadable, read

__all__ = ["grade"]

LENIENCE = 2  # times the seconds that a case has in the notebook: a grader's machine is busier
CHECKS = 10  # of one question that are tried
COPIES = 4  # notebooks of one chapter that are tried
SKIPS = 3  # cells that may hang or end the process, before the notebook is given up
NOT_TRIED = NOTHING | {"error": "Not tried, since one before it did not come to an end.", "raised": "not tried"}
OVER = "Not tried: the notebook's {:.0f} seconds were used up."
QUIET = ("right", "blank", "missing")  # there is nothing to say of single cases
ENDED = ("Endless", "gone", "not tried")  # after these, the other cases of a question are not tried


def grade(student, contents, seed, sandbox, lifted=()):
    """{"questions": {id: verdict}, "answers": {id: text of a manual question}, "notes": […]} for the bytes of a student's files.

    lifted: questions whose answers may use any name.
    """
    notes, notebooks = list(student.notes), defaultdict(list)
    for (name, _), data in zip(student.files, contents):
        try:
            notebook = read(name, data)
        except Unreadable as error:
            notes.append(str(error))
            continue
        notes += notebook.notes
        notebooks[tuple(notebook.chapters)].append((name, notebook))
    verdicts, answers, taken = {}, {}, {}
    for chapters, found in sorted(notebooks.items()):
        found.sort(key=lambda pair: (not re.fullmatch(r"(.*/)?\d\d_[a-z_]+\.ipynb", pair[0]), pair[0]))  # first the chapter's own name
        notes += [f"{name} was not tried: at most {COPIES} notebooks of a chapter are." for name, _ in found[COPIES:]]
        del found[COPIES:]
        for name, notebook in found:
            tried, said = _notebook(name, notebook, chapters, seed, sandbox, lifted)
            texts = {id: answer(notebook.cells, q) for id, q in manual_questions().items() if q.chapter in chapters}
            for chapter in chapters:
                of = lambda some, chapter=chapter: {id: v for id, v in some.items() if id[:2] == chapter}
                worth = (sum(v["points"] for v in of(tried).values()), sum(bool(t) for t in of(texts).values()))
                if chapter not in taken or worth > taken[chapter][0]:
                    taken[chapter] = worth, name, said
                    verdicts |= of(tried)
                    answers |= of(texts)
    for chapter, (_, name, said) in sorted(taken.items()):
        others = sorted(other for chapters, found in notebooks.items() if chapter in chapters for other, _ in found if other != name)
        notes += [f"{other} answers chapter {chapter} too; {name} counts, as it has no fewer points." for other in others]
        notes += [one for one in said if one not in notes]
    return {"questions": verdicts, "answers": answers, "notes": notes}


def _notebook(name, notebook, chapters, seed, sandbox, lifted):
    """({id: verdict} for the questions of these chapters, what was odd)."""
    asked = {id: q for chapter in chapters for id, q in questions(chapter).items()}
    secret = {id: q.cases(seed) for id, q in asked.items()}
    talk = _Talk(sandbox, notebook.code, asked, secret, seed)
    talk.run()
    verdicts = {id: _verdict(q, talk, id in lifted) for id, q in asked.items()}
    visible = {id: q.cases() for id, q in asked.items()}
    again = _Talk(sandbox, notebook.code, asked, {id: cases for id, cases in visible.items()
                                                   if verdicts[id]["cases"] and verdicts[id]["status"] not in QUIET})  # fmt: skip
    if again.cases:
        again.run()
    for id, cases in visible.items():
        tries = again.tried.get(id) or [(None, cases, [expected_output(asked[id], c) for c in cases])]
        verdicts[id] = _shown(asked[id], tries, verdicts[id], [c.inputs for c in cases] == [c.inputs for c in secret[id]])
    return verdicts, [f"{name}: {said}" for said in talk.told(again.errors)]


def _verdict(asked, talk, lifted):
    """The verdict on a question by the secret cases: its best try that uses no forbidden name counts."""
    unseen = lambda outputs: "exec" if any(o.get("made") == "exec" for o in outputs) else ""
    tries = [(cases, outputs, unseen(outputs) or talk.uses(asked.id, cell)) for cell, cases, outputs in talk.tried[asked.id]]
    free = [(cases, outputs) for cases, outputs, used in tries if lifted or not used]
    if not free:
        said = f"The answer uses {tries[0][2]}, which is not allowed here: write it yourself."
        return {"points": 0, "status": "forbidden", "mistakes": [], "why": said, "cases": [], "secret": None}
    points, cases, outputs, verdicts = max((_judged(asked, *one) for one in free), key=lambda judged: judged[0])
    mistakes = mistakes_of(asked, cases, outputs) if points < asked.points else []
    why = next((_why(asked, o) for o in outputs if o.get("raised") in (*ENDED, "missing")), "")
    return {"points": points, "status": _status(asked, points, verdicts, outputs), "mistakes": [m.name for m in mistakes], "why": why,
            "cases": [[v.credit, c.name, v.message] for c, v in zip(cases, verdicts)], "secret": None}  # fmt: skip


def _why(asked, output):
    """Why an answer came to no end, in the grader's own words: what its process says may hold the secret inputs."""
    if output["raised"] == "missing":
        return f"`{asked.name}` is not defined in the notebook."
    if output["raised"] == "Endless":
        return f"It was still running after {LENIENCE * asked.limit:g} seconds and was stopped: is there a loop that never ends?"
    return output["error"]


def _shown(asked, tries, verdict, same):
    """The verdict with the notebook's own cases in place of the secret ones, of which only the number is told. same: they are the same."""
    if not verdict["cases"] or verdict["status"] in QUIET[1:]:
        return verdict | {"cases": []}
    _, cases, _, seen = max((_judged(asked, cases, outputs) for _, cases, outputs in tries), key=lambda judged: judged[0])
    passed = [credit == 1 for credit, *_ in verdict["cases"]]
    told = {"cases": [[v.credit, c.name, v.message] for c, v in zip(cases, seen)], "secret": None if same else [sum(passed), len(passed)]}
    return verdict | told


def _judged(asked, cases, outputs):
    verdicts = [judge(asked, c, o, LENIENCE * asked.limit) for c, o in zip(cases, outputs)]
    return points_of(asked, cases, verdicts), cases, outputs, verdicts


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
    """A notebook's process, and what came of each check in it: `tried`, {id: [(cell, cases, outputs of the cases), …]}.

    seed: of the cases for a second check of what asks a landscape; without it each check meets the same. A process that ended or hung is
    replaced, without the cell that did it, while there is time.
    """

    def __init__(self, sandbox, cells, asked, cases, seed=None):
        self.sandbox, self.cells, self.asked, self.cases, self.seed = sandbox, cells, asked, cases, seed
        self.child, self.skip, self.over, self.found = None, {}, "", {}
        self.errors, self.tried = {}, {}
        self.seconds = TOTAL + sum(asked[id].limit * len(some) for id, some in cases.items())  # what the notebook allows, too
        self.until = time.monotonic() + self.seconds

    def run(self):
        """Run the notebook, then try by their names the answers that it never checked."""
        try:
            self._start()
        except Gone:
            pass
        for id, cases in self.cases.items():
            if not self.tried.get(id):
                self.tried[id] = [(None, cases, self._outputs(self.asked[id], cases))]
        self.end()

    def uses(self, id, cell):
        """A forbidden name that the answer reaches where it is checked, or ""."""
        places = (self.found or {}).get(id, {})
        return places.get(str(cell), places.get("", ""))

    def checked(self, child, id):
        """Try an answer where its check stands; what `check` returns there."""
        known = self.tried.setdefault(id, []) if id in self.cases else None
        if known is None or len(known) == CHECKS:
            return {}
        asked, cases, outputs = self.asked[id], self._cases(id, len(known)), []
        known.append((child.cell, cases, outputs))
        for case in cases:
            if any(o.get("raised") in ENDED for o in outputs):
                outputs.append(NOT_TRIED)
            elif time.monotonic() > self.until:
                outputs.append(NOTHING | {"error": OVER.format(self.seconds), "raised": "gone"})
            else:
                outputs.append(child.ask(asked, case.inputs, LENIENCE * asked.limit))
        points, *_, verdicts = _judged(asked, cases, outputs)
        return {"points": points, "of": asked.points, "passed": all(v.passed for v in verdicts)}

    def _cases(self, id, before):
        """The cases of a check that so many came before."""
        boxed = any(isinstance(v, dict) and v.get("part") == "box" for case in self.cases[id] for v in case.inputs.values())
        return self.asked[id].cases(f"{self.seed} {before}") if boxed and before and self.seed is not None else self.cases[id]

    def _outputs(self, asked, cases):
        outputs = []
        for case in cases:
            if any(o.get("raised") in ENDED for o in outputs):
                outputs.append(NOT_TRIED)
                continue
            try:
                self._start()
                if time.monotonic() > self.until:
                    raise Gone(OVER.format(self.seconds))
                outputs.append(self.child.ask(asked, case.inputs, LENIENCE * asked.limit))
            except Gone as gone:
                self.end()
                outputs.append(NOTHING | {"error": str(gone), "raised": "gone"})
        return outputs

    def _start(self):
        while self.child is None:
            left = self.until - time.monotonic()
            if self.over or left <= 0:
                raise Gone(self.over or OVER.format(self.seconds))
            before, self.tried = self.tried, {}
            try:
                self.child = Child(self.sandbox, self.cells, self.skip, left, self.asked.values(), self.checked)
                self.errors, self.found = self.child.errors, self.child.uses
                self.tried = before | self.tried
            except Gone as gone:
                trying = self._closed(gone)
                self.tried = before | self.tried
                if gone.cell is None or gone.cell in self.skip or (len(self.skip) >= SKIPS and not trying):
                    self.over = f"The notebook did not run to its end. {gone}"
                else:
                    self.skip[gone.cell] = str(gone)

    def _closed(self, gone):
        """Note for the answer that was being tried, if any, that the process ended there; whether there was one."""
        for tries in self.tried.values():
            missing = len(tries[-1][1]) - len(tries[-1][2]) if tries else 0
            if missing:
                tries[-1][2].extend([NOTHING | {"error": str(gone), "raised": "gone"}, *[NOT_TRIED] * (missing - 1)])
                return True
        return False

    def told(self, again):
        """What went wrong in the cells, a sentence each. again: what a process says of them that has not seen the secret cases."""
        wrong = {n: f"did not end or ended all, and was left out. {said}" for n, said in self.skip.items()} | self.errors | again
        yield from (f"code cell {n} {said.rstrip('.')}." for n, said in sorted(wrong.items())[:5])
        if self.found is None and not self.over:
            yield "it takes too long to look through: whether an answer uses a forbidden name is not known."
        if self.over:
            yield self.over

    def end(self):
        if self.child is not None:
            self.child.end()
            self.child = None
