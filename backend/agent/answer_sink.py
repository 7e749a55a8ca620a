"""Answer text on its way into a run's log.

Three things may hold a piece back for a moment: it may be a tool call written as text, the model
may turn out to be thinking aloud before a call, or it may be half a citation marker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backend.agent.citing import MarkerFilter
from backend.agent.run import Run, Thought
from backend.agent.tool_call_text.gate import CallTextGate
from backend.agent.tool_call_text.reply import TextToolCall


class AnswerSink:
    """Show streamed text as the answer, as soon as it is certain that it is one.

    `tools` (names with their parameter names) turns on the search for calls written as text.
    `hold_chars` is how much text is kept back at first, to be shown as thought when a call follows.
    """

    def __init__(
        self, run: Run, *, tools: Mapping[str, Sequence[str]] | None = None, hold_chars: int = 0
    ) -> None:
        self._run = run
        self._gate = CallTextGate(tools=tools) if tools else None
        self._markers = MarkerFilter(run.citations) if run.citations else None
        self._hold_chars = hold_chars
        self._held = ""

    def feed(self, text: str) -> None:
        """Take a piece of the model's text."""
        if self._gate is not None:
            text = self._gate.feed(text)
        if self._hold_chars:
            self._held += text
            if len(self._held) < self._hold_chars:
                return
            text, self._held, self._hold_chars = self._held, "", 0
        if text:
            self._show(text)

    def close(self, *, has_calls: bool) -> tuple[TextToolCall, ...]:
        """End the text; give the calls found in it and show what was held."""
        calls: tuple[TextToolCall, ...] = ()
        if self._gate is not None:
            rest, parsed = self._gate.close()
            calls = parsed.calls
            self._held += rest if self._hold_chars else ""
            if rest and not self._hold_chars:
                self._show(rest)
        if self._held and (has_calls or calls):
            self._run.log.add(Thought(self._held.rstrip() + "\n"))
        elif self._held:
            self._show(self._held)
        if self._markers is not None:
            self._add(self._markers.close())
        return calls

    def _show(self, text: str) -> None:
        self._add(self._markers.feed(text) if self._markers is not None else text)

    def _add(self, text: str) -> None:
        if text:
            self._run.log.add(text)
