"""Reads formulas of quantities as they are meant: 3 km / 2 h divides by two hours."""

from __future__ import annotations

from dataclasses import replace

from backend.kit.mathematics import units
from backend.kit.mathematics.syntax import (
    Call,
    Compare,
    Name,
    Negative,
    Node,
    Number,
    Power,
    Product,
    Sum,
    names_in,
)


def with_units_divided(node: Node) -> Node:
    """Bind a number after a division to its unit, where what is divided has a unit too.

    `3 km / 2 h` becomes 3 km / (2 h), but `1/2 km` stays half a kilometre.
    """
    read = node
    match node:
        case Product(factors=factors):
            read = Product(_bound(factors))
        case Sum(terms=terms):
            read = Sum(tuple((sign, with_units_divided(term)) for sign, term in terms))
        case Compare(first=first, rest=rest):
            sides = tuple((sign, with_units_divided(side)) for sign, side in rest)
            read = Compare(with_units_divided(first), sides)
        case Negative(of=of):
            read = Negative(with_units_divided(of))
        case Call(args=args):
            read = replace(node, args=tuple(map(with_units_divided, args)))
        case _:
            pass
    return read


def _bound(factors: tuple[tuple[str, Node], ...]) -> tuple[tuple[str, Node], ...]:
    result: list[tuple[str, Node]] = []
    for sign, factor in factors:
        divided = bool(result) and result[-1][0] == "/" and _is_number(result[-1][1])
        if sign == "" and divided and _is_unit(factor) and _have_unit(result[:-1]):
            result[-1] = ("/", Product((("*", result[-1][1]), ("", factor))))
        else:
            result.append((sign, factor))
    return tuple(result)


def _is_number(node: Node) -> bool:
    return isinstance(node, Number)


def _is_unit(node: Node) -> bool:
    base = node.base if isinstance(node, Power) else node
    return isinstance(base, Name) and units.find(base.name) is not None


def _have_unit(factors: list[tuple[str, Node]]) -> bool:
    return any(units.find(one.name) is not None for _, part in factors for one in names_in(part))
