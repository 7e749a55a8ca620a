"""Files that tools made, in answers and in the turns after them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from backend.agent.file_links import FileLinks
from backend.agent.made_files import named_only
from backend.agent.toolbox import Toolbox, ToolboxParts, ToolCard
from backend.kit.owned_folder import OwnedFolder
from backend.kit.signed_links import LinkSigner
from backend.ports.sandbox import MadeFile
from backend.ports.tools import ToolContext, ToolResult
from backend.storage.artifact_keeper import ArtifactKeeper, KeeperOptions
from tests.fakes.scripted_model import call
from tests.fakes.turns import USER, Core, LookArgs, Make

PNG = b"\x89PNG\r\n\x1a\n"
LINK = "http://steward/api/artifacts/"


@dataclass
class Drawer:
    """Draws a chart and writes a table."""

    async def run(self, args: LookArgs, context: ToolContext) -> ToolResult:
        """Draw."""
        files = (MadeFile(name="a_[1].png", data=PNG), MadeFile(name="t.csv", data=b"a,b"))
        return ToolResult(text="Drawn.", files=files)


def with_drawer(made: Core, folder: Path) -> Core:
    """Give a core a tool that makes files, and a keeper for them."""
    parts = made.turns._parts
    options = KeeperOptions(
        public_url="http://steward",
        max_files_per_call=5,
        max_file_bytes=1_000,
        max_bytes_per_user=1_000,
        link_ttl_s=60,
    )
    signer = LinkSigner("s" * 40, purpose="artifacts", clock=made.clock)
    keeper = ArtifactKeeper(
        made.stores.artifacts,
        folder,
        OwnedFolder(folder),
        signer=signer,
        clock=made.clock,
        options=options,
    )
    card = ToolCard(
        name="draw",
        description="Draws.",
        args=LookArgs,
        touches=frozenset({"computes"}),
        tool=Drawer(),
    )
    box = ToolboxParts(audit=made.stores.audit, clock=made.clock, artifacts=keeper)
    made.turns._parts = replace(parts, toolbox=Toolbox([card], box), artifacts=keeper)
    return made


def script(answer: str) -> Any:
    """Call the tool once, then answer."""

    def speak(request: Any) -> Any:
        seen = any(message["role"] == "tool" for message in request.messages)
        return answer if seen else [call("draw", query="x")]

    return speak


@pytest.fixture
def drawing(core: Make, tmp_path: Path) -> Any:
    return lambda answer: with_drawer(core(script(answer)), tmp_path / "artifacts")


async def test_an_answer_ends_with_links_to_what_was_made(drawing: Any) -> None:
    """A picture is shown, a table is linked, and a name cannot break out of its Markdown."""
    made = drawing("Here it is.")
    run = await made.ask("draw", mode="react")
    picture, table = await made.stores.artifacts.list(USER)
    first, second = sorted((picture, table), key=lambda one: one.filename)
    said = run.log.content()
    assert said.startswith(f"Here it is.\n\n![a\\_\\[1\\].png]({LINK}{first.id}?key=")
    assert f"\n\n[t.csv]({LINK}{second.id}?key=" in said
    assert {one.run_id for one in (first, second)} == {run.id}
    results = [e.data for e in run.log.items if getattr(e, "type", "") == "tool_result"]
    assert [one["filename"] for one in results[0]["artifacts"]] == ["a_[1].png", "t.csv"]
    tool_text = made.model.requests[1].messages[-1]["content"]
    assert "Files made, shown to the user with your answer: a_[1].png, t.csv." in tool_text


async def test_a_link_of_the_models_own_to_a_made_file_opens_it(drawing: Any) -> None:
    """However its path was imagined; the file is not linked a second time."""
    made = drawing("Here: ![it](sandbox:/mnt/data/a_%5B1%5D.png), [all](./t.csv), [x](http://x.example/t.csv).")  # fmt: skip
    run = await made.ask("draw", mode="react")
    ids = {one.filename: one.id for one in await made.stores.artifacts.list(USER)}
    said = re.sub(r"\?key=[\w.-]+", "", run.log.content())
    assert said == (
        f"Here: ![it]({LINK}{ids['a_[1].png']}), [all]({LINK}{ids['t.csv']}), [x](http://x.example/t.csv)."
    )


@pytest.mark.parametrize("size", [1, 2, 7, 400])
@pytest.mark.parametrize(
    "text",
    [
        "a [b](c.png) d",
        "x](c.png",
        "list[0](c.png, 1)",
        "[b](d.png) ](" + "y" * 400 + ") end]",
        "[1] and ](",
    ],
)
def test_pieces_of_any_size_give_the_same_text(text: str, size: int) -> None:
    """What is held back comes in the end, and only whole links to made files change."""
    links = FileLinks({"c.png": "http://s/1"})
    pieces = [links.feed(text[at : at + size]) for at in range(0, len(text), size)]
    assert "".join([*pieces, links.close()]) == text.replace("](c.png)", "](http://s/1)")


async def test_nothing_is_added_to_an_answer_of_a_given_form(drawing: Any) -> None:
    """It would not be JSON any more."""
    made = drawing('{"ok": true}')
    shape = {"type": "object", "properties": {"ok": {"type": "boolean"}}}
    run = await made.ask("draw", mode="react", template={"response_schema": shape})
    assert run.log.content() == '{"ok": true}'


async def test_the_next_turn_is_told_names_instead_of_long_links(drawing: Any) -> None:
    """A model would copy the address, and pay for every character of it."""
    made = drawing("Here it is.")
    first = await made.ask("draw", mode="react", store=True)
    await made.ask("thanks", mode="chat", session_id=first.session_id)
    earlier = made.model.requests[-1].messages[-2]
    assert earlier["role"] == "assistant"
    assert LINK not in earlier["content"]
    assert "(File made: t.csv)" in earlier["content"]


@pytest.mark.parametrize(
    ("content", "left"),
    [
        (f"A\n\n![c.png]({LINK}art_1?key=k.x)", "A\n(File made: c.png)"),
        ("see [x](http://other/api/art_1)", "see [x](http://other/api/art_1)"),
        ("no link art_1", "no link art_1"),
    ],
)
def test_only_links_to_artifacts_are_shortened(content: str, left: str) -> None:
    """Everything else a model said stays as it was."""
    assert named_only({"role": "assistant", "content": content})["content"] == left
    said = named_only({"role": "user", "content": content})
    assert said["content"] == content
