"""Tells kinds of text from each other by what they look like; the name breaks ties.

Not for: files that are no text (`sniffing`) or reading.
"""

from __future__ import annotations

import json
import re
from pathlib import PurePath

from backend.kit.delimited_text import find_delimiter

_LOOKED_AT_CHARS = 8 * 1024
_MARKDOWN_NAMES = frozenset({".md", ".markdown", ".mdown", ".mkd", ".qmd", ".rmd"})
_TABLE_NAMES = frozenset({".csv", ".tsv", ".tab"})
_PAGE_NAMES = frozenset({".html", ".htm", ".xhtml", ".shtml"})
_CODE_ENDINGS = (
    "py pyi js mjs cjs ts tsx jsx vue svelte java kt kts scala groovy c h cc cpp cxx hpp hh "
    "cs go rs rb php pl pm lua r jl swift m mm dart ex exs erl hrl clj cljs hs ml mli fs fsx "
    "nim zig v sv vhd vhdl asm s sh bash zsh fish ps1 bat cmd sql graphql proto thrift tf hcl "
    "yaml yml toml ini cfg conf properties env xml xsd xsl svg css scss sass less cmake "
    "gradle mk dockerfile diff patch json jsonl ndjson geojson jsonc json5 sol tcl vim el "
    "lisp scm"
)
_CODE_NAMES = frozenset(f".{name}" for name in _CODE_ENDINGS.split())
_CODE_FILES = frozenset({"makefile", "dockerfile", "rakefile", "gemfile", "jenkinsfile"})
_PAGE_START = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*){0,5}<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_ANY_TAG = re.compile(r"<(?:p|div|h[1-6]|table|ul|br|span|a)\b[^>]{0,500}>", re.IGNORECASE)
_HEADER_LINE = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60}):[ \t]?")
_MAIL_HEADERS = frozenset([
    "from",
    "to",
    "subject",
    "date",
    "received",
    "mime-version",
    "message-id",
    "return-path",
    "delivered-to",
    "cc",
    "sender",
    "reply-to",
    "content-type",
])
_MAIL_NEEDS = ("from", "received", "return-path", "sender")
_MARKDOWN_SIGNS = tuple(
    re.compile(sign, re.MULTILINE)
    for sign in (
        r"^#{1,6} \S",
        r"^(?:```|~~~)",
        r"\[[^\]\n]{1,200}\]\([^)\s]{1,500}\)",
        r"\*\*[^*\n]{1,200}\*\*",
        r"^\|? ?:?-{3,}:? ?\|",
        r"^(?:=|-){3,}$",
    )
)
_CONTROL = re.compile("[\x01-\x07\x0e-\x1a\x1c-\x1f\x7f\ufffd\ufffe\uffff]")
_MOST_CONTROLS = 0.1
_MOST_OF_MANY_KINDS = 0.02
_MANY_KINDS = 5
_PIECES = 64
_SMALLEST_PIECE_CHARS = 512
_MOST_BINARY_PIECES = 0.1
_MIN_TABLE_LINES = 3
_MAX_TABLE_LINES = 50
_MAX_CELL_CHARS = 80
_CUT_WORD_CHARS = 6


def looks_binary(text: str) -> bool:
    """Tell what is no text by its control characters and bytes that decode to nothing.

    A text may use a few kinds of them often, between fields or in terminals; compressed data and
    programs have all kinds.
    """
    sample = text[:_LOOKED_AT_CHARS]
    found = _CONTROL.findall(sample)
    most = _MOST_OF_MANY_KINDS if len(set(found)) >= _MANY_KINDS else _MOST_CONTROLS
    return len(found) > most * max(len(sample), 1)


def turns_binary(text: str) -> bool:
    """Tell a text of which more than a small part looks binary, by pieces spread over it."""
    step = max(_LOOKED_AT_CHARS, len(text) // _PIECES)
    starts = range(0, max(1, len(text) - _SMALLEST_PIECE_CHARS), step)
    odd = sum(looks_binary(text[at : at + _LOOKED_AT_CHARS]) for at in starts)
    return odd > _MOST_BINARY_PIECES * len(starts)


def kind_of_text(text: str, filename: str) -> str:
    """Choose the KIND of the reader for the beginning of a text."""
    named = _by_name(PurePath(filename.lower()))
    if named == "code" and not _is_json(text):
        return "code"
    return _by_structure(text) or _by_tie(text, named)


def _by_structure(text: str) -> str:
    """Recognise what no prose looks like."""
    if _is_json(text):
        return "json"
    if _PAGE_START.match(text[:_LOOKED_AT_CHARS]):
        return "html"
    if _is_mail(text):
        return "eml"
    return ""


def _by_tie(text: str, named: str) -> str:
    """Choose between kinds that may look alike: a name that fits wins over the look."""
    if named == "html":
        return "html" if _ANY_TAG.search(text) else "text"
    if named:
        return named
    if text.startswith("#!"):
        return "code"
    if _is_table(text):
        return "csv"
    signs = sum(sign.search(text) is not None for sign in _MARKDOWN_SIGNS)
    return "markdown" if signs > 1 else "text"


def _by_name(name: PurePath) -> str:
    suffix = name.suffix
    if suffix in _CODE_NAMES or name.name in _CODE_FILES:
        return "code"
    if suffix in _TABLE_NAMES:
        return "csv"
    if suffix in _MARKDOWN_NAMES:
        return "markdown"
    return "html" if suffix in _PAGE_NAMES else ""


def _is_json(text: str) -> bool:
    """Tell JSON and JSON Lines by parsing what is there; a cut value counts when it is right so far."""
    stripped = text.lstrip()
    if not stripped.startswith(("{", "[")):
        return False
    try:
        _, end = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode(stripped)
    except RecursionError:
        return True
    except json.JSONDecodeError as exc:
        return exc.pos >= len(stripped) - _CUT_WORD_CHARS or exc.msg.startswith("Unterminated")
    rest = stripped[end:].strip()
    return not rest or rest.startswith(("{", "["))


def _is_mail(text: str) -> bool:
    names: set[str] = set()
    for number, line in enumerate(text.splitlines()):
        found = _HEADER_LINE.match(line)
        if found:
            names.add(found[1].lower())
        elif not line.strip() or not (line[:1] in " \t" or (number == 0 and line[:5] == "From ")):
            break
    known = names & _MAIL_HEADERS
    return len(known) > 2 and not known.isdisjoint(_MAIL_NEEDS)


def _is_table(text: str) -> bool:
    """Tell a table by rows that all have the same number of short cells."""
    lines = [line for line in text.splitlines()[:_MAX_TABLE_LINES] if line.strip()]
    if len(lines) < _MIN_TABLE_LINES:
        return False
    delimiter = find_delimiter(lines)
    if delimiter is None or any(line.lstrip().startswith("|") for line in lines):
        return False
    counts = [re.sub(r'"[^"]*"', "", line).count(delimiter) for line in lines[:-1]]
    cells = [cell for line in lines[:-1] for cell in line.split(delimiter)]
    spaced = sum(cell.startswith(" ") for cell in cells)
    prose = delimiter == "," and spaced > len(cells) / 10
    return len(set(counts)) == 1 and not prose and max(map(len, cells)) <= _MAX_CELL_CHARS
