"""The command: `python -m gdcore.grade SUBMISSIONS --out DIR [--seed-file F] [--workers N] [--merge manual.csv] [--lift anna:03.2]`."""

import argparse
import os
import pathlib
import signal
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed

from gdcore.check.declaration import manual_questions, questions
from gdcore.grade import confine, manual, pages, parent, results
from gdcore.grade.student import grade
from gdcore.grade.submissions import LARGEST, students


def main(arguments=None):
    """Grade a folder; the number to exit with."""
    options = _options(arguments)
    if os.name != "posix":
        sys.exit("The grader needs Linux or macOS: only there can a submission be confined. On Windows, run it in WSL.")
    if not options.submissions.is_dir():
        sys.exit(f"There is no folder {options.submissions}: give the folder that holds one folder or notebook for each student.")
    for number in (signal.SIGTERM, signal.SIGHUP):  # `kill` and a closed terminal end it as Ctrl-C does
        signal.signal(number, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # a name that this terminal cannot show
    confine.hide_memory()
    confine.adopt()
    asked = manual_questions()
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        seed = results.seed(options.out, options.seed_file)
        marks = manual.load(options.out / "manual.csv", asked) if (options.out / "manual.csv").exists() else {}
        new = manual.load(options.merge, asked) if options.merge else {}
        found = students(options.submissions, options.out)
        marks = manual.merged(marks, new, {s.name for s in found})
    except ValueError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename} cannot be used ({error.strerror}): choose another folder, or change its rights.")
    hidden = [str(p.resolve()) for p in (options.submissions, options.out, *filter(None, [options.seed_file]))]
    sandbox = parent.Sandbox.strongest(hidden)
    try:
        verdicts = _all(found, seed, sandbox, options)
    except KeyboardInterrupt:
        parent.stop()
        print("\nInterrupted. Who is graded is kept; the same command goes on from here.", file=sys.stderr)
        return 130
    _write(options, found, verdicts, asked, marks, sandbox)
    return 0


def _options(arguments):
    parser = argparse.ArgumentParser(prog="python -m gdcore.grade", description="Grade the exercises of a class.")
    parser.add_argument("submissions", type=pathlib.Path, help="a folder with one folder or one notebook for each student")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="where the results go; the same folder again goes on")
    parser.add_argument("--seed-file", type=pathlib.Path, help="a text file with the secret seed; without it DIR/seed is made and used")
    parser.add_argument("--workers", type=_positive, default=os.cpu_count() or 1, help="students at a time (default: one a core)")
    parser.add_argument("--merge", type=pathlib.Path, help="a manual.csv with points that a person gave")
    parser.add_argument("--lift", type=_lifted, default=frozenset(), metavar="STUDENT:QUESTION,…",
                        help="answers that may use any name: take a `forbidden` back, for anna:03.2 or for all, *:03.2")
    parser.add_argument("--same-cases", action="store_true", help="a second hand-in meets the cases of the first; without it fresh ones")
    parser.add_argument("--chapters", type=_chapters, help="only these, such as 01,03 (default: all that anybody handed in)")
    return parser.parse_args(arguments)


def _positive(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of workers: give 1 or more.")
    return int(text)


def _lifted(text):
    pairs = [part.rpartition(":")[::2] for part in text.split(",")]
    if wrong := [f"{name}:{id}" for name, id in pairs if not name or id not in questions()]:
        raise argparse.ArgumentTypeError(f"{wrong[0]!r} is no student with a question: write anna:03.2, or *:03.2 for the whole class.")
    return frozenset(pairs)


def _chapters(text):
    have = {q.chapter for q in questions().values()}
    if wrong := set(text.split(",")) - have:
        raise argparse.ArgumentTypeError(f"there are no exercises for {min(wrong)!r}; there are some for {', '.join(sorted(have))}.")
    return text.split(",")


def _all(found, seed, sandbox, options):
    """{name: verdicts}, of earlier runs where nothing has changed."""
    rules, verdicts = results.rules(seed), {}
    pool = ThreadPoolExecutor(options.workers)
    try:
        waiting = {pool.submit(_one, student, seed, rules, sandbox, options): student for student in found}
        for number, done in enumerate(as_completed(waiting), 1):
            student = waiting[done]
            verdicts[student.name], old = done.result()
            points = sum(v["points"] for v in verdicts[student.name]["questions"].values())
            print(f"{number} of {len(found)}  {student.name}: {points:g} points{' (kept)' if old else ''}", flush=True)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return {student.name: verdicts[student.name] for student in found}


def _one(student, seed, rules, sandbox, options):
    """(verdicts, whether they are those of an earlier run). A student whose grading fails gets a note, and the others go on."""
    try:
        contents = [_bytes(student, name, path) for name, path in student.files]
        lifted = sorted(id for name, id in options.lift if name in ("*", student.name))
        work = results.work(student, contents)
        fingerprint = results.fingerprint(rules, work, lifted)
        if old := results.kept(options.out, student.name, fingerprint):
            return old, True
        attempt = results.attempt(options.out, student.name, work)
        fresh = f"{seed} {attempt}" if attempt > 1 and not options.same_cases else seed  # what came back from the first tells nothing
        verdicts = grade(student, contents, fresh, sandbox, lifted)
        if not parent.stopped():
            results.keep(options.out, student.name, fingerprint, verdicts, work, attempt)
        return verdicts, False
    except Exception as error:
        traceback.print_exc()
        said = f"The grading broke off ({type(error).__name__}): look at this submission yourself."
        return {"questions": {}, "answers": {}, "notes": [*student.notes, said]}, False


def _bytes(student, name, path):
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        student.notes.append(f"{name} cannot be read ({error.strerror}).")
        return b" "


def _write(options, found, verdicts, asked, marks, sandbox):
    """All tables and pages, from the verdicts alone: the same ones give the same bytes."""
    chapters = options.chapters or sorted({id[:2] for v in verdicts.values() for id in v["questions"]})
    table = {s.name: pages.rows(verdicts[s.name], chapters, asked, marks, s.name) for s in found}
    results.write(options.out / "grades.csv", pages.grades(table))
    for student in found:
        name = student.name
        page = pages.student_page(name, verdicts[name], table[name], asked, marks)
        results.write(options.out / "students" / f"{results.filename(name)}.html", pages.html(*page))
        results.write(options.out / "students" / f"{results.filename(name)}.md", pages.markdown(*page))
    page = pages.class_page(table, verdicts, asked, sandbox.words())
    results.write(options.out / "class.html", pages.html(*page))
    results.write(options.out / "class.md", pages.markdown(*page))
    answers = {(name, id): text for name, v in verdicts.items() for id, text in v["answers"].items() if text and id[:2] in chapters}
    if answers or marks or (options.out / "manual.csv").exists():
        results.write(options.out / "manual.csv", manual.table(answers, asked, marks))
    print(pages.markdown(*page).split("\n\n")[1])
    print(f"Written to {options.out}: grades.csv, class.html, students/{', manual.csv' if answers else ''}.")
    if not sandbox.walled or not confine.landlock():
        print("Not everything could be confined on this system: class.html says what.")


if __name__ == "__main__":
    sys.exit(main())
