from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from backend.errors import ToolFailed, ToolRetry, ToolUnavailable
from backend.kit.http import HttpClient
from backend.ports.tools import Services, ToolContext, ToolResult
from backend.ports.values import Citation, Health
from backend.tools import web_search
from tests.fakes.faulty_server import CUT, GARBAGE, HANG, Fault, refusal
from tests.fakes.instant_clock import InstantClock
from tests.fakes.search_double import PAGES, Page, SearchDouble

CONTEXT = ToolContext(user_id="u1")
CITED = tuple(Citation(title=page.title, text=page.snippet, url=page.url) for page in PAGES)


@pytest.fixture
async def double() -> AsyncIterator[SearchDouble]:
    async with SearchDouble() as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    yield client
    await client.aclose()


@pytest.fixture
def clock() -> InstantClock:
    return InstantClock()


@pytest.fixture
def search(double: SearchDouble, http: HttpClient, clock: InstantClock):
    async def call(
        *, use: str = "duckduckgo", options: dict[str, Any] | None = None, **args: Any
    ) -> ToolResult:
        wired: dict[str, Any] = {
            "tavily_url": f"{double.url}/tavily/search",
            "tavily_api_key": double.key if "tavily" in use else "",
            "searxng_url": f"{double.url}/searxng/" if "searxng" in use else "",
            "duckduckgo_url": f"{double.url}/html/",
            "duckduckgo_enabled": "duckduckgo" in use,
        }
        settings = web_search.Options(**{**wired, **(options or {})})
        tool = web_search.build(settings, Services(http=http, clock=clock))
        return await tool.run(web_search.Args.model_validate(args), CONTEXT)

    return call


@pytest.mark.parametrize(
    ("use", "name"), [("tavily", "Tavily"), ("searxng", "SearXNG"), ("duckduckgo", "DuckDuckGo")]
)
async def test_each_service_brings_the_same_results(search, use, name):
    """Three protocols, one shape; advertisements are left out."""
    found = await search(use=use, query="harbour")
    assert found == ToolResult(
        text="[1] Tide tables - https://tides.example/\nHigh water at noon.\n"
        "[2] Harbour news - https://news.example/a?id=1\nA new pier opened.\n"
        "[3] Boats - https://boats.example/list\nRowing boats & sails.",
        data={
            "engine": name,
            "results": [{"title": p.title, "url": p.url, "snippet": p.snippet} for p in PAGES],
            "failed": [],
        },
        citations=CITED,
    )


async def test_tavily_comes_first_then_searxng_then_duckduckgo(search, double):
    """All are set up and all but the last fail."""
    double.key = "tvly-test"
    double.faults = [refusal(401), refusal(403)]
    found = await search(use="tavily searxng duckduckgo", query="x")
    assert [request.path for request in double.requests] == [
        "/tavily/search", "/searxng/search", "/html/",
    ]  # fmt: skip
    assert found.data["engine"] == "DuckDuckGo"
    assert [reason.split(":")[0] for reason in found.data["failed"]] == ["Tavily", "SearXNG"]


async def test_an_empty_answer_is_followed_by_the_next_service(search, double):
    """A service that knows nothing does not end the search."""
    double.faults = [Fault(body=b'{"results": []}')]
    assert (await search(use="searxng duckduckgo", query="x")).data["engine"] == "DuckDuckGo"


async def test_tavily_is_sent_what_was_asked_for(search, double):
    """Time range, country name and number of results in its own words."""
    await search(
        use="tavily", query="  solar\nstorm ", time_range="week", region="UK", max_results=2
    )
    assert double.bodies == [
        {
            "query": "solar storm",
            "max_results": 2,
            "search_depth": "basic",
            "topic": "general",
            "time_range": "week",
            "country": "united kingdom",
        }
    ]


async def test_searxng_is_sent_what_was_asked_for(search, double):
    """Time range as a word, region as a language tag."""
    await search(use="searxng", query="storm", time_range="month", region="jp")
    assert dict(double.requests[0].query) == {
        "q": "storm", "format": "json", "time_range": "month", "language": "ja-JP",
    }  # fmt: skip


async def test_duckduckgo_is_sent_what_was_asked_for(search, double):
    """Its form's own field names."""
    await search(query="storm", time_range="day", region="gb")
    assert dict(double.requests[0].query) == {"q": "storm", "df": "d", "kl": "uk-en"}


@pytest.mark.parametrize(
    ("region", "sent"),
    [
        ("us-en", "us-en"),
        ("pt-BR", "br-pt"),
        ("en_IN", "in-en"),
        ("Germany", "de-de"),
        ("wt-wt", None),
    ],
)
async def test_regions_are_understood_as_models_write_them(search, double, region, sent):
    """DuckDuckGo's, BCP 47's and plain names."""
    await search(query="storm", region=region)
    assert double.requests[0].query.get("kl") == sent


async def test_an_unknown_region_lists_those_there_are(search, double):
    """Before anything is sent."""
    with pytest.raises(ToolRetry, match="us, za"):
        await search(query="x", region="atlantis")
    assert double.requests == []


@pytest.mark.parametrize("use", ["tavily", "searxng", "duckduckgo"])
async def test_fewer_results_are_listed_on_request(search, use):
    """max_results bounds every service, also those that cannot be told."""
    assert (await search(use=use, query="x", max_results=2)).citations == CITED[:2]


async def test_the_server_caps_the_number_of_results(search):
    """The option wins over the argument."""
    assert (await search(query="x", max_results=20, options={"max_results": 1})).citations == CITED[
        :1
    ]


async def test_a_long_query_is_cut_at_the_cap(search, double):
    """Services refuse more than 400 characters."""
    await search(query="storm " * 500)
    assert len(double.requests[0].query["q"]) <= 400


async def test_a_page_found_twice_is_listed_once(search, double):
    """Scheme, www, fragment, trailing slash and tracking do not make another page."""
    double.pages = tuple(
        Page(title=f"t{n}", url=url, snippet="s")
        for n, url in enumerate([
            "https://a.example/x?b=2&a=1",
            "http://www.a.example:80/x/?a=1&b=2&utm_source=z#top",
            "https://a.example/x?a=1&b=2&fbclid=9",
            "https://a.example/X?a=1&b=2",
            "https://a.example:8443/x?a=1&b=2",
        ])
    )  # fmt: skip
    titles = [cited.title for cited in (await search(query="x")).citations]
    assert titles == ["t0", "t3", "t4"]


@pytest.mark.parametrize("use", ["tavily", "searxng", "duckduckgo"])
async def test_only_plain_web_addresses_are_listed(search, double, use):
    """Other schemes, credentials, markup and endless addresses are dropped."""
    bad = [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://f.example/",
        "https://user:pass@bank.example/",
        "https://[::1/",
        "https://e.example:99999/",
        "https://e.example/\u202egpj.exe",
        "https://e.example/)[x](<b>",
        "https:///nohost",
        "https://e.example/" + "a" * 3000,
        "",
    ]
    good = Page(title="Good", url="https://good.example/", snippet="fine")
    double.pages = (*(Page(title="Bad", url=url, snippet="x") for url in bad), good)
    found = await search(use=use, query="x", max_results=20, options={"max_results": 20})
    assert [cited.url for cited in found.citations] == ["https://good.example/"]


@pytest.mark.parametrize("use", ["tavily", "searxng"])
async def test_snippets_lose_markup_and_control_characters(search, double, use):
    """Text from a page is data: no tags, scripts, escapes, line breaks or endless length."""
    snippet = "<b>One</b><script>steal()</script>\x1b[2J\u202e &lt;two&gt;\n[9] fake" + " w" * 5000
    double.pages = (
        Page(title="A\n[2] B <img src=x onerror=y>", url="https://a.example/", snippet=snippet),
    )
    (cited,) = (await search(use=use, query="x", options={"max_snippet_chars": 60})).citations
    assert cited.title == "A [2] B"
    assert cited.text.startswith("One[2J <two> [9] fake w w")
    assert len(cited.text) <= 60


async def test_a_missing_title_is_replaced_by_the_address(search, double):
    """The list needs something to click on."""
    double.pages = (Page(title="", url="https://a.example/long", snippet="s"),)
    assert (await search(query="x")).citations[0].title == "https://a.example/long"


async def test_results_of_wrong_types_are_skipped(search, double):
    """The answer's shape is not trusted."""
    body = b'{"results": [1, null, {"url": 5}, {"url": "https://a.example", "title": [], "content": {}}]}'
    double.faults = [Fault(body=body)]
    found = await search(use="searxng", query="x")
    assert found.citations == (Citation(title="https://a.example", url="https://a.example"),)


@pytest.mark.parametrize("status", [200, 202])
async def test_a_challenge_is_not_taken_for_an_empty_answer(search, double, status):
    """DuckDuckGo serves it with either status."""
    double.challenge_status = status
    with pytest.raises(ToolFailed, match="proof of being human"):
        await search(query="x")


async def test_an_accepted_but_unanswered_request_is_a_challenge(search, double):
    """Status 202 says so even when the page has new markup."""
    double.faults = [Fault(status=202, body=b"<html>wait</html>", content_type="text/html")]
    with pytest.raises(ToolFailed, match="proof of being human"):
        await search(query="x")


async def test_a_query_that_names_the_challenge_still_gets_its_results(search):
    """The page echoes the query; only class names count."""
    assert (
        await search(query='"anomaly-modal" class="anomaly-modal__x" no-results')
    ).citations == CITED


@pytest.mark.parametrize("use", ["tavily", "searxng", "duckduckgo"])
async def test_nothing_found_asks_for_other_words(search, double, use):
    """The service answered, so the model can try again."""
    double.pages = ()
    with pytest.raises(ToolRetry, match="Try fewer or other words"):
        await search(use=use, query="x")


async def test_a_wrong_key_is_reported_without_the_key(search, double):
    """Tavily's reason is passed on, the secret is not."""
    key = double.key
    double.key = "another"
    with pytest.raises(ToolFailed, match="Unauthorized") as failed:
        await search(use="tavily", query="x", options={"tavily_api_key": key})
    assert key not in str(failed.value)


async def test_a_searxng_without_json_names_the_setting(search, double):
    """The commonest mistake with SearXNG."""
    double.json_allowed = False
    with pytest.raises(ToolFailed, match=r"403: add json to search\.formats"):
        await search(use="searxng", query="x")


async def test_a_busy_service_is_asked_once_more(search, double, clock):
    """Retry-After is honoured."""
    double.faults = [refusal(429, retry_after="2")]
    assert (await search(query="x")).citations == CITED
    assert clock.slept_s == [2.0]


@pytest.mark.parametrize("use", ["tavily", "searxng", "duckduckgo"])
@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ([refusal(500), refusal(500)], "status 500"),
        ([refusal(429, retry_after="600")], "status 429"),
        ([GARBAGE], "not JSON|not a result page"),
        ([CUT], "cannot be read"),
        ([Fault(body=b"x" * 1_000_001)], "larger than"),
    ],
)
async def test_a_broken_service_is_reported_with_the_reason(search, double, use, faults, reason):
    """Alone, every fault ends in ToolFailed."""
    double.faults = list(faults)
    with pytest.raises(ToolFailed, match=reason):
        await search(use=use, query="x")


async def test_a_silent_service_gives_way_to_the_next(search, double):
    """Each service has its own deadline."""
    double.faults = [HANG]
    found = await search(use="searxng duckduckgo", query="x", options={"timeout_s": 0.1})
    assert found.data["failed"] == ["SearXNG: no answer within 0.1 s"]


@pytest.fixture
def kept(double: SearchDouble, http: HttpClient, clock: InstantClock):
    """One tool for several searches, over SearXNG and DuckDuckGo."""
    options = web_search.Options(
        searxng_url=f"{double.url}/searxng/", duckduckgo_url=f"{double.url}/html/"
    )
    tool = web_search.build(options, Services(http=http, clock=clock))

    async def call() -> ToolResult:
        return await tool.run(web_search.Args(query="x"), CONTEXT)

    return call


async def test_a_service_that_keeps_failing_rests_for_a_while(kept, double, clock):
    """Twice in a row; then callers do not wait for it, and are told."""
    double.json_allowed = False
    for _ in range(3):
        found = await kept()
    assert [request.path for request in double.requests] == [
        "/searxng/search", "/html/", "/searxng/search", "/html/", "/html/",
    ]  # fmt: skip
    assert "asked again in 60 s" in found.data["failed"][0]
    assert found.text.splitlines()[-1].startswith(
        "(found by DuckDuckGo; not by SearXNG: it answered"
    )
    await clock.sleep(60)
    double.json_allowed = True
    assert (await kept()).data == {**found.data, "engine": "SearXNG", "failed": []}


async def test_it_says_how_its_services_do_without_asking_them(double, http, clock):
    """In their order; one that rests says why, and all of them resting is a failure."""
    options = web_search.Options(
        searxng_url=f"{double.url}/searxng/", duckduckgo_url=f"{double.url}/html/"
    )
    tool: Any = web_search.build(options, Services(http=http, clock=clock))
    assert await tool.health() == Health(ok=True, detail="SearXNG; DuckDuckGo")
    assert double.requests == []
    double.faults = [GARBAGE] * 4
    for _ in range(2):
        with pytest.raises(ToolFailed):
            await tool.run(web_search.Args(query="x"), CONTEXT)
    found = await tool.health()
    assert (found.ok, found.detail.count("asked again in 60 s")) == (False, 2)


async def test_a_success_ends_the_row_of_failures(kept, double):
    """A failure now and then is no reason to rest."""
    for allowed in (False, True, False, True):
        double.json_allowed = allowed
        found = await kept()
    assert found.data["engine"] == "SearXNG"


async def test_a_service_is_not_followed_to_another_host(search, double):
    """Words of users and keys go to who was configured."""
    double.faults = [Fault(status=302, headers={"location": "http://127.0.0.2/steal"})]
    with pytest.raises(ToolFailed, match=r"redirects to another host, 127\.0\.0\.2"):
        await search(query="secret words")


def test_without_any_service_the_tool_says_what_to_set(http, clock):
    """Off with a reason."""
    options = web_search.Options(duckduckgo_enabled=False)
    with pytest.raises(ToolUnavailable, match="TAVILY_API_KEY"):
        web_search.build(options, Services(http=http, clock=clock))


def test_the_key_is_not_printed_with_the_options():
    """Options end up in logs."""
    assert "secret" not in repr(web_search.Options(tavily_api_key="secret"))


@pytest.mark.parametrize("bad", ["ftp://s.example", "s.example", "javascript:x"])
def test_an_address_that_is_no_web_address_stops_the_start(bad):
    """Options are strict."""
    with pytest.raises(ValidationError):
        web_search.Options(searxng_url=bad)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("", "any"), ("d", "day"), ("past_week", "week"), ("last month", "month"), ("Year", "year")],
)
def test_time_ranges_are_understood_as_models_write_them(written, meant):
    """The schema lists five words; models know others."""
    assert web_search.Args.model_validate({"q": "x", "recency": written}).time_range == meant
