"""A second device that is not the CPU. `make test` takes one of each kind to it, `make test-all` everything."""

import os

WHOLE = bool(os.environ.get("GDCORE_TEST_ALL"))


def some(items, kept, key=lambda item: item):
    """All items under `make test-all`, else those whose key is kept. KeyError for a key that no item has: no sample shrinks unseen."""
    found = {key(item): item for item in items}
    return list(items) if WHOLE else [found[k] for k in kept]
