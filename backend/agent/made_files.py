"""Files that tools made: linked at the end of an answer, and out of the way of later turns."""

from __future__ import annotations

import re

from backend.agent.run import Run
from backend.ports.artifacts import Artifact
from backend.ports.values import ChatMessage

_LINK = re.compile(
    r"\n*!?\[((?:\\.|[^\]\\\n]){0,600})\]\([^()\s]{0,300}/api/artifacts/art_[^()\s]{1,200}\)"
)
_MARKDOWN = re.compile(r"([\\\[\]!*_`<>])")


def addresses(run: Run) -> dict[str, str]:
    """Give the address of each file made so far by its name, of the newest where names are alike."""
    keeper = run.parts.artifacts
    if keeper is None or run.request.template.response_schema is not None:
        return {}
    return {one.filename: keeper.link(one) for one in run.artifacts}


def show(run: Run) -> None:
    """Add Markdown for the files made in this run that its answer does not link to itself.

    Nothing is added to an answer of a given form, nor to one that asks the caller for calls.
    """
    keeper = run.parts.artifacts
    if not run.artifacts or keeper is None or run.client_calls:
        return
    if run.request.template.response_schema is not None:
        return
    said = run.log.content()
    lines = [_link(one, keeper.link(one)) for one in run.artifacts if one.id not in said]
    if lines:
        run.log.add("\n\n" + "\n\n".join(lines))


def named_only(message: ChatMessage) -> ChatMessage:
    """Give an earlier answer with the names of made files in the place of their long links."""
    content = message.get("content")
    if message["role"] != "assistant" or not isinstance(content, str) or "/art_" not in content:
        return message
    return {**message, "content": _LINK.sub(r"\n(File made: \1)", content)}


def _link(artifact: Artifact, address: str) -> str:
    name = _MARKDOWN.sub(r"\\\1", artifact.filename)
    return f"{'!' if artifact.is_image else ''}[{name}]({address})"
