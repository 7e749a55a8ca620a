"""Turns bytes into text in whatever encoding they are; a wrong guess never raises.

What comes out is the decoded source itself: only the byte order mark and NULs are dropped, and
bytes that decode to nothing become U+FFFD. Not for: knowing whether it is text at all.
"""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE_MARKS = tuple(mark for mark, encoding in _MARKS if encoding != "utf-8")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Which of four bytes are zero in Latin text.
_ZEROS = {"x000": "utf-32-le", "000x": "utf-32-be", "x0x0": "utf-16-le", "0x0x": "utf-16-be"}
_WESTERN = frozenset(
    "äöüßÄÖÜéèêëÉÈÊàâçÀÂÇîïôœùûñÑáíóúÁÍÓÚãõìòåæøÅÆØ€–—\u201a„“”‘’…•°§«»·¡¿£©®™²½\xa0×"
)
_MOST_ACCENTS = 0.3
# Nobody writes whole words in half-width katakana; Cyrillic bytes read as Shift JIS look like that.
_HALF_WIDTH = re.compile("[\uff61-\uff9f]{3}")
_HALF_WIDTH_ENCODINGS = ("cp932", "shift_jis", "shift_jis_2004", "shift_jisx0213", "johab")
_OF_MAINFRAMES = ("cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140")
_SAMPLE_BYTES = 32 * 1024
_MOST_FAULTS = 0.05
_NO_LETTER = re.compile("[\x01-\x07\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
_FEW_FAULTS = 0.02
_FEWEST_BLANKS = 0.005
_MOST_SHOWN = 0.98
_ASCII_SHIFTED = ("iso-2022", "hz", "utf-7")  # they look like ASCII, so only a name tells them


def decode(data: bytes, *, declared: str = "") -> str:
    """Decode by byte order mark, else as UTF-8, else as declared, else by the look of the bytes."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _tidied(data[len(mark) :].decode(encoding, "replace"))
    if declared.lower().startswith(_ASCII_SHIFTED):
        return _tidied(_as_declared(data, declared) or data.decode(errors="replace"))
    if wide := _wide_encoding(data[:_SAMPLE_BYTES]):
        return _tidied(data.decode(wide, "replace"))
    text = _as_utf8(data) or _as_declared(data, declared)
    return _tidied(text or data.decode(_guess(data), "replace"))


def has_stray_nuls(data: bytes) -> bool:
    """Tell data with zero bytes that are no halves of letters, as UTF-16 and UTF-32 have them."""
    wide = data.startswith(_WIDE_MARKS) or _wide_encoding(data[:_SAMPLE_BYTES])
    return b"\0" in data and not wide


def _as_utf8(data: bytes) -> str:
    """Decode what is UTF-8 but for a few bytes, else give nothing."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        lenient = data.decode(errors="replace")
    of_several_bytes = len(data) - len(lenient)
    return lenient if lenient.count("\ufffd") <= _MOST_FAULTS * of_several_bytes else ""


def _tidied(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text.removeprefix("\ufeff").replace("\0", ""))


def _wide_encoding(sample: bytes) -> str:
    """Recognise UTF-16 and UTF-32 without a mark by where the zero bytes of Latin text and of blanks stand."""
    if b"\0" not in sample or len(sample) < 4:
        return ""
    share = [sample[at::4].count(0) / (len(sample) / 4) for at in range(4)]
    many, few = 0.4, 0.1
    look = "".join("0" if part > many else "x" if part < few else "?" for part in share)
    return _ZEROS.get(look, "") or _wide_script(sample)


def _wide_script(sample: bytes) -> str:
    """Recognise UTF-16 in other scripts, which is control characters when it is read byte by byte."""
    narrow = sample.replace(b"\0", b"").decode(errors="replace")
    if len(_NO_LETTER.findall(narrow)) < _FEW_FAULTS * len(narrow):
        return ""
    even = sample[: len(sample) // 2 * 2]
    return next((name for name in ("utf-16-le", "utf-16-be") if _is_written(even, name)), "")


def _is_written(sample: bytes, encoding: str) -> bool:
    """Tell text by its blanks, and by having hardly anything that cannot be shown."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError as exc:
        if exc.start < len(sample) - 2:  # else the last letter is cut
            return False
        text = sample[: exc.start].decode(encoding)
    blanks = sum(char in " \t\r\n" for char in text)  # swapped, a blank is another one: U+2000
    shown = blanks + sum(char > " " and char.isprintable() for char in text)
    return blanks >= _FEWEST_BLANKS * len(text) and shown >= _MOST_SHOWN * len(text)


def _as_declared(data: bytes, declared: str) -> str:
    """Decode by the name that came with the bytes, else give nothing."""
    try:
        return data.decode(declared.strip(), "replace") if declared.strip() else ""
    except (LookupError, ValueError):  # no such encoding, or one that is not for text
        return ""


def _guess(data: bytes) -> str:
    """Judge a sample that begins near the first bytes it can be told by."""
    first = _NOT_ASCII.search(data)
    start = max(0, first.start() - 256) if first else 0
    sample = data[start : start + _SAMPLE_BYTES].replace(b"\0", b"")
    if _is_western(sample):
        return "cp1252"
    return _likeliest(sample) or _likeliest(sample, but=_HALF_WIDTH_ENCODINGS) or "cp1252"


def _is_western(sample: bytes) -> bool:
    """Tell text that is mostly ASCII with the accents and marks of Western Europe.

    Statistics do worse on the few such bytes that a short text has.
    """
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    special = [char for char in text if char > "\x7f"]
    letters = sum(char.isalpha() for char in text)
    return len(special) <= max(1, _MOST_ACCENTS * letters) and set(special) <= _WESTERN


def _likeliest(sample: bytes, *, but: tuple[str, ...] = ()) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - lazy: document readers

    best = from_bytes(sample, cp_exclusion=[*_OF_MAINFRAMES, *but], enable_fallback=False).best()
    if best is None or _HALF_WIDTH.search(sample.decode(best.encoding, "replace")):
        return ""
    return best.encoding
