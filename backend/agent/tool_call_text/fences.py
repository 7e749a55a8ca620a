"""Calls in fenced code blocks.

For telling a block of calls from a code answer. Not for the calls' own syntax.
"""

import re

from backend.agent.tool_call_text.code_lines import find_statements, read_block
from backend.agent.tool_call_text.json_calls import read_json
from backend.agent.tool_call_text.reply import Reading, TextToolCall
from backend.agent.tool_call_text.source import Source
from backend.agent.tool_call_text.values import SPACE

_OPEN = re.compile(r"(?P<fence>`{3,}|~{3,})[ \t]*(?:(?P<label>[\w+\-.#:]*+)(?![({]))?")
_CLOSE = re.compile(rf"[{SPACE},;]*(?:`{{3,}}|~{{3,}})")
_CALL_LABELS = frozenset({
    "tool_code",
    "tool_call",
    "tool_calls",
    "tool-call",
    "tool",
    "tools",
    "function_call",
    "function",
    "action",
    "tool_use",
})
_CODE_LABELS = frozenset({
    "",
    "python",
    "py",
    "python3",
    "text",
    "txt",
    "plaintext",
    "java",
    "javascript",
    "js",
    "typescript",
    "ts",
    "code",
    "json",
})
_GAP = re.compile(rf"[{SPACE},;]*")


def read_fence(source: Source, pos: int) -> Reading | None:
    """Read the block whose fence opens at `pos`; a block without calls is kept as prose."""
    opening = _OPEN.match(source.text, pos)
    if opening is None:
        return None
    label = (opening["label"] or "").casefold()
    body = opening.end()
    gap = _GAP.match(source.text, body)
    first = gap.end() if gap else body
    values = _read_values(source, first, marked=label in _CALL_LABELS)
    if values is not None:
        return values
    close = _find_close(source.text, body, opening["fence"])
    if label in _CODE_LABELS or label in _CALL_LABELS:
        block = read_block(
            source, first, min(close, len(source.text)), lenient=label in _CALL_LABELS
        )
        if block is not None:
            return _with_end(block, after_fence(source.text, close))
    end = after_fence(source.text, close)
    return Reading(end, kept=((pos, end),))


def find_prose_body(source: Source, pos: int) -> int | None:
    """Return where the body of the block at `pos` begins once it is clear that it holds no calls.

    For a stream, whose code answers need not wait for the closing fence.
    """
    opening = _OPEN.match(source.text, pos)
    gap = _GAP.match(source.text, opening.end()) if opening else None
    if opening is None or gap is None or "\n" not in gap[0] or gap.end() >= len(source.text):
        return None
    label, first = (opening["label"] or "").casefold(), gap.end()
    if source.text[first] in "{[`~" or label in _CALL_LABELS:
        return None
    if label in _CODE_LABELS:
        close = _find_close(source.text, opening.end(), opening["fence"])
        stop = source.text.rfind("\n", first, close) + 1
        if find_statements(source, first, max(stop, first)) is not None:
            return None
    return first


def find_prose_end(text: str, body: int, *, opening: int) -> int | None:
    """Return where the block ends whose body begins at `body`, once its closing fence is there."""
    fence = _OPEN.match(text, opening)
    close = (
        text.find("\n", body) if fence is None else _find_close(text, fence.end(), fence["fence"])
    )
    end = after_fence(text, close) if close < len(text) else len(text)
    return end if end < len(text) else None


def after_fence(text: str, pos: int) -> int:
    """Return the place behind the closing fence at `pos`, or `pos` if there is none."""
    close = _CLOSE.match(text, pos)
    return close.end() if close else pos


def _read_values(source: Source, pos: int, *, marked: bool) -> Reading | None:
    """Read the JSON values and code lists that fill a block."""
    calls: list[TextToolCall] = []
    truncated, answer, end = False, None, pos
    while source.text[end : end + 1] in {"{", "["}:
        reading = read_json(source, end, marked=marked)
        if reading is None or reading.kept:
            break
        calls += reading.calls
        truncated, answer = truncated or reading.truncated, reading.final_answer or answer
        gap = _GAP.match(source.text, reading.end)
        end = gap.end() if gap else reading.end
    if not calls and answer is None:
        return None
    return Reading(
        after_fence(source.text, end), calls=tuple(calls), truncated=truncated, final_answer=answer
    )


def _find_close(text: str, body: int, fence: str) -> int:
    close = re.compile(rf"\n[ \t]*{re.escape(fence)}").search(text, body)
    if close is not None:
        return close.start()
    inline = text.find(fence, body)
    return len(text) if inline < 0 else inline


def _with_end(reading: Reading, end: int) -> Reading:
    return Reading(end, calls=reading.calls, truncated=reading.truncated)
