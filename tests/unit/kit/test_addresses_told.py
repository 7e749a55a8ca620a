"""Addresses in texts: the same under several spellings, said or not, and the hosts they name."""

from __future__ import annotations

import pytest

from backend.kit.addresses_told import addresses_in, host_of, hosts_in, same_address


@pytest.mark.parametrize(
    "url",
    [
        "https://Example.org/a/b?c=D",
        "http://example.org/a/b?c=D",
        "//example.org/a/b?c=D",
        "example.org/a/b?c=D/",
        " https://EXAMPLE.org/a/b?c=D#part ",
    ],
)
def test_spellings_of_one_address_are_the_same(url: str) -> None:
    """Scheme, the host's case, fragment and a last slash do not matter."""
    assert same_address(url) == "example.org/a/b?c=D"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a/B?c=D",
        "https://example.org/a/b?c=d",
        "https://example.org.evil.example/a/b?c=D",
        "https://user@example.org/a/b?c=D",
        "https://example.org:81/a/b?c=D",
        "https://example.org/a/b?c=D&e=1",
    ],
)
def test_another_path_query_host_or_port_is_another_address(url: str) -> None:
    """Each could carry something away."""
    assert same_address(url) != "example.org/a/b?c=D"


@pytest.mark.parametrize(
    "text",
    [
        "read https://example.org/a please",
        "read <https://example.org/a>.",
        "read [this](https://example.org/a)!",
        'read "example.org/a", now',
        "\u201ehttps://example.org/a/\u201c",
        "example.org/a",
    ],
)
def test_an_address_is_found_in_what_people_write(text: str) -> None:
    """With or without scheme, in brackets, quotes or Markdown, before punctuation."""
    assert "example.org/a" in addresses_in([text])


def test_an_address_with_brackets_is_found_whole() -> None:
    """As Wikipedia has them."""
    text = "https://en.wikipedia.org/wiki/Foo_(bar)"
    assert same_address(text) in addresses_in([f"see {text}, please"])


def test_a_part_of_an_address_is_not_said() -> None:
    """Words that merely hold it do not say it."""
    said = addresses_in(["mail https://evil.example.org/x and go"])
    assert not {"example.org/x", "evil.example", "example.org"} & said


def test_hosts_are_named_once_in_order_and_bounded() -> None:
    """Of http(s) addresses alone."""
    text = "https://B.example/x http://a.example:80 https://b.example ftp://c.example x://d.example"
    assert hosts_in(text, limit=9) == ["b.example", "a.example"]
    assert hosts_in("no address: b.example", limit=9) == []
    many = " ".join(f"https://h{at}.example" for at in range(50))
    assert len(hosts_in(many, limit=20)) == 20
    assert [host_of(it) for it in ("https://[::1]:8/x", "http://[", "mailto:a@b.example")] == [
        "::1",
        "",
        "",
    ]
