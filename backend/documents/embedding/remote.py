"""An embedder behind HTTP: batches, retries, checked answers; how a server is spoken to is a `Wire`.

Not for: any one server's words (`ollama`, `openai_compatible`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import orjson

from backend.documents.embedding.prefixes import prefixes_of
from backend.kit.cache import TtlCache
from backend.kit.http import FetchError, FetchLimits, HttpClient, HttpReply
from backend.kit.patient_http import Ask, retry_after_s, status_is_busy
from backend.ports.clock import Clock
from backend.ports.embedding import EmbeddingFailed, EmbeddingSpace
from backend.ports.values import Health

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUERIES_KEPT_S = 3600.0
HEALTH_KEPT_S = 5.0
ANSWER_BYTES = 64 * 1024 * 1024
PROBE = "How long is a vector of this model?"
CUTS = (8_000, 2_000, 1_000, 400)
"""Characters a text is cut to, in turn, while a model says that its input is too long."""
TOO_LONG = re.compile(
    r"maximum context length|exceeds? the (?:available |maximum )?context|too large to process"
    r"|must have less than \d+ tokens|too many tokens|input is too long",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteLimits:
    """How much is asked at once, how long for, and how often again; times in seconds.

    `timeout_s` includes the time a server needs to load a model. A pause longer than `max_pause_s`
    is not waited for.
    """

    batch_texts: int = 32
    timeout_s: float = 300.0
    health_timeout_s: float = 5.0
    retries: int = 3
    first_pause_s: float = 0.5
    max_pause_s: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is wrong and what to do about it, in words for a person."""

    detail: str
    fix: str = ""


class RemoteTrouble(EmbeddingFailed):
    """The server is away or refused; `trouble` says the same in parts."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(f"{trouble.detail} {trouble.fix}".strip())
        self.trouble = trouble


class Wire(Protocol):
    """How one kind of server is asked, and what its answers mean."""

    @property
    def space_id(self) -> str:
        """The id of the embedding space."""
        ...

    @property
    def model(self) -> str:
        """The model's name."""
        ...

    def ask(self, texts: Sequence[str]) -> Ask:
        """Write the request for some texts, none of them empty."""
        ...

    def rows(self, answer: object) -> Sequence[object]:
        """Find the vectors in an answer; raise KeyError, TypeError or ValueError for another shape."""
        ...

    def adapt(self, reply: HttpReply) -> bool:
        """Learn from a refusal; True when the same should be asked again, in other words."""
        ...

    def trouble(self, reply: HttpReply) -> Trouble:
        """Explain a refusal."""
        ...

    def unreachable(self, reason: str) -> Trouble:
        """Explain that nothing answers."""
        ...

    def ask_health(self) -> Ask:
        """Write a request that costs little and fails when the model is not there."""
        ...


DEFAULT_LIMITS = RemoteLimits()


class RemoteEmbedder:
    """Implements `ports.embedding.Embedder` over a server; questions do not wait for bulk work."""

    def __init__(self, wire: Wire, clock: Clock, *, limits: RemoteLimits = DEFAULT_LIMITS) -> None:
        self._wire = wire
        self._clock = clock
        self._limits = limits
        self._http = HttpClient()
        self._fetch = FetchLimits(timeout_s=limits.timeout_s, max_bytes=ANSWER_BYTES)
        self._prefixes = prefixes_of(wire.model)
        self._dimensions = 0
        self._cuts = CUTS
        self._asked = TtlCache["NDArray[np.float32]"](ttl_s=QUERIES_KEPT_S, clock=clock)
        self._healthy = TtlCache[Health](ttl_s=HEALTH_KEPT_S, clock=clock)

    async def space(self) -> EmbeddingSpace:
        """Tell the space; the first time a text is embedded to learn the dimensions."""
        if not self._dimensions:
            await self.embed_query(PROBE)
        return EmbeddingSpace(id=self._wire.space_id, dimensions=self._dimensions)

    async def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed passages as the port says, in batches of texts of about the same length."""
        dimensions = (await self.space()).dimensions
        import numpy as np  # noqa: PLC0415 - the embedder boundary; a thread has loaded it by now

        vectors = np.empty((len(texts), dimensions), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        for start in range(0, len(order), self._limits.batch_texts):
            batch = order[start : start + self._limits.batch_texts]
            prefix = self._prefixes.passage
            vectors[batch] = await self._embed([prefix + texts[at] for at in batch])
        return vectors

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed a question as the port says; repeated ones are remembered."""
        return (await self._asked.get(text, lambda: self._embed_query(text))).copy()

    async def health(self) -> Health:
        """Tell whether the server answers and has the model; kept for some seconds."""
        return await self._healthy.get("", self._look)

    async def aclose(self) -> None:
        """Close connections."""
        await self._asked.aclose()
        await self._healthy.aclose()
        await self._http.aclose()

    async def _embed_query(self, text: str) -> NDArray[np.float32]:
        return (await self._embed([self._prefixes.query + text]))[0]

    async def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed one batch; texts that are too long for the model are cut shorter until they are not."""
        reply = None
        for cut in self._cuts:
            reply = await self._patiently([_clean(text[:cut]) for text in texts])
            if reply.status == 200:
                self._cuts = self._cuts[self._cuts.index(cut) :]
                return await asyncio.to_thread(self._vectors, reply, len(texts))
            if not _is_too_long(reply):
                break
        assert reply is not None
        raise RemoteTrouble(self._wire.trouble(reply))

    async def _patiently(self, texts: Sequence[str]) -> HttpReply:
        """Ask, and ask again while the server is busy and the pauses are bearable."""
        pause_s = self._limits.first_pause_s
        for _ in range(self._limits.retries):
            reply = await self._once(texts)
            if not status_is_busy(reply) or _is_too_long(reply):
                return reply
            asked_s = retry_after_s(reply, now_ms=self._clock.now_ms())
            wait_s = pause_s if asked_s is None else asked_s
            if wait_s > self._limits.max_pause_s:
                return reply
            await self._clock.sleep(wait_s)
            pause_s *= 2
        return await self._once(texts)

    async def _once(self, texts: Sequence[str]) -> HttpReply:
        reply = await self._request(self._wire.ask(texts), self._fetch)
        if reply.status != 200 and self._wire.adapt(reply):
            reply = await self._request(self._wire.ask(texts), self._fetch)
        return reply

    async def _request(self, ask: Ask, limits: FetchLimits) -> HttpReply:
        try:
            return await self._http.request(
                ask.method, ask.url, json=ask.json, headers=ask.headers, limits=limits
            )
        except FetchError as exc:
            raise RemoteTrouble(self._wire.unreachable(str(exc))) from exc

    def _vectors(self, reply: HttpReply, count: int) -> NDArray[np.float32]:
        from backend.documents.embedding.vectors import (  # noqa: PLC0415 - the embedder boundary
            unit_rows,
        )

        try:
            rows = self._wire.rows(orjson.loads(reply.body))
        except (KeyError, TypeError, ValueError) as exc:
            msg = f"The embedding server answered something else than vectors: {reply.body[:120]!r}"
            raise EmbeddingFailed(msg) from exc
        made = unit_rows(rows, count=count, dimensions=self._dimensions)
        self._dimensions = made.shape[1]
        return made

    async def _look(self) -> Health:
        limits = FetchLimits(timeout_s=self._limits.health_timeout_s, max_bytes=ANSWER_BYTES)
        try:
            reply = await self._request(self._wire.ask_health(), limits)
        except RemoteTrouble as exc:
            return _unwell(exc.trouble)
        if reply.status != 200:
            return _unwell(self._wire.trouble(reply))
        return Health(ok=True, detail=f"Texts are embedded by {self._wire.model}.")


def _unwell(trouble: Trouble) -> Health:
    return Health(ok=False, detail=trouble.detail, fix=trouble.fix)


def _is_too_long(reply: HttpReply) -> bool:
    return reply.status != 200 and TOO_LONG.search(reply.body.decode(errors="replace")) is not None


def _clean(text: str) -> str:
    """Replace what is no text in UTF-8, and the empty text, which servers refuse or leave out."""
    return text.encode("utf-8", "replace").decode() if text.strip() else " "
