"""Signals between servers by LISTEN and NOTIFY, over one connection that is made again when it breaks.

What is told while there is no connection is lost, and so is what others tell meanwhile. A pooler between
must keep sessions: https://www.postgresql.org/docs/current/sql-listen.html
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

import orjson
import psycopg
from psycopg import AsyncConnection, Notify

from backend.ports.clock import Clock
from backend.ports.signals import MOST_BYTES, Heard
from backend.ports.values import JsonObject
from backend.storage.postgres_database import connection_arguments, conninfo_of

logger = logging.getLogger(__name__)
_CHANNEL = "steward"
_FIRST_PAUSE_S, _MOST_PAUSE_S = 0.1, 5.0
_QUIET_S = 30.0  # then the connection is tried: a firewall may have dropped it without a word
_TOLD_WITHIN_S = 10.0
_MOST_WAITING = 1_000
_TELL = (
    "SELECT pg_notify(%s, told) FROM unnest(%s::text[]) WITH ORDINALITY AS it(told, n) ORDER BY n"
)


class PostgresSignals:
    """Tells and hears through a PostgreSQL database."""

    def __init__(self, url: str, *, clock: Clock) -> None:
        self._conninfo = conninfo_of(url)
        self._clock = clock
        self._hearing: defaultdict[str, list[Heard]] = defaultdict(list)
        self._to_tell: list[tuple[str, asyncio.Future[None]]] = []
        self._stirred = asyncio.Event()
        self._connected = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self, *, wait_s: float = 5.0) -> None:
        """Begin to hear, and wait a while until that is so."""
        self._task = asyncio.create_task(self._keep_connected(), name="signals")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._connected.wait(), wait_s)

    async def tell(self, topic: str, told: JsonObject) -> None:
        """Tell all servers, this one too; lost without a connection.

        Raises:
            ValueError: for more than MOST_BYTES of JSON.
        """
        payload = orjson.dumps([topic, told], default=str)
        if len(payload) > MOST_BYTES:
            msg = f"a signal has at most {MOST_BYTES} bytes; tell what to look up"
            raise ValueError(msg)
        if not self._connected.is_set() or len(self._to_tell) >= _MOST_WAITING:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._to_tell.append((payload.decode(), done))
        self._stirred.set()
        await done

    def hear(self, topic: str, heard: Heard) -> Callable[[], None]:
        """Call `heard` for all that is told from now on; give what ends that."""
        self._hearing[topic].append(heard)
        return lambda: self._hearing[topic].remove(heard)

    async def aclose(self) -> None:
        """Hear nothing more."""
        self._hearing.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep_connected(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                await self._connect_and_work()
            except (psycopg.Error, OSError) as exc:
                if self._connected.is_set():
                    pause_s = _FIRST_PAUSE_S
                    logger.warning("signals are interrupted: %s", type(exc).__name__)
            finally:
                self._connected.clear()
                self._give_up()
            await self._clock.sleep(pause_s)
            pause_s = min(_MOST_PAUSE_S, pause_s * 2)

    async def _connect_and_work(self) -> None:
        made = await AsyncConnection.connect(
            self._conninfo, autocommit=True, **connection_arguments()
        )
        async with made as connection:
            connection.add_notify_handler(self._heard)
            await connection.execute(f"LISTEN {_CHANNEL}")
            self._connected.set()
            while True:
                await self._tell_waiting(connection)
                await self._listen(connection)

    async def _listen(self, connection: AsyncConnection) -> None:
        """Wait until there is something to hear or to tell; hear what there is."""
        loop, descriptor = asyncio.get_running_loop(), connection.fileno()
        loop.add_reader(descriptor, self._stirred.set)
        try:
            await asyncio.wait_for(self._stirred.wait(), _QUIET_S)
        except TimeoutError:
            logger.debug("no signal for %s s", _QUIET_S)
        finally:
            loop.remove_reader(descriptor)
        quiet = not self._stirred.is_set()
        self._stirred.clear()
        if quiet:  # fails when the connection has died
            await asyncio.wait_for(connection.execute("SELECT 1"), _QUIET_S)
        connection.pgconn.consume_input()
        while (found := connection.pgconn.notifies()) is not None:
            self._act_on(found.extra)

    async def _tell_waiting(self, connection: AsyncConnection) -> None:
        while self._to_tell:
            waiting, self._to_tell = self._to_tell, []
            told = connection.execute(_TELL, (_CHANNEL, [payload for payload, _ in waiting]))
            try:
                await asyncio.wait_for(told, _TOLD_WITHIN_S)  # who tells waits for it
            finally:
                for _, done in waiting:
                    _ = done.done() or done.set_result(None)

    def _give_up(self) -> None:
        for _, done in self._to_tell:
            _ = done.done() or done.set_result(None)
        self._to_tell.clear()

    def _heard(self, notify: Notify) -> None:
        self._act_on(notify.payload.encode())

    def _act_on(self, payload: bytes) -> None:
        try:
            topic, told = orjson.loads(payload)
        except ValueError:
            logger.warning("a signal that is none was ignored")
            return
        for heard in tuple(self._hearing[topic]):
            try:
                heard(told)
            except Exception:
                logger.exception("a signal of topic %s could not be acted on", topic)
