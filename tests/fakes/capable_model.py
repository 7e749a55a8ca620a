"""A scripted model that does what a good model would: it reads the request and acts on it.

It keeps to `format`, calls the tool that the words ask for with arguments that fit its schema, takes
numbers and names from the question, and answers from a tool's result. Use as
`double.script(capable)`; replies that a test queued come first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from tests.fakes.replies import Call, Reply, words_of

Schema = Mapping[str, Any]
ASKED_FOR_A_TOOL = re.compile(
    r"\b(use|using|call|invoke)\b.{0,40}\b(tools?|functions?)\b", re.IGNORECASE | re.DOTALL
)
DEMANDED = re.compile(r"\bmust\b.{0,80}\b(call|tools?|functions?)\b", re.IGNORECASE | re.DOTALL)
KEYS = re.compile(r"['\"`]([A-Za-z_]\w*)['\"`]")
QUOTED = re.compile(r"(?<!\w)['\"]([^'\"]{1,80})['\"](?!\w)")
NAMES = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][a-z]+\b")


def capable(body: dict[str, Any]) -> Reply:
    """Answer a chat request, or go on with a bare prompt."""
    messages: list[dict[str, Any]] = body.get("messages") or [
        {"role": "user", "content": body.get("prompt", "")}
    ]
    question = _text_of(messages, "user")
    shape = body.get("format")
    if isinstance(shape, dict):
        return Reply(content=orjson.dumps(fitting(shape, question)).decode())
    if shape == "json":
        keys = KEYS.findall(question) or ["answer"]
        return Reply(content=orjson.dumps(dict.fromkeys(keys, "a short text")).decode())
    results = [one["content"] for one in messages if one["role"] == "tool"]
    if messages[-1]["role"] == "tool":
        return Reply(content=f"The result is {', '.join(results)}.")
    tool = wanted_tool(body.get("tools") or (), question, _text_of(messages, "system"))
    if tool is not None:
        return Reply(
            calls=[Call(name=tool["name"], arguments=one) for one in _each(tool, question)]
        )
    return _said(f"You said: {question}"[:400], body)


def _said(text: str, body: dict[str, Any]) -> Reply:
    """Say a text within the limit that was asked for, and think before when asked to."""
    limit = (body.get("options") or {}).get("num_predict", -1)
    words = words_of(text)
    cut = 0 < limit < len(words)
    return Reply(
        content=words[:limit] if cut else words,
        done_reason="length" if cut else "stop",
        thinking="Let me think." if body.get("think") else (),
    )


def _each(tool: Mapping[str, Any], question: str) -> list[dict[str, Any]]:
    """Give the arguments of one call, or of one for each name where the words say "each"."""
    names = NAMES.findall(question)
    if len(names) < 2 or not re.search(r"\beach\b", question):
        return [arguments_for(tool, question)]
    return [arguments_for(tool, f"use {name}") for name in names]


def wanted_tool(tools: Any, question: str, system: str) -> dict[str, Any] | None:
    """Choose the tool that the words name or ask for; none when nobody speaks of tools."""
    functions: list[dict[str, Any]] = [tool["function"] for tool in tools]
    named = [one for one in functions if re.search(rf"\b{re.escape(one['name'])}\b", question)]
    if named:
        return max(named, key=lambda one: len(one["name"]))
    if functions and (ASKED_FOR_A_TOOL.search(question) or DEMANDED.search(system)):
        return functions[0]
    words = set(re.findall(r"[a-z]{4,}", question.lower()))
    for one in functions:
        if words & set(re.findall(r"[a-z]{4,}", one["name"].replace("_", " ").lower())):
            return one
    return None


def arguments_for(function: Mapping[str, Any], question: str) -> dict[str, Any]:
    """Make arguments that fit the tool's schema."""
    made = fitting(function.get("parameters") or {"type": "object"}, question)
    return made if isinstance(made, dict) else {}


def fitting(schema: Schema, question: str) -> Any:
    """Make a value that fits a JSON schema, with numbers and words of the question where it can."""
    return _Maker(schema, question).value(schema, "")


class _Maker:
    def __init__(self, root: Schema, question: str) -> None:
        self._root = root
        self._question = question
        self._numbers = [int(one) for one in re.findall(r"-?\b\d{1,9}\b", question)]

    def value(self, schema: Schema, name: str) -> Any:
        """Make one value."""
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        for union in ("anyOf", "oneOf"):
            if union in schema:
                return self._chosen(schema[union], name)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next(one for one in kind if one != "null")
        return self._of_kind(kind, schema, name)

    def _of_kind(self, kind: str, schema: Schema, name: str) -> Any:
        if kind == "object":
            fields = schema.get("properties", {})
            return {one: self.value(fields[one], one) for one in fields}
        if kind == "array":
            count = max(1, schema.get("minItems", 1))
            return [self.value(schema.get("items", {}), name) for _ in range(count)]
        if kind in {"integer", "number"}:
            found = self._numbers.pop(0) if self._numbers else 1
            return min(max(found, schema.get("minimum", found)), schema.get("maximum", found))
        if kind == "string":
            return self._text(schema, name)
        return {"boolean": True, "null": None}[kind]

    def _text(self, schema: Schema, name: str) -> str:
        known = {"date": "2026-01-02", "date-time": "2026-01-02T03:04:05Z", "uri": "https://x.org"}
        names = QUOTED.findall(self._question) or NAMES.findall(self._question)
        text = known.get(schema.get("format", ""), names[0] if names else f"a {name or 'text'}")
        return text.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength", 200)]

    def _chosen(self, options: list[Schema], name: str) -> Any:
        """Take the option that the question names, else the first that is not null."""
        real = [self._resolved(one) for one in options if one.get("type") != "null"]
        for one in real:
            fields = one.get("properties", {})
            named = [field["const"] for field in fields.values() if "const" in field]
            if any(re.search(rf"\b{re.escape(str(word))}\b", self._question) for word in named):
                return self.value(one, name)
        return self.value(real[0], name)

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            found: Any = self._root
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = found
        if len(schema.get("allOf", ())) == 1:
            return self._resolved(schema["allOf"][0])
        return schema


def _text_of(messages: list[dict[str, Any]], role: str) -> str:
    texts = [str(one.get("content") or "") for one in messages if one["role"] == role]
    return texts[-1] if role == "user" and texts else "\n".join(texts)
