"""The book on paper: `python -m tools.pdf [HTML] [PDF] [--exercises]` prints the built pages into one file.

The built pages come in, in the order of the table of contents. Each is printed by Chromium with the book's own style for paper. They leave
as one PDF: an outline of parts, chapters and sections, a number on each page, and links within the book that lead to its pages.
"""

import argparse
import pathlib
import sys
import tempfile
from urllib.parse import unquote, urlparse

import yaml
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject

from tools.chromium import browser

PAPER = {"format": "A4", "print_background": True, "outline": True, "tagged": True, "prefer_css_page_size": True,
         "margin": {"top": "16mm", "bottom": "18mm", "left": "18mm", "right": "18mm"}}  # fmt: skip
NUMBERS = """<style>@page {{ size: A4; margin: 0 }} body {{ margin: 0; font: 8px system-ui, sans-serif; color: #555 }}
div {{ height: 297mm; box-sizing: border-box; padding-top: 285mm; text-align: center; break-after: page }}</style>{}"""


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tools.pdf", description=__doc__.splitlines()[0])
    parser.add_argument("html", nargs="?", default="_build/html", help="the built book")
    parser.add_argument("pdf", nargs="?", default="_build/gradient_descent.pdf", help="the file to write")
    parser.add_argument("--exercises", action="store_true", help="the exercises too, after their chapters")
    asked = parser.parse_args(arguments)
    root = pathlib.Path(asked.html).resolve()
    if not (root / "index.html").exists():
        sys.exit(f"There is no book in {asked.html}: run `make book` first.")
    parts = contents(yaml.safe_load(pathlib.Path("_toc.yml").read_text("utf-8")), asked.exercises)
    with browser() as chromium:
        written = write(chromium, root, parts, pathlib.Path(asked.pdf))
    print(f"{asked.pdf}: {written} pages.")


def contents(toc, exercises=False):
    """[(caption or "", [page, …]), …] of a table of contents as Jupyter Book has it; pages as paths without ending."""
    parts = [("", [toc["root"]])]
    for part in toc["parts"]:
        pages = []
        for chapter in part["chapters"]:
            pages.append(chapter["file"])
            pages += [section["file"] for section in chapter.get("sections", ())] if exercises else []
        parts.append((part.get("caption", ""), pages))
    return parts


def write(chromium, root, parts, target):
    """Print pages of the built book by a browser into the file `target`, which is written when it is whole: how many sheets it has."""
    names = [name for _, pages in parts for name in pages]
    with tempfile.TemporaryDirectory() as folder:
        printed = {name: pathlib.Path(folder) / f"{i}.pdf" for i, name in enumerate(names)}
        page, titles = chromium.new_page(color_scheme="light", reduced_motion="reduce"), {}
        for name, path in printed.items():
            page.goto((root / f"{name}.html").as_uri(), wait_until="load")
            page.evaluate("() => document.fonts.ready.then(() => null)")
            page.pdf(path=path, **PAPER)
            titles[name] = page.title().split(" — ")[0]
        writer, first = joined(parts, printed, titles)
        numbers = pathlib.Path(folder) / "numbers.pdf"
        page.set_content(NUMBERS.format("".join(f"<div>{i + 1}</div>" for i in range(len(writer.pages)))))
        page.pdf(path=numbers, prefer_css_page_size=True)
        for sheet, number in zip(writer.pages, PdfReader(numbers).pages):
            sheet.merge_page(number)
            sheet.compress_content_streams()
        lead(writer, root, first)
        page.close()
        writer.compress_identical_objects()  # each page came with the book's fonts
        writer.add_metadata({"/Title": "Gradient Descent for Deep Learning"})
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_suffix(".new")
        try:
            writer.write(beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    return len(writer.pages)


def joined(parts, printed, titles):
    """(one writer with an outline of parts, pages and their sections, {page: number of its first sheet})."""
    writer, first = PdfWriter(), {}
    for caption, pages in parts:
        above = None
        for name in pages:
            first[name] = len(writer.pages)
            reader = PdfReader(printed[name])
            writer.append(reader, import_outline=False)
            if caption and above is None:
                above = writer.add_outline_item(title=caption, page_number=first[name])
            here = writer.add_outline_item(title=titles[name], page_number=first[name], parent=above)
            sections = reader.outline[1] if len(reader.outline) > 1 else []  # below the page's own title
            outline(writer, reader, sections, first[name], here)
    return writer, first


def outline(writer, reader, items, offset, above):
    """Copy an outline under another: a list holds what stands below the item before it."""
    last = above
    for item in items:
        if isinstance(item, list):
            outline(writer, reader, item, offset, last)
        else:
            sheet = offset + (reader.get_destination_page_number(item) or 0)
            last = writer.add_outline_item(title=item.title, page_number=sheet, parent=above)


def lead(writer, root, first):
    """Links to files of the book become links to its sheets."""
    for sheet in writer.pages:
        for annotation in [*sheet.get("/Annots", ())]:
            found = annotation.get_object()
            action = found.get("/A")
            if found.get("/Subtype") != "/Link" or action is None or "/URI" not in (action := action.get_object()):
                continue
            address = urlparse(action["/URI"])
            path = pathlib.Path(unquote(address.path))
            if address.scheme != "file" or not path.is_relative_to(root):
                continue
            name = path.relative_to(root).with_suffix("").as_posix()
            if name in first:
                del found["/A"]
                found[NameObject("/Dest")] = ArrayObject([writer.pages[first[name]].indirect_reference, NameObject("/Fit")])


if __name__ == "__main__":
    main()
