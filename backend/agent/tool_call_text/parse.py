"""The entry: from the text of a whole reply to its calls and its prose.

For text that is complete or was cut off. Not for streams, which pass through `gate.py`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from backend.agent.tool_call_text.channels import find_reply_start, read_harmony, read_thought
from backend.agent.tool_call_text.code_lines import read_line
from backend.agent.tool_call_text.escapes import Unescaped
from backend.agent.tool_call_text.fences import read_fence
from backend.agent.tool_call_text.json_calls import read_json
from backend.agent.tool_call_text.names import names_of
from backend.agent.tool_call_text.react_text import read_react
from backend.agent.tool_call_text.reply import ParsedReply, Reading, TextToolCall
from backend.agent.tool_call_text.source import Source
from backend.agent.tool_call_text.starts import find_start
from backend.agent.tool_call_text.tags import read_tag
from backend.agent.tool_call_text.values import SPACE
from backend.agent.tool_call_text.xml_calls import read_object

Span = tuple[int, int]
_FENCE_OPENING = re.compile(rf"[`~]{{3,}}[ \t]*\w*[{SPACE}]*")
_MAX_NESTED_ESCAPES = 2


def parse_tool_calls(text: str, *, tools: Mapping[str, Sequence[str]] | None = None) -> ParsedReply:
    """Take a model's reply apart into prose and the tool calls written in it.

    `tools` maps the names of the known tools to their parameter names in order. Without it every
    well-formed name is accepted, and positional arguments are named by their index. Never raises,
    whatever the text; its time grows linearly with the text.
    """
    return assemble(text, scan(Source(text, names_of(tools)), start=find_reply_start(text)))


def scan(source: Source, *, start: int = 0, escapes: int = 0) -> list[tuple[int, Reading]]:
    """Return what the readers took from the text and where, from left to right."""
    taken: list[tuple[int, Reading]] = [(0, Reading(start))] if start else []
    pattern = find_start(source.tools)
    pos = start
    while (found := pattern.search(source.text, pos)) is not None:
        if source.is_exhausted:
            break
        begin = found.start()
        if found.lastgroup == "result" and any(reading.calls for _, reading in taken):
            # A model that goes on after its calls invents their results.
            taken.append((begin, Reading(len(source.text))))
            break
        reading = read_at(source, found, escapes=escapes)
        if reading is None:
            pos = found.end() if found.lastgroup in {"deep", "react", "line"} else begin + 1
            continue
        taken.append((begin, reading))
        pos = max(reading.end, begin + 1)
    return taken


def read_at(source: Source, found: re.Match[str], *, escapes: int = 0) -> Reading | None:
    """Let the reader that is responsible for a start read there."""
    kind = found.lastgroup or ""
    if kind in {"escaped", "quoted"}:
        return _read_escaped(source, found, escapes=escapes)
    if kind == "noise":
        return Reading(found.end())
    if kind in {"line", "inline"}:
        return read_line(source, found.start(kind), inline=kind == "inline")
    if kind == "named":
        return _read_named(source, found)
    return _READERS[kind](source, found.start())


def assemble(text: str, taken: list[tuple[int, Reading]]) -> ParsedReply:
    """Put the calls together, and the prose between them without the markup."""
    calls = tuple(call for _, reading in taken for call in reading.calls)
    answers = [reading.final_answer for _, reading in taken if reading.final_answer is not None]
    is_prose = not calls and not answers
    prose = ""
    for start, end in _kept(text, taken):
        piece = text[start:end]
        if is_prose or any(char.isalnum() for char in piece):
            prose = _join(prose, piece)
    return ParsedReply(
        text=prose.strip(SPACE) or (answers[-1] if answers else ""),
        calls=calls,
        truncated=any(reading.truncated for _, reading in taken),
        final_answer=answers[-1] if answers else None,
    )


def _kept(text: str, taken: list[tuple[int, Reading]]) -> list[Span]:
    """Return the spans that remain prose, joining those that touch."""
    spans: list[Span] = []
    pos = 0
    for start, reading in [*taken, (len(text), Reading(len(text)))]:
        for span in [(pos, start), *reading.kept]:
            if spans and spans[-1][1] == span[0]:
                spans[-1] = (spans[-1][0], span[1])
            elif span[0] < span[1]:
                spans.append(span)
        pos = max(pos, reading.end)
    return spans


def _join(prose: str, piece: str) -> str:
    """Join two pieces of prose between which something was taken out."""
    left, right = prose.rstrip(SPACE), piece.lstrip(SPACE)
    if not left or not right:
        return left + piece if left else piece
    has_break = "\n" in prose[len(left) :] or "\n" in piece[: len(piece) - len(right)]
    return f"{left}\n\n{right}" if has_break else f"{left} {right}"


def _read_named(source: Source, found: re.Match[str]) -> Reading | None:
    """Read a tool's name with its arguments as JSON behind it."""
    written = re.match(r"[^\s:`{]+", found["named"])
    name = source.tools.resolve(written[0]) if written else None
    arguments = read_object(source, found.end(), name=name) if name else None
    if name is None or arguments is None:
        return None
    start = found.start("named")
    call = TextToolCall(name, arguments.values, start, arguments.end)
    return Reading(arguments.end, calls=(call,), truncated=arguments.cut)


def _read_escaped(source: Source, found: re.Match[str], *, escapes: int) -> Reading | None:
    """Read the rest of the text without its escapes if that brings calls to light."""
    if escapes >= _MAX_NESTED_ESCAPES:
        return None
    start = found.end() - 1 if found.lastgroup == "quoted" else found.start()
    plain = Unescaped(source.text, start)
    inner = Source(plain.text, source.tools)
    inner.allowance = source.allowance
    taken = scan(inner, escapes=escapes + 1)
    source.allowance = min(source.allowance, inner.allowance) - len(plain.text) // 4
    if not any(reading.calls for _, reading in taken):
        source.charge(start, len(source.text))
        return None
    calls = tuple(
        replace(call, start=plain.original(call.start), end=plain.original(call.end))
        for _, reading in taken
        for call in reading.calls
    )
    kept = tuple(
        (plain.original(begin), plain.original(end)) for begin, end in _kept(plain.text, taken)
    )
    truncated = any(reading.truncated for _, reading in taken)
    return Reading(len(source.text), calls=calls, truncated=truncated, kept=kept)


def _read_fence(source: Source, start: int) -> Reading | None:
    """Read a fenced block, or only pass its opening if calls of another form stand inside."""
    opening = _FENCE_OPENING.match(source.text, start)
    inside = find_start(source.tools).match(source.text, opening.end()) if opening else None
    if inside is not None and inside.lastgroup in {"tag", "react"}:
        reading = read_at(source, inside)
        if reading is not None and reading.calls:
            return Reading(inside.start())
    return read_fence(source, start)


def _pass_over(source: Source, start: int) -> Reading | None:
    """Refuse a run of brackets too deep to be a call."""
    source.charge(start, start)


_READERS: Mapping[str, Callable[[Source, int], Reading | None]] = {
    "deep": _pass_over,
    "result": _pass_over,
    "thought": read_thought,
    "harmony": read_harmony,
    "tag": read_tag,
    "fence": _read_fence,
    "react": read_react,
    "json": read_json,
}
