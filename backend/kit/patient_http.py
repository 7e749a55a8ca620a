"""A fetch that tries once more when a service asks callers to slow down.

Not for: deciding what an error status means; the last answer is handed back whatever it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

from backend.kit.http import FetchLimits, HttpClient, HttpReply

BUSY_STATUS = 429
FIRST_SERVER_FAULT = 500
Reply = TypeVar("Reply", bound=HttpReply)


class Timer(Protocol):
    """What waiting needs of a clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that only ever grow."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request."""

    url: str
    method: str = "GET"
    params: Mapping[str, str] | None = None
    json: object = None
    headers: Mapping[str, str] | None = None


def status_is_busy(reply: HttpReply) -> bool:
    """Tell whether the status alone (429 or 5xx) says that a second try may help."""
    return reply.status == BUSY_STATUS or reply.status >= FIRST_SERVER_FAULT


class PatientHttp:
    """Fetch with at most one retry, both tries within `limits.timeout_s` seconds together."""

    def __init__(
        self,
        http: HttpClient,
        clock: Timer,
        *,
        limits: FetchLimits,
        backoff_s: float = 0.5,
        is_busy: Callable[[HttpReply], bool] = status_is_busy,
    ) -> None:
        self._http = http
        self._clock = clock
        self._limits = limits
        self._backoff_s = backoff_s
        self._is_busy = is_busy

    async def fetch(self, ask: Ask) -> HttpReply:
        """Fetch; when busy, wait as `Retry-After` says (else `backoff_s`) if the deadline allows.

        Raises:
            FetchError: as `HttpClient.request`.
        """
        return await twice_at_most(
            lambda left_s: self._once(ask, left_s),
            clock=self._clock,
            timeout_s=self._limits.timeout_s,
            backoff_s=self._backoff_s,
            is_busy=self._is_busy,
        )

    async def _once(self, ask: Ask, timeout_s: float) -> HttpReply:
        return await self._http.request(
            ask.method,
            ask.url,
            params=ask.params,
            json=ask.json,
            headers=ask.headers,
            limits=replace(self._limits, timeout_s=timeout_s),
        )


async def twice_at_most(
    once: Callable[[float], Awaitable[Reply]],
    *,
    clock: Timer,
    timeout_s: float,
    backoff_s: float,
    is_busy: Callable[[HttpReply], bool] = status_is_busy,
) -> Reply:
    """Call `once` with the seconds it may take, and once more when the answer is busy.

    The pause is what `Retry-After` says, else `backoff_s`; over the deadline the first answer stays.
    """
    deadline_s = clock.monotonic_s() + timeout_s
    reply = await once(timeout_s)
    if not is_busy(reply):
        return reply
    asked_s = retry_after_s(reply, now_ms=clock.now_ms())
    pause_s = backoff_s if asked_s is None else asked_s
    if clock.monotonic_s() + pause_s >= deadline_s:
        return reply
    await clock.sleep(pause_s)
    left_s = deadline_s - clock.monotonic_s()
    return await once(left_s) if left_s > 0 else reply


def retry_after_s(reply: HttpReply, *, now_ms: int) -> float | None:
    """Read `Retry-After` as seconds from now, in both forms of RFC 9110 section 10.2.3."""
    value = reply.headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - now_ms / 1000)
