"""Reads docs/openai.md: its endpoints, and its fields with what is claimed of them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "openai.md"
STATUSES = {"honoured", "emulated", "no effect", "refused", "own"}
ENDPOINT = re.compile(r"(GET|POST|DELETE) /v1/\S+")


@dataclass(frozen=True, slots=True)
class Claim:
    """One row: a field of an endpoint, its status, and members of a request that show it."""

    endpoint: str
    field: str
    status: str
    example: str

    @property
    def members(self) -> dict[str, Any]:
        """Read the example as members of a request."""
        return json.loads("{" + self.example.strip("`") + "}")


@cache
def sections() -> dict[str, list[list[str]]]:
    """Give the rows of each section's table, without its head."""
    found: dict[str, list[list[str]]] = {}
    for part in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        lines = [line for line in text.splitlines() if line.startswith("|")]
        rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[2:]]
        found[title.strip()] = [[cell.strip().replace("\\|", "|") for cell in row] for row in rows]
    return found


def endpoints() -> list[str]:
    """Give the endpoints that the page lists."""
    return [row[0] for row in sections()["Endpoints"]]


def claims() -> list[Claim]:
    """Give every row of every endpoint's table."""
    return [
        Claim(title, row[0], row[1], row[2])
        for title, rows in sections().items()
        if ENDPOINT.fullmatch(title)
        for row in rows
    ]
