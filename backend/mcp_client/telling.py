"""What an MCP server says, in our values and within bounds: its tools, and the text of a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import mcp_types as types
import orjson

from backend.kit.json_values import clean_text, copy_json, dump_json
from backend.mcp_client.options import McpOptions
from backend.ports.remote_tools import RemoteListing, RemoteTool, ToolFilter
from backend.ports.values import JsonObject

MAX_NAME_CHARS = 128
MAX_LISTING_BYTES = 262_144  # schemas and descriptions of one server


def read_listing(
    tools: Sequence[types.Tool],
    allowed: ToolFilter | None,
    options: McpOptions,
    *,
    scrub: Callable[[str], str],
) -> RemoteListing:
    """Read the tools that are allowed, each name once; what is over the bounds is left out."""
    found: dict[str, RemoteTool] = {}
    left_out = 0
    room = MAX_LISTING_BYTES
    for one in tools:
        size = _size(one)
        read = _tool(one, options, scrub) if size <= options.max_schema_bytes else None
        if read is None:
            left_out += 1
        elif (allowed is None or allowed.fits(read)) and read.name not in found:
            room -= size + len(read.description)
            full = room < 0 or len(found) >= options.max_tools
            left_out += full
            found |= {} if full else {read.name: read}
    return RemoteListing(tools=tuple(found.values()), left_out=left_out)


def _size(tool: types.Tool) -> int:
    """Give the bytes of a schema; of one that no JSON can say, more than any bound."""
    try:
        return len(orjson.dumps(tool.input_schema))
    except TypeError:
        return MAX_LISTING_BYTES


def _tool(tool: types.Tool, options: McpOptions, scrub: Callable[[str], str]) -> RemoteTool | None:
    if not 1 <= len(tool.name) <= MAX_NAME_CHARS or not tool.name.isprintable():
        return None
    hints = tool.annotations
    said = hints.model_dump(by_alias=True, mode="json") if hints else {}
    annotations: JsonObject = {name: it for name, it in said.items() if isinstance(it, bool)}
    return RemoteTool(
        name=tool.name,
        description=scrub(clean_text(tool.description or ""))[: options.max_description_chars],
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
