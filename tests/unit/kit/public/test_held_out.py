"""Addresses that were written down apart from the reader of addresses, to judge it: all are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backend.kit.http import FetchLimits
from backend.kit.public_address import AddressPolicy, AddressRefused, with_scheme
from backend.kit.public_http import PublicHttp
from tests.fakes.clock import WatchedClock
from tests.fakes.web_double import PUBLIC, Names

HELD_OUT = Path(__file__).with_name("held_out.json")
REFUSED: list[str] = json.loads(HELD_OUT.read_text(encoding="utf-8"))["refused"]
LIMITS = FetchLimits(timeout_s=5, max_bytes=1_000)


def test_there_are_many():
    """A short list would prove little."""
    assert len(set(REFUSED)) >= 97


@pytest.mark.parametrize("given", ["as it is", "completed"])
@pytest.mark.parametrize("url", REFUSED)
async def test_a_held_out_address_is_refused(url, given):
    """Before any name is looked up, as the tool gives it too: with a scheme where one is missing."""
    names = Names({"example.com": [[PUBLIC]]})
    http = PublicHttp(AddressPolicy(), clock=WatchedClock(), user_agent="Tester/1", lookup=names)
    with pytest.raises(AddressRefused):
        await http.get(with_scheme(url) if given == "completed" else url, limits=LIMITS)
    assert names.asked == []
