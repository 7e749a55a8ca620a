"""What the streaming client does below the providers' conformance suite."""

from __future__ import annotations

import socket

import pytest

from backend.kit.streaming import StreamClient, StreamLimits, Unreachable
from tests.fakes.clock import WatchedClock


async def test_a_connection_that_does_not_come_about_is_given_up():
    """A peer that takes the connection but never shakes hands is unreachable after the limit."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        client = StreamClient(StreamLimits(connect_timeout_s=0.02, retries=0), WatchedClock())
        with pytest.raises(Unreachable):
            async with client.post(f"https://127.0.0.1:{port}/", b""):
                pass
        await client.aclose()


async def test_a_client_that_was_never_used_closes_quietly():
    """There is no session to close."""
    await StreamClient(StreamLimits(), WatchedClock()).aclose()
