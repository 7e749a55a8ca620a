"""Calls written as code: `name(key=value, ...)`.

For Python and for the Java and JavaScript that models mix into it. Not for deciding where in a
reply code counts as a call (`code_lines.py`, `fences.py`).
"""

import re
from dataclasses import dataclass
from typing import cast

from backend.agent.tool_call_text.loose_json import LooseReader, UnreadableError
from backend.agent.tool_call_text.names import ToolNames
from backend.agent.tool_call_text.source import Source
from backend.agent.tool_call_text.values import SPACE

NAME = r"[^\W\d](?:[\w$]|\\_)*(?:(?:\.|-(?!>)|::|\\-)[^\W\d](?:[\w$]|\\_)*)*"
"""The pattern of a name in front of a call's parenthesis."""

_CALL = re.compile(rf"({NAME})[ \t]*\(")
_KEYWORD = re.compile(
    rf"[{SPACE}]*[\"']?([^\W\d](?:[\w$]|\\_)*)[\"']?\s*(?:=(?![=>])|:(?=\s)|:(?=[\"'\[{{\d]))[{SPACE}]*"
)
_SPREAD = re.compile(rf"[{SPACE}]*(\*\*|\*|\.\.\.)(?=[\[{{(])")
_GAP = re.compile(rf"[{SPACE},]+")
_MAX_ARGUMENTS = 500


@dataclass(frozen=True, slots=True)
class CodeCall:
    """Hold a call as code: keyword arguments, positional ones, and how it ended.

    `sources` are the positional arguments as written, `closed` tells whether the parenthesis was,
    `cut` whether the last argument was cut off by the end of the text.
    """

    name: str
    keywords: dict[str, object]
    positional: tuple[object, ...]
    sources: tuple[str, ...]
    start: int
    end: int
    closed: bool
    cut: bool

    def named(self, tools: ToolNames, name: str) -> dict[str, object]:
        """Return all arguments by parameter name."""
        if not self.positional:
            return self.keywords
        only = self.positional[0]
        if len(self.positional) == 1 and not self.keywords and isinstance(only, dict):
            return cast("dict[str, object]", only)
        return tools.name_positional(name, self.positional) | self.keywords


def read_call(
    text: str, pos: int, *, limit: int | None = None, meter: Source | None = None
) -> CodeCall | None:
    """Read the call that begins at `pos`; return None if none does or it makes no sense.

    A reading that does not reach its closing parenthesis is charged to `meter`.
    """
    stop = len(text) if limit is None else limit
    head = _CALL.match(text, pos, stop)
    if head is None or (meter is not None and meter.is_exhausted):
        return None
    reader = LooseReader(text, head.end(), limit=stop, code=True)
    arguments = _Arguments(reader)
    try:
        closed = arguments.read()
    except UnreadableError:
        closed = None
    if meter is not None and not closed:
        meter.charge(pos, reader.pos)
    if closed is None:
        return None
    return CodeCall(
        name=head[1],
        keywords=arguments.keywords,
        positional=tuple(arguments.positional),
        sources=tuple(arguments.sources),
        start=pos,
        end=reader.pos,
        closed=closed,
        cut=not closed,
    )


class _Arguments:
    """Read the arguments of one call."""

    def __init__(self, reader: LooseReader) -> None:
        self.reader = reader
        self.keywords: dict[str, object] = {}
        self.positional: list[object] = []
        self.sources: list[str] = []

    def read(self) -> bool:
        """Read up to the closing parenthesis; return whether it was there."""
        reader = self.reader
        for _ in range(_MAX_ARGUMENTS):
            self._gap()
            char = reader.peek()
            if char == ")":
                reader.pos += 1
                return True
            if char in "]}":
                # The parenthesis was forgotten: [f(a=1]. At the end of the text char is empty.
                return False
            self._argument()
            self._gap(commas=False)
            if reader.peek() not in {"", ",", ")", "]", "}"} and not self._keyword_ahead():
                raise UnreadableError
        raise UnreadableError

    def _argument(self) -> None:
        reader = self.reader
        spread = _SPREAD.match(reader.text, reader.pos, reader.limit)
        if spread is not None:
            reader.pos = spread.end()
        keyword = _KEYWORD.match(reader.text, reader.pos, reader.limit)
        if keyword is not None and spread is None:
            reader.pos = keyword.end()
            if not reader.peek():
                return
            reader.keyword = "=" if "=" in keyword[0] else ":"
            self.keywords[keyword[1].replace("\\", "")] = reader.value()
            return
        start, reader.keyword = reader.pos, ""
        value = reader.value()
        if spread is not None and isinstance(value, dict):
            self.keywords.update(cast("dict[str, object]", value))
        else:
            self.positional.append(value)
            self.sources.append(reader.text[start : reader.pos])

    def _keyword_ahead(self) -> bool:
        return _KEYWORD.match(self.reader.text, self.reader.pos, self.reader.limit) is not None

    def _gap(self, *, commas: bool = True) -> None:
        reader = self.reader
        reader.blank()
        while commas and (gap := _GAP.match(reader.text, reader.pos, reader.limit)) is not None:
            reader.pos = gap.end()
            reader.blank()
