"""Tools to offer to the built-in model, results to show it, and one way to ask it."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from backend.kit.clocks import SteppedClock
from backend.llm.builtin import BuiltinProvider
from backend.ports.models import ModelRequest
from backend.ports.values import Usage

TEXT = {"type": "string"}


def spec(name: str, description: str, properties: dict, required: list | None = None) -> dict:
    """Write an OpenAI function spec; all properties are required unless told otherwise."""
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
    }
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


MATH = spec("math_calc", "Calculates.", {"expression": TEXT})
DATA = spec("data_analysis", "Describes data.", {"data": TEXT})
DATA_ASKED = spec(
    "data_analysis",
    "Describes data.",
    {
        "data": TEXT,
        "group_by": {"type": "array", "items": TEXT},
        "aggregates": {"type": "array", "items": TEXT},
    },
    ["data"],
)
WIKI = spec(
    "wikipedia",
    "Looks up facts.",
    {
        "query": TEXT,
        "action": {"enum": ["summary", "search", "section"], "default": "summary"},
        "max_results": {"type": "integer", "default": 5},
    },
    ["query"],
)
WEATHER = spec(
    "weather",
    "Current weather and forecast.",
    {"place": TEXT, "units": {"enum": ["metric", "imperial"], "default": "metric"}},
    ["place"],
)
WEB = spec("web_search", "Searches the web.", {"query": TEXT})
DOCUMENTS = spec("rag_retrieval", "Searches the user's documents.", {"query": TEXT})
PYTHON = spec("python_code", "Runs Python.", {"code": TEXT})
SQL = spec("sql_query", "Queries the user's files.", {"sql": TEXT})
FETCH = spec("web_fetch", "Reads a page.", {"url": TEXT})
SERVER = [MATH, DATA, WIKI, WEATHER, WEB, DOCUMENTS, PYTHON, SQL, FETCH]

STOCK = spec("get_stock_price", "Get the current stock price.", {"symbol": TEXT})
MAIL = spec("send_email", "Send an email.", {"to": TEXT, "body": TEXT})
ADD = spec("add", "Add two numbers.", {"a": {"type": "number"}, "b": {"type": "number"}})
MULTIPLY = spec("multiply", "Multiply.", {"a": {"type": "integer"}, "b": {"type": "integer"}})
CLIENT_WEATHER = spec(
    "get_current_weather",
    "Get the weather in a location.",
    {"location": TEXT, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
    ["location"],
)
FLIGHTS = spec(
    "search_flights", "Search for flights.", {"origin": TEXT, "destination": TEXT, "date": TEXT}
)
USER = spec("get_user", "Fetch a user record by id.", {"user_id": {"type": "integer"}})
TIMER = spec(
    "set_timer", "Set a timer.", {"minutes": {"type": "integer"}, "label": TEXT}, ["minutes"]
)
TRANSLATE = spec(
    "translate_text",
    "Translate text.",
    {"text": TEXT, "target_language": {"type": "string", "enum": ["French", "German"]}},
)
TASK = spec(
    "create_task",
    "Create a to-do task.",
    {"title": TEXT, "priority": {"type": "string", "enum": ["low", "high"]}},
    ["title"],
)
LOOK = spec("ask_library", "Searches the user's own documents.", {"question": TEXT})
CALCULATOR = spec("calculator", "Evaluates a mathematical expression.", {"formula": TEXT})
CLIENT = [STOCK, MAIL, ADD, MULTIPLY, CLIENT_WEATHER, FLIGHTS, USER, TIMER, TRANSLATE, TASK]

ICELAND = (
    "Iceland [1]\n\nIceland is a Nordic island country in the North Atlantic Ocean. It is the most "
    "sparsely populated country in Europe, with a population of 393,600 in 2024. Its capital is Reykjavík."
)
FRANCE = (
    "France [1]\n\nFrance is a country located primarily in Western Europe. Its capital, largest city "
    "and main cultural centre is Paris. France has a population of over 68.6 million as of January 2025."
)
TOWER = (
    "Eiffel Tower [1]\n\nThe Eiffel Tower is a lattice tower on the Champ de Mars in Paris. It is named "
    "after the engineer Gustave Eiffel, whose company built it from 1887 to 1889. The tower is 330 metres tall."
)
DUNE = (
    "Dune (novel) [1]\n\nDune is a 1965 epic science fiction novel by American author Frank Herbert, "
    "originally published in Analog magazine. It won the Nebula Award."
)
Call = tuple[str, dict[str, Any]]


class Heard(BaseModel):
    """Everything one stream said."""

    text: str = ""
    reasoning: str = ""
    calls: list[Call] = []
    finish: str = ""
    usage: Usage | None = None
    pieces: int = 0


async def hear(messages: list[dict], **asked: Any) -> Heard:
    """Stream one request and gather it."""
    provider = BuiltinProvider(SteppedClock())
    heard = Heard()
    request = ModelRequest(model="builtin", messages=messages, **asked)
    async for delta in provider.stream(request):
        heard.text += delta.content
        heard.reasoning += delta.reasoning
        heard.pieces += bool(delta.content)
        for call in delta.tool_calls:
            function = call["function"]
            heard.calls.append((function["name"], json.loads(function["arguments"])))
        heard.finish = delta.finish_reason or heard.finish
        heard.usage = delta.usage or heard.usage
    return heard


async def ask(question: str, *results: tuple[str, dict, str], **asked: Any) -> Heard:
    """Ask one question, with calls already made and answered."""
    messages: list[dict] = [{"role": "user", "content": question}]
    for number, (name, arguments, text) in enumerate(results):
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"id": f"c{number}", "type": "function", "function": function}
        messages += [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"c{number}", "content": text},
        ]
    return await hear(messages, **asked)
