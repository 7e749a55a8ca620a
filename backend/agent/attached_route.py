"""The route of a question that documents are attached to: usually a chat over their text.

What needs something else besides (the web, a calculation, tables, code) keeps the route that its
words ask for. Not for: the rules by which words are judged (`route_rules`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from backend.agent.route_rules.features import read
from backend.agent.route_rules.tokens import clip
from backend.agent.run import Run
from backend.ports.documents import SEARCH_TOOL
from backend.ports.values import RouteDecision

WHOLE = "the attached text is at hand"
PARTS = "the attached text is too long to be shown whole"
_SURE: Final = 0.9
_ELSEWHERE: Final = re.compile(
    r"\b(?:web|internet|online|google|wikipedia|news|weather|forecast|exchange rates?|stocks?|share price|today'?s"
    r"|search for|look up|netz|wetter|nachrichten|wechselkurs|météo|actualités|noticias)\b",
    re.IGNORECASE,
)
_COMPUTES: Final = re.compile(
    r"\b(?:calculat\w*|comput(?:e|es|ed|ing|ation)|add up|averages?|median|standard deviation|percent(?:age)?|how much is \d|convert"
    r"|sum of|total of|plot|chart|graph|diagram|histogram|berechne\w*|durchschnitt\w*|prozent|calcul\w*|moyenne|promedio)\b"
    r"|\d\s*%|\d\s*[*×/^]\s*\d|\d \+ \d",
    re.IGNORECASE,
)


def with_attached(run: Run, text: str, decision: RouteDecision) -> RouteDecision:
    """Turn a look-up into a chat where the attached text answers; search where it is too long."""
    if not run.attached or run.request.mode != "auto" or needs_more(text):
        return decision
    if run.attached == "whole":
        if decision.route == "chat":
            return replace(decision, confidence=max(decision.confidence, _SURE))
        return RouteDecision(route="chat", reason=WHOLE, confidence=_SURE, by="documents")
    if run.about_documents and SEARCH_TOOL in run.parts.toolbox.available:
        return RouteDecision(route="react", reason=PARTS, confidence=_SURE, by="documents")
    return decision


def needs_more(text: str) -> bool:
    """Tell whether the words ask for something that no attached text holds."""
    words = clip(text)
    if _ELSEWHERE.search(words) or _COMPUTES.search(words):
        return True
    handed = read(text).handed
    return handed.programs + handed.tables + handed.pages > 0
