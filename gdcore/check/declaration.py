"""What a question is: plain values in, an oracle or a property to judge by, and the wrong answers that people give."""

import copy
import functools
import hashlib
import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gdcore.check.values import plain

__all__ = ["Case", "FORBIDDEN", "KINDS", "Manual", "Mistake", "Question", "manual_questions", "question", "questions"]

# kind: (how the submission is run, what the notebook calls it)
KINDS = {
    "function": ("function", "Implement a function"),
    "optimizer": ("optimizer", "Implement an optimizer"),
    "target": ("function", "Reach a target"),
    "bug": ("function", "Find the bug"),
    "predict": ("answer", "Predict, then run"),
    "choose": ("answer", "Choose, with a reason"),
}

# What would answer in the learner's place: optimizers of other people, the oracles, and ways to load either unseen.
# A name stands for all below it. The grader gives no points to an answer that uses one (gdcore.grade.shortcuts).
FORBIDDEN = (
    "torch.optim", "optax", "keras.optimizers", "tensorflow.keras.optimizers", "jax.example_libraries.optimizers",
    "pytorch_optimizer", "schedulefree", "cma", "gdcore.optim", "gdcore.rules", "gdcore.minimize", "gdcore.kernels", "gdcore.check",
    "gdcore.grade", "gdcore.algorithms", "gdcore.clipping", "gdcore.curvature", "gdcore.line_search", "gdcore.models", "gdcore.propagation",
    "gdcore.schedules", "gdcore.training", "torch.conv2d", "torch.nn.Conv2d", "torch.nn.CrossEntropyLoss", "torch.nn.HuberLoss",
    "torch.nn.MSELoss", "torch.nn.utils", *(f"torch.nn.functional.{name}" for name in (
        "batch_norm", "conv2d", "cross_entropy", "huber_loss", "layer_norm", "mse_loss", "nll_loss", "rms_norm",
        "scaled_dot_product_attention", "smooth_l1_loss")),
    "importlib", "runpy", "sys.modules", "builtins", "__builtins__", "__import__", "eval", "exec", "compile",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One thing to try: a name, the inputs in the order of the arguments, and what only the judge knows.

    Inputs are numbers, strings, arrays (as lists of numbers) and named functions, `{"function": "quadratic", "part": "gradient"}`.
    """

    name: str
    inputs: dict
    hidden: dict = field(default_factory=dict)  # for a property: never sent to the submission
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Mistake:
    """A wrong answer that people give: its name as a sentence, a hint, and the code that behaves so.

    code: what the submission would be; for answers the wrong items only, with None for a part that does not matter.
    also: other ways to make the same mistake, for which other numbers come out.
    """

    name: str
    hint: str
    code: Any
    also: tuple = ()

    @property
    def codes(self):
        return (self.code, *self.also)


@dataclass(frozen=True, eq=False)
class Question:
    """A question of an exercise notebook; `draw(rng)` yields its cases, one `oracle` or `proof` judges.

    oracle: a right submission. proof: proof(value, inputs, hidden) gives "" or a sentence that says what is missing.
    rtol: how far a right answer may be off, relative to its largest entry; answers in float32 get 1e-4. limit: seconds a case.
    """

    id: str  # chapter.number
    title: str
    kind: str  # one of KINDS
    points: int
    difficulty: int  # 1 to 3
    minutes: int
    objectives: tuple
    name: str  # of the function or variable in the notebook; no other question of the chapter has it
    draw: Callable = field(repr=False)
    mistakes: tuple = field(repr=False)
    success: str = field(repr=False)  # why it is right
    onwards: str = field(repr=False)  # what to try next
    oracle: Any = field(default=None, repr=False)
    proof: Callable | None = field(default=None, repr=False)
    rtol: float = 1e-9
    limit: float = 2.0
    each: bool = False  # the numbers of the output are of different kinds: each is compared by itself
    steps: bool = False  # the output is a path: its first axis counts steps
    forbid: tuple = field(default=FORBIDDEN, repr=False)  # names that a graded answer may not use

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"Question {self.id} is of kind {self.kind!r}, but must be one of {', '.join(KINDS)}.")
        if (self.oracle is None) == (self.proof is None):
            raise ValueError(f"Question {self.id} needs an oracle or a proof, and not both.")
        if not re.fullmatch(r"\d\d\.\d+", self.id):
            raise ValueError(f"A question's id is its chapter and number, such as 03.2; got {self.id!r}.")

    @property
    def mode(self):
        """How a submission is run: as a "function", an "optimizer" or an "answer"."""
        return KINDS[self.kind][0]

    @property
    def chapter(self):
        return self.id[:2]

    @property
    def line(self):
        """What the notebook says above the question."""
        return f"{KINDS[self.kind][1]} · {self.points} points · {_stars(self)} · {self.minutes} minutes"

    def cases(self, seed=0):
        """The cases of a seed (a number or a text), as plain values: 0 is shown in the notebook, a secret one is graded."""
        return copy.deepcopy(_drawn(self, seed))  # whoever gets them may change them


@functools.lru_cache(maxsize=256)
def _drawn(question, seed):
    """Kept, since drawing may cost more than an answer, and a class asks for the same cases a hundred times."""
    digest = hashlib.sha256(f"{question.id}:{seed}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:16], "big"))
    return [Case(c.name, plain(c.inputs), plain(c.hidden), c.weight) for c in question.draw(rng)]


def _stars(question):
    return "★" * question.difficulty + "☆" * (3 - question.difficulty)


@dataclass(frozen=True, eq=False)
class Manual:
    """A question that a person marks: a text of at most so many words. A chapter lists such questions in its `MANUAL`.

    The answer is the text that the notebook gives the name, and the prose in the cells below the heading `## 01.9 Title`.
    rubric: pairs of what earns points, as a sentence, and how many.
    """

    id: str
    title: str
    difficulty: int  # 1 to 3
    minutes: int
    objectives: tuple
    name: str  # of the text in the notebook; no other question of the chapter has it
    words: int
    rubric: tuple

    @property
    def points(self):
        return sum(points for _, points in self.rubric)

    @property
    def chapter(self):
        return self.id[:2]

    @property
    def line(self):
        """What the notebook says above the question."""
        return f"Explain in your own words · {self.points} points from a person · {_stars(self)} · {self.minutes} minutes"


def manual_questions(chapter=None):
    """{id: Manual} of one chapter, or of all."""
    return _listed("MANUAL", chapter)


@functools.cache
def questions(chapter=None):
    """{id: Question} of one chapter ("03"), or of all."""
    return _listed("QUESTIONS", chapter)


def _listed(name, chapter):
    """What the modules of the chapters list under a name, sorted by number."""
    import gdcore.check.questions as package

    modules = sorted(m.name for m in pkgutil.iter_modules(package.__path__) if re.match(r"ch\d\d", m.name))
    loaded = [importlib.import_module(f"gdcore.check.questions.{m}") for m in modules if chapter in (None, m[2:4])]
    found = [q for module in loaded for q in getattr(module, name, ())]
    return {q.id: q for q in sorted(found, key=lambda q: (q.chapter, int(q.id[3:])))}


def question(id):
    """The question of that id; ValueError, with the ids there are, for any other."""
    if id not in questions():
        raise ValueError(f"There is no question {id!r}; there are {', '.join(sorted(questions() | manual_questions()))}.")
    return questions()[id]
