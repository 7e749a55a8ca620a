"""Searches the caller's own documents and brings passages that an answer can cite.

Not for: reading uploads or ranking passages (`ports.documents`), or tables of numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from backend.errors import StewardError, ToolFailed, ToolUnavailable
from backend.kit.meant_files import means_any, name_list
from backend.kit.plain_text import one_line, unmarked
from backend.ports.documents import (
    Documents,
    File,
    FileFilter,
    Listing,
    Passage,
    SearchAnswer,
    SearchQuery,
)
from backend.ports.documents_within import within
from backend.ports.own_files import named
from backend.ports.tools import (
    Services,
    Tool,
    ToolArgs,
    ToolContext,
    ToolOptions,
    ToolResult,
    Touch,
)

NAME = "rag_retrieval"
DESCRIPTION = (
    "Searches the documents and files the user has uploaded and gives passages to cite. Use it for "
    "every question about my, our, the or the attached documents, files, reports, contracts, "
    "policies, manuals or notes, and for anything only the user's own papers can say. Ask in the "
    'words the document would use. Example: {"query": "notice period for termination"}. '
    'Within one file: {"query": "refund deadline", "files": ["contract.pdf"]}.'
)
TOUCHES: frozenset[Touch] = frozenset({"reads_user_data"})

_DIGEST = re.compile(
    r"summar|overview|outline|\b(?:main|key) (?:points|ideas|findings)|\bgist\b|tl;?dr|\babout\W*$"
    r"|zusammenfass|fass\w* .{0,60}zusammen|überblick|résum|resum|riassu|samenvat|обзор|кратк|总结|摘要|要約|まとめ",
    re.IGNORECASE,
)


class Args(ToolArgs):
    """What to search for."""

    query: str = Field(
        min_length=1,
        max_length=2_000,
        description="What to find, in the words the document would use.",
        validation_alias=AliasChoices(
            "query", "q", "question", "search_query", "search", "keywords", "input", "text", "topic", "prompt"
        ),
    )  # fmt: skip
    files: Annotated[list[str], BeforeValidator(name_list)] = Field(
        default_factory=list,
        max_length=50,
        description="Names or ids of the files to search in; empty for all.",
        validation_alias=AliasChoices(
            "files", "file", "filename", "filenames", "file_name", "file_names", "file_id", "file_ids", "document",
            "documents", "doc", "source", "sources",
        ),
    )  # fmt: skip
    top_k: int = Field(
        default=0,
        ge=0,
        le=50,
        description="How many passages to bring; 0 for the usual number.",
        validation_alias=AliasChoices("top_k", "k", "limit", "n", "max_results", "num_results"),
    )


class Options(ToolOptions):
    """How many passages are brought, and how much text they may have together."""

    usual_results: int = Field(default=6, ge=1, le=50)
    max_results: int = Field(default=20, ge=1, le=50)
    max_chars: int = Field(default=6_000, ge=200, le=200_000)


class RagRetrieval:
    """Searches one user's documents per call: the caller's."""

    def __init__(self, options: Options, documents: Documents) -> None:
        self._options = options
        self._documents = documents

    async def run(self, args: Args, context: ToolContext) -> ToolResult:
        """Search; ToolRetry names the user's files when one asked for is none of them."""
        documents, user_id = within(self._documents, context.file_ids), context.user_id
        try:
            if not await documents.has_any(user_id):
                text = NO_DOCUMENTS if context.file_ids is None else NONE_IN_SCOPE
                return ToolResult(text=text, data={"searched": 0, "unready": 0})
            query = await self._query(args, documents, context)
            found = await documents.search(user_id, query)
            if not found.relevant and _DIGEST.search(args.query):
                found = await _digest(query, documents, user_id) or found
            found = found.above(context.passages.least_relevance)
        except StewardError as exc:
            msg = f"the documents cannot be searched now: {exc.message}"
            raise ToolFailed(msg) from exc
        return _result(found)

    async def _query(self, args: Args, documents: Documents, context: ToolContext) -> SearchQuery:
        user_id, most = context.user_id, context.passages.most
        ids = [one.id for name in args.files for one in await _named(documents, user_id, name)]
        wanted = args.top_k or most or self._options.usual_results
        return SearchQuery(
            text=args.query,
            top_k=min(wanted, most or wanted, self._options.max_results),
            max_chars=self._options.max_chars,
            within=FileFilter(file_ids=tuple(dict.fromkeys(ids))),
        )


async def _named(documents: Documents, user_id: str, name: str) -> Sequence[File]:
    """Find the files that a name means: by id, by name, by a part of it, by its words."""
    return () if means_any(name) else await named(documents, user_id, name)


async def _digest(query: SearchQuery, documents: Documents, user_id: str) -> SearchAnswer | None:
    """Bring passages of the files named, or of the newest one, in the order of reading."""
    asked = query.within
    if not asked.file_ids:
        listing = Listing(states=("ready",), limit=1)
        newest = (await documents.list(user_id, listing)).items
        asked = replace(asked, file_ids=tuple(one.id for one in newest))
    found = await documents.search(user_id, replace(query, within=asked))
    ordered = tuple(sorted(found.passages, key=lambda one: (one.filename, one.start)))
    return replace(found, passages=ordered, relevant=True) if ordered else None


NO_DOCUMENTS = (
    "The user has no documents: none were uploaded yet. Tell them that files are uploaded on this "
    "server's page, or with POST /api/files/upload."
)
NONE_IN_SCOPE = (
    "None of the files this question may be answered from is there. Say that there is nothing to "
    "answer it from; do not invent an answer."
)
STILL_READ = "The user's documents are still being read ({count} of them); ask again in a moment."
UNREADABLE = "None of these documents could be read; the user's list of files says why."
NOTHING = (
    "Nothing in the user's documents answers this. Say that it is not in their documents; do not "
    "invent an answer."
)


def _result(found: SearchAnswer) -> ToolResult:
    data = {"searched": found.searched, "unready": found.unready, "relevant": found.relevant}
    if not found.searched:
        text = STILL_READ.format(count=found.unready) if found.unready else UNREADABLE
        return ToolResult(text=text, data=data)
    waiting = f"{found.unready} of the user's documents are still being read"
    notes = "".join(
        f"Note: {one.rstrip('.')}.\n" for one in [*found.notes, *[waiting] * (found.unready > 0)]
    )
    if not found.relevant or not found.passages:
        near = "".join(f" Near, but no answer: {_head(one)}." for one in found.passages[:1])
        return ToolResult(text=f"{NOTHING}{near}\n{notes}".strip(), data=data)
    passages = "\n\n".join(_block(n, one) for n, one in enumerate(found.passages, 1))
    return ToolResult(
        text=notes + passages,
        data={**data, "relevance": [round(one.relevance, 3) for one in found.passages]},
        citations=tuple(one.citation() for one in found.passages),
    )


def _block(number: int, passage: Passage) -> str:
    return f"[{number}] {_head(passage)}\n{unmarked(passage.text).strip()}"


def _head(passage: Passage) -> str:
    heading = one_line(passage.heading, max_chars=80)
    return unmarked(f"{passage.title} ({heading})" if heading else passage.title)


def build(options: Options, services: Services) -> Tool:
    """Make the tool; ToolUnavailable on a server that keeps no documents."""
    if services.documents is None:
        msg = "this server keeps no documents"
        raise ToolUnavailable(msg)
    return RagRetrieval(options, services.documents)
