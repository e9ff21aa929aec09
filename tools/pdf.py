"""The book on paper: `python -m tools.pdf [HTML] [PDF] [--exercises]` prints the built pages into one file.

The built pages come in, in the order of the table of contents. Each is printed by Chromium with the book's own style for paper. They leave
as one PDF: a page of contents, an outline of parts, chapters and sections, a number on each sheet, and links within the book that lead to
its own sheets, to the very place.
"""

import argparse
import pathlib
import re
import sys
import tempfile
from collections import defaultdict
from html import escape, unescape
from urllib.parse import unquote, urljoin, urlparse

import yaml
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, FloatObject, NameObject, NullObject

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
        folder = pathlib.Path(folder)
        page, titles, places = chromium.new_page(color_scheme="light", reduced_motion="reduce"), {}, wanted(root, names)
        for i, name in enumerate(names):
            page.goto((root / f"{name}.html").as_uri(), wait_until="load")
            page.evaluate("() => document.fonts.ready.then(() => null)")
            page.evaluate(MARK, sorted(places[name]))
            page.pdf(path=folder / f"{i}.pdf", **PAPER)
            titles[name] = page.title().split(" — ")[0]
        printed = {name: PdfReader(folder / f"{i}.pdf") for i, name in enumerate(names)}
        before = len(parts[0][1])  # the contents stand behind what has no part, the title page
        lengths = {name: len(reader.pages) for name, reader in printed.items()}
        for _ in range(2):  # its own length counts too
            listing(page, root, parts, titles, starts(names, lengths, before), folder / "contents.pdf")
            lengths[""] = len(PdfReader(folder / "contents.pdf").pages)
        writer, first = joined(parts, printed, titles, PdfReader(folder / "contents.pdf"), before)
        page.set_content(NUMBERS.format("".join(f"<div>{i + 1}</div>" for i in range(len(writer.pages)))))
        page.pdf(path=folder / "numbers.pdf", prefer_css_page_size=True)
        for sheet, number in zip(writer.pages, PdfReader(folder / "numbers.pdf").pages):
            sheet.merge_page(number)
            sheet.compress_content_streams()
        lead(writer, root, first, printed)
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


def wanted(root, names):
    """{page: the places in it that some page links to}."""
    places = defaultdict(set)
    for name in names:
        html = (root / f"{name}.html").read_text("utf-8")
        for link in re.findall(r'<a [^>]*?href="([^"]*#[^"]+)"', html):
            page, _, place = urljoin(f"/{name}.html", unescape(link)).partition("#")
            places[page.removeprefix("/").removesuffix(".html")].add(unquote(place))
    return places


# Chromium notes where a place comes to lie if a link of the same page leads there: so each place that is asked for gets one, of no size
MARK = """(places) => {
  const marks = document.createElement("div");
  marks.style.cssText = "position: absolute; left: 0; top: 0; font-size: 1px; line-height: 1px; color: transparent; width: 40px";
  for (const place of places) {
    if (!document.getElementById(place)) continue;
    const a = document.createElement("a");
    a.href = "#" + encodeURIComponent(place);
    a.textContent = ".";
    marks.append(a);
  }
  document.body.append(marks);
}"""


def starts(names, lengths, before):
    """{page: number of its first sheet, from 1}; "" are the contents, behind so many pages."""
    found, sheet = {}, 1
    for name in [*names[:before], "", *names[before:]]:
        found[name] = sheet
        sheet += lengths.get(name, 1)
    return found


def listing(page, root, parts, titles, first, target):
    """Print the page of contents."""
    rows = ""
    for caption, names in parts[1:]:
        rows += f"<h2>{escape(caption)}</h2>" if caption else ""
        rows += "".join(f'<p><a href="{(root / f"{name}.html").as_uri()}">{escape(titles[name])}</a><i></i>{first[name]}</p>'
                        for name in names)  # fmt: skip
    style = """body { font: 11px/1.55 Georgia, serif; columns: 2; column-gap: 3em }
    h1 { font-size: 26px; column-span: all; margin: 0 0 1em }
    h2 { font-size: 13px; margin: 1.1em 0 .3em; break-after: avoid } p { display: flex; margin: 0; gap: .4em; break-inside: avoid }
    a { color: inherit; text-decoration: none } i { flex: 1; border-bottom: 1px dotted #999; margin-bottom: .45em; min-width: 1em }"""
    page.set_content(f"<style>{style}</style><h1>Contents</h1>{rows}")
    page.pdf(path=target, **PAPER)


def joined(parts, printed, titles, contents, before):
    """(one writer with an outline of parts, pages and their sections, {page: number of its first sheet, from 0})."""
    writer, first = PdfWriter(), {}
    for caption, pages in parts:
        above = None
        for name in pages:
            if len(first) == before:
                writer.add_outline_item(title="Contents", page_number=len(writer.pages))
                writer.append(contents, import_outline=False)
                before = -1
            first[name] = len(writer.pages)
            reader = printed[name]
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


def lead(writer, root, first, printed):
    """Links to files of the book, and to places in a page, become links to sheets."""
    known = {name: reader.named_destinations for name, reader in printed.items()}
    owner = {sheet: name for name, start in first.items() for sheet in range(start, start + len(printed[name].pages))}
    for i, sheet in enumerate(writer.pages):
        for annotation in [*sheet.get("/Annots", ())]:
            found = annotation.get_object()
            if found.get("/Subtype") != "/Link":
                continue
            name, place = meant(found, root, owner.get(i))
            if name not in first:
                continue
            at, top = first[name], None
            if spot := known[name].get(f"/{place}", known[name].get(place)):
                at, top = at + printed[name].get_destination_page_number(spot), spot.top
            page = writer.pages[at].indirect_reference
            fit = [page, NameObject("/Fit")] if top is None else [page, NameObject("/XYZ"), NullObject(), FloatObject(top), NullObject()]
            found.pop("/A", None)
            found[NameObject("/Dest")] = ArrayObject(fit)
    for names in ("/Names", "/Dests"):  # two pages may have places of one name
        writer.root_object.pop(names, None)


def meant(link, root, here):
    """(page of the book, place in it) that a link leads to; (None, "") for one that leads elsewhere."""
    if isinstance(link.get("/Dest"), str):
        return here, link["/Dest"].removeprefix("/")
    action = link.get("/A")
    uri = action.get_object().get("/URI") if action is not None else None
    address = urlparse(uri or "")
    path = pathlib.Path(unquote(address.path))
    if address.scheme != "file" or not path.is_relative_to(root):
        return None, ""
    return path.relative_to(root).with_suffix("").as_posix(), unquote(address.fragment)


if __name__ == "__main__":
    main()
