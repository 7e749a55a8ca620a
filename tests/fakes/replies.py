"""What the doubles of model servers answer: scripted replies and their faults, on any wire."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

HTML_PAGE = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"
OUT_OF_MEMORY = "model requires more system memory (9.5 GiB) than is available (3.2 GiB)"
QUEUE_FULL = "server busy, please try again.  maximum pending requests exceeded"
RUNNER_DIED = "model runner has unexpectedly stopped, this may be due to resource limitations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One tool call the scripted model makes."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong after `after` lines of an answer were sent.

    hang: nothing more is sent, the connection stays open. cut: the connection breaks inside the
    body. end: the body ends in good order without a done line. raw: `text` is sent as a line of its
    own and the answer goes on. error: an error with that text ends the answer.
    """

    kind: Literal["hang", "cut", "end", "raw", "error"]
    after: int = 0
    text: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One scripted answer of a model.

    `content` and `thinking` are one delta per item (a string is cut into words). `hold` delays the
    first byte until it is set, `late_end` the end of the body after
    its last line. `split_bytes` sends the body in pieces of that many bytes, each in a
    turn of the loop of its own. Log probabilities come when they are asked for, unless `logprobs` is
    False; with `late_tokens` a word comes in a line of its own after its token, as from a server that
    reads what the model says. `status` other than 200 answers `error` in the server's shape; `raw` is a whole
    body sent as it stands. `count` tokens at `tokens_per_second` (0: at once) is the cheap path.
    """

    content: str | Sequence[str] = ()
    thinking: str | Sequence[str] = ()
    calls: Sequence[Call] = ()
    calls_in_done_line: bool = False
    call_ids: bool = True
    call_index: bool = True
    done_reason: str = "stop"
    prompt_tokens: int = 11
    output_tokens: int | None = None
    hold: asyncio.Event | None = None
    delay_s: float = 0.0
    late_end: asyncio.Event | None = None
    split_bytes: int = 0
    fault: Fault | None = None
    status: int = 200
    error: str = ""
    raw: bytes | None = None
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict[str, str])
    logprobs: bool = True
    late_tokens: bool = False
    count: int = 0
    tokens_per_second: float = 0.0


def failing(status: int, error: str, **more: Any) -> Reply:
    """Answer with an error status."""
    return Reply(status=status, error=error, **more)


def words_of(text: str | Sequence[str]) -> list[str]:
    """Cut a text into tokens that join up to it again."""
    if not isinstance(text, str):
        return list(text)
    return re.findall(r"\s*\S+\s*$|\s*\S+", text)


def token_logprob(token: str, alternatives: int) -> dict[str, Any]:
    """Give one token's log probability as Ollama writes it: what is empty is left out."""
    told: dict[str, Any] = {"token": token, "logprob": -0.25, "bytes": list(token.encode())}
    others = [
        {"token": token if at == 0 else f"{token}{at}", "logprob": -0.25 - at}
        for at in range(alternatives)
    ]
    return told | ({"top_logprobs": others} if others else {})
