"""Reading pages from end to end: a real server, a real child process."""

from __future__ import annotations

import asyncio
import os

import pytest

from backend.ports.web import PageUnreadable, WebPage
from tests.fakes.faulty_server import refusal
from tests.fakes.sample_files import pdf_of_lines, picture, scanned_pdf
from tests.fakes.web_double import fixture_page, gzipped

ALLOW = b"User-agent: *\nDisallow: /private\n"


async def test_a_page_is_text_with_title_and_date(reader, double):
    """The whole shape of what a page becomes."""
    url = double.page("/news", fixture_page("article"))
    page = await reader.read(url)
    assert page == WebPage(
        url=url,
        title="The lighthouse keeper who counted waves",
        text=page.text,
        media_type="text/html",
        date="2024-03-18",
    )
    assert page.text.startswith("# The lighthouse keeper who counted waves\n\nFor thirty-one years")
    assert page.text.endswith("a digital copy is free to use.")


@pytest.mark.parametrize(
    ("content_type", "body", "text", "media_type"),
    [
        ("text/plain", "two\r\nlines ", "two\nlines", "text/plain"),
        ("text/markdown; charset=utf-8", "# Head\n\n    code", "# Head\n\n    code", "text/markdown"),
        ("text/csv", "a,b\n1,2", "a,b\n1,2", "text/csv"),
        ("application/json", '{"a": [1]}', '{"a": [1]}', "application/json"),
        ("application/ld+json", "{}", "{}", "application/ld+json"),
        ("application/rss+xml", "<rss><a/></rss>", "<rss><a/></rss>", "application/rss+xml"),
        ("text/plain; charset=utf-16", "über".encode("utf-16"), "über", "text/plain"),
        ("text/plain; charset=iso-8859-1", "über alles".encode("latin-1"), "über alles", "text/plain"),
        ("text/plain; charset=nonsense", "über".encode(), "über", "text/plain"),
        ("application/octet-stream", "just words", "just words", "application/octet-stream"),
        ("", "<p>One</p><p>Two</p>", "One\n\nTwo", "text/html"),
        ("text/html", "<p>a&#8203;b\u202ec</p>", "abc", "text/html"),
    ],
)  # fmt: skip
async def test_text_of_other_kinds_is_shown_as_it_is(
    reader, double, content_type, body, text, media_type
):
    """In whatever encoding; only what cannot be seen is dropped."""
    url = double.page("/x", body, content_type=content_type)
    page = await reader.read(url)
    assert page.text == text
    assert page.media_type == media_type


async def test_a_page_in_an_old_encoding_is_read(reader, double):
    """The encoding that the page names for itself counts when the header names none."""
    html = '<html><head><meta charset="windows-1251"><title>Река</title></head><body><p>Привет, мир</p></body></html>'
    double.page("/ru", html.encode("cp1251"), content_type="text/html")
    page = await reader.read(f"{double.url}/ru")
    assert (page.title, page.text) == ("Река", "Привет, мир")


async def test_a_pdf_is_read_page_by_page(reader, double):
    """Whatever its header says, as long as it is no page."""
    body = pdf_of_lines([["First page, first line", "second line"], ["Second page"]])
    for path, content_type in (("/a.pdf", "application/pdf"), ("/b", "application/octet-stream")):
        page = await reader.read(double.page(path, body, content_type=content_type))
        assert page.text == "First page, first line\nsecond line\n\nSecond page"
        assert (page.media_type, page.pages) == ("application/pdf", 2)


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (picture("x"), "image/png", "a picture"),
        (picture("x"), "text/html", "a picture"),
        (b"RIFF....", "audio/wav", "a sound"),
        (b"\x00\x00\x00 ftypmp42", "video/mp4", "a film"),
        (b"PK\x03\x04....", "application/zip", "a packed file"),
        (b"\x7fELF\x02\x01", "application/octet-stream", "a program"),
        (b"words", "application/x-unheard-of", "not text"),
        (b"\x00\x01\x02\x03" * 100, "text/plain", "not text"),
        (b"%PDF-1.7 broken", "application/pdf", "damaged PDF"),
        (b"<html>", "application/pdf", "is none"),
        (scanned_pdf(["One"]), "application/pdf", "pages are pictures"),
        (b"", "text/html", "nothing on it"),
        (b" \n ", "text/plain", "nothing on it"),
        (b"<html><body></body></html>", "text/html", "no text"),
    ],
)
async def test_what_holds_no_text_is_refused_with_the_reason(
    reader, double, body, content_type, reason
):
    """Judged by header and bytes, and final: another try would bring the same."""
    with pytest.raises(PageUnreadable, match=reason) as refused:
        await reader.read(double.page("/x", body, content_type=content_type))
    assert refused.value.final


@pytest.mark.parametrize(
    "body",
    [
        '<html><head><script src="app.js"></script></head><body><div id="root"></div></body></html>',
        "<html><body><noscript>You need to enable JavaScript to run this app.</noscript><div id=app></div>"
        "<script>go()</script></body></html>",
        "<html><head><title>Shop</title></head><body><div id='__next'></div><script></script></body></html>",
    ],
)
async def test_a_page_made_by_scripts_says_so(reader, double, body):
    """So that the model looks elsewhere instead of trying again."""
    with pytest.raises(PageUnreadable, match="scripts in a browser"):
        await reader.read(double.page("/app", body))


async def test_a_short_page_with_a_script_is_still_a_page(reader, double):
    """Counting visitors does not make an application."""
    body = "<html><body><p>Closed on Monday.</p><script>count()</script></body></html>"
    assert (await reader.read(double.page("/", body))).text == "Closed on Monday."


async def test_robots_txt_is_asked_first_and_once(reader, double):
    """Our name, the site's rules, kept for an hour."""
    double.page("/robots.txt", ALLOW, content_type="text/plain")
    double.page("/a", "one")
    double.page("/b", "two")
    await reader.read(f"{double.url}/a")
    await reader.read(f"{double.url}/b")
    assert double.asked == ["/robots.txt", "/a", "/b"]
    assert {one.headers["user-agent"] for one in double.requests} == {
        "Steward/0.1 (self-hosted agent server)"
    }


async def test_a_page_that_robots_txt_asks_to_leave_is_left(reader, double, make_reader):
    """Also when another page leads to it; an operator may decide otherwise."""
    double.page("/robots.txt", ALLOW, content_type="text/plain")
    double.page("/private/x", "secret plans")
    double.redirect("/open", "/private/x")
    for path in ("/private/x", "/open"):
        with pytest.raises(PageUnreadable, match="asks programs not to read") as refused:
            await reader.read(double.url + path)
        assert refused.value.final
    assert double.asked == ["/robots.txt", "/open"]
    without = make_reader(robots=False)
    assert (await without.read(f"{double.url}/private/x")).text == "secret plans"


async def test_robots_txt_that_fails_keeps_everybody_away_for_a_while(reader, double, clock):
    """RFC 9309: an unreachable file forbids all; five minutes later it is asked again."""
    double.faults = [refusal(503)]
    double.page("/a", "one")
    for _ in range(2):
        with pytest.raises(PageUnreadable, match="status 503") as refused:
            await reader.read(f"{double.url}/a")
        assert not refused.value.final
    assert double.asked == ["/robots.txt"]
    clock.step(301)
    assert (await reader.read(f"{double.url}/a")).text == "one"


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_site_without_robots_txt_allows_everything(reader, double, status):
    """RFC 9309: a refusal is no wish."""
    double.faults = [refusal(status)]
    assert (await reader.read(double.page("/a", "one"))).text == "one"


async def test_robots_txt_that_leads_inside_is_not_followed(reader, double):
    """It is an address from outside as any other."""
    double.redirect("/robots.txt", "http://inside.example/")
    with pytest.raises(PageUnreadable, match="private network"):
        await reader.read(double.page("/a", "one"))


async def test_a_page_is_kept_for_a_while(reader, double, clock):
    """Under the address asked for and the one it was found at."""
    double.redirect("/short", "/long")
    double.page("/long", "found")
    first = await reader.read(f"{double.url}/short#part")
    assert await reader.read(f"{double.url}/short") is first
    assert await reader.read(f"{double.url}/long") is first
    assert double.asked == ["/robots.txt", "/short", "/long"]
    clock.step(301)
    await reader.read(f"{double.url}/long")
    assert double.asked[3:] == ["/long"]


async def test_a_page_that_says_no_store_is_not_kept(reader, double):
    """Its owner's wish."""
    url = double.page("/x", "now", headers={"cache-control": "private, No-Store"})
    await reader.read(url)
    await reader.read(url)
    assert double.asked == ["/robots.txt", "/x", "/x"]


@pytest.mark.parametrize(
    ("status", "reason", "final"),
    [
        (401, "asks for a log-in", True),
        (403, "refuses to show it", True),
        (404, "no such page", True),
        (418, "does not show it", True),
        (304, "does not show it", True),
    ],
)
async def test_an_error_of_the_site_is_told(reader, double, status, reason, final):
    """With its number."""
    url = double.page("/x", "oops", status=status)
    with pytest.raises(PageUnreadable, match=rf"{reason}.*{status}") as refused:
        await reader.read(url)
    assert refused.value.final is final


async def test_a_busy_site_is_asked_once_more(make_reader, double, clock):
    """As Retry-After says; the second answer counts."""
    url = double.page("/x", "at last")
    double.faults = [refusal(429, retry_after="2")]
    reading = asyncio.ensure_future(make_reader(robots=False).read(url))
    await clock.until_asked(2.0)
    clock.step(2)
    assert (await reading).text == "at last"


async def test_a_site_that_stays_busy_is_told_as_a_fault_of_the_moment(make_reader, double, clock):
    """Not final: later it may work."""
    double.faults = [refusal(500), refusal(503)]
    reading = asyncio.ensure_future(make_reader(robots=False).read(f"{double.url}/x"))
    await clock.until_asked(1.0)
    clock.step(1)
    with pytest.raises(PageUnreadable, match="503") as refused:
        await reading
    assert not refused.value.final


async def test_a_slow_page_is_given_up(make_reader, double, clock):
    """The first bytes do not buy time."""
    double.hold.add("/slow")
    reading = asyncio.ensure_future(make_reader(robots=False).read(f"{double.url}/slow"))
    await double.held.wait()
    clock.step(20)
    with pytest.raises(PageUnreadable, match="No answer within 20 s") as refused:
        await reading
    assert not refused.value.final


@pytest.mark.parametrize(
    ("url", "reason", "final"),
    [
        ("http://inside.example/", "private network", True),
        ("http://169.254.169.254/", "Metadata", True),
        ("ftp://pages.example/", "Only http", True),
        ("http://gone.example/", "There is no host gone", False),
    ],
)
async def test_an_address_that_is_not_read_is_told(reader, double, url, reason, final):
    """In a sentence for the model."""
    with pytest.raises(PageUnreadable, match=reason) as refused:
        await reader.read(url)
    assert refused.value.final is final
    assert double.requests == []


async def test_a_page_that_is_too_large_is_told(reader, double):
    """Counted unpacked."""
    double.pages["/big"] = gzipped(b"<p>word</p>" * 200_000)
    with pytest.raises(PageUnreadable, match="larger than 1,000,000 bytes"):
        await reader.read(f"{double.url}/big")


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 60_000 + b"deep words" + b"</div>" * 60_000,
        b"<b><i><p>" * 30_000 + b"deep words",
        b"<html><body>" + b"<table><tr><td>" * 20_000 + b"deep words",
        b"<" * 900_000 + b"> deep words",
        b"<!--" * 200_000 + b"--><p>deep words</p>",
        b"<p>deep words</p>" + b"&#" * 400_000,
        b"<p>deep words</p>" + bytes(range(128, 256)) * 5_000,
        b"<ul>" + b"<li>deep words" * 60_000,
    ],
    ids=["divs", "inline", "tables", "brackets", "comments", "entities", "bytes", "items"],
)
async def test_hostile_markup_is_still_read(make_reader, double, body):
    """Where no tree can be built of it, the text between tags is taken."""
    reader = make_reader(robots=False, max_bytes=2_000_000)
    page = await reader.read(double.page("/hostile", body, content_type="text/html"))
    assert "deep words" in page.text


async def test_a_page_that_takes_too_long_to_read_is_given_up(make_reader, double):
    """Half a million attributes in one tag: the parser needs minutes, and gets half a second."""
    body = "<p " + " ".join(f"a{n}=x" for n in range(200_000)) + ">deep words</p>"
    reader = make_reader(robots=False, max_bytes=3_000_000, read_cpu_s=0.5)
    with pytest.raises(PageUnreadable, match="too tangled"):
        await reader.read(double.page("/hostile", body))
    assert (await reader.read(double.page("/next", "<p>fine</p>"))).text == "fine"


async def test_nothing_is_left_on_the_disk(reader, double, tmp_path, monkeypatch):
    """Neither of a page that was read nor of one that was refused."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    await reader.read(double.page("/a", "fine"))
    with pytest.raises(PageUnreadable):
        await reader.read(double.page("/b", "<html></html>"))
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - not async


async def test_a_server_without_room_says_so(make_reader, double, tmp_path, monkeypatch):
    """Its temporary folder is gone or full."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(PageUnreadable, match="no room") as refused:
        await make_reader(robots=False).read(double.page("/a", "fine"))
    assert not refused.value.final


async def test_a_cancelled_call_leaves_nothing_running(make_reader, double, tmp_path, monkeypatch):
    """The user closed the chat while the page was still coming."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    reader = make_reader(robots=False)
    double.hold.add("/slow")
    reading = asyncio.ensure_future(reader.read(f"{double.url}/slow"))
    await double.held.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert (await reader.read(double.page("/next", "fine"))).text == "fine"
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - not async


async def test_one_owner_with_slow_pages_does_not_keep_another_out(make_reader, double):
    """A place is left to who comes next, however many pages somebody waits for."""
    reader = make_reader(robots=False)
    double.hold.add("/slow")
    hogs = [
        asyncio.create_task(reader.read(f"{double.url}/slow?{number}", owner="anna"))
        for number in range(20)
    ]
    await double.held.wait()
    async with asyncio.timeout(30):
        page = await reader.read(double.page("/fine", "fine"), owner="ben")
    assert page.text == "fine"
    assert not any(one.done() for one in hogs)
    for one in hogs:
        one.cancel()
    await asyncio.wait(hogs)
