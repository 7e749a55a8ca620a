"""What a formula is made of after parsing, and how it is written back for a reader."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """A literal as typed, without separators: `12`, `0.5`, `1e-3`, `0xff`."""

    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, constant or unit; `at` is its place in the text."""

    name: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    name: str
    args: tuple[Node, ...]
    at: int = 0


@dataclass(frozen=True, slots=True)
class Power:
    """Base and exponent."""

    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms with their signs, "+" or "-"."""

    terms: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Product:
    """Factors, each with the operator before it: "*", "/", "//", "mod", "<<", ">>" or "" (implied)."""

    factors: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Negative:
    """A minus sign before a factor."""

    of: Node


@dataclass(frozen=True, slots=True)
class Postfix:
    """A sign behind its operand: "!", "!!", "%" or "°"."""

    sign: str
    of: Node


@dataclass(frozen=True, slots=True)
class Absolute:
    """Bars around a value."""

    of: Node


@dataclass(frozen=True, slots=True)
class Items:
    """A list in brackets; a matrix is a list of lists."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """A chain such as `1 < x <= 3`; "=" and "==" are both "="."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Several:
    """Formulas next to each other, as in a system of equations."""

    parts: tuple[Node, ...]


Node = (
    Number
    | Name
    | Call
    | Power
    | Sum
    | Product
    | Negative
    | Postfix
    | Absolute
    | Items
    | Compare
    | Several
)

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = 1, 2, 3, 4, 5


def names_in(node: Node) -> list[Name]:
    """List the names of a formula in reading order, those of functions left out."""
    if isinstance(node, Name):
        return [node]
    return [name for child in children(node) for name in names_in(child)]


def children(node: Node) -> tuple[Node, ...]:
    """List the direct parts of a node."""
    parts: tuple[Node, ...] = ()
    match node:
        case Call(args=inside) | Items(items=inside) | Several(parts=inside):
            parts = inside
        case Power(base=base, exponent=exponent):
            parts = (base, exponent)
        case Sum(terms=pairs) | Product(factors=pairs):
            parts = tuple(part for _, part in pairs)
        case Compare(first=first, rest=rest):
            parts = (first, *(part for _, part in rest))
        case Negative(of=of) | Postfix(of=of) | Absolute(of=of):
            parts = (of,)
        case _:
            pass
    return parts


def written(node: Node) -> str:
    """Write a formula as text that parses to the same formula."""
    return _write(node, 0)


def _write(node: Node, outer: int) -> str:
    text, strength = _parts(node)
    return f"({text})" if strength < outer else text


def _parts(node: Node) -> tuple[str, int]:
    """Give the text of a node and how strongly it holds together."""
    match node:
        case Sum(terms=terms):
            return _sum_text(terms), _SUM
        case Product(factors=factors):
            return _product_text(factors), _PRODUCT
        case Negative(of=of):
            return "-" + _write(of, _POWER), _SIGN
        case Power(base=base, exponent=exponent):
            return f"{_write(base, _ATOM)}^{_write(exponent, _POWER)}", _POWER
        case _:
            loose = isinstance(node, Compare | Several)
            return _enclosed(node), 0 if loose else _ATOM


def _enclosed(node: Node) -> str:
    text = ", ".join(map(written, children(node)))
    match node:
        case Number(text=name) | Name(name=name):
            text = name
        case Call(name=name):
            text = f"{name}({text})"
        case Absolute():
            text = f"|{text}|"
        case Items():
            text = f"[{text}]"
        case Postfix(sign=sign, of=of):
            inner = _write(of, _ATOM)
            text = (f"({inner})" if isinstance(of, Postfix) else inner) + sign
        case Compare(first=first, rest=rest):
            text = _write(first, _SUM) + "".join(f" {op} {_write(e, _SUM)}" for op, e in rest)
        case _:
            pass
    return text


def _sum_text(terms: tuple[tuple[str, Node], ...]) -> str:
    texts = [
        f"{sign if index else sign.strip('+')}{_write(term, _PRODUCT)}"
        for index, (sign, term) in enumerate(terms)
    ]
    return " ".join(f"{text[0]} {text[1:]}" if index else text for index, text in enumerate(texts))


def _product_text(factors: tuple[tuple[str, Node], ...]) -> str:
    text = _write(factors[0][1], _SIGN)
    for before, factor in factors[1:]:
        sign = before or ("" if _joins(text, factor) else " ")
        joint = sign if sign in {"", " ", "/"} else f" {sign} "
        text += joint + _write(factor, _SIGN if before else _POWER)
    return text


def _joins(text: str, factor: Node) -> bool:
    """Tell whether an implied factor can stand right behind: `2x`, but `5 km` and `x y`."""
    single = isinstance(factor, Name) and len(factor.name) == 1
    return text[-1:].isdigit() and (single or not isinstance(factor, Name | Call | Power))
