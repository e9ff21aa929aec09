"""Code of the package, shown in a notebook as it stands in its file."""

import inspect
import textwrap

__all__ = ["listing"]


class listing:
    """What a notebook shows of a class or function: its code. Raises TypeError for what has none, such as a number."""

    def __init__(self, thing):
        self.text = textwrap.dedent(inspect.getsource(thing)).strip()

    def __repr__(self):
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/markdown": f"```python\n{self.text}\n```", "text/plain": self.text}
