"""Where data comes from: right bytes or one clear sentence, never half a file."""

import hashlib
import http.server
import multiprocessing
import threading

import pytest

from gdcore.data import DataError
from gdcore.data.store import cached, check, folder, packaged

CONTENT = b"some data\n" * 5000
MD5, SHA256 = hashlib.md5(CONTENT).hexdigest(), hashlib.sha256(CONTENT).hexdigest()


class Shelf(http.server.BaseHTTPRequestHandler):
    """Serves the content whole, cut short (the promised length does not come), changed, or not at all."""

    def do_GET(self):
        self.server.asked.append(self.path)
        kind = self.path.strip("/")
        if kind == "missing":
            return self.send_error(404)
        body = {"cut": CONTENT[:1000], "changed": CONTENT[::-1]}.get(kind, CONTENT)
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("GDCORE_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.address = f"http://127.0.0.1:{server.server_address[1]}/"
    yield server
    server.shutdown()
    server.server_close()


def left():
    return sorted(path.name for path in folder().iterdir()) if folder().exists() else []


def test_it_is_fetched_once(shelf):
    for _ in range(3):
        assert cached("a.gz", shelf.address + "whole", MD5).read_bytes() == CONTENT
    assert shelf.asked == ["/whole"] and left() == ["a.gz"]


def test_what_is_there_needs_no_network(shelf):
    cached("a.gz", shelf.address + "whole", MD5)
    assert cached("a.gz", "http://127.0.0.1:9/whole", MD5).read_bytes() == CONTENT


@pytest.mark.parametrize(("kind", "says"), [("cut", "could not be fetched"), ("changed", "another checksum"), ("missing", "404")])
def test_a_bad_download_leaves_nothing(shelf, kind, says):
    with pytest.raises(DataError, match=says) as error:
        cached("a.gz", shelf.address + kind, MD5, "Ask the librarian.")
    assert left() == [] and str(error.value).endswith("Ask the librarian.") and "\n" not in str(error.value)


def test_without_a_network_it_says_what_to_do(shelf):
    with pytest.raises(DataError, match=r"a\.gz is not on this machine yet.*connect once to the network, or put the file into"):
        cached("a.gz", "http://127.0.0.1:9/whole", MD5)


def test_a_damaged_file_is_fetched_again(shelf):
    cached("a.gz", shelf.address + "whole", MD5).write_bytes(CONTENT[:77])
    assert cached("a.gz", shelf.address + "whole", MD5).read_bytes() == CONTENT


def test_a_damaged_file_without_a_network_is_never_used(shelf):
    path = cached("a.gz", shelf.address + "whole", MD5)
    path.write_bytes(CONTENT[:77])
    with pytest.raises(DataError, match="could not be fetched"):
        cached("a.gz", "http://127.0.0.1:9/whole", MD5)


def fetch(address):
    return hashlib.md5(cached("a.gz", address, MD5).read_bytes()).hexdigest()


def test_four_programs_may_ask_at_once(shelf):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert pool.map(fetch, [shelf.address + "whole"] * 4) == [MD5] * 4
    assert left() == ["a.gz"]


def test_a_package_that_is_not_there_is_named():
    with pytest.raises(DataError, match="package no-such-thing, which is not installed: pip install no-such-thing"):
        packaged("no_such_thing", "a.csv")


def test_a_file_that_a_package_lacks_is_named():
    with pytest.raises(DataError, match="The package gdcore holds no data/a.csv: pip install --force-reinstall gdcore"):
        packaged("gdcore", "data/a.csv")


def test_a_changed_file_of_a_package_is_refused():
    with pytest.raises(DataError, match="data/store.py of the package gdcore is damaged or cut short.*Remedy: pip install --force-re"):
        packaged("gdcore", "data/store.py", "0" * 64)


def test_the_checksum_decides():
    check(CONTENT, SHA256, "it", "none")
    with pytest.raises(DataError, match="it is damaged or cut short: 50,000 bytes"):
        check(CONTENT[:-1] + b"x", SHA256, "it", "none")
