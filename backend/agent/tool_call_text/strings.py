"""Quoted strings as models write them.

For any quoting style, raw line breaks and inner quotes that nobody escaped. Not for deciding what
the string is a part of: the caller says what may follow a closing quote.
"""

import re
from dataclasses import dataclass

VALUE_FOLLOWS = re.compile(
    r"""[\s\u200b\ufeff]*(?:
        [}\];]|\Z|//|/\*|\#|</|<\|
        |,[\s\u200b\ufeff]*(?:["'“‘`}\])\\{]|\Z|//|/\*|\#|[A-Za-z_$][\w$.\-]*\s*[:=])
        |["“'][^"”'\n]{0,80}["”']\s*:
        |\n\s*[A-Za-z_$][\w$]*\s*:
        |\+\s*["']
    )""",
    re.VERBOSE,
)
"""What may stand after a string that is the value of an object member."""

KEY_FOLLOWS = re.compile(r"[\s\u200b\ufeff]*(?:[:,}]|=|\Z)")
"""What may stand after a string that is a key, or an element of a Python set."""

ITEM_FOLLOWS = re.compile(
    r"""[\s\u200b\ufeff]*(?:
        [\]}]|\Z|//|/\*|\#|</|<\|
        |,[\s\u200b\ufeff]*(?:["'“‘`\[{(\]}\d+.\-]|\Z|//|/\*|\#|(?:[Tt]rue|[Ff]alse|null|None)\b)
        |["'“]|\+\s*["']|\n
    )""",
    re.VERBOSE,
)
"""What may stand after a string that is an element of an array."""

ARGUMENT_FOLLOWS = re.compile(
    r"""[\s\u200b\ufeff]*(?:
        [)\]}]|\Z|\#
        |,[\s\u200b\ufeff]*(?:
            [A-Za-z_$][\w$]*\s*(?:=(?!=)|:\s)|["'“‘`\[{()\]}\d+.*\-]|\Z|\#
            |(?:[Tt]rue|[Ff]alse|null|None)\b|[A-Za-z_$][\w$.]*\s*[,()\]])
        |["']|\+|%\s*[\w("']|\.\s*[A-Za-z_]\w*\(|\[|\*\s*\d|->|=>|\?
    )""",
    re.VERBOSE,
)
"""What may stand after a string that is an argument of a call."""

_OPENING = re.compile(
    r"""(?P<prefix>[rRbBuUfF]{1,2}(?=["']))?
    (?P<quote>\"{3}|'{3}|<escape>|<\|"\|>|["'`“”„‘’«])""",
    re.VERBOSE,
)
_CLOSING: dict[str, str] = {
    "“": '”“"',
    "”": '”"',
    "„": '“”"',
    "‘": "’‘'",
    "’": "’'",
    "«": "»",
}
_STOPS: dict[str, re.Pattern[str]] = {
    quote: re.compile(r"\\|[" + re.escape(_CLOSING.get(quote, quote)) + "]")
    for quote in "\"'`“”„‘’«"
}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|U[0-9a-fA-F]{8}|\r\n|[\s\S])")
_ESCAPES: dict[str, str] = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "a": "\a",
    "\\": "\\",
    "/": "/",
    '"': '"',
    "'": "'",
    "`": "`",
    "“": "“",
    "”": "”",
    "\n": "",
    "\r\n": "",
}
_MAX_CODE_POINT = 0x10FFFF


@dataclass(frozen=True, slots=True)
class Quoted:
    """Hold a string's value, where it ends and whether its closing quote was there."""

    value: str
    end: int
    closed: bool


def starts_string(text: str, pos: int) -> bool:
    """Tell whether a string literal begins at `pos`."""
    return _OPENING.match(text, pos) is not None


def read_string(text: str, pos: int, *, follows: re.Pattern[str], limit: int) -> Quoted | None:
    """Read the string literal that begins at `pos`, or return None if none does.

    A quote closes the string only if `follows` matches behind it, so an inner quote that was not
    escaped stays a part of the text.
    """
    opening = _OPENING.match(text, pos, limit)
    if opening is None:
        return None
    quote, start = opening["quote"], opening.end()
    is_raw = "r" in (opening["prefix"] or "").lower()
    if len(quote) > 1:
        close = text.find(quote, start, limit)
        stop = limit if close < 0 else close
        value = text[start:stop] if is_raw or quote[0] == "<" else unescape(text[start:stop])
        return Quoted(value, min(stop + len(quote), limit), close >= 0)
    close = _find_close(text, start, stops=_STOPS[quote], follows=follows, limit=limit)
    stop = limit if close < 0 else close
    value = text[start:stop] if is_raw else unescape(text[start:stop])
    return Quoted(value, min(stop + 1, limit), close >= 0)


def unescape(raw: str) -> str:
    r"""Resolve JSON and Python escapes; an unknown one such as `\d` stays as written."""
    if "\\" not in raw:
        return raw
    return join_surrogates(_ESCAPE.sub(_resolve_escape, raw))


def join_surrogates(text: str) -> str:
    """Join surrogate pairs and replace lone ones, which no UTF-8 encoder accepts."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _resolve_escape(escape: re.Match[str]) -> str:
    code = escape[1]
    if len(code) > 1 and code[0] in "uxU":
        point = int(code[1:], 16)
        return chr(point) if point <= _MAX_CODE_POINT else escape[0]
    return _ESCAPES.get(code, escape[0])


def _find_close(
    text: str,
    start: int,
    *,
    stops: re.Pattern[str],
    follows: re.Pattern[str],
    limit: int,
) -> int:
    pos, rejected = start, -1
    while (stop := stops.search(text, pos, limit)) is not None:
        if stop[0] == "\\":
            pos = stop.end() + 1
        elif follows.match(text, stop.end(), limit):
            return stop.start()
        else:
            rejected, pos = stop.start(), stop.end()
    # A string that seems never to end: a bracket behind its last quote says it did end there.
    if rejected >= 0 and re.search(r"[}\])]", text[rejected:limit]):
        return rejected
    return -1
