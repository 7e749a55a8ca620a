"""Wire shapes of `/api/queue`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel

from backend.ports.model_servers import QueueStanding, ServerStanding


class UserInQueue(BaseModel):
    """What one user has at a model now."""

    user_id: str
    running: int
    waiting: int


class QueueOut(BaseModel):
    """How one model is in use in this process; `before` counts who is served before the caller."""

    model: str
    limit: int | None
    running: int
    waiting: int
    yours_running: int
    yours_waiting: int
    before: int | None
    users: list[UserInQueue] | None

    @classmethod
    def of(cls, one: QueueStanding, *, user_id: str, whole: bool) -> Self:
        """Render a queue as a user may see it, or all of it."""
        running, waiting = one.users.get(user_id, (0, 0))
        users = [UserInQueue(user_id=it, running=r, waiting=w) for it, (r, w) in one.users.items()]
        return cls(
            model=one.model,
            limit=one.places or None,
            running=one.running,
            waiting=one.waiting,
            yours_running=running,
            yours_waiting=waiting,
            before=one.before.get(user_id),
            users=users if whole else None,
        )


class ServerOut(BaseModel):
    """How one of several model servers is."""

    address: str
    state: Literal["ok", "busy", "failing", "unknown"]
    running: int
    loaded: list[str]
    detail: str
    retry_in_s: float

    @classmethod
    def of(cls, one: ServerStanding) -> Self:
        """Render a server."""
        return cls(
            address=one.address,
            state=one.state,
            running=one.running,
            loaded=list(one.loaded),
            detail=one.detail,
            retry_in_s=one.retry_in_s,
        )


class TrafficOut(BaseModel):
    """What goes to the model servers from this process; servers are told to administrators."""

    models: list[QueueOut]
    servers: list[ServerOut] | None
