"""Tool use for models without native tool calls: one constrained JSON decision per step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field

from backend.agent import prompts
from backend.agent.run import Run
from backend.agent.run_log import Thought
from backend.agent.structured import NotStructured, ask_json
from backend.agent.tool_call_text.reply import TextToolCall
from backend.errors import UnsupportedByModel
from backend.kit.ids import new_id
from backend.kit.json_values import dump_json
from backend.ports.values import ChatMessage, JsonObject, ToolCall

ANSWER = "answer"


class Decision(BaseModel):
    """What the model wants next: a tool with its input, or to answer."""

    thought: str = ""
    tool: str
    input: dict[str, Any] = Field(default_factory=dict)


def decision_schema(specs: Sequence[JsonObject], *, must_call: bool) -> JsonObject:
    """Constrain a decision to the tools at hand, each with its own input schema."""
    thought = {"type": "string"}
    options: list[JsonObject] = [
        {
            "type": "object",
            "properties": {
                "thought": thought,
                "tool": {"const": spec["function"]["name"]},
                "input": spec["function"].get("parameters") or {"type": "object"},
            },
            "required": ["thought", "tool", "input"],
        }
        for spec in specs
    ]
    answer: JsonObject = {
        "type": "object",
        "properties": {"thought": thought, "tool": {"const": ANSWER}},
        "required": ["thought", "tool"],
    }
    if not must_call:
        options.append(answer)
    return {"type": "object", "anyOf": options}


async def decide(
    run: Run,
    messages: Sequence[ChatMessage],
    *,
    specs: Sequence[JsonObject],
    must_call: bool = False,
) -> ToolCall | None:
    """Ask for the next step; None means the model wants to answer, or could not decide.

    `must_call` takes the way out of answering away.

    Raises:
        UnsupportedByModel: when a call is a must and the model does not manage one.
    """
    asked = prompts.with_system(messages, prompts.TEXT_PROTOCOL + prompts.tool_list(specs))
    schema = decision_schema(specs, must_call=must_call)
    try:
        decision = await ask_json(run, asked, shape=Decision, schema=schema)
    except NotStructured as exc:
        if must_call:
            msg = f"The model '{run.model.id}' did not make the call that tool_choice demands"
            raise UnsupportedByModel(msg, param="tool_choice") from exc
        return None
    if decision.thought:
        run.log.add(Thought(decision.thought.rstrip() + "\n"))
    if decision.tool == ANSWER:
        return None
    return _call(decision.tool, decision.input)


def as_calls(written: Sequence[TextToolCall]) -> tuple[ToolCall, ...]:
    """Turn calls that a model wrote as text into native ones."""
    return tuple(_call(one.name, one.arguments) for one in written)


def _call(name: str, arguments: Mapping[str, Any]) -> ToolCall:
    return {
        "id": new_id("call"),
        "type": "function",
        "function": {"name": name, "arguments": dump_json(arguments)},
    }
