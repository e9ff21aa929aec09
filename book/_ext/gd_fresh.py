"""A change of what makes the pages makes every page old: Sphinx itself looks at the sources of the pages only.

So does a build that was interrupted while it wrote: Sphinx would take for done what it has read.
"""

import hashlib
from pathlib import Path

import gdcore.figures.style

_HERE = Path(__file__).parent


def fingerprint(*files):
    """A number that changes with the content of the files."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files) if path.is_file())).hexdigest()


def _interrupted(app, env, added, changed, removed):
    """All pages, where the index that a build writes last is missing: it would hold the new pages only, and Sphinx would warn of it."""
    return [] if app.builder.format != "html" or Path(app.outdir, "searchindex.js").exists() else env.all_docs


def setup(app):
    app.connect("env-get-outdated", _interrupted)
    code = [*_HERE.glob("*.py"), *_HERE.glob("*.js"), Path(gdcore.figures.style.__file__)]
    app.add_config_value("gd_extensions", fingerprint(*code), "env")  # read again
    app.add_config_value("gd_static", fingerprint(*_HERE.with_name("_static").rglob("*")), "html")  # write and copy again
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
