"""Plain chat: the model answers by itself, with the caller's own tools if there are any."""

from __future__ import annotations

from collections.abc import Sequence

from backend.agent import text_protocol
from backend.agent.answer_sink import AnswerSink
from backend.agent.loose_object import is_json
from backend.agent.reply import Reply, ask
from backend.agent.run import Run
from backend.agent.toolbox import parameter_names
from backend.errors import UpstreamGarbage
from backend.ports.values import ChatMessage, JsonObject, ToolCall


async def chat(run: Run, messages: Sequence[ChatMessage]) -> None:
    """Answer from the model alone; client tools are offered and their calls end the turn."""
    if client_tools(run):
        await _with_client_tools(run, messages)
        return
    await _alone(run, messages)


async def chat_or_call(
    run: Run, messages: Sequence[ChatMessage], *, specs: Sequence[JsonObject]
) -> tuple[ToolCall, ...]:
    """Answer, but with this server's tools at hand; calls come back for ReAct to carry on with."""
    sink = AnswerSink(run, tools=parameter_names(specs))
    request = run.model_request(messages, tools=specs)
    reply = await ask(run, request, show=sink.feed)
    written = sink.close(has_calls=bool(reply.tool_calls))
    run.finish_reason = reply.finish_reason
    return reply.tool_calls or text_protocol.as_calls(written)


async def demanded_call(run: Run, messages: Sequence[ChatMessage]) -> tuple[ToolCall, ...]:
    """Have the model make the call of one of this server's tools that the caller demands.

    Raises:
        UnsupportedByModel: when the model does not manage one.
    """
    wanted = run.request.first_tools
    specs = [one for one in run.parts.toolbox.specs if one["function"]["name"] in wanted]
    if not specs:
        return ()
    call = await text_protocol.decide(run, messages, specs=specs, must_call=True)
    return (call,) if call else ()


async def _with_client_tools(run: Run, messages: Sequence[ChatMessage]) -> None:
    tools = run.request.client_tools
    choice = run.request.tool_choice
    forced = choice not in (None, "auto") and not run.model.can("tool_choice")
    if forced or not run.model.can("tools"):
        specs = _chosen(tools, choice)
        call = await text_protocol.decide(run, messages, specs=specs, must_call=forced)
        if call is None:
            await _alone(run, messages)
            return
        reply = Reply(tool_calls=(call,))
    else:
        request = run.model_request(messages, tools=tools, tool_choice=choice)
        sink = AnswerSink(run, tools=parameter_names(tools), demotes=False)
        reply = await ask(run, request, show=sink.feed)
        written = sink.close(has_calls=False)  # as with OpenAI, text may stand beside calls
        reply.tool_calls = reply.tool_calls or text_protocol.as_calls(written)
    run.client_calls = callers(run, reply.tool_calls)
    if reply.tool_calls and not run.client_calls and not reply.content.strip():
        await _alone(run, messages)  # it called what nobody has
        return
    run.finish_reason = "tool_calls" if run.client_calls else reply.finish_reason


async def _alone(run: Run, messages: Sequence[ChatMessage]) -> None:
    reply = await ask(run, run.model_request(messages), show=run.log.add)
    run.finish_reason = reply.finish_reason
    template = run.request.template
    whole = reply.finish_reason == "stop" and not template.stop
    if template.response_schema is not None and whole and not is_json(reply.content):
        raise UpstreamGarbage("The model did not answer in the form that was asked for")


def client_tools(run: Run) -> Sequence[JsonObject]:
    """Give the caller's own tools, unless it wants none of them called."""
    return () if run.request.tool_choice == "none" else run.request.client_tools


def callers(run: Run, calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
    """Pick the calls that the caller carries out; a tool it does not have never reaches it."""
    known = {tool["function"]["name"] for tool in client_tools(run)}
    own = [call for call in calls if call["function"]["name"] in known]
    return tuple(own if run.request.parallel_tool_calls else own[:1])


def _chosen(tools: Sequence[JsonObject], choice: str | JsonObject | None) -> Sequence[JsonObject]:
    if isinstance(choice, dict) and choice.get("type") == "function":
        named = choice["function"]["name"]
        return [tool for tool in tools if tool["function"]["name"] == named]
    return tools
