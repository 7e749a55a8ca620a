"""The text of attached documents, put beside the question: all of it, or what fits the question best.

Bounded by a share of the model's window and by what the rest of the conversation needs. Passages are
numbered as the run's citations. Not for: attachments as such (`attachments`), or fitting the
conversation (`room`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from backend.agent import citing, prompts
from backend.agent.context import message_text
from backend.agent.room import PROMPT_SHARE
from backend.agent.run import Attached, Run
from backend.errors import StewardError
from backend.kit.plain_text import one_line, unmarked
from backend.ports.documents import SEARCH_TOOL, Documents, File, FileFilter, Passage, SearchQuery
from backend.ports.values import ChatMessage, TurnEvent

logger = logging.getLogger(__name__)
# What the instruction and the marks around the passages come to.
OVERHEAD_TOKENS = 200
LEAST_BYTES = 300
PASSAGE_MARK_BYTES = 8
TOP_K = 16
EARLIER_TOP_K = 6
EARLIER_CHARS = 6_000
QUESTION_CHARS = 2_000
SHORT_QUESTION_CHARS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Documents of the newest question, those of earlier ones, and the messages that need room too."""

    named: Sequence[File]
    earlier: Sequence[File]
    rest: Sequence[ChatMessage]


@dataclass(slots=True)
class _Gathered:
    """What has been put together so far; `left` is the room in bytes."""

    left: int
    passages: list[Passage] = field(default_factory=list[Passage])
    whole: set[str] = field(default_factory=set[str])

    def take(self, passages: Iterable[Passage]) -> None:
        """Take passages while they fit."""
        for one in passages:
            size = passage_bytes(one)
            if size > self.left:
                return
            self.passages.append(one)
            self.left -= size


async def put_beside(run: Run, beside: Beside) -> str:
    """Give the text to put before the question; the run knows then what of it can be cited."""
    documents = run.parts.documents
    named = list({one.id: one for one in beside.named}.values())
    known = {one.id for one in named}
    earlier = list({one.id: one for one in beside.earlier if one.id not in known}.values())
    if documents is None or not (named or earlier):
        return ""
    gathered = _Gathered(_room(run, beside.rest))
    question = _question(beside.rest)
    await _gather_whole(run, documents, named, gathered)
    long = [one for one in named if one.id not in gathered.whole]
    if long:
        await _gather_best(run, documents, long, question, gathered)
    if earlier and question:
        await _gather_earlier(run, earlier, question, gathered)
    _note(run, named, gathered)
    return _written(run, named, earlier, gathered)


def _room(run: Run, rest: Sequence[ChatMessage]) -> int:
    """Tell how many bytes of text may be put beside the rest."""
    model, estimate = run.model, run.parts.estimate
    share = int(model.context_tokens * run.parts.attaching.options.context_share)
    free = int(model.context_tokens * PROMPT_SHARE) - estimate.tokens(model.id, rest)
    tokens = max(0, min(share, free) - OVERHEAD_TOKENS)
    return estimate.size(model.id, tokens)


def _question(rest: Sequence[ChatMessage]) -> str:
    return " ".join(message_text(one) for one in rest if one["role"] == "user")[:QUESTION_CHARS]


async def _gather_whole(
    run: Run, documents: Documents, files: Sequence[File], gathered: _Gathered
) -> None:
    """Take documents whole, the shortest first; in the order in which they were attached."""
    fitting: dict[str, Sequence[Passage]] = {}
    for file in sorted(files, key=lambda one: one.document.chars):
        if file.document.chars > gathered.left:  # a character is a byte at least
            break
        passages = await documents.passages(run.request.user_id, file.id)
        size = sum(map(passage_bytes, passages))
        if passages and size <= gathered.left:
            fitting[file.id] = passages
            gathered.left -= size
    for file in files:
        gathered.passages += fitting.get(file.id, ())
    gathered.whole |= set(fitting)


async def _gather_best(
    run: Run, documents: Documents, files: Sequence[File], question: str, gathered: _Gathered
) -> None:
    """Take what fits the question best; how each document begins, where nothing does."""
    found = await _found(run, files, question, chars=gathered.left, top_k=TOP_K)
    if found:
        gathered.take(found)
        return
    share = gathered.left // len(files)
    for file in files:
        part = _Gathered(share)
        part.take(await documents.passages(run.request.user_id, file.id, max_chars=share))
        gathered.take(part.passages)


async def _gather_earlier(
    run: Run, files: Sequence[File], question: str, gathered: _Gathered
) -> None:
    """Take what documents of earlier questions say of this one, if they do."""
    if len(question) < SHORT_QUESTION_CHARS:  # it may lean on the question before
        asked = [message_text(one) for one in run.history if one["role"] == "user"]
        question = " ".join([*asked[-2:-1], question])[-QUESTION_CHARS:]
    chars = min(gathered.left, EARLIER_CHARS)
    gathered.take(await _found(run, files, question, chars=chars, top_k=EARLIER_TOP_K))


async def _found(
    run: Run, files: Sequence[File], question: str, *, chars: int, top_k: int
) -> list[Passage]:
    """Search within some files; what was found in the order of reading, nothing when it is no answer."""
    documents = run.parts.documents
    if documents is None or not question.strip() or chars < LEAST_BYTES:
        return []
    within = FileFilter(file_ids=tuple(one.id for one in files))
    query = SearchQuery(text=question, top_k=top_k, max_chars=chars, within=within)
    try:
        found = await documents.search(run.request.user_id, query)
    except StewardError as exc:
        logger.info("attached documents could not be searched: %s", exc.message)
        return []
    if not found.relevant:
        return []
    order = {one.id: at for at, one in enumerate(files)}
    return sorted(found.passages, key=lambda one: (order.get(one.file_id, 0), one.start))


def passage_bytes(passage: Passage) -> int:
    """Tell how much room a passage takes with its number and its title."""
    size = len(passage.text.encode("utf-8", "replace"))
    return size + len(passage.title) + PASSAGE_MARK_BYTES


def _note(run: Run, named: Sequence[File], gathered: _Gathered) -> None:
    """Have the run know what it holds, and whoever watches it too."""
    run.tainted |= bool(gathered.passages)
    long = any(one.id not in gathered.whole for one in named)
    attached: Attached = "whole" if named and not long else "parts"
    run.attached = attached if named or gathered.passages else ""
    run.about_documents |= long
    if named:
        files = [
            {"file_id": one.id, "filename": one.filename, "whole": one.id in gathered.whole}
            for one in named
        ]
        run.say(TurnEvent(type="notice", data={"notice": "attached", "files": files}))


def _written(run: Run, named: Sequence[File], earlier: Sequence[File], gathered: _Gathered) -> str:
    passages = gathered.passages
    body = "\n\n".join(
        f"[{at}] {unmarked(one.title)}\n{unmarked(one.text)}" for at, one in enumerate(passages, 1)
    )
    cited = tuple(one.citation() for one in passages)
    text = citing.number(body, cited, known=run.citations)
    run.beside |= {one.citation_id for one in passages}
    told = {one.file_id for one in passages}
    lines = [
        (_name(one), "whole" if one.id in gathered.whole else "parts" if one.id in told else "none")
        for one in named
    ]
    lines += [(_name(one), "earlier") for one in earlier]
    tool = SEARCH_TOOL if SEARCH_TOOL in run.parts.toolbox.available else ""
    return prompts.attachments_block(lines, text, tool=tool)


def _name(file: File) -> str:
    return one_line(file.filename, max_chars=100)
