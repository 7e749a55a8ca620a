"""What made files are sent as: judged from their bytes, harmless in a browser."""

from __future__ import annotations

import pytest

from backend.kit.media_types import media_type_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.mark.parametrize(
    ("data", "name", "media_type"),
    [
        (PNG, "chart.png", "image/png"),
        (PNG, "chart.html", "image/png"),
        (b"\xff\xd8\xff\xe0", "photo", "image/jpeg"),
        (b"GIF89a....", "a.gif", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a.webp", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", "a.webp", "application/octet-stream"),
        (b"%PDF-1.7 ", "a.pdf", "application/pdf"),
        (b"PK\x03\x04", "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"PK\x03\x04", "a.html", "application/zip"),
        (b"a,b\n1,2\n", "a.csv", "text/csv"),
        (b'{"a": 1}', "A.JSON", "application/json"),
        (b"plain", "noending", "text/plain"),
        (b"", "empty.csv", "text/csv"),
        (b"a" + ("ü" * 3_000).encode(), "cut.txt", "text/plain"),
        (b"\x00\x01\x02", "a.txt", "application/octet-stream"),
        (b"\xff\xfe\xfd", "a.csv", "application/octet-stream"),
    ],
)  # fmt: skip
def test_the_bytes_decide_and_the_name_only_among_what_they_could_be(data, name, media_type):
    """A name alone makes nothing a picture."""
    assert media_type_of(data, name) == media_type


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.xhtml", "a.js", "a.xml"])
def test_what_a_browser_would_run_is_plain_text(name):
    """Scripts come in many dresses."""
    assert media_type_of(b"<svg onload='alert(1)'></svg>", name) == "text/plain"
