"""Finds what each clause of a request asks for: a look-up, a text, a fact, a yes or no; it weighs nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from backend.agent.route_rules import vocabulary as words
from backend.agent.route_rules.tokens import Token, split_clauses

AskKind = Literal["tool", "chat", "either", "fact", "what", "how", "yesno", "you", "statement"]

_WISHERS: Final = frozenset({"i", "we", "i'd", "we'd", "i'm", "we're", "help", "you", "let"})
_WRAPPERS: Final = frozenset({"can", "could", "would", "will", "do", "are", "may", "shall"})
_ADDRESSED: Final = frozenset({"you", "i", "we", "u"})
_FACTUAL_WHAT: Final = frozenset({
    "year",
    "time",
    "day",
    "city",
    "country",
    "nationality",
    "date",
    "age",
})
_PLAIN_QUESTIONS: Final[dict[str, AskKind]] = {"what": "what", "why": "how"}
_EMBEDDED_WH: Final = frozenset({"who", "whom", "which", "whose", "what"})
_RELATIVE_WH: Final = frozenset({"who", "whom", "which", "whose", "where", "that"})
_ANY_WH: Final = _EMBEDDED_WH | _RELATIVE_WH
_LATE_WH_TOKENS: Final = 6


@dataclass(frozen=True, slots=True)
class Asks:
    """Hold every ask in order, the first of them with its verb or question word, and what stands around them.

    `embedded` says that a statement ends by asking ("… was founded by whom?"); the other numbers are counts.
    """

    kinds: tuple[AskKind, ...]
    first: AskKind
    head: str
    n_sentences: int
    asking_sentences: int
    relatives: int
    embedded: bool


def find_asks(sentences: Sequence[Sequence[Token]]) -> Asks:
    """Collect the asks of all sentences; relative clauses and formatting wishes ("sort it by …") are none."""
    kinds: list[AskKind] = []
    asking = relatives = 0
    first: AskKind = "statement"
    head = ""
    embedded = False
    for sentence in sentences:
        clauses: list[tuple[AskKind | None, Sequence[Token]]] = [
            (ask_of(clause), clause) for clause in split_clauses(sentence)
        ]
        found = _sentence_asks(clauses, begun=bool(kinds))
        if found and first == "statement":
            first = found[0]
            head = next((token.lower for token in sentence if is_head(token.lower)), "")
        kinds += found
        asking += bool(found)
        opened = clauses[0][0] is not None or any(
            kind in {"fact", "what", "how"} for kind, _ in clauses
        )
        more, late = _find_relatives(sentence, opened=opened)
        relatives += more
        embedded = embedded or late
    return Asks(tuple(kinds), first, head, len(sentences), asking, relatives, embedded)


def _sentence_asks(
    clauses: Sequence[tuple[AskKind | None, Sequence[Token]]], *, begun: bool
) -> list[AskKind]:
    kinds: list[AskKind] = []
    for number, (kind, clause) in enumerate(clauses):
        if kind is None:
            continue
        relative = (
            kinds and clause[0].lower == "," and clause[1 % len(clause)].lower in words.FACT_WH
        )
        inverted = kind == "yesno" and number > 0
        shapes = (begun or kinds) and _head_word(clause) in words.FORMAT_VERBS
        if not (relative or inverted or shapes):
            kinds.append(kind)
    return kinds


def ask_of(clause: Sequence[Token]) -> AskKind | None:
    """Say what a clause asks for, or None when it opens no request of its own."""
    start = _skip_preamble(clause)
    if start >= len(clause) or clause[start].kind != "word":
        return None
    lower = clause[start].lower
    after = clause[start + 1].lower if start + 1 < len(clause) else ""
    if lower in words.PREPOSITIONS and after in {"which", "what", "whom", "whose"}:
        return "fact"
    if lower in words.AUXILIARIES and not lower.endswith("n't"):
        return "you" if after in words.SECOND_PERSON or after in words.FIRST_PERSON else "yesno"
    if _asks_about_anyone(clause, start):
        return "yesno"
    return _question_ask(lower, after) or _verb_ask(lower) or _unknown_verb_ask(clause, start)


def _asks_about_anyone(clause: Sequence[Token], start: int) -> bool:
    """Recognise the general "you" of "could you cross Iceland on foot?"."""
    general = (
        start == 2
        and clause[0].initial
        and clause[1].lower == "you"
        and clause[-1].lower.startswith("?")
    )
    known = clause[start].lower in words.IMPERATIVES
    return general and not known and not any(token.lower in words.FIRST_PERSON for token in clause)


def _unknown_verb_ask(clause: Sequence[Token], start: int) -> AskKind | None:
    """Take an unknown word that opens a sentence before "the", "my" or a value for a verb ("sell my bicycle")."""
    opening = clause[start].initial or (start > 0 and clause[0].initial)
    if not opening or start + 1 >= len(clause) or clause[start].lower in words.ENGLISH:
        return None
    after = clause[start + 1]
    return (
        "either"
        if after.kind in {"number", "quote", "file"} or after.lower in words.DETERMINERS
        else None
    )


def _question_ask(lower: str, after: str) -> AskKind | None:
    plain = lower.partition("'")[0]
    if plain in words.FACT_WH or (plain == "what" and after in _FACTUAL_WHAT):
        return "fact"
    if plain == "how":
        return "fact" if after in words.QUANTITY_HOW else "how"
    return _PLAIN_QUESTIONS.get(plain)


def _verb_ask(lower: str) -> AskKind | None:
    if lower in words.FIRM_TOOL_VERBS:
        return "tool"
    if lower in words.FIRM_CHAT_VERBS:
        return "chat"
    return "either" if lower in words.IMPERATIVES else None


def is_head(lower: str) -> bool:
    """Say whether a word can open a request: an imperative or a question word."""
    return lower in words.IMPERATIVES or lower in words.ALL_WH


def _head_word(clause: Sequence[Token]) -> str:
    start = _skip_preamble(clause)
    return clause[start].lower if start < len(clause) else ""


def _skip_preamble(clause: Sequence[Token]) -> int:
    """Return where the request proper starts, behind "hi, could you please", "I'd like you to" and the like."""
    at = 0
    while at < len(clause):
        after = _skip_one(clause, at)
        if after == at:
            break
        at = after
    return at


def _skip_one(clause: Sequence[Token], at: int) -> int:
    lower = clause[at].lower
    following = clause[at + 1].lower if at + 1 < len(clause) else ""
    if lower in words.FILLERS or clause[at].kind == "punct":
        return at + 1
    if lower in _WRAPPERS and following in _ADDRESSED:
        wished = _skip_wishes(clause, at + 2)
        asks_whether = lower in {"do", "are"} and not (
            wished < len(clause) and clause[wished].lower in words.ALL_WH
        )
        return at if asks_whether else wished
    if lower in _WISHERS:
        wished = _skip_wishes(clause, at + 1)
        moved = wished < len(clause) and (wished > at + 1 or lower == "help")
        return wished if moved and is_head(clause[wished].lower) else at
    return at


def _skip_wishes(clause: Sequence[Token], at: int) -> int:
    while at < len(clause) and clause[at].lower in words.WISHES:
        at += 1
    return at


def _find_relatives(sentence: Sequence[Token], *, opened: bool) -> tuple[int, bool]:
    """Count the relative clauses of a sentence and say whether it asks late; `opened` if it asks early."""
    relatives, embedded = 0, False
    closed = sentence[-1].lower.startswith("?")
    for at, token in enumerate(sentence[1:], 1):
        if token.lower not in _ANY_WH or token.kind != "word":
            continue
        late = at >= len(sentence) - _LATE_WH_TOKENS
        if (
            not opened
            and token.lower in _EMBEDDED_WH
            and _asks_late(sentence, at, closed=closed, late=late)
        ):
            embedded = True
        elif token.lower in _RELATIVE_WH:
            relatives += _is_relative(token.lower, sentence[at - 1].lower)
    return relatives, embedded


def _asks_late(sentence: Sequence[Token], at: int, *, closed: bool, late: bool) -> bool:
    before = sentence[at - 1].lower
    if closed:
        return before != "," or late
    return late and sentence[-1].kind != "break" and before in words.PREPOSITIONS


def _is_relative(lower: str, before: str) -> bool:
    if before in {"and", ","}:
        return False
    return before not in words.STOPWORDS or (lower != "that" and before in words.PREPOSITIONS)
