"""The port that tells how one request went, as spans; nothing is done and nothing imported when it is off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol

Value = str | bool | int | float | Sequence[str]
Attributes = Mapping[str, Value]
SpanKind = Literal["internal", "server", "client", "producer", "consumer"]
_NONE: Attributes = {}


class Span(Protocol):
    """One stretch of work."""

    def rename(self, name: str) -> None:
        """Name it once more is known."""
        ...

    def note(self, attributes: Attributes) -> None:
        """Say more of it."""
        ...

    def failed(self, kind: str) -> None:
        """Mark it as failed, by a word or the class of an error; never by its text."""
        ...


class Tracing(Protocol):
    """Makes spans. `on` tells whether anybody sees them, `with_content` whether words may be in them."""

    @property
    def on(self) -> bool:
        """Tell whether spans are sent anywhere."""
        ...

    @property
    def with_content(self) -> bool:
        """Tell whether prompts, answers and arguments may be said."""
        ...

    def span(
        self,
        name: str,
        *,
        kind: SpanKind = "internal",
        attributes: Attributes = _NONE,
        parent: str = "",
    ) -> AbstractContextManager[Span]:
        """Make a span of the block; an error that leaves the block marks it.

        It hangs on the one around it, or on `parent`, written as W3C's traceparent.
        """
        ...

    async def aclose(self) -> None:
        """Send what waits, and stop."""
        ...


class _NoSpan:
    def rename(self, name: str) -> None:
        """Do nothing."""

    def note(self, attributes: Attributes) -> None:
        """Do nothing."""

    def failed(self, kind: str) -> None:
        """Do nothing."""


_NOTHING: AbstractContextManager[Span] = nullcontext(_NoSpan())


class Untraced:
    """The `Tracing` port that tells nobody."""

    on = False
    with_content = False

    def span(
        self,
        name: str,  # noqa: ARG002 - the port's
        *,
        kind: SpanKind = "internal",  # noqa: ARG002 - the port's
        attributes: Attributes = _NONE,  # noqa: ARG002 - the port's
        parent: str = "",  # noqa: ARG002 - the port's
    ) -> AbstractContextManager[Span]:
        """Make nothing."""
        return _NOTHING

    async def aclose(self) -> None:
        """Send nothing."""
