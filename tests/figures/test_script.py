"""The script of a figure in JupyterLab: what its kind needs, and no more than it may weigh."""

import importlib

import minify
import pytest

from gdcore.figures.live import script
from gdcore.figures.live.widget import Live


@pytest.mark.parametrize("kind", script.kinds())
def test_a_widget_brings_the_script_of_its_kind(kind):
    importlib.import_module(f"gdcore.figures.live.kinds.{kind}")
    [figure] = [figure for figure in Live.__subclasses__() if figure.kind == kind]
    text = figure._esm
    assert [other for other in script.kinds() if f"KINDS.{other} = " in text] == [kind]
    assert len(minify.string("application/javascript", text).encode()) <= 60_000
