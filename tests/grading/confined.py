"""One function of a student in a confined process, as the grader runs it."""

from gdcore.check.declaration import question
from gdcore.grade.parent import Child, Sandbox
from tests.grading.hostile import FIRST

ASKED = question("01.2")
WEAKEST = Sandbox((), Sandbox.strongest().hidden)


def said(source, hidden=(), sandbox=None):
    """What the function `mse` of a cell returns in a confined process: here it may be a text."""
    child = Child(sandbox or Sandbox.strongest(hidden), [FIRST, source, 'check("01.2", mse)'])
    try:
        assert child.errors == {}
        return child.ask(ASKED, {"prediction": [1.0], "y": [1.0]}, 5)
    finally:
        child.end()
