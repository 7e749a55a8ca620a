"""Receive uploads within the budgets of their callers: counted while they arrive, given back when they fail."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import NamedTuple

from fastapi import Request

from backend.agent.budgets import Asked, Budgets, Hold
from backend.api.deps import AppServices
from backend.api.multipart import Form, FormLimits, receive_form
from backend.ports.accounts import Principal

STEP_BYTES = 1 << 20


class UploadMeter:
    """Holds the bytes of one upload of one caller: those that were announced at once, others as they come."""

    def __init__(self, budgets: Budgets, caller: Principal) -> None:
        self._budgets = budgets
        self._asked = Asked(user_id=caller.user.id, key_id=caller.key_id or "")
        self._hold: Hold | None = None
        self._room = 0
        self._kept = 0

    async def announce(self, size_bytes: int) -> None:
        """Hold what is about to come.

        Raises:
            QuotaExceeded: when it can never fit.
            TooManyRequests, InsufficientQuota: when it does not fit now.
        """
        if self._budgets.there_are and size_bytes > 0:
            await self._take(size_bytes)

    async def arrive(self, size_bytes: int) -> None:
        """Hold more when more comes than was announced; raise as `announce` does."""
        if not self._budgets.there_are:
            return
        self._room -= size_bytes
        if self._room < 0:
            await self._take(max(-self._room, STEP_BYTES if self._hold else 1))

    def keep(self, size_bytes: int) -> None:
        """Note what was taken in; only that counts in the end."""
        self._kept += size_bytes

    async def settle(self) -> None:
        """Count what was kept, and give the rest back."""
        await self._budgets.settle(self._hold, upload_bytes=self._kept)

    async def _take(self, size_bytes: int) -> None:
        asked = Asked(
            user_id=self._asked.user_id, key_id=self._asked.key_id, upload_bytes=size_bytes
        )
        self._hold = await self._budgets.take(asked, hold=self._hold) or self._hold
        self._room += size_bytes


class Arrived(NamedTuple):
    """A form, and the meter to be told which of its bytes were kept."""

    form: Form
    meter: UploadMeter


@asynccontextmanager
async def metered_form(
    request: Request, caller: Principal, found: AppServices, limits: FormLimits
) -> AsyncGenerator[Arrived]:
    """Receive the body of a request, as `receive_form` does, within the budgets of its caller.

    Raises:
        QuotaExceeded: when it is larger than a whole budget.
        TooManyRequests, InsufficientQuota: when a budget is used up, as soon as that is known.
    """
    meter = UploadMeter(found.budgets, caller)
    try:
        await meter.announce(_announced(request))
        folder = found.options.incoming
        async with receive_form(request, folder, limits, arrive=meter.arrive) as form:
            yield Arrived(form, meter)
    finally:
        await meter.settle()


def _announced(request: Request) -> int:
    told = request.headers.get("content-length", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 16 else 0
