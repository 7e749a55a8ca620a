"""How each model answered since the last look: what the history of a minute is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.ports.inside import ModelSample
from backend.ports.measuring import ModelCall

MOST_CALLS = 2_000  # of one model in one minute that percentiles are made of


@dataclass(slots=True)
class _Minute:
    calls: int = 0
    failed: int = 0
    tokens: int = 0
    first_s: list[float] = field(default_factory=list[float])
    speeds: list[float] = field(default_factory=list[float])


class ModelMinutes:
    """Gathers calls by model until they are taken."""

    def __init__(self) -> None:
        self._models: dict[str, _Minute] = {}

    def note(self, model: str, call: ModelCall) -> None:
        """Add a call that has ended."""
        minute = self._models.setdefault(model, _Minute())
        minute.calls += 1
        minute.failed += bool(call.failed)
        minute.tokens += call.usage.completion_tokens if call.usage else 0
        if not call.pieces_s or minute.calls > MOST_CALLS:
            return
        minute.first_s.append(call.pieces_s[0] - call.began_s)
        took_s = call.pieces_s[-1] - call.pieces_s[0]
        tokens = (call.usage.completion_tokens if call.usage else 0) or len(call.pieces_s)
        if took_s > 0 and tokens > 1:
            minute.speeds.append((tokens - 1) / took_s)

    def take(self, *, at_ms: int, server: str) -> list[ModelSample]:
        """Give what was gathered, and begin again."""
        taken, self._models = self._models, {}
        return [
            ModelSample(
                at_ms=at_ms,
                server=server,
                model=model,
                calls=one.calls,
                failed=one.failed,
                tokens=one.tokens,
                first_token_p50_s=percentile(one.first_s, 0.5),
                first_token_p95_s=percentile(one.first_s, 0.95),
                tokens_per_s_p50=percentile(one.speeds, 0.5),
                tokens_per_s_p95=percentile(one.speeds, 0.95),
            )
            for model, one in sorted(taken.items())
        ]


def percentile(values: Sequence[float], share: float) -> float | None:
    """Give the smallest value that at least that share of the values does not exceed; None without any."""
    if not values:
        return None
    ranked = sorted(values)
    at = max(0, -(-len(ranked) * share // 1) - 1)
    return ranked[int(at)]
