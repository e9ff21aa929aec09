"""Taught: who lowered the loss of a test picture, stretch of training by stretch; the reader picks the picture and the stretch."""

import numpy as np

from gdcore.figures.live.widget import Live
from gdcore.figures.style import BLUE, INK, figure

__all__ = ["Taught", "taught"]

LEVELS = 15  # of grey: a picture is a string of hexadecimal digits


def taught(pictures, labels, queries, answers, steps, losses, teachers, scores, *, query=0, step=None, title, question=""):
    """A test picture, its loss over training, and the training pictures that lowered it most in the stretch that is looked at.

    pictures: (n, h, w) in [0, 1], the training examples that occur; labels: their n classes. queries: (q, h, w), answers: their classes.
    steps: the K + 1 steps at which the network was kept. losses: (q, K + 1), each query's loss there. teachers: (q, K, m), for each
    query and stretch the m ≤ 6 examples that helped most, best first, as indices into pictures; scores: the same shape, by how much
    they lowered the loss. query, step: what is shown first; step counts stretches, 0 is before training (None shows the last).
    The traits query and step follow the reader.
    Raises ValueError, in one sentence, for what cannot be drawn.
    """
    return Taught(pictures, labels, queries, answers, steps, losses, teachers, scores, query, step, title, question)


class Taught(Live):
    """See `taught`."""

    kind = "taught"

    def __init__(self, pictures, labels, queries, answers, steps, losses, teachers, scores, query, step, title, question):
        self.pictures, self.queries = np.asarray(pictures, float), np.asarray(queries, float)
        losses, teachers, scores = np.asarray(losses, float), np.asarray(teachers), np.asarray(scores, float)
        _check(self.pictures, labels, self.queries, answers, steps, losses, teachers, scores)
        stretches = len(steps) - 1
        step = stretches if step is None else step
        if not (0 <= query < len(self.queries) and 0 <= step <= stretches):
            raise ValueError(f"query is {query!r} and step {step!r}; give 0 to {len(self.queries) - 1} and 0 to {stretches}.")
        data = {
            "width": self.pictures.shape[2], "pictures": [*map(_hexadecimal, self.pictures)], "labels": [*map(str, labels)],
            "queries": [*map(_hexadecimal, self.queries)], "answers": [*map(str, answers)], "steps": [*map(int, steps)],
            "losses": _short(losses), "teachers": teachers.tolist(), "scores": _short(scores),
        }  # fmt: skip
        super().__init__({"query": query, "step": step}, title, question, {"query": ("query",), "step": ("step",)}, data)

    def still(self):
        data, query, step = self.spec["data"], self.state["query"], self.state["step"]
        steps, losses = data["steps"], data["losses"]
        said = f"{self.spec['title']}. A picture of the class {data['answers'][query]} has the loss {losses[query][0]:.2f} at first and "
        said += f"{losses[query][-1]:.2f} at the end."
        if step:
            who = ", ".join(data["labels"][i] for i in data["teachers"][query][step - 1])
            said += f" From step {steps[step - 1]} to {steps[step]} pictures of these classes lowered it most: {who}."
        columns = ["test picture", "loss at first", "loss at the end", "taught most in the stretch shown by"]
        rows = [[a, losses[q][0], losses[q][-1], self._first(q, step)] for q, a in enumerate(data["answers"])]
        return self._draw(query, step), said.replace("-", "−"), {"columns": columns, "rows": rows}

    def _first(self, query, step):
        data = self.spec["data"]
        return data["labels"][data["teachers"][query][step - 1][0]] if step else "nobody yet"

    def _draw(self, query, step):
        data = self.spec["data"]
        fig, (left, right) = figure(self.spec["title"], columns=2, height=3.9)
        shown = [(self.queries[query], f"asked: {data['answers'][query]}", 0, 2)]
        if step:
            for k, (i, score) in enumerate(zip(data["teachers"][query][step - 1], data["scores"][query][step - 1])):
                shown.append((self.pictures[i], f"{data['labels'][i]}: {score:.2g}".replace("-", "−"), k % 3, 1 - k // 3))
        for picture, words, x, y in shown:
            h, w = picture.shape
            for (r, c), grey in np.ndenumerate(np.round(LEVELS * picture)):
                if grey:
                    x0, y0 = x + 0.15 + 0.7 * c / w, y + 0.95 - 0.7 * (r + 1) / h
                    left.fill_between([x0, x0 + 0.7 / w], y0, y0 + 0.7 / h, color=INK, alpha=grey / LEVELS, linewidth=0)
            left.text(x + 0.5, y + 0.1, words, ha="center", va="center", fontsize=9)
        left.set(xlim=(0, 3), ylim=(0, 3), aspect="equal")
        left.axis("off")
        steps, loss = data["steps"], data["losses"][query]
        right.plot(steps, loss, color=BLUE, marker="o", markersize=3)
        if step:
            right.axvspan(steps[step - 1], steps[step], color=BLUE, alpha=0.15)
        right.set(xlabel="step", ylabel="loss of the test picture", ylim=(0, None))
        return fig


def _check(pictures, labels, queries, answers, steps, losses, teachers, scores):
    if pictures.ndim != 3 or queries.ndim != 3 or pictures.shape[1:] != queries.shape[1:] or max(pictures.shape[1:]) > 32:
        raise ValueError(f"pictures have the shape {pictures.shape} and queries {queries.shape}; give (n, h, w) and (q, h, w) of one size, "
                         "up to 32 points high and wide.")
    if min(pictures.min(), queries.min()) < 0 or max(pictures.max(), queries.max()) > 1:
        raise ValueError("The greys of a picture lie from 0 to 1; divide by the largest value that can be.")
    q, kept = len(queries), len(steps)
    want = {"labels": (len(pictures),), "answers": (q,), "losses": (q, kept), "teachers": (q, kept - 1, *teachers.shape[2:]),
            "scores": teachers.shape}  # fmt: skip
    for name, value in {"labels": labels, "answers": answers, "losses": losses, "teachers": teachers, "scores": scores}.items():
        if np.shape(value) != want[name]:
            raise ValueError(f"{name} has the shape {np.shape(value)}; for {q} queries, {len(pictures)} pictures and {kept} kept networks "
                             f"it is {want[name]}.")
    if teachers.ndim != 3 or teachers.shape[2] > 6 or teachers.min() < 0 or teachers.max() >= len(pictures):
        raise ValueError(f"teachers holds for each query and stretch up to 6 places in pictures, from 0 to {len(pictures) - 1}.")
    if not (np.isfinite(losses).all() and np.isfinite(scores).all() and (np.diff(steps) > 0).all()):
        raise ValueError("Losses and scores must be finite, and the steps must rise.")


def _hexadecimal(picture):
    return "".join(f"{int(v):x}" for v in np.round(LEVELS * picture).ravel())


def _short(values):
    """Three digits are all that is shown."""
    return [_short(v) for v in values] if np.ndim(values) else float(f"{values:.3g}")
