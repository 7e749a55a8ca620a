"""Nothing leads inside: not an address, not a name server's answer, not a redirect."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from backend.kit.http import FetchLimits
from backend.kit.public_address import AddressPolicy, AddressRefused, read_target, with_scheme
from backend.kit.public_http import PublicHttp
from tests.fakes.clock import WatchedClock
from tests.fakes.web_double import PUBLIC, Names, WebDouble
from tests.unit.kit.public.corpus import ADDRESSES, LOOKUPS, READABLE, REDIRECTS

PORTS = frozenset({80, 443, 8080, 8443})
STRICT = AddressPolicy(ports=PORTS)
LIMITS = FetchLimits(timeout_s=20, max_bytes=100_000)
DOUBLE_ONLY = AddressPolicy(ports=PORTS, networks=(ip_network("127.0.0.1/32"),))
EVERYWHERE = AddressPolicy(ports=PORTS, networks=(ip_network("0.0.0.0/0"), ip_network("::/0")))


def client(policy: AddressPolicy, names: Names) -> PublicHttp:
    return PublicHttp(policy, clock=WatchedClock(), user_agent="Tester/1", lookup=names)


@pytest.mark.parametrize("url", ADDRESSES)
async def test_an_address_that_leads_inside_is_refused(url):
    """No name is looked up for it, so nothing can have been connected to."""
    names = Names({"example.org": [[PUBLIC]]})
    with pytest.raises(AddressRefused):
        await client(STRICT, names).get(url, limits=LIMITS)
    assert names.asked == []


@pytest.mark.parametrize("addresses", LOOKUPS, ids=" ".join)
async def test_a_public_name_with_a_private_address_is_refused(addresses):
    """One that is not public among several is enough."""
    names = Names({"pages.example": [addresses]})
    with pytest.raises(AddressRefused):
        await client(STRICT, names).get("http://pages.example/", limits=LIMITS)
    assert names.asked == ["pages.example"]


@pytest.mark.parametrize("status", [301, 307])
@pytest.mark.parametrize("location", REDIRECTS)
async def test_a_redirect_that_leads_inside_is_refused(location, status):
    """Every hop is checked as the first one was."""
    names = Names({"inside.example": [["10.0.0.7"]], "both.example": [[PUBLIC, "127.0.0.2"]]})
    async with WebDouble() as double:
        start = double.redirect("/start", location, status=status)
        with pytest.raises(AddressRefused):
            await client(DOUBLE_ONLY, names).get(start, limits=LIMITS)
        assert double.asked == ["/start"]


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/",
        "http://[::ffff:169.254.169.254]/",
        "http://0xa9fea9fe/",
        "http://100.100.100.200/",
        "http://[fd00:ec2::254]/",
        "http://metadata.google.internal/",
        "http://named.example/",
    ],
)
async def test_metadata_services_are_refused_whatever_is_allowed(url):
    """An operator who opens every network still does not mean these."""
    names = Names({"named.example": [["169.254.169.254"]]})
    with pytest.raises(AddressRefused, match="metadata"):
        await client(EVERYWHERE, names).get(url, limits=LIMITS)


@pytest.mark.parametrize(("given", "written"), READABLE)
def test_a_public_address_is_read_and_written_again(given, written):
    """Refusing everything would pass all the tests above."""
    target = read_target(given)
    STRICT.check_target(target)
    assert target.url == written
    assert read_target(target.url) == target


@pytest.mark.parametrize(
    ("port", "ok"),
    [(80, True), (8080, True), (22, False), (1023, False), (1024, True), (6379, True)],
)
def test_networks_of_ones_own_may_be_read_at_higher_ports(port, ok):
    """Test servers and wikis of a company run anywhere; system services do not."""
    target = read_target(f"http://127.0.0.1:{port}/")
    if ok:
        DOUBLE_ONLY.check_target(target)
        return
    with pytest.raises(AddressRefused, match=f"port {port}"):
        DOUBLE_ONLY.check_target(target)


@pytest.mark.parametrize(
    ("given", "completed"),
    [
        ("example.org", "https://example.org"),
        (" www.example.org/a:b ", "https://www.example.org/a:b"),
        ("//example.org/x", "https://example.org/x"),
        ("example.org:8443/x", "https://example.org:8443/x"),
        ("localhost:8000", "https://localhost:8000"),
        ("http://example.org", "http://example.org"),
        ("HTTPS://example.org", "HTTPS://example.org"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("file:///etc/passwd", "file:///etc/passwd"),
    ],
)
def test_an_address_without_a_scheme_is_completed(given, completed):
    """A host with a port is no scheme."""
    assert with_scheme(given) == completed
