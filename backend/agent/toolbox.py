"""The tools of this server, and one bounded, audited way to call any of them.

Not for: deciding what to call (`react`, `plan_execute`) or finding tools by folder (`bootstrap`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

import orjson
from pydantic import BaseModel, ValidationError

from backend.errors import StewardError, ToolFailed, ToolRetry
from backend.kit.ids import new_id
from backend.kit.json_schema import plain_schema
from backend.kit.json_values import clean_text, copy_json
from backend.kit.masking import masked
from backend.kit.waiting import DeadlineExceeded, within
from backend.ports.artifacts import Artifact, Artifacts, Origin
from backend.ports.audit import AuditOutcome, AuditStore, ToolAudit
from backend.ports.clock import Clock
from backend.ports.tools import Reaching, Tool, ToolContext, ToolResult, Touch
from backend.ports.values import Citation, JsonObject
from backend.ports.watching import UNWATCHED, Watch

logger = logging.getLogger(__name__)
Outcome = Literal["ok", "retry", "failed", "timeout", "refused", "denied", "unknown"]
UNKNOWN = (
    "Error: the server stopped while this call was being made. Whether it had its effect is not known:"
    " do not make it again; tell the user that it is not known."
)
MADE_BEFORE = (
    "This call was made before the server stopped, and ended as: {outcome}. What it brought is lost: do"
    " not make it again."
)
REMOTE = "mcp"  # what rules and keys call the tools of every remote server


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteOrigin:
    """Of which remote server a tool is, its name there, and whether the caller wants to be asked."""

    label: str
    tool: str
    asks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCard:
    """A tool as everybody sees it; `tool` is None and `unavailable` says why when it is off.

    `pending` is a tool that still tries itself, and is off until it has.
    """

    name: str
    description: str
    args: type[BaseModel]
    touches: frozenset[Touch]
    tool: Tool | None = None
    unavailable: str = ""
    pending: Tool | None = None
    remote: RemoteOrigin | None = None

    def for_call(self, arguments: Mapping[str, Any]) -> ToolCard:
        """Give the card with what one call touches; arguments that are not valid add nothing."""
        if not isinstance(self.tool, Reaching):
            return self
        try:
            args = self.args.model_validate(dict(arguments))
        except ValidationError:
            return self
        return replace(self, touches=self.touches | self.tool.touched_by(args))

    def parameters(self) -> JsonObject:
        """Give the arguments' JSON schema in the plain form that small models follow."""
        return plain_schema(self.args.model_json_schema())

    def spec(self) -> JsonObject:
        """Give the tool as an OpenAI function spec."""
        function = {
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters(),
        }
        return {"type": "function", "function": function}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutcome:
    """How one call went; `text` is what the model is told, whatever the outcome."""

    outcome: Outcome
    text: str
    data: JsonObject = field(default_factory=dict[str, Any])
    citations: tuple[Citation, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    duration_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolboxParts:
    """What calls are carried out with; without `artifacts`, files that tools make are dropped."""

    audit: AuditStore
    clock: Clock
    artifacts: Artifacts | None = None
    server_id: str = ""
    timeout_s: float = 60.0
    max_result_chars: int = 12_000
    watch: Watch = UNWATCHED


class Toolbox:
    """Every tool of the server; `call` never raises for a tool's own failure."""

    def __init__(
        self,
        cards: Sequence[ToolCard],
        parts: ToolboxParts,
        *,
        known: Mapping[str, JsonObject] | None = None,
    ) -> None:
        self._parts = parts
        self._set(cards, known or {})

    def _set(self, cards: Sequence[ToolCard], known: Mapping[str, JsonObject]) -> None:
        self.cards = tuple(sorted(cards, key=lambda card: card.name))
        self.available = {card.name: card for card in self.cards if card.tool is not None}
        # A spec costs a schema: those that are known are kept.
        self._specs = {name: known.get(name) or it.spec() for name, it in self.available.items()}
        self.specs = list(self._specs.values())

    def put(self, card: ToolCard) -> None:
        """Replace the card of a tool that has settled; whoever looks next sees it."""
        cards = [card if one.name == card.name else one for one in self.cards]
        self._set(cards, {name: it for name, it in self._specs.items() if name != card.name})

    def bound_to(self, names: frozenset[str]) -> Toolbox:
        """Give a toolbox in which every other tool is off, for a caller that may use only these."""
        off = "this API key may not use it"
        return self.without({one.name: off for one in self.cards if one.name not in names})

    def without(self, reasons: Mapping[str, str]) -> Toolbox:
        """Give a toolbox in which some tools are off, each for its reason."""
        cards = [
            replace(card, tool=None, unavailable=reasons[card.name])
            if card.name in reasons
            else card
            for card in self.cards
        ]
        return Toolbox(cards, self._parts, known=self._specs)

    def with_cards(self, cards: Sequence[ToolCard]) -> Toolbox:
        """Give a toolbox for one run that has more tools; their names are free."""
        return Toolbox([*self.cards, *cards], self._parts, known=self._specs)

    def origin(self, name: str) -> JsonObject:
        """Say of which remote server a tool is, as events tell it; nothing of a tool of ours."""
        card = self.available.get(name)
        if card is None or card.remote is None:
            return {}
        return {"server_label": card.remote.label, "remote_tool": card.remote.tool}

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        context: ToolContext,
        *,
        audit_id: str = "",
    ) -> CallOutcome:
        """Validate, run within the deadline, cut to the output budget, and write an audit row.

        What changes something outside is in the audit before it is made, or is not made at all.
        `audit_id` is the row of a call that was asked for, or may have been made before a crash; then it
        is not made again, and what is known of it is told.
        """
        clock = self._parts.clock
        row = self._row(name, arguments, context, audit_id=audit_id)
        acts = self._acts_outside(name, arguments)
        if acts and (refused := await self._begun(row)):
            return refused
        started_s = clock.monotonic_s()
        try:
            outcome, result = await self._watched(name, arguments, context)
        except BaseException:
            known = bool(audit_id) or acts
            await asyncio.shield(self._told(row, outcome="unknown", known=known))
            raise
        duration_ms = int((clock.monotonic_s() - started_s) * 1000)
        size = len(result.text.encode("utf-8", "replace"))
        done = replace(row, duration_ms=duration_ms, result_bytes=size)
        await self._told(done, outcome=outcome, known=bool(audit_id) or acts)
        artifacts, told = await self._kept(result, context)
        text = cut(clean_text(result.text), max_chars=self._parts.max_result_chars)
        return CallOutcome(
            outcome=outcome,
            text="\n".join([text, *told]) if told else text,
            data=copy_json(result.data),
            citations=result.citations,
            artifacts=artifacts,
            duration_ms=duration_ms,
        )

    async def note(
        self,
        name: str,
        arguments: Mapping[str, Any],
        context: ToolContext,
        *,
        outcome: AuditOutcome,
        audit_id: str,
    ) -> None:
        """Write an audit row of a call that is not made, or not yet."""
        row = self._row(name, arguments, context, audit_id=audit_id)
        await self._told(row, outcome=outcome, known=True)

    def _row(
        self, name: str, arguments: Mapping[str, Any], context: ToolContext, *, audit_id: str
    ) -> ToolAudit:
        return ToolAudit(
            id=audit_id or new_id("tool"),
            user_id=context.user_id,
            run_id=context.run_id,
            tool=name[:100],
            arguments=masked(arguments),
            outcome="started",
            duration_ms=0,
            result_bytes=0,
            created_at_ms=self._parts.clock.now_ms(),
            server_id=self._parts.server_id,
        )

    async def _told(self, row: ToolAudit, *, outcome: AuditOutcome, known: bool) -> bool:
        """Write a row into the audit, or over itself where it may be `known`; tell whether that worked."""
        audit = self._parts.audit
        try:
            await (audit.put if known else audit.add)(replace(row, outcome=outcome))
        except StewardError as exc:
            told = "the call %s of %s is not in the audit: %s"
            logger.warning(told, row.id, row.tool, exc.message)
            return False
        return True

    async def _begun(self, row: ToolAudit) -> CallOutcome | None:
        """Record that a call is being made; what to tell when it cannot be, or was made before."""
        try:
            before = await self._parts.audit.begin(row)
        except StewardError as exc:
            logger.warning(
                "the call %s of %s is not in the audit: %s", row.id, row.tool, exc.message
            )
            text = "Error: this cannot be done: the call could not be recorded, so it was not made."
            return CallOutcome(outcome="failed", text=text)
        if before is None:
            return None
        if before in {"started", "unknown"}:
            return CallOutcome(outcome="unknown", text=UNKNOWN)
        return CallOutcome(outcome="unknown", text=MADE_BEFORE.format(outcome=before))

    def _acts_outside(self, name: str, arguments: Mapping[str, Any]) -> bool:
        card = self.available.get(name)
        return card is not None and "writes_outside" in card.for_call(arguments).touches

    async def _kept(
        self, result: ToolResult, context: ToolContext
    ) -> tuple[tuple[Artifact, ...], list[str]]:
        """Keep the files a tool made, and tell the model their names and what was not kept."""
        keeper = self._parts.artifacts
        if not result.files:
            return (), []
        if keeper is None:
            return (), ["The files it made were not kept: this server keeps none."]
        origin = Origin(
            user_id=context.user_id, run_id=context.run_id, conversation_id=context.session_id
        )
        try:
            kept = await keeper.keep(origin, result.files)
        except StewardError as exc:
            return (), [f"The files it made could not be kept: {exc.message}"]
        names = ", ".join(one.filename for one in kept.artifacts)
        shown = [f"Files made, shown to the user with your answer: {names}."] if names else []
        return kept.artifacts, [*shown, *kept.refused]

    async def _watched(
        self, name: str, arguments: Mapping[str, Any], context: ToolContext
    ) -> tuple[Outcome, ToolResult]:
        """Make a call, and tell those who watch how it went; names of remote tools are the caller's."""
        watch, clock = self._parts.watch, self._parts.clock
        card = self.available.get(name)
        label = REMOTE if card is not None and card.remote is not None else name[:100]
        began_s, told = clock.monotonic_s(), "cancelled"
        about = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": label,
            "gen_ai.tool.type": "extension" if label == REMOTE else "function",
        }
        try:
            with watch.tracing.span(f"execute_tool {label}", attributes=about) as span:
                outcome, result = await self._run(name, arguments, context)
                told = outcome
                if outcome != "ok":
                    span.failed(outcome)
                if watch.tracing.with_content:
                    given = orjson.dumps(masked(arguments)).decode()
                    span.note({"gen_ai.tool.call.arguments": given})
                    span.note({"gen_ai.tool.call.result": result.text})
            return outcome, result
        finally:
            watch.measuring.tool(label, told, clock.monotonic_s() - began_s)

    async def _run(
        self, name: str, arguments: Mapping[str, Any], context: ToolContext
    ) -> tuple[Outcome, ToolResult]:
        card = self.available.get(name)
        if card is None or card.tool is None:
            return "refused", ToolResult(text=self._missing(name))
        fault = self.fault(name, arguments)
        if fault is not None:
            return "retry", ToolResult(text=fault)
        outcome, result = await self._bounded(
            card.tool, card.args.model_validate(dict(arguments)), context
        )
        if outcome == "timeout" and self._acts_outside(name, arguments):
            more = " Whether it had its effect is not known; do not repeat it, tell the user."
            return outcome, replace(result, text=result.text + more)
        return outcome, result

    async def _bounded(
        self, tool: Tool, args: BaseModel, context: ToolContext
    ) -> tuple[Outcome, ToolResult]:
        try:
            work = tool.run(args, context)
            return "ok", await within(self._parts.clock, self._parts.timeout_s, work)
        except DeadlineExceeded:
            text = f"Error: the tool did not finish within {self._parts.timeout_s:g} s and was stopped."
            return "timeout", ToolResult(text=text)
        except ToolRetry as exc:
            return "retry", ToolResult(text=f"Error: {exc.message}")
        except ToolFailed as exc:
            return "failed", ToolResult(text=f"Error: this cannot be done: {exc.message}")

    def fault(self, name: str, arguments: Mapping[str, Any]) -> str | None:
        """Say what is wrong with the arguments of an available tool; None when nothing is."""
        card = self.available[name]
        try:
            card.args.model_validate(dict(arguments))
        except ValidationError as exc:
            return explain(exc, card)
        return None

    def _missing(self, name: str) -> str:
        for card in self.cards:
            if card.name == name:
                return f"Error: the tool {name} is off on this server: {card.unavailable}"
        known = ", ".join(self.available) or "none"
        return f"Error: there is no tool '{name[:100]}'. The tools are: {known}."


def parameter_names(specs: Sequence[JsonObject]) -> dict[str, list[str]]:
    """Give each function spec's parameter names in order."""
    found: dict[str, list[str]] = {}
    for spec in specs:
        function: JsonObject = spec["function"]
        parameters: JsonObject = function.get("parameters") or {}
        properties = parameters.get("properties")
        given = cast("JsonObject", properties) if isinstance(properties, dict) else {}
        found[function["name"]] = list(given)
    return found


def explain(exc: ValidationError, card: ToolCard) -> str:
    """Tell a model what is wrong with its arguments and what they should look like."""
    faults = "; ".join(
        f"{'.'.join(map(str, error['loc'])) or 'arguments'}: {error['msg']}"
        for error in exc.errors(include_url=False, include_input=False)[:5]
    )
    schema = orjson.dumps(card.parameters()).decode()
    return f"Error: the arguments of {card.name} are not valid ({faults}). Expected: {schema}"


def cut(text: str, *, max_chars: int) -> str:
    """Keep the start and a little of the end of a text that is over the budget."""
    if len(text) <= max_chars:
        return text
    tail = max_chars // 5
    left_out = len(text) - max_chars
    return f"{text[: max_chars - tail]}\n[... {left_out} characters left out ...]\n{text[-tail:]}"
