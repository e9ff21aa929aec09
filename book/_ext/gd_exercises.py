"""A page of exercises can only be read: it says below its title where they are done."""


def _where(app, pagename, templatename, context, doctree):
    if not pagename.startswith("exercises/") or not doctree:
        return
    guide = context["pathto"]("book/exercises")
    told = (f'<p class="gd-run-it">This page is for reading. To answer, type <code>make lab</code> and open <code>{pagename}.ipynb</code>, '
            f'or take it along with the arrow above. <a href="{guide}">How to do the exercises</a> says more.</p>')  # fmt: skip
    context["body"] = context["body"].replace("</h1>", f"</h1>{told}", 1)


def setup(app):
    app.connect("html-page-context", _where)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
