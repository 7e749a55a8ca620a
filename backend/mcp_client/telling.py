"""What an MCP server says, in our values and within bounds: its tools, and the text of a result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import mcp_types as types
import orjson

from backend.kit.json_values import clean_text, copy_json, dump_json
from backend.mcp_client.options import McpOptions
from backend.ports.remote_tools import RemoteListing, RemoteTool, ToolFilter
from backend.ports.values import JsonObject

MAX_NAME_CHARS = 128


def read_listing(
    tools: Sequence[types.Tool], allowed: ToolFilter | None, options: McpOptions
) -> RemoteListing:
    """Read the tools that are allowed, each name once; what is over the bounds is left out."""
    found: dict[str, RemoteTool] = {}
    left_out = 0
    for one in tools:
        read = _tool(one, options)
        if read is None:
            left_out += 1
        elif allowed is None or allowed.fits(read):
            found.setdefault(read.name, read)
    kept = tuple(found.values())[: options.max_tools]
    return RemoteListing(tools=kept, left_out=left_out + len(found) - len(kept))


def _tool(tool: types.Tool, options: McpOptions) -> RemoteTool | None:
    try:
        size = len(orjson.dumps(tool.input_schema))
    except (orjson.JSONEncodeError, RecursionError):
        return None
    if size > options.max_schema_bytes or not 1 <= len(tool.name) <= MAX_NAME_CHARS:
        return None
    if not tool.name.isprintable():
        return None
    hints = tool.annotations
    annotations: JsonObject = (
        hints.model_dump(by_alias=True, mode="json", exclude_none=True) if hints else {}
    )
    annotations.pop("title", None)
    return RemoteTool(
        name=tool.name,
        description=clean_text(tool.description or "")[: options.max_description_chars],
        input_schema=copy_json(tool.input_schema),
        read_only=bool(hints and hints.read_only_hint),
        annotations=annotations,
    )


def text_of(result: types.CallToolResult, *, max_chars: int) -> str:
    """Write a result as text; what is no text is named, not shown."""
    pieces: list[str] = []
    room = max_chars
    for piece in _pieces(result):
        pieces.append(piece[:room])
        room -= len(piece)
        if room < 0:
            pieces.append(f"[... the result is longer than {max_chars:,} characters ...]")
            break
    return clean_text("\n".join(pieces))


def _pieces(result: types.CallToolResult) -> Iterable[str]:
    texts = [_piece(block) for block in result.content]
    if not any(texts) and result.structured_content is not None:
        return [dump_json(result.structured_content)]
    return filter(None, texts)


def _piece(block: types.ContentBlock) -> str:
    match block:
        case types.TextContent():
            return block.text
        case types.ImageContent() | types.AudioContent():
            return f"[{block.type}, {len(block.data):,} characters of base64, not shown]"
        case types.ResourceLink():
            return f"[resource {block.name}: {block.uri}]"
        case types.EmbeddedResource(resource=types.TextResourceContents(text=text)):
            return text
        case _:
            return f"[{block.type}, not shown]"
