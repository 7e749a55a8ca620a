"""How turns begin and end in the database, each in one transaction.

Not for: what else can be done with a session (`conversations`), or runs that wait (`approvals`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from sqlalchemy import ColumnElement, Connection, bindparam, case, exists, insert, select, update

from backend.errors import Conflict, NotFound, SessionBusy
from backend.kit.branches import newest_below
from backend.kit.folding import fold
from backend.ports.stores import Run, StoredMessage
from backend.ports.usage import Used
from backend.storage.columns import CleanText
from backend.storage.listing import search_text
from backend.storage.message_rows import MINE, chain, outline, show_head
from backend.storage.row_locks import wait_for_rows
from backend.storage.run_files import FORGET_FILES, keep_files, without_deleted
from backend.storage.runs import run_values
from backend.storage.tables import conversations, messages, runs
from backend.storage.usage import add_run, add_used

_UNTITLED = conversations.c.title == ""
_NEW_TITLE: ColumnElement[str] = bindparam("new_title", type_=CleanText)
_NEW_KEY: ColumnElement[str] = bindparam("new_key", type_=CleanText)
# Locks the row, so that no turn can begin before what is written then is there.
TOUCH = (
    update(conversations)
    .where(MINE, conversations.c.active_run_id.is_(None))
    .values(
        updated_at_ms=bindparam("now"),
        title=case((_UNTITLED, _NEW_TITLE), else_=conversations.c.title),
        title_key=case((_UNTITLED, _NEW_KEY), else_=conversations.c.title_key),
    )
    .returning(conversations.c.head_id)
)
_CLAIM = TOUCH.values(active_run_id=bindparam("run"))
FREE = (
    update(conversations)
    .where(MINE, conversations.c.active_run_id == bindparam("run"))
    .values(active_run_id=None, updated_at_ms=bindparam("now"))
)
# The session before its run, as turns that begin do: nobody waits for anybody who waits.
_LOCK = select(conversations.c.id).where(MINE).with_for_update()
_FREE_AT = FREE.values(head_id=bindparam("new_head"))
_THERE = exists().where(MINE)
_IN = messages.c.conversation_id == bindparam("wanted")
_REPLACED = select(messages.c.parent_id).where(_IN, messages.c.id == bindparam("replaced"))
_HEAD = select(conversations.c.head_id).where(conversations.c.id == bindparam("wanted"))
_HOLDER = select(conversations.c.active_run_id).where(conversations.c.id == bindparam("wanted"))
_REPLACE = (
    update(messages)
    .where(_IN, messages.c.id == bindparam("replaced"))
    .values({
        name: bindparam(f"new_{name}")
        for name in ("state", "created_at_ms", "message", "search_text")
    })
)
_END_RUN = (
    update(runs)
    .where(
        runs.c.id == bindparam("run"),
        runs.c.user_id == bindparam("owner"),
        runs.c.conversation_id == bindparam("wanted"),
        runs.c.state == "running",
        runs.c.server_id == bindparam("server"),
    )
    .values({
        name: bindparam(f"new_{name}")
        for name in ("model", "route", "state", "finished_at_ms", "trace", "events")
    })
    .returning(
        _HEAD.scalar_subquery().label("head_id"),
        _HOLDER.scalar_subquery().label("holder"),
        exists().where(_IN, messages.c.id == bindparam("answer")).label("answered"),
    )
)


def refuse_claim(connection: Connection, user_id: str, conversation_id: str | None) -> NoReturn:
    """Say why a session cannot be claimed.

    Raises:
        NotFound: when it is not the user's.
        SessionBusy: when a run holds it.
    """
    which = {"wanted": conversation_id, "owner": user_id}
    if connection.execute(select(_THERE), which).scalar_one():
        raise SessionBusy
    raise NotFound


def begin_turn(
    connection: Connection,
    run: Run,
    new_messages: Sequence[StoredMessage],
    *,
    title: str,
    replaces: str | None,
) -> None:
    """Claim a session for a run and store what is new, behind what is shown or in a message's place.

    The row of the session is what turns wait for: whoever changes it, or what hangs on it, locks it first.
    """
    wait_for_rows(connection)
    claim = {
        "wanted": run.conversation_id,
        "owner": run.user_id,
        "run": run.id,
        "now": run.started_at_ms,
        "new_title": title,
        "new_key": fold(title),
    }
    claimed = connection.execute(_CLAIM, claim).first()
    if claimed is None:
        refuse_claim(connection, run.user_id, run.conversation_id)
    begun = without_deleted(connection, run)
    connection.execute(insert(runs), run_values(begun))
    keep_files(connection, begun)
    behind = claimed.head_id if replaces is None else message_before(connection, run, replaces)
    head = chain(connection, run.conversation_id, new_messages, behind=behind)
    if head != claimed.head_id:
        show_head(connection, run.conversation_id, head)


def message_before(connection: Connection, run: Run, replaced: str) -> str | None:
    """Name the message that a replaced one follows; Conflict when that is not there any more."""
    which = {"wanted": run.conversation_id, "replaced": replaced}
    row = connection.execute(_REPLACED, which).first()
    if row is None:
        raise Conflict("The message to be replaced is not there any more")
    return row.parent_id


def end_turn(connection: Connection, run: Run, new_messages: Sequence[StoredMessage]) -> None:
    """Store a run's end and its messages and free its session; nothing when it has ended or is another server's."""
    wait_for_rows(connection)
    whose = {"wanted": run.conversation_id, "owner": run.user_id, "run": run.id}
    by = {"server": run.server_id}
    connection.execute(_LOCK, whose)
    kept = without_deleted(connection, run)
    values = {f"new_{name}": value for name, value in run_values(kept).items()}
    answer = {"answer": new_messages[0].id if new_messages else ""}
    ended = connection.execute(_END_RUN, {**whose, **by, **values, **answer}).first()
    if ended is None:
        add_run(connection, run)  # of a session that was erased meanwhile
        return
    add_used(connection, Used.of_run(run))
    if kept.file_ids:
        connection.execute(FORGET_FILES, {"run": run.id})
    keep_files(connection, kept)
    if ended.holder != run.id:
        add_or_replace(connection, run, new_messages)
        return
    if ended.answered:  # of a run that was taken up again
        add_or_replace(connection, run, new_messages)
        head = ended.head_id
    else:
        head = chain(connection, run.conversation_id, new_messages, behind=ended.head_id)
    if not new_messages:
        head = newest_below(outline(connection, run.conversation_id), head)
    now_ms = run.started_at_ms if run.finished_at_ms is None else run.finished_at_ms
    connection.execute(_FREE_AT, {**whose, "now": now_ms, "new_head": head})


def add_or_replace(connection: Connection, run: Run, new_messages: Sequence[StoredMessage]) -> None:
    """Store the messages of a run that ends or waits; those stored already keep their place."""
    which = {"wanted": run.conversation_id}
    head: str | None = connection.execute(_HEAD, which).scalar_one()
    for new in new_messages:
        values = {
            **which,
            "replaced": new.id,
            "new_state": new.state,
            "new_created_at_ms": new.created_at_ms,
            "new_message": new.message,
            "new_search_text": search_text(new.message),
        }
        if connection.execute(_REPLACE, values).rowcount == 0:
            head = chain(connection, run.conversation_id, [new], behind=head)
            show_head(connection, run.conversation_id, head)
