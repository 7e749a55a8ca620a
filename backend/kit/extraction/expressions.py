"""Finds the calculation in a sentence and writes it as an expression: "15% of 80" is `15 / 100 * 80`.

Placeholders in braces (`{s1}`) count as numbers. Not for: calculating, or proving that it can be.
"""

from __future__ import annotations

import re
from typing import Final

from backend.kit.extraction.formula_phrases import formula_phrase
from backend.kit.extraction.number_words import with_digits

# The look-behind lets a number begin only where its digits begin, which keeps matching linear.
_NUM = r"(?:(?<![\d.])\d{1,40}(?:\.\d{1,40})?(?!\d)|\{\w{1,12}\})"
_VAL = rf"(?:{_NUM}|\([^()]{{1,80}}\)|(?:sqrt|factorial)\([^()]{{1,80}}\))"
_LEAD = re.compile(
    r"\b(?:calculate|compute|evaluate|solve|what(?:'s|\u2019s| is| are| do(?:es)?)|how (?:much|many)|work out|equals?"
    r"|convert|simplify|expand|factori[sz]e|factor|differentiate|integrate|determine|berechne|was ist|combien"
    r"|cuánto|quanto|calcule|calcula)\b|=|wie viel",
    re.IGNORECASE,
)
_NOT_MATHS = re.compile(
    r"\b\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b|\b\d{1,3}(?:\.\d{1,3}){2,3}\b|\b24/7\b|\+\d{6,15}"
    r"|\b\d{3}-\d{3,4}-\d{4}\b|https?://\S{1,2000}|\S{1,100}@\S{1,100}|\[\d{1,3}\]"
)
_SCALES: Final = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SCALED = re.compile(r"(\d+(?:\.\d+)?) (thousand|million|billion|trillion)\b", re.IGNORECASE)
_SIGNS: Final = str.maketrans({
    "\u00d7": "*",
    "÷": "/",
    "\u2212": "-",
    "·": "*",
    "\u2013": "-",
    "²": "^2",
    "³": "^3",
    "π": " pi ",
})


def _rule(pattern: str, instead: str) -> tuple[re.Pattern[str], str]:
    shaped = pattern.replace("NUM", _NUM).replace("VAL", _VAL)
    return re.compile(shaped, re.IGNORECASE), instead


_REWRITES: Final = (
    _rule(r"(VAL) dozen\b", r"(\1 * 12)"),
    _rule(r"√\s*(VAL)", r"sqrt(\1)"),
    _rule(r"(?:the )?(?:square root|sqrt) of (VAL)", r"sqrt(\1)"),
    _rule(r"(?:the )?cube root of (VAL)", r"\1^(1/3)"),
    _rule(r"(?:the )?factorial of (VAL)", r"factorial(\1)"),
    _rule(r"(VAL)\s?!(?!=)|(VAL) factorial\b", r"factorial(\1\2)"),
    _rule(r"(?:the )?square of (VAL)", r"\1^2"),
    _rule(r"(?:the )?cube of (VAL)", r"\1^3"),
    _rule(r"\bpi squared\b", r"pi^2"),
    _rule(r"(VAL) to the (?:power )?(\d{1,3})(?:st|nd|rd|th)(?: power)?", r"\1^\2"),
    _rule(r"(VAL) ?(?:%|percent) (?:tip|tax|discount) (?:on|for) (VAL)", r"\1 / 100 * \2"),
    _rule(r"(VAL) squared\b", r"\1^2"),
    _rule(r"(VAL) cubed\b", r"\1^3"),
    _rule(r"(?:to the power of|raised to(?: the power(?: of)?)?)", "^"),
    _rule(r"\bby (VAL) ?(?:%|percent\b)", r"by (\1 / 100)"),
    _rule(r"increase (VAL) by \((VAL) / 100\)", r"\1 * (1 + \2 / 100)"),
    _rule(r"(?:decrease|reduce) (VAL) by \((VAL) / 100\)", r"\1 * (1 - \2 / 100)"),
    _rule(r"(VAL) ?(?:%|percent|per cent) off (VAL)", r"\2 * (1 - \1 / 100)"),
    _rule(r"(VAL) ?(?:%|percent|per cent) of ", r"\1 / 100 * "),
    _rule(r"(VAL) ?(?:%|percent|per cent)(?= *[-+*/]|$)", r"(\1 / 100)"),
    _rule(r"\b(?:a )?half of (VAL)", r"\1 / 2"),
    _rule(r"\b(?:a|one) third of (VAL)", r"\1 / 3"),
    _rule(r"\b(?:a|one) quarter of (VAL)", r"\1 / 4"),
    _rule(r"\b(?:twice|double) (VAL)", r"2 * \1"),
    _rule(r"\btriple (VAL)", r"3 * \1"),
    _rule(r"(?:the )?difference (?:between|of) (VAL) (?:and|to) (VAL)", r"(\1 - \2)"),
    _rule(r"(?:the )?(?:ratio|quotient) (?:of|between) (VAL) (?:and|to|by) (VAL)", r"(\1 / \2)"),
    _rule(r"add (VAL) (?:and|to) (VAL)", r"\1 + \2"),
    _rule(r"subtract (VAL) from (VAL)", r"\2 - \1"),
    _rule(r"multiply (VAL) (?:by|with|and|times) (VAL)", r"\1 * \2"),
    _rule(r"divide (VAL) by (VAL)", r"\1 / \2"),
    _rule(r"(?<=[\d}) ])\s*\b(?:plus|added to)\b", " + "),
    _rule(r"(?<=[\d}) ])\s*\b(?:minus|less)\b(?= *[\d({])", " - "),
    _rule(r"(?<=[\d}) ])\s*\b(?:times|multiplied by|multiplied with)\b", " * "),
    _rule(r"(?<=[\d}) ])\s*\b(?:divided by|over)\b(?= *[\d({])", " / "),
    _rule(r"(?<=\d) ?x ?(?=\d)", " * "),
    _rule(r"(?<=[\d}) ])\s*\b(?:modulo|mod)\b", " % "),
)
_LISTED = re.compile(
    rf"\b(sum|total|product|gcd|lcm|greatest common divisor|least common multiple|average|mean) (?:of|for) "
    rf"((?:{_NUM}[, ]+(?:and )?)+{_NUM})",
    re.IGNORECASE,
)
_LISTED_AS: Final = {"sum": "+", "total": "+", "product": "*", "average": "mean", "mean": "mean"}
_BODY = r"([^?]{1,200}?)"
_CALCULUS: Final = (
    (rf"\bdefinite integral of {_BODY} from (\S{{1,20}}) to (\S{{1,20}})$", r"integrate(\1, (x, \2, \3))"),
    (rf"\b(?:integral of|integrate) {_BODY} from (\S{{1,20}}) to (\S{{1,20}})$", r"integrate(\1, (x, \2, \3))"),
    (rf"\b(?:derivative of|differentiate) {_BODY}(?: with respect to ([a-z]))?$", "diff(\\1, \\2)"),
    (rf"\b(?:antiderivative of|integral of|integrate) {_BODY}(?: with respect to ([a-z])| d([a-z]))?$", "integrate(\\1, \\2)"),
    (rf"\blimit of {_BODY} (?:as|when|for) ([a-z]) ?(?:approaches|goes to|tends to|->|→) ?(\S{{1,20}})$", r"limit(\1, \2, \3)"),
    (rf"\b(?:factori[sz]e|factor) {_BODY}$", r"factor(\1)"),
    (rf"\bexpand {_BODY}$", r"expand(\1)"),
    (rf"\bsimplify {_BODY}$", r"simplify(\1)"),
)  # fmt: skip
_HIGHER = re.compile(
    r"\b(?:second|third|fourth|fifth|[2-9](?:nd|rd|th)) (?:order )?(?:partial )?derivative",
    re.IGNORECASE,
)
_CALCULUS_RULES: Final = tuple((re.compile(text, re.IGNORECASE), to) for text, to in _CALCULUS)
_SIMPLE_UNIT = (
    r"(?:k|c|m|milli|centi|kilo|micro|nano)?(?:met(?:er|re)s?|grams?|g|m|lit(?:er|re)s?|l|watts?|joules?|pascals?)"
    r"|(?:kilo|mega|giga|tera|kibi|mebi|gibi)?(?:bytes?|bits?)"
    r"|miles?|mi|f(?:ee|oo)t|ft|inch(?:es)?|in|yards?|yd|pounds?|lbs?|ounces?|oz|stones?|tonn?es?|tons?|gallons?|pints?"
    r"|cups?|tablespoons?|teaspoons?|tbsp|tsp|celsius|fahrenheit|kelvin|°\s?[CF]|degrees? (?:celsius|fahrenheit|[CF])"
    r"|hours?|hrs?|h|minutes?|min|seconds?|secs?|s|days?"
    r"|weeks?|months?|years?|mph|kph|km/h|kmh|knots?|acres?|hectares?|[kmgt]i?b|bar|psi|atm|calories|kcal|kwh|[CFK]"
    r"|nautical miles?|light[- ]years?"
)
_POWERED = rf"(?:(?:square|cubic|sq) )?(?:{_SIMPLE_UNIT})(?:\^?[23](?![\w.]))?"
_UNIT = rf"(?:{_POWERED}(?:(?:/| per ){_POWERED})?)"
_COUNTED = rf"(?:{_NUM}\s*{_UNIT}(?:\s+(?:and )?{_NUM}\s*{_UNIT})?)"
_CONVERT = re.compile(
    rf"({_COUNTED}) (?:to|in|into|as|equals? how many) ({_UNIT})(?![\w/])", re.IGNORECASE
)
_HOW_MANY = re.compile(
    rf"how many ({_UNIT})(?: (?:are|is))?(?: there)? (?:in|make) ({_NUM}|an?|one)\s*({_UNIT})(?![\w/])",
    re.IGNORECASE,
)
_BASE = re.compile(
    r"\b(\d{1,40}|0[xb][\da-f]{1,40}) (?:to|in|into|as) (hex(?:adecimal)?|binary|octal|base \d{1,2})\b"
    r"|\b(0[xb][\da-f]{1,40}) (?:to|in|into|as) (decimal)\b",
    re.IGNORECASE,
)
_FUNCTIONS = "sqrt|cbrt|sin|cos|tan|asin|acos|atan|log|ln|exp|abs|factorial|gcd|lcm|pi"
_RUN = re.compile(
    rf"(?:\b(?:{_FUNCTIONS})\b|\{{\w{{1,12}}\}}|\d+(?:\.\d+)?(?:[eE][+-]?\d+(?![a-zA-Z]))?|\.\d+|[-+*/^%()=,]"
    r"|(?<![A-Za-z])[xyzntuvw](?![A-Za-z])|\s)+"
)
_OPERATES = re.compile(
    rf"[\d)}}xyzntuvw]\s*(?:[-+*/^%=]|\*\*)\s*[-+]?\s*[\d(.{{a-z]|(?:{_FUNCTIONS})\(|\d[xyz]\b"
)
_ONLY_SHARE = re.compile(rf"\(?{_NUM} / 100\)?")
MAX_ASKED_CHARS: Final = 2_000


def find_expression(text: str) -> str | None:
    """Find the calculation asked for; None where there is none or a dash is no minus."""
    said = _NOT_MATHS.sub(" ~ ", text[:MAX_ASKED_CHARS].translate(_SIGNS)).strip(" ?.:;")
    said = re.sub(r"(?<!\d)!+$", "", said)
    said = re.sub(r"(?<=\d),(?=\d{3}\b)", "", said)
    said = re.sub(r"[$€£](?=\d)", "", said)
    said_in_digits = with_digits(said)
    special = _conversion(said_in_digits) or _calculus(said) or formula_phrase(said)
    if special:
        return special
    spelled = _SCALED.sub(_scaled, said_in_digits)
    listed = _LISTED.search(spelled)
    if listed:
        return _from_list(listed[1].casefold(), listed[2])
    written = spelled
    for pattern, instead in _REWRITES:
        written = pattern.sub(instead, written)
    best = _longest_run(written)
    if best is None or (_ONLY_SHARE.fullmatch(best) and len(written) > len(best) + 20):
        return None
    said_so = written != spelled or _LEAD.search(said) is not None
    left = len(written) - len(best)
    return best if said_so or left <= 12 else None


def _scaled(match: re.Match[str]) -> str:
    value = float(match[1]) * _SCALES[match[2].casefold()]
    return str(int(value)) if value.is_integer() else str(value)


def _conversion(said: str) -> str | None:
    match = _CONVERT.search(said)
    if match:
        first, *further = re.split(rf"\s+(?:and )?(?={_NUM})", match[1])
        counted = _unit_sign(" + ".join([first, *further]))
        return f"{counted} {'in' if further else 'to'} {_unit_sign(match[2])}"
    match = _HOW_MANY.search(said)
    if match:
        count = match[2] if match[2][0] in "0123456789{" else "1"
        return f"{count} {_unit_sign(match[3])} to {_unit_sign(match[1])}"
    match = _BASE.search(said)
    return f"{match[1] or match[3]} to {match[2] or match[4]}" if match else None


def _unit_sign(unit: str) -> str:
    """Write "km per hour" with a stroke and "m2" as a power."""
    stroked = re.sub(r" per ", "/", unit, flags=re.IGNORECASE)
    return re.sub(r"(?<=[a-z])([23])\b", r"^\1", stroked, flags=re.IGNORECASE)


def _calculus(said: str) -> str | None:
    if _HIGHER.search(said):
        return None
    for pattern, instead in _CALCULUS_RULES:
        match = pattern.search(said)
        if match is None:
            continue
        body = re.sub(
            r"^(?:the )?(?:function |expression |polynomial )?(?:f\(x\) ?= ?)?",
            "",
            match[1].strip(),
        )
        parts = [part for part in match.groups()[1:] if part]
        if not re.search(r"\d|[xyzt]\b|sin|cos|exp", body) or not _RUN.fullmatch(body):
            continue
        body = re.sub(r"(?<=\d)(?=[xyztuvw](?![a-z]))", "*", body)
        filled = instead.replace("\\1", body)
        for number, part in zip((2, 3), [*parts, "x", "x"][:2], strict=True):
            filled = filled.replace(f"\\{number}", {"infinity": "oo", "∞": "oo"}.get(part, part))
        return filled
    return None


def _from_list(word: str, listed: str) -> str:
    values = re.findall(_NUM, listed)
    operator = _LISTED_AS.get(word)
    if operator == "mean":
        return f"({' + '.join(values)}) / {len(values)}"
    if operator:
        return f" {operator} ".join(values)
    return f"{'lcm' if 'l' in word[:3] else 'gcd'}({', '.join(values)})"


def _longest_run(text: str) -> str | None:
    best = ""
    for match in _RUN.finditer(text):
        run = _trimmed(match.group())
        if len(run) > len(best) and _OPERATES.search(run):
            best = run
    starred = re.sub(r"(?<=\d)(?=[xyztuvw](?![a-z]))", "*", best)
    return re.sub(r"\s+", " ", starred) or None


def _trimmed(run: str) -> str:
    """Drop loose ends such as a closing bracket that was never opened."""
    run = run.strip(" ,=*/^%\t\r\n")
    while run.count("(") != run.count(")"):
        spare = run.rfind(")") if run.count(")") > run.count("(") else run.find("(")
        run = f"{run[:spare]}{run[spare + 1 :]}"
    return run.strip(" ,=*/^%+")
