"""What a rule asks about shapes, answered for vectors: the branches that they do not take are left out."""

import ast
import copy

from gdcore.views.syntax import COMPARE, parsed

__all__ = ["on_vectors"]


def on_vectors(function):
    """The syntax tree of a function of vectors, without what comes after its first return.

    A vector has one axis. For functions of matrices it is a matrix of n rows and one column; it is tall, since where n is 1
    both ways come to the same. Nobody gives keyword arguments whose default is None, and matrices keep full precision.
    """
    tree = copy.deepcopy(parsed(function))
    nones = {a.arg for a, d in zip(tree.args.kwonlyargs, tree.args.kw_defaults) if ast.unparse(d) == "None"}
    tree.args.args = [a for a in tree.args.args if a.arg != "precision"]
    tree = _OnVectors(nones, {"precision": ast.Constant("full")}).visit(tree)
    end = next((i for i, s in enumerate(tree.body) if isinstance(s, ast.Return)), len(tree.body))
    tree.body = tree.body[: end + 1]
    return tree


class _OnVectors(ast.NodeTransformer):
    def __init__(self, nones, settled):
        self.nones = nones  # names of arguments that nobody gives
        self.settled = settled  # {name: its value, as a node}

    def visit_Assign(self, node):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=[rows, columns])], value=ast.Call(func=ast.Name(id="matrix_shape"), args=[x])):
                self.settled |= {rows.id: ast.Call(ast.Name("len", ast.Load()), [x], []), columns.id: ast.Constant(1)}
                return None
        self.generic_visit(node)
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, bool):
            self.settled[node.targets[0].id] = node.value
            return None
        return node

    def visit_Name(self, node):
        return self.settled.get(node.id, node) if isinstance(node.ctx, ast.Load) else node

    def visit_Call(self, node):
        self.generic_visit(node)
        if ast.unparse(node).startswith("len(shape("):
            return ast.Constant(1)
        if ast.unparse(node.func) == "addmm":
            c, a, b, *factors = node.args
            product = ast.Call(ast.Name("matmul", ast.Load()), [a, b], [])
            terms = [ast.BinOp(factor, ast.Mult(), term) for factor, term in zip(factors, (c, product))]
            return ast.BinOp(terms[0], ast.Add(), terms[1] if terms[1:] else product)
        return node

    def visit_Compare(self, node):
        if ast.unparse(node) in {f"{name} is None" for name in self.nones}:
            return ast.Constant(True)
        self.generic_visit(node)
        (op,), sides = node.ops, (node.left, *node.comparators)
        if isinstance(op, ast.Gt) and ast.unparse(sides[0]).startswith("len(") and ast.unparse(sides[1]) == "1":
            return ast.Constant(True)
        known = all(isinstance(side, ast.Constant) for side in sides)
        return ast.Constant(COMPARE[type(op)](*(side.value for side in sides))) if known else node

    def visit_IfExp(self, node):
        self.generic_visit(node)
        return (node.body if node.test.value else node.orelse) if isinstance(node.test, ast.Constant) else node

    visit_If = visit_IfExp
