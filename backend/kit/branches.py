"""A tree of things that each follow another: the way to one of them, what is newest, who stands together.

Things are given in the order they were written, each behind the one it follows, so that they are gone
through once. Where that does not hold, by a circle or a parent that is not there, a way ends early.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar


class Following(Protocol):
    """What has an id and follows another of its kind, or nothing."""

    @property
    def id(self) -> str:
        """Its name."""
        ...

    @property
    def parent_id(self) -> str | None:
        """The name of what it follows; None for a first one."""
        ...


F = TypeVar("F", bound=Following)


def path_to(things: Sequence[F], head_id: str | None) -> list[F]:
    """Give the way from a first thing to the head, both included; none without a head.

    A head that is not there gives way to the newest of all.
    """
    wanted = head_id
    path: list[F] = []
    for one in reversed(things):
        if one.id == wanted:
            path.append(one)
            wanted = one.parent_id
    if head_id is not None and things and not path:
        return path_to(things, newest(things))
    path.reverse()
    return path


def newest(things: Sequence[Following]) -> str | None:
    """Give the id of what was written last; None where there is nothing."""
    return things[-1].id if things else None


def newest_below(things: Iterable[Following], root_id: str | None) -> str | None:
    """Give the id of what was written last of all that follows a thing; its own when nothing does."""
    below, last = {root_id}, root_id
    for one in things:
        if one.parent_id in below:
            below.add(one.id)
            last = one.id
    return last


def side_by_side(things: Iterable[Following]) -> dict[str | None, list[str]]:
    """Give the ids of what follows each thing, the oldest first; under None the first ones."""
    found: dict[str | None, list[str]] = {}
    for one in things:
        found.setdefault(one.parent_id, []).append(one.id)
    return found
