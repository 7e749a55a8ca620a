"""Calls written as JSON or as a bracketed list of code calls.

For text that begins with `{` or `[`. Not for the markup around it (`tags.py`, `fences.py`).
"""

import re
from typing import cast

from backend.agent.tool_call_text.envelopes import Envelope, FoundCall
from backend.agent.tool_call_text.loose_json import LooseReader, UnreadableError
from backend.agent.tool_call_text.names import ToolNames
from backend.agent.tool_call_text.python_calls import NAME, CodeCall, read_call
from backend.agent.tool_call_text.reply import Reading, TextToolCall
from backend.agent.tool_call_text.source import Source
from backend.agent.tool_call_text.values import SPACE

_CODE_LIST = re.compile(rf"\[[{SPACE}]*(?:\[[{SPACE}]*)?(?={NAME}[ \t]*\()")
_BETWEEN = re.compile(rf"[{SPACE}]*(?:[,;][{SPACE}]*)*")
_STRAY_CLOSERS = re.compile(rf"(?:[{SPACE}]*[\]}}])+(?![^{SPACE}<`\]}}])")
_SHORT = 200
_LINK_TARGET = re.compile(r"\((?!\))")


def read_json(source: Source, pos: int, *, marked: bool = False) -> Reading | None:
    """Read the value at `pos`.

    Returns:
        A reading without calls, all of it kept, when the value is readable but no call; None when
        it is not readable, so that the search may go on inside it.
    """
    if _CODE_LIST.match(source.text, pos):
        return read_code_list(source, pos, marked=marked)
    reader = LooseReader(source.text, pos)
    try:
        value = reader.value()
    except UnreadableError:
        source.charge(pos, reader.pos)
        return None
    if isinstance(value, list):
        items = cast("list[object]", value)
        quoted = _read_quoted_calls(source, items, span=(pos, reader.pos))
        if quoted is not None:
            return quoted
    return _open_envelope(source, cast("object", value), reader, start=pos, marked=marked)


def _open_envelope(
    source: Source, value: object, reader: LooseReader, *, start: int, marked: bool
) -> Reading | None:
    opening = start < _SHORT and not source.text[:start].strip(SPACE)
    envelope = Envelope(source.tools, marked=marked, opening=opening)
    if not envelope.open(value):
        if not reader.cut:
            return Reading(reader.pos, kept=((start, reader.pos),))
        source.charge(start, reader.pos)
        return None
    end = after_closers(source.text, reader.pos)
    calls = [_place(call, reader, start=start) for call in envelope.calls]
    is_cut = any(call.argument_home in reader.forced for call in envelope.calls)
    if is_cut and not calls[-1].arguments and source.text.rstrip().endswith(calls[-1].name):
        # The text ends within the name itself: which tool was meant is anybody's guess.
        calls.pop()
    return Reading(end, calls=tuple(calls), truncated=is_cut, final_answer=envelope.final_answer)


def read_code_list(source: Source, pos: int, *, marked: bool = False) -> Reading | None:
    """Read `[f(a=1), g(b=2)]`; return None unless it consists of calls of a known tool."""
    text = source.text
    opening = _CODE_LIST.match(text, pos)
    end = opening.end() if opening else pos
    found: list[CodeCall] = []
    while (call := read_call(text, end, meter=source)) is not None:
        found.append(call)
        between = _BETWEEN.match(text, call.end)
        end = between.end() if between else call.end
        if end >= len(text) or text[end] in "]}":
            break
    is_closed = end < len(text) and text[end] == "]"
    if not found or not (is_closed or end >= len(text)):
        source.charge(pos, end)
        return None
    end += is_closed
    if _LINK_TARGET.match(text, end):
        return None
    calls = to_calls(found, source.tools, marked=marked)
    if calls is None:
        return None
    return Reading(after_closers(text, end), calls=calls, truncated=found[-1].cut)


def to_calls(
    found: list[CodeCall], tools: ToolNames, *, marked: bool = False
) -> tuple[TextToolCall, ...] | None:
    """Return code calls as tool calls; None if none of them is known or a name is malformed."""
    known = [tools.resolve(call.name) for call in found]
    names = [tools.accept(call.name) for call in found]
    if (not marked and not any(known)) or None in names:
        return None
    return tuple(
        TextToolCall(name, call.named(tools, name), call.start, call.end)
        for name, call in zip(names, found, strict=True)
        if name is not None
    )


def after_closers(text: str, pos: int) -> int:
    """Return the place behind closing brackets that close nothing."""
    stray = _STRAY_CLOSERS.match(text, pos)
    return stray.end() if stray else pos


def _read_quoted_calls(
    source: Source, items: list[object], *, span: tuple[int, int]
) -> Reading | None:
    if not items:
        return None
    found: list[CodeCall] = []
    for item in items:
        call = read_call(item.strip(SPACE), 0) if isinstance(item, str) else None
        if call is None or not call.closed or call.end < len(cast("str", item).strip(SPACE)):
            return None
        found.append(call)
    calls = to_calls(found, source.tools)
    if calls is None:
        return None
    placed = tuple(TextToolCall(call.name, call.arguments, *span) for call in calls)
    return Reading(after_closers(source.text, span[1]), calls=placed)


def _place(call: FoundCall, reader: LooseReader, *, start: int) -> TextToolCall:
    for home in call.homes:
        if home in reader.spans:
            return TextToolCall(call.name, call.arguments, *reader.spans[home])
    return TextToolCall(call.name, call.arguments, start, reader.pos)
