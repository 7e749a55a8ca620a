"""What is kept of remote servers while a run waits, and working with them again.

Headers stay in memory (`KeptServers`): what is stored are labels, addresses without secrets, the
caller's filters, and the tools the run was shown, so that a server cannot change them meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import cast

from backend.agent.remote import check, put_in
from backend.agent.remote_work import RemoteWork
from backend.agent.run import AgentParts, Run
from backend.errors import Unavailable
from backend.ports.remote_tools import RemoteServer, RemoteTool, ToolFilter
from backend.ports.values import JsonObject

LOST = (
    "the server was restarted meanwhile, and the headers for {labels} are kept in memory alone;"
    " send the request again"
)


def written(run: Run) -> list[JsonObject]:
    """Write down the servers of a run that waits; headers, and what stands behind `?`, are not."""
    tools: Mapping[str, Sequence[RemoteTool]] = run.remote.tools if run.remote else {}
    return [
        {
            "label": one.label,
            "url": one.url.partition("?")[0],
            "secret": bool(one.headers) or "?" in one.url,
            "description": one.description,
            **{name: _filter(getattr(one, name)) for name in FILTERS},
            "tools": [asdict(tool) for tool in tools.get(one.label, ())],
        }
        for one in run.request.remote_servers
    ]


FILTERS = ("allowed", "always", "never")


def servers_again(
    run_id: str, stored: list[JsonObject], parts: AgentParts
) -> tuple[RemoteServer, ...]:
    """Give the servers of a run that goes on: as they were, or as stored where nothing was secret.

    Raises:
        Unavailable: when they were secret and are not in memory any more.
    """
    kept = parts.kept_servers.take(run_id)
    if kept is not None:
        return kept
    lost = [str(one["label"]) for one in stored if one["secret"]]
    if lost:
        raise Unavailable(LOST.format(labels=", ".join(lost)))
    return tuple(_server(one) for one in stored)


def work_again(run: Run, stored: list[JsonObject]) -> None:
    """Give a run that goes on the tools it had been shown; nothing is asked of the servers yet.

    Raises:
        StewardError: when this caller may not use them any more.
    """
    request, remote = run.request, run.parts.remote
    check(request, run.parts)
    if not request.remote_servers or remote is None:
        return
    tools = {
        str(one["label"]): tuple(RemoteTool(**it) for it in cast("list[JsonObject]", one["tools"]))
        for one in stored
    }
    put_in(run, RemoteWork(session=remote.open(request.remote_servers), tools=tools))


def _filter(given: ToolFilter | None) -> JsonObject | None:
    if given is None:
        return None
    names = None if given.names is None else sorted(given.names)
    return {"names": names, "read_only": given.read_only}


def _server(stored: JsonObject) -> RemoteServer:
    return RemoteServer(
        label=stored["label"],
        url=stored["url"],
        description=stored["description"],
        allowed=_filter_of(stored["allowed"]),
        always=_filter_of(stored["always"]),
        never=_filter_of(stored["never"]),
    )


def _filter_of(stored: JsonObject | None) -> ToolFilter | None:
    if stored is None:
        return None
    names = stored["names"]
    return ToolFilter(
        names=None if names is None else frozenset(names), read_only=stored["read_only"]
    )
