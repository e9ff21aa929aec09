"""Nothing from elsewhere: MathJax lies beside the pages, only the part that they use, and search works from the disk."""

import importlib.util
import shutil
from pathlib import Path

# of the 24 MB: the program, what it loads when a formula or the reader's menu asks for it, and its fonts
_PARTS = ("tex-chtml.js", "a11y", "input/tex/extensions", "output/chtml/fonts", "sre")


def mathjax():
    """The folder of MathJax, from the package sphinx-mathjax-offline."""
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    if package is None:
        raise ImportError("The book needs sphinx-mathjax-offline, which brings MathJax: pip install sphinx-mathjax-offline.")
    return Path(package.origin).parent / "static" / "mathjax"


def _copy(app, error):
    target = Path(app.outdir, "_static", "mathjax")
    if error or app.builder.format != "html" or target.exists():
        return
    partial = target.with_name("mathjax.partial")  # a build that was interrupted leaves no half of it under the right name
    shutil.rmtree(partial, ignore_errors=True)
    for part in _PARTS:
        source, goal = mathjax() / part, partial / part
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, goal) if source.is_dir() else shutil.copyfile(source, goal)
    partial.rename(target)


# the search page fetches each hit to show a piece of it, which browsers forbid to pages on the disk
_SEARCH = 'if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;'


def setup(app):
    app.add_config_value("comments_config", {}, "html")  # Jupyter Book always sets it; sphinx-comments itself is left out
    app.add_js_file(None, body=_SEARCH, priority=300)
    app.config.mathjax_path = "mathjax/tex-chtml.js"
    app.connect("build-finished", _copy)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
