"""Read a chat completion request into the turns it asks for. Pure: no I/O, no framework.

Not for: tools and messages in their many forms (`tool_forms`), or answers (`openai_wire`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from backend.agent.run import Mode, TurnRequest
from backend.api.tool_forms import PLAIN_CALLS, CallForms, read_messages, read_tools
from backend.errors import InvalidRequest, UnsupportedByModel
from backend.models.openai import ChatCompletionRequest, ResponseFormat
from backend.ports.accounts import Principal
from backend.ports.models import ModelRequest
from backend.ports.values import JsonObject

MODES: dict[str, Mode] = {"@chat": "chat", "@react": "react", "@plan": "plan"}
PASSED_ON = ("top_k", "min_p", "keep_alive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a chat completion request asks for: turns, one for each answer, and how calls are written."""

    turns: Sequence[TurnRequest]
    forms: CallForms = PLAIN_CALLS


def read_request(body: ChatCompletionRequest, *, caller: Principal, request_id: str) -> Asked:
    """Read a chat completion request.

    Raises:
        InvalidRequest: for combinations the schema alone does not refuse, naming the field.
    """
    _refuse(body)
    tools = read_tools(body)
    model, suffix = _split_mode(body.model)
    agent_type = "plan" if body.agent_type == "plan_execute" else body.agent_type
    mode: Mode = agent_type or suffix or "auto"
    if body.web_search_options is not None and mode == "auto" and not tools.tools:
        mode = "react"
    template = ModelRequest(
        model=model,
        messages=(),
        max_output_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        presence_penalty=body.presence_penalty,
        frequency_penalty=body.frequency_penalty,
        seed=body.seed,
        stop=(body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ()),
        reasoning_effort=body.reasoning_effort,
        response_schema=_schema(body.response_format),
        logprobs=(body.top_logprobs or 0) if body.logprobs else None,
        options=_options(body),
    )
    turn = TurnRequest(
        user_id=caller.user.id,
        username=caller.user.username,
        role=caller.user.role,
        key_id=caller.key_id or "",
        requested_model=body.model,
        template=template,
        messages=read_messages(body.messages),
        mode=mode,
        live=bool(body.stream),
        strict_schema=_is_strict(body.response_format),
        client_tools=tools.tools,
        tool_choice=tools.choice,
        parallel_tool_calls=body.parallel_tool_calls is not False,
        allowed_tools=caller.allowed_tools,
        file_ids=None if body.file_ids is None else tuple(dict.fromkeys(body.file_ids)),
        reads_documents=caller.reads_documents,
        session_id=body.session_id or None,
        replaces=body.replaces or None,
        reuse=body.x_cache,
        store=bool(body.store),
        metadata=dict(body.metadata or {}),
        on_disconnect=body.on_disconnect,
        approvals=body.approvals or "text",
        request_id=request_id,
    )
    return Asked(turns=[*_answers(turn, body.n or 1)], forms=tools.forms)


def _answers(turn: TurnRequest, n: int) -> Iterator[TurnRequest]:
    """Ask as often as answers are wanted; with a seed, each answer has its own."""
    if n > 1 and turn.session_id:
        raise InvalidRequest("A session has one answer to a message", param="n")
    for at in range(n):
        seed = turn.template.seed
        template = replace(turn.template, seed=None if seed is None else seed + at)
        yield replace(turn, template=template, store=turn.store and n == 1) if n > 1 else turn


def _split_mode(name: str) -> tuple[str, Mode | None]:
    for suffix, mode in MODES.items():
        if name.endswith(suffix) and len(name) > len(suffix):
            return name.removesuffix(suffix), mode
    return name, None


def _options(body: ChatCompletionRequest) -> JsonObject:
    given: JsonObject = {name: getattr(body, name) for name in PASSED_ON}
    given["logit_bias"] = body.logit_bias or None
    return {name: value for name, value in given.items() if value is not None}


def _schema(form: ResponseFormat | None) -> JsonObject | str | None:
    if form is None or form.type == "text":
        return None
    if form.type == "json_object":
        return "json"
    if form.json_schema is None or form.json_schema.schema_ is None:
        part = "" if form.json_schema is None else ".schema"
        raise InvalidRequest("A JSON schema is needed", param="response_format.json_schema" + part)
    return form.json_schema.schema_


def _is_strict(form: ResponseFormat | None) -> bool:
    return bool(form and form.json_schema and form.json_schema.strict)


def _refuse(body: ChatCompletionRequest) -> None:
    """Refuse what would change the answer but cannot be honoured, and what says nothing."""
    if body.replaces and not body.session_id:
        raise InvalidRequest("replaces needs a session_id", param="replaces")
    if not body.messages and not body.replaces:
        msg = "messages: List should have at least 1 item; only replaces goes without"
        raise InvalidRequest(msg, param="messages", code="invalid_value")
    if body.stream_options is not None and not body.stream:
        raise InvalidRequest("stream_options needs stream: true", param="stream_options")
    if body.top_logprobs is not None and not body.logprobs:
        raise InvalidRequest("top_logprobs needs logprobs: true", param="top_logprobs")
    unsupported = {
        "audio": body.audio is not None,
        "modalities": body.modalities not in (None, ["text"]),
    }
    for name, asked in unsupported.items():
        if asked:
            msg = f"'{name}' is not supported by this server's models"
            raise UnsupportedByModel(msg, param=name)
