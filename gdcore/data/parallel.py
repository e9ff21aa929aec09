"""Sentences in two languages: GNOME's help pages, or, where they are not at hand, the texts of Plone.

Both come as `Splits`: x the sentences to translate, y their English. The help is cut page by page (CC-BY-SA-3.0, the GNOME
documentation project and its translators); Plone's catalogue, of single messages, message by message (GPL-2.0, the Plone Foundation).
The help of single programs (CC-BY-SA or GFDL, each by its authors) is more of the same kind, to train on only.
"""

import hashlib
import pathlib
import re
import unicodedata
import warnings
import xml.etree.ElementTree as ElementTree
import zlib

from gdcore.data import debian
from gdcore.data.examples import Examples, Splits, assert_disjoint, shuffled
from gdcore.data.store import DataError, packaged

__all__ = ["catalogue", "help_pages", "near_copies", "pages", "program_pages", "sentence_pairs"]

HELP = pathlib.Path("/usr/share/help")  # where Debian's package gnome-user-docs puts it; C/ is English
BOOKS = ("gnome-help", "system-admin-guide")  # its two books
REMEDY = "on Debian or Ubuntu apt install gnome-user-docs brings it"
BLOCKS = {"p", "title", "desc", "cite", "td", "th", "caption"}  # of Mallard, the format of the pages
SKIPPED = {"credit", "license", "link", "revision", "comment"}
JOINED = {"keyseq": "+", "guiseq": " > "}  # elements whose parts are shown with a sign between them
BORDER = re.compile(r"(?<=[.!?:…])\s+(?=[\"“«(¿¡]*[^\W\d_a-zà-ÿ])")  # between two sentences: a capital follows

# language: (sentence pairs, SHA-256 of them all) in edition 43.0
EDITION = {
    "es": (4908, "73aecc86e4ca214809b0a85b85e0f981914b33b2ccf6c7598c7372084c1cf63b"),
    "pt_BR": (5174, "8ba99a737599a14584bd6ffa8c0278b3acba84a696cee26abe02b71ea6b4a8ff"),
    "gl": (3873, "1ff5220a65d378102a1e743469c8f86762e042e9d6fb71bf856291ba5cf9e66a"),
    "es programs": (13333, "8ec7be4ba70d2e61d957ad09aeba438ecc6ace53999439db04fa5bf44f03b809"),  # those of Debian 12
}
PROGRAMS = {  # with a help of their own: the package of Debian that holds it
    "accerciser": "accerciser", "baobab": "baobab", "bijiben": "bijiben", "brasero": "brasero-common", "cheese": "cheese-common",
    "deja-dup": "deja-dup", "eog": "eog", "epiphany": "epiphany-browser-data", "evince": "evince-common",
    "evolution": "evolution-common", "file-roller": "file-roller", "gedit": "gedit-common", "glabels-3.0": "glabels-data",
    "gnome-boxes": "gnome-boxes", "gnome-calculator": "gnome-calculator", "gnome-clocks": "gnome-clocks",
    "gnome-dictionary": "gnome-dictionary", "gnome-system-monitor": "gnome-system-monitor", "gnome-terminal": "gnome-terminal-data",
    "gnote": "gnote", "gthumb": "gthumb-data", "gtranslator": "gtranslator", "meld": "meld", "orca": "orca", "pitivi": "pitivi",
    "polari": "polari", "seahorse": "seahorse", "shotwell": "shotwell-common", "simple-scan": "simple-scan", "sysprof": "sysprof",
    "totem": "totem-common", "vinagre": "vinagre", "zenity": "zenity-common",
}  # fmt: skip
MESSAGES = ("plone", "cmfeditions", "cmfplacefulworkflow")  # the files of Plone's catalogue


def sentence_pairs(language, least=3, most=30):
    """(Splits, what they are): of `help_pages` if those are on this machine, else of `catalogue`. Raises DataError if neither is."""
    if (HELP / "C").is_dir():
        return help_pages(language, least, most), "GNOME's help pages"
    try:
        return catalogue(language, least, most), "Plone's catalogue of messages"
    except DataError as error:
        raise DataError(f"There are no translated sentences on this machine. The help pages of GNOME would be best: {REMEDY}. "
                        f"And the other source is missing, too. {error}") from error


def help_pages(language, least=3, most=30, copies=False):
    """GNOME's help as `Splits`: x the sentences in `language`, y in English, of `least` to `most` words each.

    language: a folder of the help, such as "es" or "pt_BR". A tenth of the pages is for validation and a tenth for the test, by a checksum
    of the page's name: the same pages in every language. A sentence stands in one part only, and validation and test hold nothing that
    is also, or nearly (`near_copies`), in training; copies: keep what is nearly there, to see how much better the scores look. Warns of
    another edition than 43.0, to which the book's numbers belong. Raises DataError.
    """
    found = [(page, *pair) for page, texts in pages(language).items() for pair in texts]
    _warn_of_another(found, language, "help pages")
    return _split(found, least, most, copies)


def program_pages(language, held, least=3, most=30):
    """Sentences of the help of GNOME's programs (`PROGRAMS`), as `Examples`: more to train on, of the same kind and by the same hands.

    held: the Splits of `help_pages` in this language. What they hold, or what nearly is in their validation or test, is left out. A help
    that is not installed is fetched once, without installing its program, where there is apt-get. Warns of other editions than those
    of Debian 12. Raises DataError.
    """
    there = [program for program in PROGRAMS if all((HELP / folder / program).is_dir() for folder in ("C", language))]
    roots = debian.unpacked([package for program, package in PROGRAMS.items() if program not in there], ".page")
    found = []
    for program, package in PROGRAMS.items():
        root = HELP if program in there else roots[package] / "usr/share/help"
        found += [(page, *pair) for page, texts in _pages(root, language, program).items() for pair in texts]
    if not found:
        raise DataError(f"The programs' help has no page in English and in {language!r}: take a language of GNOME, on Debian.")
    _warn_of_another(found, f"{language} programs", "programs' help")
    judged = Examples(held.validation.x + held.test.x, held.validation.y + held.test.y)
    seen = {text.lower() for part in held for text in part.x + part.y}
    pairs = []
    for _, text, english in found:
        if _fits(text, english, least, most) and not {text.lower(), english.lower()} & seen:
            seen |= {text.lower(), english.lower()}
            pairs.append((text, english))
    near = zip(near_copies([text for text, _ in pairs], judged.x), near_copies([english for _, english in pairs], judged.y))
    pairs = [pair for pair, copies in zip(pairs, near) if not any(copies)]
    pairs = [pairs[i] for i in shuffled(len(pairs))]
    return Examples([text for text, _ in pairs], [english for _, english in pairs])


def pages(language):
    """{page: [(sentence, its English), ...]} of GNOME's help, in the order of the names. Raises DataError.

    A page counts if its blocks are the same in both languages. Within a block the sentences are paired if there are as many on both sides,
    else the block stays whole.
    """
    for folder, what in ((HELP / "C", "in English"), (HELP / language, f"in the language {language!r}")):
        if not folder.is_dir():
            raise DataError(f"There are no help pages of GNOME {what} ({folder} is not there): {REMEDY}.")
    return {name: texts for book in BOOKS for name, texts in _pages(HELP, language, book).items()}


def _pages(root, language, book):
    found = {}
    for path in sorted((root / "C" / book).rglob("*.page")):
        name = path.relative_to(root / "C")
        if (root / language / name).is_file():
            english, foreign = _blocks(path), _blocks(root / language / name)
            if [place for place, _ in english] == [place for place, _ in foreign]:
                texts = [(there, here) for (_, here), (_, there) in zip(english, foreign) if here and there and here != there]
                found[name.with_suffix("").as_posix()] = [pair for text in texts for pair in _sentences(*text)]
    return found


def catalogue(language, least=3, most=30):
    """The messages of Plone as `Splits`, like `help_pages`: from the package plone.app.locales, some 1,800 pairs. Raises DataError.

    language: a folder of its locales, such as "es" or "pt_BR". Messages that hold a variable, ${…}, are left out.
    """
    found = []
    for name in MESSAGES:
        path = packaged("plone.app.locales", f"locales/{language}/LC_MESSAGES/{name}.po")
        found += [(english, text, english) for english, text in _messages(path) if "${" not in english + text]
    return _split(found, least, most)


def near_copies(texts, others, limit=0.7):
    """For each of `texts`, whether it shares with one of `others` at least `limit` of the words that the two have together (Jaccard)."""
    from sklearn.feature_extraction.text import CountVectorizer

    words = CountVectorizer(binary=True, token_pattern=r"\w+").fit([*texts, *others, "one"])
    a, b = words.transform(texts).astype("int32"), words.transform(others).astype("int32")
    common = (a @ b.T).tocoo()
    of_a, of_b = a.sum(axis=1).A1, b.sum(axis=1).A1
    near = common.data >= limit * (of_a[common.row] + of_b[common.col] - common.data)
    close = set(common.row[near].tolist())
    return [i in close for i in range(len(texts))]


# -- parts ------------------------------------------------------------------------------------------------------------------------------


def _split(found, least, most, copies=False):
    """Splits of (where, text, English): cut by the name of the place, each English sentence and each text once."""
    parts, seen = {"train": [], "validation": [], "test": []}, set()
    for name, tenths in (("train", range(2, 10)), ("validation", [1]), ("test", [0])):
        for where, text, english in found:
            new = text.lower() not in seen and english.lower() not in seen
            if zlib.crc32(where.encode()) % 10 in tenths and new and _fits(text, english, least, most):
                seen |= {text.lower(), english.lower()}
                parts[name].append((text, english))
        if name != "train" and not copies:
            trained = [pair for before in ("train", "validation") if before != name for pair in parts[before]]
            near = [near_copies([pair[side] for pair in parts[name]], [pair[side] for pair in trained]) for side in (0, 1)]
            parts[name] = [pair for pair, *copies in zip(parts[name], *near) if not any(copies)]
    if not all(parts.values()):
        raise DataError(f"Of {len(found)} sentence pairs none are left for one of the parts: take other lengths than {least} to {most}.")
    assert_disjoint({name: [english.lower() for _, english in pairs] for name, pairs in parts.items()})
    parts = {name: [pairs[i] for i in shuffled(len(pairs))] for name, pairs in parts.items()}
    return Splits(*(Examples([text for text, _ in pairs], [english for _, english in pairs]) for pairs in parts.values()))


def _fits(text, english, least, most):
    return least <= len(english.split()) <= most and len(text.split()) <= 1.5 * most


def _warn_of_another(found, edition, what):
    """Warn if these are not the sentence pairs of which the book reports."""
    if edition in EDITION and (len(found), hashlib.sha256(repr(found).encode()).hexdigest()) != EDITION[edition]:
        warnings.warn(f"The {what} here hold {len(found):,} sentence pairs for {edition!r}; the edition to which the book's numbers "
                      f"belong (43.0, in Debian 12) holds {EDITION[edition][0]:,}: expect other scores.", stacklevel=3)  # fmt: skip


# -- Mallard, the format of the help pages ----------------------------------------------------------------------------------------------


def _blocks(path):
    """[(where in the page, text), ...] of the innermost blocks of a page; the text is "" where a link without words leaves a hole."""
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise DataError(f"The help page {path} is damaged ({error}). Remedy: apt install --reinstall gnome-user-docs.") from error
    found = []

    def walk(element, place):
        for child in element:
            name = _name(child)
            if name in SKIPPED:
                continue
            if name in BLOCKS and not any(_name(inner) in BLOCKS for inner in child.iter() if inner is not child):
                hole = any(_name(inner) == "link" and not "".join(inner.itertext()).strip() for inner in child.iter())
                found.append(((*place, name), "" if hole else _tidy(_text(child))))
            else:
                walk(child, (*place, name))

    walk(root, ())
    return found


def _name(element):
    """The name of an element without its namespace; "" for a comment of XML."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text(element):
    """The words of an element; keys pressed together, and the steps of a way through menus, are joined by their sign."""
    parts = [element.text or ""]
    for child in element:
        parts += [_text(child) if _name(child) else "", child.tail or ""]
    if (sign := JOINED.get(_name(element))) is None:
        return "".join(parts)
    return sign.join(part.strip() for part in parts if part.strip())


def _tidy(text):
    """One space between words, each letter with its accent as one character, plain quotation marks."""
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    return text.translate(str.maketrans("“”„«»’‘", "\"\"\"\"\"''"))


def _sentences(text, english):
    """Pairs of sentences if there are as many in both, else the whole as one pair."""
    parts, english_parts = BORDER.split(text), BORDER.split(english)
    return list(zip(parts, english_parts)) if len(parts) == len(english_parts) else [(text, english)]


# -- gettext, the format of Plone's catalogue -------------------------------------------------------------------------------------------


def _messages(path):
    """(English, translation) of each translated message of a file; the English is in its comment Default, or is the message's name."""
    from babel.messages.pofile import PoFileError, read_po

    try:
        with open(path, "rb") as file:
            messages = list(read_po(file, abort_invalid=True))
    except (PoFileError, UnicodeDecodeError, ValueError) as error:
        raise DataError(f"{path} is damaged ({error}): pip install --force-reinstall plone.app.locales.") from error
    for message in messages:
        if isinstance(message.id, str) and message.id and message.string and not message.fuzzy:
            default = re.search(r'Default: "(.*)"', " ".join(message.auto_comments))
            english = _tidy(default[1] if default else message.id)
            if english != _tidy(message.string):
                yield english, _tidy(message.string)
