"""Wire shapes of citations."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel

from backend.ports.documents import CitedPassage


class CitationOut(BaseModel):
    """A cited passage with what stands around it.

    `start` and `end` are characters (code points) of the file's stored text, `end` exclusive.
    """

    id: str
    title: str
    file_id: str | None
    filename: str
    page: int | None
    start: int | None
    end: int | None
    before: str
    text: str
    after: str

    @classmethod
    def of(cls, found: CitedPassage) -> Self:
        """Render a cited passage."""
        cited = found.citation
        return cls(
            id=cited.id,
            title=cited.title,
            file_id=cited.file_id,
            filename=found.filename,
            page=cited.page,
            start=cited.start,
            end=cited.end,
            before=found.before,
            text=cited.text,
            after=found.after,
        )
