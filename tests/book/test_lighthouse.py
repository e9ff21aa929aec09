"""What Lighthouse says of the chapters.

Its grade for performance comes from times, and these wobble while other tests use the processor: `python -m benchmarks.pages` measures
it on a machine that is at rest. Here stands what makes it: bytes, elements, shifts, and who keeps the processor busy.
"""

import pytest

from tests.book import lighthouse

pytestmark = [pytest.mark.slow, pytest.mark.skipif(lighthouse.program() is None, reason=lighthouse.MISSING)]


@pytest.fixture(scope="module")
def reports(book, chapters):
    """Of three chapters: the first, the heaviest and the newest. Barriers are looked for on every page elsewhere."""
    heaviest = max(chapters, key=lambda name: (book.html / "chapters" / f"{name}.html").stat().st_size)
    with lighthouse.serve(book.html) as address:
        some = dict.fromkeys((min(chapters), heaviest, max(chapters)))
        return {name: lighthouse.report(f"{address}/chapters/{name}.html") for name in some}


def test_chapters_get_full_marks_but_for_time(reports):
    scores = {name: lighthouse.scores(report) for name, report in reports.items()}
    assert all(score["accessibility"] >= 0.98 for score in scores.values()), scores
    assert all(score["best-practices"] == score["seo"] == 1 for score in scores.values()), scores


def test_chapters_are_light(reports):
    """Before formulas were set with the build, chapter 3 had 738 kB and 15,622 elements. Chapter 6 has five living figures, two cards."""
    for name, report in reports.items():
        assert lighthouse.value(report, "total-byte-weight") < 480_000, name
        assert lighthouse.value(report, "dom-size") < 12_000, name


def test_nothing_moves_while_a_chapter_loads(reports):
    shifts = {name: lighthouse.value(report, "cumulative-layout-shift") for name, report in reports.items()}
    assert max(shifts.values()) < 0.1, shifts  # what Web Vitals calls good


def test_few_scripts_run(reports):
    for name, report in reports.items():
        scripts = [item for item in report["audits"]["network-requests"]["details"]["items"] if item["resourceType"] == "Script"]
        assert sum(item["transferSize"] for item in scripts) < 90_000, name
        assert not [item["url"] for item in scripts if "mathjax" in item["url"]], name
