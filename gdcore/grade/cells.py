"""The cells of a notebook as the plain Python that Jupyter makes of them, so that what runs is exactly what is looked through.

In comes the source of a cell; IPython's own transformer takes it apart where it is no plain Python. What leaves is a syntax tree in which
a timed line is the line itself, and in which shells, other languages and other magics are nothing.
"""

import ast
import re

__all__ = ["UNREAD", "tree"]

LONGEST = 200_000  # characters of a cell
UNREAD = "the cell is too long, or nested too deeply, to be read"
TIMED = ("time", "prun", "memit", "mprun", "lprun")  # magics that run what stands behind them, names and all
SHELLS = ("system", "getoutput")
PLAIN = re.compile(r"[%!?]|get_ipython")


def tree(source):
    """The syntax tree that runs for a cell. SyntaxError, with a reason, for one that is no Python or cannot be read."""
    if len(source) > LONGEST:
        raise SyntaxError(UNREAD)
    try:
        try:
            found = ast.parse(source)
        except (SyntaxError, ValueError):
            found = ast.parse(_transformed(source.replace("\0", "")))
        if PLAIN.search(source):
            found = ast.fix_missing_locations(_Magics().visit(found))
        return _depth_checked(found)
    except (RecursionError, MemoryError):
        raise SyntaxError(UNREAD) from None


def _transformed(source):
    from IPython.core.inputtransformer2 import TransformerManager  # only where a cell needs it

    return TransformerManager().transform_cell(source)


def _depth_checked(found):
    compile(found, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return found


class _Magics(ast.NodeTransformer):
    """`get_ipython().run_line_magic("time", "x = f()")` and its kind, as Python."""

    def visit_Expr(self, node):
        kind, words = _magic(node.value)
        if kind is None:
            return self.generic_visit(node)
        return _inside(kind, words) or ast.Pass()

    def visit_Call(self, node):
        kind, words = _magic(node)
        if kind is None:
            return self.generic_visit(node)
        if kind in SHELLS:  # the lines of a shell that said nothing
            return ast.List([ast.Constant("")], ast.Load())
        body = _inside(kind, words)
        return body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else ast.Constant(None)


def _magic(node):
    """(the magic's name, its arguments as texts) of a call on get_ipython(), else (None, ())."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call)
            and isinstance(node.func.value.func, ast.Name) and node.func.value.func.id == "get_ipython"):  # fmt: skip
        return None, ()
    words = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if node.func.attr in SHELLS:
        return node.func.attr, words
    if node.func.attr in ("run_line_magic", "run_cell_magic") and words:
        return words[0], words[1:]
    return None, ()


def _inside(kind, words):
    """The statements that a magic runs in the notebook's own names."""
    if kind in TIMED or (kind == "capture" and len(words) == 2):
        try:
            return [part for text in words[-1:] for part in tree(text).body]
        except SyntaxError:
            return []
    return []
