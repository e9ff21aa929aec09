"""Nothing from elsewhere: the fonts of formulas lie beside the pages, and search works from the disk."""

import functools
import shutil
from pathlib import Path

from gd_math import FONTS, mathjax
from sphinx.search.en import SearchEnglish


def _copy(app, error):
    target = Path(app.outdir, "_static", "mathjax", FONTS)
    if error or app.builder.format != "html" or target.exists():
        return
    partial = target.with_name("partial")  # a build that was interrupted leaves no half of it under the right name
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(mathjax() / FONTS, partial)
    partial.rename(target)


# the search page fetches each hit to show a piece of it, which browsers forbid to pages on the disk
_SEARCH = 'if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;'


class Search(SearchEnglish):
    """English, each word taken to its stem once for all pages, where Sphinx takes it there once a page."""

    stem = functools.cache(SearchEnglish.stem)


def setup(app):
    app.add_search_language(Search)
    app.add_config_value("comments_config", {}, "html")  # Jupyter Book always sets it; sphinx-comments itself is left out
    app.add_js_file(None, body=_SEARCH, priority=300)
    app.connect("build-finished", _copy)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
