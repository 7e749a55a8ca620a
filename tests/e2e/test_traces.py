"""Spans of a real server and its worker, as an OTLP receiver gets them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.fakes.completions import CHAT, MODEL
from tests.fakes.live_server import live_server
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.otlp_double import OtlpDouble
from tests.fakes.uploads import uploaded

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
UPLOAD_TRACE = "1af7651916cd43dd8448eb211c80319c"
PROMPT = "What is six times seven in words of a canary?"
ASK: dict[str, Any] = {
    "model": f"{MODEL}@react",
    "messages": [{"role": "user", "content": PROMPT}],
}
TOOL = Call(name="math_calc", arguments={"expression": "6*7"})


async def talk(folder: Path, **more: str) -> tuple[OtlpDouble, OllamaDouble]:
    """Ask once with a tool, upload a file, and stop the server, which sends what waits."""
    async with OtlpDouble() as otlp, OllamaDouble() as ollama:
        ollama.queue(Reply(calls=[TOOL]), Reply(content="Forty-two."))
        given = {"OLLAMA_HOST": ollama.url, "TRACING__ENDPOINT": otlp.url}
        given |= {"DOCUMENTS__WORKER_IDLE_S": "0", **more}
        async with live_server(folder, **given) as live:
            token = await live.log_in()
            async with live.http(token) as http:
                answer = await http.post(CHAT, json=ASK, headers={"traceparent": PARENT})
                assert answer.status_code == 200, answer.text
                traced = PARENT.replace(TRACE, UPLOAD_TRACE)
                http.headers["traceparent"] = traced
                await uploaded(http, "canary.txt", b"The canary sings in the mine at dawn.")
            while not any(one.service == "steward-worker" for one in otlp.spans):
                await asyncio.wait([asyncio.ensure_future(arrived(otlp))], timeout=20)
        return otlp, ollama


async def arrived(otlp: OtlpDouble) -> None:
    """Wait for another request of the exporter."""
    loop, before = asyncio.get_running_loop(), len(otlp.requests)
    while len(otlp.requests) == before:
        done = loop.create_future()
        loop.call_later(0.05, done.set_result, None)
        await done


async def test_a_turn_is_one_trace_from_the_client_to_the_upstream(tmp_path):
    """Request, run, model calls and the tool hang on each other, and words of people are in none."""
    otlp, ollama = await talk(tmp_path)
    (request,) = otlp.named("POST /v1/chat/completions")
    (run,) = otlp.named("invoke_agent steward")
    calls = otlp.named(f"chat {MODEL}")
    (tool,) = otlp.named("execute_tool math_calc")
    assert (request.trace_id, request.parent_id) == (TRACE, "b7ad6b7169203331")
    assert request.attributes["http.response.status_code"] == 200
    assert run.parent_id == request.span_id
    assert run.attributes["gen_ai.operation.name"] == "invoke_agent"
    assert run.attributes["steward.route"] == "react"
    assert len(calls) == 2
    assert {one.parent_id for one in calls} | {tool.parent_id} == {run.span_id}
    for call in calls:
        assert call.attributes["gen_ai.provider.name"] == "ollama"
        assert call.attributes["gen_ai.request.model"] == MODEL
        assert call.attributes["gen_ai.usage.input_tokens"] > 0
    assert tool.attributes["gen_ai.tool.name"] == "math_calc"
    sent = [one.headers["traceparent"] for one in ollama.chats if "traceparent" in one.headers]
    assert {one.split("-")[2] for one in sent} == {one.span_id for one in calls}
    assert "canary" not in otlp.raw.lower()
    assert "forty" not in otlp.raw.lower()
    (work,) = otlp.named("process ingest")
    (upload,) = otlp.where(lambda one: one.name.startswith("POST /api/files"))
    assert (work.service, work.trace_id) == ("steward-worker", UPLOAD_TRACE)
    assert work.parent_id == upload.span_id


async def test_words_are_sent_where_a_setting_says_so(tmp_path):
    """Prompts, answers and arguments stand in the spans of models and tools."""
    otlp, _ = await talk(
        tmp_path, TRACING__CONTENT="true", TRACING__AUTHORIZATION="Bearer for-the-collector"
    )
    asked = [one.attributes["gen_ai.input.messages"] for one in otlp.named(f"chat {MODEL}")]
    assert all(PROMPT in one for one in asked)
    (tool,) = otlp.named("execute_tool math_calc")
    assert "6*7" in tool.attributes["gen_ai.tool.call.arguments"]
    assert otlp.authorization == "Bearer for-the-collector"
