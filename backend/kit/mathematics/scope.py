"""What the evaluation of one formula knows and learns: variables, precision, remarks."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from backend.kit.mathematics.cas import Value, sp
from backend.kit.mathematics.syntax import Node


@dataclass(slots=True, kw_only=True)
class Scope:
    """State of one evaluation.

    `digits`: significant decimal digits wanted. `variables`: names that stand for unknowns although
    they are whole words or constants. `values`: what names are bound to. `decimals` turns true when
    the input has decimal fractions, `inexact` when a value had to be rounded.
    """

    build: Callable[[Scope, Node], Value]
    digits: int = 15
    units: bool = False
    variables: set[str] = field(default_factory=set[str])
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    decimals: bool = False
    inexact: bool = False
    notes: list[str] = field(default_factory=list[str])
    first_units: list[str] = field(default_factory=list[str])

    def value(self, node: Node) -> Value:
        """Evaluate a part of the formula."""
        return self.build(self, node)

    def note(self, remark: str) -> None:
        """Keep a remark for the reader, once."""
        if remark not in self.notes:
            self.notes.append(remark)

    @contextmanager
    def bound(self, **values: object) -> Generator[None]:
        """Let names stand for values inside the block."""
        before = dict(self.values)
        self.values.update(values)
        try:
            yield
        finally:
            self.values = before

    def symbol(self, name: str, **assumptions: bool) -> Value:
        """Make the unknown of that name."""
        return sp.Symbol(name, **assumptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An answer that is no single value: solutions, factors, digits in a base.

    `exact` and `decimal` are text for a reader; `verified` says whether it was checked by substitution.
    """

    kind: str
    exact: str | None
    decimal: str | None = None
    latex: str | None = None
    items: tuple[dict[str, Any], ...] = ()
    verified: bool | None = None
    standalone: bool = False
