"""Calls written as XML elements.

For `<function=name>`, `<invoke name="...">`, `<name>..</name>` children, GLM's `<arg_key>` pairs
and elements named after a tool. Not for the markers around them (`tags.py`).
"""

import re
from dataclasses import dataclass

from backend.agent.tool_call_text.envelopes import decode, name_arguments
from backend.agent.tool_call_text.loose_json import LooseReader, UnreadableError
from backend.agent.tool_call_text.reply import Reading, TextToolCall
from backend.agent.tool_call_text.source import Source
from backend.agent.tool_call_text.values import SPACE, read_text

_NS = r"(?:[\w.\-]+:|[|｜]+\w+[|｜]+\s*)?"
_CALL = re.compile(
    rf"<{_NS}(?P<tag>function|invoke|tool|tool_call|call)(?:=|\s+(?:name|function|id)=)\s*"
    r"[\"']?(?P<name>[^\"'>\s]{1,160})[\"']?(?P<rest>[^<>]{0,300})>?"
)
_PARAMETER = re.compile(
    rf"<{_NS}(?P<tag>parameter|param|argument|arg)(?:=|\s+(?:name|key)=)\s*"
    r"[\"']?(?P<key>[^\"'>\s]{1,160})[\"']?(?P<rest>[^>]{0,4000}?)(?P<empty>/?)>"
)
_VALUE_ATTRIBUTE = re.compile(r"\bvalue=(?P<quote>[\"'])(?P<value>.*?)(?P=quote)", re.DOTALL)
_TEXT_TYPE = re.compile(r"\b(?:string=[\"']true|type=[\"']str)", re.IGNORECASE)
_PARAMETER_END = re.compile(rf"</{_NS}(?:parameter|param|argument|arg)\s*>")
_NEXT = re.compile(
    rf"<{_NS}(?:parameter|param|argument|arg)(?:=|\s+(?:name|key)=)"
    rf"|</{_NS}(?:function|invoke|tool|tool_call|call|function_calls|tool_calls)\s*>"
    rf"|<{_NS}(?:function=|(?:function|invoke) name=)"
)
_END_OR_NEXT = re.compile(f"{_PARAMETER_END.pattern}|{_NEXT.pattern}")
_CALL_END = re.compile(rf"[{SPACE}]*</{_NS}(?:function|invoke|tool|call)(?:=[^>]*)?\s*>")
_ARG_PAIR = re.compile(
    r"\s*<arg_key>\s*(?P<key>.*?)\s*</arg_key>\s*<arg_value>(?P<value>.*?)"
    r"(?P<end></arg_value>|(?=<arg_key>)|(?=</tool_call>)|\Z)",
    re.DOTALL,
)
_NAME_CHILD = re.compile(
    r"\s*<(?P<tag>name|tool_name|function_name|tool)>\s*(?P<name>[^<]*?)\s*</(?P=tag)>\s*"
)
_ARGUMENTS_CHILD = re.compile(r"\s*<(?P<tag>arguments|parameters|args|params|input|tool_input)>\s*")
_CHILD = re.compile(
    r"\s*<(?P<key>[A-Za-z_][\w.\-]*)>(?P<value>.*?)(?P<end></(?P=key)>|\Z)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Arguments:
    """Hold what was read of a call's arguments, where they end and whether they were cut off."""

    values: dict[str, object]
    end: int
    cut: bool = False


def read_xml_call(source: Source, pos: int) -> Reading | None:
    """Read one call that is an element with its tool's name as an attribute or a child."""
    text = source.text
    head = _CALL.match(text, pos)
    if head is None:
        return _read_named_child(source, pos)
    name = source.tools.accept(head["name"])
    if name is None:
        return None
    body = _skip_blank(text, head.end())
    if text[body : body + 1] == "{":
        read = read_object(source, body, name=name)
    else:
        read = _read_parameters(text, body) if _PARAMETER.match(text, body) else None
        read = read or _read_children(text, body, stop=_stop_of(text, body))
    if read is None:
        return None
    closing = _CALL_END.match(text, read.end)
    end = closing.end() if closing else read.end
    cut = read.cut or (closing is None and end >= len(text) and not read.values)
    return _reading(name, read.values, start=pos, end=end, cut=cut)


def read_object(source: Source, pos: int, *, name: str) -> Arguments | None:
    """Read the JSON arguments at `pos` of the tool `name`."""
    reader = LooseReader(source.text, pos)
    try:
        value = reader.value()
    except UnreadableError:
        source.charge(pos, reader.pos)
        return Arguments({}, reader.pos, cut=True) if reader.cut else None
    cut = id(value) in reader.forced or (isinstance(value, str) and reader.cut)
    return Arguments(name_arguments(source.tools, name, value), reader.pos, cut)


def read_pairs(text: str, pos: int) -> Arguments:
    """Read GLM's `<arg_key>k</arg_key><arg_value>v</arg_value>` pairs."""
    values: dict[str, object] = {}
    cut = False
    while (pair := _ARG_PAIR.match(text, pos)) is not None:
        values[pair["key"]] = read_text(pair["value"])
        cut, pos = pair["end"] == "" and pair.end() == len(text), pair.end()
    half_pair = text[pos:].lstrip().startswith("<arg_")
    return Arguments(values, len(text) if half_pair else pos, cut or half_pair)


def read_tool_element(source: Source, pos: int, *, tag: str) -> Reading | None:
    """Read `<tool>...</tool>`, whose element is named after a known tool."""
    name = source.tools.resolve(tag)
    if name is None:
        return None
    body = pos + len(tag) + 2
    close = source.text.find(f"</{tag}>", body)
    stop = len(source.text) if close < 0 else close
    inner = source.text[body:stop].strip(SPACE)
    children = _read_children(source.text, body, stop=stop)
    values = children.values if children else {}
    if not values and inner:
        values = name_arguments(source.tools, name, decode(inner))
    end = stop if close < 0 else close + len(tag) + 3
    return _reading(name, values, start=pos, end=end, cut=close < 0)


def _reading(name: str, values: dict[str, object], *, start: int, end: int, cut: bool) -> Reading:
    return Reading(end, calls=(TextToolCall(name, values, start, end),), truncated=cut)


def _read_named_child(source: Source, pos: int) -> Reading | None:
    child = _NAME_CHILD.match(source.text, pos)
    name = source.tools.accept(child["name"]) if child else None
    if child is None or name is None:
        return None
    wrapper = _ARGUMENTS_CHILD.match(source.text, child.end())
    if wrapper is None:
        return _reading(name, {}, start=pos, end=child.end(), cut=child.end() >= len(source.text))
    close = source.text.find(f"</{wrapper['tag']}>", wrapper.end())
    stop = len(source.text) if close < 0 else close
    if source.text[wrapper.end() : wrapper.end() + 1] == "<":
        read = _read_children(source.text, wrapper.end(), stop=stop)
    else:
        read = read_object(source, wrapper.end(), name=name)
    values = read.values if read else {}
    end = stop if close < 0 else close + len(wrapper["tag"]) + 3
    return _reading(name, values, start=pos, end=end, cut=bool(read and read.cut))


def _read_parameters(text: str, pos: int) -> Arguments:
    values: dict[str, object] = {}
    cut = False
    while (head := _PARAMETER.match(text, pos)) is not None:
        attribute = _VALUE_ATTRIBUTE.search(head["rest"])
        if attribute is not None:
            values[head["key"]] = _typed(attribute["value"], head["rest"])
            ending = (
                None if head["empty"] else _PARAMETER_END.match(text, _skip_blank(text, head.end()))
            )
            pos = ending.end() if ending else head.end()
        else:
            stop, pos, cut = _find_parameter_end(text, head.end())
            values[head["key"]] = _typed(text[head.end() : stop], head["rest"])
        pos = _skip_blank(text, pos)
    if text.startswith("<", pos) and ">" not in text[pos:]:
        return Arguments(values, len(text), cut=not text.startswith("</", pos))
    return Arguments(values, pos, cut)


def _find_parameter_end(text: str, start: int) -> tuple[int, int, bool]:
    """Return where a parameter's text ends, where to go on, and whether it was cut off."""
    ending = _END_OR_NEXT.search(text, start)
    if ending is not None:
        is_end = _PARAMETER_END.match(text, ending.start()) is not None
        return ending.start(), ending.end() if is_end else ending.start(), False
    partial = re.search(r"</?[\w:=\"' ]*\Z", text[start:])
    return start + partial.start() if partial else len(text), len(text), True


def _typed(written: str, attributes: str) -> object:
    if _TEXT_TYPE.search(attributes):
        return written
    trimmed = written.removeprefix("\n").removesuffix("\n")
    value = read_text(trimmed)
    if isinstance(value, str):
        return trimmed.strip() if "\n" not in trimmed.strip() else trimmed
    return value


def _stop_of(text: str, body: int) -> int:
    following = _NEXT.search(text, body)
    return following.start() if following else len(text)


def _read_children(text: str, pos: int, *, stop: int) -> Arguments:
    """Read elements that are named after the parameters."""
    values: dict[str, object] = {}
    cut = False
    while (child := _CHILD.match(text, pos, stop)) is not None:
        values[child["key"]] = _typed(child["value"], "")
        pos, cut = child.end(), child["end"] == ""
    return Arguments(values, _skip_blank(text, pos), cut)


def _skip_blank(text: str, pos: int) -> int:
    while pos < len(text) and text[pos] in SPACE:
        pos += 1
    return pos
