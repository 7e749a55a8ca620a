"""Addresses are read as people write them."""

import pytest

from backend.config.addresses import (
    host_name,
    host_with_port,
    http_url,
    ollama_url,
    same_server,
)


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("10.0.0.5", "http://10.0.0.5:11434"),
        ("gpu", "http://gpu:11434"),
        ("gpu:9", "http://gpu:9"),
        (":9", "http://127.0.0.1:9"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:9", "http://127.0.0.1:9"),
        ("[::]:9", "http://[::1]:9"),
        ("::1", "http://[::1]:11434"),
        ("[::1]:9", "http://[::1]:9"),
        ("http://gpu", "http://gpu:80"),
        ("http://gpu:11434/", "http://gpu:11434"),
        ("https://models.example", "https://models.example:443"),
        ("https://models.example/ollama/", "https://models.example:443/ollama"),
        ("  gpu:9 ", "http://gpu:9"),
    ],
)
def test_ollamas_address_is_read_as_ollama_reads_it(written, url):
    """One variable serves both programs."""
    assert ollama_url(written) == url


@pytest.mark.parametrize("written", ["ftp://gpu", "gpu:99999", "g pu", "u:p@gpu:9"])
def test_what_ollama_could_not_use_is_refused(written):
    """Better at the start than at the first question."""
    with pytest.raises(ValueError, match="it"):
        ollama_url(written)


@pytest.mark.parametrize(
    "written",
    ["", "x", "ftp://x", "http://", "http://a b", "http://x:0x", "https://k@x", "http://x/?a=1"],
)
def test_only_plain_web_addresses_pass(written):
    """Keys, queries and other schemes have no place in a base address."""
    with pytest.raises(ValueError, match="it "):
        http_url(written)


@pytest.mark.parametrize(
    ("written", "host"),
    [("127.0.0.1", "127.0.0.1"), ("[::1]", "::1"), ("::", "::"), ("a-b.c", "a-b.c")],
)
def test_a_host_is_a_name_or_an_address(written, host):
    """Brackets around IPv6 are optional."""
    assert host_name(written) == host


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000/v1", True),
        ("http://[::1]:8000", True),
        ("http://127.0.0.1:8001", False),
        ("http://models.example:8000", False),
        ("https://127.0.0.1", False),
    ],
)
def test_the_server_knows_its_own_address(url, same):
    """All names of this machine's loopback are one."""
    assert same_server(url, host="127.0.0.1", port=8000) is same


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("tools.lan:8080", "tools.lan:8080"),
        (" Tools.LAN.:80 ", "tools.lan:80"),
        ("10.0.0.7:443", "10.0.0.7:443"),
        ("[FD00:0::7]:9", "[fd00::7]:9"),
    ],
)
def test_a_host_with_its_port_is_written_as_addresses_have_it(written, host):
    """So that both can be compared as texts."""
    assert host_with_port(written) == host


@pytest.mark.parametrize(
    "written",
    [
        "",
        "tools.lan",
        ":80",
        "tools.lan:0",
        "tools.lan:99999",
        "http://a:1",
        "a:1/b",
        "u@a:1",
        "a b:1",
    ],
)
def test_a_host_without_its_port_or_with_more_is_refused(written):
    """What is allowed is exactly one door."""
    with pytest.raises(ValueError, match="it"):
        host_with_port(written)
