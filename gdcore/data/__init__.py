"""Real data, checked before it is used.

Data comes in from where `store` finds it: an installed package, the system, the user's cache, or one download with a checksum. It
passes through one loader for each set, which asserts counts, balance and that no part shares an example with another. It leaves as
`Splits` of `Examples`: plain arrays and texts, in an order that depends on a seed alone; tables leave as they are.
"""

import importlib

_WHERE = {"DataError": "store", "Examples": "examples", "Splits": "examples", "fashion_mnist": "images", "movie_reviews": "reviews",
          "catalogue": "parallel", "help_pages": "parallel", "program_pages": "parallel", "sentence_pairs": "parallel",
          "read_marian": "marian", "portuguese_to_english": "marian",
          "ames": "tables", "table": "tables"}  # fmt: skip
__all__ = sorted(_WHERE)


def __getattr__(name):
    if name in _WHERE:
        return getattr(importlib.import_module(f"gdcore.data.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'gdcore.data' has no attribute {name!r}")


def __dir__():
    return __all__
