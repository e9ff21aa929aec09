"""`python -m tools.new_chapter 04_convergence`: the skeleton of a chapter of book/chapters.yml, with its exercises and its places in lists.

It writes chapters/NN_name.ipynb (all parts, the plan as comments), solutions/NN_name.ipynb, gdcore/check/questions/chNN.py, and the rows
of _toc.yml and book/exercises.md. What is there already is left as it is. `make test ONLY=NN` then says what is still missing.
"""

import pathlib
import re
import sys

import nbformat
import yaml

from tools.run_notebooks import FOLDED, normalise

ROOT = pathlib.Path(__file__).parents[1]
PARTS = ("I", "II", "III", "IV", "V")


def main(name, root=ROOT):
    part, title, about = planned(name, root)
    number = name[:2]
    made = {
        f"chapters/{name}.ipynb": nbformat.writes(normalise(notebook(chapter(name, title, about)))) + "\n",
        f"solutions/{name}.ipynb": nbformat.writes(normalise(notebook(solution(name, title)))) + "\n",
        f"gdcore/check/questions/ch{number}.py": QUESTIONS.format(number=number, n=int(number), title=title.lower()),
        "_toc.yml": with_entry((root / "_toc.yml").read_text(encoding="utf-8"), name, part),
        "book/exercises.md": with_row((root / "book/exercises.md").read_text(encoding="utf-8"), name),
    }
    for path, text in made.items():
        file = root / path
        there = file.exists() and (file.suffix != ".yml" and file.suffix != ".md" or file.read_text(encoding="utf-8") == text)
        if not there:
            file.write_text(text, encoding="utf-8")
        print(f"{path}: {'left as it is' if there else 'written'}")
    print(f"Now fill the parts, then: make run NOTEBOOKS=chapters/{name}.ipynb, make exercises, make test ONLY={number}")


def planned(name, root=ROOT):
    """(part, title, about) of a chapter in the plan; SystemExit with the names there are for any other."""
    plan = yaml.safe_load((root / "book/chapters.yml").read_text(encoding="utf-8"))
    for roman, part in zip(PARTS, plan):
        for known, title, about in part["chapters"]:
            if known == name:
                return f"Part {roman}: {part['part']}", title, about
    names = [chapter[0] for part in plan for chapter in part["chapters"]]
    sys.exit(f"There is no chapter {name!r} in book/chapters.yml; it is one of {', '.join(names)}.")


def notebook(cells):
    made = []
    for i, (kind, source) in enumerate(cells):
        cell = nbformat.v4.new_markdown_cell(source) if kind == "text" else nbformat.v4.new_code_cell(source)
        cell["id"] = f"c{i:03}"
        if kind == "fold":
            cell.metadata["tags"] = [FOLDED]
        made.append(cell)
    return nbformat.v4.new_notebook(cells=made)


def chapter(name, title, about):
    """(kind, source) of the cells: all parts that a chapter has, with the plan as comments."""
    yield "text", f"""# {title}: {about}

> **After this chapter** you can … <!-- a promise in one sentence -->
>
> You will be able to: … · … · …
>
> **You need** … **Reading** takes about 40 minutes, **running** about 25 seconds on two processor cores."""
    yield "code", "import numpy as np\nfrom gdcore import claim\nfrom gdcore.figures import live, show"
    yield "text", "## Look first\n\n<!-- something to play with; the question comes first, and nothing gives the answer away -->"
    yield "fold", "# live.descent(…, title=…, question=…)"
    yield "text", "## A failure\n\n<!-- what the reader's present tools cannot mend -->"
    yield "code", "# the failure, in a few lines"
    yield "text", "## The idea\n\n<!-- derived, not announced; the rule card; what the libraries do otherwise -->"
    yield "code", "# from scratch in NumPy, then gdcore, then one line of the framework: the same numbers"
    yield "fold", '# claim("a sentence of the text", condition, number=…)'
    yield "text", "## Where it wins, where it loses"
    yield "text", "## A real network\n\n<!-- real data, several seeds, loss against steps and against seconds; advice in a box -->"
    yield "text", "## What can go wrong\n\n<!-- symptom, cause, cure: each run on the very case -->"
    yield "text", "## Take away\n\n* …"
    yield "text", f"""## Quiz

**1. …**

<details><summary>a) …</summary>…</details>
<details><summary>b) …</summary>…</details>
<details><summary>c) …</summary>…</details>

**Now with your own hands.** [The exercises of this chapter](../exercises/{name}.ipynb) are six questions that know the name of your
mistake; [here is how they work](../book/exercises.md)."""
    yield "text", "## Sources\n\n…"


def solution(name, title):
    """(kind, source) of the notebook of solutions, with one question."""
    number = name[:2]
    chapter = f"[chapter {int(number)}](../chapters/{name}.ipynb)"
    yield "text", f"# Exercises: {title.lower()}\n\nThese belong to {chapter}. Six questions, 0 points, about 45 minutes."
    yield "code", "import numpy as np\nfrom gdcore import check"
    yield "text", (f"## {number}.1 …\n\n**…** You learn to …\n\n<details><summary>Hint 1</summary>…</details>\n"
                   "<details><summary>Hint 2</summary>…</details>")  # fmt: skip
    yield "code", "### BEGIN SOLUTION\n### END SOLUTION"
    yield "code", f'check("{number}.1", …)'.replace("…", "...")
    yield "code", "check.all()"


QUESTIONS = '''"""The questions of chapter {n}, on {title} ({number}.1 to {number}.6)."""

from gdcore.check.declaration import Case, Mistake, Question  # noqa: F401

# -- {number}.1 -----------------------------------------------------------------------------------------------------------------------

QUESTIONS = ()  # a Question each: its cases, an oracle or a proof, at least four Mistakes as code
'''


def with_entry(toc, name, part):
    """The contents with a line for the chapter, in the order of the numbers; its part begins with it if need be."""
    if f"chapters/{name}," in toc:
        return toc
    line = f"      - {{file: chapters/{name}, sections: [file: exercises/{name}]}}"
    lines = toc.split("\n")
    caption = f'  - caption: "{part}"'
    if caption not in lines:
        later = [c for c in PARTS[PARTS.index(part.split()[1].rstrip(":")) + 1 :] if any(f'"Part {c}:' in row for row in lines)]
        before = f'"Part {later[0]}:' if later else "caption: To look things up"
        at = next(i for i, row in enumerate(lines) if before in row)
        lines[at:at] = [caption, "    chapters:", line]
        return "\n".join(lines)
    at = lines.index(caption) + 2
    at += "book/part_" in lines[at]  # the part's own page comes first
    while at < len(lines) and (found := re.search(r"chapters/(\d\d)_", lines[at])) and found[1] < name[:2]:
        at += 1
    lines.insert(at, line)
    return "\n".join(lines)


def with_row(page, name):
    """The page of exercises with a row for the chapter: questions, points, points from a person, minutes."""
    if f"[{name}](" in page:
        return page
    rows = re.findall(r"^\| \[\d\d_.*\|$", page, flags=re.MULTILINE)
    later = next((row for row in rows if row[3:5] > name[:2]), None)
    new = f"| [{name}](../exercises/{name}.ipynb) | 6 | 0 | 0 | 45 |"
    return page.replace(later, f"{new}\n{later}") if later else page.replace(rows[-1], f"{rows[-1]}\n{new}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Which chapter? Give its name in book/chapters.yml: python -m tools.new_chapter 04_convergence")
    main(sys.argv[1])
