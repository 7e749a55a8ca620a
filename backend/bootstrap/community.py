"""Make the cards of LangChain's tools; one that is broken says why it is off, and nothing else stops."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from pydantic import BaseModel

from backend.agent.toolbox import ToolCard
from backend.community.options import NAME, CommunityImport, Options
from backend.config.settings import Settings
from backend.config.tool_options import tool_options
from backend.errors import ToolUnavailable
from backend.kit.side_threads import SideThreads
from backend.ports.clock import Clock

logger = logging.getLogger(__name__)
_DESCRIPTION_CHARS = 1_000


def community_cards(settings: Settings, clock: Clock, *, taken: Iterable[str]) -> list[ToolCard]:
    """Import what TOOLS__COMMUNITY__IMPORTS lists; `taken` are the names of this server's own tools."""
    options = tool_options(settings, NAME, Options)
    if NAME in settings.tools.disabled:
        return []
    threads = SideThreads(options.max_threads, patience_s=options.patience_s, clock=clock)
    names = set(taken)
    cards: list[ToolCard] = []
    for entry in options.imports:
        card = _card(entry, threads, names)
        names.add(card.name)
        cards.append(card)
    return cards


def _card(entry: CommunityImport, threads: SideThreads, names: set[str]) -> ToolCard:
    # LangChain's classes are only imported where a tool of theirs is asked for.
    from backend.community.arguments import NoArgs, args_model  # noqa: PLC0415 - see above
    from backend.community.bridge import CommunityTool  # noqa: PLC0415 - see above
    from backend.community.loading import load, tool_name  # noqa: PLC0415 - see above

    name = tool_name(entry, None)
    try:
        tool = load(entry)
        name = tool_name(entry, tool)
        args = args_model(tool)
    except ToolUnavailable as exc:
        return _off(entry, _free(name, names), NoArgs, exc.message)
    if name in names:
        reason = f'there is another tool {name}; give it a "name" of its own'
        return _off(entry, _free(name, names), args, reason)
    return ToolCard(
        name=name,
        description=tool.description[:_DESCRIPTION_CHARS],
        args=args,
        touches=entry.touches,
        tool=CommunityTool(tool, entry, threads),
    )


def _off(entry: CommunityImport, name: str, args: type[BaseModel], reason: str) -> ToolCard:
    logger.warning("tool %s (%s) is off: %s", name, entry.place, reason)
    return ToolCard(
        name=name,
        description=f"{entry.place}, a tool of the community.",
        args=args,
        touches=entry.touches,
        unavailable=reason,
    )


def _free(name: str, names: set[str]) -> str:
    tries = (f"{name[:60]}_{number}" for number in range(2, len(names) + 3))
    return name if name not in names else next(one for one in tries if one not in names)
