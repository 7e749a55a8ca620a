"""Brings the many ways in which formulas are typed to one: signs, superscripts, words, LaTeX."""

from __future__ import annotations

import re
import unicodedata

from backend.kit.mathematics.errors import NotUnderstood
from backend.kit.mathematics.latex import plain
from backend.kit.mathematics.tokens import MAX_TEXT

_SIGNS = str.maketrans({
    "\u2212": "-", "\u2013": "-", "—": "-", "\u2010": "-", "\u2011": "-", "\u00d7": "*", "✕": "*", "·": "*", "⋅": "*", "∙": "*",
    "•": "*", "\u2217": "*", "÷": "/", "\u2215": "/", "\u2044": "/", "≤": "<=", "⩽": "<=", "≥": ">=", "⩾": ">=",
    "≠": "!=", "→": "->", "⟶": "->", "π": " pi ", "∞": " oo ", "∫": " integrate ", "º": "°", "˚": "°",
    "τ": " tau ", "Σ": " sum ", "∑": " sum ", "∏": " product ", "“": '"', "”": '"', "\u2019": "'",
    "\u00b5": "u", "μ": "u", "\u03a9": " ohm ", "\u2126": " ohm ", "\u2223": "|", "√": " sqrt ", "∛": " cbrt ", "≈": "=",
    "\u200b": "", "\u2061": "", "\u2062": "*", "\ufeff": "",
})  # fmt: skip
_SUPERSCRIPT = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")
_VULGAR = re.compile(r"[¼½¾⅐-⅞]")
_THIN_SPACE = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_SPACES = re.compile(r"\s+")
_WRAPPER = re.compile(
    r"^\s*(?:```\w*\s*(.*?)\s*```|`([^`]*)`|\"([^\"]*)\"|'([^']*)')\s*$", re.DOTALL
)
_ASSIGNED = re.compile(r"^\s*(?:result|answer|ans|print)\s*=\s*(?=\S)", re.IGNORECASE)

# Words for operators, looked for only where the text has words at all.
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (r"(?<!\b0)(?<=\d) ?[xX] ?(?=\d)", "*"),
        (r"°\s?([CF])\b", r" deg\1"),
        (r"\bdegrees? (C|F|Celsius|Fahrenheit)\b", r" \1"),
        (r"\blight years?\b", "lightyear"),
        (r"\bnautical miles?\b", "nauticalmile"),
        (r"\bfl(?:uid|\.)? ?(?:oz|ounces?)\b", "floz"),
        (r"\bmetric tons?\b", "tonne"),
        (
            r"\b(?:square|sq\.?) (?=(?:[kcm]?m|km|ft|in|yd|mi|\w*met[er]+s?|feet|foot|inch(?:es)?|yards?|miles?)\b)(\w+)",
            r"\1^2",
        ),
        (
            r"\b(?:cubic|cu\.?) (?=(?:[kcm]?m|ft|in|yd|mi|\w*met[er]+s?|feet|foot|inch(?:es)?|yards?|miles?)\b)(\w+)",
            r"\1^3",
        ),
        (
            r"\blog(?:arithm)? (?:of )?\(?([\w.]+)\)? (?:to |in |with )?(?:the )?base (\w+)",
            r"logbase(\2, \1)",
        ),
        (r"\b(?:raised )?to the power (?:of )?", "^"),
        (r"\braised to (?:the )?", "^"),
        (r"\bmultiplied (?:by|with)\b|\btimes\b", "*"),
        (r"\bdivided by\b|\bover\b", "/"),
        (r"\bplus\b", "+"),
        (r"\bminus\b", "-"),
        (r"\bmod(?:ulo)?\b", "mod"),
        (r"(?<=%) (?:tip|tax|vat|commission|interest) (?:on|of|for)\b", " of"),
        (r"\s*\bsquared\b", "^2"),
        (r"\s*\bcubed\b", "^3"),
        (r"(?<=[\d)])\s*\bfactorial\b(?!\s*\()", "!"),
        (r"\bper ?cent\b", "%"),
        (r"\b(?:the )?square root of\b", "sqrt"),
        (r"\b(?:the )?cube root of\b", "cbrt"),
        (r"\b(?:the )?(?:natural log(?:arithm)?) of\b", "ln"),
        (r"\b(?:the )?absolute value of\b", "abs"),
        (r"\bhalf of\b", "1/2 of"),
        (r"\b(sin|cos|tan|cot|sec|csc|ln|exp|log|sine|cosine|tangent|log10|log2) of\b", r"\1"),
        (
            r"\blog(?:arithm)? (?:to )?(?:the )?base (\w+) (?:of )?\(?([\w.]+)\)?",
            r"logbase(\1, \2)",
        ),
        (r"((?<!\d)\d+|\b[nk]) choose (\d+|[nk]\b)", r"binomial(\1, \2)"),
        (r"\b(?:is )?(?:greater|bigger|larger|more) than or equal to\b|\bat least\b", ">="),
        (r"\b(?:is )?(?:less|smaller) than or equal to\b|\bat most\b", "<="),
        (r"\b(?:is )?(?:strictly )?(?:greater|bigger|larger|more) than\b", ">"),
        (r"\b(?:is )?(?:strictly )?(?:less|smaller) than\b", "<"),
        (r"\b(?:is )?(?:equal to|equals)\b", "="),
        (r"\binfinity\b|\binf\b", "oo"),
        (r"\blog_\{?(\w+?)\}?\s*\(", r"logbase(\1, "),
        (r"\blog_\{?(\w+?)\}?\s+(\d[\w.]*)", r"logbase(\1, \2)"),
        (r"\bper\b", "/"),
    )
)
_SMALL = dict(
    zip(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ],
        map(str, range(13)),
        strict=True,
    )
)
_LONE_NUMBER_WORD = re.compile(rf"\b({'|'.join(_SMALL)})\b", re.IGNORECASE)
_LARGE_NUMBER_WORD = re.compile(
    r"\b(?:\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred)\b", re.IGNORECASE
)


def normalise(text: str) -> str:
    """Rewrite one formula or phrase into plain signs and words; meaning and order stay.

    Raises:
        NotUnderstood: when it is empty or longer than MAX_TEXT characters.
    """
    if len(text) > MAX_TEXT:
        msg = f"the formula has {len(text)} characters, more than {MAX_TEXT}"
        raise NotUnderstood(msg)
    if found := _WRAPPER.match(text):
        text = next(group for group in found.groups() if group is not None)
    text = _SPACES.sub(" ", _THIN_SPACE.sub("", text)).strip()
    text = _SUPERSCRIPT.sub(lambda m: f"^({m.group().translate(_SUPERSCRIPTS)})", text)
    text = _VULGAR.sub(lambda m: f"({unicodedata.normalize('NFKC', m.group())})", text)
    text = unicodedata.normalize("NFKC", plain(text.translate(_SIGNS)).translate(_SIGNS))
    text = _ASSIGNED.sub("", text.translate(_SIGNS))
    if any(character.isalpha() for character in text):
        text = _with_words(text)
    return " ".join(text.split())


def _with_words(text: str) -> str:
    for pattern, meaning in _WORDS:
        text = pattern.sub(meaning, text)
    if not _LARGE_NUMBER_WORD.search(text):
        text = _LONE_NUMBER_WORD.sub(lambda m: _SMALL[m.group().casefold()], text)
    return text
