"""What both adapters of a store share for listings: cursors, limits, the text that search looks at."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import orjson

from backend.errors import InvalidRequest
from backend.kit.folding import fold
from backend.kit.json_values import clean_text
from backend.ports.values import ChatMessage

MAX_LIMIT = 1000
MAX_QUERY_CHARS = 500
_MAX_CURSOR_CHARS = 500
_FAULTY_CURSOR = "This cursor is not one that a listing gave out."


def write_cursor(at_ms: int, last_id: str) -> str:
    """Make the opaque mark of the last item shown."""
    return pack_cursor([at_ms, last_id])


def read_cursor(cursor: str) -> tuple[int, str]:
    """Read the mark back; raise InvalidRequest for anything that `write_cursor` did not make."""
    match unpack_cursor(cursor):
        case [int(at_ms), str(last_id)] if is_number(at_ms):
            return at_ms, last_id
        case _:
            raise faulty_cursor()


def pack_cursor(marks: Sequence[int | str]) -> str:
    """Write marks into one opaque word."""
    return base64.urlsafe_b64encode(orjson.dumps(marks)).decode().rstrip("=")


def unpack_cursor(cursor: str, *, max_chars: int = _MAX_CURSOR_CHARS) -> object:
    """Read the JSON in such a word; raise InvalidRequest when there is none."""
    if len(cursor) > max_chars:
        raise faulty_cursor()
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeEncodeError, binascii.Error, orjson.JSONDecodeError) as exc:
        raise faulty_cursor() from exc


def is_number(value: object) -> bool:
    """Tell whether a value is an integer that a database can compare."""
    return type(value) is int and abs(value) < 1 << 62


def faulty_cursor() -> InvalidRequest:
    """Make the refusal of a cursor that no listing gave out."""
    return InvalidRequest(_FAULTY_CURSOR, param="cursor")


def checked_limit(limit: int) -> int:
    """Refuse a page size outside 1 to 1,000."""
    if not 1 <= limit <= MAX_LIMIT:
        msg = f"limit must lie between 1 and {MAX_LIMIT}"
        raise InvalidRequest(msg, param="limit")
    return limit


def search_key(query: str) -> str:
    """Fold what is searched for; empty means everything. Refuse more than 500 characters."""
    if len(query) > MAX_QUERY_CHARS:
        msg = f"a search takes at most {MAX_QUERY_CHARS} characters"
        raise InvalidRequest(msg, param="query")
    return fold(clean_text(query).strip())


def search_text(message: ChatMessage) -> str:
    """Gather the folded text of a message, out of a plain content or out of its text parts."""
    content = message.get("content")
    if isinstance(content, str):
        return fold(content)
    texts = [part.get("text") for part in content or []]
    return fold("\n".join(text for text in texts if isinstance(text, str)))
