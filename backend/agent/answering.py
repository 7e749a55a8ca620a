"""The answer of a turn, in whatever mode: streamed, cut at stop strings, in the form asked for.

Where a form must be kept, the text is held back until it is known to fit; keep-alives and thoughts
go out meanwhile. Not for: calls (`chat`, `react`) or inner model calls (`structured`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.agent import prompts, text_protocol
from backend.agent.answer_form import AnswerForm, form_of
from backend.agent.answer_sink import AnswerSink
from backend.agent.reply import Reply, Stopped, ask
from backend.agent.run import Run
from backend.agent.run_log import Told
from backend.agent.tool_call_text.gate import CallTextGate
from backend.agent.toolbox import parameter_names
from backend.errors import InvalidStructuredOutput
from backend.kit.json_stream import JsonStream, bare_start, is_json
from backend.kit.stop_strings import StopFilter
from backend.ports.values import ChatMessage, JsonObject

ATTEMPTS = 2
SHOWN_CHARS = 4_000
CUT = ("length", "content_filter")


async def answer(run: Run, messages: Sequence[ChatMessage], *, draft: str = "") -> Reply:
    """Let the model answer; the reply has content when something was shown.

    `draft` is an answer it has given already without knowing the form: one that fits is taken.

    Raises:
        InvalidStructuredOutput: when it did not keep to the form, also when told what was wrong.
    """
    template = run.request.template
    run.form = run.form or await form_of(template.response_schema, strict=run.request.strict_schema)
    if run.form is None:
        reply = await _in_words(run, messages)
    else:
        taken = await _taken(run, run.form, draft)
        reply = taken or await _in_form(run, messages, run.form)
    run.finish_reason = reply.finish_reason
    return reply


async def call_or_answer_apart(
    run: Run, messages: Sequence[ChatMessage], *, specs: Sequence[JsonObject]
) -> Reply:
    """Decide in a call of its own, when what the caller wants of the answer would spoil a call.

    A schema or a stop word rules out most tool calls, and a short limit cuts them.
    """
    gate = CallTextGate(tools=parameter_names(specs))
    reply = await ask(run, run.inner_request(messages, tools=specs), show=gate.feed)
    _, parsed = gate.close()
    calls = reply.tool_calls or text_protocol.as_calls(parsed.calls)
    return Reply(tool_calls=calls) if calls else await answer(run, messages, draft=reply.content)


async def _in_words(run: Run, messages: Sequence[ChatMessage]) -> Reply:
    sink = AnswerSink(run)
    # A model's thoughts are no text of the caller's, but an upstream would stop in them too.
    changes: JsonObject = {"stop": ()} if run.model.can("thinking") else {}
    show = run.log.add if sink.passes_all else sink.feed
    reply = await ask(run, run.model_request(messages, **changes), show=show)
    if sink.passes_all:
        silent = not reply.content.strip()
    else:
        sink.close(has_calls=False)
        silent = sink.silent
    if sink.stopped:
        reply.finish_reason = "stop"
    reply.content = "" if silent else reply.content
    return reply


async def _taken(run: Run, form: AnswerForm, draft: str) -> Reply | None:
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


async def _in_form(run: Run, messages: Sequence[ChatMessage], form: AnswerForm) -> Reply:
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
