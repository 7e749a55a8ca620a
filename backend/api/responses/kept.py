"""What is kept of a response besides what its client sees, and taking that away again. Pure.

Everything that `include` can ask for is kept, so that it can be asked for when it is read.
"""

from __future__ import annotations

from collections.abc import Collection

from backend.ports.values import JsonObject

SIZES = "x_piece_sizes"
INCLUDED = "x_included"
QUOTES = "x_quotes"
EVERYTHING = frozenset({
    "code_interpreter_call.outputs",
    "file_search_call.results",
    "web_search_call.action.sources",
})
SOURCES = {"web_search_call.action.sources", "web_search_call.results"}


def shown(body: JsonObject, *, include: Collection[str] = ()) -> JsonObject:
    """Give a response as clients see it: what neither its request nor this one includes is left out."""
    wanted: set[str] = {*include, *body.get(INCLUDED, EVERYTHING)}
    seen = {name: value for name, value in body.items() if name not in {SIZES, INCLUDED, QUOTES}}
    return {**seen, "output": [_item(one, wanted) for one in body["output"]]}


def _item(item: JsonObject, wanted: set[str]) -> JsonObject:
    kind = item["type"]
    if kind == "file_search_call" and "file_search_call.results" not in wanted:
        return {**item, "results": None}
    if kind == "code_interpreter_call" and "code_interpreter_call.outputs" not in wanted:
        return {**item, "outputs": None}
    if kind == "web_search_call" and not SOURCES & wanted:
        action: JsonObject = item["action"]
        return {**item, "action": {name: it for name, it in action.items() if name != "sources"}}
    return item
