"""Embedding by an Ollama server: POST /api/embed.

Source: https://github.com/ollama/ollama/blob/main/docs/api.md#generate-embeddings
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backend.documents.embedding.remote import DEFAULT_LIMITS, RemoteEmbedder, RemoteLimits, Trouble
from backend.kit.http import FetchError, HttpReply
from backend.kit.json_shapes import json_object
from backend.kit.patient_http import Ask
from backend.ports.clock import Clock

NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaEmbedding:
    """Where Ollama is, the model, and how long it stays loaded: seconds, or text such as "5m"."""

    model: str
    base_url: str = "http://127.0.0.1:11434"
    keep_alive: str | int = "5m"


def ollama_embedder(
    options: OllamaEmbedding, clock: Clock, *, limits: RemoteLimits = DEFAULT_LIMITS
) -> RemoteEmbedder:
    """Make an embedder that asks an Ollama server."""
    return RemoteEmbedder(_OllamaWire(options), clock, limits=limits)


class _OllamaWire:
    """Implements `remote.Wire`."""

    def __init__(self, options: OllamaEmbedding) -> None:
        self._base_url = options.base_url.rstrip("/")
        self._keep_alive = options.keep_alive
        self.model = options.model
        self.space_id = f"ollama:{options.model.removesuffix(':latest')}"

    def ask(self, texts: Sequence[str]) -> Ask:
        """`truncate`: without it Ollama refuses what is longer than the model's window."""
        body = {
            "model": self.model,
            "input": list(texts),
            "truncate": True,
            "keep_alive": self._keep_alive,
        }
        return Ask(method="POST", url=f"{self._base_url}/api/embed", json=body)

    def rows(self, answer: Any) -> Sequence[object]:  # noqa: ANN401 - any JSON
        return answer["embeddings"]

    def adapt(self, reply: HttpReply) -> bool:  # noqa: ARG002 - Ollama has one way to be asked
        return False

    def trouble(self, reply: HttpReply) -> Trouble:
        try:
            said = json_object(reply).get("error")
        except FetchError:
            said = None
        if not isinstance(said, str):
            detail = f"The server at {self._base_url} does not answer as Ollama does (status {reply.status})."
            return Trouble(detail=detail, fix="Set OLLAMA_HOST to where Ollama runs.")
        if reply.status == NOT_FOUND:
            detail = f"Ollama does not have the embedding model '{self.model}'."
            return Trouble(detail=detail, fix=f"Get it with `ollama pull {self.model}`.")
        if "does not support embedding" in said:
            detail = f"The model '{self.model}' does not embed texts."
            return Trouble(
                detail=detail, fix="Set EMBEDDING_MODEL to one that does, such as bge-m3."
            )
        return Trouble(detail=f"Ollama could not embed: {said}.")

    def unreachable(self, reason: str) -> Trouble:
        return Trouble(
            detail=f"Ollama cannot be asked at {self._base_url}: {reason}.",
            fix="Start it with `ollama serve`, or set OLLAMA_HOST to where it runs.",
        )

    def ask_health(self) -> Ask:
        """Ask what the model is, which does not load it."""
        return Ask(method="POST", url=f"{self._base_url}/api/show", json={"model": self.model})
