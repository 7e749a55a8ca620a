"""An answer of a given form: held back until it is known to fit, asked for again when it does not.

Keep-alives and thoughts go out meanwhile. Not for: reading forms and judging answers (`answer_form`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.agent import prompts
from backend.agent.answer_form import AnswerForm
from backend.agent.reply import CUT, Reply, Stopped, ask
from backend.agent.run import Run
from backend.agent.run_log import Told
from backend.errors import InvalidStructuredOutput
from backend.kit.json_stream import JsonStream, bare_start, is_json
from backend.kit.stop_strings import StopFilter
from backend.ports.values import ChatMessage, JsonObject

ATTEMPTS = 2
SHOWN_CHARS = 4_000


async def taken(run: Run, form: AnswerForm, draft: str) -> Reply | None:
    """Take a draft that fits, unless the caller wants what only a new answer has."""
    template = run.request.template
    bounded = template.stop or template.max_output_tokens or template.logprobs is not None
    if not draft or bounded:
        return None
    formed = await form.read(draft)
    if formed.text is None or formed.fault is not None:
        return None
    run.log.add(formed.text)
    return Reply(content=formed.text)


async def in_form(run: Run, messages: Sequence[ChatMessage], form: AnswerForm) -> Reply:
    """Have the model answer in a form; it is told once what was wrong.

    Raises:
        InvalidStructuredOutput: when it does not keep to the form.
    """
    asked, fault = list(messages), ""
    for attempt in range(ATTEMPTS):
        view = _View(run, form)
        changes: JsonObject = {"temperature": 0.0} if attempt else {}
        reply = await ask(run, run.model_request(asked, stop=(), **changes), show=view.feed)
        if reply.stopped or reply.finish_reason in CUT:
            view.end(None)
            return reply
        formed = await form.read(view.said())
        done = formed.fault is None or (form.accepts(formed) and (attempt or view.shown))
        if done and (not view.shown or is_json(view.shown)):
            view.end(formed.text)
            return replace(reply, finish_reason="stop", tool_calls=())
        fault = formed.fault or "it is not JSON"
        if view.shown:
            break
        asked = [*messages, *_corrected(run, reply.content, fault)]
    msg = f"The model did not answer in the form that was asked for: {fault}"
    raise InvalidStructuredOutput(msg)


def _corrected(run: Run, said: str, fault: str) -> list[ChatMessage]:
    told = prompts.not_in_form(fault, run.request.template.response_schema)
    return [
        {"role": "assistant", "content": said[:SHOWN_CHARS] or "-"},
        {"role": "user", "content": told},
    ]


class _View:
    """What is seen of an answer of a given form: as it comes where that may be, else at its end."""

    def __init__(self, run: Run, form: AnswerForm) -> None:
        template = run.request.template
        self._run = run
        self._stop = StopFilter(template.stop)
        self._tokens: list[JsonObject] = []
        self._pieces: list[str] = []
        self._shown: list[str] = []
        asks_more = template.stop or template.logprobs is not None
        live = run.request.live and not form.strict and not asks_more
        self._stream = JsonStream() if live else None

    def said(self) -> str:
        """All the model said, up to a stop string; to be asked for at its end."""
        self._pieces.append(self._stop.close())
        return "".join(self._pieces)

    @property
    def shown(self) -> str:
        """What has been shown already."""
        return "".join(self._shown)

    def feed(self, text: str) -> None:
        """Take a piece of the model's text."""
        if type(text) is Told:
            self._tokens += text.logprobs
        self._pieces.append(self._stop.feed(text))
        if self._stream is not None and (shown := self._stream.feed(text)):
            self._shown.append(shown)
            self._run.log.add(shown)
        if self._stop.hit:
            raise Stopped

    def end(self, text: str | None) -> None:
        """Show an answer, or with None what there is of one that was cut."""
        if self._shown:
            return
        said = self.said()
        start = bare_start(said) if text is None else said.find(text)
        text = said[start:] if text is None else text
        if not text:
            return
        if self._run.request.template.logprobs is None:
            self._run.log.add(text)
            return
        told: list[JsonObject] = []
        at = 0
        for token in self._tokens:
            end = at + len(token["token"])
            if end > start and at < start + len(text):
                told.append(token)
            at = end
        self._run.log.add(Told(text, tuple(told)))
