"""Temperatures on the Celsius, Fahrenheit, Rankine and Kelvin scales, as points (not differences)."""

from __future__ import annotations

from backend.kit.mathematics.cas import Value, sp
from backend.kit.mathematics.errors import CannotCompute

_NAMES = {
    "C": "C", "c": "C", "celsius": "C", "centigrade": "C", "degc": "C", "degcelsius": "C",
    "F": "F", "f": "F", "fahrenheit": "F", "degf": "F", "degfahrenheit": "F",
    "K": "K", "k": "K", "kelvin": "K", "kelvins": "K", "degk": "K",
    "R": "R", "rankine": "R",
}  # fmt: skip
SYMBOLS = {"C": "°C", "F": "°F", "K": "K", "R": "°R"}


def scale_named(text: str) -> str | None:
    """Find the scale (C, F, K or R) that a text such as "°C", "degrees Fahrenheit" or "K" names."""
    name = text.strip().removeprefix("°").strip()
    for word in ("degrees ", "degree ", "deg ", "Degrees "):
        name = name.removeprefix(word).strip()
    return _NAMES.get(name) or _NAMES.get(name.casefold() if len(name) > 1 else "")


def convert(value: Value, source: str, target: str) -> Value:
    """Convert a point between scales.

    Raises:
        CannotCompute: below absolute zero.
    """
    offset = sp.Rational("273.15")
    to_kelvin = {
        "K": value,
        "C": value + offset,
        "F": (value + sp.Rational("459.67")) * sp.Rational(5, 9),
        "R": value * sp.Rational(5, 9),
    }
    kelvin = to_kelvin[source]
    if kelvin.is_negative:
        msg = "that is below absolute zero"
        raise CannotCompute(msg)
    return {
        "K": kelvin,
        "C": kelvin - offset,
        "F": kelvin * sp.Rational(9, 5) - sp.Rational("459.67"),
        "R": kelvin * sp.Rational(9, 5),
    }[target]
