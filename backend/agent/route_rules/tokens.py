"""Cuts a request into typed tokens, sentences and clauses; it knows nothing of routes."""

import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from backend.agent.route_rules import vocabulary as words

HEAD_CHARS: Final = 350
TAIL_CHARS: Final = 140

Kind = Literal["word", "name", "number", "quote", "file", "ident", "break", "punct"]

_KINDS: Final[dict[str, Kind]] = {
    "plain": "word",
    "word": "word",
    "number": "number",
    "quote": "quote",
    "file": "file",
    "ident": "ident",
    "break": "break",
    "punct": "punct",
}
_FILE_ENDINGS: Final = (
    "pdf|docx?|xlsx?|csv|tsv|json|xml|txt|md|png|jpe?g|gif|webp|svg|mp3|mp4|wav|ogg|flac|mov|avi|mkv|zip|db|sqlite|"
    "parquet|pptx?|html?|py|ipynb|yaml|yml|log"
)
_TOKEN: Final = re.compile(
    rf"""
    (?P<plain>[A-Za-z][a-z]*(?=[ ,;?!\n]|\.?$|\.\s))
    |(?P<file>(?:https?://|www\.)[^\s'"<>]{{1,200}}
        |(?<![\w.])[\w-]{{1,60}}\.(?:com|org|net|io|edu|gov)\b(?:/\S{{0,200}})?|(?<![\w.])[\w-]{{1,60}}\.(?:{_FILE_ENDINGS})\b
        |(?<![\w.])[\w.+-]{{1,60}}@[\w.-]{{1,60}}|(?<![\w/.])[\w.~-]{{0,40}}/[\w.-]{{1,40}}/[\w./-]{{1,80}})
    |(?P<quote>"[^"\n]{{1,400}}"|“[^”\n]{{1,400}}”|«[^»\n]{{1,400}}»|`[^`\n]{{1,400}}`
        |(?<!\w)['‘][^'’\n]{{1,200}}['’](?!\w))
    |(?P<number>[$€£¥]?\s?[-+]?\d+(?:,\d{{3}}(?!\d)|[.:/]\d+)*(?:\s?%|°\s?[CF]?|st\b|nd\b|rd\b|th\b|[kK]\b)?)
    |(?P<ident>[^\W\d_]\w*_\w+(?:\(\))?|[a-z]+[A-Z]\w*)
    |(?P<word>[^\W\d_](?:[\w'’-]|\.(?=[^\W\d_]))*)
    |(?P<break>[.?!…。？！؟]+(?=\s|["')\]]|$|[^\x00-\x7f])|\n+)
    |(?P<punct>[,;:()\[\]=<>*/+^]|--)
    """,
    re.VERBOSE,
)
_ABBREVIATIONS: Final = frozenset({
    "mr",
    "mrs",
    "ms",
    "dr",
    "st",
    "vs",
    "etc",
    "no",
    "inc",
    "ltd",
    "jr",
    "sr",
    "prof",
    "e.g",
    "i.e",
    "gen",
    "col",
    "approx",
})
_CLAUSE_OPENERS: Final = frozenset({",", ";", ":", "and", "then", "but"})


class Token(NamedTuple):
    """Hold one token: what it is, its lower-cased form (a quote keeps its case), and whether it opens a sentence."""

    kind: Kind
    lower: str
    initial: bool


def clip(text: str) -> str:
    """Return the head and the tail of a text, so that the work is bounded whatever its length."""
    if len(text) > HEAD_CHARS + TAIL_CHARS:
        text = f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"
    text = text.strip().replace("’", "'")
    wrapped = len(text) > 2 and text[0] == text[-1] == '"' and '"' not in text[1:-1]
    return text[1:-1] if wrapped else text


def tokenise(text: str) -> list[Token]:
    """Split a clipped text into typed tokens; a capitalised word that opens a sentence needs a second to be a name."""
    tokens: list[Token] = []
    initial = True
    for match in _TOKEN.finditer(text):
        kind, raw = _KINDS[match.lastgroup or "punct"], match.group()
        if kind == "break" and raw[0] == "." and tokens and _is_abbreviation(tokens[-1]):
            continue
        if kind == "word" and raw[0].isupper() and raw != "I" and raw[:2] != "I'":
            kind = "name"
        tokens.append(Token(kind, raw[1:-1] if kind == "quote" else raw.lower().strip(), initial))
        initial = kind == "break"
        if (
            kind == "quote"
            and raw[-2] in ".?!"
            and text[match.end() : match.end() + 2].strip()[:1].isupper()
        ):
            tokens.append(Token("break", ".", initial=False))
            initial = True
    return _settle_names(tokens)


def _is_abbreviation(token: Token) -> bool:
    short = len(token.lower) <= 2 or token.lower in _ABBREVIATIONS or "." in token.lower
    return token.kind == "name" and short


def _settle_names(tokens: list[Token]) -> list[Token]:
    """Turn capitalised words that are no names back into plain words."""
    for at, token in enumerate(tokens):
        if token.kind != "name":
            continue
        plain = token.lower.partition("'")[0]
        alone = at + 1 >= len(tokens) or tokens[at + 1].kind != "name"
        if plain in words.COMMON_CAPITALISED or (
            token.initial and alone and not token.lower.endswith("'s")
        ):
            tokens[at] = Token("word", token.lower, token.initial)
    return tokens


def split_sentences(tokens: Sequence[Token]) -> list[list[Token]]:
    """Group tokens into sentences; each keeps its closing break."""
    sentences: list[list[Token]] = [[]]
    for token in tokens:
        sentences[-1].append(token)
        if token.kind == "break":
            sentences.append([])
    return [sentence for sentence in sentences if sentence and sentence[0].kind != "break"]


def split_clauses(sentence: Sequence[Token]) -> list[Sequence[Token]]:
    """Cut a sentence before each comma, semicolon, colon, "and", "then" or "but"."""
    cuts = [
        at
        for at, token in enumerate(sentence)
        if at and token.lower in _CLAUSE_OPENERS and token.kind != "quote"
    ]
    return [
        sentence[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(sentence)], strict=True)
    ]
