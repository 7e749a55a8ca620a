"""Holds what is asked for against the budgets that bind who asks, and counts what was used.

Where no budget is set nothing is asked of the database: which there are is remembered, and told to the
other servers when it changes. Not for: the counting itself (`ports.budgets`) or the words of a refusal
(`over_budget`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from backend.agent.context import START_BYTES_PER_TOKEN
from backend.agent.over_budget import allowances, refusal
from backend.errors import StewardError
from backend.kit.ids import new_id
from backend.ports.budgets import Budget, BudgetStore, Count, Draw, Resource, window_of
from backend.ports.clock import Clock
from backend.ports.limits import Allowance
from backend.ports.signals import Signals
from backend.ports.values import JsonObject

logger = logging.getLogger(__name__)
TOPIC = "budgets"
LEASE_MS = 25_000
RENEW_EVERY_S = 8.0
REFRESH_AFTER_S = 15.0
PRUNE_EVERY_S = 3_600.0
KEPT_MS = 40 * 86_400_000
ASSUMED_OUTPUT_TOKENS = 1_024
HEARING: ContextVar[Callable[[Sequence[Allowance]], None] | None] = ContextVar(
    "told of what is left of a request's budgets", default=None
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for what: an answer of a model, or else to upload so many bytes.

    `tokens` estimates what the answer will use, and is only called where that matters.
    """

    user_id: str
    key_id: str = ""
    model: str = ""
    tokens: Callable[[], int] | None = None
    upload_bytes: int = 0

    def amount(self, resource: Resource) -> int | None:
        """Say how much of a resource is asked for; None for nothing."""
        if resource == "upload_bytes":
            return None if self.model else self.upload_bytes
        if not self.model:
            return None
        if resource == "tokens":
            return self.tokens() if self.tokens else None
        return 1


@dataclass(slots=True, eq=False, kw_only=True)
class Hold:
    """What was taken for one request. When it is `void`, it did not even begin, and counts for nothing."""

    id: str
    draws: list[Draw]
    void: bool = False

    @property
    def holds(self) -> bool:
        """Tell whether anything is to be settled."""
        return any(one.held for one in self.draws)


class Budgets:
    """The budgets of this server and all others on its database."""

    def __init__(self, store: BudgetStore, clock: Clock, signals: Signals) -> None:
        self._store = store
        self._clock = clock
        self._signals = signals
        self._of: Mapping[tuple[str, str], Sequence[Budget]] = {}
        self._read_at_s = 0.0
        self._reading = asyncio.Lock()
        self._asked = False
        self._live: set[str] = set()
        self._unsettled: dict[str, tuple[Hold, Mapping[Resource, int]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop_hearing: Callable[[], None] = lambda: None

    async def open(self) -> None:
        """Read the budgets there are, and hear when others change them."""
        await self._read()
        self._stop_hearing = self._signals.hear(TOPIC, self._heard)

    async def aclose(self) -> None:
        """Settle what is still to be settled."""
        self._stop_hearing()
        for task in self._tasks:
            task.cancel()
        await self._settle_late()

    @property
    def there_are(self) -> bool:
        """Tell whether any budget is set; who asks that makes this server look for changes soon."""
        self._asked = True
        return bool(self._of)

    async def all(self) -> Sequence[Budget]:
        """Every budget, as it is stored."""
        return await self._store.all()

    async def put(self, budget: Budget) -> Budget:
        """Set a budget; raise NotFound when its user or key is gone."""
        kept = await self._store.put(replace(budget, created_at_ms=self._clock.now_ms()))
        await self._changed()
        return kept

    async def delete(self, budget_id: str) -> bool:
        """Forget a budget and its counts."""
        gone = await self._store.delete(budget_id)
        await self._changed()
        return gone

    async def take(self, asked: Asked, *, hold: Hold | None = None) -> Hold | None:
        """Take what a request asks for of every budget that binds it; None when there is none.

        With `hold`, more is taken under it.

        Raises:
            TooManyRequests, InsufficientQuota, QuotaExceeded: when there is not enough left.
        """
        if not self.there_are:
            return None
        now_ms = self._clock.now_ms()
        draws = [*self._draws(asked, now_ms)]
        if not draws:
            return None
        taken = hold or Hold(id=new_id("hold"), draws=[])
        found = await self._store.take(
            taken.id, draws, now_ms=now_ms, lease_until_ms=now_ms + LEASE_MS
        )
        refused = not all(one.fits for one in found)
        hearing = HEARING.get()
        if hearing is not None:
            hearing(allowances(found, now_ms=now_ms, taken=not refused))
        if refused:
            raise refusal(found, now_ms=now_ms)
        taken.draws += [one.draw for one in found]
        if taken.holds:
            self._live.add(taken.id)
        return taken

    async def settle(self, hold: Hold | None, *, tokens: int = 0, upload_bytes: int = 0) -> None:
        """Count what a request used in the place of what was held; later, when that fails now."""
        if hold is None:
            return
        spent: dict[Resource, int] = {"tokens": tokens, "upload_bytes": upload_bytes}
        self._unsettled[hold.id] = hold, spent
        await asyncio.shield(self._settle(hold.id))

    def settle_soon(self, hold: Hold) -> None:
        """Count nothing in the place of what was held, where nobody can wait for it."""
        self._spawn(self.settle(hold))

    async def drop(self, hold: Hold | None) -> None:
        """Give everything back: the request did not begin."""
        if hold is not None:
            hold.void = True
            await self.settle(hold)

    async def standing(self, user_id: str, key_ids: Sequence[str]) -> Sequence[Count]:
        """Tell of every budget that binds a user, or one of their keys, how far it is used up."""
        bound = [*self._of_user(user_id)]
        for key_id in key_ids:
            bound += self._of.get(("key", key_id), ())
        for (scope, _), some in self._of.items():
            bound += some if scope == "model" else ()
        now_ms = self._clock.now_ms()
        draws = [_draw(one, user_id, now_ms, 0) for one in bound]
        return await self._store.counts(draws, now_ms=now_ms) if draws else ()

    async def keep(self) -> None:
        """Go on holding what is held, settle what could not be, look for changes. Cancel to stop.

        A server that nobody asks anything looks for nothing.
        """
        pruned_at_s = self._clock.monotonic_s()
        while True:
            await self._clock.sleep(RENEW_EVERY_S)
            now_s = self._clock.monotonic_s()
            try:
                if self._live:
                    until_ms = self._clock.now_ms() + LEASE_MS
                    await self._store.renew(tuple(self._live), lease_until_ms=until_ms)
                if self._unsettled:
                    await self._settle_late()
                if self._asked and now_s - self._read_at_s >= REFRESH_AFTER_S:
                    await self._read()
                if self._of and now_s - pruned_at_s >= PRUNE_EVERY_S:
                    pruned_at_s = now_s
                    await self._store.prune(self._clock.now_ms() - KEPT_MS)
            except StewardError as exc:
                logger.warning("budgets could not be looked after: %s", exc.message)

    def _draws(self, asked: Asked, now_ms: int) -> Iterator[Draw]:
        bound = [*self._of_user(asked.user_id)]
        if asked.key_id:
            bound += self._of.get(("key", asked.key_id), ())
        if asked.model:
            bound += self._of.get(("model", asked.model), ())
        amounts: dict[Resource, int | None] = {}
        for one in bound:
            if one.model and one.model != asked.model:
                continue
            if one.resource not in amounts:
                amounts[one.resource] = asked.amount(one.resource)
            amount = amounts[one.resource]
            if amount is not None:
                yield _draw(one, asked.user_id, now_ms, amount)

    def _of_user(self, user_id: str) -> Iterator[Budget]:
        """Give a user's own budgets, and those of everybody in whose place there is none."""
        own = self._of.get(("user", user_id), ())
        places = {one.place[2:] for one in own}
        yield from own
        for one in self._of.get(("default", ""), ()):
            if one.place[2:] not in places:
                yield one

    async def _settle(self, hold_id: str) -> None:
        found = self._unsettled.get(hold_id)
        if found is None:
            return
        hold, spent = found
        try:
            if hold.holds:
                await self._store.settle(hold.id, {} if hold.void else spent)
            if hold.void:
                await self._store.give_back([one for one in hold.draws if not one.held])
        except StewardError as exc:
            logger.warning("what was used could not be counted yet: %s", exc.message)
            return
        self._unsettled.pop(hold_id, None)
        self._live.discard(hold_id)

    async def _settle_late(self) -> None:
        for hold_id in list(self._unsettled):
            await self._settle(hold_id)

    async def _changed(self) -> None:
        await self._read()
        try:
            await self._signals.tell(TOPIC, {})
        except StewardError as exc:  # the others look for themselves soon
            logger.warning("other servers were not told of a budget: %s", exc.message)

    def _heard(self, _told: JsonObject) -> None:
        self._spawn(self._read_again())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read_again(self) -> None:
        try:
            await self._read()
        except StewardError as exc:
            logger.warning("budgets could not be read: %s", exc.message)

    async def _read(self) -> None:
        """Read them one after the other, so that what was read first is not what stays."""
        async with self._reading:
            found: defaultdict[tuple[str, str], list[Budget]] = defaultdict(list)
            for one in await self._store.all():
                found[one.scope, one.subject].append(one)
            self._of = dict(found)
            self._read_at_s = self._clock.monotonic_s()
            self._asked = False


def asked_of_texts(
    whose: tuple[str, str],
    model: str,
    texts: Sequence[str],
    *,
    answers: int = 0,
    most_tokens: int | None = None,
) -> Asked:
    """Say what a user, with a key, asks of a model that is no turn: texts to read, answers to write."""

    def tokens() -> int:
        read = sum(len(it.encode("utf-8", "replace")) for it in texts) / START_BYTES_PER_TOKEN
        written = ASSUMED_OUTPUT_TOKENS if most_tokens is None else most_tokens
        return int(read) + answers * written

    user_id, key_id = whose
    return Asked(user_id=user_id, key_id=key_id, model=model, tokens=tokens)


def _draw(budget: Budget, user_id: str, now_ms: int, amount: int) -> Draw:
    since_ms, _ = window_of(budget.period, now_ms)
    counted = user_id if budget.scope == "default" else ""
    return Draw(budget=budget, since_ms=since_ms, amount=amount, counted=counted)
