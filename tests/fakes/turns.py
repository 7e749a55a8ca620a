"""A whole agent core over in-memory stores and a scripted model, for tests without HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field

from backend.agent.approval_links import ApprovalLinks
from backend.agent.approvals import Approvals
from backend.agent.asking import Asking
from backend.agent.catalog import ModelCatalog
from backend.agent.context import TokenEstimate
from backend.agent.policy import Policy
from backend.agent.run import AgentOptions, AgentParts, Run, TurnRequest
from backend.agent.toolbox import Toolbox, ToolboxParts, ToolCard
from backend.agent.turn import Turns
from backend.errors import ToolFailed, ToolRetry
from backend.kit.clocks import SteppedClock
from backend.kit.signed_links import LinkSigner
from backend.ports.models import ModelRequest
from backend.ports.remote_tools import RemoteTools
from backend.ports.stores import User
from backend.ports.tools import ToolArgs, ToolContext, ToolResult
from backend.ports.values import ChatMessage, Citation
from backend.storage.checkpoints import CheckpointFile
from backend.storage.stores import Stores, memory_stores
from tests.fakes.found_documents import FoundDocuments, documents_card
from tests.fakes.papers import add
from tests.fakes.scripted_model import ScriptedModel

USER = "user_1"


class AddArgs(ToolArgs):
    """Numbers to add."""

    numbers: list[float] = Field(description="The numbers.")


class Adder:
    """Adds; 13 is more than it can do, and no number at all is a mistake."""

    def __init__(self) -> None:
        self.calls: list[list[float]] = []

    async def run(self, args: AddArgs, context: ToolContext) -> ToolResult:
        """Add the numbers."""
        self.calls.append(args.numbers)
        if not args.numbers:
            raise ToolRetry("give at least one number")
        if 13 in args.numbers:
            raise ToolFailed("13 is unlucky")
        total = sum(args.numbers)
        return ToolResult(text=f"the sum is {total:g}", data={"sum": total})


class LookArgs(ToolArgs):
    """What to look up."""

    query: str = Field(description="The words.")


class Library:
    """Finds one passage for every query."""

    async def run(self, args: LookArgs, context: ToolContext) -> ToolResult:
        """Look it up."""
        passage = Citation(
            title=args.query, url=f"https://library.example/{args.query}", text=args.query
        )
        return ToolResult(text=f"[1] about {args.query}", citations=(passage,))


@dataclass(frozen=True, slots=True)
class Core:
    """A running core and what is behind it."""

    turns: Turns
    model: ScriptedModel
    stores: Stores
    adder: Adder
    clock: SteppedClock
    checkpoints: CheckpointFile
    approvals: Approvals

    async def ask(self, text: str | Sequence[ChatMessage], **fields: Any) -> Run:
        """Run one turn to its end."""
        run = await self.begin(text, **fields)
        await run.done()
        return run

    async def begin(self, text: str | Sequence[ChatMessage], **fields: Any) -> Run:
        """Start one turn, for a user who is added when new."""
        asked = turn(text, **fields)
        await self._know(asked.user_id)
        return await self.turns.start(asked)

    async def keep_files(self, *file_ids: str) -> None:
        """Have the usual user own files of these ids, as what a run quotes must be."""
        await self._know(USER)
        for number, file_id in enumerate(file_ids):
            await add(self.stores, number, user_id=USER, id=file_id)

    async def _know(self, user_id: str) -> None:
        if await self.stores.users.get(user_id) is None:
            user = User(id=user_id, username=user_id, password_hash="-")
            await self.stores.users.add(user)


Make = Callable[..., Core]


def turn(text: str | Sequence[ChatMessage], **fields: Any) -> TurnRequest:
    """Make a turn of one user message, or of the given messages."""
    messages = [{"role": "user", "content": text}] if isinstance(text, str) else text
    template = ModelRequest(model="scripted", messages=(), **fields.pop("template", {}))
    return TurnRequest(
        user_id=fields.pop("user_id", USER),
        requested_model="scripted",
        template=template,
        messages=messages,
        **fields,
    )


def make_core(
    model: ScriptedModel,
    *,
    documents: FoundDocuments | None = None,
    policy: Policy | None = None,
    more_tools: Sequence[ToolCard] = (),
    remote: RemoteTools | None = None,
    more: tuple[str, ...] = (),
    **options: Any,
) -> Core:
    """Make a core with two tools: `add`, and `look_up` with citations; a third one with documents.

    `more` names tools that look things up under another name.
    """
    clock = SteppedClock()
    stores = memory_stores()
    adder = Adder()
    cards = [
        ToolCard(
            name="add",
            description="Adds numbers.",
            args=AddArgs,
            touches=frozenset({"computes"}),
            tool=adder,
        ),
        ToolCard(
            name="look_up",
            description="Looks things up.",
            args=LookArgs,
            touches=frozenset({"reads_outside"}),
            tool=Library(),
        ),
        ToolCard(
            name="broken",
            description="Is off.",
            args=LookArgs,
            touches=frozenset({"reads_outside"}),
            unavailable="it has no key",
        ),
    ]
    if documents is not None:
        cards.append(documents_card(documents))
    cards += more_tools
    cards += [replace(cards[1], name=name) for name in more]
    checkpoints = CheckpointFile(None)
    signer = LinkSigner("k" * 40, purpose="approvals", clock=clock)
    asking = Asking(
        store=stores.approvals,
        links=ApprovalLinks(signer, public_url="http://steward.example"),
        drop=checkpoints.drop,
        drop_of=checkpoints.drop_of,
    )
    parts = AgentParts(
        toolbox=Toolbox(cards, ToolboxParts(audit=stores.audit, clock=clock, timeout_s=5)),
        estimate=TokenEstimate(),
        clock=clock,
        options=AgentOptions(**options),
        checkpointer=checkpoints.saver,
        documents=documents,
        policy=policy or Policy(),
        asking=asking,
        remote=remote,
    )
    turns = Turns(
        catalog=ModelCatalog([model], default_model="scripted"),
        parts=parts,
        conversations=stores.conversations,
        runs=stores.runs,
    )
    approvals = Approvals(
        turns=turns, parts=parts, asking=asking, runs=stores.runs, users=stores.users
    )
    return Core(turns, model, stores, adder, clock, checkpoints, approvals)
