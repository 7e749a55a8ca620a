"""Turn token numbers of OpenAI's `cl100k_base` back into text, when its vocabulary can be had.

The extra [tokens] brings the reader (tiktoken); it fetches the vocabulary once and keeps it on the
disk (in the folder TIKTOKEN_CACHE_DIR names). Everything here blocks and is for threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

ENCODING = "cl100k_base"
Decode = Callable[[Sequence[int]], str]


class NoVocabulary(Exception):
    """Token numbers cannot be read here; the message says what to install."""


class UnknownToken(Exception):
    """A number that stands for no token."""


class TokenReader:
    """Reads token numbers; `load` gives the decoder, is called on first use, and again after a failure."""

    def __init__(self, load: Callable[[], Decode] | None = None) -> None:
        self._load = load or _tiktoken
        self._decode: Decode | None = None
        self._loading = threading.Lock()

    def text_of(self, tokens: Sequence[int]) -> str:
        """Give the text of some tokens; half a character at either end becomes U+FFFD.

        Raises:
            NoVocabulary: when the reader or its vocabulary is not there.
            UnknownToken: for a number outside the vocabulary.
        """
        decode = self._decoder()
        try:
            return decode(tokens)
        except (KeyError, ValueError, OverflowError) as exc:
            msg = f"a number is no token of {ENCODING}"
            raise UnknownToken(msg) from exc

    def _decoder(self) -> Decode:
        if self._decode is None:
            if not self._loading.acquire(blocking=False):
                msg = f"The vocabulary of {ENCODING} is being loaded; try again shortly."
                raise NoVocabulary(msg)
            try:
                self._decode = self._load()
            finally:
                self._loading.release()
        return self._decode


def _tiktoken() -> Decode:
    try:
        import tiktoken  # noqa: PLC0415 - an optional package, and 40 MiB
    except ImportError as exc:
        msg = "Token numbers cannot be read: `pip install tiktoken` into the server's environment."
        raise NoVocabulary(msg) from exc
    try:
        encoding: Any = tiktoken.get_encoding(ENCODING)
    except Exception as exc:  # whatever its HTTP client raises
        msg = (
            f"Token numbers cannot be read: the vocabulary {ENCODING} is neither on the disk "
            "(TIKTOKEN_CACHE_DIR) nor can it be fetched."
        )
        raise NoVocabulary(msg) from exc
    return encoding.decode
