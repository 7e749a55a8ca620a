"""How the words of a chunk are written into one column, read again, and numbered. Not for: finding words (`lexemes`)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from zlib import crc32

CONTEXT_WEIGHT = 2.0  # title and headings say what a chunk is about
NO_NUMBER = crc32(b"\n")  # of what is no word
AROUND_WEIGHT = 0.2  # a hit is shown with its neighbours


@dataclass(frozen=True, slots=True, kw_only=True)
class LexicalRow:
    """The lexemes of a chunk: of its text, and of the title and headings above it."""

    language: str
    body: tuple[str, ...]
    context: tuple[str, ...] = ()

    def written(self) -> str:
        """Write three lines: the language, the lexemes of the text, those of title and headings."""
        return "\n".join((self.language, " ".join(self.body), " ".join(self.context)))


def lexical_row(written: str) -> LexicalRow:
    """Read what `written` wrote; of anything else, all words are the text's."""
    parts = written.split("\n")
    if len(parts) != 3:
        return LexicalRow(language="", body=tuple(written.split()))
    return LexicalRow(
        language=parts[0], body=tuple(parts[1].split()), context=tuple(parts[2].split())
    )


@dataclass(frozen=True, slots=True)
class ChunkWords:
    """The words of a chunk and of what stands above it, as numbers; its neighbours by id."""

    neighbours: tuple[int | None, int | None]
    body: bytes
    context: bytes


def word_number(word: str) -> int:
    """Number a word; two words share a number once in four thousand million."""
    return crc32(word.encode())


def word_numbers(words: Iterable[str]) -> bytes:
    """Write the numbers of words, four bytes each, as this machine orders them."""
    return array("I", map(word_number, words)).tobytes()


def numbered(written: Iterable[str], known: Mapping[str, int]) -> Sequence[tuple[bytes, bytes]]:
    """Number the words of what `written` wrote, of text and of context: those that are known, all others alike.

    A search reads a thousand chunks, hence all of their words in one go.
    """
    words: list[str] = []
    ends = [0]
    for one in written:
        parts = one.split("\n")
        for part in parts[1:] if len(parts) == 3 else (one, ""):
            words += part.split()
            ends.append(len(words))
    numbers = array("I", map(known.get, words, repeat(NO_NUMBER)))
    pieces = [numbers[start:end].tobytes() for start, end in pairwise(ends)]
    return list(zip(pieces[::2], pieces[1::2], strict=True))
