"""The streaming entry: shows prose at once and holds back what may turn out to be a call.

For replies that arrive in pieces. Not for parsing: once the stream ends, the whole text goes
through `parse.py`, and what the gate has shown is the beginning of the prose found there.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from backend.agent.tool_call_text.channels import read_thought
from backend.agent.tool_call_text.fences import find_prose_body, find_prose_end
from backend.agent.tool_call_text.names import names_of
from backend.agent.tool_call_text.parse import parse_tool_calls, read_at
from backend.agent.tool_call_text.react_text import find_answer
from backend.agent.tool_call_text.reply import ParsedReply
from backend.agent.tool_call_text.source import Source
from backend.agent.tool_call_text.starts import find_start
from backend.agent.tool_call_text.tails import find_tail
from backend.agent.tool_call_text.values import SPACE

_UNDECIDED = frozenset({"fence", "json", "line", "inline"})
"""Kinds of starts that are worth a second look: the others are calls, or hold to the end."""

_MARGIN = 64
"""Characters that must stand behind a refused start before the refusal is final."""


class CallTextGate:
    """Pass on a streamed reply's prose.

    What it cannot take back: a thought whose opening marker stood in the prompt is shown until its
    closing marker comes.
    """

    def __init__(self, tools: Mapping[str, Sequence[str]] | None = None) -> None:
        """Take the tools as `parse_tool_calls` does."""
        self._tools = tools
        self._names = names_of(tools)
        self._pattern = find_start(self._names)
        self._text = ""
        self._pos = 0
        self._is_held = False
        self._is_answer = False
        self._retry_at = 0
        self._prose = _Prose()
        self._deciders: Mapping[str, Callable[[re.Match[str]], bool]] = {
            "deep": self._pass_brackets,
            "noise": self._drop_noise,
            "thought": self._decide_thought,
            "react": self._decide_react,
        }

    def feed(self, delta: str) -> str:
        """Take the next piece of the reply; return the text that can be shown now."""
        self._text += delta
        if self._is_held or len(self._text) < self._retry_at:
            return ""
        if self._is_answer:
            return self._show(len(self._text))
        shown = ""
        tail = find_tail(self._text, self._pos, names=self._names)
        while (found := self._pattern.search(self._text, self._pos)) is not None:
            if tail < found.start():
                break
            before = self._show(found.start())
            moved = self._decide(found)
            shown += before
            if not moved:
                return shown
            if self._is_answer:
                return shown + self._show(len(self._text))
        return shown + self._show(max(tail, self._pos))

    def close(self) -> tuple[str, ParsedReply]:
        """End the reply; return the text not shown yet and the whole parse."""
        parsed = parse_tool_calls(self._text, tools=self._tools)
        return self._prose.rest_of(parsed.text), parsed

    def _show(self, end: int) -> str:
        shown = self._prose.add(self._text[self._pos : end]) if end > self._pos else ""
        self._pos = max(self._pos, end)
        return shown

    def _decide(self, found: re.Match[str]) -> bool:
        """Move past a start that is no call; return False to wait for more text."""
        kind = found.lastgroup or ""
        if kind in self._deciders:
            return self._deciders[kind](found)
        if kind not in _UNDECIDED:
            self._is_held = True
            return False
        if kind == "fence" and self._pass_code(found.start()):
            return True
        return self._decide_by_reading(found)

    def _pass_brackets(self, found: re.Match[str]) -> bool:
        self._prose.add_later(found[0])
        self._pos = found.end()
        return found.end() < len(self._text)

    def _drop_noise(self, found: re.Match[str]) -> bool:
        self._prose.cut()
        self._pos = found.end()
        return True

    def _decide_thought(self, found: re.Match[str]) -> bool:
        reading = read_thought(Source(self._text, self._names), found.start())
        if reading is None or reading.end >= len(self._text):
            return False
        self._prose.cut()
        self._pos = reading.end
        return True

    def _decide_react(self, found: re.Match[str]) -> bool:
        answer = find_answer(self._text, found.start())
        if answer is None:
            return False
        self._prose.cut()
        self._pos, self._is_answer = answer, True
        return True

    def _pass_code(self, start: int) -> bool:
        """Pass a code block on as it comes once it is clear that it is an answer."""
        body = find_prose_body(Source(self._text, self._names), start)
        inside = None if body is None else self._pattern.match(self._text, body)
        if body is None or (inside is not None and inside.lastgroup in {"tag", "react"}):
            return False
        end = find_prose_end(self._text, body, opening=start)
        if end is None:
            return False
        self._prose.add_later(self._text[start:end])
        self._pos = end
        return True

    def _decide_by_reading(self, found: re.Match[str]) -> bool:
        source = Source(self._text, self._names)
        reading = read_at(source, found)
        if reading is not None and (reading.calls or reading.final_answer is not None):
            self._is_held = True
            return False
        end = found.start() + 1 if reading is None else reading.end
        seen = max(source.reached, end) if found.lastgroup != "line" else self._line_end(end)
        if seen + _MARGIN > len(self._text):
            self._retry_at = len(self._text) + (len(self._text) - found.start()) // 8
            return False
        self._prose.add_later(self._text[found.start() : end])
        self._pos = end
        return True

    def _line_end(self, start: int) -> int:
        newline = self._text.find("\n", start)
        return len(self._text) if newline < 0 else newline


class _Prose:
    """Put shown text together as the whole parse does: no space at the ends, one gap per cut."""

    def __init__(self) -> None:
        self._shown = ""
        self._space = ""
        self._later = ""
        self._is_cut = False

    def add(self, raw: str) -> str:
        """Add raw text; return what of it, and of what waited, can be shown."""
        raw, self._later = self._later + raw, ""
        stripped = raw.lstrip(SPACE)
        gap = self._space + raw[: len(raw) - len(stripped)]
        if not self._shown and not any(char.isalnum() for char in stripped):
            self._later = raw
            return ""
        if not stripped:
            self._space = gap
            return ""
        if not self._shown:
            gap = ""
        elif self._is_cut:
            gap = "\n\n" if "\n" in gap else " "
        core = stripped.rstrip(SPACE)
        self._space, self._is_cut = stripped[len(core) :], False
        self._shown += gap + core
        return gap + core

    def add_later(self, raw: str) -> None:
        """Add raw text that the next call of `add` shows."""
        self._later += raw

    def cut(self) -> None:
        """Note that something was taken out here."""
        self._is_cut = True

    def rest_of(self, text: str) -> str:
        """Return what of the final text has not been shown."""
        if text.startswith(self._shown):
            return text[len(self._shown) :]
        return ""
