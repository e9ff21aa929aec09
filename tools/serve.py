"""Serve a folder on this machine and open it in the browser: `python tools/serve.py FOLDER [PORT]`."""

import functools
import http.server
import pathlib
import sys
import webbrowser


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Nothing: a reader does not need the list of files."""


def main(folder="_build/html", port="8000"):
    if not (pathlib.Path(folder) / "index.html").exists():
        sys.exit(f"There is no book in {folder}: run `make book` first.")
    handler = functools.partial(Handler, directory=folder)
    for number in (*range(int(port), int(port) + 20), 0):  # the next one if a port is taken; 0 is any
        try:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", number), handler)
            break
        except OSError:
            continue
    url = f"http://127.0.0.1:{server.server_port}/"
    print(f"The book is at {url} (Ctrl-C ends it).", flush=True)
    webbrowser.open(url)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main(*sys.argv[1:])
