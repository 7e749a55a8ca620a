"""Finds coordination in a token list: series of like items, choices, and wording repeated with other values."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from backend.agent.route_rules import vocabulary as words
from backend.agent.route_rules.tokens import Token

_MAX_FILL_WORDS: Final = 4
_MAX_GAP_WORDS: Final = 2
_TITLE_WORDS: Final = 8
_JOINERS: Final = frozenset({",", "and", "or", "&", "versus", "vs", "plus"})
_IN_NAMES: Final = frozenset({"of", "de", "von", "van", "the", "&", "la", "del", "der"})
_BARRIERS: Final = (
    words.AUXILIARIES
    | words.ALL_WH
    | words.FIRM_TOOL_VERBS
    | frozenset({"that", "then", "if", "[", "]", "(", ")", "=", ":", ";"})
)
_ELSEWHERE: Final = {
    **dict.fromkeys(["und", "et", "y", "och", "og", "и"], "and"),
    **dict.fromkeys(["oder", "ou", "eller", "или"], "or"),
}


@dataclass(frozen=True, slots=True)
class Series:
    """Count the series "A, B and C" of names and of bare numbers, and the choices "A or B"; `longest` in items."""

    names: int
    numbers: int
    longest: int
    choices: int


@dataclass(slots=True)
class _Run:
    item: str
    label: str = ""
    length: int = 1
    joiner: str = ","
    pending: str = ""
    gap: int = 0


def mark(tokens: Sequence[Token]) -> list[str]:
    """Write names and quotes as "@", numbers as "#" and every other token as its word; "Bank of Norway" is one "@"."""
    marks: list[str] = []
    for at, token in enumerate(tokens):
        shape = _shape(token)
        in_name = bool(marks) and marks[-1] == "@"
        continues = token.kind == "name" or (shape == "#" and token.lower.isdigit())
        links = token.lower in _IN_NAMES and at + 1 < len(tokens) and tokens[at + 1].kind == "name"
        if not (in_name and (continues or links)):
            marks.append(shape)
    return marks


def _shape(token: Token) -> str:
    if token.kind in {"name", "quote", "file", "ident"}:
        return "@"
    return "#" if token.kind == "number" else _ELSEWHERE.get(token.lower, token.lower)


def find_series(marks: Sequence[str]) -> Series:
    """Count the runs of like items; a comma alone joins only four names or more ("Rome, Italy" is one place)."""
    names = numbers = longest = choices = 0
    for run in _runs(marks):
        collected = run.item == "#" and run.label in words.COLLECTIONS
        if (
            run.length < 2
            or collected
            or (run.joiner == "," and (run.item == "#" or run.length < 4))
        ):
            continue
        names += run.item == "@"
        numbers += run.item == "#"
        choices += run.joiner == "or"
        longest = max(longest, run.length)
    return Series(names, numbers, longest, choices)


def _runs(marks: Sequence[str]) -> list[_Run]:
    runs = [_Run("")]
    before = ""
    for item in marks:
        run = runs[-1]
        if item in {"@", "#"}:
            if not _extends(run, item, before):
                runs.append(_Run(item, label=before))
        elif item in _JOINERS:
            run.pending = item if item != "," or not run.pending else run.pending
            run.gap = 0
        else:
            run.gap += 1
            room = _MAX_FILL_WORDS if run.pending else _MAX_GAP_WORDS
            if item in _BARRIERS or item[:1] in ".?!\n" or run.gap > room:
                runs.append(_Run(""))
        before = item
    return runs


def _extends(run: _Run, item: str, before: str) -> bool:
    """Add the item to the run if it is joined and near enough; numbers must touch or repeat their label."""
    room = 1 if run.pending == "," else _MAX_FILL_WORDS
    if item == "#":
        room = int(before == run.label)
    if item != run.item or not run.pending or run.gap > room:
        return False
    run.length += 1
    run.joiner = run.pending if run.pending != "," else run.joiner
    run.pending, run.gap = "", 0
    return True


def count_repeated_frames(marks: Sequence[str]) -> int:
    """Count short frames that occur again with other values: "the height of @ … the height of @" counts."""
    content = [token.isalpha() and token not in words.PLAIN for token in marks]
    long = zip(marks, marks[1:], marks[2:], strict=False)
    frames: Counter[tuple[str, ...]] = Counter(
        frame for at, frame in enumerate(long) if any(content[at : at + 3])
    )
    short = pairwise(marks)
    frames.update(frame for at, frame in enumerate(short) if frame[1] == "#" and content[at])
    return frames.total() - len(frames)


def echoes_participle(lowers: Sequence[str]) -> bool:
    """Say whether a later noun names the product of an earlier verb: "crop …, the cropped …", "draw …, the drawing"."""
    stems: set[str] = set()
    verbs: set[str] = set()
    for at, lower in enumerate(lowers):
        if lower.endswith(("ing", "ion")):
            if at and lowers[at - 1] in {"the", "this"} and lower[:4] in verbs:
                return True
        elif not lower.endswith("ed"):
            stems.add(lower[:4])
            if lower in words.IMPERATIVES:
                verbs.add(lower[:4])
        elif at and lowers[at - 1] in {"the", "this", "its"} and lower[:4] in stems:
            return True
    return False


def count_distinct_names(tokens: Sequence[Token]) -> int:
    """Count the different names; neighbouring capitalised words are one, and a short quote is a title."""
    names: set[str] = set()
    current: list[str] = []
    for token in tokens:
        if token.kind == "name":
            current.append(token.lower)
            continue
        if current:
            names.add(" ".join(current))
            current = []
        if token.kind == "quote" and token.lower.count(" ") < _TITLE_WORDS:
            names.add(token.lower.lower())
    if current:
        names.add(" ".join(current))
    return len(names)
