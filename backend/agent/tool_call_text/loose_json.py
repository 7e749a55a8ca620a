"""A forgiving reader of JSON and of Python, Java and JavaScript literals.

For values that nearly are JSON: it closes what is open, skips what is too much and keeps what it
cannot type as source text. Not for deciding whether a value is a tool call (`envelopes.py`).
"""

import json
import re
from typing import cast

from backend.agent.tool_call_text.strings import (
    ARGUMENT_FOLLOWS,
    ITEM_FOLLOWS,
    KEY_FOLLOWS,
    VALUE_FOLLOWS,
    join_surrogates,
    read_string,
    starts_string,
)
from backend.agent.tool_call_text.values import SPACE, read_word

MAX_DEPTH = 60
"""Containers deeper than this are refused, so no input can exhaust the interpreter's stack."""

_FUEL = 2000  # characters that may be read again as source text, beyond four times the text
_STRICT_DEPTH = 3  # strict reading is retried this deep: deeper, retries would cost more than help
_BLANK = re.compile(rf"(?:[{SPACE}]+|//[^\n]*|/\*.*?(?:\*/|\Z)|\#[^\n]*)+", re.DOTALL)
_SEPARATOR = re.compile(rf"[{SPACE},;]+")
_BARE_KEY = re.compile(r"\\?[\w$@\-][\w$.\-\\ ]*?(?=\s*(?:[:=,}]|\Z))")
_COLON = re.compile(rf"[{SPACE}]*(?:=>|:|=)")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_WORD = re.compile(r"[+-]?[\w.$]+(?:[+\-][\w.]+)*")
_PLAIN = re.compile(r"""[^\[\](){},;"'`\n]+""")
_MEMBER_AHEAD = re.compile(
    rf"""[{SPACE}]*(?:["'“][^"'\n]{{0,80}}["'”]|[\w$]+)\s*[:=](?!=)|\s*[}}\])]|\s*\Z"""
)
_ARGUMENT_AHEAD = {
    sign: re.compile(rf"[{SPACE},]*(?:[A-Za-z_$][\w$\\]*\s*(?:{sign}(?![=>])|\Z)|[)\]}}*]|\Z)")
    for sign in "=:"
}
_KEYWORD_AHEAD = re.compile(rf"[{SPACE}]+[A-Za-z_$][\w$\\]*=(?![=>])")
_CLOSERS = {"{": "}", "[": "]", "(": ")"}
_FOLLOWS = {"}": VALUE_FOLLOWS, "]": ITEM_FOLLOWS, ")": ARGUMENT_FOLLOWS}
_MARKER = re.compile(r"<(?:/|[|｜](?!\"))")
_DECODER = json.JSONDecoder(strict=False)


class UnreadableError(ValueError):
    """Say that the text at a position is no value; never leaves this package."""


class LooseReader:
    """Read values from `text`, advancing `pos`.

    `cut` tells that the text ended within a value. `forced` holds the ids of the containers that
    the end of the text closed, `spans` the places of the containers read near the surface.
    `keyword` is the sign behind the name of the keyword argument being read: only another one may
    follow its comma, so that commas in generics, lambdas and loose text belong to the value.
    """

    def __init__(
        self, text: str, pos: int = 0, *, limit: int | None = None, code: bool = False
    ) -> None:
        """Start at `pos`; `code` follows Python where it and JSON differ."""
        self.text = text
        self.pos = pos
        self.limit = len(text) if limit is None else limit
        self._fuel = _FUEL + 4 * (self.limit - pos)
        self.code = code
        self.keyword = ""
        self.cut = False
        self.forced: set[int] = set()
        self.spans: dict[int, tuple[int, int]] = {}
        self._open: list[str] = []

    def value(self) -> object:
        """Read one value.

        Raises:
            UnreadableError: if there is none.
        """
        self.blank()
        start = self.pos
        char = self.peek()
        if not char:
            self.cut = True
            raise UnreadableError
        if char in "{[(":
            return self._container(char)
        text = self.string(self._follows())
        if text is None:
            return self._bare(start)
        return text if self._is_whole() else self._reread(start)

    def peek(self) -> str:
        """Return the next character, or nothing at the end."""
        return self.text[self.pos] if self.pos < self.limit else ""

    def blank(self) -> None:
        """Skip white space and comments."""
        blank = _BLANK.match(self.text, self.pos, self.limit)
        if blank is not None:
            self.pos = blank.end()

    def string(self, follows: re.Pattern[str]) -> str | None:
        """Read a string with what is joined to it by `+` or, in code, by standing next to it."""
        quoted = read_string(self.text, self.pos, follows=follows, limit=self.limit)
        if quoted is None:
            return None
        value, self.pos = quoted.value, quoted.end
        self.cut = self.cut or not quoted.closed
        after = _BLANK.match(self.text, self.pos, self.limit)
        ahead = after.end() if after else self.pos
        if self.text.startswith("+", ahead, self.limit):
            after = _BLANK.match(self.text, ahead + 1, self.limit)
            ahead = after.end() if after else ahead + 1
        elif not self.code:
            return value
        if quoted.closed and starts_string(self.text[ahead : ahead + 16], 0):
            self.pos = ahead
            return value + (self.string(follows) or "")
        return value

    def raw(self) -> str:
        """Read source text up to the comma or bracket that ends it at this level."""
        start, depth = self.pos, 0
        while self.pos < self.limit:
            plain = _PLAIN.match(self.text, self.pos, self.limit)
            if plain is not None:
                self.pos = plain.end()
                continue
            char = self.text[self.pos]
            if depth == 0 and self._ends_raw(char):
                break
            depth = self._step_raw(char, depth)
        else:
            self.cut = True
        self._fuel -= self.pos - start
        if self._fuel < 0:
            raise UnreadableError
        return self.text[start : self.pos].strip(SPACE)

    def _follows(self) -> re.Pattern[str]:
        if not self._open:
            return ARGUMENT_FOLLOWS if self.code else VALUE_FOLLOWS
        return _FOLLOWS[self._open[-1]]

    def _ends_raw(self, char: str) -> bool:
        if char in ")]}":
            return True
        if char == ",":
            return self._comma_ends()
        if char in "\n;":
            return not self.code and _MEMBER_AHEAD.match(self.text, self.pos + 1) is not None
        return False

    def _step_raw(self, char: str, depth: int) -> int:
        if char in "\"'`" and not self.text[self.pos - 1 : self.pos].isalnum():
            quoted = read_string(self.text, self.pos, follows=re.compile(""), limit=self.limit)
            self.pos = quoted.end if quoted else self.pos + 1
            return depth
        self.pos += 1
        return depth + (char in "([{") - (char in ")]}")

    def _bare(self, start: int) -> object:
        word = _WORD.match(self.text, start, self.limit)
        if word is not None:
            self.pos = word.end()
            if self._at_value_end() or self._at_next_item(word[0]):
                self.cut = self.cut or self.pos >= self.limit
                return read_word(word[0])
        self.pos = start
        raw = self.raw()
        if not raw:
            raise UnreadableError
        return read_word(raw)

    def _at_value_end(self) -> bool:
        pos = self.pos
        self.blank()
        char = self.peek()
        is_end = not char or char in "}])" or (char == "," and self._comma_ends())
        self.pos = pos
        return is_end

    def _at_next_item(self, word: str) -> bool:
        """Tell whether a comma was forgotten behind a number or a constant."""
        if isinstance(read_word(word), str):
            return False
        if self.code:
            return self.keyword != "" and _KEYWORD_AHEAD.match(self.text, self.pos) is not None
        ahead = self.text[self.pos : self.pos + 16].lstrip(SPACE)
        return starts_string(ahead, 0) or ahead[:1].isdigit()

    def _comma_ends(self) -> bool:
        if self._open or not self.keyword:
            return True
        blank = _BLANK.match(self.text, self.pos + 1, self.limit)
        ahead = blank.end() if blank else self.pos + 1
        return _ARGUMENT_AHEAD[self.keyword].match(self.text, ahead, self.limit) is not None

    def _container(self, opener: str) -> object:
        start = self.pos
        strict = self._strict(opener)
        if strict is not None:
            return strict
        if len(self._open) >= MAX_DEPTH:
            raise UnreadableError
        self._open.append(_CLOSERS[opener])
        self.pos += 1
        value = self._object() if opener == "{" else self._array(_CLOSERS[opener])
        self._open.pop()
        if len(self._open) <= _STRICT_DEPTH:
            self.spans[id(value)] = (start, self.pos)
        return value if self._is_whole() else self._reread(start)

    def _is_whole(self) -> bool:
        """Tell whether an argument ends here, unlike one such as `[1, 2].map(f)`."""
        return not self.code or self._open != [] or self._at_value_end()

    def _reread(self, start: int) -> object:
        self.pos = start
        return self.raw()

    def _strict(self, opener: str) -> object:
        if opener == "(" or len(self._open) > _STRICT_DEPTH:
            return None
        try:
            value, end = _DECODER.raw_decode(self.text, self.pos)
        except (ValueError, RecursionError):
            return None
        start = self.pos
        if end > self.limit or _depth(self.text, start, end) > MAX_DEPTH:
            return None
        if self.code and not self._open and self.text[end : end + 1] not in {"", ",", ")", "]"}:
            return None
        if _SURROGATE.search(self.text, start, end):
            value = _without_lone_surrogates(value)
        self.pos = end
        self.spans[id(value)] = (start, end)
        return cast("object", value)

    def _array(self, closer: str) -> object:
        items: list[object] = []
        while self._more(items):
            char = self.text[self.pos]
            if char in "}])":
                if not self._closes(char, closer):
                    continue
                break
            items.append(self.value())
            self._unread_rest()
        return items

    def _object(self) -> object:
        members: dict[str, object] = {}
        loose: list[object] = []
        while self._more(members):
            char = self.text[self.pos]
            if char in "}])":
                if not self._closes(char, "}"):
                    continue
                break
            if char == "{":
                self._doubled(members)
            else:
                self._member(members, loose)
        return members if members or not loose else loose

    def _more(self, container: object) -> bool:
        """Skip to the next element; at the end of the text close the container by force."""
        self.blank()
        while (separator := _SEPARATOR.match(self.text, self.pos, self.limit)) is not None:
            self.pos = separator.end()
            self.blank()
        if _MARKER.match(self.text, self.pos):
            return False  # A marker behind the value: only the closing bracket was forgotten.
        if self.pos < self.limit:
            return True
        self.cut = True
        self.forced.add(id(container))
        return False

    def _closes(self, char: str, closer: str) -> bool:
        """Tell whether a closing bracket ends this container, skipping one that ends nothing."""
        if char == closer or (char not in self._open and closer != "}"):
            self.pos += 1
            return char == closer
        if char in self._open[:-1]:
            return True
        self.pos += 1
        return False

    def _doubled(self, members: dict[str, object]) -> None:
        inner = self._container("{")
        if isinstance(inner, dict):
            members.update(cast("dict[str, object]", inner))
            if id(cast("object", inner)) in self.forced:
                self.forced.add(id(members))

    def _member(self, members: dict[str, object], loose: list[object]) -> None:
        is_word = not starts_string(self.text, self.pos)
        key = self._key()
        colon = _COLON.match(self.text, self.pos, self.limit)
        if colon is None:
            if self.pos < self.limit:
                loose.append(read_word(key) if is_word else key)
                self._unread_rest()
            return
        self.pos = colon.end()
        self.blank()
        if self.peek() in {"", ","}:
            return
        if self.peek() == "}":
            members[key] = None
            return
        members[key] = self.value()
        self._unread_rest()

    def _key(self) -> str:
        key = self.string(KEY_FOLLOWS)
        if key is not None:
            return key.replace("\\_", "_")
        bare = _BARE_KEY.match(self.text, self.pos, self.limit)
        if bare is None:
            raise UnreadableError
        self.pos = bare.end()
        return bare[0].replace("\\", "").strip()

    def _unread_rest(self) -> None:
        """Refuse text between a value and the next separator that no reading explains."""
        self.blank()
        char = self.peek()
        if not char or char in ",;}])" or starts_string(self.text, self.pos):
            return
        if _MARKER.match(self.text, self.pos):
            return
        if char in "{[" or char.isdigit() or _MEMBER_AHEAD.match(self.text, self.pos, self.limit):
            return
        raise UnreadableError


def _depth(text: str, start: int, end: int) -> int:
    """Return an upper bound of the nesting depth, exact only where it could exceed the limit."""
    openers = text.count("[", start, end) + text.count("{", start, end)
    if openers <= MAX_DEPTH:
        return openers
    depth = deepest = 0
    for bracket in re.findall(r"[\[{\]}]", text[start:end]):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _without_lone_surrogates(value: object) -> object:
    if isinstance(value, str):
        return join_surrogates(value)
    if isinstance(value, list):
        return [_without_lone_surrogates(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return {
            join_surrogates(key): _without_lone_surrogates(item) for key, item in members.items()
        }
    return value
