"""What looks like a secret goes, what does not stays."""

import pytest

from backend.kit.redaction import redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abcdefghijk", "Authorization: Bearer ***"),
        ("authorization: basic dXNlcjpwYXNz", "authorization: basic ***"),
        ("key sk-abc123def, then", "key ***, then"),
        ("tvly-abc123def", "***"),
        ("http://user:pass@host:1/x", "http://***@host:1/x"),
        ("user:pass@host", "***@host"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_d", "***"),
        (
            "see https://h/api/artifacts/art_1?key=1799_abc-_d, or that",
            "see https://h/api/artifacts/art_1?key=***, or that",
        ),
        ("connect(password='hunter2')", "connect(password='***')"),
        ('{"API_KEY": "hush", "a": 1}', '{"API_KEY": "***", "a": 1}'),
        ("AKIAIOSFODNN7EXAMPLE", "***"),
        ("ghs_0123456789abcdef", "***"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END", "***-----END"),
    ],
)
def test_secrets_of_known_shapes_are_replaced(text, shown):
    """The words around them stay readable."""
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "task-force sk- x",
        "the bearer of news",
        "10:30 mail a@b.example",
        "http://host:80/path",
        "eyJ alone",
        "run_019ac3f2b1c4d0e5f60718293a4b",
        "for token in tokens: print(token)",
        "the password = x",
    ],
)
def test_ordinary_words_stay(text):
    """A log full of asterisks helps nobody."""
    assert redact(text) == text
