"""Questions that a person marks: a table with a place for points, which the next run reads again."""

import csv
import io
import math

__all__ = ["load", "merged", "table"]

COLUMNS = ("student", "question", "title", "max", "points", "rubric", "answer", "comment")
LONGEST = 5000  # characters of an answer in the table; its page has all of it
FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


def load(path, questions):
    """{(student, question): row} of the rows that have points or a comment. ValueError, with the line, for any that makes no sense."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        said = f"{path} cannot be read ({type(error).__name__}): give the manual.csv of an earlier run, saved as UTF-8."
        raise ValueError(said) from None
    first = text.split("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","  # what a spreadsheet writes in some countries
    found = {}
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    if missing := {"student", "question", "points"} - set(rows.fieldnames or ()):
        raise ValueError(f"{path} has no column {min(missing)!r}: give the manual.csv of an earlier run.")
    for row in rows:
        points, comment = (row["points"] or "").strip(), (row.get("comment") or "").strip()
        if not points and not comment:
            continue
        where = f"{path}, line {rows.line_num}"
        if row["question"] not in questions:
            raise ValueError(f"{where}: there is no manual question {row['question']!r}; there are {', '.join(questions) or 'none'}.")
        found[unquoted(row["student"]), row["question"]] = {
            "points": _points(points, questions[row["question"]].points, where) if points else None,
            "comment": unquoted(comment), "answer": unquoted(row.get("answer") or "")}  # fmt: skip
    return found


def _points(text, most, where):
    try:
        points = float(text.replace(",", "."))
    except ValueError:
        points = math.nan
    if not 0 <= points <= most:
        raise ValueError(f"{where}: the points are {text!r}, and a number from 0 to {most} belongs there.")
    return points


def merged(old, new, students):
    """The rows of both, the new ones counting. ValueError for a student that is not in the class."""
    for student, question in new:
        if student not in students:
            raise ValueError(f"Points for {question} name the student {student!r}, who handed in nothing here: correct the name.")
    return old | new


def table(answers, questions, marks):
    """The text of manual.csv: for each student and question a row, with the points that there are. `answers`: {(student, id): text}."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for (student, id), answer in sorted(answers.items()):
        asked, mark = questions[id], marks.get((student, id), {})
        rubric = "; ".join(f"{said} ({points})" for said, points in asked.rubric)
        points = mark.get("points")
        writer.writerow([quoted(student), id, asked.title, asked.points, "" if points is None else f"{points:g}", rubric,
                         quoted(answer[:LONGEST]), quoted(mark.get("comment", ""))])  # fmt: skip
    return out.getvalue()


def quoted(text):
    """The text so that no spreadsheet takes it for a formula."""
    return "'" + text if text.startswith((*FORMULAS, "'")) else text


def unquoted(text):
    """The text that `quoted` was given."""
    return text[1:] if text.startswith("'") else text
