"""Cuts a normalised formula into tokens; numbers lose their thousands separators here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from backend.kit.mathematics.errors import NotUnderstood, misread

MAX_TEXT = 12_000
MAX_TOKENS = 3_000
MAX_NESTING = 60

_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?")
_BASED = re.compile(r"0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+")
_PLAIN = re.compile(r"(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+(?![A-Za-z]))?")
_PADDED = re.compile(r"0\d{2}")
_NAME = re.compile(r"[^\W\d_]\w*")
_MODULES = frozenset({
    "math",
    "np",
    "numpy",
    "sp",
    "sympy",
    "cmath",
    "scipy",
    "linalg",
    "statistics",
    "special",
    "sy",
})
_SIGNS = (
    ("**", "^"), ("//", "//"), ("<<", "<<"), (">>", ">>"), ("==", "="), ("!=", "!="), ("<>", "!="),
    ("<=", "<="), (">=", ">="), ("!!", "!!"), ("&&", "and"),
    *((sign, sign) for sign in "+-*/^%!=<>()[]{},;|°"), ("@", "*"),
)  # fmt: skip
_CLOSING = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a formula: kind "number", "name", "sign" or "end"; `spaced` when a space is before it."""

    kind: str
    text: str
    at: int
    spaced: bool = False


class _Cutter:
    """Walks over one formula."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.tokens: list[Token] = []
        self.open: list[tuple[str, bool]] = []
        self.spaced = False

    def run(self) -> list[Token]:
        while self._skip_spaces() < len(self.text):
            token = self._number() or self._name() or self._sign()
            if token is None:
                msg = f"unexpected {self.text[self.at]!r}"
                raise misread(msg, text=self.text, at=self.at)
            self.tokens.append(token)
            if len(self.tokens) > MAX_TOKENS:
                msg = f"the formula has more than {MAX_TOKENS} parts"
                raise NotUnderstood(msg)
        self.tokens.append(Token("end", "", len(self.text)))
        return self.tokens

    def _skip_spaces(self) -> int:
        start = self.at
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        self.spaced = self.at > start
        return self.at

    def _take(self, kind: str, text: str, length: int) -> Token:
        token = Token(kind, text, self.at, self.spaced)
        self.at += length
        return token

    def _number(self) -> Token | None:
        in_arguments = bool(self.open) and self.open[-1][1]
        if not in_arguments and (found := _THOUSANDS.match(self.text, self.at)):
            return self._take("number", found.group().replace(",", ""), len(found.group()))
        found = _BASED.match(self.text, self.at) or _PLAIN.match(self.text, self.at)
        if found is None:
            return None
        if _PADDED.fullmatch(found.group()) and self.text[self.at - 1 : self.at] == ",":
            msg = "a comma separates arguments here; write numbers without thousands separators"
            raise misread(msg, text=self.text, at=self.at)
        return self._take("number", found.group().replace("_", ""), len(found.group()))

    def _name(self) -> Token | None:
        found = _NAME.match(self.text, self.at)
        if found is None:
            return None
        name = found.group()
        if self.text[found.end() : found.end() + 1] == "." and name.casefold() in _MODULES:
            self.at = found.end() + 1
            return self._name()
        if "__" in name:
            msg = f"{name!r} is not a name of mathematics"
            raise misread(msg, text=self.text, at=self.at)
        return self._take("name", name, len(name))

    def _sign(self) -> Token | None:
        for sign, meaning in _SIGNS:
            if self.text.startswith(sign, self.at):
                token = self._take("sign", meaning, len(sign))
                self._nest(token)
                return token
        return None

    def _nest(self, token: Token) -> None:
        if token.text in {"(", "[", "{"}:
            before = self.tokens[-1] if self.tokens else None
            call = before is not None and before.kind == "name" and len(before.text) > 1
            self.open.append((token.text, call or token.text != "("))
            if len(self.open) > MAX_NESTING:
                msg = f"brackets are nested deeper than {MAX_NESTING}"
                raise NotUnderstood(msg)
        elif token.text in _CLOSING:
            if not self.open or self.open[-1][0] != _CLOSING[token.text]:
                msg = f"unexpected {token.text!r}"
                raise misread(msg, text=self.text, at=token.at)
            self.open.pop()


def tokenise(text: str) -> list[Token]:
    """Cut a formula into tokens, with an "end" token last.

    Raises:
        NotUnderstood: on a character outside mathematics, a wrong bracket, or too much of anything.
    """
    if len(text) > MAX_TEXT:
        msg = f"the formula is longer than {MAX_TEXT} characters"
        raise NotUnderstood(msg)
    cutter = _Cutter(text)
    tokens = cutter.run()
    if cutter.open:
        msg = f"a closing bracket for {cutter.open[-1][0]!r} is missing"
        raise misread(msg, text=text, at=len(text))
    return tokens
