"""Calls between markers such as `<tool_call>` and `[TOOL_CALLS]`.

For knowing the markers and what may stand behind them. Not for the bodies that have files of their
own (`json_calls.py`, `xml_calls.py`, `python_calls.py`).
"""

import re

from backend.agent.tool_call_text.fences import after_fence
from backend.agent.tool_call_text.json_calls import after_closers, read_code_list, read_json
from backend.agent.tool_call_text.python_calls import NAME, read_call
from backend.agent.tool_call_text.reply import Reading, TextToolCall
from backend.agent.tool_call_text.source import Source
from backend.agent.tool_call_text.values import SPACE
from backend.agent.tool_call_text.xml_calls import (
    Arguments,
    read_object,
    read_pairs,
    read_tool_element,
    read_xml_call,
)

MARKERS: tuple[str, ...] = (
    "<tool_call>",
    "<tool_calls>",
    "<toolcall>",
    "<toolcalls>",
    "<function_call>",
    "<function_calls>",
    "<functioncall>",
    "<functions>",
    "<tool_use>",
    "<tool_code>",
    "<use_tool>",
    "<actions>",
    "<tools>",
    "<start_function_call>",
    "<longcat_tool_call>",
    "<minimax:tool_call>",
    "<seed:tool_call>",
    "<function_calls>",
    "<function=",
    "<function name=",
    "<invoke name=",
    "<invoke name=",
    "<tool name=",
    "<tool_call",
    "<|tool_call|>",
    "<|tool_calls|>",
    "<|tool_call>",
    "<|toolcall|>",
    "<|function_call|>",
    "<|tool_call_start|>",
    "<|tool_call_begin|>",
    "<|tool_calls_begin|>",
    "<|tool_calls_section_begin|>",
    "<|tool_calls_prefix|>",
    "<|python_tag|>",
    "<|action_start|>",
    "<|plugin|>",
    "<|start_action|>",
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁call▁begin｜>",
    "<｜dsml｜function_calls>",
    "<｜dsml｜tool_calls>",
    "<｜dsml｜invoke name=",
    "[tool_calls]",
    "[tool_call]",
    "[tool_request]",
    "functools[",
)
"""The markers behind which calls begin, in lower case."""

_SEPARATOR = (
    r"(?:<[|｜]tool[_▁]sep[|｜]>|<\|tool_call_argument_begin\|>|\[ARGS\]|\[CALL_ID\]\w*\[ARGS\])"
)
_CLOSING = (
    r"</(?:[\w.\-]+:|[|｜]\w+[|｜])?(?:(?:longcat_)?tool_?calls?|function_?calls?|functions?|tool_use"
    r"|tool_code|use_tool|actions|tools|invoke|arguments|parameters)\s*>"
    r"|<[|｜]/?(?:tool[_▁]?calls?|function_?call|toolcall)[|｜]>(?=\s*\Z)"
    r"|<\|/(?:tool_calls?|function_call|toolcall)\|>"
    r"|<tool_call\|>|<\|?end_(?:function_call|action)\|?>"
    r"|<[|｜]tool[_▁]calls?[_▁](?:section_)?(?:end|suffix)[|｜]>"
    r"|<\|(?:action_end|end_action|eom_id|eot_id|im_end|end|return|call)\|>|<bot_end>"
    r"|\[/tool_(?:calls?|request)\]|\[END_TOOL_REQUEST\]|<｜end▁of▁sentence｜>|</s>"
)
_CLOSE = re.compile(rf"[{SPACE}]*(?:{_CLOSING})", re.IGNORECASE)
_CLOSE_ANYWHERE = re.compile(_CLOSING, re.IGNORECASE)
_PARTIAL_CLOSE = re.compile(rf"[{SPACE}]*<[/|｜]?[\w▁|｜:]*\Z|\[/?[A-Za-z_]*\Z")
_FILLER = re.compile(
    rf"(?:[{SPACE},;]|```\w*|functools(?=\[)|call:(?=[\w.\-]+\{{)|"
    rf"<[|｜]tool[_▁]call[_▁]begin[|｜]>|<\|plugin\|>|<\|python_tag\|>|\[TOOL_CALLS\](?=[\[{{\w]))+",
    re.IGNORECASE,
)
_HEAD = re.compile(
    rf"(?P<name>{NAME}(?::\d+)?)(?P<gap>[{SPACE}]*(?:{_SEPARATOR}|:(?!\w)|```(?:json)?)?[{SPACE}]*(?:```(?:json)?[{SPACE}]*)?)"
)
_V3_HEAD = re.compile(rf"function[{SPACE}]*<[|｜]tool[_▁]sep[|｜]>[{SPACE}]*", re.IGNORECASE)
_NAMESPACE = re.compile(r"<(?!minimax|seed)\w+:")
_ELEMENT = re.compile(r"<([A-Za-z_][\w.\-]*)>")
_FENCE_BEFORE = re.compile(r"(?:`{3,}|~{3,})[\w\-]*\s*\Z")
_REACH = 2000


def read_tag(source: Source, start: int) -> Reading | None:
    """Read what follows the marker at `start`: one call or several up to its closing marker."""
    text = source.text
    pos = _after_marker(text, start)
    calls: list[TextToolCall] = []
    truncated, answer = False, None
    while (step := _read_one(source, _fill(text, pos))) is not None:
        calls += step.calls
        truncated, answer, pos = truncated or step.truncated, step.final_answer or answer, step.end
        if _CLOSE.match(text, pos) or pos >= len(text):
            break
    if not calls and answer is None:
        return _read_prose_body(source, pos)
    return Reading(
        _after_close(text, pos, start=start),
        calls=tuple(calls),
        truncated=truncated,
        final_answer=answer,
    )


def _after_marker(text: str, start: int) -> int:
    """Return the place behind the marker, or its start when it names the call itself."""
    namespace = _NAMESPACE.match(text, start)
    skipped = namespace.end() - start - 1 if namespace else 0
    head = ("<" if namespace else "") + text[start + skipped + bool(namespace) :][:48].casefold()
    longest = max((m for m in MARKERS if head.startswith(m)), key=len, default="")
    if longest.endswith(("=", "<tool_call")):
        return start
    return start + skipped + len(longest) - (longest == "functools[")


def _fill(text: str, pos: int) -> int:
    filler = _FILLER.match(text, pos)
    return filler.end() if filler else pos


def _read_one(source: Source, pos: int) -> Reading | None:
    """Read one call, or one value with several, in any of the known forms."""
    text = source.text
    if text[pos : pos + 1] in {'"', "'"} and text[pos + 1 : pos + 2] in {"{", "["}:
        pos += 1
    char = text[pos : pos + 1]
    if char in {"{", "["}:
        reading = read_json(source, pos, marked=True)
        return None if reading is None or reading.kept else reading
    return _read_element(source, pos) if char == "<" else _read_headed(source, pos)


def _read_element(source: Source, pos: int) -> Reading | None:
    element = _ELEMENT.match(source.text, pos)
    reading = read_xml_call(source, pos)
    if reading is None and element and source.tools.are_known:
        return read_tool_element(source, pos, tag=element[1])
    return reading


def _read_headed(source: Source, pos: int) -> Reading | None:
    """Read a call whose arguments follow its bare name."""
    text = source.text
    v3_head = _V3_HEAD.match(text, pos)
    head = _HEAD.match(text, v3_head.end() if v3_head else pos)
    name = source.tools.accept(head["name"]) if head else None
    if head is None or name is None:
        return None
    follower = text[head.end() : head.end() + 1]
    if follower == "(":
        return _read_code(source, head.start())
    arguments: Arguments | None = None
    if follower == "{" or (follower in {'"', "["} and head["gap"].strip()):
        arguments = read_object(source, head.end(), name=name)
    elif text.startswith("<arg_key>", head.end()):
        arguments = read_pairs(text, head.end())
    elif _CLOSE.match(text, head.end("name")) or head.end() >= len(text):
        arguments = Arguments({}, head.end("name"), cut=head.end() >= len(text))
    if arguments is None:
        return None
    end = after_fence(text, after_closers(text, arguments.end))
    return Reading(
        end, calls=(TextToolCall(name, arguments.values, pos, end),), truncated=arguments.cut
    )


def _read_code(source: Source, pos: int) -> Reading | None:
    call = read_call(source.text, pos, meter=source)
    name = source.tools.accept(call.name) if call else None
    if call is None or name is None:
        return None
    placed = TextToolCall(name, call.named(source.tools, name), call.start, call.end)
    return Reading(call.end, calls=(placed,), truncated=call.cut)


def _read_prose_body(source: Source, pos: int) -> Reading | None:
    """Read the first call in a body that begins with prose; tell a begun call from none."""
    text = source.text
    close = _CLOSE_ANYWHERE.search(text, pos, pos + _REACH)
    stop = close.start() if close else min(len(text), pos + _REACH)
    for bracket in re.compile(rf"[{{\[]|{NAME}\(").finditer(text, pos, stop):
        if source.is_exhausted:
            return None
        reading = (
            _read_one(source, bracket.start())
            if bracket[0] != "["
            else read_code_list(source, bracket.start(), marked=True)
        )
        if reading is not None and reading.calls:
            end = max(reading.end, close.end()) if close else reading.end
            return Reading(end, calls=reading.calls, truncated=reading.truncated)
    if close is None and len(text) - pos < _REACH and _looks_begun(text[pos:]):
        return Reading(len(text), truncated=True)
    source.charge(pos, stop)
    return None


def _looks_begun(body: str) -> bool:
    """Tell whether the text behind a marker is a call that was hardly begun."""
    stripped = body.strip()
    return stripped[:1] in {"", "{", "[", "<"} or re.fullmatch(r"[\w.\-]+", stripped) is not None


def _after_close(text: str, pos: int, *, start: int) -> int:
    pos = after_closers(text, pos)
    if _CLOSE.match(text, after_fence(text, pos)):
        pos = after_fence(text, pos)
    while (close := _CLOSE.match(text, pos)) is not None:
        pos = close.end()
    partial = _PARTIAL_CLOSE.match(text, pos)
    if partial is not None:
        return len(text)
    if _FENCE_BEFORE.search(text[max(0, start - 24) : start]):
        return after_fence(text, pos)
    return pos
