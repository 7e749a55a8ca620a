"""How the words of a chunk are written into one column, and read again. Not for: finding words (`lexemes`)."""

from __future__ import annotations

from dataclasses import dataclass


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
