"""The book's own Sphinx extensions: what they make of good pages, and that a small book with each fault in it does not build."""

import json
import re
import shutil
import sys

import pytest

from tests.book.conftest import ROOT, build

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import gd_api
import gd_claims
import gd_figures
import gd_lines
import gd_numbers

pytestmark = pytest.mark.slow

SVG = (
    '<?xml version="1.0"?>'
    '<svg xmlns="http://www.w3.org/2000/svg" class="gd-figure" role="img" aria-labelledby="{0}-t" width="400" height="100">'
    '<title id="{0}-t">A line</title><path style="stroke: #1f2328"/><path style="stroke: #D0D7DE"/><path style="stroke: #0a7abf"/></svg>'
)
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FAAhKDveksOjmAAAAAElFTkSuQmCC"


# -- figures -------------------------------------------------------------------------------------------------------------


def test_a_drawing_takes_the_colours_of_the_page():
    html = gd_figures.inline(SVG.format("a"), "A line.")
    assert all(f"stroke:{colour}" in html for colour in ("currentColor", "var(--gd-grid)", "var(--gd-blue,#0a7abf)"))
    assert html.startswith('<figure class="gd-figure-box" style="--gd-width: 400px"><svg')  # no XML prologue


def test_a_drawing_of_another_library_gets_a_name():
    assert 'role="img" aria-label="One &lt; two"' in gd_figures.inline("<svg><path/></svg>", "One < two")


def test_every_stored_figure_is_in_its_page(book, chapters):
    for name, notebook in chapters.items():
        outputs = [o for cell in notebook["cells"] for o in cell.get("outputs", []) if "image/svg+xml" in o.get("data", {})]
        html = (book.html / "chapters" / f"{name}.html").read_text("utf-8")
        assert html.count('<figure class="gd-figure-box"') == len(outputs)


# -- claims --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line, sentence, numbers",
    [
        ("✓ two beats one", "two beats one", ""),
        ("✓ two beats one  (ratio = 1.23, n = 4)", "two beats one", "ratio = 1.23, n = 4"),
        ("✓ f(x) falls (a little)", "f(x) falls (a little)", ""),
        ("✓ f(x) falls (a little)  (by = 3)", "f(x) falls (a little)", "by = 3"),
    ],
)
def test_a_claim_is_its_sentence_and_its_numbers(line, sentence, numbers):
    assert gd_claims.parse(line) == (sentence, numbers)


def test_the_parser_reads_what_claim_prints(capsys):
    from gdcore.check import claim

    claim("two beats one", True, ratio=2.0, steps=12345)
    assert gd_claims.parse(capsys.readouterr().out.rstrip("\n")) == ("two beats one", "ratio = 2, steps = 12345")


def test_the_ledger_is_complete_and_every_link_leads_to_a_cell(book, chapters):
    ledger = (book.html / "book" / "claims.html").read_text("utf-8")
    printed = [
        line
        for notebook in chapters.values()
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        for line in "".join(output.get("text", "")).splitlines()
        if line.startswith("✓ ")
    ]
    assert len(printed) > 50 and ledger.count('class="gd-tick"') == len(printed)
    assert f"So far {len(printed)} claims in {len(chapters)} chapters hold." in ledger
    for page, anchor in re.findall(r'class="gd-where" href="\.\./(chapters/\w+\.html)#(cell-[\w-]+)"', ledger):
        assert f'id="{anchor}"' in (book.html / page).read_text("utf-8"), (page, anchor)


def test_ticks_in_chapters_stand_between_what_else_the_cell_printed(book):
    html = (book.html / "chapters" / "01_loss.html").read_text("utf-8")
    assert "✓" not in re.sub(r'<span class="gd-tick">✓</span>', "", re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL))


# -- numbers, docstrings -------------------------------------------------------------------------------------------------


def test_what_belongs_together_stands_in_one_line():
    formula = '<span class="math notranslate nohighlight"><mjx-container>x %</mjx-container></span>'
    assert gd_lines.whole(f"<p>({formula}, {formula} is</p>") == f'<p><span class="gd-held">({formula},</span> {formula} is</p>'
    assert gd_lines.whole('<p title="5 %">5 % of 1.5e-6</p>') == '<p title="5 %">5&nbsp;% of <span class="gd-held">1.5e-6</span></p>'
    assert gd_lines.whole("<p>± 2.5 and ln 10</p>") == "<p>±&nbsp;2.5 and ln&nbsp;10</p>"
    for word in ("L-BFGS", "K-FAC", "64-32-10"):
        assert gd_lines.whole(f"<td>{word}, one-cycle 5-10</td>") == f'<td><span class="gd-held">{word}</span>, one-cycle 5-10</td>'
    code = "<pre>5 % of <b>1e-6</b></pre><script>1e-6</script>"
    assert gd_lines.whole(code) == code
    pre = '<code><span class="pre">{}</span></code>'
    assert gd_lines.joints(pre.format("gdcore.gradient_free")) == pre.format("gdcore.<wbr>gradient_<wbr>free")
    for name in ("torch.optim", "learning_rate=0.125, 1.5e-6", "...................."):
        assert gd_lines.joints(pre.format(name)) == pre.format(name)


def test_a_chapter_has_the_number_of_its_file():
    assert gd_numbers.number("chapters/06_momentum") == 6
    assert gd_numbers.number("book/intro") is None


def test_sections_of_a_chapter_are_not_numbered(book):
    html = (book.html / "chapters" / "02_gradient.html").read_text("utf-8")
    assert re.findall(r'<h\d><span class="section-number">(\d+)', html) == ["2"]


def test_a_docstring_means_what_it_says():
    lines = ["Raises *nothing*, x_ and |y|, see `a*b` and arXiv:1412.6980.", "", "    f(x)  # code", "", "More."]
    assert list(gd_api.as_text(lines)) == [
        r"Raises \*nothing\*, x\_ and \|y\|, see ``a*b`` and `arXiv:1412.6980 <https://arxiv.org/abs/1412.6980>`__.", "",
        ".. code-block:: python", "", "    f(x)  # code", "", "More.",
    ]  # fmt: skip


def test_the_api_page_shows_the_optimizers_with_their_own_arguments(book):
    html = re.sub(r"<[^>]+>", "", (book.html / "book" / "api.html").read_text("utf-8"))
    assert "Adam(params, lr=" in html and "*args: Any" not in html


# -- a small book with one fault of each kind ------------------------------------------------------------------------------


def output(kind, data, alt=None):
    return {"output_type": "display_data", "data": {kind: data}, "metadata": {kind: {"alt": alt}} if alt else {}}


def small_book(folder, *outputs, text="# Title\n\nText."):
    """A book of one page and one chapter, with the configuration of this one."""
    for name in ("book", "gdcore"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "_config.yml", folder)
    (folder / "_toc.yml").write_text("format: jb-book\nroot: chapters/01_loss\n")
    cells = [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": text}]
    cells += [
        {"cell_type": "code", "id": f"b{i}", "metadata": {}, "source": "1", "execution_count": 1, "outputs": [o]}
        for i, o in enumerate(outputs)
    ]
    (folder / "chapters").mkdir()
    language = {"name": "python", "pygments_lexer": "python3"}
    notebook = {"cells": cells, "metadata": {"language_info": language}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "chapters" / "01_loss.ipynb").write_text(json.dumps(notebook))
    return build(folder, folder / "out")


def test_a_good_small_book_builds(tmp_path):
    status, log = small_book(
        tmp_path, output("image/svg+xml", SVG.format("a"), "One"), output("image/png", PNG, "Two"), output("image/png", PNG, "Three")
    )
    html = (tmp_path / "out/_build/html/chapters/01_loss.html").read_text("utf-8")
    assert status == 0, log
    assert re.findall(r'<img alt="(\w+)"', html) == ["Two", "Three"] and "width: 5px" in html


def test_each_fault_is_reported(tmp_path):
    text = "# Title\n\n[a](nowhere.ipynb) ![](../book/_static/logo.svg) {cite}`nobody1900` {ref}`none` $\\nosuch$\n\n```{rule} Adam\n```"
    status, log = small_book(
        tmp_path, output("image/svg+xml", SVG.format("a")), output("image/png", PNG), output("image/svg+xml", SVG.format("a"), "One"),
        text=text,
    )  # fmt: skip
    assert status != 0
    for message in (
        "the figure of cell b0 has no alt text",
        "the figure of cell b1 has no alt text",
        "two figures share the ids a-t",
        "logo.svg has no alt text",
        "target not found: 'nowhere.ipynb'",
        'Unknown interpreted text role "cite"',
        "undefined label: 'none'",
        "the formula \\nosuch: Undefined control sequence \\nosuch",
    ):
        assert message in log, f"{message!r} is not in\n{log}"


def test_a_link_to_a_planned_chapter_is_plain_text(tmp_path):
    status, log = small_book(tmp_path, text="# Title\n\nSee [the next one](02_gradient.ipynb).")
    html = tmp_path / "out/_build/html"
    assert status == 0, log
    assert '<span class="gd-to-come">the next one</span>' in (html / "chapters/01_loss.html").read_text("utf-8")
    (html / "searchindex.js").unlink()  # as after a build that was interrupted while it wrote
    assert build(tmp_path, tmp_path / "out")[0] == 0 and '"one": 0' in (html / "searchindex.js").read_text("utf-8")


def test_a_new_style_sheet_or_extension_makes_pages_old(tmp_path):
    import gd_fresh

    file = tmp_path / "gd.css"
    file.write_text("a {}")
    before = gd_fresh.fingerprint(file, tmp_path)
    file.write_text("b {}")
    assert gd_fresh.fingerprint(file, tmp_path) != before
