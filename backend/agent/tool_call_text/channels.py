"""Parts of a reply that are not for the user: thoughts, and the channels of the harmony format.

For leaving them out. Not for showing them: providers return thoughts in a field of their own.
"""

import re

from backend.agent.tool_call_text.names import clean_name
from backend.agent.tool_call_text.reply import Reading, TextToolCall
from backend.agent.tool_call_text.source import Source
from backend.agent.tool_call_text.values import SPACE
from backend.agent.tool_call_text.xml_calls import read_object

_ENDS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<thoughts>": "</thoughts>",
    "<reasoning>": "</reasoning>",
    "<reflection>": "</reflection>",
    "<scratchpad>": "</scratchpad>",
    "<seed:think>": "</seed:think>",
    "<|thought_start|>": "<|thought_end|>",
    "<|start_thinking|>": "<|end_thinking|>",
    "<|think_start|>": "<|think_end|>",
    "[think]": "[/think]",
    "◁think▷": "◁/think▷",
}
THOUGHT_MARKERS: tuple[str, ...] = tuple(_ENDS)
"""The markers behind which a thought begins, in lower case."""

HARMONY_MARKERS: tuple[str, ...] = ("<|channel|>", "<|start|>assistant")
"""The markers behind which a harmony message begins."""

NOISE = r"<\|(?:im_end|im_start|eot_id|eom_id|end_of_text|endoftext|begin_of_text|assistant|end)\|>"
"""The pattern of control tokens that mean nothing to a reader."""

_ORPHAN_END = re.compile("|".join(re.escape(end) for end in _ENDS.values()), re.IGNORECASE)
_CALL_IN_THOUGHT = re.compile(r"<(?:\|?tool_call|tool_call|function_call)", re.IGNORECASE)
_CALL_END = re.compile(rf"</(?:tool_call|function_call)>[{SPACE}]*\Z", re.IGNORECASE)
_HEADER = re.compile(
    r"(?:<\|start\|>assistant)?(?P<before>[^<]{0,120})(?:<\|channel\|>(?P<channel>\w+)"
    r"(?P<after>[^<]{0,160}))?(?:<\|constrain\|>[^<]{0,40})?(?P<body><\|message\|>)?"
)
_RECIPIENT = re.compile(r"\bto=([\w.\-:/]+)")
_MESSAGE_END = re.compile(r"<\|(?:end|call|return|start|channel)\|>")


def find_reply_start(text: str) -> int:
    """Return where the reply begins if its thoughts end without having been opened; else 0.

    Chat templates put the opening marker into the prompt, so it is missing from what models write.
    """
    end = _ORPHAN_END.search(text)
    if end is None:
        return 0
    opening = next(start for start, close in _ENDS.items() if close == end[0].casefold())
    return end.end() if opening not in text[: end.start()].casefold() else 0


def read_thought(source: Source, start: int) -> Reading | None:
    """Read the thought at `start` to its end.

    An unclosed thought ends early at a marked call that ends the reply: models forget the marker.
    """
    head = source.text[start : start + 24].casefold()
    opening = next(marker for marker in _ENDS if head.startswith(marker))
    end = re.compile(re.escape(_ENDS[opening]), re.IGNORECASE).search(source.text, start)
    if end is not None:
        return Reading(end.end())
    call = _CALL_IN_THOUGHT.search(source.text, start)
    if call is not None and _CALL_END.search(source.text, max(start, len(source.text) - 60)):
        return Reading(call.start())
    return Reading(len(source.text))


def read_harmony(source: Source, start: int) -> Reading | None:
    """Read one harmony message: a call, an analysis to leave out or an answer to keep."""
    text = source.text
    header = _HEADER.match(text, start)
    if header is None or (header["body"] is None and header.end() < len(text)):
        return Reading(header.end() if header else start + 1)
    about = f"{header['before']} {header['after'] or ''}"
    recipient = _RECIPIENT.search(about)
    if recipient is not None:
        return _read_harmony_call(source, start, header.end(), recipient=recipient[1])
    ending = _MESSAGE_END.search(text, header.end())
    stop = ending.start() if ending else len(text)
    end = ending.end() if ending and ending[0] not in {"<|start|>", "<|channel|>"} else stop
    is_answer = header["channel"] == "final" or (header["channel"] == "commentary")
    return Reading(max(end, start + 1), kept=((header.end(), stop),) if is_answer else ())


def _read_harmony_call(source: Source, start: int, body: int, *, recipient: str) -> Reading | None:
    name = source.tools.accept(clean_name(recipient))
    if name is None:
        return None
    ending = _MESSAGE_END.search(source.text, body)
    if body >= len(source.text):
        return Reading(body, calls=(TextToolCall(name, {}, start, body),), truncated=True)
    arguments = read_object(source, body, name=name)
    values = arguments.values if arguments else {}
    pos = arguments.end if arguments else body
    if ending is not None and ending.start() < pos:
        ending = _MESSAGE_END.search(source.text, pos)
    end = pos if ending is None else ending.end()
    if ending is not None and ending[0] in {"<|start|>", "<|channel|>"}:
        end = ending.start()
    cut = arguments is None or arguments.cut
    return Reading(end, calls=(TextToolCall(name, values, start, end),), truncated=cut)
