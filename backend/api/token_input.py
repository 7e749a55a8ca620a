"""Texts of a request that may be given as text or as token numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from backend.errors import InvalidRequest
from backend.kit.clocks import SystemClock
from backend.kit.side_threads import SideThreads
from backend.kit.token_text import NoVocabulary, TokenReader, UnknownToken
from backend.kit.waiting import SlotsFull

READ_WITHIN_S = 15.0
MAX_TOKENS = 300_000

Given = str | Sequence[str] | Sequence[int] | Sequence[Sequence[int]]


class TokenInput:
    """Reads inputs; a vocabulary that cannot be fetched keeps one thread waiting, not the server."""

    def __init__(self, reader: TokenReader | None = None) -> None:
        self._reader = reader or TokenReader()
        self._threads = SideThreads(2, patience_s=READ_WITHIN_S, clock=SystemClock())

    async def texts(self, given: Given, *, param: str) -> list[str]:
        """Give the texts of an input, one for a text or a list of numbers.

        Raises:
            InvalidRequest: when token numbers cannot be read here; says what to do instead.
        """
        if isinstance(given, str):
            return [given]
        first: Any = given[0] if given else ""
        if isinstance(first, str):
            return list(cast("Sequence[str]", given))
        numbers = [given] if isinstance(first, int) else given
        return await self._read(cast("Sequence[Sequence[int]]", numbers), param)

    async def _read(self, numbers: Sequence[Sequence[int]], param: str) -> list[str]:
        if sum(map(len, numbers)) > MAX_TOKENS:
            msg = f"One request may hold {MAX_TOKENS} tokens; send them in several."
            raise InvalidRequest(msg, param=param, code="context_length_exceeded")
        reader = self._reader
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                return await self._threads.run(lambda: [reader.text_of(one) for one in numbers])
        except UnknownToken as exc:
            msg = f"'{param}' holds token numbers of another vocabulary: {exc}; send text."
            raise InvalidRequest(msg, param=param) from exc
        except NoVocabulary as exc:
            raise _send_text(str(exc), param) from exc
        except (TimeoutError, SlotsFull) as exc:
            told = "Token numbers cannot be read: their vocabulary could not be fetched in time."
            raise _send_text(told, param) from exc


def _send_text(told: str, param: str) -> InvalidRequest:
    msg = f"{told} Or send text: LangChain's OpenAIEmbeddings does with check_embedding_ctx_length=False."
    return InvalidRequest(msg, param=param)
