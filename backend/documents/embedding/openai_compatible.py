"""Embedding by any server that speaks OpenAI's embeddings: POST /v1/embeddings.

Source: https://platform.openai.com/docs/api-reference/embeddings
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backend.documents.embedding.remote import DEFAULT_LIMITS, RemoteEmbedder, RemoteLimits, Trouble
from backend.kit.http import FetchError, HttpReply
from backend.kit.json_shapes import json_object, mapping, objects
from backend.kit.patient_http import Ask
from backend.ports.clock import Clock

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NOT_FOUND = 404
KEY_REFUSED = frozenset({401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIEmbedding:
    """Where the server is (`base_url` ends in /v1 with most), the key if it wants one, the model."""

    model: str
    base_url: str
    api_key: Callable[[], str] = field(default=str, repr=False)


def openai_embedder(
    options: OpenAIEmbedding, clock: Clock, *, limits: RemoteLimits = DEFAULT_LIMITS
) -> RemoteEmbedder:
    """Make an embedder that asks an OpenAI-compatible server."""
    return RemoteEmbedder(_OpenAIWire(options), clock, limits=limits)


class _OpenAIWire:
    """Implements `remote.Wire`.

    Vectors are asked for in base64, a quarter of the bytes; a server that refuses that is asked
    for numbers from then on, and either is understood.
    """

    def __init__(self, options: OpenAIEmbedding) -> None:
        self._base_url = options.base_url.rstrip("/")
        self._api_key = options.api_key
        self._in_base64 = True
        self.model = options.model
        self.space_id = f"openai:{options.model}"

    def ask(self, texts: Sequence[str]) -> Ask:
        body: dict[str, object] = {"model": self.model, "input": list(texts)}
        if self._in_base64:
            body["encoding_format"] = "base64"
        url = f"{self._base_url}/embeddings"
        return Ask(method="POST", url=url, json=body, headers=self._headers())

    def rows(self, answer: Any) -> Sequence[object]:  # noqa: ANN401 - any JSON
        """The order is that of `index`, which some servers leave out."""
        data = objects(answer["data"])
        if all(isinstance(row.get("index"), int) for row in data):
            data = sorted(data, key=lambda row: row["index"])
        return [_row(row["embedding"]) for row in data]

    def adapt(self, reply: HttpReply) -> bool:
        if self._in_base64 and reply.status in {400, 422} and b"encoding_format" in reply.body:
            self._in_base64 = False
            return True
        return False

    def trouble(self, reply: HttpReply) -> Trouble:
        if reply.status in KEY_REFUSED:
            detail = f"The embedding server at {self._base_url} refuses the key."
            return Trouble(detail=detail, fix="Check UPSTREAM_OPENAI_API_KEY.")
        said = _said(reply)
        if reply.status == NOT_FOUND:
            detail = f"The embedding model '{self.model}' is not at {self._base_url}: {said}"
            return Trouble(detail=detail, fix="Check EMBEDDING_MODEL and UPSTREAM_OPENAI_BASE_URL.")
        return Trouble(detail=f"The embedding server could not embed: {said}")

    def unreachable(self, reason: str) -> Trouble:
        detail = f"The embedding server cannot be asked at {self._base_url}: {reason}."
        return Trouble(detail=detail, fix="Start it, or check UPSTREAM_OPENAI_BASE_URL.")

    def ask_health(self) -> Ask:
        """List the models."""
        return Ask(url=f"{self._base_url}/models", headers=self._headers())

    def _headers(self) -> dict[str, str] | None:
        key = self._api_key()
        return {"Authorization": f"Bearer {key}"} if key else None


def _row(embedding: object) -> object:
    return _decoded(embedding) if isinstance(embedding, str) else embedding


def _decoded(text: str) -> NDArray[np.float32]:
    import numpy as np  # noqa: PLC0415 - the embedder boundary

    return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4")


def _said(reply: HttpReply) -> str:
    try:
        whole = json_object(reply)
    except FetchError:
        return f"status {reply.status}."
    error = whole.get("error") or whole.get("message") or whole.get("detail")
    return str(mapping(error).get("message") or error or f"status {reply.status}.")
