"""The models the double has, and the answers about them: tags, show, ps, version, embed, pull."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from tests.fakes.ollama.checks import FakeModel, Refusal, full_name
from tests.fakes.ollama.wire import STAMP

VERSION = "0.33.0"
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Answer:
    """A body and its type."""

    body: bytes
    content_type: str = "application/json; charset=utf-8"


def usual_models() -> dict[str, FakeModel]:
    """Name the models a double has when a test does not say."""
    thinking = ("completion", "tools", "thinking")
    return {
        "llama3.2:latest": FakeModel(),
        "qwen3:8b": FakeModel(capabilities=thinking, architecture="qwen3", context_length=40_960),
        "r1:latest": FakeModel(capabilities=("completion", "thinking"), think_levels=False),
        "gemma:2b": FakeModel(capabilities=("completion",), context_length=8192),
        "llava:latest": FakeModel(capabilities=("completion", "vision")),
        "qwen2.5-coder:1.5b": FakeModel(capabilities=("completion", "insert")),
        "nomic-embed-text:latest": FakeModel(
            capabilities=("embedding",), context_length=2048, embedding_length=768
        ),
        "all-minilm:latest": FakeModel(capabilities=("embedding",), context_length=512),
    }


class Catalogue:
    """Models by full name; `pullable` are those that /api/pull can bring."""

    def __init__(self, models: dict[str, FakeModel] | None = None) -> None:
        named = usual_models() if models is None else models
        self.models = {full_name(name): model for name, model in named.items()}
        self.pullable: dict[str, FakeModel] = {}
        self.loaded: set[str] = set()
        self._routes: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "/"): lambda _: Answer(b"Ollama is running", "text/plain; charset=utf-8"),
            ("HEAD", "/"): lambda _: Answer(b"", "text/plain; charset=utf-8"),
            ("GET", "/api/version"): lambda _: {"version": VERSION},
            ("GET", "/api/tags"): lambda _: self.tags(),
            ("GET", "/api/ps"): lambda _: self.ps(),
            ("POST", "/api/show"): self.show,
            ("POST", "/api/embed"): self.embed,
            ("POST", "/api/embeddings"): self.old_embed,
            ("DELETE", "/api/delete"): self.delete,
        }

    def knows(self, path: str) -> bool:
        """Tell whether a path exists with some method."""
        return path in {"/api/chat", "/api/generate", "/api/pull"} | {
            known for _, known in self._routes
        }

    def answer(self, method: str, path: str, body: Any) -> Answer | None:
        """Answer a request that is neither a chat nor a pull; None when there is no such route."""
        route = self._routes.get((method, path))
        if route is None:
            return None
        if method == "POST" and not isinstance(body, dict):
            raise Refusal(400, "missing request body")
        made = route(body)
        return made if isinstance(made, Answer) else Answer(orjson.dumps(made))

    def tags(self) -> dict[str, Any]:
        """List the models."""
        return {"models": [self._row(name) for name in self.models]}

    def ps(self) -> dict[str, Any]:
        """List the loaded models."""
        more = {"expires_at": STAMP, "size_vram": GIB}
        rows = [self._row(name) | more for name in sorted(self.loaded)]
        for row in rows:
            row["context_length"] = self.models[row["name"]].context_length
        return {"models": rows}

    def show(self, body: dict[str, Any]) -> dict[str, Any]:
        """Describe one model."""
        model = self._find(body)
        kind = model.architecture
        shown: dict[str, Any] = {
            "modelfile": "FROM model.gguf",
            "parameters": model.parameters,
            "template": "{{ .Prompt }} {{ .Tools }}" if "tools" in model.capabilities else "",
            "details": _details(model),
            "model_info": {
                "general.architecture": kind,
                f"{kind}.context_length": model.context_length,
                f"{kind}.embedding_length": model.embedding_length,
            },
            "modified_at": STAMP,
        }
        return shown | ({"capabilities": model.capabilities} if model.show_capabilities else {})

    def embed(self, body: dict[str, Any]) -> dict[str, Any]:
        """Embed texts as unit-length vectors that depend on the text alone."""
        model = self._find(body)
        texts = body.get("input", [])
        texts = [texts] if isinstance(texts, str) else texts
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise Refusal(400, "invalid input type")
        size = min(body.get("dimensions") or model.embedding_length, model.embedding_length)
        words = [len(text.split()) for text in texts]
        if body.get("truncate") is False and max(words, default=0) > model.context_length:
            raise Refusal(400, "the input length exceeds the context length")
        vectors = [_unit(_vector(text, size)) for text in texts if text]
        return {
            "model": body["model"],
            "embeddings": vectors,
            "total_duration": 1_000_000,
            "load_duration": 500_000,
            "prompt_eval_count": sum(words),
        }

    def old_embed(self, body: dict[str, Any]) -> dict[str, Any]:
        """Embed one prompt the old way, not normalised."""
        model = self._find(body)
        return {"embedding": _vector(body.get("prompt", ""), model.embedding_length)}

    def delete(self, body: dict[str, Any]) -> Answer:
        """Forget a model."""
        self._find(body)
        del self.models[full_name(body.get("model") or body["name"])]
        return Answer(b"")

    def pull(self, name: str) -> list[bytes]:
        """Give the lines of a download and, when it can be had, add the model."""
        lines: list[dict[str, Any]] = [{"status": "pulling manifest"}]
        model = self.pullable.get(full_name(name)) or self.models.get(full_name(name))
        if model is None:
            lines.append({"error": "pull model manifest: file does not exist"})
            return [orjson.dumps(line) + b"\n" for line in lines]
        digest = _digest(name)
        part = {"status": f"pulling {digest[7:19]}", "digest": digest, "total": 4096}
        lines += [part, part | {"completed": 2048}, part | {"completed": 4096}]
        lines += [{"status": "verifying sha256 digest"}, {"status": "writing manifest"}]
        self.models[full_name(name)] = model
        return [orjson.dumps(line) + b"\n" for line in [*lines, {"status": "success"}]]

    def _find(self, body: dict[str, Any]) -> FakeModel:
        name = body.get("model") or body.get("name")
        if not name:
            raise Refusal(400, "model is required")
        model = self.models.get(full_name(name))
        if model is None:
            raise Refusal(404, f"model '{name}' not found")
        return model

    def _row(self, name: str) -> dict[str, Any]:
        model = self.models[name]
        row = {"name": name, "model": name, "modified_at": STAMP, "size": 2 * GIB}
        return row | {"digest": _digest(name)[7:], "details": _details(model)}


def _details(model: FakeModel) -> dict[str, Any]:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": model.architecture,
        "families": [model.architecture],
        "parameter_size": "3.2B",
        "quantization_level": "Q4_K_M",
    }


def _digest(name: str) -> str:
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def _vector(text: str, size: int) -> list[float]:
    noise = hashlib.shake_256(text.encode()).digest(size * 2)
    pairs = range(0, size * 2, 2)
    return [int.from_bytes(noise[at : at + 2], "big") / 32_768 - 1 for at in pairs]


def _unit(vector: list[float]) -> list[float]:
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector]
