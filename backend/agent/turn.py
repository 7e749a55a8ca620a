"""How one turn runs. Read this file first.

A request becomes a run: load the session, fit the context, decide the route, run it, keep what was
said. The run is a task of its own that writes to its log; whoever wants to see it reads the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from itertools import zip_longest

from backend.agent import (
    graphs,
    made_files,
    prompts,
    remote,
    replacing,
    resume,
    route_choice,
    with_tools,
)
from backend.agent.answer_form import form_of
from backend.agent.answering import answer
from backend.agent.asking import Decision
from backend.agent.attachments import Attachments
from backend.agent.budgets import Budgets
from backend.agent.catalog import ModelCatalog
from backend.agent.chat import chat_with_client_tools
from backend.agent.client_calls import check_tools, client_tools
from backend.agent.counting import TokenCounter
from backend.agent.ending import brought_messages, interruption, message_id, stored_run
from backend.agent.loading import AgentModules
from backend.agent.room import fitted
from backend.agent.run import AgentParts, AtEnd, Run, TurnRequest, decision_object
from backend.agent.title import title_of
from backend.agent.trust import is_tainted, may_be_tainted, sources_told
from backend.agent.turn_ends import TurnEnds
from backend.agent.watched_run import count_run, watched_run
from backend.errors import (
    ContextTooLong,
    InvalidRequest,
    NotFound,
    ServerFault,
    StewardError,
    Unavailable,
    UnsupportedByModel,
)
from backend.kit.ids import new_id
from backend.kit.log_context import bind_log_context
from backend.ports.stores import Conversation, ConversationStore, RunStore, StoredMessage
from backend.ports.values import ChatMessage, TurnEvent, Usage

logger = logging.getLogger(__name__)
BEGINNING: ContextVar[Callable[[str], Awaitable[None]] | None] = ContextVar(
    "told the id of a run before anything of it is stored", default=None
)


class Turns:
    """Starts turns and knows those that are running."""

    def __init__(
        self,
        *,
        catalog: ModelCatalog,
        parts: AgentParts,
        conversations: ConversationStore,
        runs: RunStore,
        spent: Callable[[str, Usage], None] | None = None,
        budgets: Budgets | None = None,
    ) -> None:
        """Keep the parts; `spent` is told who used how many tokens, once per run that has ended.

        `ended` is told of every run whose end is stored.
        """
        self.ended: Callable[[Run], None] = lambda _: None
        self.active: dict[str, Run] = {}
        self.catalog = catalog
        self._parts = parts
        self.tokens = TokenCounter(catalog, parts, conversations)
        self.ends = TurnEnds(conversations, runs, spent=spent, budgets=budgets)
        self._conversations = conversations
        self._runs = runs
        self.closing = False
        self._agents = AgentModules()

    async def start(self, request: TurnRequest, *, at_end: AtEnd | None = None) -> Run:
        """Begin a turn and return at once; the run's log tells how it goes.

        `at_end` is called once the run's end is stored, before its log closes: who reads the end of
        the log finds what it kept. It is not called for a run that failed.

        Raises:
            ModelNotFound, NotFound (session), SessionBusy, InvalidRequest, Unavailable: before any
                message has been stored.
        """
        if self.closing:
            raise Unavailable("The server is shutting down", retry_after_s=5)
        template = request.template
        form = await form_of(template.response_schema, strict=request.strict_schema)
        await check_tools(request)
        provider, model = await self.catalog.resolve(template.model)
        if template.logprobs is not None and model.can("extractive"):
            msg = f"The model '{model.id}' has no log probabilities."
            raise UnsupportedByModel(msg, param="logprobs")
        parts = self._parts.bound_to(request)
        remote.check(request, parts)
        run = Run(
            id=new_id("run"),
            request=request,
            parts=parts,
            provider=provider,
            model=model,
            started_at_ms=self._parts.clock.now_ms(),
            began_s=self._parts.clock.monotonic_s(),
            form=form,
            at_end=at_end,
        )
        self.active[run.id] = run
        try:
            await self._load(run)
        except BaseException:
            await self.ends.drop(run)
            self._forget(run)
            raise
        run.task = asyncio.create_task(self._carry_out(run), name=run.id)
        return run

    async def start_all(
        self, requests: Sequence[TurnRequest], *, at_ends: Sequence[AtEnd] = ()
    ) -> list[Run]:
        """Begin a turn for each answer that is wanted; all of them or none."""
        runs: list[Run] = []
        try:
            for one, at_end in zip_longest(requests, at_ends):
                runs.append(await self.start(one, at_end=at_end))
        except BaseException:
            for run in runs:
                run.cancel()
                if run.hold:
                    run.hold.void = True
            # What they hold is free before anybody is told that there was not enough.
            await asyncio.gather(*(run.done() for run in runs))
            raise
        return runs

    async def _load(self, run: Run) -> None:
        """Find the session's history, or open a session, and claim it for this run."""
        request = run.request
        stored: Sequence[StoredMessage] = ()
        if request.session_id:
            session = await self._conversations.get(request.user_id, request.session_id)
            if session is None:
                raise NotFound("There is no such session", param="session_id")
            run.session_id = session.id
            await self.ends.store_late(session.id)
            stored = await self._conversations.messages(request.user_id, session.id)
            stored, run.replaced = replacing.before(stored, request)
        elif request.store:
            run.session_id = new_id("conv")
        await self._take_in(run, stored)
        await self.ends.take(run)
        if run.session_id:
            await self._claim(run, is_new=not request.session_id)

    async def _take_in(self, run: Run, stored: Sequence[StoredMessage]) -> None:
        """Make the run's history of what its session holds and what is new."""
        request = run.request
        attachments = Attachments(run)
        messages = resume.continued(stored, await attachments.taken_in(request.messages))
        if not any(message["role"] in {"user", "tool"} for message in messages):
            raise InvalidRequest("There is no user message to answer", param="messages")
        whole = await resume.restored(messages, user_id=request.user_id, runs=self._runs)
        run.history = resume.closed(whole)
        if request.instructions:
            run.history = prompts.with_system(run.history, request.instructions)
        told = () if request.session_id else messages
        if is_tainted(messages) or is_tainted(whole) or may_be_tainted(told):
            run.tainted, run.sources_told = True, frozenset(sources_told(messages))
        run.citations = await resume.found_before(
            messages, user_id=request.user_id, runs=self._runs
        )
        run.history = await attachments.shown(run.history)

    async def _claim(self, run: Run, *, is_new: bool) -> None:
        request = run.request
        if (begins := BEGINNING.get()) is not None:
            await begins(run.id)
        if is_new:
            conversation = Conversation(
                id=run.session_id or "",
                user_id=request.user_id,
                created_at_ms=run.started_at_ms,
                updated_at_ms=run.started_at_ms,
            )
            await self._conversations.create(conversation)
        title = title_of(request.messages)
        try:
            await self._conversations.begin_turn(
                stored_run(run), brought_messages(run), title_if_empty=title, replaces=run.replaced
            )
        except asyncio.CancelledError:
            run.state = "cancelled"  # the claim may have been made all the same
            await asyncio.shield(self._end(run))
            raise
        except Unavailable:
            self.ends.may_have_begun(run)  # the answer to a commit may have been lost
            raise
        run.in_store = True

    def go_on(
        self, run: Run, decisions: Mapping[str, Decision], *, after_crash: bool = False
    ) -> None:
        """Begin again where a run had stopped; it is running in the database already, and holds its budgets.

        After a crash `decisions` are all that were ever made, and a run without a checkpoint begins anew.
        """

        async def work() -> None:
            if run.pause:
                agent = await self._agents.load(run.pause["graph"])
                more = {"after_crash": True} if after_crash else {}
                await agent.go_on(run, decisions, **more)
            else:
                await self._read_again(run)
                await self._answer(run)

        run.in_store = True
        self.active[run.id] = run
        run.task = asyncio.create_task(self._carry_out(run, work), name=run.id)

    async def _read_again(self, run: Run) -> None:
        """Take in once more what the session holds of a run that begins anew, which has claimed it."""
        stored = await self._conversations.messages(run.request.user_id, run.session_id or "")
        own, answer_id = len(stored), message_id(run.id)
        while own and stored[own - 1].run_id == run.id:
            own -= 1
        brought = [one.message for one in stored[own:] if one.id != answer_id]
        run.request = replace(run.request, messages=brought, taken_before=len(brought))
        await self._take_in(run, stored[:own])

    async def _carry_out(self, run: Run, work: Callable[[], Awaitable[None]] | None = None) -> None:
        """Run the turn to its end or to a question, whatever the end is, and keep what was said."""
        run.started = True
        run.began_s = run.began_s or self._parts.clock.monotonic_s()
        try:
            run.check_cancelled()
            with bind_log_context(user_id=run.request.user_id, run_id=run.id), watched_run(run):
                await (work() if work else self._answer(run))
                if not run.asks:
                    made_files.show(run)
            run.state = "waiting" if run.asks else "completed"
        except asyncio.CancelledError:
            run.state = run.cancel_reason or "interrupted"
            if run.state == "interrupted":
                run.error = interruption(run)
        except StewardError as exc:
            run.state, run.error = "failed", exc
        except Exception:
            logger.exception("run %s failed", run.id)
            run.state, run.error = "failed", ServerFault()
        remote.close(run)
        await asyncio.shield(self._end(run))

    async def _answer(self, run: Run) -> None:
        await remote.bring(run)
        messages = fitted(run, run.history, specs=run.request.client_tools)
        decision = await route_choice.choose(run, messages)
        run.decision = decision
        run.say(TurnEvent(type="route", data=decision_object(decision)))
        offered = with_tools.offered(run, decision) if decision.route == "chat" else ()
        if decision.route == "chat" and not offered:
            await _chat(run, messages)
            return
        try:
            await with_tools.work(
                run, messages, decision=decision, offered=offered, agents=self._agents
            )
        except ContextTooLong:
            if any(not isinstance(item, TurnEvent) or item.text for item in run.log.items):
                raise
            data = {"notice": "no room for tools", "route": "chat"}
            run.say(TurnEvent(type="notice", data=data))
            await _chat(run, messages)

    async def _end(self, run: Run) -> None:
        """Store the end of the run, then close its log: who saw the end finds it stored."""
        try:
            if await self.ends.end(run):
                await graphs.prune(run)
        finally:
            count_run(run)
            self._forget(run)

    def _forget(self, run: Run) -> None:
        if self.active.get(run.id) is run:  # one that asked may have gone on already, as another
            del self.active[run.id]
        run.log.close()
        self.ended(run)

    def refuse(self) -> None:
        """Take no new turns: the server is about to stop."""
        if self.active and not self.closing:
            told = "stopping when running answers (%d) have ended; a second signal ends them now"
            logger.info(told, len(self.active))
        self.closing = True

    async def close(self, *, grace_s: float) -> None:
        """Refuse new turns, let the running ones finish for a while, then interrupt them."""
        self.refuse()
        ends = [asyncio.ensure_future(run.done()) for run in self.active.values()]
        if ends:
            await asyncio.wait(ends, timeout=grace_s)
        self.interrupt_all()
        await asyncio.gather(*ends)
        await self.ends.close()

    def owners(self) -> Iterator[tuple[str, str]]:
        """Tell for whom turns run, and with which keys they were asked for."""
        for run in self.active.values():
            yield run.request.user_id, run.request.key_id

    def cancel_of(self, user_id: str, *, key_id: str = "") -> None:
        """Stop every running turn of a user who may not go on, or those asked for with one key."""
        for run in list(self.active.values()):
            request = run.request
            if request.user_id == user_id and key_id in {"", request.key_id}:
                run.cancel()

    def interrupt_all(self) -> None:
        """Stop every running turn; what was said is kept and marked as interrupted."""
        for run in list(self.active.values()):
            run.cancel("interrupted")


async def _chat(run: Run, messages: Sequence[ChatMessage]) -> None:
    """Answer from the model alone; tools of the caller's are offered, and their calls end the turn."""
    run.may_reuse = run.parts.options.reuses(run.request) and not run.attached
    if client_tools(run):
        await chat_with_client_tools(run, messages)
    else:
        await answer(run, messages)
