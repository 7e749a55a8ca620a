"""Tells which source a part of a question calls for: weather, documents, an encyclopaedia, the web.

Not for: calculations (`chains`, `expressions`) or what was pasted (`needs`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from backend.kit.document_talk import document_talk
from backend.kit.extraction.asked import MAX_ASK_CHARS, Asked
from backend.kit.extraction.entities import bare_question, names, places, search_words, subject
from backend.kit.extraction.steps import Step

_WEATHER = re.compile(
    r"\b(?:weather|forecast|rain(?:ing|y)?|snow(?:ing|y)?|sunny|humid(?:ity)?|windy?|umbrella|temperature"
    r"|how (?:hot|cold|warm)|wetter|météo|clima|degrees)\b",
    re.IGNORECASE,
)
_NOT_WEATHER = re.compile(
    r"\b(?:boiling|melting|freezing|body|history|core|surface of|sales forecast|convert)\b",
    re.IGNORECASE,
)
_DOCUMENTS = re.compile(
    r"\b(?:(?:my|our|the|this|these|that) (?:\w+ ){0,2}(?:documents?|files?|reports?|pdfs?|contracts?|notes|invoices?"
    r"|spreadsheets?|manuals?|handbooks?|attachments?|uploads?|agreements?|transcripts?|leases?|knowledge base)"
    r"|(?:my|our) (?:\w+ ){0,2}(?:papers?|polic(?:y|ies)|books?|letters?)"
    r"|uploaded|attached|knowledge base|\w[\w-]{0,60}\.(?:pdf|docx?|txt|md|csv|tsv|xlsx?|pptx?|html?))\b",
    re.IGNORECASE,
)
_DOCUMENT_WRAP = re.compile(
    r"^(?:according to|based on|from|in|using|search|check|look (?:in|at|through)|read) (?:my|our|the|this|these) (?:\w+ ){0,2}?"
    r"(?:documents?|files?|reports?|pdfs?|notes|uploads?|attachments?)(?: (?:for|to find))?[, ]+"
    r"|\s+(?:in|from|according to|based on) (?:my|our|the|these) (?:uploaded |attached )?(?:documents?|files?|pdfs?|notes|uploads?)$"
    r"|^(?:which|what) (?:of )?(?:my |our |the )?(?:uploaded )?(?:documents?|files?) (?:mentions?|says?|contains?|discuss\w*|talks? about|speaks? of) "
    r"|\b(?:do|does) (?:my|our|the) (?:uploaded )?(?:documents?|files?|notes) (?:say|mention|state)s? (?:about )?",
    re.IGNORECASE,
)
_DOCUMENT = r"(?:the|my|our|der|dem|den) [\w .-]{2,60}?|[\w-]{1,60}\.\w{2,5}"
_TWO_DOCUMENTS = re.compile(
    rf"^(?:compare|what (?:is|are)|which|how do|contrast) (?P<what>(?:the )?[\w -]{{3,80}}?) (?:in|of|from|under) (?P<one>{_DOCUMENT})"
    rf",? (?:and|with|to|versus|vs\.?|against) (?:(?:that |those )?(?:in|of|from|under) )?(?:(?P<thing>(?:the )?[\w -]{{3,80}}?) in )?(?P<other>{_DOCUMENT})$",
    re.IGNORECASE,
)
_FRESH = re.compile(
    r"\b(?:today|latest|news|current(?:ly)?|recent(?:ly)?|right now|this (?:week|month|year)|price of|stock|score|web"
    r"|internet|online|google|exchange rate|202[4-9])\b",
    re.IGNORECASE,
)
_COMPARES = re.compile(
    r"\b(?:which|or|both|compared?|between|same|common|older|younger|taller|larger|smaller|bigger|longer|closer|are|were)\b",
    re.IGNORECASE,
)
_WIKI = re.compile(r"\bwikipedia\b", re.IGNORECASE)
_WIKI_WRAP = re.compile(
    r"\b(?:on|in|from|at|using|use|according to|search|check)?\s?wikipedia\b[,: ]{0,3}(?:for |to find )?",
    re.IGNORECASE,
)
_RELATION = re.compile(
    r"(?:the )?(?:population|capital|area|currency|height|author|president|founder|official language) of \w",
    re.IGNORECASE,
)
_WH = re.compile(
    r"(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|did|does|do|has|have|in which|in what|wer|was ist|wann"
    r"|qui|quand|où|quién|cuándo|dónde|chi|quando|dove)\b",
    re.IGNORECASE,
)
_LOOK_UP = re.compile(
    r"\b(?:find|look up|search|tell me about|information (?:on|about)|explain|define|describe|who is|research|facts about"
    r"|look for|compare|list the|name the|give me|show me|get)\b",
    re.IGNORECASE,
)
_ABOUT_ME = re.compile(r"\b(?:you|your|yourself|steward)\b", re.IGNORECASE)
MINE = re.compile(r"\b(?:my|i|we|our)\b", re.IGNORECASE)
_DEFINITION = re.compile(
    r"^(?:what|who) (?:is|are|was|were) (?:an? )?(?!(?:the|my|our|your|this|that|it)\b)[^\d?]{2,60}$|^(?:define|explain|describe) ",
    re.IGNORECASE,
)
_CAPITAL_OF = re.compile(
    r"\b(?:in|at|for) (the (?:capital|largest city|birthplace|hometown) of .{2,60})$", re.IGNORECASE
)
_BACK = re.compile(
    r"\b(?:he|she|his|her|they|their|its|it|that (?:city|country|person|place)|there)\b",
    re.IGNORECASE,
)


def of_documents(text: str) -> bool:
    """Tell whether a text speaks of the user's documents."""
    return _DOCUMENTS.search(text) is not None or document_talk(text[:MAX_ASK_CHARS].lower()) != ""


def documents_step(name: str, text: str) -> Step:
    """Make the step that searches the user's documents for what a text asks."""
    return Step(id=name, kind="documents", text=text, value=_document_query(text))


def lookup_step(name: str, text: str) -> Step:
    """Make the step that looks up a thing another step needs."""
    if of_documents(text):
        return documents_step(name, text)
    return Step(id=name, kind="encyclopedia", text=text, value=subject(text))


def weather(part: str, before: Sequence[Step], number: int) -> list[Step]:
    """Make a step per place whose weather is asked; none where no weather is meant."""
    if not _WEATHER.search(part) or _NOT_WEATHER.search(part):
        return []
    bare = bare_question(part)
    inner = _CAPITAL_OF.search(re.sub(r" (?:today|tomorrow|now|right now)$", "", bare))
    if inner:
        slot = f"s{number}"
        return [
            lookup_step(slot, f"What is {inner[1]}?"),
            Step(
                id=f"s{number + 1}", kind="weather", text=part, value=f"{{{slot}}}", after=(slot,)
            ),
        ]
    found = places(bare)
    if not found and re.search(r"\bthere\b|that (?:city|place)", bare) and before:
        slot = before[-1].id
        return [
            Step(id=f"s{number}", kind="weather", text=part, value=f"{{{slot}}}", after=(slot,))
        ]
    return [
        Step(id=f"s{number + at}", kind="weather", text=_for_place(part, place, found), value=place)
        for at, place in enumerate(found[:4])
    ]


def _for_place(part: str, place: str, found: Sequence[str]) -> str:
    time = re.search(r"\b(?:today|tomorrow|tonight|this week(?:end)?|next \w+)\b", part)
    when = f" {time[0]}" if time else ""
    return part if len(found) == 1 else f"What is the weather in {place}{when}?"


def look_up(part: str, before: Sequence[Step], name: str, asked: Asked) -> list[Step]:
    """Make the step that looks a part up, if it asks for something that can be."""
    bare = bare_question(part)
    asks = (
        part.rstrip().endswith("?")
        or _WH.match(bare)
        or _LOOK_UP.search(part)
        or _WIKI.search(part)
        or _RELATION.match(bare)
    )
    if of_documents(part) and (asks or len(bare.split()) > 2):
        number = int(name.removeprefix("s"))
        return [
            Step(id=f"s{number + at}", kind="documents", text=one, value=_document_query(one))
            for at, one in enumerate(_each_document(part))
        ]
    if not asks or _ABOUT_ME.search(bare) or asked.pasted or asked.data or asked.code:
        return []
    if _BACK.search(bare) and before and not names(bare):
        return [_about_the_step_before(part, before[-1], name)]
    if len(search_words(bare)) < 2:
        return []
    compared = [] if _WIKI.search(part) or _FRESH.search(part) else _compared(bare)
    number = int(name.removeprefix("s"))
    return [
        Step(id=f"s{number + at}", kind="encyclopedia", text=part, value=title)
        for at, title in enumerate(compared)
    ] or [_general(part, bare, name)]


def _each_document(part: str) -> list[str]:
    """Split what is asked of two documents at once: one search would find the one or the other."""
    shared = _TWO_DOCUMENTS.match(bare_question(part))
    if shared is None:
        return [part]
    first, second = shared["one"], shared["other"]
    other = shared["thing"] or shared["what"]
    return [f"What is {shared['what']} in {first}?", f"What is {other} in {second}?"]


def _about_the_step_before(part: str, earlier: Step, name: str) -> Step:
    """Look up what the step before was about, or else what it finds."""
    if earlier.kind == "encyclopedia" and _DEFINITION.match(bare_question(earlier.text)):
        text = _BACK.sub(earlier.value, part, count=1)
        return Step(id=name, kind="encyclopedia", text=text, value=earlier.value)
    value = f"{{{earlier.id}}}"
    return Step(id=name, kind="encyclopedia", text=part, value=value, after=(earlier.id,))


def _compared(bare: str) -> list[str]:
    """List the things a question compares, each of which has an article of its own."""
    if not _COMPARES.search(bare):
        return []
    known = names(bare)
    for one, two in pairwise(known):
        if re.search(rf"{re.escape(one)}\"?,? (?:or|and)(?: the| in)? \"?{re.escape(two)}", bare):
            return [one, two]
    return []


def _general(part: str, bare: str, name: str) -> Step:
    if _WIKI.search(part):
        said = _WIKI_WRAP.sub(" ", part)
        title = subject(said)
        asks = _WH.match(bare_question(said)) is not None
        text = part if asks else f"What is {title}?"
        return Step(id=name, kind="encyclopedia", text=text, value=title)
    if _FRESH.search(part):
        return Step(id=name, kind="web", text=part, value=bare)
    if MINE.search(bare):
        return Step(id=name, kind="documents", text=part, value=bare)
    low_name = _RELATION.match(bare) is not None and not names(bare)
    if names(bare) or low_name or _DEFINITION.match(bare):
        title = re.sub(r"^.*? of (?:the )?", "", bare) if low_name else subject(part)
        return Step(id=name, kind="encyclopedia", text=part, value=title)
    return Step(id=name, kind="open", text=part, value=bare)


def _document_query(part: str) -> str:
    bare = bare_question(part)
    query = _DOCUMENT_WRAP.sub(" ", bare).strip(" ,?.")
    return query if len(search_words(query)) > 2 else bare
