"""What to say of addresses of OpenAI's API that this server does not have."""

from __future__ import annotations

PREFIX = "/v1/"
UNOFFERED = {
    "assistants": "assistants; use /v1/responses or /v1/chat/completions",
    "audio": "speech and transcription",
    "batches": "batches",
    "chatkit": "ChatKit",
    "containers": "containers; the tool code_interpreter makes its own",
    "content_provenance_checks": "content provenance",
    "edits": "edits; use /v1/chat/completions",
    "engines": "engines; use /v1/models",
    "evals": "evaluations",
    "fine_tuning": "fine-tuning",
    "fine-tunes": "fine-tuning",
    "images": "image generation",
    "moderations": "moderation",
    "organization": "the administration of organizations; accounts are at /api/users",
    "projects": "the administration of projects; accounts are at /api/users",
    "realtime": "realtime sessions",
    "skills": "skills",
    "threads": "threads; use /v1/conversations",
    "videos": "video generation",
}


def not_found(method: str, path: str) -> str | None:
    """Say what is missing at an address below /v1; None for any other address."""
    if not f"{path}/".startswith(PREFIX):
        return None
    below = path.removeprefix(PREFIX)
    told = UNOFFERED.get(below) or UNOFFERED.get(below.partition("/")[0])
    shown = path if len(path) <= 200 else path[:200] + "..."
    missing = f" This server does not offer {told}." if told else ""
    return f"Invalid URL ({method} {shown}).{missing}"
