"""Where in a text a call may begin.

For one pattern per set of tools, so that ordinary prose costs one regular-expression search. Not
for deciding whether it is a call: that is the readers' part.
"""

import re
from functools import lru_cache

from backend.agent.tool_call_text.channels import HARMONY_MARKERS, NOISE, THOUGHT_MARKERS
from backend.agent.tool_call_text.code_lines import PREFIX, RESULT
from backend.agent.tool_call_text.names import ToolNames
from backend.agent.tool_call_text.python_calls import NAME
from backend.agent.tool_call_text.tags import MARKERS
from backend.agent.tool_call_text.values import SPACE

_BULLET = r"(?:[-*•>] +|\d{1,2}[.)] +)?`{0,2}\*{0,3}"
_LABEL = r"(?:(?:(?:function|tool|api) )?calls?\*{0,3}:\*{0,3}\s*`{0,2})?"
_NAMESPACE = r"(?:[^\W\d]\w*(?:\.|::))*"
_DEEP = r"(?P<deep>(?:[\[{(]\s*){40,})"
_REACT = (
    r"(?P<react>[ \t>]{0,80}(?:\#{1,6} +)?[*_]{0,2}(?:thought|action|final answer|(?:tool|function)(?: name)?)(?:[ _]?\d{1,3})?"
    r"[*_]{0,2}[ \t]*:)"
)
_JSON = rf"""(?P<json>\{{[{SPACE}]*(?:["'“‘{{]|[A-Za-z_$][\w$]*\s*[:=])|\[[{SPACE}]*(?:[\[{{"'“‘]|{NAME}[ \t]*\())"""
_ESCAPED = r"""(?P<escaped>&lt;(?:\||/)?(?:tool|func|invoke)|[\[{][\s{]*(?:&quot;|&\#34;|&\#39;|&\#x27;|\\["n]))"""
_QUOTED = rf"""(?P<quoted>\A[{SPACE}]*"[{SPACE}]*[\[{{])"""
_CACHED_TOOL_SETS = 64


def find_start(names: ToolNames) -> re.Pattern[str]:
    """Return the pattern whose last group says which reader to try where it matches."""
    return _compile(tuple(sorted(names)) if names.are_known else None)


@lru_cache(maxsize=_CACHED_TOOL_SETS)
def _compile(tools: tuple[str, ...] | None) -> re.Pattern[str]:
    thought = "|".join(re.escape(marker) for marker in THOUGHT_MARKERS)
    harmony = "|".join(re.escape(marker) for marker in HARMONY_MARKERS)
    name = NAME if tools is None else written_forms(tools)
    marked = [
        _DEEP,
        rf"(?P<thought>{thought})",
        rf"(?P<harmony>{harmony})",
        rf"(?P<tag>{_tags(tools)})",
        rf"(?P<noise>{NOISE})",
        r"(?P<result><tool_response>|<\|tool_response\|>)",
        _QUOTED,
        _ESCAPED,
        r"(?P<fence>`{3,}|~{3,})",
        _JSON,
    ]
    lined = [
        _REACT,
        rf"[ \t]{{0,80}}{_BULLET}{_LABEL}{RESULT if tools else PREFIX}(?P<line>{name}[ \t]{{0,1}}\()",
        rf"[ \t]{{0,80}}`{{0,2}}(?P<named>{name}`{{0,2}}[ \t]*:?\s*(?:```(?:json)?\s*)?(?=\{{))"
        if tools is not None
        else rf"\A\s*(?P<named>{NAME}\s*\n?(?=\{{))",
    ]
    # Each position is tested by its first character before any alternative is tried.
    parts = [rf"(?=[\[{{(<&`~\"◁f{SPACE}])(?:{'|'.join(marked)})", rf"^(?:{'|'.join(lined)})"]
    if tools:
        parts.append(rf"(?:(?<=[:=.!?] )`{{0,2}}|(?<= )`{{1,2}})(?P<inline>{name}\()")
    return re.compile("|".join(parts), re.IGNORECASE | re.MULTILINE)


def _tags(tools: tuple[str, ...] | None) -> str:
    markers = sorted({re.escape(marker) for marker in MARKERS}, key=len, reverse=True)
    markers = [rf"(?<!\w){marker}" if marker[0].isalpha() else marker for marker in markers]
    namespaced = r"<[\w]+:(?:function_calls|tool_calls?|invoke name=|function=)[^>]?"
    elements = [rf"<(?:{written_forms(tools)})>"] if tools else []
    return "|".join([*markers, namespaced, *elements])


def written_forms(tools: tuple[str, ...]) -> str:
    """Return a pattern of the ways these names are written: other separators, a namespace."""
    if not tools:
        return r"(?!)"
    forms = {_any_separator(tool) for tool in tools}
    forms |= {_any_separator(tool.rsplit(".", 1)[1]) for tool in tools if "." in tool}
    longest_first = sorted(forms, key=len, reverse=True)
    return rf"(?<![\w.]){_NAMESPACE}(?:{'|'.join(longest_first)})(?!\w)"


def _any_separator(tool: str) -> str:
    words = [re.escape(word) for word in re.split(r"[._\-\s/:]+", tool) if word]
    return r"\\?[._\-]?".join(words) or r"(?!)"
