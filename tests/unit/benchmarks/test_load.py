"""What the load counts as an error, and that it ends."""

from __future__ import annotations

import asyncio

from benchmarks.load import Outcome, Plan, run, summary

MARK = b"word "


def seen(*outcomes: Outcome, expected: int = 0):
    return summary(list(outcomes), took_s=2.0, expected=expected)


async def answered(answer: bytes, *, close: bool, within_s: float = 5):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + answer)
        await writer.drain()
        if close:
            writer.close()
        else:
            await ended.wait()
            writer.close()

    ended = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}/chat"
    async with server:
        found = await run(Plan(url, b"", MARK, streams=2, spread_s=0, within_s=within_s))
        ended.set()
    return found


def test_whole_streams_are_no_errors():
    """Tokens are summed over all of them."""
    told = seen(Outcome(tokens=3, first_s=0.01), Outcome(tokens=3, first_s=0.03), expected=3)
    figures = (told["errors"], told["tokens"], told["tokens_per_s"], told["first_p99_ms"])
    assert figures == (0, 6, 3, 30.0)


def test_a_stream_that_misses_a_token_is_an_error():
    """It says how many there were; a stream's own error is kept."""
    told = seen(Outcome(tokens=2), Outcome(error="refused"), Outcome(tokens=3), expected=3)
    assert (told["errors"], told["first_error"]) == (2, "2 tokens of 3")


def test_nothing_is_expected_unless_it_is_said():
    """Servers that send several tokens as one chunk can still be measured."""
    assert seen(Outcome(tokens=1), Outcome(tokens=2))["errors"] == 0


async def test_streams_are_counted_to_their_end():
    """A connection that closes is a finished stream."""
    found = await answered(b"word word ", close=True)
    assert [(one.tokens, one.error) for one in found] == [(2, ""), (2, "")]


async def test_streams_that_do_not_end_are_errors():
    """The load stops waiting for them after a while; what they brought until then counts."""
    found = await answered(b"word ", close=False, within_s=0.2)
    assert [(one.tokens, one.error) for one in found] == [(1, "not finished within 0.2 s")] * 2
