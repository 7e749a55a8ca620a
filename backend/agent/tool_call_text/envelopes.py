"""Which JSON values are tool calls.

For the many objects models wrap a name and its arguments in. Not for reading JSON text
(`loose_json.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from backend.agent.tool_call_text.loose_json import LooseReader, UnreadableError
from backend.agent.tool_call_text.names import ToolNames, clean_name, is_well_formed

_LIST_KEYS = (
    "tool_calls",
    "tool_call",
    "toolcalls",
    "toolcall",
    "function_calls",
    "function_call",
    "functioncall",
    "calls",
    "actions",
    "tool_uses",
    "tools_to_call",
)
_NAME_KEYS = (
    "name",
    "tool_name",
    "function_name",
    "func_name",
    "recipient_name",
    "api_name",
    "tool",
    "function",
    "func",
    "action",
    "api",
)
_KNOWN_NAME_KEYS = (*_NAME_KEYS, "command", "method", "plugin", "intent", "skill", "tool_id")
_ARGUMENT_KEYS = (
    "arguments",
    "parameters",
    "args",
    "params",
    "tool_input",
    "action_input",
    "tool_args",
    "tool_arguments",
    "tool_parameters",
    "function_args",
    "function_arguments",
    "kwargs",
    "input",
    "inputs",
    "argument",
    "parameter",
)
_REMARK_KEYS = frozenset({
    "id",
    "type",
    "index",
    "thought",
    "thoughts",
    "thinking",
    "reasoning",
    "rationale",
    "reason",
    "explanation",
    "tool_call_id",
    "call_id",
    "observation",
    "status",
})
_WRAPPER_KEYS = (
    "function",
    "tool",
    "action",
    "response",
    "result",
    "output",
    "call",
    "next_action",
    "command",
)
_NO_CALL = frozenset({"directlyanswer", "none", "null", "na"})
_FINAL = frozenset({"finalanswer", "finish"})
_MAX_WRAPS = 4


@dataclass(frozen=True, slots=True)
class FoundCall:
    """Hold a call found in a value.

    `homes` are the ids of the containers it was found in, the innermost first, and `argument_home`
    is that of its arguments: a reader knows by them where the call stood and whether it was cut.
    """

    name: str
    arguments: dict[str, object]
    homes: tuple[int, ...]
    argument_home: int


@dataclass(slots=True)
class Envelope:
    """Collect what a JSON value says: calls, or the final answer of a ReAct agent.

    `marked` says that markup around the value leaves no doubt that it is meant as a call.
    `opening` says that the value begins the reply.
    """

    tools: ToolNames
    marked: bool = False
    opening: bool = False
    calls: list[FoundCall] = field(default_factory=list[FoundCall])
    final_answer: str | None = None

    def open(self, value: object, *, homes: tuple[int, ...] = (), wraps: int = 0) -> bool:
        """Collect the calls in `value`; return False if it is no envelope of calls."""
        if wraps > _MAX_WRAPS:
            return False
        if isinstance(value, list):
            items = cast("list[object]", value)
            return self._open_list(items, homes=(id(items), *homes), wraps=wraps)
        if not isinstance(value, dict):
            return False
        members = cast("dict[str, object]", value)
        homes = (id(members), *homes)
        return (
            self._open_listing(members, homes=homes, wraps=wraps)
            or self._open_named(members, homes=homes)
            or self._open_wrapped(members, homes=homes, wraps=wraps)
            or self._open_keyed(members, homes=homes)
        )

    def _open_list(self, items: list[object], *, homes: tuple[int, ...], wraps: int) -> bool:
        opened = [self.open(item, homes=homes, wraps=wraps + 1) for item in items]
        return any(opened)

    def _open_listing(
        self, members: Mapping[str, object], *, homes: tuple[int, ...], wraps: int
    ) -> bool:
        folded = {key.casefold(): key for key in members}
        for key in _LIST_KEYS:
            inner = members.get(folded.get(key, ""))
            if isinstance(inner, str):
                inner = decode(inner)
            if isinstance(inner, dict | list):
                strict, self.marked = self.marked, self.marked or not self.tools.are_known
                found = self.open(cast("object", inner), homes=homes, wraps=wraps + 1)
                self.marked = strict
                return found
        return False

    def _open_named(self, members: dict[str, object], *, homes: tuple[int, ...]) -> bool:
        keys = _KNOWN_NAME_KEYS if self.tools.are_known else _NAME_KEYS
        name_key = _first_key(members, keys, of=str)
        if name_key is None:
            return False
        written = cast("str", members[name_key])
        argument_key = _first_key(
            {k: v for k, v in members.items() if k != name_key}, _ARGUMENT_KEYS
        )
        if self._take_final(written, members.get(argument_key or "")):
            return True
        bundle = members.get(argument_key or "")
        if isinstance(bundle, dict) and "tool_uses" in bundle:
            return self.open(cast("object", bundle), homes=homes, wraps=1)
        name = self._name(written)
        if name is None or not self._is_plausible(members, name_key, argument_key, name=name):
            return False
        home = homes[0]
        if argument_key is None:
            used = {name_key, *(key for key in members if key.casefold() in _REMARK_KEYS)}
            arguments: object = {key: item for key, item in members.items() if key not in used}
        else:
            arguments = members[argument_key]
            home = id(arguments) if isinstance(members[argument_key], dict) else home
        return self._add(name, arguments, homes=homes, home=home)

    def _is_plausible(
        self, members: Mapping[str, object], name_key: str, argument_key: str | None, *, name: str
    ) -> bool:
        """Tell a call from other data that happens to have a name."""
        if self.marked:
            return True
        others = {key for key in members if key not in {name_key, argument_key}}
        extras = {key for key in others if key.casefold() not in _REMARK_KEYS}
        if self.tools.are_known:
            return argument_key is not None or extras <= set(self.tools.parameters(name))
        if argument_key is None or extras:
            return False
        arguments = members[argument_key]
        if isinstance(arguments, str):
            is_action = name_key.casefold() in {"action", "tool", "tool_name"}
            return is_action or isinstance(decode(arguments), dict)
        return isinstance(arguments, dict)

    def _open_wrapped(
        self, members: Mapping[str, object], *, homes: tuple[int, ...], wraps: int
    ) -> bool:
        for key in _WRAPPER_KEYS:
            inner = members.get(key)
            if isinstance(inner, dict | list) and self.open(
                cast("object", inner), homes=homes, wraps=wraps + 1
            ):
                return True
        return False

    def _open_keyed(self, members: Mapping[str, object], *, homes: tuple[int, ...]) -> bool:
        """Collect calls of the form {"tool": {arguments}}."""
        remarks = {key for key in members if key.casefold() in _REMARK_KEYS}
        pairs = [(key, item) for key, item in members.items() if key not in remarks]
        if not pairs or not (self.tools.are_known or self.marked or self.opening):
            return False
        if not self.tools.are_known and len(pairs) > 1:
            return False
        resolved: list[tuple[str, object]] = []
        for key, item in pairs:
            name = self._name(key)
            arguments = decode(item) if isinstance(item, str) else item
            if name is None or not (isinstance(arguments, dict) or item in ("", None)):
                return False
            resolved.append((name, cast("object", arguments)))
        added = [
            self._add(name, arguments, homes=homes, home=id(arguments))
            for name, arguments in resolved
        ]
        return any(added)

    def _add(self, name: str, arguments: object, *, homes: tuple[int, ...], home: int) -> bool:
        if _is_schema(arguments) and "properties" not in self.tools.parameters(name):
            return False
        named = name_arguments(self.tools, name, arguments)
        self.calls.append(FoundCall(name, named, homes, home))
        return True

    def _name(self, written: str) -> str | None:
        if _fold(written) in _NO_CALL and self.tools.resolve(written) is None:
            return None
        if self.marked:
            return self.tools.accept(written)
        name = self.tools.resolve(written)
        if _fold(written) in _NO_CALL and not self.tools.are_known:
            return None
        return name

    def _take_final(self, written: str, answer: object) -> bool:
        if _fold(written) not in _FINAL or (self.tools.are_known and self.tools.resolve(written)):
            return False
        if isinstance(answer, dict):
            texts = list(cast("dict[str, object]", answer).values())
            answer = texts[0] if len(texts) == 1 else None
        if not isinstance(answer, str):
            return False
        self.final_answer = answer
        return True


def decode(text: str, *, rounds: int = 3) -> object:
    """Return the container that `text` encodes, however often it was encoded; else the text."""
    value: object = text
    for _ in range(rounds):
        if not isinstance(value, str) or value.lstrip()[:1] not in {"{", "[", '"'}:
            break
        reader = LooseReader(value)
        try:
            inner = reader.value()
        except UnreadableError:
            break
        if value[reader.pos :].strip() or (isinstance(inner, str) and inner == value):
            break
        value = inner
    return cast("object", value) if isinstance(value, dict | list) else text


def name_arguments(tools: ToolNames, name: str, arguments: object) -> dict[str, object]:
    """Return a call's arguments by parameter name, whatever form they were written in."""
    value = decode(arguments) if isinstance(arguments, str) else arguments
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return {key.replace("\\_", "_"): item for key, item in members.items()}
    if value is None or value == "" or value == []:
        return {}
    if isinstance(value, list):
        items = cast("list[object]", value)
        return _merge_objects(items) or tools.name_positional(name, items)
    if isinstance(value, str):
        return tools.name_text(name, value)
    return tools.name_positional(name, [value])


def _merge_objects(items: list[object]) -> dict[str, object] | None:
    """Return the arguments in a list of one object, or of objects with a name and a value."""
    objects = [cast("dict[str, object]", item) for item in items if isinstance(item, dict)]
    if len(objects) < len(items):
        return None
    if all(item.keys() == {"name", "value"} for item in objects):
        return {str(item["name"]): item["value"] for item in objects}
    return objects[0] if len(objects) == 1 else None


def _first_key(
    members: Mapping[str, object], keys: Iterable[str], *, of: type[object] = object
) -> str | None:
    folded = {key.casefold(): key for key in members}
    for key in keys:
        written = folded.get(key)
        if written is not None and isinstance(members[written], of):
            is_name = of is str and not _could_name(cast("str", members[written]))
            if not is_name:
                return written
    return None


def _could_name(text: str) -> bool:
    return is_well_formed(clean_name(text)) or _fold(text) in _FINAL or len(text.split()) <= 4


def _is_schema(arguments: object) -> bool:
    """Tell whether a model recites a tool's parameter schema instead of calling the tool."""
    if not isinstance(arguments, dict):
        return False
    members = cast("dict[str, object]", arguments)
    kind, properties = members.get("type"), members.get("properties")
    return kind in {"object", "dict"} and isinstance(properties, dict)


def _fold(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())
