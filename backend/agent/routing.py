"""Decides the route of one request without a model call; the linguistic rules live in agent/route_rules."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from backend.agent.route_rules.features import Features, read
from backend.agent.route_rules.rule import Rule
from backend.agent.route_rules.rules import Score, score
from backend.agent.route_rules.small_talk import is_small_talk
from backend.ports.values import Route, RouteDecision

_SMALL_TALK_CONFIDENCE: Final = 0.97
_FOLLOW_UP_CONFIDENCE: Final = 0.65
_FOREIGN_CONFIDENCE: Final = 0.5
_FOLLOW_UP_WORDS: Final = 8

_FOLLOW_UP: Final = re.compile(
    r"^\W*(?:and|or|also|what about|how about|same for|the same for|now for|but)\b", re.IGNORECASE
)
_REACT_WORDS: Final = re.compile(
    r"\b(?:then|after that|next|followed|step by step|first|second|third|if|depending on|based on)\b",
    re.IGNORECASE,
)
_PLAN_WORDS: Final = re.compile(
    r"\b(?:and|also|plus|both|all|multiple|comprehensive|complete analysis)\b", re.IGNORECASE
)
_KEYWORD_CHARS: Final = 8_000


@dataclass(frozen=True, slots=True)
class RoutingInput:
    """Hold what a strategy may look at: the request, what comes with it, and the user's turn before it."""

    text: str
    has_documents: bool = False
    has_images: bool = False
    previous_text: str | None = None


def route_by_rules(request: RoutingInput) -> RouteDecision:
    """Route by the form of the request: small talk first, then follow-ups, then the table of rules."""
    if is_small_talk(request.text):
        reason = "small talk" if request.text.strip() else "an empty message"
        return RouteDecision("chat", reason, _SMALL_TALK_CONFIDENCE)
    features = read(
        request.text, has_documents=request.has_documents, has_images=request.has_images
    )
    if request.previous_text and _is_follow_up(request.text, features):
        return _follow_up(request, request.previous_text, features)
    decision = _decide(score(features))
    if (
        features.foreign
        and not features.document_talk
        and decision.confidence > _FOREIGN_CONFIDENCE
    ):
        return RouteDecision(decision.route, decision.reason, _FOREIGN_CONFIDENCE)
    return decision


def route_by_keywords(request: RoutingInput) -> RouteDecision:
    """Route by counting two word lists, as a baseline to beat; it never answers chat."""
    text = request.text[:_KEYWORD_CHARS]
    react, plan = len(_REACT_WORDS.findall(text)), len(_PLAN_WORDS.findall(text))
    confidence = (max(react, plan) + 1) / (react + plan + 2)
    reason = f"{plan} plan words against {react} react words"
    return RouteDecision("plan" if plan > react else "react", reason, confidence)


def best_tool_route(request: RoutingInput) -> Route:
    """Choose between react and plan alone, for a caller that has already ruled out chat."""
    return "plan" if score(read(request.text)).parts > 0 else "react"


STRATEGIES: Final[Mapping[str, Callable[[RoutingInput], RouteDecision]]] = MappingProxyType({
    "rules": route_by_rules,
    "keywords": route_by_keywords,
})


def _decide(total: Score) -> RouteDecision:
    """Turn the two sums into a route: first tools or not, then one step or several parts."""
    tools = _sigmoid(total.tools)
    parts = _sigmoid(total.parts)
    if total.tools <= 0:
        return RouteDecision(
            "chat",
            _reason(total, lambda rule: -rule.tools, "nothing in it calls for a tool"),
            1 - tools,
        )
    if total.parts > 0:
        return RouteDecision(
            "plan", _reason(total, lambda rule: rule.parts, "independent parts"), tools * parts
        )
    step = _reason(total, lambda rule: max(rule.tools, -rule.parts), "one step")
    return RouteDecision("react", step, tools * (1 - parts))


def _reason(total: Score, weight: Callable[[Rule], float], otherwise: str) -> str:
    """Name the rule that spoke loudest for the route."""
    loudest = max(total.fired, key=weight, default=None)
    return loudest.reason if loudest is not None and weight(loudest) > 0 else otherwise


def _is_follow_up(text: str, features: Features) -> bool:
    opens = _FOLLOW_UP.match(text) is not None
    return (
        opens
        and features.n_words <= _FOLLOW_UP_WORDS
        and features.asks.first in {"statement", "what", "how"}
    )


def _follow_up(request: RoutingInput, previous_text: str, features: Features) -> RouteDecision:
    """Take the previous turn's need for tools; the new turn alone says whether it has several parts."""
    before = route_by_rules(RoutingInput(previous_text, request.has_documents, request.has_images))
    if before.route == "chat":
        return RouteDecision(
            "chat", "a follow-up to a turn that needed no tool", _FOLLOW_UP_CONFIDENCE
        )
    several = features.series.names > 0 or features.series.numbers > 0
    reason = "a follow-up to a turn that needed tools"
    return RouteDecision("plan" if several else "react", reason, _FOLLOW_UP_CONFIDENCE)


def _sigmoid(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
