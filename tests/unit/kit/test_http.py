"""The client for services an administrator configured."""

from __future__ import annotations

import pytest

from backend.kit.http import FetchError, HttpClient
from tests.fakes.web_double import WebDouble


@pytest.fixture
async def double():
    async with WebDouble() as server:
        yield server


@pytest.fixture
async def http():
    client = HttpClient()
    yield client
    await client.aclose()


async def test_redirects_on_the_same_host_are_followed(http, double):
    """A trailing slash, another path; the parameters belong to the first address alone."""
    double.redirect("/a?q=x", "/b/")
    double.page("/b/", "there")
    reply = await http.request("GET", f"{double.url}/a", params={"q": "x"})
    assert (reply.status, reply.body, double.asked) == (200, b"there", ["/a?q=x", "/b/"])


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2/",
        "http://other.example/",
        "//other.example/x",
        "ftp://127.0.0.1/",
        "http://127.0.0.1:1/",
    ],
)
async def test_redirects_to_another_host_are_refused(http, double, location):
    """Its address was not configured; it may lie inside, and it would learn what was sent."""
    url = double.redirect("/a", location)
    with pytest.raises(FetchError, match="redirects to another host"):
        await http.request("GET", url, headers={"authorization": "secret"})
    assert double.asked == ["/a"]


async def test_another_name_at_the_same_port_is_another_host(http, double):
    """It may be the same machine today; what was configured is the name."""
    url = double.redirect("/a", f"http://localhost:{double.port}/b")
    with pytest.raises(FetchError, match="another host, localhost"):
        await http.request("GET", url)
    assert double.asked == ["/a"]


async def test_a_redirect_loop_ends(http, double):
    """After five steps."""
    with pytest.raises(FetchError, match="more than 5 times"):
        await http.request("GET", double.redirect("/a", "/a"))


async def test_a_request_with_a_body_is_not_sent_again_elsewhere(http, double):
    """Browsers would turn it into a GET, which is another request."""
    double.redirect("/x", "/y", status=302)
    with pytest.raises(FetchError, match="cannot be sent elsewhere"):
        await http.request("POST", f"{double.url}/x", json={"a": 1})


async def test_an_answer_with_a_redirect_status_and_no_address_is_handed_back(http, double):
    """The caller decides what it means."""
    url = double.page("/a", "odd", status=302)
    assert (await http.request("GET", url)).body == b"odd"
