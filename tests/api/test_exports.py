"""One's conversations to take away: one as JSON or Markdown, or all of them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from httpx import AsyncClient

from backend.models.exports import ExportedConversation, ExportedConversations
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import OllamaDouble, Reply
from tests.fakes.people import a_key

CHAT = "/v1/chat/completions"
ALL = "/api/conversations/export"


async def talk(http: AsyncClient, question: str, **more: Any) -> tuple[str, str]:
    """Ask something in a new conversation; give its id and that of the run."""
    asked = {"model": "llama3.2@chat", "messages": [{"role": "user", "content": question}]}
    answer = (await http.post(CHAT, json={**asked, "store": True, **more})).json()
    return answer["x_session_id"], answer["x_agent"]["run_id"]


async def test_a_conversation_is_exported_as_json(mine: AsyncClient, ollama: OllamaDouble) -> None:
    """In the documented shape, with what answered; JSON is what is given unless Markdown is asked for."""
    ollama.queue(Reply(content="In May."))
    made, run = await talk(mine, "When does the bridge open?")
    answer = await mine.get(f"/api/conversations/{made}/export")
    assert answer.headers["content-type"] == "application/json"
    name = "When does the bridge open.json"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["cache-control"] == "private, no-store"
    found = ExportedConversation.model_validate_json(answer.content)
    assert (found.version, found.id, found.title) == (1, made, "When does the bridge open?")
    assert [(one.role, one.content) for one in found.messages] == [
        ("user", "When does the bridge open?"),
        ("assistant", "In May."),
    ]
    last = found.messages[-1]
    assert (last.run_id, last.model, last.route, last.state) == (
        run,
        "llama3.2",
        "chat",
        "completed",
    )
    again = await mine.get(f"/api/conversations/{made}/export", params={"format": "json"})
    assert again.content == answer.content


async def test_a_conversation_is_exported_as_markdown(
    mine: AsyncClient, ollama: OllamaDouble
) -> None:
    """Its name is told in full, whatever letters are in the title."""
    ollama.queue(Reply(content="Im Mai."))
    made, _ = await talk(mine, "Wann öffnet die Brücke?")
    answer = await mine.get(f"/api/conversations/{made}/export", params={"format": "markdown"})
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    told = "filename*=UTF-8''Wann%20%C3%B6ffnet%20die%20Br%C3%BCcke.md"
    assert answer.headers["content-disposition"].endswith(told)
    assert answer.text.startswith("# Wann öffnet die Brücke?\n")
    assert "\n## Assistant llama3.2 (chat), " in answer.text
    assert answer.text.endswith("\n\nIm Mai.\n")


@pytest.mark.parametrize("path", ["/api/conversations/conv_none/export", ALL])
async def test_an_unknown_form_is_refused(mine: AsyncClient, path: str) -> None:
    """By its name."""
    answer = await mine.get(path, params={"format": "pdf"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "format")


async def test_a_missing_conversation_is_a_404(mine: AsyncClient) -> None:
    """Before anything is sent."""
    answer = await mine.get("/api/conversations/conv_none/export")
    assert answer.status_code == 404


async def test_all_conversations_are_exported(mine: AsyncClient, ollama: OllamaDouble) -> None:
    """As one document, or one a line, each as it is exported alone; nobody else's are in it."""
    made = [(await talk(mine, f"Question {at}"))[0] for at in range(3)]
    answer = await mine.get(ALL)
    name = answer.headers["content-disposition"]
    assert name.startswith('attachment; filename="conversations 2')
    whole = ExportedConversations.model_validate_json(answer.content)
    assert [one.id for one in whole.conversations] == made[::-1]
    lines = await mine.get(ALL, params={"format": "jsonl"})
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert lines.text.endswith("\n")
    found = [orjson.loads(one) for one in lines.text.splitlines()]
    assert found == orjson.loads(answer.content)["conversations"]
    alone = await mine.get(f"/api/conversations/{made[0]}/export")
    assert found[-1] == alone.json()


async def test_who_has_none_exports_none(mine: AsyncClient) -> None:
    """An empty document, no lines."""
    assert (await mine.get(ALL)).json()["conversations"] == []
    assert (await mine.get(ALL, params={"format": "jsonl"})).content == b""


async def test_exports_need_the_right_to_chat(server: LiveServer, http: AsyncClient) -> None:
    """A key that is good for files alone reads no conversations."""
    async with server.http(await a_key(http, "files")) as files_only:
        for path in (ALL, "/api/conversations/conv_none/export"):
            assert (await files_only.get(path)).status_code == 403
