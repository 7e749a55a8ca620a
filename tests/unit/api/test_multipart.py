"""Forms however their bytes are cut, and what is left on the disk when something goes wrong."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.api.multipart import FormLimits, receive_form
from backend.errors import InvalidRequest, RequestTimeout
from tests.fakes.uploads import END, field, part

LIMITS = FormLimits(max_file_bytes=1 << 30)


def a_request(pieces: Sequence[bytes], *, then: str = "end") -> Request:
    """Make a request whose body comes in pieces, and then ends, breaks off or stays silent."""
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
    ]
    if then == "end":
        messages.append({"type": "http.request", "body": b"", "more_body": False})
    elif then == "leave":
        messages.append({"type": "http.disconnect"})
    coming = iter(messages)

    async def receive() -> dict[str, Any]:
        message = next(coming, None)
        return message or await asyncio.get_running_loop().create_future()

    headers = [(b"content-type", b"multipart/form-data; boundary=x")]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def left_in(folder: Path) -> list[Path]:
    """List a folder."""
    return list(folder.iterdir())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    contents=st.lists(
        st.one_of(
            st.binary(max_size=200), st.text("\r\n-x", max_size=60).map(lambda one: one.encode())
        ).filter(lambda one: one and b"\r\n--x" not in b"\r\n" + one),
        min_size=1,
        max_size=4,
    ),
    cuts=st.lists(st.integers(0, 1500), max_size=12),
)
def test_a_form_is_the_same_however_its_bytes_are_cut(
    tmp_path: Path, contents: list[bytes], cuts: list[int]
) -> None:
    """Contents, names, sizes and digests; and nothing stays behind."""
    named = [part(one, filename=f"{n}.txt") for n, one in enumerate(contents)]
    body = field("7", name="wait") + b"".join(named) + END
    ends = sorted({min(one, len(body)) for one in cuts} | {0, len(body)})
    pieces = [body[a:b] for a, b in itertools.pairwise(ends)]
    folder = tmp_path / "incoming"

    async def receive() -> list[Any]:
        async with receive_form(a_request(pieces), folder, LIMITS) as form:
            assert form.fields == {"wait": "7"}
            return [
                (one.filename, one.size_bytes, one.sha256, one.path and one.path.read_bytes())
                for one in form.files
            ]

    assert asyncio.run(receive()) == [
        (f"{n}.txt", len(one), hashlib.sha256(one).hexdigest(), one)
        for n, one in enumerate(contents)
    ]
    assert left_in(folder) == []


@pytest.mark.parametrize("then", ["leave", "silence", "end"])
async def test_a_form_that_stops_half_way_leaves_nothing(tmp_path: Path, then: str) -> None:
    """Whether the client left, fell silent or ended too early."""
    limits = FormLimits(max_file_bytes=1 << 30, idle_s=0.05)
    pieces = [part(b"x" * 3_000_000)[:-2]]
    wanted = RequestTimeout if then == "silence" else InvalidRequest
    with pytest.raises(wanted):
        async with receive_form(a_request(pieces, then=then), tmp_path, limits):
            pass
    assert left_in(tmp_path) == []


async def test_a_form_whose_reader_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    """As when the server stops."""
    pieces = [part(b"x" * 3_000_000)[:-2]]

    async def receive() -> None:
        async with receive_form(a_request(pieces, then="silence"), tmp_path, LIMITS):
            pass

    receiving = asyncio.create_task(receive())
    async with asyncio.timeout(30):
        while not left_in(tmp_path):
            await asyncio.wait([receiving], timeout=0.01)
    receiving.cancel()
    await asyncio.wait([receiving])
    assert receiving.cancelled()
    assert left_in(tmp_path) == []


async def test_what_was_moved_away_is_left_alone(tmp_path: Path) -> None:
    """The rest of the form is removed, also when its reader fails."""
    kept = tmp_path / "kept"
    folder = tmp_path / "incoming"
    body = part(b"one", filename="1") + part(b"two", filename="2") + END

    async def take_one_and_fail() -> None:
        async with receive_form(a_request([body]), folder, LIMITS) as form:
            path = form.files[0].path
            assert path is not None
            path.replace(kept)
            raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full"):
        await take_one_and_fail()
    assert kept.read_bytes() == b"one"
    assert left_in(folder) == []
