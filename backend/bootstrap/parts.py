"""Make each part of a server from settings. Not for: what lives when (`composition`)."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Collection
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType

from backend import __version__, tools
from backend.agent.policy import InvalidRule, Policy, read_policy
from backend.agent.run import AgentOptions
from backend.agent.toolbox import REMOTE, Toolbox, ToolCard
from backend.api.deps import ApiOptions
from backend.auth.service import AuthOptions, AuthService
from backend.bootstrap.community import community_cards
from backend.community import options as community
from backend.config.errors import SettingsError
from backend.config.secrets_file import signing_key
from backend.config.settings import Settings
from backend.config.tool_options import check_tool_names, tool_options
from backend.errors import ToolUnavailable
from backend.kit.clocks import SystemClock
from backend.kit.discovery import modules_of
from backend.ports.clock import Clock
from backend.ports.limits import RateLimiter
from backend.ports.tools import Services, Settling, Tool
from backend.ports.values import Usage
from backend.storage.stores import Stores

logger = logging.getLogger(__name__)


def api_options(settings: Settings, *, address: str, incoming: Path) -> ApiOptions:
    """Say how the HTTP face behaves."""
    public_url = settings.public_url or address
    return ApiOptions(
        first_byte_wait_s=settings.server.first_byte_wait_s,
        max_body_bytes=settings.server.request_body_max_bytes,
        max_message_bytes=settings.attachments.request_max_bytes,
        incoming=incoming,
        max_file_bytes=settings.documents.max_file_bytes,
        upload_wait_s=settings.documents.upload_wait_s,
        cors_origins=settings.server.cors_origins,
        secure_cookies=public_url.startswith("https://"),
        version=__version__,
    )


def agent_options(settings: Settings, *, address: str) -> AgentOptions:
    """Say how agents behave."""
    given = settings.agent.model_dump(include={one.name for one in fields(AgentOptions)})
    public_url = (settings.public_url or address).rstrip("/")
    return AgentOptions(**given, public_url=public_url, reuse=settings.answer_cache.mode)


def make_accounts(settings: Settings, stores: Stores, clock: Clock) -> AuthService:
    """Make the accounts, with the key that signs their tokens."""
    kept = signing_key(given=settings.secret_key, data_dir=settings.data_dir)
    if kept.warning:
        logger.warning("%s", kept.warning)
    auth = settings.auth
    options = AuthOptions(
        secret=kept.key.get_secret_value(),
        access_token_ttl_s=auth.access_token_ttl_s,
        refresh_token_ttl_s=auth.refresh_token_ttl_s,
        bcrypt_rounds=auth.bcrypt_rounds,
        failures_per_account=auth.login_failures_per_account,
        failures_per_address=auth.login_failures_per_address,
        login_window_s=auth.login_window_s,
    )
    return AuthService(
        users=stores.users,
        keys=stores.keys,
        refresh_tokens=stores.refresh_tokens,
        attempts=stores.login_attempts,
        clock=clock,
        options=options,
    )


async def make_first_admin(settings: Settings, accounts: AuthService) -> None:
    """Make the first administrator; a generated password is printed this once."""
    given = settings.admin_password
    password = await accounts.first_admin(
        settings.admin_username, given.get_secret_value() if given else None
    )
    if password is not None:
        sys.stdout.write(
            f"\n    First administrator: {settings.admin_username}\n"
            f"    Password (shown this once): {password}\n"
            "    Log in with both on the page; it can be changed there under Settings.\n\n"
        )
        sys.stdout.flush()


def charge(limits: RateLimiter, user_id: str, usage: Usage) -> None:
    """Count the tokens of an answer against its user."""
    limits.spend(user_id, usage.prompt_tokens + usage.completion_tokens)


def check_tools(settings: Settings) -> None:
    """Refuse wrong names and options of tools before anything is written."""
    modules = {module.NAME: module for module in modules_of(tools)}
    options = {name: module.Options for name, module in modules.items()}
    options[community.NAME] = community.Options
    check_tool_names(settings, options)
    check_rules(settings, options)
    for name, model in options.items():
        _ = tool_options(settings, name, model)


def check_rules(settings: Settings, names: Collection[str]) -> None:
    """Refuse rules that cannot be read, contradict each other, or are about no tool there is."""
    known = {REMOTE, *names}
    unknown = make_policy(settings).tools() - known
    if unknown and settings.tools.options.get(community.NAME):
        cards = community_cards(settings, SystemClock(), taken=names)
        if not cards or any(card.tool is None for card in cards):
            return  # one that is off may have another name once it works
        known |= {card.name for card in cards}
        unknown -= known
    if unknown:
        tools = ", ".join(sorted(known))
        msg = f"there is no tool {', '.join(sorted(unknown))}; the tools are {tools}"
        raise SettingsError([f"APPROVALS__RULES: {msg} ({settings.origin('APPROVALS__RULES')})"])


def make_policy(settings: Settings) -> Policy:
    """Read the rules of this server."""
    try:
        return read_policy(settings.approvals.rules)
    except InvalidRule as exc:
        origin = settings.origin("APPROVALS__RULES")
        raise SettingsError([f"APPROVALS__RULES: {exc} ({origin})"]) from exc


def make_tool_cards(settings: Settings, services: Services) -> list[ToolCard]:
    """Make every tool found in its folder; one that cannot work says why it is off."""
    own = [_tool_card(module, settings, services) for module in modules_of(tools)]
    cards = own + community_cards(settings, services.clock, taken=[card.name for card in own])
    for name in make_policy(settings).tools() - {REMOTE, *(card.name for card in cards)}:
        logger.warning("APPROVALS__RULES: there is no tool %s", name)
    return cards


def make_tool_card(name: str, settings: Settings, services: Services) -> ToolCard:
    """Make one tool of its folder with other settings."""
    module = next(one for one in modules_of(tools) if name == one.NAME)
    return _tool_card(module, settings, services)


def _tool_card(module: ModuleType, settings: Settings, services: Services) -> ToolCard:
    name: str = module.NAME
    options = tool_options(settings, name, module.Options)
    if name == "web_search" and settings.tavily_api_key is not None:
        options = options.model_copy(update={"tavily_api_key": settings.tavily_api_key})
    card = ToolCard(
        name=name,
        description=module.DESCRIPTION,
        args=module.Args,
        touches=module.TOUCHES,
    )
    if name in settings.tools.disabled:
        return replace(card, unavailable="switched off by TOOLS__DISABLED")
    try:
        tool: Tool = module.build(options, services)
    except ToolUnavailable as exc:
        return _off(card, exc.message)
    if isinstance(tool, Settling):
        return replace(card, pending=tool, unavailable="checking")
    return replace(card, tool=tool)


def _off(card: ToolCard, reason: str) -> ToolCard:
    logger.warning("tool %s is off: %s", card.name, reason)
    return replace(card, tool=None, pending=None, unavailable=reason)


async def settle_tools(toolbox: Toolbox) -> None:
    """Let the tools that must try themselves do so side by side; each is on or off from then."""
    await asyncio.gather(*(_settle(toolbox, card) for card in toolbox.cards if card.pending))


async def _settle(toolbox: Toolbox, card: ToolCard) -> None:
    if not isinstance(card.pending, Settling):
        return
    try:
        description = await card.pending.settle()
    except ToolUnavailable as exc:
        toolbox.put(_off(card, exc.message))
    except (
        Exception
    ) as exc:  # nobody waits for this: without a word it would be "checking" for ever
        logger.exception("tool %s broke while it tried itself", card.name)
        toolbox.put(
            _off(card, f"it broke while it tried itself: {type(exc).__name__}; see the log")
        )
    else:
        toolbox.put(
            replace(card, description=description, tool=card.pending, pending=None, unavailable="")
        )


async def close_tool(card: ToolCard) -> None:
    """Free what a tool holds."""
    close = getattr(card.tool or card.pending, "aclose", None)
    if close is not None:
        await close()
