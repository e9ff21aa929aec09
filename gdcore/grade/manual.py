"""Questions that a person marks: their answers, and a table with a place for points, which the next run reads again."""

import ast
import csv
import io
import math
import re

__all__ = ["answer", "changed", "load", "merged", "table"]

COLUMNS = ("student", "question", "title", "max", "points", "rubric", "answer", "comment")
LONGEST = 5000  # characters of an answer in the table; its notebook has all of it
READABLE = 50_000  # characters of a cell that is taken apart
FORMULAS = ("=", "+", "-", "@", "%", "|", "\t", "\r", "\n", "＝", "＋", "－", "＠", "−")  # what some spreadsheet would run


def answer(cells, question):
    """The answer in the cells (kind, source) of a notebook, "" if nothing is written. No cell is run.

    It is the text that the last code cell with the question's name gives it, and the prose below the heading up to the next one.
    """
    heading, inside, prose, text = re.compile(rf"#+\s*{re.escape(question.id)}\b"), False, [], ""
    for kind, source in cells:
        if kind == "code":
            text = _assigned(source, question.name, text)
        elif heading.match(source) or re.match(r"#{1,2}\s", source):
            inside = bool(heading.match(source))
        elif inside:
            prose.append(source)
    return clean("\n\n".join(part.strip() for part in [*prose, text] if part.strip() not in ("", "...")))[:LONGEST]


def clean(text):
    """The text with one kind of line break, as the table needs it, and without signs that cannot be seen."""
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text.replace("\r\n", "\n").replace("\r", "\n"))


def _assigned(source, name, before):
    """The text that a cell gives the name; all of the cell if it is no plain text, and `before` if it does not name it."""
    if name not in source:
        return before
    try:
        lines = ast.parse(source if len(source) <= READABLE else "(").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a quote that is not closed, for instance, or a magic
        return source if re.search(rf"^\s*{name}\s*=", source, re.MULTILINE) else before
    for line in lines:
        if any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) for n in ast.walk(line)):
            value = getattr(getattr(line, "value", None), "value", None)
            before = value if isinstance(value, str) else "" if value is ... else source
    return before


def changed(mark, answer):
    """Whether an answer is another than the one that got these points. Spaces and quotes do not count: spreadsheets change them."""
    old, new = ("".join(text.split()).lstrip("'") for text in (mark.get("answer", ""), answer))
    return mark.get("points") is not None and old not in ("", new)


def load(path, questions):
    """{(student, question): row} of the rows that have points or a comment. ValueError, with the line, for any that makes no sense."""
    try:
        text = _text(path.read_bytes())
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
        id = _id(row["question"] or "")
        if id not in questions:
            raise ValueError(f"{where}: there is no manual question {row['question']!r}; there are {', '.join(questions) or 'none'}.")
        found[unquoted(row["student"]), id] = {
            "points": _points(points, questions[id].points, where) if points else None,
            "comment": clean(unquoted(comment)), "answer": clean(unquoted(row.get("answer") or ""))}  # fmt: skip
    return found


def _text(data):
    """The text of a table as spreadsheets save it: UTF-8 with or without its mark, UTF-16, or the "ANSI" of Windows in the west."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252")


def _id(text):
    """A question's number as it was before a spreadsheet took it for a number: 1,9 was 01.9."""
    plain = unquoted(text.strip()).replace(",", ".")
    return f"0{plain}" if re.fullmatch(r"\d\.\d+", plain) else plain


def _points(text, most, where):
    try:
        points = float(text.replace(",", "."))
    except ValueError:
        points = math.nan
    if not 0 <= points <= most:
        raise ValueError(f"{where}: the points are {text!r}, and a number from 0 to {most} belongs there.")
    return points


def merged(old, new, students):
    """The rows of both; where a new one says something, it counts. ValueError for a student that is not in the class."""
    for student, question in new:
        if student not in students:
            raise ValueError(f"Points for {question} name the student {student!r}, who handed in nothing here: correct the name.")
    return old | {key: old.get(key, {}) | {k: v for k, v in row.items() if v not in (None, "")} for key, row in new.items()}


def table(answers, questions, marks):
    """The text of manual.csv: a row for each answer, `answers`: {(student, id): text}, and for each mark, with the points that there are.

    It begins with the mark by which spreadsheets know UTF-8, and a question's number is a text, or they would make a date of it.

    A mark stays beside the answer that it was given for; the new one is shown once the points are deleted.
    """
    out = io.StringIO("\ufeff")
    out.seek(0, io.SEEK_END)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for student, id in sorted(answers.keys() | marks.keys()):
        asked, mark, answer = questions[id], marks.get((student, id), {}), answers.get((student, id), "")
        if changed(mark, answer):
            answer = mark["answer"]
        rubric = "; ".join(f"{said} ({points})" for said, points in asked.rubric)
        points = mark.get("points")
        writer.writerow([quoted(student), f"'{id}", asked.title, asked.points, "" if points is None else f"{points:g}", rubric,
                         quoted(answer), quoted(mark.get("comment", ""))])  # fmt: skip
    return out.getvalue()


def quoted(text):
    """The text so that no spreadsheet takes it for a formula."""
    return "'" + text if text.startswith((*FORMULAS, "'")) else text


def unquoted(text):
    """The text that `quoted` was given."""
    return text[1:] if text.startswith("'") else text
