"""Completions of texts: several prompts, several candidates each, from one model and no agent.

They leave no run behind. Not for: conversations (`turn`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from backend.agent.budgets import Budgets, Hold, asked_of_texts
from backend.agent.catalog import ModelCatalog
from backend.agent.completion_parts import Choice, Piece, Taker, estimated
from backend.agent.usage_book import UsageBook
from backend.agent.watched_call import watched_call
from backend.errors import (
    InvalidRequest,
    ServerFault,
    StewardError,
    Unavailable,
)
from backend.kit.ids import new_id
from backend.kit.waiting import side_by_side
from backend.ports.clock import Clock
from backend.ports.models import Asker, ModelDelta, ModelInfo, ModelProvider, ModelRequest
from backend.ports.values import Usage
from backend.ports.watching import UNWATCHED, Watch

logger = logging.getLogger(__name__)
CALLS_AT_ONCE = 8
MAX_CANDIDATES = 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRequest:
    """What one request asks for; `template` carries model and sampling, and no prompt.

    Of `best_of` candidates for every prompt the `n` most probable are given. `echo` puts the prompt
    before each of them.
    """

    user_id: str
    key_id: str = ""
    template: ModelRequest
    prompts: Sequence[str]
    n: int = 1
    best_of: int = 1
    echo: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class Completion:
    """One request's work in progress; `next` gives its pieces as they come."""

    id: str
    request: CompletionRequest
    provider: ModelProvider
    model: ModelInfo
    started_at_ms: int
    clock: Clock
    watch: Watch = UNWATCHED
    choices: list[Choice] = field(default_factory=list[Choice])
    usage: Usage = field(default_factory=Usage)
    error: StewardError | None = None
    task: asyncio.Task[None] | None = None
    hold: Hold | None = None
    left: bool = False
    _news: asyncio.Queue[Piece | None] = field(default_factory=asyncio.Queue["Piece | None"])

    @property
    def closed(self) -> bool:
        """Tell whether there will be no more pieces than those waiting."""
        return self.task is None or self.task.done()

    async def next(self) -> Piece | None:
        """Wait for the next piece; None now and then while there is none, and at the end."""
        return await self._news.get()

    def ready(self) -> list[Piece]:
        """Give the pieces that wait already."""
        found: list[Piece] = []
        while not self._news.empty():
            piece = self._news.get_nowait()
            if piece is not None:
                found.append(piece)
        return found

    def say(self, piece: Piece | None) -> None:
        """Give a piece out; None wakes whoever waits."""
        self._news.put_nowait(piece)

    async def done(self) -> None:
        """Wait for the end."""
        if self.task is not None:
            await asyncio.wait([self.task])

    def leave(self) -> None:
        """Stop, because nobody waits for it; the model server is freed."""
        self.left = True
        if self.task is not None:
            self.task.cancel()


class Completions:
    """Starts completions and knows those that are running. `book` and `spent` are told of every usage."""

    def __init__(
        self,
        catalog: ModelCatalog,
        clock: Clock,
        *,
        book: UsageBook,
        spent: Callable[[str, Usage], None] | None = None,
        budgets: Budgets | None = None,
        watch: Watch = UNWATCHED,
    ) -> None:
        self._budgets = budgets
        self.active: set[Completion] = set()
        self.closing = False
        self._catalog = catalog
        self._clock = clock
        self._book = book
        self._spent = spent
        self._watch = watch

    async def start(self, request: CompletionRequest) -> Completion:
        """Begin; the pieces tell how it goes.

        Raises:
            ModelNotFound, InvalidRequest, Unavailable: before any model is asked.
        """
        if self.closing:
            raise Unavailable("The server is shutting down", retry_after_s=5)
        if len(request.prompts) * request.best_of > MAX_CANDIDATES:
            msg = f"One request may ask for {MAX_CANDIDATES} completions; send several."
            raise InvalidRequest(msg, param="prompt")
        provider, model = await self._catalog.resolve(request.template.model)
        made = Completion(
            id=new_id("cmpl"),
            request=request,
            provider=provider,
            model=model,
            started_at_ms=self._clock.now_ms(),
            clock=self._clock,
            watch=self._watch,
        )
        if self._budgets is not None:
            asked = asked_of_texts(
                (request.user_id, request.key_id),
                model.id,
                request.prompts,
                answers=len(request.prompts) * request.best_of,
                most_tokens=request.template.max_output_tokens,
            )
            made.hold = await self._budgets.take(asked)
        self.active.add(made)
        made.task = asyncio.create_task(self._carry_out(made), name=made.id)
        made.task.add_done_callback(lambda _: self._end(made))
        return made

    async def _carry_out(self, made: Completion) -> None:
        try:
            await _complete(made)
        except asyncio.CancelledError:
            if not made.left:
                made.error = Unavailable("The server is shutting down; the answer is incomplete")
        except StewardError as exc:
            exc.param = "prompt" if exc.param == "messages" else exc.param
            made.error = exc
        except Exception:
            logger.exception("completion %s failed", made.id)
            made.error = ServerFault()
        if self._budgets is not None and made.hold is not None:
            used = made.usage.prompt_tokens + made.usage.completion_tokens
            await self._budgets.settle(made.hold, tokens=used)
            made.hold = None

    def _end(self, made: Completion) -> None:
        self.active.discard(made)
        if self._budgets is not None and made.hold is not None:  # it was left before it began
            self._budgets.settle_soon(made.hold)
        user_id, key_id = made.request.user_id, made.request.key_id
        self._book.note(user_id, made.usage, model=made.model.id, route="completion", key_id=key_id)
        if self._spent is not None:
            self._spent(user_id, made.usage)
        made.say(None)

    def nudge(self) -> None:
        """Wake those who wait for pieces, so that they keep their connections alive."""
        for made in self.active:
            made.say(None)

    def owners(self) -> Iterator[tuple[str, str]]:
        """Tell for whom completions run, and with which keys they were asked for."""
        for made in self.active:
            yield made.request.user_id, made.request.key_id

    def cancel_of(self, user_id: str, *, key_id: str = "") -> None:
        """Stop what runs of a user who may not go on, or what was asked for with one key."""
        for made in list(self.active):
            request = made.request
            if request.user_id == user_id and key_id in {"", request.key_id}:
                made.leave()

    def refuse(self) -> None:
        """Start nothing more: the server is about to stop."""
        self.closing = True

    def interrupt_all(self) -> None:
        """Stop everything that runs."""
        for made in list(self.active):
            if made.task is not None:
                made.task.cancel()

    async def close(self) -> None:
        """Stop everything that runs and wait for the ends."""
        self.refuse()
        self.interrupt_all()
        await asyncio.gather(*[made.done() for made in list(self.active)])


async def _complete(made: Completion) -> None:
    """Ask for every candidate, a few at a time; the first failure ends all of them."""
    request = made.request
    seed = request.template.seed
    ranked = request.best_of > request.n
    candidates = [
        Choice(prompt, None if seed is None else seed + at)
        for prompt in request.prompts
        for at in range(request.best_of)
    ]
    if not ranked:
        made.choices = candidates
    for index, choice in enumerate(made.choices):
        choice.index = index
    places = asyncio.Semaphore(CALLS_AT_ONCE)

    async def in_turn(choice: Choice) -> None:
        async with places:
            await _choice(made, choice, quiet=ranked)

    try:
        await side_by_side(in_turn(choice) for choice in candidates)
    finally:
        made.usage = _usage(candidates, per_prompt=request.best_of)
    if ranked:
        made.choices = _best(request, candidates)


async def _choice(made: Completion, choice: Choice, *, quiet: bool) -> None:
    """Stream one candidate up to its end or its first stop string."""
    request = made.request
    template = request.template
    wanted = replace(
        template,
        model=made.model.id,
        context_tokens=made.model.context_tokens,
        prompt=choice.prompt,
        asker=Asker(user_id=request.user_id),
        seed=choice.seed,
        logprobs=0 if quiet and template.logprobs is None else template.logprobs,
    )
    prefix = choice.prompt if request.echo else ""

    def say(piece: Piece) -> None:
        nonlocal prefix
        if not quiet and (piece.text or piece.finish or prefix):
            made.say(replace(piece, text=prefix + piece.text))
            prefix = ""

    if template.max_output_tokens == 0:
        choice.finish, choice.usage = "length", estimated(choice, tokens=0)
    else:
        await _stream(made, wanted, Taker(wanted, choice), say)
    say(Piece(choice.index, finish=choice.finish))


async def _stream(
    made: Completion, wanted: ModelRequest, taker: Taker, say: Callable[[Piece], None]
) -> None:
    provider, now_s = made.provider, made.clock.monotonic_s
    with watched_call(
        made.watch, made.clock, provider=provider.name, model=made.model, request=wanted
    ) as call:
        try:
            await _take(taker, provider.stream(wanted), say, lambda: call.pieces_s.append(now_s()))
        finally:
            call.usage = taker.count()


async def _take(
    taker: Taker,
    stream: AsyncGenerator[ModelDelta],
    say: Callable[[Piece], None],
    came: Callable[[], None],
) -> None:
    """Take a stream to its end or its first stop string."""
    async with aclosing(stream) as deltas:
        async for delta in deltas:
            if delta.content:
                came()
            say(taker.take(delta))
            if taker.stops.hit:
                return
    say(taker.rest())


def _usage(candidates: Sequence[Choice], *, per_prompt: int) -> Usage:
    """Sum up; a prompt counts once, however many candidates it has."""
    read = sum(one.usage.prompt_tokens for one in candidates[::per_prompt])
    written = sum(one.usage.completion_tokens for one in candidates)
    return Usage(prompt_tokens=read, completion_tokens=written, model_calls=len(candidates))


def _best(request: CompletionRequest, candidates: Sequence[Choice]) -> list[Choice]:
    """Pick the most probable candidates of every prompt, each with its place in the answer."""
    best: list[Choice] = []
    for at in range(0, len(candidates), request.best_of):
        mine = candidates[at : at + request.best_of]
        best += sorted(mine, key=lambda one: -one.likelihood)[: request.n]
    for index, choice in enumerate(best):
        choice.index = index
    return best
