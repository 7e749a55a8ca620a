"""Whether a caller's own documents bear on a question: a look into memory, at most one quick search.

Not for: searching on behalf of an answer, which the tool does, or the words of a question (`route_rules`).
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace

from backend.agent.route_rules.features import Features, read
from backend.agent.route_rules.handed_over import find_handed_over
from backend.agent.route_rules.material import brings_material
from backend.agent.route_rules.small_talk import is_small_talk
from backend.agent.route_rules.tokens import clip
from backend.agent.route_rules.vocabulary import EXPLAIN_VERBS
from backend.agent.routing import RoutingInput
from backend.agent.run import Run
from backend.errors import StewardError
from backend.kit.document_talk import document_talk
from backend.kit.waiting import DeadlineExceeded, within
from backend.ports.documents import SEARCH_TOOL, Documents, SearchQuery
from backend.ports.documents_within import within as scoped
from backend.ports.values import RouteDecision

logger = logging.getLogger(__name__)
TABLES = "sql_query"
REASON = "your documents speak of this"
# The first search after a start loads the index and the embedder; a chat waits no longer for that.
PATIENCE_S = 1.0
MOST_CHARS = 600
MOST_LINES = 4
SHORT_WORDS = 8
BARE_WORDS = 2
_TOLD = EXPLAIN_VERBS | {"tell", "give", "name", "list", "find", "get"}
_LEANS_BACK = re.compile(
    r"^\W*(?:and|but|also|what about|how about|und|et|y|e|и)\b"
    r"|\b(?:it|its|they|them|their|he|she|his|her|this|that|these|those|there)\b",
    re.IGNORECASE,
)


async def at_hand(run: Run, asked: RoutingInput) -> RoutingInput:
    """Tell the router whether the caller has documents that a tool may search for this run."""
    documents = _searchable(run)
    if documents is None or not await documents.has_any(run.request.user_id):
        return asked
    talk = document_talk(clip(asked.text).lower()) != "" and not brings_material(asked.text)
    talk = talk and run.attached != "whole"  # what is attached is what is meant, and it is there
    run.about_documents |= talk and not _for_table_tools(run, asked)
    return replace(asked, has_documents=True)


async def reconsidered(run: Run, asked: RoutingInput, decision: RouteDecision) -> RouteDecision:
    """Turn a chat into a look-up when the caller's documents clearly speak of what is asked.

    Any other route stays; the run then knows that they do.
    """
    least = run.parts.options.documents_above_relevance
    unknown = asked.has_documents and not run.about_documents and least > 0
    unknown = unknown and run.attached != "whole"
    if not unknown or not _is_question(asked) or _for_table_tools(run, asked):
        return decision
    relevance = await _relevance(run, _whole_question(asked))
    if relevance < least:
        return decision
    run.about_documents = True
    if decision.route != "chat":
        return decision
    return RouteDecision(route="react", reason=REASON, confidence=relevance, by="documents")


def _searchable(run: Run) -> Documents | None:
    documents = run.parts.documents
    if documents is None or SEARCH_TOOL not in run.parts.toolbox.available:
        return None
    return scoped(documents, run.request.file_ids)


def _for_table_tools(run: Run, asked: RoutingInput) -> bool:
    """Tell whether a tool for tables answers better than a search: passages cannot be added up."""
    return TABLES in run.parts.toolbox.available and find_handed_over(asked.text).tables > 0


def _is_question(asked: RoutingInput) -> bool:
    """Tell a real question from small talk, texts to write, pasted text and code."""
    text = asked.text.strip()
    if len(text) > MOST_CHARS or text.count("\n") >= MOST_LINES or is_small_talk(text):
        return False
    features = read(text, has_images=asked.has_images)
    return not asked.has_images and _asks(features) and not _brings_text(features)


def _asks(features: Features) -> bool:
    asks = features.asks
    told = asks.first in {"chat", "either"} and asks.head in _TOLD
    return features.question_mark or told or asks.first in {"fact", "what", "how", "yesno", "tool"}


def _brings_text(features: Features) -> bool:
    return features.handed.material or any(
        features.shows(sign) for sign in ("code", "label", "text_here", "role")
    )


def _whole_question(asked: RoutingInput) -> str:
    """Put the question before in front of a short one that leans on it."""
    words = len(asked.text.split())
    leans = words <= BARE_WORDS or (words <= SHORT_WORDS and _LEANS_BACK.search(asked.text))
    if asked.previous_text and leans:
        return f"{asked.previous_text[:MOST_CHARS]} {asked.text}"
    return asked.text


async def _relevance(run: Run, question: str) -> float:
    """Give how well the best passage answers, 0 for none; a search that fails or lasts counts as none."""
    documents = _searchable(run)
    if documents is None:
        return 0.0
    search = documents.search(run.request.user_id, SearchQuery(text=question, top_k=3))
    try:
        found = await within(run.parts.clock, PATIENCE_S, search)
    except (StewardError, DeadlineExceeded) as exc:
        logger.info("the caller's documents could not be asked for the route: %r", exc)
        return 0.0
    best = max((one.relevance for one in found.passages), default=0.0)
    return best if found.relevant else 0.0
