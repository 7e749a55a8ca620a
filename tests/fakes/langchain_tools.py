"""LangChain tools as strangers write them: classes, instances, functions, async ones, broken ones."""

from __future__ import annotations

import asyncio
import threading
from typing import Annotated, Any

from langchain_core.tools import BaseTool, InjectedToolArg, StructuredTool, ToolException, tool
from pydantic import BaseModel, Field

released = threading.Event()
seen: list[Any] = []


class Weight(BaseModel):
    """A weight."""

    kilos: float = Field(ge=0)
    unit: str = "kg"


class Weigh(BaseTool):
    """A class that takes arguments of the administrator's."""

    name: str = "Weigh Things"
    description: str = "Says how heavy something is."
    args_schema: type[BaseModel] = Weight
    api_key: str = ""

    def _run(self, kilos: float, unit: str = "kg") -> str:
        if kilos > 1000:
            msg = f"401 for https://scales.example/?key={self.api_key} (token sk-abcdefgh12345)"
            raise RuntimeError(msg)
        if kilos > 100:
            msg = "too heavy; give at most 100"
            raise ToolException(msg)
        return f"{kilos} {unit}"


class OnlyAsync(BaseTool):
    """Its ordinary way is not there."""

    name: str = "only_async"
    description: str = "Waits."

    def _run(self, text: str) -> str:
        raise NotImplementedError

    async def _arun(self, text: str) -> str:
        await asyncio.sleep(0)  # noqa: TID251 - what such a tool does
        return text.upper()


class CannotBeMade(BaseTool):
    """Needs what it does not get."""

    name: str = "cannot_be_made"
    description: str = "Fails."
    api_key: int

    def _run(self) -> str:
        return ""


@tool
def echo(value: dict[str, Any], times: int = 1) -> Any:
    """Give back what it was given."""
    seen.append(value)
    return [value] * times


@tool
def own_words(text: str, secret_state: Annotated[str, InjectedToolArg] = "mine") -> str:
    """Keeps what is injected to itself."""
    return f"{text}|{secret_state}"


@tool
def hang(text: str) -> str:
    """Hang until the test lets go."""
    released.wait(20)
    return text


@tool
def leave(text: str) -> str:
    """Try to end the process."""
    raise SystemExit(text)


@tool
def stop(text: str) -> str:
    """Raise what a future cannot hold."""
    raise StopIteration(text)


@tool
def blocks(text: str) -> Any:
    """Answer in content blocks."""
    return [{"type": "text", "text": text}, {"type": "text", "text": "end"}]


@tool
def long_text(count: int) -> str:
    """Answer far too much."""
    return "x" * count


@tool
async def slow_async(text: str) -> str:
    """Wait for ever, and note the end of it."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        seen.append("cancelled")
        released.set()
        raise
    return text


by_schema = StructuredTool(
    name="by_schema",
    description="Takes a JSON schema.",
    args_schema={
        "type": "object",
        "properties": {
            "from": {"type": "string", "description": "Where from."},
            "kind": {"type": "string", "enum": ["a", "b"]},
            "schema": {"type": "object", "properties": {"x": {"type": "integer"}}},
        },
        "required": ["from"],
    },
    func=lambda **given: given,
)

not_a_tool = 7
