"""A link to a notebook in exercises/ works in JupyterLab and on GitHub as it is; in the book it becomes a download of that file."""

from pathlib import Path

from sphinx import addnodes
from sphinx.transforms import SphinxTransform


class Downloads(SphinxTransform):
    """Exercises are no pages of the book, since a page cannot run them: MyST's links to them become downloads."""

    default_priority = 500  # while the page is read, for Sphinx gathers what to copy right after

    def apply(self, **kwargs):
        for link in list(self.document.findall(addnodes.pending_xref)):
            target = f"/{link['reftarget']}.ipynb"
            if link["refdomain"] == "doc" and target.startswith("/exercises/") and Path(self.env.srcdir, target[1:]).is_file():
                link.replace_self(addnodes.download_reference("", "", *link.children, reftarget=target, refdoc=self.env.docname))


def setup(app):
    app.add_transform(Downloads)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
