"""The answer of a turn, in whatever mode: streamed, cut at stop strings, in the form asked for.

Not for: calls (`chat`, `react`), inner model calls (`structured`) or how a form is kept to
(`formed_answer`).
"""

from __future__ import annotations

from collections.abc import Sequence

from backend.agent import text_protocol
from backend.agent.answer_form import form_of
from backend.agent.answer_sink import AnswerSink
from backend.agent.formed_answer import in_form, taken
from backend.agent.reply import Reply, ask
from backend.agent.run import Run
from backend.agent.tool_call_text.gate import CallTextGate
from backend.agent.toolbox import parameter_names
from backend.ports.values import ChatMessage, JsonObject


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
        fits = await taken(run, run.form, draft)
        reply = fits or await in_form(run, messages, run.form)
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
