"""What ends on a server for users who are disabled or gone, whoever changed their accounts."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

import pytest

from backend.agent.standing import LOOK_EVERY_S, TOPIC, Standing
from backend.errors import Unavailable
from backend.ports.stores import User
from backend.storage.memory.signals import LocalSignals
from backend.storage.stores import memory_stores
from tests.fakes.clock import WatchedClock

ANN, BOB, EVE = (
    User(id=f"user_{name}", username=name, password_hash="hash", role="admin")
    for name in ("ann", "bob", "eve")
)


@dataclass
class Running:
    """Something that runs for users until it is stopped."""

    there: list[tuple[str, str]] = field(default_factory=list)
    stopped: list[tuple[str, str]] = field(default_factory=list)

    def owners(self):
        return iter(self.there)

    def cancel_of(self, user_id, *, key_id=""):
        self.stopped.append((user_id, key_id))


@dataclass
class Held:
    """Something that is held of users until it is forgotten; fails with each of `faults` first."""

    there: set[str] = field(default_factory=set)
    forgotten: list[str] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    def users(self):
        return frozenset(self.there)

    async def forget_user(self, user_id):
        if self.faults:
            raise self.faults.pop()
        self.there.discard(user_id)
        self.forgotten.append(user_id)


class Hall:
    """A server's Standing over three accounts: Ann's, Bob's which is disabled, and Eve's which is gone."""

    def __init__(self) -> None:
        self.clock = WatchedClock()
        self.stores = memory_stores(clock=self.clock)
        self.running, self.indexes, self.uploads = Running(), Held(), Held()
        self.asked = 0
        self._store = self.stores.standing
        self.standing = Standing(
            self, self.clock, running=[self.running], holding=[self.indexes, self.uploads]
        )

    async def ended(self, user_ids, key_ids):
        """Count who asks, and answer."""
        self.asked += 1
        return await self._store.ended(user_ids, key_ids)


@pytest.fixture
async def hall():
    made = Hall()
    for user in (ANN, BOB, EVE):
        await made.stores.users.add(user)
    await made.stores.users.update(BOB.id, disabled=True)
    await made.stores.users.delete(EVE.id)
    return made


async def test_what_runs_ends_for_the_disabled_and_the_gone(hall):
    """And for nobody else; a key that is gone ends what it was used for."""
    hall.running.there = [(ANN.id, ""), (ANN.id, "key_gone"), (BOB.id, ""), (EVE.id, "key_gone")]
    await hall.standing.look()
    ended = [(ANN.id, "key_gone"), (BOB.id, ""), (EVE.id, "")]
    assert sorted(hall.running.stopped) == ended


async def test_whoever_is_gone_is_forgotten_by_all_and_whoever_is_disabled_by_none(hall):
    """Also where only one of them named the user; once forgotten, nothing is asked any more."""
    hall.indexes.there = {ANN.id, BOB.id, EVE.id}
    await hall.standing.look()
    assert (hall.indexes.forgotten, hall.uploads.forgotten) == ([EVE.id], [EVE.id])
    assert hall.indexes.there == {ANN.id, BOB.id}
    await hall.standing.look()
    assert hall.uploads.forgotten == [EVE.id]


async def test_somebody_for_whom_something_only_runs_is_forgotten_too(hall):
    """What a run leaves behind its user's end is not found by anybody later."""
    hall.running.there = [(EVE.id, "")]
    await hall.standing.look()
    assert hall.uploads.forgotten == [EVE.id]


async def test_nothing_is_asked_while_nothing_runs_or_is_held(hall):
    """An idle server leaves the database alone."""
    await hall.standing.look()
    assert hall.asked == 0
    hall.uploads.there = {ANN.id}
    await hall.standing.look()
    assert hall.asked == 1


@pytest.mark.parametrize("fault", [OSError("the disk"), Unavailable("the database")])
async def test_what_cannot_be_forgotten_is_tried_again_and_hinders_nobody(hall, fault, caplog):
    """The log says of whom."""
    hall.indexes.there, hall.indexes.faults = {EVE.id}, [fault]
    await hall.standing.look()
    assert hall.uploads.forgotten == [EVE.id]
    assert EVE.id in caplog.text
    await hall.standing.look()
    assert hall.indexes.forgotten == [EVE.id]


async def test_it_looks_every_few_seconds_and_acts_at_once_on_a_signal(hall):
    """A look that failed is followed by another one."""
    signals = LocalSignals()
    hall.running.there = [(BOB.id, "")]
    answers = [Unavailable("away")]
    ended = hall._store.ended

    async def away_at_first(user_ids, key_ids):
        if answers:
            raise answers.pop()
        return await ended(user_ids, key_ids)

    hall._store.ended = away_at_first
    stop_hearing = hall.standing.hear(signals)
    await signals.tell(TOPIC, {"user_id": ANN.id, "ended": True})
    await signals.tell(TOPIC, {"user_id": EVE.id})
    assert hall.running.stopped == [(ANN.id, "")]
    looking = asyncio.create_task(hall.standing.keep())
    for _ in range(2):
        await hall.clock.until_asked(LOOK_EVERY_S)
        hall.clock.asked.clear()
        hall.clock.step(LOOK_EVERY_S)
    await hall.clock.until_asked(LOOK_EVERY_S)
    assert hall.running.stopped == [(ANN.id, ""), (BOB.id, "")]
    stop_hearing()
    looking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await looking
