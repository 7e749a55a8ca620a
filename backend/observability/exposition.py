"""Writes the figures as Prometheus reads them.

The library costs memory and is loaded by the first who asks. Names follow
https://prometheus.io/docs/practices/naming/.
"""

from __future__ import annotations

import platform
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from backend.observability.figures import Figures
from backend.ports.measuring import Queue, Standing

PREFIX = "steward_"


class Exposition:
    """The `MetricsPage` port over figures, and over how the server stands when it is asked."""

    def __init__(self, figures: Figures, standing: Callable[[], Awaitable[Standing]]) -> None:
        self._figures = figures
        self._standing = standing
        self._registry: Any = None
        self._now = Standing()

    async def render(self, accept: str) -> tuple[bytes, str]:
        """Give the page and its media type; OpenMetrics for whoever asks for it."""
        from prometheus_client.exposition import choose_encoder  # noqa: PLC0415 - heavy

        self._now = await self._standing()
        encode, media_type = choose_encoder(accept)
        return encode(self._opened()), media_type

    def collect(self) -> Iterator[Any]:
        """Give every family; called by the library."""
        from prometheus_client.core import (  # noqa: PLC0415 - heavy
            CounterMetricFamily,
            HistogramMetricFamily,
        )

        for name, counted in self._figures.counted.items():
            family = CounterMetricFamily(PREFIX + name, counted.about, labels=counted.names)
            for labels, value in list(counted.values.items()):
                family.add_metric(labels, value)
            yield family
        for name, timed in self._figures.timed.items():
            many = HistogramMetricFamily(PREFIX + name, timed.about, labels=timed.names)
            for labels, one in list(timed.values.items()):
                many.add_metric(labels, one.cumulative(), sum_value=one.total)
            yield many
        yield from self._standings()

    def _standings(self) -> Iterator[Any]:
        now = self._now
        yield _gauge("active_runs", "Runs that work now.", (), [((), now.active_runs)])
        flights = [((name,), count) for name, count in self._figures.in_flight.items()]
        yield _gauge(
            "upstream_in_flight", "Calls of models that are under way.", ("provider",), flights
        )
        told = [((name,), int(ok)) for name, ok in now.upstreams]
        yield _gauge("upstream_up", "Whether a model server answers.", ("provider",), told)
        if now.queue is not None:
            yield from _queue(now.queue)
        dropped = [((), now.lines_dropped)]
        yield _gauge("log_lines_dropped", "Log lines that could not be kept.", (), dropped)
        build = [((now.version, platform.python_version()), 1)]
        yield _gauge("build_info", "The version that runs.", ("version", "python"), build)

    def _opened(self) -> Any:  # noqa: ANN401 - a type of the library, which is loaded late
        if self._registry is None:
            from prometheus_client import (  # noqa: PLC0415 - heavy
                CollectorRegistry,
                ProcessCollector,
            )

            registry = CollectorRegistry(auto_describe=False)
            registry.register(self)
            ProcessCollector(registry=registry)
            self._registry = registry
        return self._registry


def _queue(queue: Queue) -> Iterator[Any]:
    states = [
        (("waiting",), queue.waiting),
        (("running",), queue.running),
        (("postponed",), queue.postponed),
    ]
    yield _gauge("ingest_jobs", "Documents to be read or embedded, by state.", ("state",), states)
    age = [((), queue.oldest_s)]
    yield _gauge("ingest_oldest_seconds", "Age of the oldest of these.", (), age)


def _gauge(
    name: str,
    about: str,
    names: tuple[str, ...],
    values: Iterable[tuple[tuple[str, ...], float]],
) -> Any:  # noqa: ANN401 - a type of the library, which is loaded late
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - heavy

    family = GaugeMetricFamily(PREFIX + name, about, labels=names)
    for labels, value in values:
        family.add_metric(labels, value)
    return family
