"""What the OpenAI double answers on /v1/embeddings: vectors that depend on the text alone."""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass
from typing import Any

DIMENSIONS = 48


@dataclass
class Vectors:
    """How it embeds; `max_chars` stands for the model's window, `numbers_only` ignores base64."""

    max_chars: int = 8192
    numbers_only: bool = False
    indexed: bool = True

    def refusal(self, body: dict[str, Any]) -> str:
        """Say what is wrong with a request, in the words of the real server; empty when nothing is."""
        texts = body["input"]
        if not texts or not all(texts):
            return "'$.input' is invalid. Please check the API reference."
        if max(map(len, texts)) > self.max_chars:
            return f"This model's maximum context length is {self.max_chars} tokens."
        return ""

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """Embed the texts, not at unit length, in an order that only `index` tells when there is one."""
        in_base64 = body.get("encoding_format") == "base64" and not self.numbers_only
        rows = [
            {"object": "embedding", "index": at, "embedding": _embedding(text, in_base64=in_base64)}
            for at, text in enumerate(body["input"])
        ]
        count = sum(len(text.split()) for text in body["input"])
        usage = {"prompt_tokens": count, "total_tokens": count}
        if self.indexed:
            rows.reverse()
        else:
            for row in rows:
                del row["index"]
        return {"object": "list", "model": body["model"], "data": rows, "usage": usage}


def _embedding(text: str, *, in_base64: bool) -> str | list[float]:
    noise = hashlib.shake_256(text.encode()).digest(DIMENSIONS)
    numbers = [byte - 127.5 for byte in noise]
    if not in_base64:
        return numbers
    return base64.b64encode(struct.pack(f"<{DIMENSIONS}f", *numbers)).decode()
