"""Keeps what sites ask of programs, and holds every fetch to it (RFC 9309).

Not for: understanding the file (`kit.robots`).
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.kit.http import FetchLimits
from backend.kit.patient_http import BUSY_STATUS, FIRST_SERVER_FAULT
from backend.kit.public_address import Target
from backend.kit.public_http import PublicHttp
from backend.kit.robots import Robots, product_token, read_robots
from backend.ports.clock import Clock
from backend.ports.web import PageUnreadable

_KEPT_S = 3600.0
_FAILED_KEPT_S = 300.0
_MAX_SITES = 500
_MAX_BYTES = 2_000_000
_FIRST_REFUSAL = 400
_NO_WISHES = Robots()


@dataclass(frozen=True, slots=True)
class _Kept:
    """What one site asks for, until when; `failed` says why it could not be learnt."""

    until_s: float
    rules: Robots = _NO_WISHES
    failed: str = ""


class RobotsKeeper:
    """Admits a fetch when the site's robots.txt allows it; a site without one allows everything."""

    def __init__(
        self, http: PublicHttp, *, clock: Clock, user_agent: str, timeout_s: float
    ) -> None:
        self._http = http
        self._clock = clock
        self._token = product_token(user_agent)
        self._limits = FetchLimits(timeout_s=timeout_s, max_bytes=_MAX_BYTES)
        self._sites: dict[str, _Kept] = {}

    async def admit(self, target: Target) -> None:
        """Return when the page may be fetched.

        Raises:
            PageUnreadable: the site asks programs to leave it, or its wishes cannot be learnt now.
            FetchError: the site does not answer at all.
        """
        kept = self._sites.get(target.origin)
        if kept is None or kept.until_s <= self._clock.monotonic_s():
            kept = await self._ask(target.origin)
            self._keep(target.origin, kept)
        if kept.failed:
            raise PageUnreadable(kept.failed, final=False)
        if not kept.rules.allows(target.tail):
            msg = f"{target.host} asks programs not to read this page (robots.txt)."
            raise PageUnreadable(msg)

    async def _ask(self, origin: str) -> _Kept:
        """Ask a site; a refusal (4xx) means no wishes, a fault of the server (5xx) means stay away."""
        reply = await self._http.get(
            f"{origin}/robots.txt", limits=self._limits, accept="text/plain, */*;q=0.1"
        )
        now_s = self._clock.monotonic_s()
        if reply.status == BUSY_STATUS or reply.status >= FIRST_SERVER_FAULT:
            why = (
                f"{origin} does not say now what programs may read: its robots.txt answers with "
                f"status {reply.status}. Try again in some minutes."
            )
            return _Kept(now_s + _FAILED_KEPT_S, failed=why)
        said = reply.status < _FIRST_REFUSAL
        rules = read_robots(reply.body, token=self._token) if said else _NO_WISHES
        return _Kept(now_s + _KEPT_S, rules)

    def _keep(self, origin: str, kept: _Kept) -> None:
        self._sites.pop(origin, None)
        self._sites[origin] = kept
        while len(self._sites) > _MAX_SITES:
            del self._sites[next(iter(self._sites))]
