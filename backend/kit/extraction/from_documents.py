"""What a search of the user's documents has to say, beyond the sentences it brought.

Not for: picking those sentences (`picking`) or choosing tools.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from backend.kit.extraction.passages import Sentence, sentences
from backend.kit.extraction.words import terms

_SUMMARY = re.compile(
    r"^\W*(?:please |can you )?(?:summari[sz]e|sum up|give (?:me )?a summary|what (?:is|are) .{1,80}\babout\b"
    r"|fass\w* .{1,80}\bzusammen\b|résume[rz]?|resum[ei]|riassumi)\b",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"nothing in the user's documents", re.IGNORECASE)
# Why nothing could be searched, as the tool says it and as a person is told.
_REASONS: Final = (
    (
        re.compile(r"the user has no documents", re.IGNORECASE),
        "You have no documents here yet. Upload them on this server's page, or with POST /api/files/upload.",
    ),
    (
        re.compile(r"documents are still being read \(", re.IGNORECASE),
        "Your documents are still being read. Ask again in a moment.",
    ),
    (
        re.compile(r"none of these documents could be read", re.IGNORECASE),
        "None of these documents could be read; the list of your files says why.",
    ),
)
_STILL_READ = re.compile(r"^Note: \d+ of the user's documents are still being read", re.MULTILINE)
# What only points at documents, and words that only ask.
_POINTER = re.compile(
    r"\b(?:according to|based on|in|from|per|under|by|of)? ?(?:my|our|the|this|these|that) (?:[\w-]{1,30} ){0,2}?(?:documents?|files?"
    r"|reports?|pdfs?|contracts?|notes|invoices?|manuals?|handbooks?|attachments?|uploads?|agreements?|transcripts?|leases?"
    r"|papers?|polic(?:y|ies)|letters?|knowledge base)\b|\b[\w-]{1,60}\.(?:pdf|docx?|txt|md|xlsx?|pptx?|html?)\b",
    re.IGNORECASE,
)
_ASKING: Final = frozenset(
    terms(
        "say state mention ask require tell contain include cover about document file report page there need anything"
        " something"
    )
)
_WHICH = re.compile(
    r"\b(?:which|what|in which) (?:of )?(?:(?:my|our|the|these) )?(?:uploaded )?(?:documents?|files?|reports?|contracts?|pdfs?|papers?)"
    r" (?:mentions?|says?|states?|contains?|speaks?|talks?|covers?|discuss\w*|has|have|is about|are about|do|does|describe\w*)\b",
    re.IGNORECASE,
)


def marked(text: str, marker: int | None) -> str:
    """Put its marker behind a sentence."""
    return text if marker is None else f"{text} [{marker}]"


def asks_summary(question: str) -> bool:
    """Tell whether a question wants a text in short, whatever it says."""
    return _SUMMARY.search(question) is not None


def says_nothing(text: str) -> bool:
    """Tell whether a result is a document search's word that it has no answer."""
    return any(sign.search(text[:300]) for sign in (_NOTHING, *(one for one, _ in _REASONS)))


def why_nothing(question: str, text: str, *, empty: bool) -> str:
    """Say that documents have no answer, why they could not be searched, or what comes closest."""
    reason = next((said for sign, said in _REASONS if sign.search(text[:300])), "")
    if reason:
        return reason
    more = " Some of your documents are still being read." if _STILL_READ.search(text) else ""
    near = "" if empty else _opening(text)
    if not near:
        return f"This was not found in your documents: {question}{more}"
    return f"I found no direct answer in your documents to “{question}”. The closest passage says: {near}{more}"


def best_named(question: str, known: Sequence[Sentence]) -> Sequence[Sentence]:
    """Keep the passages whose title a question names best; all when it names none."""
    wanted = set(terms(question))
    hits = {one.title: len(wanted & set(terms(one.title))) for one in known}
    most = max(hits.values(), default=0)
    return [one for one in known if hits[one.title] == most] if most else known


def told_of(question: str, text: str, said: str | None) -> str | None:
    """Name the documents where they are asked for; None when a result is not about the topic at all."""
    topic = set(terms(_POINTER.sub(" ", question))) - _ASKING
    near = [one for one in sentences(text) if topic & set(terms(one.text))]
    if _WHICH.search(question) and near:
        titles = {one.title: one.marker for one in reversed(near) if one.title}
        named = (marked(title, marker) for title, marker in reversed(titles.items()))
        return "; ".join(named) or said
    return said if near or not topic or asks_summary(question) else None


def _opening(text: str) -> str:
    """Quote how the first passage of a result begins."""
    known = [one for one in sentences(text) if one.marker is not None]
    first = [one for one in known if one.passage == known[0].passage]
    said = [one for one in first if not one.is_heading] or first
    return " ".join(marked(one.text, one.marker) for one in said[:2])
