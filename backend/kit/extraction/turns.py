"""Reads a conversation in OpenAI's message shape: the open question, and what tools brought for it.

Any content is bounded and made encodable here, so that everything behind works on plain text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from backend.kit.extraction.asked import Asked, section, take_apart
from backend.kit.extraction.follow_ups import completed
from backend.kit.extraction.needs import needs
from backend.kit.extraction.observed import ATTACHMENTS, Observation
from backend.kit.extraction.words import clean
from backend.kit.fences import bare, inside

_MAX_MESSAGES: Final = 200
_IN_DOCUMENTS = re.compile(r"\bown documents speak of this question\b", re.IGNORECASE)
_MAX_CHARS: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message as plain text."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class _Made:
    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The newest question, the observations made for it, and what was said before."""

    prompt: str
    asked: Asked
    observations: tuple[Observation, ...] = ()
    before: tuple[Said, ...] = ()

    @property
    def in_documents(self) -> bool:
        """Tell whether an instruction says that the user's own documents speak of the question."""
        told = (said.text for said in self.before if said.role in {"system", "developer"})
        return any(_IN_DOCUMENTS.search(text) for text in told)


def text_of(message: Mapping[str, Any]) -> str:
    """Give a message's text whatever shape its content has."""
    content = message.get("content")
    if isinstance(content, str):
        return clean(content)
    if not isinstance(content, list):
        return ""
    texts: list[str] = []
    for part in cast("list[object]", content):
        inner = cast("Mapping[str, Any]", part).get("text") if isinstance(part, Mapping) else part
        if isinstance(inner, str):
            texts.append(inner)
    return clean("\n".join(texts))


def read_turn(messages: Sequence[Mapping[str, Any]]) -> Turn:
    """Find the open question; an instruction that follows tool results does not replace it."""
    kept = list(messages)[-_MAX_MESSAGES:]
    at = _question_at(kept)
    if at is None:
        return Turn(prompt="", asked=Asked(ask=""), before=_before(kept))
    prompt, attached = _without_attachments(text_of(kept[at]))
    before = _before([
        *kept[:at],
        *(one for one in kept[at + 1 :] if one.get("role") == "system"),
    ])
    return Turn(
        prompt=prompt,
        asked=_asked(section(prompt, "question") or prompt.partition("\n<result ")[0], before),
        observations=(*attached, *_observations(kept[at + 1 :])),
        before=before,
    )


def _without_attachments(prompt: str) -> tuple[str, list[Observation]]:
    """Take the text of attached documents out of a prompt: it is no question, but something seen."""
    told = section(prompt, ATTACHMENTS)
    if told is None:
        return prompt, []
    before, _, rest = prompt.partition(f"<{ATTACHMENTS}>")
    _, _, after = rest.partition(f"</{ATTACHMENTS}>")
    passages = inside(told)
    seen = [Observation(tool=ATTACHMENTS, arguments={}, text=passages)] if passages else []
    return f"{before}{after}".strip(), seen


def _asked(text: str, before: Sequence[Said]) -> Asked:
    """Take the question apart, completed from the turn before where it leans on that."""
    asked = take_apart(text)
    if asked.data or asked.pasted or asked.code:
        return asked
    newest = next((at for at in reversed(range(len(before))) if before[at].role == "user"), None)
    if newest is None:
        return asked
    answers = [said.text for said in before[newest:] if said.role == "assistant"]
    whole = completed(
        asked.ask, take_apart(before[newest].text).ask, answers[-1] if answers else ""
    )
    return asked if whole == asked.ask else replace(asked, ask=whole)


def _question_at(messages: Sequence[Mapping[str, Any]]) -> int | None:
    users = [at for at, message in enumerate(messages) if message.get("role") == "user"]
    if not users:
        return None
    last = users[-1]
    after_tool = last > 0 and messages[last - 1].get("role") == "tool"
    if after_tool and len(users) > 1:
        said = text_of(messages[last])
        if section(said, "question") is None and not needs(take_apart(said)):
            return users[-2]
    return last


def _before(messages: Sequence[Mapping[str, Any]]) -> tuple[Said, ...]:
    found: list[Said] = []
    room = _MAX_CHARS
    for message in reversed(messages):
        text = text_of(message)[:room]
        room -= len(text)
        if text and message.get("role") in {"system", "developer", "user", "assistant"}:
            found.append(Said(role=str(message.get("role")), text=text))
    return tuple(reversed(found))


def _observations(messages: Sequence[Mapping[str, Any]]) -> list[Observation]:
    """Pair calls with results by id, and by order where an id is missing."""
    waiting: list[_Made] = []
    found: list[Observation] = []
    for message in messages:
        waiting += _calls(message)
        if message.get("role") != "tool":
            continue
        wanted = message.get("tool_call_id")
        same = next((call for call in waiting if wanted and call.id == wanted), None)
        call = same or (waiting[0] if waiting else _Made("", "", {}))
        if call in waiting:
            waiting.remove(call)
        name = call.name or str(message.get("name") or "")
        found.append(Observation(tool=name, arguments=call.arguments, text=bare(text_of(message))))
    return found


def _calls(message: Mapping[str, Any]) -> list[_Made]:
    calls = message.get("tool_calls")
    found: list[_Made] = []
    for call in cast("list[object]", calls) if isinstance(calls, list) else []:
        if not isinstance(call, Mapping):
            continue
        made = cast("Mapping[str, Any]", call)
        function = made.get("function")
        if isinstance(function, Mapping):
            inner = cast("Mapping[str, Any]", function)
            arguments = _arguments(inner.get("arguments"))
            found.append(_Made(str(made.get("id") or ""), str(inner.get("name") or ""), arguments))
    return found


def _arguments(raw: object) -> dict[str, Any]:
    value: object = raw
    if isinstance(raw, str) and len(raw) <= 300_000:
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError):
            return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
