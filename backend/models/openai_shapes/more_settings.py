"""Settings and names that several shapes share, as OpenAI's Responses have them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from backend.models.openai_shapes.base import Shape


class PromptCacheBreakpointParam(Shape):
    """`PromptCacheBreakpointParam` of the Responses wire."""

    mode: Literal["explicit"] = "explicit"


class CodeInterpreterOutputLogs(Shape):
    """`CodeInterpreterOutputLogs` of the Responses wire."""

    type: Literal["logs"] = "logs"
    logs: str


class CodeInterpreterOutputImage(Shape):
    """`CodeInterpreterOutputImage` of the Responses wire."""

    type: Literal["image"] = "image"
    url: str


class HTTPError(Shape):
    """`HTTPError` of the Responses wire."""

    type: Literal["http_error"] = "http_error"
    code: int
    message: str


class ConversationObject(Shape):
    """`ConversationObject` of the Responses wire."""

    id: str


ConversationParam = str | ConversationObject


class ContextManagementParam(Shape):
    """`ContextManagementParam` of the Responses wire."""

    type: str
    compact_threshold: Annotated[int, Field(ge=1000)] | None = None


class LocalEnvironmentResource(Shape):
    """`LocalEnvironmentResource` of the Responses wire."""

    type: Literal["local"] = "local"


class PromptCacheOptions(Shape):
    """`PromptCacheOptions` of the Responses wire."""

    ttl: Literal["30m"]
    mode: Literal["implicit", "explicit"]


PersonalityEnum = str | Literal["friendly", "pragmatic"]
