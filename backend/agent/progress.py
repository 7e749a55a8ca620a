"""What a run knows beside its graph's state, kept within each checkpoint so that both always agree.

Not for: running graphs (`graphs`), or taking an interrupted run up again (`resuming`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import orjson

from backend.agent.ending import can_be_resumed
from backend.agent.graphs import Beside
from backend.agent.pausing import data_of, found_so_far
from backend.agent.run import Run
from backend.agent.run_log import (
    RESUMED,
    LogItem,
    RunLog,
    end_of,
    life_of,
    merged,
    replay,
    restored,
)
from backend.kit.json_values import dump_json
from backend.ports.values import JsonObject, TurnEvent

if TYPE_CHECKING:
    from langgraph.runtime import Runtime

Node = TypeVar("Node", bound=Callable[..., Awaitable[dict[str, Any]]])
GOES_ON = "The server had stopped; the answer goes on from where it was.\n"
AGAIN = "The server had stopped; the answer begins again.\n"


def noted(node: Node) -> Node:
    """Let a graph's node bring what its run knows by then, under `beside`, where the run can be taken up."""

    @wraps(node)
    async def whole(state: object, runtime: Runtime[Any]) -> dict[str, Any]:
        result = await node(state, runtime)
        run = runtime.context.run
        return {**result, "beside": beside(run)} if can_be_resumed(run) else result

    return cast("Node", whole)


def beside(run: Run) -> Beside:
    """Write down what a run knows now."""
    known = {**found_so_far(run), "events": merged(run.log.items)}
    return {"at": len(run.log.items), "json": dump_json(known)}


def read(found: Beside) -> JsonObject:
    """Read what was written down; nothing before the first node has ended."""
    return orjson.loads(found["json"]) if found["json"] else {}


async def begin(run: Run, pause: JsonObject) -> None:
    """Keep what a run of a session goes on from, before its graph begins.

    Raises:
        StewardError: when it cannot be kept.
    """
    kept = run.parts.resumables
    if kept is not None and run.session_id is not None:
        await kept.begin(run.request.user_id, run.id, data_of(run, pause))


def log_again(said: Sequence[JsonObject], known: Sequence[JsonObject]) -> RunLog:
    """Make the log of a run that goes on after a crash: all that is known of it, in its old places.

    `said` is what was stored of the log, `known` what the checkpoint holds of it. Answer text that came
    after the checkpoint is a remark from now on: it will be said again.
    """
    items: list[LogItem] = restored(known)
    kept = len(items)
    if said:
        items += restored([entry for _, entry in replay(said, end_of(known))])
    log = RunLog(items)
    log.demote(kept)
    words = GOES_ON if known else AGAIN
    data = {"notice": RESUMED, "life": max(life_of(said), life_of(known)) + 1}
    log.add(TurnEvent(type="notice", text=words, data=data))
    return log
