"""What a teacher and a student get to read: the table of points, a page for each student, one for the class; HTML and Markdown."""

import csv
import io
import re
from collections import Counter
from html import escape

from gdcore.check.declaration import question, questions
from gdcore.check.report import Report
from gdcore.grade.manual import changed, quoted

__all__ = ["class_page", "grades", "html", "markdown", "rows", "student_page"]

STATUS = {
    "right": "right", "partly": "partly right", "wrong": "wrong", "blank": "nothing is written", "missing": "not handed in",
    "forbidden": "not your own", "late": "did not come to an end", "gone": "ended the process", "to mark": "waits for a person",
    "marked": "marked by a person", "changed": "marked by a person, and written anew since"}  # fmt: skip
STYLE = """:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:52em;margin:2em auto;padding:0 1em}
h1{font-size:1.6em}h2{font-size:1.15em;margin:1.6em 0 .3em;border-top:1px solid #8888;padding-top:.8em}code{font-size:.95em}
.gd-check{overflow-x:auto}"""


def rows(verdicts, chapters, manual, marks, student):
    """The rows of a student in the table: (question, points or None, max, status, mistake), for all questions of these chapters."""
    found = []
    for asked in (q for chapter in chapters for q in questions(chapter).values()):
        v = verdicts["questions"].get(asked.id, {"points": 0, "status": "missing", "mistakes": [], "why": ""})
        found.append((asked.id, v["points"], asked.points, v["status"], " | ".join(v["mistakes"]) or v["why"]))
    for asked in (q for q in manual.values() if q.chapter in chapters):
        mark, written = marks.get((student, asked.id), {}), verdicts["answers"].get(asked.id)
        points = mark.get("points")
        if points is not None:
            status = "changed" if changed(mark, written or "") else "marked"
        else:
            status = "to mark" if written else "missing" if written is None else "blank"
        found.append((asked.id, points if points is not None else None if written else 0, asked.points, status, ""))
    return sorted(found, key=lambda row: (row[0][:2], int(row[0][3:])))


def grades(table):
    """The text of grades.csv; `table`: {student: rows}."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("student", "question", "points", "max", "status", "mistake"))
    for student, lines in table.items():
        for id, points, most, status, mistake in lines:
            writer.writerow((quoted(student), id, "" if points is None else f"{points:g}", most, status, quoted(mistake)))
        got, of, waits = _total(lines)
        writer.writerow((quoted(student), "total", f"{got:g}", of, "to mark" if waits else "", ""))
    return out.getvalue()


def _total(lines):
    """(points so far, points that can be had, those of them that wait for a person)."""
    return sum(line[1] or 0 for line in lines), sum(line[2] for line in lines), sum(line[2] for line in lines if line[1] is None)


def student_page(name, verdicts, lines, manual, marks):
    """(title, sections) of the feedback to a student; a section is (heading, blocks of a `Report`)."""
    points, most, waits = _total(lines)
    opening = f"{points:g} of {most} points." + (f" {waits} more points wait for a person to mark them." if waits else "")
    sections = [("", [("say", "", opening), *(("say", "mistake", note) for note in verdicts["notes"])])]
    for id, got, of, status, _ in lines:
        head = f"{id} {manual[id].title if id in manual else question(id).title}"
        worth = f": {got:g} of {of} points" if got is not None else f": {of} points"
        said = _marked(manual[id], marks.get((name, id), {})) if id in manual else _judged(id, verdicts["questions"].get(id))
        sections.append((f"{head}{worth}, {STATUS[status]}", said))
    return name, sections


def _judged(id, verdict):
    asked = question(id)
    if verdict is None:
        return [("say", "", "The notebook of this chapter was not handed in.")]
    if not verdict["cases"] or verdict["status"] in ("blank", "missing"):
        return [("say", "", verdict["why"] or "Nothing is written yet.")]
    if verdict["status"] == "right":
        return [("say", "good", f"Right. {asked.success}"), ("say", "", f"Try next: {asked.onwards}")]
    marks = {0: "✗", 1: "✓"}
    blocks = [("table", [(marks.get(credit, "◐"), name, message) for credit, name, message in verdict["cases"]])]
    if verdict["secret"]:
        right, of = verdict["secret"]
        blocks.append(("say", "", f"Of {of} other cases, which the notebook does not show, {right} are right. These are what counts."))
    if verdict["status"] in ("late", "gone") and verdict["why"]:
        blocks.append(("say", "", verdict["why"]))
    for mistake in asked.mistakes:
        if mistake.name in verdict["mistakes"]:
            blocks += [("say", "mistake", mistake.name), ("hint", mistake.hint)]
    return blocks


def _marked(asked, mark):
    rubric = [(f"{points} points" if points != 1 else "1 point", said) for said, points in asked.rubric]
    return [("table", rubric)] + ([("say", "", mark["comment"])] if mark.get("comment") else [])


def class_page(table, verdicts, manual, confined):
    """(title, sections) on the class: each question, the common mistakes, what was odd, and how the submissions were confined."""
    totals = {name: _total(lines) for name, lines in table.items()}
    most = sum(line[2] for line in next(iter(table.values()), ()))
    opening = f"{len(table)} students." if len(table) != 1 else "1 student."
    if marked := [got / (of - waits) for got, of, waits in totals.values() if of > waits]:
        points = [got for got, *_ in totals.values()]
        opening += (f" The mean is {sum(marked) / len(marked):.0%} of what is marked, the best {max(points):g} of {most} points, "
                    f"the least {min(points):g}.")  # fmt: skip
    waiting = sum(line[1] is None for lines in table.values() for line in lines)
    if waiting:
        opening += f" Not counted yet: {waiting} answer{'s' if waiting > 1 else ''} in manual.csv, for a person to mark."
    sections = [("", [("say", "", opening)])]
    if most:
        sections.append(("Questions", [("table", _questions(table, manual))]))
        listed = [(name, f"{got:g}", f"{of - waits}", f"{waits}" if waits else "") for name, (got, of, waits) in totals.items()]
        sections.append(("Students", [("table", [("student", "points", "of", "waiting"), *listed])]))
    common = Counter((id, m) for v in verdicts.values() for id, one in v["questions"].items() for m in one["mistakes"])
    if common:
        listed = [(str(n), id, m) for (id, m), n in sorted(common.items(), key=lambda pair: (-pair[1], pair[0]))]
        sections.append(("Common mistakes", [("table", [("students", "question", "mistake"), *listed])]))
    odd = [(name, note) for name, v in verdicts.items() for note in v["notes"]]
    if odd:
        sections.append(("What was odd", [("table", [("student", "note"), *odd])]))
    sections.append(("How the submissions were confined", [("say", "", said) for said in confined]))
    return "The class", sections


def _questions(table, manual):
    shown = ("right", "partly", "wrong", "blank", "missing")
    lines = [("question", *shown, "other", "mean")]
    for id in (line[0] for line in next(iter(table.values()))):
        mine = [line for found in table.values() for line in found if line[0] == id]
        count, marked = Counter(line[3] for line in mine), [line[1] for line in mine if line[1] is not None]
        title = manual[id].title if id in manual else question(id).title
        mean = f"{sum(marked) / len(marked):.2f} of {mine[0][2]}" if marked else f"– of {mine[0][2]}"
        lines.append((f"{id} {title}", *(str(count[s]) for s in shown), str(len(mine) - sum(count[s] for s in shown)), mean))
    return lines


def html(title, sections):
    """A page that needs no other file."""
    body = "".join((f"<h2>{escape(heading)}</h2>" if heading else "") + Report(blocks)._repr_html_() for heading, blocks in sections)
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body><h1>{escape(title)}</h1>{body}</body></html>\n")


def markdown(title, sections):
    """The same in Markdown."""
    parts = [f"# {_plain(title)}"]
    for heading, blocks in sections:
        parts += [f"## {_plain(heading)}"] if heading else []
        parts += [MARKDOWN[kind](*rest) for kind, *rest in blocks]
    return "\n\n".join(parts) + "\n"


def _plain(text):
    """Text that Markdown shows as it is; what stands between backticks stays code."""
    parts = " ".join(text.split()).split("`")
    return "`".join(part if i % 2 and i < len(parts) - 1 else re.sub(r"([\\*_\[\]<>|#])", r"\\\1", part) for i, part in enumerate(parts))


def _table(lines):
    """The first line is the head, unless it begins with a mark or a number: then the head is empty."""
    if lines[0][0][:1] in "✓✗◐123456789":
        lines = [[""] * len(lines[0]), *lines]
    first, *rest = [[_plain(cell) for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in [first, ["---"] * len(first), *rest])


MARKDOWN = {
    "say": lambda kind, text: f"**{_plain(text)}**" if kind == "mistake" else _plain(text),
    "hint": lambda text: f"Hint: {_plain(text)}",
    "table": _table,
}
