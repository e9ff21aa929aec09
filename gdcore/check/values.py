"""Plain values: what goes to a submission and comes back from it, fit for JSON, and how two of them are compared."""

import numpy as np

__all__ = ["arrays", "agree", "first_difference", "is_number", "plain", "shape_of", "short"]

LARGEST = 1_000_000  # entries of an answer


def plain(value):
    """The value as numbers, texts, lists and dictionaries; what has no such form becomes {"unusable": its type}."""
    if hasattr(value, "detach") and hasattr(value, "numpy"):  # torch
        value = value.detach().cpu().numpy()
    if isinstance(value, (np.ndarray, np.generic)):
        if value.dtype.kind in "biuf" and value.size <= LARGEST:
            return (value.astype(float) if value.dtype.itemsize > 8 else value).tolist()  # longdouble has no Python number
        return {"unusable": f"an array of {value.dtype}" if value.size <= LARGEST else f"an array of {value.size:,} numbers"}
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float, str):  # a subclass becomes what it is derived from
        if isinstance(value, kind):
            return kind(value) if kind is not int or abs(value) < 2**63 else float("inf")  # beyond that NumPy cannot follow
    if isinstance(value, (list, tuple)) and len(value) <= LARGEST:
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    return {"unusable": f"an object of type {type(value).__name__}"}


def arrays(value):
    """An input as the submission gets it: lists become NumPy arrays, `{"function": …}` the function of that name."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [arrays(v) for v in value]
    if isinstance(value, list):
        return np.array(value)
    if isinstance(value, dict) and "function" in value:
        from gdcore.check.functions import function

        return function(**value)
    return value


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def shape_of(value):
    """The shape of nested lists as an array; None if they are ragged or hold anything but numbers."""
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    return array.shape if array.dtype.kind in "biuf" else None


def agree(a, b, rtol, each=False):
    """Whether two plain values are the same, numbers to within rtol of the largest, or each of itself; nan agrees with nan."""
    sa, sb = shape_of(a), shape_of(b)
    if sa is not None and sb is not None and not (each and sa and sb):
        return sa == sb and first_difference(a, b, rtol) is None
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(agree(x, y, rtol, each) for x, y in zip(a, b))
    return type(a) is type(b) and a == b


def first_difference(expected, got, rtol):
    """The index of the first entry that is off by more than rtol times the largest expected one (or 0.001); None if there is none."""
    e, g = np.asarray(expected, dtype=float), np.asarray(got, dtype=float)
    scale = np.abs(e[np.isfinite(e)]).max(initial=1e-3)
    with np.errstate(invalid="ignore"):
        near = np.abs(e - g) <= rtol * scale
    same = near | (e == g) | (np.isnan(e) & np.isnan(g))
    wrong = np.argwhere(~same)
    return tuple(int(i) for i in wrong[0]) if len(wrong) else None


def short(value, digits=6):
    """A plain value in a few characters, numbers to so many digits."""
    if is_number(value):
        text = str(value) if isinstance(value, int) else f"{value:.{digits}g}"
        return text.replace("-", "−") if "e" not in text else text
    if isinstance(value, list):
        text = ", ".join(short(v, digits) for v in value[:4]) + (", …" if len(value) > 4 else "")
        return f"[{text}]" if len(text) < 60 else f"{len(value)} rows"
    text = "".join(c if c.isprintable() else "�" for c in str(value)[:61])
    return text if len(text) < 61 else f"{text[:57]} …"
