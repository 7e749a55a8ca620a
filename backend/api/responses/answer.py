"""Write the response object: head, state, output, usage. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from backend.agent.run import Run
from backend.api.openai_wire import agent_object
from backend.api.responses.asked import NOTHING, Asked
from backend.api.responses.attached import item_place
from backend.errors import StewardError
from backend.ports.values import JsonObject, Usage

INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
ERROR_CODES = {400: "invalid_prompt", 413: "invalid_prompt", 429: "rate_limit_exceeded"}


def key_of(run: Run) -> str:
    """Give what the ids of a run, its response and its items have in common."""
    return run.id.removeprefix("run_")


def response_id(run: Run, asked: Asked) -> str:
    """Name the response that a run answers; one that goes on with a run that waited has its own."""
    return f"resp_{asked.key or key_of(run)}"


def status_of(run: Run) -> str:
    """Tell how a run stands, in the words of responses."""
    if not run.log.closed:
        return "in_progress"
    if run.state in {"failed", "interrupted"}:
        return "failed"
    if run.state == "cancelled":
        return "cancelled"
    return "incomplete" if run.finish_reason in INCOMPLETE else "completed"


def response_object(
    run: Run, asked: Asked, output: Sequence[JsonObject], *, status: str
) -> JsonObject:
    """Render the response as it stands."""
    ended = status not in {"queued", "in_progress"}
    reason = INCOMPLETE.get(run.finish_reason) if status == "incomplete" else None
    body: JsonObject = {
        "id": response_id(run, asked),
        "object": "response",
        "created_at": (asked.begun_at_ms or run.started_at_ms) // 1000,
        "status": status,
        "completed_at": run.parts.clock.now_ms() // 1000 if status == "completed" else None,
        "error": error_object(run.error) if status == "failed" else None,
        "incomplete_details": {"reason": reason} if reason else None,
        "output": list(output),
        "usage": usage_object(run.usage, before=asked.used) if ended else usage_object(Usage()),
        **asked.echo,
    }
    if ended:
        body["x_agent"] = agent_object(run)
    return body


# What the core calls by its name in chat completions.
PARAMS = {
    "messages": "input",
    "response_format": "text.format",
    "max_completion_tokens": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "reasoning_effort": "reasoning.effort",
    "logprobs": "top_logprobs",
    "session_id": "conversation",
}


def in_our_words(error: StewardError, asked: Asked) -> StewardError:
    """Have an error name the field that this wire has, and the item in place of its message."""
    place = item_place(error.param or "", asked)
    if place != (error.param or ""):
        error.param = place
        return error
    name, dot, rest = (error.param or "").partition(".")
    name, bracket, place = name.partition("[")
    if name in PARAMS:
        error.param = PARAMS[name] + bracket + place + dot + rest
    return error


def error_object(error: StewardError | None) -> JsonObject:
    """Render why a response failed."""
    if error is None:
        return {"code": "server_error", "message": "The answer could not be finished"}
    return {"code": ERROR_CODES.get(error.status, "server_error"), "message": error.message}


def usage_object(usage: Usage, *, before: Usage = NOTHING) -> JsonObject:
    """Render usage in the words of responses, without what was used `before`."""
    taken_in = usage.prompt_tokens - before.prompt_tokens
    given = usage.completion_tokens - before.completion_tokens
    thought = usage.reasoning_tokens - before.reasoning_tokens
    return {
        "input_tokens": taken_in,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": given,
        "output_tokens_details": {"reasoning_tokens": thought},
        "total_tokens": taken_in + given,
    }


def lost(body: JsonObject) -> JsonObject:
    """Give the end of a response that nobody works on any more: its server was stopped."""
    message = "The server was stopped before this response was finished; ask again"
    return {
        **body,
        "status": "failed",
        "error": {"code": "server_error", "message": message},
        "incomplete_details": None,
    }
