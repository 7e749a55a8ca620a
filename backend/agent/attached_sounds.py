"""Sound in messages, for models that hear."""

from __future__ import annotations

from typing import Any, cast

from backend.agent.run import Run
from backend.errors import InvalidRequest, UnsupportedByModel
from backend.kit.inline_data import NotInline, decoded
from backend.ports.values import JsonObject

FORMATS = frozenset({"wav", "mp3"})
_HEAD_CHARS = 64
_ID3 = b"ID3"
_FRAME = 0xFF


def check_sound(run: Run, where: str, part: JsonObject) -> None:
    """Refuse a sound for a model that hears none, one of another format, and what is no sound."""
    if not run.model.can("audio"):
        msg = f"The model '{run.model.id}' cannot hear audio; choose one with audio"
        raise UnsupportedByModel(msg, param=where)
    given: Any = part.get("input_audio")
    sound = cast("JsonObject", given) if isinstance(given, dict) else {}
    place = f"{where}.input_audio"
    data, kind = sound.get("data"), sound.get("format")
    if kind not in FORMATS:
        msg = "'format' is 'wav' or 'mp3'"
        raise InvalidRequest(msg, param=f"{place}.format", code="invalid_value")
    if not isinstance(data, str) or not data:
        msg = "A sound needs 'data' in base64"
        raise InvalidRequest(msg, param=f"{place}.data", code="missing_required_parameter")
    try:
        head = decoded(data[:_HEAD_CHARS])
    except NotInline as exc:
        msg = f"The sound cannot be read: {exc}"
        raise InvalidRequest(msg, param=f"{place}.data", code="invalid_base64") from exc
    if not _is(str(kind), head):
        msg = f"The data is no {kind} file"
        raise InvalidRequest(msg, param=f"{place}.data", code="invalid_audio_format")


def _is(kind: str, head: bytes) -> bool:
    if kind == "wav":
        return head[:4] == b"RIFF" and head[8:12] == b"WAVE"
    return head.startswith(_ID3) or (head[0] == _FRAME and head[1:2] >= b"\xe0")
