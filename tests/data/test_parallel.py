"""Pairs of sentences: what the pages say, what belongs to which part, and what is said when something is missing."""


import pytest

from gdcore.data import DataError, Examples, Splits, catalogue, parallel

HERE = (parallel.HELP / "C").is_dir()
needs_help = pytest.mark.skipif(not HERE, reason="GNOME's help pages are not on this machine")
HEAD = '<page xmlns="http://projectmallard.org/1.0/" xmlns:i="http://projectmallard.org/1.0/">'


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder of help pages; write(language, page, body) puts one into it, or into another book or folder."""
    monkeypatch.setattr(parallel, "HELP", tmp_path)

    def write(language, page, body, book="gnome-help", root=tmp_path):
        path = root / language / book / f"{page}.page"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{HEAD}{body}</page>", encoding="utf-8")
        return path

    return write


def test_blocks_are_paired_by_their_place_and_sentences_by_their_number(shelf):
    shelf("C", "a", "<title>Keys</title><p>Press it. Then wait.</p><p>One. Two. Three.</p>")
    shelf("es", "a", "<title>Teclas</title><p>Púlsela. ¿Y luego? Espere.</p><p>Uno. Dos. Tres.</p>")
    assert parallel.pages("es")["gnome-help/a"] == [
        ("Teclas", "Keys"), ("Púlsela. ¿Y luego? Espere.", "Press it. Then wait."), ("Uno.", "One."), ("Dos.", "Two."), ("Tres.", "Three.")]


def test_what_is_no_text_of_the_page_is_left_out(shelf):
    shelf("C", "a", "<info><credit><name>Ann</name></credit><desc>About keys.</desc></info><comment><p>To do.</p></comment>"
                    "<p>See <link xref='b'/> for more.</p><p>Stay.</p><p>OK</p>")
    shelf("es", "a", "<info><desc>Sobre teclas.</desc><i:credit><name>Ana</name></i:credit></info>"
                     "<p>Véase <link xref='b'/>.</p><p>Quédese.</p><p>OK</p>")
    assert parallel.pages("es")["gnome-help/a"] == [("Sobre teclas.", "About keys."), ("Quédese.", "Stay.")]


def test_keys_pressed_together_are_joined_and_letters_composed(shelf):
    shelf("C", "a", "<p>Press\n  <keyseq>\n<key>Ctrl</key> <key>S</key></keyseq> “now”.</p>"
                    "<p><keyseq><key>Alt</key>arrow keys</keyseq> go on.</p>")
    shelf("es", "a", "<p>Pulse <keyseq><key>Ctrl</key><key>S</key></keyseq> man\u0303ana.</p>"
                     "<p><keyseq><key>Alt</key> flechas</keyseq> avanzan.</p>")
    assert parallel.pages("es")["gnome-help/a"] == [
        ("Pulse Ctrl+S mañana.", 'Press Ctrl+S "now".'), ("Alt+flechas avanzan.", "Alt+arrow keys go on.")]


def test_the_steps_of_a_way_through_menus_are_told_apart(shelf):
    shelf("C", "a", "<p>Choose <guiseq><gui>File</gui><gui>New</gui><gui>Page</gui></guiseq>.</p>")
    shelf("es", "a", "<p>Elija <guiseq><gui>Archivo</gui>\n <gui>Nuevo</gui><gui>Hoja</gui></guiseq>.</p>")
    assert parallel.pages("es")["gnome-help/a"] == [("Elija Archivo > Nuevo > Hoja.", "Choose File > New > Page.")]


def test_a_page_whose_structure_differs_is_left_out(shelf):
    shelf("C", "a", "<p>One.</p><p>Two.</p>")
    shelf("es", "a", "<p>Uno.</p>")
    shelf("C", "b", "<p>One.</p>")
    shelf("es", "b", "<title>Uno.</title>")
    shelf("C", "c", "<p>Three.</p>")
    shelf("es", "c", "<p>Tres.</p>")
    assert parallel.pages("es") == {"gnome-help/c": [("Tres.", "Three.")]}


def test_one_sentence_for_what_is_missing_or_damaged(shelf, tmp_path):
    with pytest.raises(DataError, match=r"no help pages of GNOME in English .*apt install gnome-user-docs"):
        parallel.pages("es")
    page = shelf("C", "a", "<p>One.</p>")
    with pytest.raises(DataError, match=r"in the language 'es' .*apt install gnome-user-docs"):
        parallel.pages("es")
    shelf("es", "a", "<p>Uno.</p>")
    page.write_text(page.read_text()[:-9])
    with pytest.raises(DataError, match=r"a.page is damaged .*apt install --reinstall gnome-user-docs"):
        parallel.pages("es")


def test_another_edition_is_said(shelf):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parallel, "_split", lambda found, *_: found)
        shelf("C", "a", "<p>One more thing.</p>")
        shelf("es", "a", "<p>Una cosa más.</p>")
        with pytest.warns(UserWarning, match=r"hold 1 sentence pairs for 'es'; the edition .*43\.0.* holds 4,908"):
            parallel.help_pages("es")


@pytest.fixture
def programs(shelf, tmp_path, monkeypatch):
    """program_pages on two programs, eog that is installed and gedit that is not; put(program, *pairs) gives one a page of paragraphs."""
    monkeypatch.setattr(parallel, "PROGRAMS", {"eog": "eog", "gedit": "gedit-common"})
    monkeypatch.setattr(parallel, "EDITION", {})
    asked = []
    monkeypatch.setattr(parallel.debian, "unpacked", lambda names, ending: asked.append(names) or {n: tmp_path / "debs" / n for n in names})

    def put(program, *pairs):
        root = tmp_path if program == "eog" else tmp_path / "debs" / "gedit-common" / "usr/share/help"
        for language, side in (("es", 0), ("C", 1)):
            shelf(language, "a", "".join(f"<p>{pair[side]}</p>" for pair in pairs), program, root)

    return put, asked


def held(train=(), validation=(), test=()):
    return Splits(*(Examples([x for x, _ in part], [y for _, y in part]) for part in (train, validation, test)))


def test_the_programs_help_comes_from_the_system_or_from_packages(programs):
    put, asked = programs
    put("eog", ("Abra una imagen.", "Open an image."))
    put("gedit", ("Guarde el archivo ahora.", "Save the file now."), ("Dos palabras", "Two words"))
    found = parallel.program_pages("es", held())
    assert set(zip(found.x, found.y)) == {("Abra una imagen.", "Open an image."), ("Guarde el archivo ahora.", "Save the file now.")}
    assert asked == [["gedit-common"]]
    assert parallel.pages("es") == {}  # which is of the two books alone


def test_the_programs_help_holds_nothing_that_is_judged(programs):
    put, _ = programs
    put("eog", ("Pulse ahora el botón rojo de arriba.", "Press the red button at the top now."),
        ("Abra las dos ventanas.", "Open both of the windows."), ("Elija uno de los colores.", "Choose one of the colours."),
        ("Elija uno de los colores.", "Take one of those."))  # fmt: skip
    put("gedit", ("Cierre esto.", "Close this at once."))
    all_of_them = parallel.program_pages("es", held())
    assert len(all_of_them) == 4  # a text twice counts once
    near, same = ("Otra cosa distinta.", "Press the green button at the top now."), ("ABRA LAS DOS VENTANAS.", "Something else here.")
    for part in ("validation", "test"):
        assert not {near[1], "Press the red button at the top now."} & set(parallel.program_pages("es", held(**{part: [near]})).y)
        assert "Open both of the windows." not in parallel.program_pages("es", held(**{part: [same]})).y
    trained = parallel.program_pages("es", held(train=[near, same])).y
    assert "Press the red button at the top now." in trained and "Open both of the windows." not in trained


def test_near_copies_share_most_of_their_words():
    others = ["Click Sharing in the sidebar to open the panel."]
    texts = ["Click Network in the sidebar to open the panel.", "Open the panel.", "Nothing of it", ""]
    assert parallel.near_copies(texts, others) == [True, False, False, False]
    assert parallel.near_copies(texts, others, limit=0.3) == [True, True, False, False]


@needs_help
@pytest.mark.filterwarnings("error")  # edition 43.0, or it warns
@pytest.mark.parametrize("language, counts", [("es", (3255, 338, 335)), ("pt_BR", (3464, 372, 361))])
def test_the_parts_of_edition_43(language, counts):
    parts = parallel.help_pages(language)
    assert tuple(map(len, parts)) == counts
    for part in parts:
        assert all(3 <= len(english.split()) <= 30 for english in part.y)
        assert len(set(map(str.lower, part.y))) == len(part) == len(set(map(str.lower, part.x)))
    for side in ("x", "y"):
        train, validation, test = (getattr(part, side) for part in parts)
        assert not any(parallel.near_copies(test, train + validation)) and not any(parallel.near_copies(validation, train))


@needs_help
def test_near_copies_can_be_kept_to_see_what_they_do():
    strict, loose = parallel.help_pages("es"), parallel.help_pages("es", copies=True)
    assert set(strict.train.x) == set(loose.train.x) and set(strict.test.x) < set(loose.test.x)
    more = sorted(set(loose.test.y) - set(strict.test.y))
    assert any(parallel.near_copies(more, loose.train.y)) and not set(map(str.lower, more)) & set(map(str.lower, loose.train.y))


@needs_help
def test_no_page_is_in_two_parts_and_languages_agree_on_it():
    places = {}
    for page, pairs in parallel.pages("es").items():
        for _, english in pairs:
            places.setdefault(english, set()).add(page)
    pages = [{page for english in part.y if len(places[english]) == 1 for page in places[english]} for part in parallel.help_pages("es")]
    tenths = [{parallel.zlib.crc32(page.encode()) % 10 for page in where} for where in pages]
    assert tenths == [set(range(2, 10)), {1}, {0}]


@needs_help
def test_the_order_is_shuffled_and_repeats():
    first, again = parallel.help_pages("es"), parallel.help_pages("es")
    assert first.train.x == again.train.x
    place = {english: i for i, (page, pairs) in enumerate(parallel.pages("es").items()) for _, english in pairs}
    steps = [abs(place[a] - place[b]) for a, b in zip(first.train.y, first.train.y[1:])]
    assert sum(steps) / len(steps) > 30  # neighbours come from pages far apart


def test_the_catalogue():
    parts = catalogue("es")
    assert len(parts.train) > 1000 and len(parts.test) > 80 and len(parts.validation) > 80
    assert not any("${" in text for text in parts.train.x + parts.train.y)
    assert sum(any(c in text for c in "áéíóúñ") for text in parts.train.x) > len(parts.train) / 2  # Spanish is x
    assert not any(parallel.near_copies(parts.test.y, parts.train.y))


def test_the_catalogue_says_what_is_missing_or_damaged(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="holds no locales/xx/LC_MESSAGES/plone.po"):
        catalogue("xx")
    broken = tmp_path / "plone.po"
    broken.write_bytes(b'msgid "One thing"\nmsgstr "Una \xff cosa\n')
    monkeypatch.setattr(parallel, "packaged", lambda package, inside: broken)
    with pytest.raises(DataError, match="plone.po is damaged"):
        catalogue("es")


def test_what_is_there_is_taken_and_named(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "HELP", tmp_path)
    parts, name = parallel.sentence_pairs("es")
    assert name == "Plone's catalogue of messages" and parts.train.x == catalogue("es").train.x
    monkeypatch.setattr(parallel, "packaged", lambda *_: (_ for _ in ()).throw(DataError("The package is not installed.")))
    with pytest.raises(DataError, match=r"apt install gnome-user-docs.* The package is not installed\."):
        parallel.sentence_pairs("es")
    (tmp_path / "C").mkdir()
    monkeypatch.setattr(parallel, "help_pages", lambda *_: "pages")
    assert parallel.sentence_pairs("es") == ("pages", "GNOME's help pages")
