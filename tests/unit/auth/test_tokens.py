"""Access tokens against everything a stranger can send."""

from __future__ import annotations

import base64
import hmac
import subprocess
import sys

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jose import jwt

from backend.auth.tokens import Claims, TokenSigner, WeakSecret
from backend.errors import NotAuthenticated
from backend.kit.clocks import SteppedClock
from backend.ports.stores import User

SECRET = "a secret of thirty-two bytes or more"
NOW_S = 1_800_000_000
USER = User(id="user_1", username="ann", password_hash="h", token_version=4)
GOOD = {"sub": "user_1", "typ": "access", "ver": 4, "iat": NOW_S, "exp": NOW_S + 900}


def _signer(clock=None, secret=SECRET) -> TokenSigner:
    return TokenSigner(secret, 900, clock or SteppedClock())


def _signed(claims, secret=SECRET, algorithm="HS256") -> str:
    return jwt.encode(claims, secret, algorithm=algorithm)


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _with_header(header: bytes) -> str:
    _, claims, signature = _signed(GOOD).split(".")
    return f"{_segment(header)}.{claims}.{signature}"


def test_an_issued_token_says_whose_it_is_and_until_when():
    """The claims come back whole."""
    signer = _signer()
    assert signer.read(signer.issue(USER)) == Claims(
        user_id="user_1",
        kind="access",
        version=4,
        issued_at_s=NOW_S,
        expires_at_s=NOW_S + 900,
    )


def test_a_token_dies_at_its_second_without_leeway():
    """One millisecond before it still works."""
    clock = SteppedClock()
    signer = _signer(clock)
    token, short = signer.issue(USER), signer.issue(USER, ttl_s=10)
    clock.step(9.999)
    signer.read(short)
    clock.step(0.001)
    signer.read(token)
    with pytest.raises(NotAuthenticated) as refused:
        signer.read(short)
    assert refused.value.error_code == "token_expired"


def test_a_token_of_one_kind_is_none_of_another():
    """The cookie that shows images opens nothing else."""
    signer = _signer()
    token = signer.issue(USER, kind="media")
    assert signer.read(token, kind="media").kind == "media"
    with pytest.raises(NotAuthenticated):
        signer.read(token)


def test_a_hand_made_token_with_the_right_secret_and_claims_is_read():
    """The attacks below fail for their own reason, not because nothing passes."""
    assert _signer().read(_signed(GOOD)).user_id == "user_1"
    assert _signer().read(_signed(GOOD | {"extra": [1]})).user_id == "user_1"


@pytest.mark.parametrize("missing", ["sub", "typ", "ver", "iat", "exp"])
def test_a_token_without_one_of_its_claims_is_refused(missing):
    """All five are required."""
    claims = {name: value for name, value in GOOD.items() if name != missing}
    with pytest.raises(NotAuthenticated):
        _signer().read(_signed(claims))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("exp", float(NOW_S + 900)),
        ("exp", str(NOW_S + 900)),
        ("exp", True),
        ("exp", None),
        ("exp", [NOW_S + 900]),
        ("exp", 1e400),
        ("iat", "now"),
        ("iat", 1.5),
        ("ver", "4"),
        ("ver", False),
        ("sub", 1),
        ("sub", ""),
        ("sub", {"id": "user_1"}),
        ("typ", ["access"]),
        ("exp", NOW_S),
        ("exp", -1),
    ],
)
def test_a_claim_of_another_type_or_a_past_time_is_refused(name, value):
    """Numbers are whole numbers, text is text."""
    with pytest.raises(NotAuthenticated):
        _signer().read(_signed(GOOD | {name: value}))


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "abc",
        "a.b.c",
        "ü.ü.ü",
        "\ud800.a.b",
        "\x00",
        _signed(GOOD, secret="another secret of thirty-two bytes"),
        _signed(GOOD, algorithm="HS512"),
        _signed(GOOD, algorithm="HS384"),
        _signed(GOOD) + "!",
        _signed(GOOD) + "=",
        _signed(GOOD) + "\n",
        _signed(GOOD) + ".",
        _signed(GOOD) + "." + _signed(GOOD),
        _signed(GOOD) + "A",
        " " + _signed(GOOD),
        _signed(GOOD)[:-1],
        _signed(GOOD).rsplit(".", 1)[0] + ".",
        _signed(GOOD).rsplit(".", 1)[0],
        _with_header(b'{"alg":"none","typ":"JWT"}'),
        _with_header(b'{"alg":"None"}'),
        _with_header(b'{"alg":["HS256"]}'),
        _with_header(b'{"alg":null}'),
        _with_header(b'{"alg":"HS256","typ":"JWT","extra":1}'),
        _with_header(b"{}"),
        _with_header(b"[]"),
        _with_header(b"\xff\xfe"),
        _with_header(b"[" * 2_000),
        _with_header(b"[" * 20_000),
        _with_header(b'{"alg":' + b"9" * 2_500 + b"}"),
        _segment(b'{"alg":"none"}') + "." + _segment(orjson.dumps(GOOD)) + ".",
        _signed(GOOD | {"pad": "x" * 4_000}),
        "x" * 10_000_000,
    ],
    ids=range(36),
)
def test_anything_else_is_not_authenticated(token):
    """No signature of ours, no entry, and never another exception."""
    with pytest.raises(NotAuthenticated):
        _signer().read(token)


@pytest.mark.parametrize("algorithm", ["HS512", "hs256", "none", "", None, "RS256", ["HS256"]])
def test_a_header_that_names_another_algorithm_is_refused_although_the_signature_fits(algorithm):
    """The list of algorithms is fixed, not read from the token."""
    header = _segment(orjson.dumps({"alg": algorithm, "typ": "JWT"}))
    signed = f"{header}.{_segment(orjson.dumps(GOOD))}"
    signature = hmac.digest(SECRET.encode(), signed.encode(), "sha256")
    with pytest.raises(NotAuthenticated):
        _signer().read(f"{signed}.{_segment(signature)}")


def test_nested_brackets_within_the_size_limit_are_refused_although_they_recurse():
    """A header that fits in 4 KiB and exhausts the parser's stack answers like any other."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(400)
    try:
        with pytest.raises(NotAuthenticated):
            _signer().read(_with_header(b"[" * 2_000))
    finally:
        sys.setrecursionlimit(limit)


@settings(derandomize=True, database=None, deadline=None)
@given(st.tuples(st.binary(max_size=200), st.binary(max_size=200), st.binary(max_size=40)))
def test_no_three_segments_raise_anything_else(parts):
    """Whatever stands in a token, the answer is the same."""
    with pytest.raises(NotAuthenticated):
        _signer().read(".".join(_segment(part) for part in parts))


@settings(derandomize=True, database=None, deadline=None)
@given(st.binary(max_size=300))
def test_no_header_under_a_right_length_signature_raises_anything_else(header):
    """The shape alone gets nobody in."""
    with pytest.raises(NotAuthenticated):
        _signer().read(_with_header(header + b" "))


@pytest.mark.parametrize("secret", ["", "short", "x" * 31, "-----BEGIN PUBLIC KEY-----" + "x" * 40])
def test_a_weak_secret_is_refused(secret):
    """Thirty-two bytes at least, and no certificate."""
    with pytest.raises(WeakSecret):
        _signer(secret=secret)


@pytest.mark.parametrize("secret", ['"' + "x" * 40 + '"', "1" * 40, "[1, 2]" + " " * 40])
def test_a_secret_that_reads_as_json_works_like_any_other(secret):
    """The library would otherwise sign with one key and verify with another."""
    signer = _signer(secret=secret)
    assert signer.read(signer.issue(USER)).user_id == "user_1"


def test_importing_the_library_warns_about_nothing():
    """A server started with warnings as errors starts."""
    command = [sys.executable, "-W", "error", "-c", "import backend.auth.tokens"]
    subprocess.run(command, check=True)
