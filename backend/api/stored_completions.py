"""Keep chat completions for clients that ask for it, and show them as OpenAI does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import orjson

from backend.agent.run import AtEnd, Run
from backend.api.deps import AppServices
from backend.api.items import text_of
from backend.api.openai_wire import completion
from backend.models.openai import ChatCompletionRequest
from backend.ports.answers import StoredAnswer
from backend.ports.values import ChatMessage, JsonObject

# The parts that OpenAI gives back of a message; what else was in it is in the session.
PARTS_SHOWN = frozenset({"text", "image_url"})


def keeper(found: AppServices, body: ChatCompletionRequest) -> AtEnd:
    """Give what keeps the answer of a run at its end, streamed or not, with its client or without."""

    async def keep(run: Run) -> None:
        answer: JsonObject = orjson.loads(completion(run))
        metadata = dict(body.metadata or {})
        await found.answers.save(
            StoredAnswer(
                id=answer["id"],
                user_id=run.request.user_id,
                kind="chat.completion",
                run_id=run.id,
                model=answer["model"],
                body={**answer, "metadata": metadata},
                input=stored_messages(run.request.messages, answer["id"]),
                metadata=metadata,
                conversation_id=run.session_id,
                created_at_ms=run.started_at_ms,
            )
        )

    return keep


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
