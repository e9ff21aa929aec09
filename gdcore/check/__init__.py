"""Claims of the chapters, and exercises that know your mistake.

    from gdcore import check
    check("01.2", mse)  # a report: the cases, the first wrong step, the mistake's name
    check.all()         # the sum, kept in one small file
    check.progress()    # a map of the book

Data comes in where a question draws its cases (questions/ch01.py, …: plain values, from a seed; 0 is what the notebook shows).
It passes through `execute`, the only place that runs a learner's code: inputs become arrays, the output becomes a plain
value. `judge` compares that value with the oracle's and with those of the known wrong answers; it runs nothing of the
learner's, so a grader may call the two in different processes, with JSON between them. It leaves as a `Report`, shown as
HTML or as text by `report`, and as points in the file of `record`. `session` ties these together for a notebook.
"""

import sys
import types

from gdcore.check.claims import ClaimError, claim
from gdcore.check.declaration import Case, Mistake, Question, question
from gdcore.check.session import all, check, merge, progress

__all__ = ["Case", "ClaimError", "Mistake", "Question", "all", "check", "claim", "merge", "progress", "question"]


class _Callable(types.ModuleType):
    """`check("01.2", f)` and `check.all()`: the module is the function of its name as well."""

    def __call__(self, id, answer, seed=0):
        return self.check(id, answer, seed)


sys.modules[__name__].__class__ = _Callable
