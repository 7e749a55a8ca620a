"""Which tool a written name means.

For known tools and their parameters, and for the many ways models bend a tool's name. Not for
guessing at misspelled names.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

_WELL_FORMED = re.compile(r"[^\W\d][\w$]*(?:[.\-/:]+[\w$]+)*\Z")
_WRAPPER = re.compile(r"(?:functions?|default_api|multi_tool_use)[.:/](?=\w)", re.IGNORECASE)
_CALL_NUMBER = re.compile(r":\d+\Z")
_PHRASE = re.compile(
    r"^(?:use|call|invoke|run)\s+(?:the\s+)?|[\s_\-](?:tool|function)$", re.IGNORECASE
)
_SEPARATORS = re.compile(r"[\W_]+")
_MAX_NAME = 160
_CACHED_TOOL_SETS = 64


def clean_name(written: str) -> str:
    r"""Return a written name without quotes, invisible characters, `\_` and wrapper namespaces."""
    name = written.replace("\\", "").strip(" \t\r\n\"'`*:\u200b\ufeff\u2060“”‘’")
    name = _CALL_NUMBER.sub("", name)
    return _WRAPPER.sub("", name.removesuffix("()").removesuffix(".call"), count=1)


def is_well_formed(name: str) -> bool:
    """Tell whether `name` could be the name of a tool."""
    return len(name) <= _MAX_NAME and _WELL_FORMED.match(name) is not None


class ToolNames:
    """Know the tools of a turn, or, built from None, accept any well-formed name."""

    def __init__(self, tools: Mapping[str, Sequence[str]] | None) -> None:
        self._tools: dict[str, tuple[str, ...]] = {
            name: tuple(parameters) for name, parameters in (tools or {}).items()
        }
        self.are_known = tools is not None
        self._folded = _index((_fold(name), name) for name in self._tools)
        self._tails = _index((_fold(_tail(name)), name) for name in self._tools)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the known names."""
        return iter(self._tools)

    def resolve(self, written: str) -> str | None:
        """Return the tool that `written` means; None when it names no known tool."""
        if written in self._tools:
            return written
        name = clean_name(written)
        if not self.are_known:
            return name if is_well_formed(name) else None
        if name in self._tools:
            return name
        folded = self._folded.get(_fold(name)) or self._folded.get(_fold(written))
        return folded or self._resolve_tail(name) or self._folded.get(_fold(_PHRASE.sub("", name)))

    def accept(self, written: str) -> str | None:
        """Return the tool meant by a name in unmistakable call markup, known or not."""
        resolved = self.resolve(written)
        if resolved is not None:
            return resolved
        name = clean_name(written)
        return name if is_well_formed(name) else None

    def parameters(self, name: str) -> tuple[str, ...]:
        """Return the parameter names of a tool in order; empty when unknown."""
        return self._tools.get(name, ())

    def name_positional(self, name: str, values: Sequence[object]) -> dict[str, object]:
        """Give positional values their parameter names, or their index where there is none."""
        known = self.parameters(name)
        return {
            known[index] if index < len(known) else str(index): value
            for index, value in enumerate(values)
        }

    def name_text(self, name: str, text: str) -> dict[str, object]:
        """Give a call's single free-text argument its parameter name, or `input`."""
        known = self.parameters(name)
        return {known[0] if known else "input": text}

    def _resolve_tail(self, name: str) -> str | None:
        if "." not in name and "/" not in name and ":" not in name and "__" not in name:
            return self._tails.get(_fold(name))
        tail = _tail(name)
        return self._folded.get(_fold(tail)) or self._tails.get(_fold(tail))


def names_of(tools: Mapping[str, Sequence[str]] | None) -> ToolNames:
    """Give what knows these tools: made once for the same ones, of which every turn has many replies."""
    if tools is None:
        return _known(None)
    return _known(tuple((name, tuple(parameters)) for name, parameters in tools.items()))


@lru_cache(maxsize=_CACHED_TOOL_SETS)
def _known(tools: tuple[tuple[str, tuple[str, ...]], ...] | None) -> ToolNames:
    return ToolNames(None if tools is None else dict(tools))


def _fold(name: str) -> str:
    return _SEPARATORS.sub("", name).casefold()


def _tail(name: str) -> str:
    return re.split(r"[./:]|__", name)[-1]


def _index(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Map each form to its tool, leaving out the forms that more than one tool has."""
    listed = [(form, name) for form, name in pairs if form]
    counts = Counter(form for form, _ in listed)
    return {form: name for form, name in listed if counts[form] == 1}
