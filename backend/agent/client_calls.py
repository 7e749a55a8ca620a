"""Calls of the caller's own tools: which may be made, which must be, and that they are sound.

`tool_choice` is about the caller's tools, as with OpenAI: `required` and a named function end the
turn in a call of one of them, whatever this server's tools did before. Only where a caller brings no
tool does a call of this server's satisfy it. Not for: calls of this server's tools (`acting`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import orjson

from backend.agent import prompts, text_protocol
from backend.agent.acting import Arguments
from backend.agent.answer_form import check_of, fault_in
from backend.agent.asking import with_own_ids
from backend.agent.loose_object import read_object
from backend.agent.reply import Reply, ask
from backend.agent.run import Run, TurnRequest
from backend.agent.structured import NotStructured, ask_json
from backend.agent.tool_call_text.gate import CallTextGate
from backend.agent.tool_call_text.names import ToolNames, names_of
from backend.agent.toolbox import parameter_names
from backend.errors import InvalidStructuredOutput, UnsupportedByModel
from backend.kit.json_values import dump_json
from backend.ports.values import ChatMessage, JsonObject, ToolCall

Specs = Sequence[JsonObject]


def client_tools(run: Run) -> Specs:
    """Give the caller's own tools that may be called: none of them, the one it named, or all."""
    return _among(run.request.client_tools, run.request.tool_choice)


def demanded_tools(run: Run, *, called: bool = False) -> Specs:
    """Give the tools of which one must be called before the turn may end; mostly there are none.

    `called` tells that one of this server's has been called already.
    """
    request = run.request
    if request.tool_choice in (None, "auto", "none"):
        return ()
    if request.client_tools:
        return client_tools(run)
    return () if called else _among(run.parts.toolbox.specs, request.tool_choice)


async def demanded(run: Run, messages: Sequence[ChatMessage], specs: Specs) -> Sequence[ToolCall]:
    """Make the model call one of some tools: natively if it can, else by a constrained decision.

    The caller's limit of tokens does not hold for it: a call that is cut is none.

    Raises:
        UnsupportedByModel: when the model does not manage a call.
    """
    if run.model.can("tools"):
        request = run.inner_request(
            prompts.with_system(messages, prompts.must_call([*map(name_of, specs)])),
            tools=specs,
            tool_choice=run.request.tool_choice,
        )
        gate = CallTextGate(tools=parameter_names(specs))
        reply = await ask(run, request, show=gate.feed)
        calls = reply.tool_calls or text_protocol.as_calls(gate.close()[1].calls)
        known = known_calls(calls, specs)
        if known:
            return known
    call = await text_protocol.decide(run, messages, specs=specs, must_call=True)
    known = known_calls([call] if call else [], specs)
    if known:
        return known
    msg = f"The model '{run.model.id}' did not make the call that tool_choice demands"
    raise UnsupportedByModel(msg, param="tool_choice")


def ask_again(messages: Sequence[ChatMessage], reply: Reply, *, specs: Specs) -> list[ChatMessage]:
    """Give the conversation with what to say to a model that called what nobody has."""
    written = [name_of(call) for call in reply.tool_calls]
    said = f"I call {', '.join(name[:100] for name in written)}."
    return [
        *messages,
        {"role": "assistant", "content": said},
        {"role": "user", "content": prompts.no_such_tool(written, [*map(name_of, specs)])},
    ]


def known_calls(calls: Sequence[ToolCall], specs: Specs) -> list[ToolCall]:
    """Pick the calls of known tools, however a model bent their names; no other ever reaches a caller."""
    names = names_of(parameter_names(specs))
    found: list[ToolCall] = []
    for call in calls:
        name = names.resolve(name_of(call))
        if name is not None:
            arguments = _as_object(names, name, call["function"]["arguments"])
            found.append({**call, "function": {"name": name, "arguments": arguments}})
    return found


def one_or_all(run: Run, calls: Sequence[ToolCall]) -> list[ToolCall]:
    """Keep the first call only, where the caller wants no parallel ones."""
    return list(calls if run.request.parallel_tool_calls else calls[:1])


async def callers(
    run: Run, messages: Sequence[ChatMessage], calls: Sequence[ToolCall]
) -> tuple[ToolCall, ...]:
    """Pick the calls that the caller carries out, with arguments that fit where its tool is strict.

    Raises:
        InvalidStructuredOutput: when the model does not manage arguments that fit.
    """
    specs = client_tools(run)
    own = with_own_ids(one_or_all(run, known_calls(calls, specs)), set())
    functions: dict[str, JsonObject] = {name_of(spec): spec["function"] for spec in specs}
    return tuple([await _fitting(run, messages, it, functions[name_of(it)]) for it in own])


async def check_tools(request: TurnRequest) -> None:
    """Refuse strict functions whose schema is not valid, before any model call.

    Raises:
        InvalidRequest: naming the function's parameters.
    """
    for at, tool in enumerate(request.client_tools):
        await check_of(tool["function"], param=_param(at))


def name_of(one: JsonObject | ToolCall) -> str:
    """Give the name of the function of a spec or a call."""
    name: str = one["function"]["name"]
    return name


async def _fitting(
    run: Run, messages: Sequence[ChatMessage], call: ToolCall, function: JsonObject
) -> ToolCall:
    """Ask once more for the arguments of a strict function that do not fit, under its schema."""
    at = [name_of(one) for one in run.request.client_tools].index(name_of(call))
    check = await check_of(function, param=_param(at))
    if check is None:
        return call
    given = call["function"]["arguments"]
    fault = await fault_in(orjson.loads(given), check, param=_param(at))
    if fault is None:
        return call
    told = f"Your call {name_of(call)}({given}) is wrong: {fault}. Reply with the right arguments."
    asked: list[ChatMessage] = [*messages, {"role": "user", "content": told}]
    mended: dict[str, Any] = {}
    try:
        mended = (
            await ask_json(run, asked, shape=Arguments, schema=function["parameters"], attempts=1)
        ).root
        fault = await fault_in(mended, check, param=_param(at))
    except NotStructured as exc:
        fault = str(exc)
    if fault is not None:
        msg = f"The model did not call '{name_of(call)}' with arguments that fit: {fault}"
        raise InvalidStructuredOutput(msg)
    return {**call, "function": {"name": name_of(call), "arguments": dump_json(mended)}}


def _among(specs: Specs, choice: str | JsonObject | None) -> Specs:
    if choice == "none":
        return ()
    if isinstance(choice, dict) and choice.get("type") == "function":
        named: str = choice["function"]["name"]
        return [spec for spec in specs if name_of(spec) == named]
    return specs


def _as_object(names: ToolNames, name: str, text: str) -> str:
    """Give arguments as the text of a JSON object; what is none is taken for what it must mean."""
    try:
        found: Any = orjson.loads(text) if text.strip() else {}
    except orjson.JSONDecodeError:
        return dump_json(read_object(text) or {})
    if isinstance(found, dict):
        return text if text.strip() else "{}"
    if isinstance(found, list):
        return dump_json(names.name_positional(name, cast("list[object]", found)))
    return dump_json(names.name_text(name, str(found))) if found is not None else "{}"


def _param(at: int) -> str:
    return f"tools[{at}].function.parameters"
