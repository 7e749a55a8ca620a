"""Matrices and vectors, written as lists of rows: [[1, 2], [3, 4]]."""

from __future__ import annotations

from typing import Any

from backend.kit.mathematics.cas import Value, sp
from backend.kit.mathematics.declaring import Function, one, two
from backend.kit.mathematics.errors import CannotCompute
from backend.kit.mathematics.scope import Report, Scope
from backend.kit.mathematics.values import as_expression, as_integer, as_matrix
from backend.kit.mathematics.writing import decimal_text, exact_text, latex_text

_MAX_EIGEN_ROWS = 8
_MAX_IDENTITY = 20
_READABLE = 60


def _square(value: Value) -> Value:
    matrix = as_matrix(value)
    if matrix.rows != matrix.cols:
        msg = f"a square matrix is needed, not {matrix.rows}x{matrix.cols}"
        raise CannotCompute(msg)
    return matrix


def _inverse(_: Scope, value: Value) -> Value:
    if isinstance(value, sp.Expr):
        return 1 / as_expression(value)
    matrix = _square(value)
    if matrix.det() == 0:
        msg = "the matrix is singular: it has no inverse"
        raise CannotCompute(msg)
    return matrix.inv()


def _dot(_: Scope, a: Value, b: Value) -> Value:
    left, right = as_matrix(a), as_matrix(b)
    if left.rows != right.rows or left.cols != 1 or right.cols != 1:
        msg = "dot needs two vectors of the same length"
        raise CannotCompute(msg)
    return left.dot(right)


def _cross(_: Scope, a: Value, b: Value) -> Value:
    left, right = as_matrix(a), as_matrix(b)
    if left.shape != (3, 1) or right.shape != (3, 1):
        msg = "cross needs two vectors of three numbers"
        raise CannotCompute(msg)
    return list(left.cross(right))


def _eigenvalues(scope: Scope, value: Value) -> Value:
    matrix = _small(value)
    found = sorted(matrix.eigenvals(multiple=False).items(), key=lambda pair: _order(pair[0]))
    items = tuple(_eigen_item(scope, one, {"multiplicity": int(count)}) for one, count in found)
    return _eigen_report("eigenvalues", items)


def _eigenvectors(scope: Scope, value: Value) -> Value:
    matrix = _small(value)
    items: list[dict[str, Any]] = []
    good = True
    for root, count, vectors in sorted(matrix.eigenvects(), key=lambda triple: _order(triple[0])):
        good = good and all(sp.simplify(matrix * v - root * v).is_zero_matrix for v in vectors)
        shown = [exact_text(list(vector)) for vector in vectors]
        items.append(_eigen_item(scope, root, {"multiplicity": int(count), "vectors": shown}))
    return _eigen_report("eigenvectors", tuple(items), verified=good)


def _small(value: Value) -> Value:
    matrix = _square(value)
    if matrix.rows > _MAX_EIGEN_ROWS:
        msg = f"eigenvalues are computed up to {_MAX_EIGEN_ROWS}x{_MAX_EIGEN_ROWS}"
        raise CannotCompute(msg)
    return matrix


def _order(value: Value) -> tuple[float, float]:
    re, im = value.evalf(15).as_real_imag() if value.is_number else (0, 0)
    return float(re), float(im)


def _eigen_item(scope: Scope, value: Value, more: dict[str, Any]) -> dict[str, Any]:
    value = sp.simplify(value)
    decimal = decimal_text(value, scope.digits)
    exact = exact_text(value)
    return {"exact": exact, "decimal": decimal, "latex": latex_text(value), **more}


def _eigen_report(
    kind: str, items: tuple[dict[str, Any], ...], *, verified: bool | None = None
) -> Report:
    texts: list[str] = []
    for item in items:
        text = str(item["exact"])
        if len(text) > _READABLE and item["decimal"]:
            text = f"≈ {item['decimal']}"
        elif item["decimal"] not in {None, text}:
            text += f" ≈ {item['decimal']}"
        if item["multiplicity"] > 1:
            text += f" (multiplicity {item['multiplicity']})"
        if "vectors" in item:
            text += f" with {', '.join(item['vectors'])}"
        texts.append(text)
    latex = r",\; ".join(str(item["latex"]) for item in items)
    return Report(kind=kind, exact="; ".join(texts), latex=latex, items=items, verified=verified)


def _norm(_: Scope, value: Value) -> Value:
    return sp.Abs(value) if isinstance(value, sp.Expr) else as_matrix(value).norm()


FUNCTIONS: dict[str, Function] = {
    "matrix": one(lambda _, value: as_matrix(value), "matrix([[1, 2], [3, 4]])"),
    "det": one(lambda _, value: _square(value).det(), "det([[1, 2], [3, 4]])"),
    "inv": one(_inverse, "inv([[1, 2], [3, 4]])"),
    "transpose": one(lambda _, value: as_matrix(value).T, "transpose([[1, 2], [3, 4]])"),
    "rank": one(lambda _, value: sp.Integer(as_matrix(value).rank()), "rank([[1, 2], [2, 4]])"),
    "trace": one(lambda _, value: _square(value).trace(), "trace([[1, 2], [3, 4]])"),
    "rref": one(lambda _, value: as_matrix(value).rref()[0], "rref([[1, 2], [3, 4]])"),
    "nullspace": one(
        lambda _, value: [list(v) for v in as_matrix(value).nullspace()],
        "nullspace([[1, 2], [2, 4]])",
    ),
    "eigenvalues": one(_eigenvalues, "eigenvalues([[2, 0], [0, 3]])"),
    "eigenvectors": one(_eigenvectors, "eigenvectors([[2, 0], [0, 3]])"),
    "dot": two(_dot, "dot([1, 2], [3, 4])"),
    "cross": two(_cross, "cross([1, 0, 0], [0, 1, 0])"),
    "norm": one(_norm, "norm([3, 4])"),
    "identity": one(
        lambda _, n: sp.ImmutableMatrix(
            sp.eye(as_integer(n, "the size", low=1, high=_MAX_IDENTITY))
        ),
        "identity(3)",
    ),
}
