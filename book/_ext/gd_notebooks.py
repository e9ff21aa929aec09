"""What the other extensions share: a notebook's stored outputs, changed before the page is parsed."""

import json
from pathlib import Path


def on_outputs(app, change):
    """Let `change(app, docname, cell, output)` give the outputs, as a list, that a page shows in place of each stored one."""

    def read(app, docname, source):
        if Path(app.env.doc2path(docname)).suffix != ".ipynb":
            return
        notebook = json.loads(source[0])
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = [new for old in cell["outputs"] for new in change(app, docname, cell, old)]
        source[0] = json.dumps(notebook)

    app.connect("source-read", read)


def html_output(html):
    """A stored output that is a piece of HTML."""
    return {"output_type": "display_data", "data": {"text/html": html}, "metadata": {}}


def text(source):
    """A notebook stores text as one string or as a list of lines."""
    return source if isinstance(source, str) else "".join(source)
