"""Chat with tools at hand: the caller's own, or this server's where the router was not sure.

Not for: answers without any (`answering`).
"""

from __future__ import annotations

from collections.abc import Sequence

from backend.agent import text_protocol
from backend.agent.answer_sink import AnswerSink
from backend.agent.answering import answer, call_or_answer_apart
from backend.agent.client_calls import (
    ask_again,
    callers,
    client_tools,
    demanded,
    demanded_tools,
    known_calls,
    one_or_all,
)
from backend.agent.reply import Reply, ask
from backend.agent.run import Run
from backend.agent.toolbox import REMOTE, parameter_names
from backend.ports.values import ChatMessage, JsonObject, ToolCall


async def chat_or_call(
    run: Run, messages: Sequence[ChatMessage], *, specs: Sequence[JsonObject]
) -> list[ToolCall]:
    """Answer, but with this server's tools at hand; calls come back for ReAct to carry on with."""
    if run.request.template.stop:
        reply = await call_or_answer_apart(run, messages, specs=specs)
        return one_or_all(run, reply.tool_calls)
    reply = await _speak(run, messages, specs=specs, demotes=True)
    run.finish_reason = reply.finish_reason
    return one_or_all(run, reply.tool_calls)


async def demanded_call(run: Run, messages: Sequence[ChatMessage]) -> tuple[ToolCall, ...]:
    """Have the model make the call that the caller demands, of a tool of ours, theirs or a server's.

    Raises:
        UnsupportedByModel: when the model does not manage one.
    """
    wanted = run.request.first_tools
    cards = run.parts.toolbox.available
    remote = {name for name, it in cards.items() if it.remote is not None and REMOTE in wanted}
    at_hand = [*run.parts.toolbox.specs, *client_tools(run)]
    specs = [one for one in at_hand if one["function"]["name"] in {*wanted, *remote}]
    if not specs:
        return ()
    call = await text_protocol.decide(run, messages, specs=specs, must_call=True)
    return (call,) if call else ()


async def chat_with_client_tools(run: Run, messages: Sequence[ChatMessage]) -> None:
    """Offer the caller's tools, or make the model call one; calls end the turn."""
    must = demanded_tools(run)
    if must:
        calls = await demanded(run, messages, must)
    else:
        calls = await _offered(run, messages)
    run.client_calls = await callers(run, messages, calls)
    if run.client_calls:
        run.finish_reason = "tool_calls"


async def _offered(run: Run, messages: Sequence[ChatMessage]) -> Sequence[ToolCall]:
    """Let the model call or answer, as it likes; the calls it makes."""
    specs = client_tools(run)
    if not run.model.can("tools"):
        call = await text_protocol.decide(run, messages, specs=specs)
        calls = known_calls([call] if call else [], specs)
        if not calls:
            await answer(run, messages)
        return calls
    reply = await _reply(run, messages, specs)
    if _is_lost(reply, specs):
        asked = ask_again(messages, reply, specs=specs)
        reply = await _reply(run, asked, specs)
    if _is_lost(reply, specs):
        await answer(run, messages)
    return reply.tool_calls


async def _reply(run: Run, messages: Sequence[ChatMessage], specs: Sequence[JsonObject]) -> Reply:
    if run.request.template.response_schema is not None:
        return await call_or_answer_apart(run, messages, specs=specs)
    reply = await _speak(run, messages, specs=specs, demotes=False)
    run.finish_reason = reply.finish_reason if reply.finish_reason != "tool_calls" else "stop"
    return reply


async def _speak(
    run: Run, messages: Sequence[ChatMessage], *, specs: Sequence[JsonObject], demotes: bool
) -> Reply:
    """Let the model call or answer in one go; as with OpenAI, text may stand beside client calls.

    Stop strings are left to the sink: an upstream would cut calls at them too.
    """
    sink = AnswerSink(run, tools=parameter_names(specs), demotes=demotes)
    choice = None if demotes else run.request.tool_choice
    request = run.model_request(messages, tools=specs, tool_choice=choice, stop=())
    reply = await ask(run, request, show=sink.feed)
    written = sink.close(has_calls=bool(reply.tool_calls))
    reply.tool_calls = reply.tool_calls or text_protocol.as_calls(written)
    if sink.stopped:
        reply.finish_reason, reply.tool_calls = "stop", ()
    return reply


def _is_lost(reply: Reply, specs: Sequence[JsonObject]) -> bool:
    """Tell whether a model called only what nobody has, and said nothing."""
    calls = reply.tool_calls
    return bool(calls) and not reply.content.strip() and not known_calls(calls, specs)
