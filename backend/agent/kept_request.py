"""A request as it is stored with its run, and read again. Headers of remote servers never are (`remote_pause`).

Not for: what a run has found (`pausing`).
"""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any, cast

from backend.agent import remote_pause
from backend.agent.run import Run, TurnRequest
from backend.errors import NotAllowed
from backend.ports.accounts import Bounds
from backend.ports.models import ModelRequest
from backend.ports.stores import User
from backend.ports.tools import PassageBounds
from backend.ports.values import JsonObject

_ANEW = {"messages", "template", "passages", "remote_servers", "allowed_tools"}
_NEITHER = object()
NARROWER = "This API key is bound to tools, and this run may use more than it may"


def written(request: TurnRequest) -> JsonObject:
    """Write down a request with its messages, but for its remote servers; what is usual is left out."""
    told: JsonObject = {**_written(request), "messages": list(request.messages)}
    told["template"]["messages"] = list(request.template.messages)
    return told


def to_begin_again(run: Run) -> JsonObject:
    """Write down what a run of a session begins anew from, beside what its session holds."""
    told: JsonObject = {"request": _written(run.request), "attempts": run.attempts}
    if run.request.remote_servers:
        told["request"]["remote_servers"] = remote_pause.written(run)
    return told


def request_of(data: JsonObject) -> TurnRequest:
    """Read the request of a run that goes on."""
    told: JsonObject = {"messages": (), **data["request"]}
    told.pop("remote_servers", None)  # see `remote_pause`
    template: JsonObject = {"messages": (), **told["template"]}
    told["template"] = ModelRequest(**template)
    told["passages"] = PassageBounds(**told.get("passages", {}))
    for name, kind in (("allowed_tools", frozenset), ("file_ids", tuple), ("first_tools", tuple)):
        if told.get(name) is not None:
            told[name] = kind(told[name])
    return TurnRequest(**told)


def of_now(request: JsonObject, owner: User) -> JsonObject:
    """Give a request as written down to its owner as they are now: somebody's role may have changed."""
    return {**request, "user_id": owner.id, "username": owner.username, "role": owner.role}


def check_bounds(request: JsonObject, caller: Bounds) -> None:
    """Refuse a caller who may do less than a request as written down.

    Raises:
        NotAllowed: when their key is bound to tools, and the request may use others, or documents.
    """
    tools, wanted = caller.allowed_tools, request.get("allowed_tools")
    if tools is None:
        return
    documents = request.get("reads_documents", True) and not caller.reads_documents
    if wanted is None or not tools.issuperset(wanted) or documents:
        raise NotAllowed(NARROWER)


def _written(request: TurnRequest) -> JsonObject:
    told = _unusual(request, _OF_REQUEST)
    told["template"] = _unusual(request.template, _OF_TEMPLATE)
    if request.allowed_tools is not None:
        told["allowed_tools"] = sorted(request.allowed_tools)
    bounds = request.passages
    told["passages"] = {one.name: getattr(bounds, one.name) for one in fields(PassageBounds)}
    return told


def _usual(kind: type[Any]) -> list[tuple[str, object]]:
    return [(one.name, _default(one)) for one in fields(kind) if one.name not in _ANEW]


def _default(one: Field[Any]) -> object:
    if one.default is not MISSING:
        return cast("object", one.default)
    return _NEITHER if one.default_factory is MISSING else one.default_factory()


_OF_REQUEST = _usual(TurnRequest)
_OF_TEMPLATE = _usual(ModelRequest)


def _unusual(value: object, usual: list[tuple[str, object]]) -> JsonObject:
    found = ((name, getattr(value, name), default) for name, default in usual)
    return {name: it for name, it, default in found if it != default}
