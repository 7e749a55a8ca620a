"""Which files a kept answer quotes, and keeping deleted ones out of kept answers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from backend.ports.answers import StoredAnswer
from backend.storage.answer_tables import answer_files, answers
from backend.storage.document_rows import gone_files
from backend.storage.scrubbing import scrubbed_answer

_OF_ANSWER = (
    select(answer_files.c.file_id)
    .where(answer_files.c.answer_id == bindparam("answer"))
    .order_by(answer_files.c.file_id)
)
_FORGET = delete(answer_files).where(answer_files.c.answer_id == bindparam("answer"))
_QUOTING = select(answer_files.c.answer_id).where(answer_files.c.file_id == bindparam("file"))
_ANSWER = select(answers).where(answers.c.id == bindparam("answer"))
_REWRITE = (
    update(answers).where(answers.c.id == bindparam("answer")).values(body=bindparam("new_body"))
)


def without_deleted(connection: Connection, answer: StoredAnswer) -> StoredAnswer:
    """Give an answer as it may be kept: files deleted while it was made are scrubbed out of it."""
    if not answer.file_ids:
        return answer
    return scrubbed_answer(answer, gone_files(connection, answer.user_id, answer.file_ids))


def note_files(connection: Connection, answer: StoredAnswer) -> None:
    """Note which files an answer that was just kept quotes."""
    connection.execute(_FORGET, {"answer": answer.id})
    if answer.file_ids:
        rows = [{"answer_id": answer.id, "file_id": it} for it in dict.fromkeys(answer.file_ids)]
        connection.execute(insert(answer_files), rows)


def files_of(connection: Connection, answer_id: str) -> tuple[str, ...]:
    """List the files a kept answer quotes, by id."""
    return tuple(connection.execute(_OF_ANSWER, {"answer": answer_id}).scalars())


def scrub_answers(connection: Connection, file_id: str) -> None:
    """Take a file that is being deleted out of every answer that quotes it, one after the other."""
    for answer_id in connection.execute(_QUOTING, {"file": file_id}).scalars().all():
        row = connection.execute(_ANSWER, {"answer": answer_id}).one()
        left = scrubbed_answer(answer_of(row), {file_id})
        connection.execute(_REWRITE, {"answer": answer_id, "new_body": left.body})


def answer_of(row: Row[Any], file_ids: tuple[str, ...] = ()) -> StoredAnswer:
    """Build an answer from its row."""
    return StoredAnswer(
        id=row.id,
        user_id=row.user_id,
        kind=row.kind,
        run_id=row.run_id,
        model=row.model,
        body=row.body,
        input=tuple(row.input),
        context=tuple(row.context),
        metadata=row.metadata,
        conversation_id=row.conversation_id,
        previous_id=row.previous_id,
        created_at_ms=row.created_at_ms,
        file_ids=file_ids,
    )
