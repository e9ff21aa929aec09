"""What can be read off a rule: its equations, its JavaScript, its source, its cost, and how it differs elsewhere."""

from gdcore.views.card import Card, markdown, show, source
from gdcore.views.cost import Cost, cost, measure
from gdcore.views.differences import Difference, differences
from gdcore.views.equations import Step, equations, latex, start
from gdcore.views.javascript import javascript
from gdcore.views.listing import listing

__all__ = [
    "Card",
    "Cost",
    "Difference",
    "Step",
    "cost",
    "differences",
    "equations",
    "javascript",
    "latex",
    "listing",
    "markdown",
    "measure",
    "show",
    "source",
    "start",
]
