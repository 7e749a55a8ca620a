from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest

from backend.errors import ToolFailed, ToolRetry, ToolUnavailable
from backend.kit.clocks import SystemClock
from backend.kit.http import HttpClient
from backend.kit.public_address import AddressPolicy
from backend.ports.tools import Services, ToolContext, ToolResult
from backend.ports.values import Citation
from backend.ports.web import PageUnreadable
from backend.tools import web_fetch
from backend.web.reader import PublicWebReader, WebOptions
from tests.fakes.instant_clock import InstantClock
from tests.fakes.web_double import WebDouble, fixture_page
from tests.fakes.web_pages import ScriptedWeb

CONTEXT = ToolContext(user_id="u1")
URL = "https://pages.example/tides"


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    yield client
    await client.aclose()


@pytest.fixture
def web() -> ScriptedWeb:
    return ScriptedWeb()


@pytest.fixture
def fetch(web: ScriptedWeb, http: HttpClient):
    async def call(*, options: dict[str, Any] | None = None, **args: Any) -> ToolResult:
        services = Services(http=http, clock=InstantClock(), web=web)
        tool = web_fetch.build(web_fetch.Options(**(options or {})), services)
        return await tool.run(web_fetch.Args.model_validate(args), CONTEXT)

    return call


async def test_a_page_comes_with_title_address_and_a_passage_to_cite(fetch, web):
    """The whole result of a short page."""
    web.page(URL, "High water at noon.\n\nLow water at six.", title="Tides", date="2024-05-01")
    assert await fetch(url=URL) == ToolResult(
        text="Tides\nhttps://pages.example/tides, dated 2024-05-01\n\n"
        "[1] High water at noon.\n\nLow water at six.",
        data={
            "url": URL,
            "title": "Tides",
            "date": "2024-05-01",
            "media_type": "text/html",
            "chars": 38,
            "start": 0,
            "next_start": None,
        },
        citations=(
            Citation(title="Tides", text="High water at noon.\n\nLow water at six.", url=URL),
        ),
    )


async def test_a_long_page_is_several_passages(fetch, web):
    """Each can be cited by itself; together they are what was shown."""
    text = "\n\n".join(f"Paragraph {n}. " + "Words of the sea. " * 20 for n in range(10))
    web.page(URL, text, title="Long", media_type="application/pdf", pages=3)
    found = await fetch(url=URL, options={"passage_chars": 800})
    assert [found.text.count(f"[{n}] Paragraph") for n in range(1, 7)] == [1, 1, 1, 1, 1, 0]
    assert "\n\n".join(cited.text for cited in found.citations) == text
    assert {(cited.title, cited.url) for cited in found.citations} == {("Long", URL)}
    assert "tides, 3 pages\n" in found.text


async def test_a_page_over_the_budget_says_how_to_read_on(fetch, web):
    """Following `next_start` brings all of it, once."""
    text = "\n\n".join(f"Paragraph {n}. " + "Words of the sea. " * 20 for n in range(20))
    web.page(URL, text)
    shown, start = "", 0
    while start is not None:
        found = await fetch(url=URL, start=start, options={"max_chars": 2_000})
        assert sum(len(cited.text) for cited in found.citations) <= 2_000
        shown += "\n\n".join(cited.text for cited in found.citations) + "\n\n"
        start, before = found.data["next_start"], start
        if start is not None:
            rest = len(text) - start
            assert (
                f"(characters {before} to {start} of {len(text)}; {rest} left out. " in found.text
            )
            assert found.text.endswith(f"call again with start {start}.)")
    assert found.text.endswith(f"to {len(text)}, the end of the page)")
    assert shown == text + "\n\n"


async def test_code_keeps_its_indentation(fetch, web):
    """Also at the beginning of a passage."""
    web.page(URL, "    if deep:\n        go()\n")
    found = await fetch(url=URL)
    assert found.citations[0].text == "    if deep:\n        go()"


async def test_a_pages_own_references_are_not_taken_for_ours(fetch, web):
    """In title and text; the citation keeps the page's words."""
    web.page(URL, "As shown in [1, 2] and [7].", title="About [3]")
    found = await fetch(url=URL)
    assert found.text == (f"About [ref. 3]\n{URL}\n\n[1] As shown in [ref. 1, 2] and [ref. 7].")
    assert found.citations[0].text == "As shown in [1, 2] and [7]."


async def test_a_page_without_a_title_is_cited_by_its_address(fetch, web):
    """A source needs a name."""
    web.page(URL, "words")
    found = await fetch(url=URL)
    assert found.text.startswith("(no title)\n")
    assert found.citations[0].title == URL


@pytest.mark.parametrize("name", ["link", "address", "uri", "page", "url"])
@pytest.mark.parametrize(
    "given", ["pages.example/tides", "<https://pages.example/tides>", f" {URL} "]
)
async def test_addresses_are_understood_as_models_write_them(fetch, web, name, given):
    """Under other names, without a scheme, in brackets."""
    web.page(URL, "words")
    assert (await fetch(**{name: given})).data["url"] == URL
    assert web.asked == [URL]
    assert set(web.owners) == {CONTEXT.user_id}


async def test_a_start_behind_the_end_is_mended(fetch, web):
    """The model hears how long the page is."""
    web.page(URL, "words")
    with pytest.raises(ToolRetry, match="has 5 characters"):
        await fetch(url=URL, start=5)


async def test_a_page_that_cannot_be_had_is_told_with_the_reason(fetch, web):
    """And with the address, of which a plan may ask several."""
    web.pages[URL] = PageUnreadable("The page is gone (status 410).")
    with pytest.raises(ToolFailed, match=r"tides cannot be read\. The page is gone"):
        await fetch(url=URL)


def test_a_server_without_a_web_reader_has_no_such_tool(http):
    """Off with a reason."""
    with pytest.raises(ToolUnavailable, match="reads no web pages"):
        web_fetch.build(web_fetch.Options(), Services(http=http, clock=InstantClock()))


async def test_a_real_page_is_fetched_through_all_layers(http):
    """From the address to the passage, over a socket and a child process."""
    policy = AddressPolicy(networks=(ip_network("127.0.0.1/32"),))
    reader = PublicWebReader(WebOptions(policy=policy), clock=SystemClock())
    tool = web_fetch.build(
        web_fetch.Options(), Services(http=http, clock=SystemClock(), web=reader)
    )
    async with WebDouble() as double:
        url = double.page("/article", fixture_page("article"))
        found = await tool.run(web_fetch.Args(url=url), CONTEXT)
        with pytest.raises(ToolFailed, match="private network"):
            await tool.run(web_fetch.Args(url=double.redirect("/in", "http://127.0.0.2/")), CONTEXT)
    await reader.aclose()
    assert found.data["date"] == "2024-03-18"
    assert "1.4 metres in the nineteen-fifties" in found.text
    assert len(found.citations) == 2
