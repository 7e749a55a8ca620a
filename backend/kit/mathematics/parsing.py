"""Parses a normalised formula into a tree by precedence; knows names only as names.

From loose to tight: comparison, sum, product (implied ones included, left to right), sign, power
(right to left), postfix. Not for: phrases (`phrases`) or the meaning of names (`building`).
"""

from __future__ import annotations

import difflib

from backend.kit.mathematics.errors import NotUnderstood, misread
from backend.kit.mathematics.names import BARE_FUNCTIONS, FUNCTIONS, RESERVED, function_named
from backend.kit.mathematics.syntax import (
    Absolute,
    Call,
    Compare,
    Items,
    Name,
    Negative,
    Node,
    Number,
    Postfix,
    Power,
    Product,
    Several,
    Sum,
)
from backend.kit.mathematics.tokens import Token, tokenise

_RELATIONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
_FACTOR_SIGNS = {"*": "*", "/": "/", "//": "//", "<<": "<<", ">>": ">>", "mod": "mod", "of": "*"}
_MAX_DEPTH = 70
_MAX_POSTFIXES = 10
_CLOSERS = {"(": ")", "[": "]", "{": "}"}


def parse(text: str) -> Node:
    """Parse one formula, or several separated by commas, semicolons, "and" or lines.

    Raises:
        NotUnderstood: with what was unexpected and at which character.
    """
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokenise(text)
        self._index = 0
        self._depth = 0
        self._bars = 0

    def whole(self) -> Node:
        if self._now.kind == "end":
            msg = 'there is no formula; write one such as "2*(3+4)"'
            raise NotUnderstood(msg)
        parts = [self._comparison()]
        while self._accept(",", ";", "and", "&"):
            parts.append(self._comparison())
        if self._now.kind != "end":
            raise self._unexpected()
        return parts[0] if len(parts) == 1 else Several(tuple(parts))

    @property
    def _now(self) -> Token:
        return self._tokens[self._index]

    def _accept(self, *texts: str) -> Token | None:
        token = self._now
        if token.kind in {"sign", "name"} and token.text in texts:
            self._index += 1
            return token
        return None

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            msg = f"expected {text!r}"
            raise self._unexpected(msg)

    def _unexpected(self, what: str = "") -> NotUnderstood:
        token = self._now
        if not what:
            what = (
                "the formula ends too early"
                if token.kind == "end"
                else f"unexpected {token.text!r}"
            )
            if token.kind == "number" and self._index:
                what += " (an operator such as * is missing)"
        return misread(what, text=self._text, at=token.at)

    def _comparison(self) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            msg = f"the formula is nested deeper than {_MAX_DEPTH}"
            raise NotUnderstood(msg)
        first = self._sum()
        rest: list[tuple[str, Node]] = []
        while (token := self._now).kind == "sign" and token.text in _RELATIONS:
            self._index += 1
            rest.append((token.text, self._sum()))
        self._depth -= 1
        return Compare(first, tuple(rest)) if rest else first

    def _sum(self) -> Node:
        terms: list[tuple[str, Node]] = [("+", self._product())]
        while token := self._accept("+", "-"):
            terms.append((token.text, self._product()))
        return terms[0][1] if len(terms) == 1 else Sum(tuple(terms))

    def _product(self) -> Node:
        factors: list[tuple[str, Node]] = [("*", self._signed())]
        while True:
            if token := self._accept(*_FACTOR_SIGNS):
                factors.append((_FACTOR_SIGNS[token.text], self._signed()))
            elif self._accept("%"):  # what a percent sign means was decided in _postfix
                factors.append(("mod", self._signed()))
            elif self._starts_factor():
                factors.append(("", self._power()))
            else:
                break
        return factors[0][1] if len(factors) == 1 else Product(tuple(factors))

    def _starts_factor(self) -> bool:
        token = self._now
        if token.kind == "name":
            return token.text not in RESERVED
        return token.text == "(" or (token.text == "|" and not self._bars)

    def _signed(self) -> Node:
        negative = False
        while token := self._accept("-", "+"):
            negative ^= token.text == "-"
        value = self._power()
        return Negative(value) if negative else value

    def _power(self) -> Node:
        base = self._postfix()
        if not self._accept("^"):
            return base
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            msg = f"powers are nested deeper than {_MAX_DEPTH}"
            raise NotUnderstood(msg)
        exponent = self._signed()
        self._depth -= 1
        return Power(base, exponent)

    def _postfix(self) -> Node:
        value = self._atom()
        for _ in range(_MAX_POSTFIXES):
            if token := self._accept("!", "!!", "°"):
                value = Postfix(token.text, value)
            elif self._now.text == "%" and not self._percent_divides():
                self._index += 1
                value = Postfix("%", value)
            else:
                return value
        raise self._unexpected()

    def _percent_divides(self) -> bool:
        """Tell `17 % 5` (remainder) from `15% of 80` (percent) by what follows."""
        after = self._tokens[self._index + 1]
        operand = after.kind == "number" or after.text == "("
        return operand or (after.kind == "name" and after.text not in RESERVED)

    def _atom(self) -> Node:
        token = self._now
        if token.kind == "number":
            self._index += 1
            return self._literal(token.text)
        if token.kind == "name" and (token.text not in RESERVED or self._calls_mod()):
            self._index += 1
            return self._named(token)
        if token.text in {"(", "{"}:
            self._index += 1
            return self._group(_CLOSERS[token.text])
        return self._bracket()

    def _calls_mod(self) -> bool:
        return self._now.text == "mod" and self._tokens[self._index + 1].text == "("

    def _group(self, closer: str) -> Node:
        inside = self._comparison()
        if self._accept(","):
            return Items((inside, *self._arguments(closer)))
        self._expect(closer)
        return inside

    def _bracket(self) -> Node:
        if self._accept("["):
            return Items(self._arguments("]"))
        if self._accept("|"):
            self._bars += 1
            inside = self._comparison()
            self._bars -= 1
            self._expect("|")
            return Absolute(inside)
        raise self._unexpected()

    def _arguments(self, closer: str) -> tuple[Node, ...]:
        bars, self._bars = self._bars, 0
        args: list[Node] = []
        while not self._accept(closer):
            if args and not self._accept(",", ";"):
                raise self._unexpected()
            if not self._accept(closer):
                args.append(self._comparison())
                continue
            break
        self._bars = bars
        return tuple(args)

    def _literal(self, text: str) -> Node:
        """Read a number; a `j` right behind it is the imaginary unit as in Python."""
        after = self._now
        if after.kind == "name" and after.text in {"j", "J"} and not after.spaced:
            self._index += 1
            return Product((("*", Number(text)), ("", Name("i", after.at))))
        return Number(text)

    def _named(self, token: Token) -> Node:
        function = function_named(token.text)
        opener = self._now.text
        if function and opener == "(" and not (len(token.text) == 1 and self._now.spaced):
            self._index += 1
            return Call(function, self._arguments(")"), token.at)
        if function and opener == "[" and token.text[0].isupper():
            self._index += 1  # as Mathematica writes: Sin[x]
            return Call(function, self._arguments("]"), token.at)
        if function in BARE_FUNCTIONS:
            return self._bare(function, token)
        if opener == "(" and len(token.text) > 2 and token.text.isalpha() and not self._now.spaced:
            raise self._no_function(token)
        return Name(token.text, token.at)

    def _no_function(self, token: Token) -> NotUnderstood:
        close = difflib.get_close_matches(token.text.casefold(), FUNCTIONS, n=3)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        msg = f"{token.text!r} is not a function this calculator has{hint}"
        return misread(msg, text=self._text, at=token.at)

    def _bare(self, function: str, token: Token) -> Node:
        """Read `sin x`, `sin^2 x`, `sin 2x` and `sqrt 16`, where brackets were left out."""
        exponent: Node | None = None
        if self._accept("^"):
            exponent = self._signed_atom()
        if self._accept("("):
            argument: tuple[Node, ...] = self._arguments(")")
        else:
            argument = (self._bare_argument(),)
        if exponent == Negative(Number("1")):
            inverse = function_named("a" + function) or function
            return Call(inverse, argument, token.at)
        call = Call(function, argument, token.at)
        return call if exponent is None else Power(call, exponent)

    def _signed_atom(self) -> Node:
        negative = self._accept("-")
        value = self._atom()
        return Negative(value) if negative else value

    def _bare_argument(self) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            msg = f"functions are nested deeper than {_MAX_DEPTH}"
            raise NotUnderstood(msg)
        factors: list[tuple[str, Node]] = [("*", self._signed())]
        while self._now.kind == "name" and not self._now.spaced and self._starts_factor():
            factors.append(("", self._power()))
        self._depth -= 1
        return factors[0][1] if len(factors) == 1 else Product(tuple(factors))
