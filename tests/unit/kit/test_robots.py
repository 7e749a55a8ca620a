"""robots.txt as RFC 9309 has it."""

from __future__ import annotations

import time

import pytest

from backend.kit.robots import Robots, product_token, read_robots

RFC = b"""\
User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
"""


@pytest.mark.parametrize(
    ("agent", "path", "allowed"),
    [
        ("steward", "/a.gif", False),
        ("steward", "/a.gif?x", True),
        ("steward", "/example/x", False),
        ("steward", "/publications/x", True),
        ("steward", "/", True),
        ("foobot", "/", False),
        ("foobot", "/example/page.html", True),
        ("foobot", "/example/allowed.gif", True),
        ("barbot", "/example/page.html", False),
        ("bazbot", "/example/page.html", False),
        ("bazbot", "/example/other", True),
        ("quxbot", "/example/x", True),
    ],
)
def test_the_standards_own_example_is_read_as_it_says(agent, path, allowed):
    """RFC 9309, section 5.1."""
    assert read_robots(RFC, token=agent).allows(path) is allowed


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("Disallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("Allow: /a/b\nDisallow: /a", "/a/c", False),
        ("Disallow: /page\nAllow: /page", "/page", True),
        ("Disallow: /", "/robots.txt", True),
        ("Disallow:", "/x", True),
        ("Disallow: /*.php", "/x/y.php?z", False),
        ("Disallow: /*.php$", "/x/y.php5", True),
        ("Disallow: /a*b*c", "/axxbxxc", False),
        ("Disallow: /a*b*c", "/axxcxxb", True),
        ("Disallow: /$", "/", False),
        ("Disallow: /$", "/x", True),
        ("Disallow: /a*a$", "/a", True),
        ("Disallow: /x?s=*", "/x?s=1", False),
        ("Disallow: /caf%c3%a9", "/caf%C3%A9", False),
        ("Disallow: /café", "/caf%C3%A9", False),
        ("Disallow: /%7ejoe", "/~joe/x", False),
        ("disallow : /x # why", "/x", False),
        ("DISALLOW:/x", "/x", False),
        ("Crawl-delay: 5\nDisallow: /x\nSitemap: http://s.example/", "/x", False),
        ("<html>Disallow: /</html>", "/x", True),
    ],
)
def test_rules_fit_as_the_standard_says(rules, path, allowed):
    """The longest rule wins, then Allow; `*` and `$` mean what they do everywhere."""
    body = f"User-agent: *\n{rules}\n".encode()
    assert read_robots(body, token="steward").allows(path) is allowed


def test_groups_of_one_name_count_together():
    """They may stand apart; rules before any group belong to nobody."""
    body = b"Disallow: /z\nUser-agent: steward/2\nDisallow: /a\nUser-agent: *\nDisallow: /c\nUser-agent: STEWARD\nDisallow: /b\n"
    rules = read_robots(body, token="steward")
    assert [rules.allows(path) for path in ("/a", "/b", "/c", "/z")] == [False, False, True, True]


def test_a_byte_order_mark_and_strange_bytes_are_no_matter():
    """Files are written by all kinds of programs."""
    body = b"\xef\xbb\xbfUser-agent: *\r\nDisallow: /x\xff\r\rDisallow: /y\r\n"
    assert read_robots(body, token="steward").allows("/y") is False
    assert read_robots(b"", token="steward") == Robots()


def test_a_hostile_file_takes_no_time():
    """Endless wildcards, and more rules than anybody has."""
    body = b"User-agent: *\nDisallow: /" + b"a*" * 100_000 + b"b\n" + b"Disallow: /x*y\n" * 100_000
    began = time.process_time()
    assert read_robots(body, token="steward").allows("/" + "a" * 3_900) is True
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    ("agent", "token"),
    [("Steward/0.1 (x)", "steward"), ("My-Bot_2/1", "my-bot_"), ("", ""), ("9lives", "")],
)
def test_a_program_is_known_by_the_first_word_of_its_name(agent, token):
    """Letters, hyphens and underscores, as the standard has it."""
    assert product_token(agent) == token
