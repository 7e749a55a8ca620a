"""What the parts of the server tell about their work: figures and spans, by default nobody."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.ports.measuring import Measuring, Unmeasured
from backend.ports.tracing import Tracing, Untraced


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Whom the parts of a server tell what they do."""

    measuring: Measuring = field(default_factory=Unmeasured)
    tracing: Tracing = field(default_factory=Untraced)


UNWATCHED = Watch()
