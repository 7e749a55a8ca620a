"""Calls written as a line of code, or as a block of such lines.

For `f(a=1)`, `result = f(a=1)` and `print(f(a=1))`. Not for bracketed lists (`json_calls.py`).
"""

import builtins
import keyword
import re
from dataclasses import dataclass

from backend.agent.tool_call_text.json_calls import to_calls
from backend.agent.tool_call_text.names import ToolNames
from backend.agent.tool_call_text.python_calls import NAME, CodeCall, read_call
from backend.agent.tool_call_text.reply import Reading
from backend.agent.tool_call_text.source import Source

PREFIX = (
    r"(?:>>> )?(?:(?:const|let|var|return|await) +)*"
    r"(?:[^\W\d]\w*(?:\[[^\]\n]{1,20}\])? *(?:: *\w+ *)?= *)?(?:await +)?(?:print\( *)?"
)
"""The pattern of what stands before a call in a statement."""

RESULT = (
    r"(?:>>> )?(?:(?:const|let|var) +[^\W\d]\w* *= *)?(?:(?:results?|response|res|output|answer|ret"
    r"|[^\W\d_]+(?:_\w+|\d+)) *= *)?(?:await +)?(?:print\( *)?"
)
"""The same where prose may stand as well: the variable's name cannot be a word of prose."""

_STATEMENT = re.compile(rf"[ \t]*{PREFIX}(?={NAME}[ \t]*\()")
_SKIPPED_LINE = re.compile(
    r"[ \t]*(?:(?:\#|//|import\s|from\s|pass\b|\"\"\"|'''|asyncio\.run)[^\n]*)?(?:\n|\Z)"
)
_LINE_END = re.compile(
    r"[ \t)\]]*[;,.]?[ \t]*`{0,3}\*{0,3}[.;,]?[ \t]*(?:(?:\#|//)[^\n]*|<[^>\n]{1,40}>\s*)?(?:\n|\Z)"
)
_NEXT_ON_LINE = re.compile(rf"[ \t]*(?:[;,&|]|and)?[ \t]*(?={NAME}\()")
_EXAMPLE = re.compile(r"(?i)\b(?:e\.?g|for example|such as|example|usage|syntax|like)\b")
_ANNOUNCED = re.compile(r"[:=] `{0,2}\Z")
_INTENT = re.compile(
    r"(?i)\b(?:I(?:'ll| will| am going to| need to| should| must|'m going to)|let me|let's)\b"
)
_SIGNATURE_PART = re.compile(r"\s*(?:\.\.\.|…|[^\W\d]\w*\s*:\s*[A-Za-z])")
_LITERAL = re.compile(
    r"""\s*(?:["'\[{(\-+\d“‘]|[rbf]["']|true\b|false\b|null\b|True\b|False\b|None\b)"""
)
_TYPES = frozenset({"str", "int", "float", "bool", "list", "dict", "string", "number", "object"})
_NOT_TOOLS = frozenset(dir(builtins)) | frozenset(keyword.kwlist) | {
    "switch", "catch", "function", "typeof", "console.log", "require", "main", "plt.show",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    calls: list[CodeCall]
    end: int


def read_line(source: Source, start: int, *, inline: bool = False) -> Reading | None:
    """Read the calls that begin at `start` and fill the rest of their line.

    `inline` says that prose stands before them on the line.
    """
    line = _read_line(source, start, stop=len(source.text))
    if line is None or not all(_is_invocation(call, source.tools) for call in line.calls):
        return None
    if inline and not _is_meant(source.text, start):
        return None
    calls = to_calls(line.calls, source.tools)
    if calls is None:
        return None
    return Reading(line.end, calls=calls, truncated=line.calls[-1].cut)


def read_block(source: Source, start: int, stop: int, *, lenient: bool = False) -> Reading | None:
    """Read the block from `start` to `stop` if it consists of calls.

    `lenient` says that the block is labelled as calls, so that other code in it is passed over.
    """
    found = find_statements(source, start, stop, lenient=lenient)
    calls = to_calls(found, source.tools, marked=lenient) if found else None
    if not found or calls is None:
        return None
    return Reading(stop, calls=calls, truncated=found[-1].cut)


def find_statements(
    source: Source, start: int, stop: int, *, lenient: bool = False
) -> list[CodeCall] | None:
    """Return the calls between `start` and `stop`; None if there is code of another kind."""
    found: list[CodeCall] = []
    pos = start
    while pos < stop:
        skipped = _SKIPPED_LINE.match(source.text, pos, stop)
        if skipped is not None and skipped.end() > pos:
            pos = skipped.end()
            continue
        line = _read_statement(source, pos, stop=stop)
        if line is not None:
            found += line.calls
            pos = max(line.end, pos + 1)
        elif lenient:
            newline = source.text.find("\n", pos, stop)
            pos = stop if newline < 0 else newline + 1
        else:
            return None
    return found


def _read_statement(source: Source, pos: int, *, stop: int) -> _Line | None:
    prefix = _STATEMENT.match(source.text, pos, stop)
    if prefix is None:
        return None
    line = _read_line(source, prefix.end(), stop=stop)
    if line is None:
        bare = read_call(source.text, prefix.end(), limit=stop)
        return None if bare is None or bare.name not in _NOT_TOOLS else _Line([], bare.end)
    is_printed = source.text[pos : prefix.end()].rstrip().endswith("print(")
    if is_printed or all(call.name in _NOT_TOOLS for call in line.calls):
        is_tools = all(_names_tool(call, source.tools) for call in line.calls)
        line = line if is_tools else _Line([], line.end)
    return line if all(_is_invocation(call, source.tools) for call in line.calls) else None


def _names_tool(call: CodeCall, tools: ToolNames) -> bool:
    return call.name not in _NOT_TOOLS and tools.resolve(call.name) is not None


def _read_line(source: Source, start: int, *, stop: int) -> _Line | None:
    text = source.text
    calls: list[CodeCall] = []
    pos = start
    while (call := read_call(text, pos, limit=stop, meter=source)) is not None:
        calls.append(call)
        line_end = _LINE_END.match(text, call.end, stop)
        if line_end is not None:
            return _Line(calls, _trim_newline(text, line_end))
        following = _NEXT_ON_LINE.match(text, call.end, stop)
        if following is None:
            source.charge(start, call.end)
            return None
        pos = following.end()
    return None


def _trim_newline(text: str, line_end: re.Match[str]) -> int:
    end = line_end.end()
    return end - 1 if end > line_end.start() and text[end - 1] == "\n" else end


def _is_invocation(call: CodeCall, tools: ToolNames) -> bool:
    """Tell a call from a signature, a formula or code that only looks like one."""
    name = tools.resolve(call.name)
    if name is None or (not tools.are_known and call.name in _NOT_TOOLS):
        return False
    if _is_signature(call, tools.parameters(name)):
        return False
    if tools.are_known or call.keywords:
        return True
    is_formula = not all(_LITERAL.match(part) for part in call.sources)
    return call.closed and not is_formula and (call.sources != () or len(call.name) > 1)


def _is_signature(call: CodeCall, parameters: tuple[str, ...]) -> bool:
    if any(_SIGNATURE_PART.match(part) or part.strip() in parameters for part in call.sources):
        return True
    written = [str(item) for item in call.keywords.values()]
    has_blank = any(item in {"...", "…"} for item in written)
    return has_blank or (written != [] and all(item in _TYPES for item in written))


def _is_meant(text: str, start: int) -> bool:
    """Tell a call that prose announces from one that it explains."""
    line_start = text.rfind("\n", 0, start) + 1
    if _EXAMPLE.search(text, line_start, start):
        return False
    is_announced = _ANNOUNCED.search(text, line_start, start) is not None
    return is_announced or _INTENT.search(text, line_start, start) is not None
