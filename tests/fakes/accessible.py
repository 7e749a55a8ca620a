"""What axe-core finds on a page, in light and dark, on a wide screen and on a phone."""

from __future__ import annotations

import os

import pytest

from tests.fakes.browser import Page
from tests.fakes.processes import ROOT

AXE = ROOT / "node_modules/axe-core/axe.min.js"
WIDE, PHONE = (1280, 800), (360, 740)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What a page does when its size changes comes before the next frame.
RUN = f"""new Promise(requestAnimationFrame)
    .then(() => axe.run(document, {{ runOnly: {{ type: "tag", values: {TAGS} }}, resultTypes: ["violations"] }}))
    .then(({{ violations }}) => violations.flatMap(({{ id, nodes }}) =>
        nodes.map(({{ html, failureSummary }}) => `${{id}}: ${{html}} ${{failureSummary}}`)))"""


def axe() -> str:
    """Give the source of axe-core; where it is missing the test is skipped, but fails under CI."""
    if AXE.is_file():
        return AXE.read_text()
    why = f"{AXE} is missing; make page-tools brings it"
    if os.environ.get("CI") == "true":  # noqa: TID251 - a harness
        pytest.fail(why)
    pytest.skip(why)


def violations(page: Page) -> list[str]:
    """Give what axe-core finds wrong with the page as it is now; no rule is switched off."""
    if not page.run("'axe' in window"):
        page.run(axe())
    return page.run(RUN)


def assert_accessible(page: Page, state: str, *screens: tuple[int, int]) -> None:
    """Look at the page in both themes on each of these screens, by default all, and end on the first."""
    shown = screens or (WIDE, PHONE)
    found: list[str] = []
    for width, height in (*shown[1:], shown[0]):
        page.resize(width, height)
        for theme in ("dark", "light"):
            page.tab.emulate_media(color_scheme=theme)
            found += [f"{state}, {theme}, {width} px: {one}" for one in violations(page)]
    assert not found, "\n".join(found)
