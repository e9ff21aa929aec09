"""Claims: what the text says in words, the cell beside it checks."""

import operator

__all__ = ["ClaimError", "claim"]


class ClaimError(AssertionError):
    """The text says something that the numbers do not."""


def claim(sentence, condition, **numbers):
    """Print a tick, the sentence and the numbers if the condition holds, else raise ClaimError with the same words.

    sentence: what is claimed, in words that a reader understands without the code; the book gathers it into the ledger.
    condition: one truth value; numbers: what to show beside it, numbers to three digits.
    Raises TypeError for an empty sentence, or a condition that is no single truth value.

    >>> claim("two steps beat one", 2 > 1, steps=2)
    ✓ two steps beat one  (steps = 2)
    """
    if not isinstance(sentence, str) or not sentence.strip():
        raise TypeError(f"A claim is a sentence, got {sentence!r}: say in words what the condition means.")
    shown = "".join(f", {name.replace('_', ' ')} = {_number(value)}" for name, value in numbers.items())
    line = f"{sentence.strip()}  ({shown[2:]})" if shown else sentence.strip()
    if not _truth(sentence, condition):
        raise ClaimError(f"This does not hold: {line}.")
    print(f"✓ {line}")


def _truth(sentence, condition):
    """The condition as a bool; a number or an array of several is more likely a slip than a condition."""
    kind = str(getattr(condition, "dtype", type(condition).__name__))
    if "bool" not in kind or getattr(condition, "shape", ()) not in ((), (1,)):
        what = f"an array of shape {tuple(condition.shape)}" if getattr(condition, "shape", ()) else f"{condition!r}"
        raise TypeError(f"The claim {sentence!r} got {what} as its condition: give one truth value, such as a < b or (a < b).all().")
    return bool(condition)


def _number(value):
    """Three digits, without the zeros of an exponent; words as they are."""
    if isinstance(value, (bool, str)):
        return str(value)
    try:
        return str(operator.index(value))
    except TypeError:
        value = float(value)
    if 1000 <= abs(value) < 1e6:
        return f"{value:,.0f}"
    mantissa, e, exponent = f"{value:.3g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa
