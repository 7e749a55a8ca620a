"""Bytes that stand in a text."""

from __future__ import annotations

import base64
import os

import pytest

from backend.kit.inline_data import NotInline, data_uri, decoded, decoded_size, encoded_part

BYTES = os.urandom(1_000_003)


@pytest.mark.parametrize("size", [1, 2, 3, 786_431, 786_432, 786_433, 1_000_003])
def test_what_was_written_is_read(size):
    """Whatever the padding, and where the pieces end."""
    uri = data_uri(BYTES[:size], "image/png")
    media_type, start = encoded_part(uri)
    assert (media_type, decoded(uri, start=start)) == ("image/png", BYTES[:size])
    assert size <= decoded_size(uri, start=start) <= size + 2


def test_line_breaks_and_missing_padding_are_forgiven():
    """Many programs write base64 so."""
    written = base64.encodebytes(BYTES[:1000]).decode().replace("=", "")
    assert decoded(written) == BYTES[:1000]


WRONG = ["", "=", "AAA$", "AA==AAAA", "A" * 1_048_574 + "==" + "AAAA", "häh?", "A"]


@pytest.mark.parametrize("text", WRONG)
def test_anything_else_is_refused(text):
    """Nothing is skipped in silence."""
    with pytest.raises(NotInline):
        decoded(text)


@pytest.mark.parametrize(
    "uri", ["data:image/png,AAAA", "data:image/png;base64", "data:" + "x" * 900]
)
def test_a_data_uri_must_be_in_base64(uri):
    """Percent-encoded ones are not read."""
    with pytest.raises(NotInline):
        encoded_part(uri)


def test_a_bare_text_is_base64_from_its_start():
    """As OpenAI's file_data may be."""
    assert encoded_part("AAAA") == ("", 0)
    assert encoded_part("data:;base64,AAAA") == ("", 13)
    assert encoded_part("DATA:Image/PNG;charset=x;BASE64,AAAA") == ("image/png", 32)
