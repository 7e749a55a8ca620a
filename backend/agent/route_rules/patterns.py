"""Phrases the routing rules look for, each a named expression of bounded reach; what they mean is said in rules.py."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal

Sign = Literal[
    "advice",
    "also_its",
    "artefact_given",
    "attribute",
    "change",
    "code",
    "each_of",
    "existential",
    "interval",
    "label",
    "list",
    "maths",
    "need",
    "of_chain",
    "opinion",
    "own_data",
    "paired_values",
    "participle",
    "quantities",
    "role",
    "same_for",
    "subject_of",
    "switch",
    "text_here",
    "to_speech",
    "two_things",
    "uses_result",
    "what_if",
    "years",
]

# Every expression meets lower-cased text; gaps are bounded so that none can backtrack far.
# A tuple lists phrases between word boundaries; a string is a whole expression.
_ON_LOWER: Final[dict[Sign, str | tuple[str, ...]]] = {
    "advice": (
        r"(?:best|good) (?:ways?|gift|idea|name|book|movie|film|place)",
        r"(?:what's|what is|what are) (?:a |some )good",
        r"tips|advice|pros and cons|(?:dis)?advantages|benefits|habits",
        r"differences? between(?! [\d$€£])",
        r"(?:impact|(?<!side )effects?|role|importance|purpose|history|meaning|examples?|plot|themes?) of",
        r"does [^?]{1,40} mean|mean by|main (?:characters|ideas)|step[- ]by[- ]step",
        r"key (?:points|concepts|principles)",
        r"how to|tell me (?:more )?about|steps (?:to|for|of)|ideas (?:for|to|on)",
        r"in your (?:own )?(?:words|opinion)",
    ),
    "also_its": r"\band (?:also )?(?:their|its|his|her) [a-z]",
    "artefact_given": (r"(?:i|we) have|i've|here is|here's",),
    "attribute": (
        r"\bwhat(?:'s| is| was) the (?:[\w-]{1,30} ){1,4}(?:of|for|in|to|from|between)\b"
        r"|^\W*(?:please )?(?:name|identify|state|give me|tell me) the [\w-]{1,30}"
        r" (?:of|that|who|which|where|\w{2,20}ed by)\b"
    ),
    "change": r"%|\b(?:percent|doubled?|tripled?|quadrupled?|halved?|by half|twice|thrice|\d[\d.]{0,8} times)\b",
    "each_of": (
        r"each of|for each|all (?:two|three|four|five|six)|these (?:two|three|four|five)",
        r"of (?:the|these|all|all the) (?:two|three|four|five|six|\d{1,3})",
    ),
    "existential": r"^\W*(?:is|are|was|were) there\b",
    "interval": r"\bbetween\b[^?.]{2,80}\band\b|\bfrom\b[^?.]{2,60}\bto\b",
    "list": (
        r", [^,.?!:;\n]{2,80},? (?:and|or|plus) (?:also )?(?:the|a|an|my|any|some|their)\b"
        r"|, [^,.?!:;\n]{2,80}, (?:and|or|plus)\b|, [^,.?!:;\d\n]{2,40} (?:and|or) [^\d]"
    ),
    "maths": r"\d\s?[+*^×÷]\s?\d|\d\s/\s\d|\b(?:sqrt|sin|cos|tan|log|ln|exp)\s?\(",
    "need": (
        r"(?:i|we) (?:\w+ )?(?:need|want|require)|(?:i'd|i would|we'd) (?:\w+ )?(?:like|love)",
        r"looking for|interested in",
    ),
    "of_chain": (
        r"\bof (?:the |an? |his |her |their )?[\w'.-]{1,30}(?: (?!and\b)[\w'.-]{1,30}){0,3}"
        r" (?:of|that|who|which|where|in which) "
    ),
    "opinion": (
        r"(?:^|[.!?] )\W*(?:(?:is|was) it|(?:should|do|must) (?:we|people|i|one)|do you think)\b"
        r"|\b(?:what|how) (?:can|should|could|do|shall|would) (?:i|we|one|you)\b"
    ),
    "own_data": (
        r"(?:my|our|this|the (?:\w+ )?(?:uploaded|attached)) (?:\w+ )?(?:accounts?|balance|calendar|orders?|inbox"
        r"|bookings?|subscription|documents?|files?|pdf|dataset|data|spreadsheet|contract|reports?|notes|invoices?|table|csv)",
        r"(?:documents?|files?|report|pdf)(?: that)? (?:i|we) (?:\w+ )?(?:uploaded|attached|sent|shared|gave)",
    ),
    "paired_values": (
        r"\b(to|at|for|on|by) [$€£]?\d[\d.,]{0,9}(?:%| \w+){0,2},? and (?:then )?(?:\w+ ){1,5}\1 [$€£]?\d"
    ),
    "participle": (
        r"\b(?:\w{3,20}(?:ed|en|wn)|built|made|held|led|sung|won|born|set|found) (?:by|in|at|from|on|as|after|for|to) "
    ),
    "quantities": (
        r"\d\s?[a-z]{1,12} (?:of|in|to|at|for|with) [a-z]+(?: [a-z]+){0,2},? (?:and|or) (?:an? |the )?"
        r"\d[\d.,]{0,9}\s?[a-z]{1,12} (?:of|in|to|at|for|with)\b"
    ),
    "role": (
        r"(?:^|[.!?]\s+)(?:as an?\s(?![^.?!]{3,60}\bi (?:need|want|would))"
        r"|act(?:ing)? as|pretend|imagine\b|suppose\b|you(?: are|'re) (?:a|an|my)\b"
        r"|i want you to (?:act|be|play)|if you (?:were|could|had)\b|let's (?:play|pretend|roleplay))"
    ),
    "same_for": (
        r"same (?:for|thing|with|process|calculation|information|question|in|at)",
        r"do (?:this|that) for|for (?:each|both|every|all)",
        r"one\b[^?.]{2,60}\band one|(?:first|1st|one)\b[^?]{3,200}\b(?:second|2nd|other)",
        r"(?:another|second) (?:one|with|for|from|at|in|set|pair|group)",
        r"and (?:then )?(?:again )?(?:for|between|from|at|in|on|of|to|with|by)",
    ),
    "subject_of": r"^\W*\w+ the (?:\w+ ){1,3}(?:of|who|that|which)\b",
    "switch": (r"(?:turn|switch)(?: \w+){0,3} (?:on|off|up|down)",),
    "text_here": (
        r"the (?:following|given|below|above)|(?:given|below) (?:is |are )?(?:a|an|the|some)",
        r"(?:following|below)(?=\s?:)",
        r"(?:in|from) (?:the|a|this) (?:sentence|paragraph|passage)",
        r"this (?:sentence|text|paragraph|passage|email|code|poem|essay|message|story|word|phrase|riddle|puzzle)",
    ),
    "to_speech": (r"(?:in)?to speech|read (?:it |this )?(?:aloud|out)",),
    "two_things": (
        r"\b(?:find|get|fetch|show|give|tell|calculate|compute|determine|check|retrieve|search|need|provide|list|know|order"
        r"|book|buy|reserve|play|send|recommend|(?:what|who)(?:'s| is| are| was| were)) (?:me |us |for |out )?"
        r"(?:the|a|an|some|my) (?:(?!\b(?:with|given|if|has|have|having|between|using|when|from)\b)[^.?;:\n]){3,90}?"
        r"\band (?:also |for )?(?:the|a|an|another|some) "
    ),
    "uses_result": (
        r"(?:using|use|from|with|into|apply|based on|by|for|before|after) (?:it|that|this|them|those)\b"
        r"(?! (?:is|are|was|year|week|month))",
        r"(?:and|then|to|please) (?:\w{1,12}ly )?[a-z]{3,14} (?:it|them)",
        r"(?:once|after|when|as soon as) (?:\w+ ){0,3}(?:is|are|has been|have been)",
        r"and (?:then )?(?:plot|graph|chart|visuali[sz]e|save|export|print|display|draw|summari[sz]e) (?:the|its|a)",
        r"(?:if|whether|of|for|with|by|from|about|check|find|get|convert|use) (?:that|those)"
        r" (?!of\b|is\b|are\b)[a-z]{3,}",
        r"(?:its|the|their|that|this) (?:result|outcome|output|resulting|answer)\b(?! (?:in|as|be|to|if|of|when)\b)",
        r"the (?!first|second|third|other)(?:\w+ ){1,3}ones?|results? of (?:the|that|this)",
        r"based on (?:the|its|this|that|their)|depending on|if (?:so|not|it is|there is)",
    ),
    "what_if": (
        r"what (?:if|would happen|could happen|happens (?:if|when))",
        r"(?:how|what) would you|what would (?:\w+ ){1,3}(?:say|think)",
    ),
    "years": (r"(?:1[5-9]|20)\d\d(?:,? and |, )(?:1[5-9]|20)\d\d",),
}
_ON_TEXT: Final[dict[Sign, str]] = {
    "code": r"```|^\s{0,8}(?:def|class|import|function|const|var|SELECT|#include)\b|[;{}]\s{0,4}$|=>|==",
    "label": (
        r"(?:^|[\n.?!\"])\s{0,4}(?:[A-Z][a-z]{1,14}|The \w{1,12} (?:is|are))"
        r"(?: (?!or\b|and\b)[A-Za-z]{1,12}){0,2}\s?:(?=\s|$)"
    ),
}
# A sign that needs one of these words is not looked for without them.
_NEEDS: Final[dict[Sign, frozenset[str]]] = {
    "also_its": frozenset({"their", "its", "his", "her"}),
    "artefact_given": frozenset({"have", "i've", "here", "here's"}),
    "each_of": frozenset({"each", "these", "all", "of"}),
    "interval": frozenset({"between", "from"}),
    "need": frozenset({"need", "want", "require", "i'd", "we'd", "would", "looking", "interested"}),
    "of_chain": frozenset({"of"}),
    "opinion": frozenset({"is", "was", "should", "do", "must", "what", "how"}),
    "own_data": frozenset({"my", "our", "this", "the", "i", "we"}),
    "switch": frozenset({"turn", "switch"}),
    "same_for": frozenset({"same", "do", "for", "first", "1st", "one", "another", "second", "and"}),
    "text_here": frozenset({"the", "given", "below", "following", "this", "in", "from"}),
    "to_speech": frozenset({"speech", "aloud", "out"}),
    "two_things": frozenset({"and"}),
    "what_if": frozenset({"what", "how"}),
}
_DIGIT: Final = re.compile(r"\d")
_NEEDS_DIGIT: Final[frozenset[Sign]] = frozenset({"maths", "paired_values", "quantities", "years"})


def _compile(source: str | tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(source if isinstance(source, str) else rf"\b(?:{'|'.join(source)})\b")


_COMPILED: Final[tuple[tuple[Sign, re.Pattern[str], frozenset[str] | None], ...]] = tuple(
    (sign, _compile(source), _NEEDS.get(sign)) for sign, source in _ON_LOWER.items()
)
_COMPILED_ON_TEXT: Final[tuple[tuple[Sign, re.Pattern[str]], ...]] = tuple(
    (sign, re.compile(source, re.MULTILINE)) for sign, source in _ON_TEXT.items()
)


def find_signs(text: str, lowers: Iterable[str]) -> Mapping[Sign, int]:
    """Count each sign in a clipped text; `lowers` are its lower-cased words."""
    present = frozenset(lowers)
    lower = text.lower()
    digits = _DIGIT.search(lower) is not None
    found: dict[Sign, int] = {}
    for sign, expression, needs in _COMPILED:
        if (needs is None or not needs.isdisjoint(present)) and (
            digits or sign not in _NEEDS_DIGIT
        ):
            count = len(expression.findall(lower))
            if count:
                found[sign] = count
    for sign, expression in _COMPILED_ON_TEXT:
        if expression.search(text):
            found[sign] = 1
    return MappingProxyType(found)
