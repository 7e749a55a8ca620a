"""Citation markers in the text a model streams: other spellings made ours, dangling ones stripped.

Ours is `[1]`; models also write `[1, 2]`, `[1-3]`, `【1】`, `[^1]` and `[Source 1]`. Code is left alone:
`a[1]` in a fence or between backticks is an index. Not for: `(1)`, which numbers too many other things.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backend.ports.values import Citation

FENCE = "```"
CODE = r"```|`|\n"
ONE = re.compile(r"\[(\d{1,3})\]")
# "[1]" and "[1][2]", but no link "[1](url)". Behind an ASCII word it may be an index, `a[1]`: good
# enough to annotate when there is such a passage, not to strip or renumber.
RUN = r"(?:\[\d{1,3}\])+(?!\()"
NOT_BEHIND_A_WORD = r"(?<![A-Za-z0-9_\])}])"
SURE = re.compile(rf"{CODE}|{NOT_BEHIND_A_WORD}{RUN}")
LIKELY = re.compile(rf"{CODE}|(?<![\])}}]){RUN}")

_WORDS = ("source", "passage", "document", "doc", "citation", "quelle", "fuente")
_NAMED = rf"(?i:{'|'.join(_WORDS)})s?[ :#]{{1,2}}"
_PAGE = r"(?:,? ?(?:pp?\.|page|S\.) ?\d{1,4}(?:[-–]\d{1,4})?)?"
_NEXT = r" ?(?:[,;&–-]|and) ?"
_NUMBERS = rf"\d{{1,3}}(?:{_NEXT}(?:{_NAMED})?\d{{1,3}}){{0,9}}{_PAGE}\]"
_SQUARE = rf"\[{_NUMBERS}"
_ELSE = rf"\[{_NAMED}{_NUMBERS}|(?<=\n)\[\^\d{{1,3}}\]:|\[\^\d{{1,3}}\]|【\d{{1,3}}(?:[:†][^】\n]{{0,40}})?】"
_ANY = re.compile(rf"{_SQUARE}|{_ELSE}")
_FOUND = re.compile(
    rf"{CODE}|(?:{NOT_BEHIND_A_WORD}{_SQUARE}|{_ELSE})(?:{_SQUARE}|{_ELSE}){{0,40}}(?!\()"
)
_NUMBER = re.compile(r"(\d{1,3})(?: ?[–-] ?(\d{1,3}))?")
_PAGE_AT_END = re.compile(rf"{_PAGE}\]\Z")
# What stands before a list of numbers that are no markers: "the roots are [1, 2]".
_DATA = re.compile(
    r"(?:[=≈∈]|\b(?:is|are|was|were|be|roots|values|interval|range|list|between)) ?\Z"
)
_REMEMBERED_CHARS = 16
_MAX_RANGE = 20


def _begun(word: str) -> str:
    """Match the beginnings of a word: `s(?:o(?:u ...)?)?`."""
    pattern = ""
    for letter in reversed(word):
        pattern = f"{letter}(?:{pattern})?" if pattern else letter
    return pattern


_HALF = (
    rf"\[(?:\^?\d{{0,3}}\]?|(?i:{'|'.join(map(_begun, _WORDS))})s?[ :#]{{0,2}}"
    rf"|\d[\d ,;&.–andpgeS-]{{0,30}}|{_NAMED}\d[\dA-Za-z ,;&.:#–-]{{0,60}})|【(?:\d{{1,3}}(?:[:†][^】\n]{{0,40}})?)?"
)
_UNDECIDED = re.compile(rf"(?:(?:{_SQUARE}|{_ELSE}){{0,20}}(?:{_HALF})?|(?<!`)`{{1,2}})\Z")
_MAX_HELD_CHARS = 2_000
_OPENS = re.compile(r"[\[【`\n]")


@dataclass(slots=True)
class Code:
    """Whether a text, read so far, stands within a code fence or between backticks."""

    fenced: bool = False
    quoted: bool = False

    def see(self, mark: str) -> bool:
        """Take a fence, a backtick or a line's end; tell whether it was one of them."""
        if mark == FENCE:
            self.fenced, self.quoted = not self.fenced, False
        elif mark == "`":
            self.quoted = not self.quoted and not self.fenced
        elif mark == "\n":
            self.quoted = False
        else:
            return False
        return True


class MarkerFilter:
    """Make markers in streamed text ours, and strip those that point at nothing, outside code.

    Only what may still become a marker or a fence is held back. A list of numbers of which none was
    retrieved, or one that stands where data stands, is left as it is.
    """

    def __init__(self, known: Sequence[Citation]) -> None:
        self._known = known
        self._held = ""
        self._before = ""
        self._code = Code()

    def feed(self, text: str) -> str:
        """Take a piece of text; give what can be shown."""
        if not self._held and _OPENS.search(text) is None:
            self._remember(text)
            return text
        text = self._held + text
        undecided = _UNDECIDED.search(text, max(0, len(text) - _MAX_HELD_CHARS))
        cut = undecided.start() if undecided else len(text)
        self._held = text[cut:]
        return self._clean(text[:cut])

    def close(self) -> str:
        """Give what is still held."""
        held, self._held = self._held, ""
        return self._clean(held)

    def _remember(self, text: str) -> None:
        enough = len(text) >= _REMEMBERED_CHARS
        self._before = (text if enough else self._before + text)[-_REMEMBERED_CHARS:]

    def _clean(self, text: str) -> str:
        whole = self._before + text
        start = len(self._before)
        self._remember(text)
        kept: list[str] = []
        for match in _FOUND.finditer(whole, start):
            if self._code.see(match[0]) or self._code.fenced or self._code.quoted:
                continue
            led = whole[max(0, match.start() - _REMEMBERED_CHARS) : match.start()]
            marks = [self._settled(one, led=led) for one in _ANY.findall(match[0])]
            kept += (whole[start : match.start()], *dict.fromkeys(marks))
            start = match.end()
        return "".join([*kept, whole[start:]])

    def _settled(self, mark: str, *, led: str) -> str:
        """Write one marker as ours: what it points at, or nothing, or itself when it is none."""
        asked = _numbers(mark)
        known = [at for at in asked if 1 <= at <= len(self._known)]
        if len(asked) > 1 and mark[1].isdigit():
            whole = len(known) == len(asked) or ("," in mark and 0 not in asked)
            if not known or not whole or _DATA.search(led):
                return mark
        if mark[1] == "^" and not known:
            return mark
        return "".join(f"[{at}]" for at in known)


def _numbers(mark: str) -> list[int]:
    """List the numbers of a marker; "1-3" are three, "4:0†source" is one."""
    told = re.split("[:†]", mark)[0] if mark[0] == "【" else _PAGE_AT_END.sub("", mark)
    found: list[int] = []
    for first, last in _NUMBER.findall(told):
        start, end = int(first), int(last or first)
        found += range(start, end + 1) if 0 <= end - start < _MAX_RANGE else (start, end)
    return found


def markers(content: str) -> Iterator[tuple[int, int, int]]:
    """Find each marker outside code in a finished answer: start, end, number."""
    code = Code()
    for run in LIKELY.finditer(content):
        if code.see(run[0]) or code.fenced or code.quoted:
            continue
        for one in ONE.finditer(content, run.start(), run.end()):
            yield one.start(), one.end(), int(one[1])
