"""Make what sees inside: figures, spans, kept log lines and measurements.

Not for: what each of them does (`observability`).
"""

from __future__ import annotations

import asyncio
import logging

from backend import __version__
from backend.agent.turn import Turns
from backend.bootstrap.documents import Ground
from backend.bootstrap.kept_lines import keep_lines
from backend.bootstrap.tracing import make_tracing
from backend.config.secret_values import secrets_of
from backend.config.settings import Settings
from backend.errors import StewardError
from backend.kit.redaction import keep_secret
from backend.kit.waiting import DeadlineExceeded, within
from backend.observability.exposition import Exposition
from backend.observability.figures import Figures
from backend.observability.kept_lines import KeptLines
from backend.observability.sampler import Machine, Sampler
from backend.ports.inside import Inside
from backend.ports.measuring import Queue, Standing
from backend.ports.models import ModelProvider
from backend.ports.watching import Watch

logger = logging.getLogger(__name__)
DAY_MS = 86_400_000
PRUNE_EVERY_S = 600.0
PATIENCE_S = 2.0


class SeeingInside:
    """What one process tells of itself; `watch` is there before anything is opened."""

    def __init__(self, settings: Settings) -> None:
        keep_secret(secrets_of(settings))
        self._settings = settings
        self._figures = Figures()
        self._lines: KeptLines | None = None
        self.watch = Watch(measuring=self._figures, tracing=make_tracing(settings))

    def keep_lines(self, ground: Ground) -> None:
        """Keep what is logged from now on, and send spans, until the stack is closed."""
        self._lines = keep_lines(ground)
        ground.stack.push_async_callback(self.watch.tracing.aclose)

    def open(self, ground: Ground, turns: Turns) -> Inside:
        """Begin to measure and to forget what is old; give what administrators look at."""
        settings, stores = self._settings, ground.stores
        sampler = Sampler(
            stores.performance,
            ground.clock,
            server=ground.server_id,
            machine=Machine(settings.data_dir),
            minutes=self._figures.minutes,
            standing=lambda: self._work(ground, turns),
        )
        ground.stack.callback(asyncio.create_task(sampler.run()).cancel)
        ground.stack.callback(asyncio.create_task(self._keep_pruned(ground)).cancel)
        token = settings.metrics.token
        return Inside(
            metrics=Exposition(self._figures, lambda: self._standing(ground, turns)),
            metrics_token=token.get_secret_value() if token else "",
            lines=stores.log_lines,
            performance=stores.performance,
            flush=self._flush,
            measure=sampler.measure,
        )

    async def _flush(self) -> None:
        if self._lines is not None:
            await self._lines.write_now()

    async def _work(self, ground: Ground, turns: Turns) -> tuple[int, Queue | None]:
        try:
            queue = await ground.stores.jobs.standing(ground.clock.now_ms())
        except StewardError:
            queue = None
        return len(turns.active), queue

    async def _standing(self, ground: Ground, turns: Turns) -> Standing:
        """Say how the server stands, as far as that can be found out at once."""
        runs, queue = await self._work(ground, turns)
        providers = turns.catalog.providers
        told = await asyncio.gather(*(_answers(ground, one) for one in providers))
        return Standing(
            version=__version__,
            active_runs=runs,
            queue=queue,
            upstreams=[(one.name, ok) for one, ok in zip(providers, told, strict=True)],
            lines_dropped=self._lines.dropped if self._lines else 0,
        )

    async def _keep_pruned(self, ground: Ground) -> None:
        """Forget what is too old or too much, now and then, for ever."""
        history, stores = self._settings.history, ground.stores
        while True:
            now_ms = ground.clock.now_ms()
            try:
                await stores.log_lines.prune(
                    before_ms=now_ms - history.log_days * DAY_MS, most=history.log_lines
                )
                await stores.performance.prune(before_ms=now_ms - history.performance_days * DAY_MS)
            except StewardError as exc:
                logger.warning("what is old could not be removed: %s", exc.for_log)
            await ground.clock.sleep(PRUNE_EVERY_S)


async def _answers(ground: Ground, provider: ModelProvider) -> bool:
    try:
        found = await within(ground.clock, PATIENCE_S, provider.health())
    except (StewardError, DeadlineExceeded):
        return False
    return found.ok
