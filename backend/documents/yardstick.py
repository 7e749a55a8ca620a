"""Makes cosines of different embedders comparable: what question and answer measure in a space, and what strangers do.

One model gives unrelated texts 0.05, another 0.6; a threshold only means something against both ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from backend.ports.embedding import Embedder, EmbeddingFailed

_log = logging.getLogger(__name__)

_PAIRS = (
    (
        "When does the library close on Saturdays?",
        "Opening hours: on weekdays from nine to eight, on Saturdays the reading rooms close at two.",
    ),
    (
        "How is the filter of the dishwasher cleaned?",
        "Turn the coarse sieve to the left, lift it out and rinse both parts under warm water once a month.",
    ),
    (
        "Who pays for repairs of the roof?",
        "Costs of keeping the roof and the outer walls in order are borne by the owner of the building.",
    ),
    (
        "What did the excavation near the river find?",
        "In the trench by the bank, archaeologists came upon bronze pins and the floor of a boat house.",
    ),
    (
        "Which dose is given to children?",
        "For patients under twelve years half a tablet twice a day is sufficient, taken after a meal.",
    ),
    (
        "Why did the server stop answering?",
        "The outage was caused by a full disk: the log could not be written and every request timed out.",
    ),
    (
        "How much did exports grow last year?",
        "Sales abroad rose by seven per cent over the previous twelve months, mostly in machine tools.",
    ),
    (
        "What do the birds eat in winter?",
        "From November on the tits live on seeds and spiders' eggs that they find under the bark.",
    ),
)
_LEAST_SPAN = 0.05


@dataclass(frozen=True, slots=True)
class Yardstick:
    """The mean cosine of questions with strange passages, and with those that answer them."""

    strange: float
    fitting: float

    def similarity(self, cosine: float) -> float | None:
        """Give 0 for a cosine as between strangers, 1 for one as between question and answer.

        None in a space where they measure the same.
        """
        span = self.fitting - self.strange
        return (cosine - self.strange) / span if span >= _LEAST_SPAN else None


_UNMEASURED = Yardstick(0.0, 0.6)


class Yardsticks:
    """Measures each space once."""

    def __init__(self) -> None:
        self._measured: dict[str, Yardstick] = {}
        self._measuring = asyncio.Lock()

    async def of(self, embedder: Embedder, space: str) -> Yardstick:
        """Give the yardstick of the space of an embedder; a guess when it fails just now."""
        async with self._measuring:
            if space not in self._measured:
                try:
                    self._measured[space] = await _measured(embedder)
                except EmbeddingFailed as exc:
                    _log.warning("the space %s could not be measured: %s", space, exc)
                    return _UNMEASURED
            return self._measured[space]


async def _measured(embedder: Embedder) -> Yardstick:
    passages = await embedder.embed_texts([passage for _, passage in _PAIRS])
    fitting: list[float] = []
    strange: list[float] = []
    for number, (question, _) in enumerate(_PAIRS):
        vector = await embedder.embed_query(question)
        for other, passage in enumerate(passages):
            (fitting if other == number else strange).append(float(passage @ vector))
    return Yardstick(_mean(strange), _mean(fitting))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
