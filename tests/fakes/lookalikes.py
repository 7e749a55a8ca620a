"""Sentences that differ from given ones in a digit or a letter of their ids: what an exact search must not mix up."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

_CODE = re.compile(r"\S*\d\S*|\b[A-Z]\w*[A-Z_]\w*\b")


def lookalikes(facts: Sequence[Mapping[str, str]], *, seed: int) -> list[str]:
    """Change one character in every code of every sentence; sentences without one are left out."""
    rng = random.Random(seed)
    texts = [_CODE.sub(lambda found: _changed(found.group(), rng), fact["text"]) for fact in facts]
    return [text for text, fact in zip(texts, facts, strict=True) if text != fact["text"]]


def _changed(code: str, rng: random.Random) -> str:
    places = [at for at, char in enumerate(code) if char.isalnum()]
    at = rng.choice(places)
    pool = "0123456789" if code[at].isdigit() else "ABCDEFGHKLMNPRSTUVWXYZ"
    new = rng.choice([char for char in pool if char != code[at].upper()])
    return f"{code[:at]}{new}{code[at + 1 :]}"
