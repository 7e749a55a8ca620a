"""What a streaming client puts together, and where its annotations point."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import orjson

from backend.api.openai_wire import ChunkWriter
from backend.ports.models import ModelDelta, ModelRequest
from tests.fakes.scripted_model import ScriptedModel, call
from tests.fakes.turns import make_core


class Talking(ScriptedModel):
    """Says something before it calls, and lets the reader read it."""

    def __init__(self) -> None:
        super().__init__(lambda _: "")
        self.go = asyncio.Event()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelDelta]:
        """Talk, wait, call; then answer."""
        if any(one["role"] == "tool" for one in request.messages):
            yield ModelDelta(content="It is so [1].")
            yield ModelDelta(finish_reason="stop")
            return
        yield ModelDelta(content="Let me look")
        await self.go.wait()
        yield ModelDelta(content=" it up.")
        yield ModelDelta(tool_calls=(call("look_up", query="x"),), finish_reason="tool_calls")


async def test_annotations_of_a_stream_point_into_what_the_stream_showed() -> None:
    """A remark that went out as text before a call moves them, and stands apart from the answer."""
    model = Talking()
    made = make_core(model)
    run = await made.begin("look up x", mode="react")
    writer, seen, frames = ChunkWriter(run, include_usage=False), 0, b""
    while not run.log.closed or len(run.log.items) > seen:
        await run.log.changed(seen)
        frames += writer.items(run.log.items[seen:])
        seen = len(run.log.items)
        if "Let me" in run.log.content():
            model.go.set()
    frames += writer.closing()
    await made.turns.close(grace_s=0)
    await made.checkpoints.aclose()
    chunks = [
        orjson.loads(line[6:]) for line in frames.split(b"\n\n") if line.startswith(b"data: {")
    ]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    content = "".join(delta.get("content") or "" for delta in deltas)
    (span,) = [one["url_citation"] for delta in deltas for one in delta.get("annotations", ())]
    assert content == "Let me look it up.\n\nIt is so [1]."
    assert content[span["start_index"] : span["end_index"]] == "[1]"
    stored = run.annotations[0]["url_citation"]
    assert run.log.content()[stored["start_index"] : stored["end_index"]] == "[1]"
