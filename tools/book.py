"""Build the book: `python tools/book.py`, which is `jupyter-book build . -W -n --keep-going --quiet`, two seconds sooner."""

import sys


def main():
    # jsonschema goes on without it: a check of addresses that nothing here asks for, whose grammars take those two seconds to read
    sys.modules.setdefault("rfc3987_syntax", None)
    from jupyter_book.cli.main import main as jupyter_book

    jupyter_book(sys.argv[1:] or ["build", ".", "-W", "-n", "--keep-going", "--quiet"])


if __name__ == "__main__":
    main()
