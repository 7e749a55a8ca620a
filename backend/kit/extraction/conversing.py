"""Answers without tools: small talk, sums, the date, and what the conversation itself contains.

Not for: anything that would need knowledge; then it says what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from backend.kit.extraction.asked import Block, results
from backend.kit.extraction.entities import bare_question
from backend.kit.extraction.exact_arithmetic import evaluate
from backend.kit.extraction.from_documents import says_nothing
from backend.kit.extraction.needs import needs
from backend.kit.extraction.observed import (
    LOOK_UPS,
    Observation,
    answer,
    not_in_documents,
    plain_reason,
    quoted,
)
from backend.kit.extraction.own_figures import own_figures
from backend.kit.extraction.passages import Sentence, sentences, split_sentences
from backend.kit.extraction.picking import has_sign, pick
from backend.kit.extraction.small_talk import WHAT_I_AM, small_talk
from backend.kit.extraction.steps import CANNOT, LOOKS, Step
from backend.kit.extraction.turns import Said, Turn
from backend.kit.extraction.words import terms

_ECHO = re.compile(
    r"^(?:please )?(?:repeat|echo|say|reply|respond|answer|write|print|output|return)(?: back)?(?: to me)?(?: after me)?"
    r"(?: (?:with|using))?(?: (?:only|just|exactly|exactly this|the (?:single )?(?:words?|text|phrase|sentence)|one word|the following(?: text| words)?"
    r"|nothing but|a single word))*\s*[:,]?\s+(?P<quote>[\"“'\u2018`])?(?P<said>.+?)(?(quote)[\"”'\u2019`])[.!]?(?: and nothing else[.!]?)?$",
    re.IGNORECASE | re.DOTALL,
)
_ECHO_SURE = re.compile(
    r"^(?:please )?(?:repeat|echo|say)\b|\b(?:only|just|exactly|nothing but|nothing else|the words?|one word|single word|following)\b|[:\"“`]",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"\b(?:summari[sz]e|summary|tl;?dr|main points|key points|gist|sum up|shorten|zusammenfass\w*|résum\w+|resume|riassum\w+)\b",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"\b(one|two|three|four|five|\d{1,2}) (?:\w+ )?(?:sentences?|points?|bullets?)\b", re.IGNORECASE
)
_COUNTS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_DATE = re.compile(
    r"\b(?:what(?:'s| is)?|which|tell me)(?: is)? (?:the )?(?:current |today's )?(?:date|day)(?: is it)?(?: today| now)?\b|\bwhat day is (?:it|today)\b|\btoday's date\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\bwhat(?:'s| is)? (?:the )?(?:current )?time(?: is it)?\b(?! in\b)", re.IGNORECASE
)
_ORDERS = re.compile(
    r"^(?:you are|you're|answer|use|never|always|do not|don't|respond|reply|be |if |when |your |call|write|think|plan)\b",
    re.IGNORECASE,
)
_LENGTH = re.compile(r"\bhow many (words|characters|letters|sentences|lines)\b", re.IGNORECASE)
_BEFORE_QUESTION = re.compile(
    r"^[^:?]{0,200}:\s+(?=(?:who|what|when|where|why|how|which)\b)", re.IGNORECASE
)
MAX_ECHO_CHARS: Final = 4_000


def reply(turn: Turn, *, now_ms: int) -> str:
    """Answer a turn without calling anything."""
    blocks = results(turn.prompt)
    if blocks:
        return _from_results(turn)
    return (
        small_talk(turn.prompt)
        or _echo(turn)
        or clock(turn.asked.ask, now_ms)
        or _from_conversation(turn)
        or _sums(turn)
        or _honest(turn)
    )


def _from_results(turn: Turn) -> str:
    """Put together an answer from the `<result>` blocks a prompt quotes."""
    every = results(turn.prompt)
    blocks = [one for one in every if not one.purpose.startswith(LOOKS)] or every
    steps = needs(turn.asked)
    said: list[str] = []
    used: set[int] = set()
    for step in steps:
        for at, block in sorted(enumerate(blocks), key=lambda one: step.text not in one[1].purpose):
            seen = Observation(tool=block.id, text=block.text)
            if (
                block.ok
                and at not in used
                and says_nothing(seen.text)
                and step.text in block.purpose
            ):
                said.append(not_in_documents(step.text, seen))
                used.add(at)
                break
            found = answer(step.text, step.kind, seen) if block.ok and at not in used else None
            if found and _speaks_of(step.text, step.kind, block.text):
                said.append(found)
                used.add(at)
                break
    for at, block in enumerate(blocks):
        if block.ok and at not in used and not said:
            said.append(_best_of(block, steps, turn))
    failures = [
        f"One step failed: {plain_reason(block.text)[:300]}" for block in blocks if not block.ok
    ]
    return (
        "\n\n".join(
            dict.fromkeys([*said, *(failures if not said or len(said) < len(steps) else [])])
        )
        or WHAT_I_AM
    )


def _best_of(block: Block, steps: Sequence[Step], turn: Turn) -> str:
    """Answer from a result that belongs to no part: what it says of documents, its best sentences, all."""
    seen = Observation(tool=block.id, text=block.text)
    ask = turn.asked.ask
    if says_nothing(seen.text):
        return not_in_documents(ask, seen)
    if any(step.kind == "documents" for step in steps):
        return answer(ask, "documents", seen) or not_in_documents(ask, seen)
    return quoted(ask, block.text, least=0.1) or _as_it_is(steps, turn, block.text)


def _as_it_is(steps: Sequence[Step], turn: Turn, text: str) -> str:
    """Give a result whole, unless it is what a search found beside the question."""
    sought = [step for step in steps if step.kind in LOOK_UPS or step.kind == "weather"]
    if sought and len(sought) == len(steps):
        return f"I found no answer to “{turn.asked.ask}”."
    return text[:1_500]


def _speaks_of(text: str, kind: str, result: str) -> bool:
    if kind in {"python", "sql", "table"}:
        return True
    if kind in {"math", "data"}:
        return re.search(r"\d", result) is not None and "[1]" not in result[:3000]
    return bool(set(terms(text)) & set(terms(result[:20_000])))


def _echo(turn: Turn) -> str | None:
    if len(turn.prompt) > MAX_ECHO_CHARS:
        return None
    match = _ECHO.match(turn.prompt.strip())
    if match is None or not _ECHO_SURE.search(turn.prompt[: match.start("said") + 1]):
        return None
    return match["said"].strip()


def clock(ask: str, now_ms: int) -> str | None:
    """Tell the date or the time in UTC, where nothing else is asked."""
    now = datetime.fromtimestamp(now_ms / 1000, tz=UTC)
    if len(ask) < 80 and _DATE.search(ask):
        return f"Today is {now:%A}, {now.day} {now:%B %Y} (UTC)."
    if len(ask) < 60 and _TIME.search(ask):
        return f"It is {now:%H:%M} UTC on {now:%A}, {now.day} {now:%B %Y}."
    return None


def _sums(turn: Turn) -> str | None:
    said: list[str] = []
    for step in needs(turn.asked):
        value = evaluate(step.value) if step.kind == "math" and not step.after else None
        figures = own_figures(step.text, step.value) if step.kind == "data" else None
        if figures:
            said.append(figures)
        if value:
            said.append(
                f"{step.value} {value}" if value.startswith("≈") else f"{step.value} = {value}"
            )
    return "\n".join(said) or None


def _from_conversation(turn: Turn) -> str | None:
    """Answer from pasted text first, then from what was said or given before."""
    text = turn.asked.pasted or turn.asked.data
    ask = _BEFORE_QUESTION.sub("", turn.asked.ask)
    if _SUMMARY.search(ask):
        source = text or _tail_of(ask) or _longest(turn.before)
        return summary(source, _wanted(ask)) if source else None
    counted = _LENGTH.search(ask)
    if counted and text:
        return _length(counted[1].casefold(), text)
    figures = own_figures(ask, turn.asked.data) if turn.asked.data else None
    if figures:
        return figures
    if text:
        found = quoted(ask, text, least=0.25)
        return found or "I found no sentence in the given text that answers this."
    inside = _inside(ask)
    return inside or from_earlier(ask, turn.before)


def _tail_of(ask: str) -> str:
    _, mark, rest = ask.partition(":")
    return rest.strip() if mark and len(rest) > 80 else ""


def _inside(ask: str) -> str | None:
    """A short message may give the facts and ask about them in its last sentence."""
    pieces = split_sentences(ask)
    if (
        len(pieces) < 2
        or not pieces[-1].endswith("?")
        or any(piece.endswith("?") for piece in pieces[:-1])
    ):
        return None
    known = [Sentence(piece) for piece in pieces[:-1]]
    picked = pick(pieces[-1], known, limit=1, least=0.34)
    return picked[0].text if picked else None


def from_earlier(ask: str, before: Sequence[Said]) -> str | None:
    """Answer from earlier messages; instructions are not facts, and a weak match is no answer."""
    for said in reversed(before):
        if said.role == "assistant":
            continue
        known = [
            one
            for one in sentences(said.text)
            if not _ORDERS.match(one.text) and not one.text.endswith("?")
        ]
        least = 0.5 if said.role == "user" else 0.6
        picked = pick(bare_question(ask), known, limit=1, least=least)
        if not picked or not has_sign(ask, picked[0].text):
            continue
        if said.role == "user" and re.search(r"\b(?:my|i|i'm|me)\b", picked[0].text, re.IGNORECASE):
            return f"You said: “{picked[0].text}”"
        if said.role == "user" or len(set(terms(ask)) & set(terms(picked[0].text))) >= 2:
            mark = "" if picked[0].marker is None else f" [{picked[0].marker}]"
            return f"{picked[0].text}{mark}"
    return None


def _longest(before: Sequence[Said]) -> str:
    texts = [said.text for said in before if said.role in {"user", "assistant"}]
    found = max(texts, key=len, default="")
    return found if len(found) > 120 else ""


def _wanted(ask: str) -> int:
    match = _COUNT.search(ask)
    if match is None:
        return 3
    return max(1, min(10, _COUNTS.get(match[1].casefold()) or int(match[1])))


def summary(text: str, count: int = 3) -> str:
    """Keep the sentences that carry most of a text's frequent words, in their order."""
    known = sentences(text)
    if len(known) <= count:
        return " ".join(one.text for one in known)
    seen: dict[str, int] = {}
    bags = [set(terms(one.text)) for one in known]
    for bag in bags:
        for term in bag:
            seen[term] = seen.get(term, 0) + 1
    weights = [
        sum(seen[term] - 1 for term in bag) / (8 + len(bag)) + (1.0 if at == 0 else 0.0)
        for at, bag in enumerate(bags)
    ]
    best = sorted(range(len(known)), key=lambda at: (-weights[at], at))[:count]
    return " ".join(known[at].text for at in sorted(best))


def _length(unit: str, text: str) -> str:
    counts = {
        "words": len(text.split()),
        "characters": len(text),
        "letters": sum(letter.isalpha() for letter in text),
        "sentences": len(sentences(text)),
        "lines": len(text.splitlines()),
    }
    return f"The text has {counts[unit]} {unit}."


def _honest(turn: Turn) -> str:
    if not turn.prompt.strip():
        return f"The message is empty. {WHAT_I_AM}"
    lacking = next((CANNOT[step.kind] for step in needs(turn.asked) if step.kind in CANNOT), "")
    return f"{lacking or 'I cannot answer this by myself.'} {WHAT_I_AM}"
