"""The page of questions: every link leads somewhere, and the first training runs and names as many digits as the page says."""

import re

from tests.book.conftest import ROOT

PAGE = (ROOT / "book" / "faq.md").read_text("utf-8")


def test_every_link_leads_somewhere():
    headings = re.findall(r"^## (.+)$", (ROOT / "book" / "references.md").read_text("utf-8"), flags=re.MULTILINE)
    anchors = {re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in headings}
    links = re.findall(r"\]\(([^)#\s]+)(?:#([^)\s]+))?\)", PAGE)
    assert len(links) > 40
    assert [path for path, _ in links if not (ROOT / "book" / path).exists()] == []
    assert [anchor for path, anchor in links if anchor and (path != "references.md" or anchor not in anchors)] == []


def test_there_are_about_fourteen_questions_in_five_groups():
    assert len(re.findall(r"^## ", PAGE, flags=re.MULTILINE)) == 5
    asked = re.findall(r"^### (.+)$", PAGE, flags=re.MULTILINE)
    assert 14 <= len(asked) <= 18 and all(question.endswith("?") for question in asked)


def test_the_first_training_runs_and_says_what_the_page_says(capsys):
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    exec(source, {})
    right = float(re.search(r"tensor\(([\d.]+)\)", capsys.readouterr().out).group(1))
    assert "about 97 of a hundred" in PAGE and 0.955 < right < 0.985
