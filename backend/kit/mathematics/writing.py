"""Writes values for readers: exact text, decimal text, LaTeX.

Powers are written with ^ (two stars would be bold in Markdown), the imaginary unit is i, the natural
logarithm is ln.
"""

from __future__ import annotations

from typing import Any

from sympy.printing.str import StrPrinter

from backend.kit.mathematics.cas import Value, mp, sp

MAX_EXACT_CHARACTERS = 20_000
_EXTRA_DIGITS = 15
_LARGEST_PLAIN = 21
_SMALLEST_PLAIN = -7
_MAX_LATEX_ENTRIES = 4_000


_WORDS = {
    "ImaginaryUnit": "i",
    "Exp1": "e",
    "Infinity": "infinity",
    "NegativeInfinity": "-infinity",
    "log": "ln({})",
    "Abs": "|{}|",
}


class _Writer(StrPrinter):
    """SymPy's own writer, with other words for a few things; it looks methods up by class name."""

    def _print(self, expr: Value, **kwargs: object) -> str:
        word = _WORDS.get(type(expr).__name__)
        if word is not None:
            return word.format(*[self._print(arg) for arg in expr.args])
        return str(super()._print(expr, **kwargs))


def exact_text(value: Value) -> str:
    """Write a value exactly as it is."""
    if isinstance(value, list):
        items: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        return f"[{', '.join(exact_text(item) for item in items)}]"
    if isinstance(value, sp.MatrixBase):
        return exact_text(value.tolist())
    if value in {sp.true, sp.false}:
        return str(value).lower()
    return str(_Writer({"order": None}).doprint(value)).replace("**", "^")


def latex_text(value: Value) -> str | None:
    """Write a value as LaTeX, or None when that would be very long."""
    if isinstance(value, list):
        items: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        parts = [latex_text(item) or "" for item in items]
        return rf"\left[{', '.join(parts)}\right]"
    text = str(sp.latex(value, ln_notation=True))
    return text if len(text) <= _MAX_LATEX_ENTRIES else None


def decimal_text(value: Value, digits: int) -> str | None:
    """Write a number with so many significant digits, or None when it is none (or cannot be told).

    Every digit shown is right: the last one is rounded, and cancellation is worked around.
    """
    if isinstance(value, list | sp.MatrixBase):
        return _decimal_list(value, digits)
    if not getattr(value, "is_number", False) or value.has(sp.oo, -sp.oo, sp.zoo, sp.nan):
        return None
    near = _near(value, digits)
    return None if near is None else _complex_text(*near, digits)


def _complex_text(re: Value, im: Value, digits: int) -> str:
    real = float_text(re, digits)
    if im == 0:
        return real
    imaginary = float_text(abs(im), digits)
    imaginary = "i" if imaginary == "1" else f"{imaginary}i"
    if re == 0:
        return f"-{imaginary}" if im < 0 else imaginary
    return f"{real} {'-' if im < 0 else '+'} {imaginary}"


def _decimal_list(value: Value, digits: int) -> str | None:
    rows = value.tolist() if isinstance(value, sp.MatrixBase) else value
    texts = [decimal_text(item, digits) for item in rows]
    return None if any(text is None for text in texts) else f"[{', '.join(map(str, texts))}]"


def _near(value: Value, digits: int) -> tuple[Any, Any] | None:
    """Evaluate to real and imaginary mpf; a part that vanishes to the last digit asked for is 0."""
    near = value.evalf(digits + _EXTRA_DIGITS, maxn=digits + 400)
    re, im = near.as_real_imag()
    if not (re.is_Float or re.is_Rational) or not (im.is_Float or im.is_Rational):
        return None
    with mp.workdps(digits + _EXTRA_DIGITS):
        pair = (_mpf(re), _mpf(im))
        size = max(abs(pair[0]), abs(pair[1]))
        noise = size * mp.mpf(10) ** (-digits - 5)
        re_noise, im_noise = (abs(part) <= noise for part in pair)
        return (mp.mpf(0) if re_noise else pair[0]), (mp.mpf(0) if im_noise else pair[1])


def _mpf(number: Value) -> Value:
    if number.is_Rational:
        return mp.mpf(int(number.p)) / int(number.q)
    return mp.make_mpf(number._mpf_)


def float_text(number: Value, digits: int) -> str:
    """Write an mpf with so many digits, without needless zeros: 0.5, 1.25e-9, 2^100 as 1.26...e+30."""
    text = mp.nstr(
        number,
        digits,
        min_fixed=_SMALLEST_PLAIN,
        max_fixed=max(_LARGEST_PLAIN, digits),
        strip_zeros=True,
    )
    mantissa, mark, exponent = str(text).partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}{mark}{exponent}"


def terminating_text(value: Value) -> str | None:
    """Write a fraction whose decimals end (at most 60 of them), such as 3/8 = 0.375; None otherwise."""
    if not value.is_Rational:
        return None
    rest, twos, fives = int(value.q), 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or places > 60:
        return None
    whole = abs(int(value.p)) * 10**places // int(value.q)
    text = str(whole).rjust(places + 1, "0")
    text = f"{text[:-places]}.{text[-places:]}" if places else text
    return f"-{text}" if value < 0 else text
