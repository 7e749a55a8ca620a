"""Reading addresses from outside: pinned, bounded, and without anything of the server's own."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network

import aiohttp
import pytest

from backend.kit import public_http
from backend.kit.http import FetchError, FetchLimits
from backend.kit.public_address import AddressPolicy, AddressRefused, Target
from backend.kit.public_http import PublicHttp, PublicReply, SystemLookup
from tests.fakes.clock import WatchedClock
from tests.fakes.faulty_server import CUT
from tests.fakes.web_double import Answer, Names, WebDouble, bomb, gzipped

LIMITS = FetchLimits(timeout_s=20, max_bytes=100_000)
LOCAL = AddressPolicy(networks=(ip_network("127.0.0.1/32"),))


@pytest.fixture
async def double():
    async with WebDouble() as server:
        yield server


@pytest.fixture
def names() -> Names:
    return Names({"pages.example": [["127.0.0.1"]]})


@pytest.fixture
def clock() -> WatchedClock:
    return WatchedClock()


@pytest.fixture
def http(names: Names, clock: WatchedClock) -> PublicHttp:
    return PublicHttp(LOCAL, clock=clock, user_agent="Tester/1", max_redirects=3, lookup=names)


async def test_a_page_is_read_by_name(http, double, names):
    """The name is looked up once and stays in the request."""
    double.page("/a?b=c", "hello", headers={"X-One": "1"})
    reply = await http.get(f"http://pages.example:{double.port}/a?b=c#part", limits=LIMITS)
    assert (reply.status, reply.body, reply.headers["x-one"]) == (200, b"hello", "1")
    assert reply.url == f"http://pages.example:{double.port}/a?b=c"
    assert names.asked == ["pages.example"]
    assert double.requests[0].headers["host"] == f"pages.example:{double.port}"
    assert dict(double.requests[0].headers).keys() == {
        "Host", "Accept", "Accept-Encoding", "User-Agent", "Connection",
    }  # fmt: skip


async def test_an_answer_of_the_name_server_that_changes_changes_nothing(http, double, names):
    """Between the check and the connection there is no second look-up to lie to."""
    names.answers["pages.example"] = [["127.0.0.1"], ["10.0.0.5"]]
    double.page("/", "fine")
    reply = await http.get(f"http://pages.example:{double.port}/", limits=LIMITS)
    assert (reply.body, names.asked) == (b"fine", ["pages.example"])
    with pytest.raises(AddressRefused):
        await http.get(f"http://pages.example:{double.port}/", limits=LIMITS)
    assert double.asked == ["/"]


async def test_a_redirect_to_the_same_name_is_looked_up_and_checked_again(http, double, names):
    """Rebinding in the middle of a way."""
    names.answers["pages.example"] = [["127.0.0.1"], ["192.168.0.1"]]
    double.redirect("/a", "/b")
    with pytest.raises(AddressRefused):
        await http.get(f"http://pages.example:{double.port}/a", limits=LIMITS)
    assert double.asked == ["/a"]


async def test_a_socket_can_be_opened_to_checked_addresses_only(double):
    """Numbers in an address never pass a resolver; the socket is the last gate."""
    double.page("/", "inside")
    async with public_http._session(["127.0.0.2"]) as session:
        with pytest.raises(aiohttp.ClientConnectorError, match="Cannot connect"):
            await session.get(double.url)
    assert double.requests == []


async def test_redirects_are_followed_and_the_last_address_is_told(http, double):
    """Relative, absolute, and to another name."""
    double.redirect("/a", "b?x=1")
    double.redirect("/b?x=1", f"http://pages.example:{double.port}/c", status=308)
    double.page("/c", "there")
    reply = await http.get(f"{double.url}/a", limits=LIMITS)
    assert (reply.body, reply.url) == (b"there", f"http://pages.example:{double.port}/c")
    assert double.asked == ["/a", "/b?x=1", "/c"]


async def test_endless_redirects_end(http, double):
    """A loop, and a chain that always leads on."""
    double.redirect("/loop", "/loop")
    with pytest.raises(FetchError, match="more than 3 times"):
        await http.get(f"{double.url}/loop", limits=LIMITS)
    assert double.asked == ["/loop"] * 4


async def test_nothing_is_followed_from_https_to_http():
    """The error names where it leads, so that it can be asked for on purpose."""
    target = Target(scheme="https", host="pages.example", port=443, tail="/")
    with pytest.raises(AddressRefused, match=r"http://pages\.example, which is not encrypted"):
        public_http._next(target, "http://pages.example/x")
    assert public_http._next(target, "https://pages.example/x").tail == "/x"


async def test_every_hop_is_shown_to_who_admits(http, double):
    """robots.txt has its say on each."""
    seen: list[str] = []

    async def admit(target: Target) -> None:
        seen.append(target.tail)
        if target.tail == "/no":
            raise FetchError("not there")

    double.redirect("/a", "/no")
    with pytest.raises(FetchError, match="not there"):
        await http.get(f"{double.url}/a", limits=LIMITS, admit=admit)
    assert (seen, double.asked) == (["/a", "/no"], ["/a"])


async def test_cookies_are_not_kept(http, double):
    """Not for the next hop, not for the next request."""
    double.pages["/a"] = Answer(status=302, headers={"location": "/b", "set-cookie": "who=me"})
    double.page("/b", "x")
    for _ in range(2):
        await http.get(f"{double.url}/a", limits=LIMITS)
    assert all("cookie" not in request.headers for request in double.requests)


async def test_proxies_and_passwords_of_the_environment_are_not_used(
    http, double, monkeypatch, tmp_path
):
    """A proxy would resolve and connect by itself."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    double.page("/", "direct")
    assert (await http.get(double.url, limits=LIMITS)).body == b"direct"
    assert "authorization" not in double.requests[0].headers


async def test_an_answer_that_never_ends_is_given_up(http, double, clock):
    """The time counts for the whole exchange, not from byte to byte."""
    double.hold.add("/slow")
    reading = asyncio.ensure_future(http.get(f"{double.url}/slow", limits=LIMITS))
    await double.held.wait()
    clock.step(20)
    with pytest.raises(FetchError, match="no answer within 20 s"):
        await reading


async def test_a_name_server_that_never_answers_is_given_up(clock):
    """Looking a name up is part of the time."""
    asked = asyncio.Event()

    async def silent(host: str, port: int):
        asked.set()
        await asyncio.Event().wait()
        return [host, str(port)]

    http = PublicHttp(LOCAL, clock=clock, user_agent="Tester/1", lookup=silent)
    reading = asyncio.ensure_future(http.get("http://pages.example/", limits=LIMITS))
    await asked.wait()
    clock.step(20)
    with pytest.raises(FetchError, match="no answer"):
        await reading


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw"])
async def test_a_body_that_unpacks_to_too_much_is_refused(http, double, encoding):
    """50 MB in 50 kB; bytes count after decoding."""
    double.pages["/bomb"] = bomb(50_000_000, encoding=encoding)
    assert len(double.pages["/bomb"].body) < LIMITS.max_bytes
    with pytest.raises(FetchError, match="larger than 100,000 bytes"):
        await http.get(f"{double.url}/bomb", limits=LIMITS)


def test_unpacking_stops_at_the_room_there_is():
    """A bomb must not be held in memory before it is found to be one."""
    packed = bomb(50_000_000)
    inflate = public_http._inflater(packed.headers)
    assert len(inflate(packed.body, 1_000)) == 1_000


async def test_a_body_of_exactly_the_limit_is_read(http, double):
    """The limit itself is allowed, one byte more is not."""
    double.page("/most", b"x" * 100_000)
    double.pages["/packed"] = gzipped(b"x" * 100_000)
    double.page("/more", b"x" * 100_001)
    double.pages["/more-packed"] = gzipped(b"x" * 100_001)
    for path in ("/most", "/packed"):
        assert (await http.get(double.url + path, limits=LIMITS)).body == b"x" * 100_000
    for path in ("/more", "/more-packed"):
        with pytest.raises(FetchError, match="larger"):
            await http.get(double.url + path, limits=LIMITS)


@pytest.mark.parametrize("body", [b"", b"not packed at all", b"\x1f\x8b\x07\x00 unknown"])
async def test_a_damaged_packed_body_is_no_crash(http, double, body):
    """Empty is empty; anything else is an error in words."""
    double.page("/x", body, headers={"content-encoding": "gzip"})
    if not body:
        assert (await http.get(f"{double.url}/x", limits=LIMITS)).body == b""
        return
    with pytest.raises(FetchError, match="damaged"):
        await http.get(f"{double.url}/x", limits=LIMITS)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "nonsense"])
async def test_packing_that_was_not_asked_for_is_refused(http, double, encoding):
    """Layers of packing multiply."""
    double.page("/x", b"...", headers={"content-encoding": encoding})
    with pytest.raises(FetchError, match="not asked for"):
        await http.get(f"{double.url}/x", limits=LIMITS)


async def test_endless_headers_are_refused(http, double):
    """They are no body, and bounded all the same."""
    double.page("/long", "x", headers={"x-long": "a" * 100_000})
    double.page("/many", "x", headers={f"x-{n}": "a" for n in range(2_000)})
    for path in ("/long", "/many"):
        with pytest.raises(FetchError, match="connection failed"):
            await http.get(double.url + path, limits=LIMITS)


async def test_a_cut_body_is_an_error(http, double):
    """Half an answer is none."""
    double.faults = [CUT]
    with pytest.raises(FetchError, match="connection failed"):
        await http.get(double.url, limits=LIMITS)


@pytest.mark.parametrize(
    "answers", [{}, {"gone.example": [[]]}, {"gone.example": [["not a number"]]}]
)
async def test_a_name_without_an_address_is_told(clock, answers):
    """The commonest mistake of a model: an invented host."""
    http = PublicHttp(AddressPolicy(), clock=clock, user_agent="Tester/1", lookup=Names(answers))
    with pytest.raises(FetchError, match=r"there is no host gone\.example"):
        await http.get("http://gone.example/", limits=LIMITS)


async def test_the_systems_resolver_finds_this_machine():
    """The only test that asks it: a name that needs no network."""
    lookup = SystemLookup()
    assert set(await lookup("localhost", 80)) <= {"127.0.0.1", "::1"}
    lookup.close()


async def test_closing_before_anything_was_read_is_harmless(http):
    """A server that fetched nothing has no threads."""
    http.close()


def test_a_reply_carries_its_address():
    """Also where a body is JSON."""
    assert PublicReply(status=200, headers={}, body=b"[1]", url="http://a.example/").json() == [1]
