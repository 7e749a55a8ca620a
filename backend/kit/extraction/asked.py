"""Takes a message apart: what is asked, and what was pasted with it (code, data, a long text).

Not for: deciding what the question needs (`needs`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Final

from backend.kit.extraction.formula_phrases import formula_phrase
from backend.kit.extraction.given_code import DATA, Code, take_code
from backend.kit.extraction.pages import addresses
from backend.kit.extraction.passages import split_sentences

_JSON_START = re.compile(r"[\[{](?=\s*[\[{\"\d\-tfn])")
_CSV_LINE = re.compile(r"[^,;\t\n]{0,80}(?:[,;\t][^,;\t\n]{0,80}){1,60}")
_RESULT = re.compile(r"<result\b([^<>]{0,1000})>")
_ATTRIBUTE = re.compile(r"(\w+)=[\"']([^\"']{0,500})[\"']")
_ASKING = re.compile(
    r"(?:who|what|when|where|why|how|which|is|are|does|did|can|could|please|find|tell|give|list|summari[sz]e|calculate"
    r"|compute|explain|extract|translate|search|look|show|describe|analy[sz]e|run|according|answer)\b",
    re.IGNORECASE,
)
_MAX_BLOCKS: Final = 100
MAX_ASK_CHARS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A message taken apart; `code` holds (language, source) pairs, `data` CSV or JSON text."""

    ask: str
    pasted: str = ""
    data: str = ""
    code: tuple[Code, ...] = ()
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A `<result>` of an earlier step as a prompt quotes it."""

    id: str
    ok: bool
    text: str
    purpose: str = ""


def section(text: str, name: str) -> str | None:
    """Give what stands between `<name>` and `</name>`, if it is there."""
    _, opened, rest = text.partition(f"<{name}>")
    inner, closed, _ = rest.partition(f"</{name}>")
    return inner.strip() if opened and closed else None


def results(text: str) -> list[Block]:
    """List the `<result id= state=>` blocks of a prompt in order."""
    found: list[Block] = []
    for match in _RESULT.finditer(text):
        end = text.find("</result>", match.end())
        if end < 0 or len(found) >= _MAX_BLOCKS:
            break
        inner = text[match.end() : end].strip()
        attributes = dict(_ATTRIBUTE.findall(match[1]))
        ok = attributes.get("state", "ok") == "ok"
        purpose = unescape(attributes.get("purpose", ""))
        found.append(Block(attributes.get("id", ""), ok, inner, purpose))
    return found


def take_apart(text: str) -> Asked:
    """Separate the question from what was pasted with it."""
    if "[[" in text and formula_phrase(text):
        return Asked(ask=text.strip())
    code, bare = take_code(text)
    data, bare = _data(bare)
    fenced_data = next((body for language, body in code if language in DATA), "")
    urls = addresses(bare)
    ask, pasted = _question(bare)
    kept = tuple(item for item in code if item.source != fenced_data)
    return Asked(ask=ask, pasted=pasted, data=data or fenced_data, code=kept, urls=urls)


def _data(text: str) -> tuple[str, str]:
    """Find a JSON value or at least two CSV lines of equal width; give it and the rest."""
    start = _JSON_START.search(text)
    if start:
        end = text.rfind("]" if text[start.start()] == "[" else "}") + 1
        piece = text[start.start() : end]
        if len(piece) > 8 and ('"' in piece or piece.count(",") >= 2):
            return piece, f"{text[: start.start()]}\n{text[end:]}"
    lines = text.splitlines()
    rows = [at for at, line in enumerate(lines) if _is_row(line)]
    widths = {_width(lines[at]) for at in rows}
    if len(rows) >= 2 and len(widths) == 1 and rows[-1] - rows[0] == len(rows) - 1:
        table = "\n".join(lines[rows[0] : rows[-1] + 1])
        return table, "\n".join([*lines[: rows[0]], *lines[rows[-1] + 1 :]])
    return "", text


def _is_row(line: str) -> bool:
    return (
        _CSV_LINE.fullmatch(line.strip()) is not None and ", and " not in line and line[-1:] not in "?:."
    )  # fmt: skip


def _width(line: str) -> int:
    return max(line.count(mark) for mark in ",;\t")


def _question(text: str) -> tuple[str, str]:
    """Find the asking sentences of a long message; a short message is all question."""
    bare = text.strip()
    first, _, rest = bare.partition("\n")
    body, _, last = bare.rpartition("\n")
    short = len(bare) <= 400 and bare.count("\n") <= 3
    if len(rest) >= 40 and _asks(first, marks=(":", "?"), plain=not short):
        return first.strip(" :"), rest.strip()
    if short:
        return bare, ""
    if body and _asks(last, marks=("?",), plain=True):
        return last.strip(), body.strip()
    return (bare, "") if len(bare) <= 900 else (_asking(bare), bare)


def _asks(line: str, *, marks: tuple[str, ...], plain: bool) -> bool:
    """Tell whether one line of a message is its question or order."""
    if len(line) > 400:
        return False
    return line.rstrip().endswith(marks) or (plain and _ASKING.match(line) is not None)


def _asking(bare: str) -> str:
    """Take the questions out of a long text, else an order at its start or end."""
    text = f"{bare[:3000]}\n{bare[-3000:]}" if len(bare) > 6000 else bare
    pieces = split_sentences(text)
    asking = [piece for piece in pieces if piece.endswith("?") and len(piece) <= 400]
    if not asking:
        asking = [piece for piece in (pieces[:1] + pieces[-1:]) if _ASKING.match(piece)]
    return " ".join(asking[-3:])[:MAX_ASK_CHARS] or bare[:MAX_ASK_CHARS]
