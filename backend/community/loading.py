"""Imports one LangChain tool and makes it; whatever is wrong with it is a reason, not an end."""

from __future__ import annotations

import importlib
import re
from importlib.util import find_spec
from typing import cast

from langchain_core.tools import BaseTool
from pydantic import ValidationError

from backend.community.options import CommunityImport
from backend.errors import ToolUnavailable
from backend.kit.redaction import redact

_TEXT_CHARS = 300
_SHORTEST_SECRET = 4


def load(entry: CommunityImport) -> BaseTool:
    """Import a BaseTool class, instance or @tool function, and make the tool.

    Raises:
        ToolUnavailable: with the reason, and with the mend where there is one.
    """
    found = _imported(entry)
    if isinstance(found, BaseTool):
        if entry.arguments:
            msg = f"{entry.place} is made already and takes no arguments"
            raise ToolUnavailable(msg)
        return found
    if isinstance(found, type) and issubclass(found, BaseTool):
        return _made(found, entry)
    msg = f"{entry.place} is no LangChain tool"
    raise ToolUnavailable(msg)


def short(exc: BaseException, entry: CommunityImport) -> str:
    """Put what a stranger's code raised into one line without secrets or places in files."""
    text = " ".join((faults(exc) if isinstance(exc, ValidationError) else str(exc)).split())
    for secret in _texts(entry.arguments):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    text = redact(text)
    name = type(exc).__name__
    cut = text if len(text) <= _TEXT_CHARS else text[:_TEXT_CHARS] + "..."
    return f"{name}: {cut}" if cut else name


def faults(exc: ValidationError) -> str:
    """Say which values are not valid, without showing them."""
    told = exc.errors(include_url=False, include_input=False, include_context=False)[:3]
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'all'}: {one['msg']}" for one in told)


def tool_name(entry: CommunityImport, tool: BaseTool | None) -> str:
    """Give the name in this server: the administrator's, else the tool's own in small letters."""
    own = entry.name or (tool.name if tool is not None else "")
    plain = _plain(own) or _plain(entry.place.rpartition(":")[2]) or "tool"
    return plain if plain[0].isalpha() else f"tool_{plain}"[:64]


def _imported(entry: CommunityImport) -> object:
    module_name, _, name = entry.place.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), name, None)
    except ModuleNotFoundError as exc:
        raise ToolUnavailable(_missing(exc.name or module_name)) from exc
    except (Exception, SystemExit) as exc:
        msg = f"{module_name} cannot be imported: {short(exc, entry)}"
        raise ToolUnavailable(msg) from exc
    if found is None:
        msg = f"{module_name} has no {name}"
        raise ToolUnavailable(msg)
    return found


def _missing(module: str) -> str:
    package = module.partition(".")[0]
    if package != module and find_spec(package) is not None:
        return f"there is no module {module}"
    mend = "pip install langchain-community" if package == "langchain_community" else "install it"
    return f"{package} is not installed: {mend}"


def _made(kind: type[BaseTool], entry: CommunityImport) -> BaseTool:
    try:
        return kind(**entry.arguments)
    except (Exception, SystemExit) as exc:
        msg = f"{entry.place} cannot be made: {short(exc, entry)}"
        raise ToolUnavailable(msg) from exc


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")[:64]


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts: list[object] = []
    if isinstance(value, dict):
        parts += cast("dict[str, object]", value).values()
    elif isinstance(value, list):
        parts += cast("list[object]", value)
    return [text for one in parts for text in _texts(one)]
