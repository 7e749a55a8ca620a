"""The ReAct form: `Thought:`, `Action:`, `Action Input:`, `Observation:`, `Final Answer:`.

For agents prompted with text. Not for replies where one of these words merely begins a line: an
action counts only if it names a known tool or has an input.
"""

import re
from dataclasses import dataclass, field
from typing import cast

from backend.agent.tool_call_text.envelopes import Envelope, decode, name_arguments
from backend.agent.tool_call_text.fences import read_fence
from backend.agent.tool_call_text.json_calls import read_json
from backend.agent.tool_call_text.loose_json import LooseReader, UnreadableError
from backend.agent.tool_call_text.names import clean_name, is_well_formed
from backend.agent.tool_call_text.python_calls import read_call
from backend.agent.tool_call_text.reply import Reading, TextToolCall
from backend.agent.tool_call_text.source import Source
from backend.agent.tool_call_text.values import SPACE, read_text

LABELS: tuple[str, ...] = (
    "thought",
    "action",
    "action input",
    "observation",
    "final answer",
    "tool name",
    "function name",
)
"""The labels that begin a section, in lower case."""

_LABEL = re.compile(
    r"^[ \t>]*(?:\#{1,6} +)?[*_]{0,2}(?P<label>Thought|Action[ _]Input|Action|Observation|Final Answer|Tool Input"
    r"|(?:Tool|Function)(?: Name)?|(?:Tool |Function )?(?:Arguments|Parameters|Args))"
    r"(?:[ _]?\d{1,3})?[*_]{0,2}[ \t]*:[*_]{0,2}[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
_BRACKETED = re.compile(r"(?P<name>[^\W\d][\w .\-\\]{0,60}?)[ \t]*\[(?P<rest>.*)", re.DOTALL)
_INLINE_INPUT = re.compile(r"\s*(?:,|;|\||-)?\s*\b(?:Action[ _])?Input[ \t]*:", re.IGNORECASE)
_PAIR = re.compile(
    r"[ \t]*[\"'`]?(?P<key>[^\W\d][\w\\]*)[\"'`]?[ \t]*[:=][ \t]*(?P<value>[^\n]*?)[ \t]*(?:\n|\Z)"
)
_NO_TOOL = frozenset({
    "none",
    "n/a",
    "na",
    "no action",
    "no tool",
    "final answer",
    "finish",
    "answer",
    "respond",
})
_FENCE_LINE = re.compile(r"\A\s*(?:`{3,}|~{3,})\w*[ \t]*\n?|\n?[ \t]*(?:`{3,}|~{3,})\s*\Z")
_MAX_NAME_WORDS = 5


@dataclass(frozen=True, slots=True)
class _Section:
    label: str
    label_start: int
    start: int
    end: int


@dataclass(slots=True)
class _Turn:
    """Collect what the sections say."""

    calls: list[TextToolCall] = field(default_factory=list[TextToolCall])
    truncated: bool = False
    final_answer: str | None = None
    kept: tuple[tuple[int, int], ...] = ()


def starts_section(text: str, pos: int) -> bool:
    """Tell whether a labelled section begins at `pos`."""
    return _LABEL.match(text, pos) is not None


def read_react(source: Source, start: int) -> Reading | None:
    """Read the sections from `start` on; return None unless they hold a call or a final answer.

    Whatever follows an `Observation:` that the model invented is left out.
    """
    if source.has_no_sections:
        return None
    turn = _Turn()
    sections = _split(source.text, start)
    for section, following in zip(sections, [*sections[1:], None], strict=True):
        if section.label == "observation" and turn.calls:
            break
        if section.label == "final answer" and not turn.calls:
            _take_answer(source.text, section, turn)
        elif section.label == "action":
            _take_action(source, section, following, turn=turn)
        if turn.final_answer is not None:
            break
    if not turn.calls and turn.final_answer is None:
        source.has_no_sections = True
        return None
    return Reading(
        len(source.text),
        calls=tuple(turn.calls),
        truncated=turn.truncated,
        final_answer=turn.final_answer,
        kept=turn.kept,
    )


def _split(text: str, start: int) -> list[_Section]:
    labels = list(_LABEL.finditer(text, start))
    ends = [label.start() for label in labels[1:]] + [len(text)]
    return [
        _Section(_canonical(label["label"]), label.start(), label.end(), end)
        for label, end in zip(labels, ends, strict=True)
    ]


def _canonical(label: str) -> str:
    folded = label.casefold().replace("_", " ")
    if folded.endswith(("input", "arguments", "parameters", "args")):
        return "action input"
    return "action" if folded.startswith(("tool", "function")) else folded


def _take_answer(text: str, section: _Section, turn: _Turn) -> None:
    turn.final_answer = text[section.start :].strip(SPACE)
    turn.kept = ((section.start, len(text)),)


def _take_action(
    source: Source, section: _Section, following: _Section | None, *, turn: _Turn
) -> bool:
    """Collect the call of an action; return False if it is none."""
    text = source.text[section.start : section.end].strip(SPACE)
    if text[:1] in {"{", "[", "`", "~"} and _take_value(source, section, turn):
        return True
    given = following if following and following.label == "action input" else None
    written, inline = _split_action(text)
    if clean_name(written).casefold() in _NO_TOOL and source.tools.resolve(written) is None:
        return _take_finish(written, inline, turn)
    name = _name(source, written, has_input=given is not None or inline is not None)
    if name is None:
        return False
    end = section.end if given is None else given.end
    if given is None and inline is None and end >= len(source.text):
        turn.truncated = True
    arguments = inline if given is None else source.text[given.start : given.end]
    values, cut = _read_input(source, name, arguments)
    turn.calls.append(TextToolCall(name, values, section.label_start, end))
    turn.truncated = turn.truncated or (cut and end >= len(source.text))
    return True


def _name(source: Source, written: str, *, has_input: bool) -> str | None:
    resolved = source.tools.resolve(written)
    if resolved is not None and (source.tools.are_known or has_input):
        return resolved
    cleaned = clean_name(written)
    is_name = is_well_formed(cleaned) or (
        0 < len(cleaned.split()) <= _MAX_NAME_WORDS and cleaned.replace(" ", "").isalnum()
    )
    return cleaned if has_input and is_name else None


def _take_value(source: Source, section: _Section, turn: _Turn) -> bool:
    """Collect an action written as JSON, fenced or bare."""
    pos = section.start
    while pos < section.end and source.text[pos] in SPACE:
        pos += 1
    is_fenced = source.text[pos] in "`~"
    reading = read_fence(source, pos) if is_fenced else read_json(source, pos, marked=True)
    if reading is None or (not reading.calls and reading.final_answer is None):
        return False
    turn.calls += reading.calls
    turn.truncated = reading.truncated
    turn.final_answer = reading.final_answer
    return True


def _take_finish(written: str, inline: str | None, turn: _Turn) -> bool:
    if inline is not None and clean_name(written).casefold() in {
        "finish",
        "final answer",
        "answer",
    }:
        turn.final_answer = inline.strip(SPACE).strip("\"'")
    return False


def _split_action(text: str) -> tuple[str, str | None]:
    """Split an action into its name and the input on the same line, if any."""
    bracketed = _BRACKETED.match(text)
    first_line = text.split("\n", 1)[0]
    if bracketed is not None and "\n" not in bracketed["name"]:
        return bracketed["name"], _in_brackets(bracketed["rest"])
    labelled = _INLINE_INPUT.search(text)
    if labelled is not None and labelled.start() <= len(first_line):
        return text[: labelled.start()], text[labelled.end() :]
    for mark in ("(", "{", ":"):
        name, found, _ = first_line.partition(mark)
        if found and clean_name(name) and len(name.split()) <= _MAX_NAME_WORDS:
            rest = text[len(name) :]
            return name, rest.removeprefix(":") if mark == ":" else rest
    return first_line, None


def _in_brackets(rest: str) -> str:
    """Return the text up to the bracket that closes the one before it."""
    depth = 1
    for index, char in enumerate(rest):
        depth += (char == "[") - (char == "]")
        if depth == 0:
            return rest[:index]
    line = rest.split("\n", 1)[0]
    return line[: line.rindex("]")] if "]" in line else line


def _read_input(source: Source, name: str, arguments: str | None) -> tuple[dict[str, object], bool]:
    """Return a call's arguments by name and whether they were cut off."""
    stripped = _FENCE_LINE.sub("", (arguments or "").strip(SPACE)).strip(SPACE)
    if stripped.startswith("(") and (call := read_call("f" + stripped, 0)) is not None:
        return call.named(source.tools, name), call.cut
    valued = _read_value(source, name, stripped) if stripped[:1] in {"{", '"', "["} else None
    if valued is not None:
        return valued
    stripped = stripped.strip("`") if stripped.count("`") > 1 else stripped
    pairs = _read_pairs(source, name, stripped)
    if pairs is None:
        pairs = source.tools.name_text(name, _unquoted(stripped)) if stripped else {}
    return pairs, False


def _read_value(source: Source, name: str, text: str) -> tuple[dict[str, object], bool] | None:
    """Read an input that is JSON; return None if it is text that only begins like it."""
    reader = LooseReader(text)
    try:
        value = reader.value()
    except UnreadableError:
        return None
    if isinstance(value, str):
        is_json = isinstance(decode(value), dict)
        named = name_arguments(source.tools, name, value) if is_json else None
        is_whole = reader.pos >= len(text)
        return (named or source.tools.name_text(name, value), reader.cut) if is_whole else None
    if isinstance(value, list) and not isinstance(decode(text), dict):
        return None
    found = cast("object", value)
    return _unwrapped(source, name, found), id(found) in reader.forced


def _unwrapped(source: Source, name: str, value: object) -> dict[str, object]:
    """Return arguments, also where the model repeated the whole call in its input."""
    envelope = Envelope(source.tools)
    members = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    if {"name", "arguments"} <= members.keys() and envelope.open(members):
        return envelope.calls[0].arguments
    return name_arguments(source.tools, name, members or cast("object", value))


def _read_pairs(source: Source, name: str, text: str) -> dict[str, object] | None:
    """Read lines of `key: value` or keyword arguments if all keys are known parameters."""
    known = set(source.tools.parameters(name))
    if not known or not text:
        return None
    call = read_call(f"f({text})", 0)
    if call is not None and call.keywords and set(call.keywords) <= known and not call.positional:
        is_multiple = len(call.keywords) > 1 or "\n" not in text
        if call.closed and is_multiple and call.end == len(text) + 3:
            return call.keywords
    values: dict[str, object] = {}
    pos = 0
    while pos < len(text):
        pair = _PAIR.match(text, pos)
        if pair is None or pair["key"].replace("\\", "") not in known:
            return None
        values[pair["key"].replace("\\", "")] = _typed(pair["value"])
        pos = pair.end()
    return values


def _typed(written: str) -> object:
    value = read_text(written)
    return _unquoted(value) if isinstance(value, str) else value


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`"
    return text[1:-1] if is_quoted and text[0] not in text[1:-1] else text


def find_answer(text: str, start: int) -> int | None:
    """Return where the final answer begins if no action comes before it, for a stream."""
    for label in _LABEL.finditer(text, start):
        name = _canonical(label["label"])
        if name == "action":
            return None
        if name == "final answer":
            return label.end()
    return None
