"""Rate limits on the wire of `/v1`: who asks too much is told when to come back.

Headers and their formats: https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backend.errors import TooManyRequests
from backend.ports.limits import Allowance, RateLimiter, Standing

PREFIX = "/v1/"
HEADER_NAMES = tuple(
    f"x-ratelimit-{part}-{kind}"
    for part in ("limit", "remaining", "reset")
    for kind in ("requests", "tokens")
)
Headers = list[tuple[bytes, bytes]]


async def counted(limits: RateLimiter, user_id: str, *, state: dict[str, object]) -> None:
    """Count a request; leave its headers in `state` for the edge to send, whatever the answer is.

    Raises:
        TooManyRequests: when a limit is used up.
    """
    standing = await limits.take(user_id)
    state["rate_headers"] = headers_of(standing)
    if standing.exceeded is not None:
        limit = next(one.limit for one in standing.allowances if one.kind == standing.exceeded)
        msg = (
            f"Rate limit reached: {limit} {standing.exceeded} per minute. "
            f"Please try again in {duration(standing.wait_s)}."
        )
        raise TooManyRequests(msg, retry_after_s=standing.wait_s)


def tell(state: dict[str, Any], allowances: Sequence[Allowance]) -> None:
    """Let the headers tell of budgets in the place of limits of which more is left."""
    headers: Headers = state.get("rate_headers") or []
    for one in allowances:
        known = dict(headers).get(f"x-ratelimit-remaining-{one.kind}".encode())
        if known is None or one.remaining <= int(known):
            end = f"-{one.kind}".encode()
            headers = [it for it in headers if not it[0].endswith(end)]
            headers += headers_of(Standing((one,)))
    state["rate_headers"] = headers


def headers_of(standing: Standing) -> Headers:
    """Write what is left of every limit."""
    headers: Headers = []
    for one in standing.allowances:
        kind = one.kind
        headers += (
            (f"x-ratelimit-limit-{kind}".encode(), b"%d" % one.limit),
            (f"x-ratelimit-remaining-{kind}".encode(), b"%d" % one.remaining),
            (f"x-ratelimit-reset-{kind}".encode(), duration(one.reset_s).encode()),
        )
    return headers


def duration(seconds: float) -> str:
    """Write a time as OpenAI does: "6ms", "1s", "8.64s", "6m0s", "1h0m1s"."""
    ms = round(seconds * 1000)
    if ms < 1000:
        return f"{ms}ms" if ms else "0s"
    minutes, rest_ms = divmod(ms, 60_000)
    rest = f"{rest_ms / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    if not minutes:
        return rest
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{rest}" if hours else f"{minutes}m{rest}"
