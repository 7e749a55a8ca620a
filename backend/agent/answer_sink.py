"""Answer text on its way into a run's log.

Four things may hold a piece back for a moment: it may be a tool call written as text, half a stop
string, half a citation marker, or half a link. Text that turns out to have stood before a call is
made a remark afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backend.agent import made_files
from backend.agent.file_links import FileLinks
from backend.agent.markers import MarkerFilter
from backend.agent.reply import Stopped
from backend.agent.run import Run
from backend.agent.run_log import Told
from backend.agent.tool_call_text.gate import CallTextGate
from backend.agent.tool_call_text.reply import TextToolCall
from backend.kit.stop_strings import StopFilter
from backend.ports.values import JsonObject


class AnswerSink:
    """Show streamed text as the answer, as soon as it is certain that it is one.

    `tools` (names with their parameter names) turns on the search for calls written as text.
    `demotes` makes text before a call a remark; otherwise it stays part of the answer.
    `silent` tells that nothing but white space has been shown.
    """

    def __init__(
        self,
        run: Run,
        *,
        tools: Mapping[str, Sequence[str]] | None = None,
        demotes: bool = True,
    ) -> None:
        self._run = run
        self._demotes = demotes
        self._gate = CallTextGate(tools=tools) if tools else None
        template = run.request.template
        self._stop = StopFilter(template.stop) if template.stop else None
        self._tokens: list[JsonObject] | None = [] if template.logprobs is not None else None
        self._ahead = 0
        self._markers = MarkerFilter(run.citations) if run.citations or run.sought else None
        addresses = made_files.addresses(run)
        self._links = FileLinks(addresses) if addresses else None
        self._start = len(run.log.items)
        self.silent = True

    @property
    def passes_all(self) -> bool:
        """Tell whether nothing is looked for, so that text may go to the log by the shortest way."""
        looks = (self._gate, self._stop, self._markers, self._links, self._tokens)
        return all(look is None for look in looks)

    @property
    def stopped(self) -> bool:
        """Tell whether a stop string of the caller has ended the text."""
        return self._stop is not None and self._stop.hit

    def feed(self, text: str) -> None:
        """Take a piece of the model's text.

        Raises:
            Stopped: when one of the caller's stop strings was in it; what goes before it is shown.
        """
        if self._tokens is not None and type(text) is Told:
            self._tokens += text.logprobs
        self._show(self._gate.feed(text) if self._gate is not None else text)
        if self.stopped:
            raise Stopped

    def close(self, *, has_calls: bool) -> tuple[TextToolCall, ...]:
        """End the text; give the calls found in it, before which all text was a remark."""
        calls: tuple[TextToolCall, ...] = ()
        if self._gate is not None:
            rest, parsed = self._gate.close()
            calls = parsed.calls
            self._show(rest)
        if self._stop is not None:
            self._mark(self._stop.close())
        if self._markers is not None:
            self._link(self._markers.close())
        if self._links is not None:
            self._add(self._links.close())
        if self._tokens and not (self.stopped or has_calls or calls):
            self._run.log.add(Told("", tuple(self._tokens)))
        if self._demotes and (has_calls or calls):
            self._run.log.demote(self._start)
        return calls

    def _show(self, text: str) -> None:
        if text:
            self._mark(self._stop.feed(text) if self._stop is not None else text)

    def _mark(self, text: str) -> None:
        if text:
            self._link(self._markers.feed(text) if self._markers is not None else text)

    def _link(self, text: str) -> None:
        if text:
            self._add(self._links.feed(text) if self._links is not None else text)

    def _add(self, text: str) -> None:
        if text:
            self.silent = self.silent and not text.strip()
            self._run.log.add(text if self._tokens is None else self._told(text))

    def _told(self, text: str) -> Told:
        """Give a piece the tokens that end in it: those of what is held back come with it later."""
        tokens = self._tokens or []
        self._ahead += len(text)
        taken = 0
        while taken < len(tokens) and len(tokens[taken]["token"]) <= self._ahead:
            self._ahead -= len(tokens[taken]["token"])
            taken += 1
        found, self._tokens = tuple(tokens[:taken]), tokens[taken:]
        return Told(text, found)
