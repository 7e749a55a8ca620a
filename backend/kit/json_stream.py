"""JSON in what a model writes around it: found in a whole text, or passed on while it streams.

Fences and prose before and after fall away. Not for: mending JSON (`agent/loose_object`).
"""

from __future__ import annotations

import re
from json import JSONDecoder
from typing import Final, NoReturn

import orjson

THOUGHT_END: Final = "</think>"
MAX_STARTS: Final = 8
_LEAD = re.compile(r"\s*(?:```[a-zA-Z]{0,8}[ \t]*\n\s*)?(?=[{\[])")
_UNDECIDED = re.compile(r"\s*(?:`{1,3}|```[a-zA-Z]{0,8}[ \t]*(?:\n\s*)?)?\Z")
_MARK = re.compile(r'["{}\[\]\\]')


def json_in(text: str) -> str | None:
    """Give the JSON text in a model's answer: all of it, or the first object or array in it."""
    text = text.rpartition(THOUGHT_END)[2].strip()
    if is_json(text):
        return text
    for at, found in enumerate(re.finditer(r"[{\[]", text)):
        if at == MAX_STARTS:
            break
        try:
            _, end = _DECODER.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        if is_json(text[found.start() : end]):
            return text[found.start() : end]
    return None


def bare_start(text: str) -> int:
    """Tell where the text of an answer that was cut begins, behind its thoughts and a fence."""
    at = text.rfind(THOUGHT_END)
    at = 0 if at < 0 else at + len(THOUGHT_END)
    lead = _LEAD.match(text, at)
    return at if lead is None else lead.end()


def is_json(text: str) -> bool:
    """Tell whether a text is strict JSON, whatever value."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


class JsonStream:
    """Pass on the first object or array of a streamed text, from its bracket to the one that ends it.

    Only white space or the opening of a fence may stand before it: any other beginning is held for
    ever. Not for checking: what is passed on may be broken JSON.
    """

    def __init__(self) -> None:
        self.begun = False
        self._head = ""
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._lost = False

    def feed(self, text: str) -> str:
        """Take a piece of text; give what can be shown."""
        if self._lost or (self.begun and not self._depth):
            return ""
        if self.begun:
            return self._passed(text)
        self._head += text
        lead = _LEAD.match(self._head)
        if lead is None:
            self._lost = _UNDECIDED.match(self._head) is None
            return ""
        self.begun = True
        return self._passed(self._head[lead.end() :])

    def _passed(self, text: str) -> str:
        if self._escaped:
            self._escaped = not text
            return text[:1] + (self._passed(text[1:]) if len(text) > 1 else "")
        at = 0
        while (mark := _MARK.search(text, at)) is not None:
            at = mark.end()
            if mark[0] == "\\":
                self._escaped = at == len(text)
                at += 1
            elif mark[0] == '"':
                self._in_string = not self._in_string
            elif not self._in_string:
                self._depth += 1 if mark[0] in "{[" else -1
                if not self._depth:
                    return text[:at]
        return text


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER: JSONDecoder = JSONDecoder(parse_constant=_refuse)
