"""The revisions of the schema that this version knows, and what is wrong with a database of another."""

from __future__ import annotations

from collections.abc import Collection, Sequence

REVISIONS = tuple(f"{number:04}" for number in range(1, 13))
HEAD = REVISIONS[-1]


class UnusableSchema(Exception):
    """The database cannot be used by this version."""


class NoInstallation(UnusableSchema):
    """There is no database yet, or an empty one: nothing was ever kept there."""


class SchemaTooNew(UnusableSchema):
    """The database was written by a newer version of Steward."""


class MigrationFailed(UnusableSchema):
    """The schema could not be brought up to date; the data are as they were."""


def known_revision(found: Sequence[str], tables: Collection[str], *, name: str) -> str | None:
    """Judge what a database says of itself: None for an empty one.

    Raises:
        SchemaTooNew: when this version does not know the revision.
        UnusableSchema: when it is not a database of Steward.
    """
    if not tables:
        return None
    if "alembic_version" not in tables:
        msg = f"{name} is a database, but not one of Steward; name another in DATABASE_URL"
        raise UnusableSchema(msg)
    if not found:
        msg = f"{name} does not say which version wrote it; restore a backup"
        raise UnusableSchema(msg)
    if found[0] not in REVISIONS:
        msg = (
            f"{name} was written by a newer version of Steward (schema {found[0]}, this one knows "
            f"{HEAD}); upgrade Steward, or restore a backup made by this version"
        )
        raise SchemaTooNew(msg)
    return found[0]
