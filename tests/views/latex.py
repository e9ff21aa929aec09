"""A reader of the LaTeX that gdcore prints, independent of the printer."""

import re

import numpy as np

from gdcore.rules import arithmetic


class Reader:
    """Evaluates a formula: `values` maps symbols, as they are printed, to numbers or arrays; `functions` maps operators to functions."""

    def __init__(self, text, values, functions):
        # room and the size of brackets mean nothing; a double backslash, which ends a row of cases, stays
        self.rest = re.sub(r"(\\\\)|\\left|\\right|\\,|\\ |\s+", lambda m: m[1] or (" " if m[0].isspace() else ""), text).strip()
        self.values, self.functions = values, functions
        self.known = sorted(values, key=len, reverse=True)

    def take(self, token):
        self.rest = self.rest.lstrip()
        found = self.rest.startswith(token)
        if found:
            self.rest = self.rest[len(token):]
        return found

    def want(self, token):
        assert self.take(token), f"{token!r} is missing before {self.rest!r}"

    def whole(self):
        value = self.sum()
        assert not self.rest.strip(), f"not read: {self.rest!r}"
        return value

    def sum(self):
        value = self.product()
        while True:
            if self.take("+"):
                value = value + self.product()
            elif self.take("-"):
                value = value - self.product()
            else:
                return value

    def product(self):
        if self.take("-"):
            return -self.product()
        value = self.power()
        while True:
            if self.take(r"\cdot"):
                value = value * self.power()
            elif self.take("/"):
                value = value / self.power()
            elif self.take(r"\bmod"):
                value = value % self.power()
            elif self.rest.strip() and not re.match(r"\s*([-+)},&=<>]|\\\\|\\end|\\rvert|\\rVert)", self.rest):
                value = times(value, self.power())
            else:
                return value

    def power(self):
        value = self.factor()
        if not self.take("^"):
            return value
        if self.take(r"{\top}"):
            return value.T
        exponent = self.group()
        if np.ndim(value) == 2 and np.ndim(exponent) == 0 and exponent < 0:
            return arithmetic.inverse_root(value, -1 / exponent)
        return value**exponent

    def group(self):
        """What stands in braces, or one sign."""
        if self.take("{"):
            value = self.sum()
            self.want("}")
            return value
        for s in self.known:
            if len(s) == 1 and self.take(s):
                return self.values[s]
        digit, self.rest = self.rest[0], self.rest[1:]
        return float(digit)

    def bracket(self):
        self.want("(")
        values = [self.sum()]
        while self.take(","):
            values.append(self.sum())
        self.want(")")
        return values

    def factor(self):
        self.rest = self.rest.lstrip()
        if number := re.match(r"\d+(\.\d+)?", self.rest):
            self.rest = self.rest[number.end():]
            return float(number[0])
        for name, function in self.functions.items():
            if self.take(name):
                return function(*self.bracket())
        for s in self.known:
            if self.take(s):
                return self.values[s]
        if self.rest.startswith("("):
            (value,) = self.bracket()
            return value
        if self.take(r"\frac") or self.take(r"\dfrac"):
            return self.group() / self.group()
        if self.take(r"\sqrt"):
            return np.sqrt(self.group())
        for left, right, function in ((r"\lvert", r"\rvert", np.abs), (r"\lVert", r"\rVert", np.linalg.norm)):
            if self.take(left):
                value = function(self.sum())
                self.want(right)
                return value
        self.want(r"\begin{cases}")
        return self.cases()

    def cases(self):
        value = self.sum()
        self.want("&")
        if self.take(r"\text{otherwise}"):
            self.want(r"\end{cases}")
            return value
        self.want(r"\text{if }")
        left = self.sum()
        compare = {">": np.greater, "<": np.less, "=": np.equal}[self.rest.lstrip()[0]]
        self.rest = self.rest.lstrip()[1:]
        condition = compare(left, self.sum())
        self.want(r"\\")
        return np.where(condition, value, self.cases())


def times(a, b):
    """A product as a paper means it: of matrices, if both are."""
    return a @ b if np.ndim(a) == 2 == np.ndim(b) and a.shape[1] == b.shape[0] else a * b
