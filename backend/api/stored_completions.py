"""Keep chat completions for clients that ask for it, and show them as OpenAI does."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import cast

import orjson

from backend.agent.run import AtEnd, Run
from backend.api.items import text_of
from backend.api.openai_wire import Asked, completion
from backend.models.openai import ChatCompletionRequest
from backend.ports.answers import AnswerStore, StoredAnswer
from backend.ports.values import ChatMessage, JsonObject

# The parts that OpenAI gives back of a message; what else was in it is in the session.
PARTS_SHOWN = frozenset({"text", "image_url"})


def keepers(answers: AnswerStore, body: ChatCompletionRequest, asked: Asked) -> list[AtEnd]:
    """Give each run what keeps the completion when the last of them ends, its client there or not."""
    ended: dict[int, Run] = {}

    async def keep(run: Run, *, at: int) -> None:
        ended[at] = run
        if len(ended) < len(asked.turns):
            return
        runs = [ended[at] for at in range(len(asked.turns))]
        answer: JsonObject = orjson.loads(completion(runs, asked.forms))
        metadata = dict(body.metadata or {})
        first = runs[0]
        await answers.save(
            StoredAnswer(
                id=answer["id"],
                user_id=first.request.user_id,
                kind="chat.completion",
                run_id=first.id,
                model=answer["model"],
                body={**answer, "metadata": metadata},
                input=stored_messages(first.request.messages, answer["id"]),
                metadata=metadata,
                conversation_id=first.session_id,
                created_at_ms=first.started_at_ms,
            )
        )

    return [partial(keep, at=at) for at in range(len(asked.turns))]


def stored_messages(messages: Sequence[ChatMessage], completion_id: str) -> list[JsonObject]:
    """Give each message of a request the id that OpenAI gives it."""
    return [{**message, "id": f"{completion_id}-{at}"} for at, message in enumerate(messages)]


def message_object(stored: JsonObject) -> JsonObject:
    """Render one message of a kept request."""
    content = cast("str | list[JsonObject] | None", stored.get("content"))
    parts: list[JsonObject] | None = None
    if isinstance(content, list):
        parts = [one for one in content if one.get("type") in PARTS_SHOWN]
    text = None if content is None else text_of(content)
    shown: JsonObject = {"refusal": None, "name": None, **stored}
    return {**shown, "content": text, "content_parts": parts}
