"""Reads numbers written as English words: "twenty-three" is 23, "two hundred and five" is 205.

Not for: ordinals, fractions, or the scale words behind digits ("3 million").
"""

from __future__ import annotations

import re
from typing import Final

_VALUES: Final = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SMALL: Final = "|".join(word for word, value in _VALUES.items() if 0 < value < 10)
_TENS: Final = "|".join(word for word, value in _VALUES.items() if value >= 20)
_SCALES: Final = {"hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9}
_ONE = rf"(?:{'|'.join(list(_VALUES)[1:])})"
_TWO = rf"(?:(?:{_TENS})[- ](?:{_SMALL})|{_ONE})"
_HUNDREDS = rf"(?:(?:(?:{_ONE}|a) )?hundred(?:(?: and)? {_TWO})?|{_TWO})"
_NUMBER = re.compile(
    rf"\b(?<![\d.] )(?:zero|(?:(?:{_HUNDREDS}|a) )?(?:thousand|million|billion)(?:(?: and)? {_HUNDREDS})?|{_HUNDREDS})\b"
    r"(?! (?:hundred|thousand|million|billion))",
    re.IGNORECASE,
)


def with_digits(text: str) -> str:
    """Write the numbers of a text in digits; everything else stays as it is."""
    return _NUMBER.sub(lambda match: str(_value(match.group())), text)


def _value(said: str) -> int:
    total = part = 0
    for word in re.split(r"[- ]", said.casefold()):
        scale = _SCALES.get(word)
        if scale is None:
            part += _VALUES.get(word, 0)
        elif scale == _SCALES["hundred"]:
            part = max(part, 1) * scale
        else:
            total += max(part, 1) * scale
            part = 0
    return total + part
