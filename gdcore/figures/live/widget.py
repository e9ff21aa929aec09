"""A living figure as Python sees it: a widget in JupyterLab, and a still drawing with a table for every other reader."""

import copy

import anywidget
import traitlets

from gdcore.figures.live import script
from gdcore.figures.live.spec import MIME, figure_json
from gdcore.figures.style import svg

__all__ = ["Live"]


class Live(anywidget.AnyWidget):
    """The base of all kinds of living figures.

    A kind gives `kind` (the name of its JavaScript), `still()` and, in `mirrors`, which parts of the state are traits of their own:
    {trait: path into the state}, such as {"lr": ("rules", 0, "hyper", "lr")}. The reader's changes arrive in these traits, and what
    Python sets moves the figure. What only Python changes, such as recorded runs, is `spec["data"]`: the kernel may push into it while
    a cell runs and the reader moves the rest. Figures are ordinary widgets: link, observe and HBox work.
    """

    _css = script.styles()
    spec = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    kind = ""

    def __init_subclass__(cls, **kwargs):
        if "kind" in vars(cls):  # traitlets makes subclasses too, when a trait is added
            cls._esm = script.module(cls.kind)
        super().__init_subclass__(**kwargs)

    def __init__(self, state, title, question, mirrors, data=None):
        if not isinstance(title, str) or not title.strip():
            raise TypeError(f"A figure needs a title that says what to see, got {title!r}.")
        self._mirrors = mirrors
        data = {} if data is None else {"data": data}
        room = {"flex": "1 1 auto", "min_width": "0"}  # in an HBox a figure takes what the others leave
        super().__init__(spec={"kind": self.kind, "title": title, "question": question, **data}, state=state, layout=room)
        self.add_traits(**{name: traitlets.Any(_at(state, path)) for name, path in self._mirrors.items()})
        self.observe(self._to_traits, "state")
        self.observe(self._to_state, list(self._mirrors))

    def still(self):
        """The same state without a script: (matplotlib figure, alt text, table as {"columns": …, "rows": …})."""
        raise NotImplementedError(f"{type(self).__name__} must define still().")

    def _to_traits(self, change):
        for name, path in self._mirrors.items():
            value = _at(self.state, path)
            if getattr(self, name) != value:
                self.set_trait(name, value)

    def _to_state(self, change):
        path = self._mirrors[change.name]
        if _at(self.state, path) != change.new:
            state = copy.deepcopy(self.state)
            _put(state, path, change.new)
            self.state = state

    def _repr_mimebundle_(self, **kwargs):
        data = super()._repr_mimebundle_(**kwargs)
        data = dict(data[0] if isinstance(data, tuple) else data or {})
        figure, alt, table = self.still()
        alt = alt.replace("?. ", "? ")  # a title may ask
        data[MIME] = figure_json(self.spec, self.state, alt, table)
        data["image/svg+xml"] = svg(figure, alt)
        data["text/plain"] = alt
        return data, {"image/svg+xml": {"alt": alt}}


def _at(state, path):
    for key in path:
        state = state[key] if isinstance(state, list) else state.get(key)
        if state is None:
            return None
    return copy.deepcopy(state)


def _put(state, path, value):
    for key in path[:-1]:
        state = state[key] if isinstance(state, list) else state.setdefault(key, {})
    state[path[-1]] = value
