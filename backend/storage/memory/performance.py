"""Measurements in memory."""

from __future__ import annotations

from collections.abc import Sequence

from backend.ports.inside import History, ModelSample, Sample


class MemoryPerformanceStore:
    """The `PerformanceStore` port in memory."""

    def __init__(self) -> None:
        self._samples: dict[tuple[int, str], Sample] = {}
        self._models: dict[tuple[int, str, str], ModelSample] = {}

    async def add(self, sample: Sample, models: Sequence[ModelSample]) -> None:
        """Keep what was measured in a minute."""
        self._samples[sample.at_ms, sample.server] = sample
        for one in models:
            self._models[one.at_ms, one.server, one.model] = one

    async def history(self, *, from_ms: int, to_ms: int, server: str = "") -> History:
        """Give what was measured from one moment up to before another, of one server or of all."""

        def wanted(one: Sample | ModelSample) -> bool:
            return from_ms <= one.at_ms < to_ms and server in {"", one.server}

        return History(
            samples=tuple(one for _, one in sorted(self._samples.items()) if wanted(one)),
            models=tuple(one for _, one in sorted(self._models.items()) if wanted(one)),
        )

    async def prune(self, *, before_ms: int) -> int:
        """Forget what was measured before then; tell how many rows that were."""
        before = len(self._samples) + len(self._models)
        self._samples = {key: it for key, it in self._samples.items() if it.at_ms >= before_ms}
        self._models = {key: it for key, it in self._models.items() if it.at_ms >= before_ms}
        return before - len(self._samples) - len(self._models)
