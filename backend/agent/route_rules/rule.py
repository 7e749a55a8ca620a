"""What a routing rule is; the rules themselves stand in `kinds.py` and `rules.py`."""

from collections.abc import Callable
from dataclasses import dataclass

from backend.agent.route_rules.features import Features


@dataclass(frozen=True, slots=True)
class Rule:
    """Tie a reason and two weights to a test over the features."""

    reason: str
    tools: float
    parts: float
    test: Callable[[Features], bool]
