"""Self-written text of any length, the same for the same seed: for benchmarks that need bulk, not meaning."""

from __future__ import annotations

import random
import textwrap
from pathlib import Path

SUBJECTS = (
    "The harbour office", "A visiting engineer", "The north pump", "Our supplier", "The second turbine",
    "The night shift", "An older valve", "The inspection team", "The cooling loop", "The regional board",
    "The archive", "A spare compressor", "The survey vessel", "The control room", "The insurer",
)  # fmt: skip
VERBS = (
    "reported", "measured", "replaced", "questioned", "approved", "postponed", "described", "rejected",
    "compared", "calibrated", "recorded", "estimated", "confirmed", "reviewed", "dismantled",
)  # fmt: skip
OBJECTS = (
    "a pressure drop", "the annual budget", "two cracked seals", "the delivery of bearings", "a new timetable",
    "the tidal figures", "an unexpected vibration", "the lease agreement", "the oil samples", "a shortage of steel",
    "the emergency drill", "the flow through line seven", "a claim for damages", "the safety margin", "the winter load",
)  # fmt: skip
ENDINGS = (
    "before the storm season", "after three days of tests", "in the presence of the auditors", "at {n} bar",
    "for {n} euros", "on the {n}th of the month", "without naming a reason", "because of wear on part K-{n}",
    "within {n} hours", "although the contract says otherwise", "as the manual of {y} requires", "near berth {n}",
)  # fmt: skip


def sentence(chance: random.Random) -> str:
    """Make one sentence of about 90 characters."""
    ending = chance.choice(ENDINGS).format(
        n=chance.randrange(2, 990), y=chance.randrange(1950, 2026)
    )
    said = f"{chance.choice(SUBJECTS)} {chance.choice(VERBS)} {chance.choice(OBJECTS)} {ending}"
    if chance.random() < 0.4:
        said += f", and {chance.choice(SUBJECTS).lower()} {chance.choice(VERBS)} {chance.choice(OBJECTS)}"
    return said + "."


def paragraphs(chars: int, *, seed: int) -> list[str]:
    """Make paragraphs of about 600 characters, `chars` characters together."""
    chance = random.Random(seed)
    made: list[str] = []
    left = chars
    while left > 0:
        text = " ".join(sentence(chance) for _ in range(chance.randrange(4, 9)))
        made.append(text)
        left -= len(text)
    return made


def write_pdf(path: Path, *, pages: int, seed: int, chars_per_page: int = 2_800) -> None:
    """Write a text PDF with so many pages."""
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415 - a development package
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

    canvas = Canvas(str(path), pagesize=A4)
    for page in range(pages):
        lines = canvas.beginText(60, 780)
        lines.setFont("Helvetica", 10)
        for paragraph in paragraphs(chars_per_page, seed=seed * 100_003 + page):
            for line in [*textwrap.wrap(paragraph, 92), ""]:
                lines.textLine(line)
        canvas.drawText(lines)
        canvas.showPage()
    canvas.save()
