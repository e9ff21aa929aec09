"""Files of Debian's packages without an installation: fetched once, whole or not at all, with a sentence where it fails."""

import shutil
import subprocess

import pytest

from gdcore.data import DataError, debian, store

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="no dpkg on this machine: packages of Debian cannot be made or read")


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Two small packages, and an apt-get that brings them and notes each call; the folder of the cache and the notes."""
    goods = tmp_path / "goods"
    for name in ("tea", "coffee"):
        root = tmp_path / "made" / name
        (root / "usr/share/help/C").mkdir(parents=True)
        (root / "usr/share/help/C" / f"{name}.page").write_text(name)
        (root / "usr/share/help/C" / f"{name}.png").write_text("picture")
        (root / "DEBIAN").mkdir()
        (root / "DEBIAN/control").write_text(f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: none\nDescription: {name}\n")
        goods.mkdir(exist_ok=True)
        subprocess.run(["dpkg-deb", "--build", root, goods / f"{name}_1_all.deb"], check=True, capture_output=True)
    apt = tmp_path / "bin" / "apt-get"
    apt.parent.mkdir()
    apt.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\nshift\nfor p; do cp {goods}/"$p"_* . 2>/dev/null || '
                   '{ echo "E: Unable to locate package $p" >&2; exit 100; }; done\n')  # fmt: skip
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(apt.parent), prepend=":")
    monkeypatch.setenv("GDCORE_DATA", str(tmp_path / "cache"))
    return store.folder(), lambda: (tmp_path / "calls").read_text().splitlines()


def test_packages_are_fetched_once_and_only_what_is_asked_for_is_kept(shop):
    cache, calls = shop
    found = debian.unpacked(["tea"], ".page")
    assert [path.name for path in found["tea"].rglob("*") if path.is_file()] == ["tea.page"]
    found = debian.unpacked(["tea", "coffee"], ".page")
    assert (found["coffee"] / "usr/share/help/C/coffee.page").read_text() == "coffee"
    assert debian.unpacked(["coffee", "tea"], ".page") == found and calls() == ["download tea", "download coffee"]
    assert sorted(path.name for path in (cache / "debian").iterdir()) == ["coffee.page", "tea.page"]  # no package, nothing half


def test_one_sentence_where_it_cannot_be_fetched(shop, monkeypatch):
    cache, _ = shop
    with pytest.raises(DataError, match=r"could not bring tea, cocoa \(E: Unable to locate package cocoa\): .*apt-get update"):
        debian.unpacked(["tea", "cocoa"], ".page")
    assert not list((cache / "debian").iterdir())
    monkeypatch.setenv("PATH", str(cache))
    with pytest.raises(DataError, match="wanted: tea; but apt-get is not on this machine"):
        debian.unpacked(["tea"], ".page")


def test_a_damaged_package_leaves_nothing(shop, tmp_path):
    cache, _ = shop
    file = tmp_path / "goods" / "tea_1_all.deb"
    file.write_bytes(file.read_bytes()[:300])
    with pytest.raises(DataError, match="dpkg could not bring tea"):
        debian.unpacked(["tea"], ".page")
    assert not list((cache / "debian").iterdir())


def test_two_programs_may_ask_at_once(shop, monkeypatch):
    rename, inner = debian._appear, []

    def slowly(folder, place):  # while the first is about to finish, another finishes
        monkeypatch.setattr(debian, "_appear", rename)
        inner.append(debian.unpacked(["tea"], ".page"))
        rename(folder, place)

    monkeypatch.setattr(debian, "_appear", slowly)
    assert debian.unpacked(["tea"], ".page") == inner[0] and len(list(inner[0]["tea"].rglob("*.page"))) == 1
