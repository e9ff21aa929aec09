"""Code as a notebook shows it."""

import pytest

from gdcore.models.cnn import Residual
from gdcore.views import listing


def test_it_shows_the_code_of_the_file():
    shown = listing(Residual)._repr_mimebundle_()
    assert shown["text/plain"].startswith("class Residual(nn.Module):") and shown["text/plain"].endswith("return x + self.f(x)")
    assert shown["text/markdown"] == f"```python\n{shown['text/plain']}\n```" and repr(listing(Residual)) == shown["text/plain"]


def test_what_has_no_code_is_refused():
    with pytest.raises(TypeError):
        listing(3)
