"""`python -m examples [names] [--again]`: train what the worked examples report, and store it in examples/results."""

import argparse
import importlib
import pathlib

NAMES = sorted(path.stem for path in pathlib.Path(__file__).parent.glob("[!_]*.py") if path.stem != "ledger")


def main():
    parser = argparse.ArgumentParser(prog="python -m examples", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(NAMES)}; all without a name")
    parser.add_argument("--again", action="store_true", help="train also what is stored already")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"there is no example {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    for name in asked.names or NAMES:
        importlib.import_module(f"examples.{name}").main(asked.again)


if __name__ == "__main__":
    main()
