"""Messages know which one they follow, so that there can be several versions; use is added up by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Chain the messages there are as they stand, and make the table of use."""
    op.add_column("conversations", sa.Column("head_id", sa.Text()))
    op.add_column("messages", sa.Column("parent_id", sa.Text()))
    op.execute(
        "UPDATE messages SET parent_id = (SELECT before.id FROM messages AS before"
        " WHERE before.conversation_id = messages.conversation_id AND before.seq < messages.seq"
        " ORDER BY before.seq DESC LIMIT 1)"
    )
    op.execute(
        "UPDATE conversations SET head_id = (SELECT said.id FROM messages AS said"
        " WHERE said.conversation_id = conversations.id ORDER BY said.seq DESC LIMIT 1)"
    )
    op.create_table(
        "usage",
        sa.Column(
            "user_id",
            sa.Text(),
            sa.ForeignKey("users.id", name="fk_usage_user_id_users", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("day", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("model", sa.Text(), primary_key=True),
        sa.Column("route", sa.Text(), primary_key=True),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), nullable=False),
    )
