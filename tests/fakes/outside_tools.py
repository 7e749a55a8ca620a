"""Tools that reach outside in a test: one that reads an address, one that changes something."""

from __future__ import annotations

from pydantic import AliasChoices, Field

from backend.agent.toolbox import ToolCard
from backend.ports.tools import ToolArgs, ToolContext, ToolResult
from backend.ports.values import Citation

PAGE = "https://pages.example/news"


class FetchArgs(ToolArgs):
    """What to read."""

    url: str = Field(description="The address.", validation_alias=AliasChoices("url", "page"))


class Fetcher:
    """Reads any address, and says which."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def run(self, args: FetchArgs, context: ToolContext) -> ToolResult:
        """Read it."""
        self.calls.append(args.url)
        page = Citation(title=args.url, url=args.url, text="A page.")
        return ToolResult(text=f"[1] A page of {args.url}.", citations=(page,))


class Reader:
    """Quotes a document of the user."""

    async def run(self, args: FetchArgs, context: ToolContext) -> ToolResult:
        """Quote the file of that id."""
        passage = Citation(title="notes.txt", file_id=args.url, text="The vault opens at seven.")
        return ToolResult(text="[1] The vault opens at seven.", citations=(passage,))


class SendArgs(ToolArgs):
    """What to send."""

    text: str = Field(description="The words.")
    password: str = ""


class Sender:
    """Sends a text somewhere, once for every call."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def run(self, args: SendArgs, context: ToolContext) -> ToolResult:
        """Send it."""
        self.calls.append(args.text)
        return ToolResult(text=f"sent {args.text}")


def outside_cards(fetcher: Fetcher, sender: Sender) -> list[ToolCard]:
    """Give them as a server has them, with one that reads documents."""
    return [
        ToolCard(
            name="fetch",
            description="Reads an address.",
            args=FetchArgs,
            touches=frozenset({"reads_outside"}),
            tool=fetcher,
        ),
        ToolCard(
            name="read",
            description="Reads a document.",
            args=FetchArgs,
            touches=frozenset({"reads_user_data"}),
            tool=Reader(),
        ),
        ToolCard(
            name="send",
            description="Sends a text.",
            args=SendArgs,
            touches=frozenset({"writes_outside"}),
            tool=sender,
        ),
    ]
