"""Read the tools of a Responses request: the caller's own, and ours under OpenAI's names. Pure.

Not for: which of them a choice leaves (`choice`), or what becomes of vector stores (`file_search`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from backend.agent.toolbox import Toolbox
from backend.api.mcp_wire import remote_servers
from backend.errors import InvalidRequest, UnsupportedByModel
from backend.ports.remote_tools import RemoteServer
from backend.ports.values import JsonObject

NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
WEB = ("web_search", "web_fetch")
# OpenAI's built-in tools, and ours that do their work; the first of them has to be there.
BUILT_IN: dict[str, tuple[str, ...]] = {
    "web_search": WEB,
    "web_search_2025_08_26": WEB,
    "web_search_preview": WEB,
    "web_search_preview_2025_03_11": WEB,
    "file_search": ("rag_retrieval",),
    "code_interpreter": ("python_code",),
}
LACKING = frozenset({
    "apply_patch",
    "computer",
    "computer_use",
    "computer_use_preview",
    "image_generation",
    "local_shell",
    "namespace",
    "programmatic_tool_calling",
    "shell",
    "tool_search",
})


@dataclass(slots=True, kw_only=True)
class ToolsAsked:
    """What a request's tools come to.

    `client` are chat function specs, among them one for each of the `custom` tools; `server` names
    our tools, `remote` the servers whose tools are to be used; `file_search` are the entries as
    given, with their place; `shown` is what the answer says of the tools.
    """

    client: list[JsonObject] = field(default_factory=list[JsonObject])
    custom: set[str] = field(default_factory=set[str])
    server: list[str] = field(default_factory=list[str])
    remote: tuple[RemoteServer, ...] = ()
    file_search: list[tuple[str, JsonObject]] = field(default_factory=list[tuple[str, JsonObject]])
    file_ids: list[str] = field(default_factory=list[str])
    shown: list[JsonObject] = field(default_factory=list[JsonObject])


def read_tools(entries: Sequence[JsonObject], *, toolbox: Toolbox) -> ToolsAsked:
    """Read the entries in their order; `toolbox` holds the tools of ours that the caller may use.

    Raises:
        InvalidRequest: naming the entry that is of no known kind, cannot be had here, or lacks something.
    """
    asked = ToolsAsked()
    for at, entry in enumerate(entries):
        where = f"tools[{at}]"
        kind = entry.get("type")
        read = _READERS.get(str(kind))
        if read is None:
            raise InvalidRequest(_unknown(kind), param=f"{where}.type")
        if kind in BUILT_IN:
            _take_ours(asked, str(kind), where, toolbox)
        read(asked, entry, where)
    asked.remote = remote_servers(entries)
    names = [one["function"]["name"] for one in asked.client]
    for at, name in enumerate(names):
        if name in names[:at]:
            msg = f"Two tools have the name '{name}'"
            raise InvalidRequest(msg, param="tools")
    return asked


def _unknown(kind: object) -> str:
    known = ", ".join(sorted(_READERS))
    if kind in LACKING:
        return f"This server has no '{kind}' tool; there are {known}"
    return f"'{str(kind)[:40]}' is not one of the kinds of tools: {known}"


def _take_ours(asked: ToolsAsked, kind: str, where: str, toolbox: Toolbox) -> None:
    names = BUILT_IN[kind]
    if names[0] not in toolbox.available:
        why = {one.name: one.unavailable for one in toolbox.cards}.get(names[0], "it is not there")
        msg = f"'{kind}' cannot be used here, its tool {names[0]} is off: {why}"
        raise InvalidRequest(msg, param=f"{where}.type")
    asked.server += [one for one in names if one in toolbox.available and one not in asked.server]


def _function(asked: ToolsAsked, entry: JsonObject, where: str) -> None:
    parameters = entry.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise InvalidRequest("parameters is a JSON schema", param=f"{where}.parameters")
    properties = cast("JsonObject", parameters or {}).get("properties", {})
    if not isinstance(properties, dict):
        raise InvalidRequest("'properties' must be an object", param=f"{where}.parameters")
    strict = _typed(entry, "strict", bool, where)
    function = _told(
        name=_name(entry, where),
        description=_typed(entry, "description", str, where),
        parameters=parameters,
        strict=strict,
    )
    asked.client.append({"type": "function", "function": function})
    shown = {"parameters": None, "strict": True, **function, "type": "function"}
    asked.shown.append({"description": None, **shown})


def _custom(asked: ToolsAsked, entry: JsonObject, where: str) -> None:
    name = _name(entry, where)
    form = _typed(entry, "format", dict, where) or {"type": "text"}
    description = _typed(entry, "description", str, where)
    if form.get("type") == "grammar":
        msg = "Grammars of custom tools cannot be enforced here; ask for text"
        raise UnsupportedByModel(msg, param=f"{where}.format")
    asked.custom.add(name)
    asked.client.append(custom_spec(name, description or ""))
    shown = _told(type="custom", name=name, description=description)
    asked.shown.append({**shown, "format": form})


def custom_spec(name: str, description: str) -> JsonObject:
    """Give a tool that takes plain text as a function with one text."""
    text = {"type": "string", "description": "The whole input as plain text."}
    parameters = {"type": "object", "properties": {"input": text}, "required": ["input"]}
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


def _web_search(asked: ToolsAsked, entry: JsonObject, where: str) -> None:
    filters = _typed(entry, "filters", dict, where)
    if filters and filters.get("allowed_domains"):
        msg = "This server's web search cannot be limited to domains; leave the filter out"
        raise InvalidRequest(msg, param=f"{where}.filters")
    shown = {"search_context_size": "medium", "user_location": None, **_told(**entry)}
    asked.shown.append(shown)


def _file_search(asked: ToolsAsked, entry: JsonObject, where: str) -> None:
    ids = entry.get("vector_store_ids")
    if not _is_texts(ids) or not ids:
        msg = "file_search needs vector_store_ids, a list of ids"
        raise InvalidRequest(msg, param=f"{where}.vector_store_ids")
    most = _typed(entry, "max_num_results", int, where)
    if most is not None and not 1 <= most <= 50:
        msg = "max_num_results lies between 1 and 50"
        raise InvalidRequest(msg, param=f"{where}.max_num_results")
    _typed(entry, "filters", dict, where)
    ranking: JsonObject = _typed(entry, "ranking_options", dict, where) or {}
    least: Any = ranking.get("score_threshold") or 0
    if isinstance(least, bool) or not isinstance(least, int | float) or not 0 <= least <= 1:
        msg = "score_threshold lies between 0 and 1"
        raise InvalidRequest(msg, param=f"{where}.ranking_options.score_threshold")
    asked.file_search.append((where, entry))
    asked.shown.append({**_told(**entry), "filters": entry.get("filters")})


def _code_interpreter(asked: ToolsAsked, entry: JsonObject, where: str) -> None:
    container = entry.get("container")
    if isinstance(container, dict):
        ids: Any = cast("JsonObject", container).get("file_ids") or []
        if not _is_texts(ids):
            raise InvalidRequest("file_ids is a list", param=f"{where}.container.file_ids")
        asked.file_ids += ids
    elif not isinstance(container, str):
        msg = 'code_interpreter needs a container, such as {"type": "auto"}'
        raise InvalidRequest(msg, param=f"{where}.container", code="missing_required_parameter")
    asked.shown.append(_told(**entry))


def _mcp(asked: ToolsAsked, entry: JsonObject, _: str) -> None:
    """Show a remote server as OpenAI does: without its headers, and what stands behind `?`."""
    url = str(entry.get("server_url") or "").partition("?")[0]
    secret = {"headers": None, "authorization": None}
    asked.shown.append(_told(**{**entry, **secret, "server_url": url}) | {"headers": None})


_READERS: dict[str, Callable[[ToolsAsked, JsonObject, str], None]] = {
    "function": _function,
    "custom": _custom,
    "mcp": _mcp,
    "file_search": _file_search,
    "code_interpreter": _code_interpreter,
    **dict.fromkeys((one for one in BUILT_IN if one.startswith("web_search")), _web_search),
}


def _name(entry: JsonObject, where: str) -> str:
    name = entry.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        msg = "A tool's name is of 1 to 128 letters, digits or _ - . :"
        raise InvalidRequest(msg, param=f"{where}.name")
    return name


def _typed(entry: JsonObject, name: str, kind: type, where: str) -> Any:  # noqa: ANN401 - of that type
    value = entry.get(name)
    if value is not None and (not isinstance(value, kind) or (kind is int and value is True)):
        msg = f"{name} is of the wrong type"
        raise InvalidRequest(msg, param=f"{where}.{name}")
    return value


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in cast("list[Any]", value))


def _told(**names: Any) -> JsonObject:  # noqa: ANN401 - any JSON
    return {name: value for name, value in names.items() if value is not None}
