"""Tells a prompt that a program made around a conversation or found passages: their words ask for nothing.

Chat pages ask for titles, tags and follow-ups this way, retrieval pipelines for answers. Not for: what a
person pastes into a question of their own, unless it has the same form.
"""

from __future__ import annotations

import re
from typing import Final

_HEAD_CHARS: Final = 4_000
_TAIL_CHARS: Final = 1_000
_CONVERSATION: Final = re.compile(
    r"<(chat[_ ]history|conversation(?:[_ ]history)?|history|transcript|messages)>"
)
# Both sides of a conversation, each in lines that open with its name.
_ASKING_SIDE: Final = re.compile(r"^\W{0,4}(?:user|human)\b\W{0,3}:", re.IGNORECASE | re.MULTILINE)
_ANSWERING_SIDE: Final = re.compile(
    r"^\W{0,4}(?:assistant|ai|bot)\b\W{0,3}:", re.IGNORECASE | re.MULTILINE
)
# A prompt that ends so is the conversation itself, to be gone on with.
_OPEN_END: Final = re.compile(r"(?:^|\n)\W{0,4}(?:assistant|ai|bot)\b\W{0,6}$", re.IGNORECASE)
_GIVEN_CONTEXT: Final = re.compile(r"^\W{0,4}context\b[^\n:]{0,40}[:.]|<context>", re.MULTILINE)
_TO_BE_USED: Final = re.compile(
    r"\b(?:given|using|use|based on|provided|retrieved|following)\b[^\n.]{0,40}\bcontext\b"
)


def brings_material(text: str) -> bool:
    """Look for the forms that such prompts have, in a bounded part of the text."""
    if "\n" not in text:
        return False
    if len(text) > _HEAD_CHARS + _TAIL_CHARS:
        text = f"{text[:_HEAD_CHARS]}\n{text[-_TAIL_CHARS:]}"
    lowered = text.lower()
    return _holds_conversation(lowered) or bool(
        _GIVEN_CONTEXT.search(lowered) and _TO_BE_USED.search(lowered)
    )


def _holds_conversation(lowered: str) -> bool:
    tag = _CONVERSATION.search(lowered)
    if tag is not None and f"</{tag[1]}>" in lowered:
        return True
    sides = _ASKING_SIDE.search(lowered) and _ANSWERING_SIDE.search(lowered)
    return bool(sides) and _OPEN_END.search(lowered) is None
