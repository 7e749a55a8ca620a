"""Read a Responses request into a turn. Pure: what must be looked up is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from backend.agent.run import Mode, TurnRequest
from backend.agent.toolbox import REMOTE
from backend.api.chat_request import MODES, PASSED_ON
from backend.api.responses.asked import Asked
from backend.api.responses.choice import Choice, read_choice
from backend.api.responses.input import chat_messages
from backend.api.responses.tools import ToolsAsked
from backend.errors import InvalidRequest, UnsupportedByModel
from backend.models.openai import IncludeEnum
from backend.models.responses import ResponseInput, ResponseRequest, TextFormat
from backend.ports.accounts import Principal
from backend.ports.models import ModelRequest
from backend.ports.tools import PassageBounds
from backend.ports.values import ChatMessage, JsonObject

TIERS = {"auto": "default", "fast": "priority"}
LOGPROBS = "message.output_text.logprobs"
INCLUDES = frozenset[str](get_args(IncludeEnum))


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """What a request only names: the tools, the items and messages it goes on from, the files."""

    tools: ToolsAsked
    items: Sequence[JsonObject]
    context: Sequence[ChatMessage] = ()
    conversation_id: str | None = None
    file_ids: tuple[str, ...] | None = None
    attributes: Mapping[str, JsonObject] = field(default_factory=dict[str, Any])


def check(body: ResponseInput) -> None:
    """Refuse what contradicts itself, cannot be honoured, or is not there, naming the field."""
    if body.model is None:
        _missing("model")
    if body.previous_response_id is not None and body.conversation is not None:
        msg = "previous_response_id and conversation exclude each other: give one of them"
        raise InvalidRequest(
            msg, param="previous_response_id", code="mutually_exclusive_parameters"
        )
    if body.input is None and body.previous_response_id is None and body.conversation is None:
        _missing("input")
    if isinstance(body, ResponseRequest):
        _check_answering(body)


def _check_answering(body: ResponseRequest) -> None:
    if body.stream_options is not None and not body.stream:
        raise InvalidRequest("stream_options needs stream: true", param="stream_options")
    if body.background and body.store is False:
        msg = "background needs store: true, or nobody could read the answer"
        raise InvalidRequest(msg, param="background")
    unknown = [one for one in body.include or () if one not in INCLUDES]
    if unknown:
        msg = f"'{unknown[0][:60]}' is not one of {', '.join(sorted(INCLUDES))}"
        raise InvalidRequest(msg, param="include")
    lacking = {"prompt": body.prompt, "context_management": body.context_management}
    for name, asked in {**lacking, "moderation": body.moderation}.items():
        if asked:
            msg = f"'{name}' is not supported by this server"
            raise UnsupportedByModel(msg, param=name)


def _missing(name: str) -> None:
    msg = f"Missing required parameter: '{name}'."
    raise InvalidRequest(msg, param=name, code="missing_required_parameter")


def read_request(
    body: ResponseRequest, found: LookedUp, *, caller: Principal, request_id: str
) -> Asked:
    """Put a request and what it names together.

    Raises:
        InvalidRequest: for what cannot be read, naming the field.
    """
    choice = read_choice(body.tool_choice, found.tools)
    new = chat_messages(found.items)
    turn = TurnRequest(
        user_id=caller.user.id,
        username=caller.user.username,
        role=caller.user.role,
        key_id=caller.key_id or "",
        requested_model=body.model or "",
        template=_template(body),
        messages=[*found.context, *(message for _, message in new)],
        taken_before=len(found.context),
        reads_documents=caller.reads_documents,
        keeps_files=body.store is not False,
        instructions=body.instructions or "",
        parallel_tool_calls=body.parallel_tool_calls is not False,
        file_ids=found.file_ids,
        passages=_passages(found.tools),
        metadata=dict(body.metadata or {}),
        max_tool_calls=body.max_tool_calls,
        session_id=found.conversation_id,
        reuse=body.x_cache,
        on_disconnect="finish" if body.background else body.on_disconnect,
        live=bool(body.stream),
        strict_schema=_is_strict(body),
        approvals=body.approvals or ("events" if found.tools.remote else "text"),
        request_id=request_id,
        **_tools(body, found.tools, choice, caller),
    )
    return Asked(
        turn=turn,
        echo=echo(body, found),
        items=found.items,
        origins=[at for at, _ in new],
        include=frozenset(body.include or ()),
        custom=frozenset(found.tools.custom),
        built_in=frozenset(choice.server),
        summarised=_summary(body) is not None,
        streamed=bool(body.stream),
        background=bool(body.background),
        store=body.store is not False,
        attributes=found.attributes,
        previous_id=body.previous_response_id,
        metadata=dict(body.metadata or {}),
    )


def _tools(
    body: ResponseRequest, asked: ToolsAsked, choice: Choice, caller: Principal
) -> dict[str, Any]:
    """Say which tools the turn has: those of ours that were named, or all where none were."""
    allowed = caller.allowed_tools
    if asked.server or asked.remote:
        allowed = frozenset(choice.server)
        if caller.allowed_tools is None or REMOTE in caller.allowed_tools:
            allowed |= {REMOTE}
    _, suffix = split_mode(body.model or "")
    given = "plan" if body.agent_type == "plan_execute" else body.agent_type
    mode: Mode = given or suffix or "auto"
    if mode == "auto" and choice.server and choice.client:
        mode = "react"  # both kinds side by side
    return {
        "mode": mode,
        "client_tools": choice.client,
        "tool_choice": choice.client_choice,
        "server_tools": choice.client_choice != "none",
        "allowed_tools": allowed,
        "tools_named": bool(choice.server),
        "remote_servers": choice.remote,
        "first_tools": choice.first,
    }


def _passages(tools: ToolsAsked) -> PassageBounds:
    """Bound what searches bring: of several, the widest bounds hold for all."""
    entries = [entry for _, entry in tools.file_search]
    most = [entry.get("max_num_results") or 0 for entry in entries]
    ranking: list[JsonObject] = [entry.get("ranking_options") or {} for entry in entries]
    least = [float(one.get("score_threshold") or 0) for one in ranking]
    return PassageBounds(
        most=max(most) if most and all(most) else 0, least_relevance=min(least, default=0.0)
    )


def split_mode(name: str) -> tuple[str, Mode | None]:
    """Split a model's name from the mode it is asked in."""
    for suffix, mode in MODES.items():
        if name.endswith(suffix) and len(name) > len(suffix):
            return name.removesuffix(suffix), mode
    return name, None


def _template(body: ResponseRequest) -> ModelRequest:
    model, _ = split_mode(body.model or "")
    form = body.text.format if body.text else None
    effort = body.reasoning.effort if body.reasoning else None
    return ModelRequest(
        model=model,
        messages=(),
        max_output_tokens=body.max_output_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        presence_penalty=body.presence_penalty,
        frequency_penalty=body.frequency_penalty,
        reasoning_effort="xhigh" if effort == "max" else effort,
        response_schema=_schema(form),
        logprobs=(body.top_logprobs or 0) if LOGPROBS in (body.include or ()) else None,
        options={key: value for key in PASSED_ON if (value := getattr(body, key)) is not None},
    )


def _is_strict(body: ResponseRequest) -> bool:
    form = body.text.format if body.text else None
    return form is not None and form.type == "json_schema" and form.strict is True


def _schema(form: TextFormat | None) -> JsonObject | str | None:
    if form is None or form.type == "text":
        return None
    if form.type == "json_object":
        return "json"
    if form.schema_ is None or form.name is None:
        field = "name" if form.name is None else "schema"
        msg = "A format of type json_schema needs a name and a schema"
        raise InvalidRequest(msg, param=f"text.format.{field}", code="missing_required_parameter")
    return form.schema_


def _summary(body: ResponseRequest) -> str | None:
    given = body.reasoning
    return (given.summary or given.generate_summary) if given else None


def echo(body: ResponseRequest, found: LookedUp) -> JsonObject:
    """Give the fields of an answer that repeat its request, with OpenAI's defaults for the rest."""
    reasoning, text = body.reasoning, body.text
    conversation = found.conversation_id
    optional = {
        "user": body.user,
        "prompt_cache_retention": body.prompt_cache_retention,
    }
    return {
        "background": bool(body.background),
        "conversation": {"id": conversation} if conversation else None,
        "frequency_penalty": body.frequency_penalty or 0.0,
        "instructions": body.instructions,
        "max_output_tokens": body.max_output_tokens,
        "max_tool_calls": body.max_tool_calls,
        "metadata": dict(body.metadata or {}),
        "model": body.model,
        "parallel_tool_calls": body.parallel_tool_calls is not False,
        "presence_penalty": body.presence_penalty or 0.0,
        "previous_response_id": body.previous_response_id,
        "prompt_cache_key": body.prompt_cache_key,
        "reasoning": {
            "effort": reasoning.effort if reasoning else None,
            "summary": _summary(body),
        },
        "safety_identifier": body.safety_identifier,
        "service_tier": TIERS.get(body.service_tier or "auto", body.service_tier),
        "store": body.store is not False,
        "temperature": 1.0 if body.temperature is None else body.temperature,
        "text": {
            "format": _format(text.format if text else None),
            "verbosity": (text.verbosity if text else None) or "medium",
        },
        "tool_choice": body.tool_choice or "auto",
        "tools": found.tools.shown,
        "top_logprobs": body.top_logprobs or 0,
        "top_p": 1.0 if body.top_p is None else body.top_p,
        "truncation": body.truncation or "disabled",
        **{name: value for name, value in optional.items() if value is not None},
    }


def _format(form: TextFormat | None) -> JsonObject:
    if form is None or form.type != "json_schema":
        return {"type": form.type if form else "text"}
    described = {} if form.description is None else {"description": form.description}
    return {
        "type": "json_schema",
        "name": form.name,
        "schema": form.schema_,
        "strict": form.strict,
        **described,
    }
