"""Which tools whom is allowed, asked or denied: the rules of this server, most specific first.

A rule is `[user:<name> | role:<role>] <tool> | touch:<touch> | *` and `=allow`, `=ask` or `=deny`.
A rule of a user goes before one of a role, and that before one for everybody; then a rule of a tool
goes before one of what tools touch, and that before `*`. Not for: what a run has read (`trust`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, cast, get_args

from backend.kit.folding import fold
from backend.ports.stores import Role
from backend.ports.tools import Touch

Verdict = Literal["allow", "ask", "deny"]
STRICTNESS: Sequence[Verdict] = ("allow", "ask", "deny")
USER, ROLE, TOUCH = "user:", "role:", "touch:"
EVERYTHING = "*"
DENIED = "the rules of this server do not let you use it (APPROVALS__RULES)"


class InvalidRule(ValueError):
    """A rule that cannot be read, or that contradicts another."""


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a tool is called."""

    username: str = ""
    role: Role = "user"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as written; an empty `who` is everybody."""

    who: str
    what: str
    verdict: Verdict

    def rank(self, caller: Caller, tool: str, touches: Iterable[str]) -> tuple[int, int] | None:
        """Tell how specific the rule is for a call; None when it is about something else."""
        who = {"": 0, f"{ROLE}{caller.role}": 1, f"{USER}{fold(caller.username)}": 2}.get(self.who)
        what = {EVERYTHING: 0, **{f"{TOUCH}{one}": 1 for one in touches}, tool: 2}.get(self.what)
        return None if who is None or what is None else (who, what)


class Named(Protocol):
    """What the rules look at in a tool."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def touches(self) -> frozenset[Touch]:
        """What it touches."""
        ...


BY_DEFAULT = Rule(who="", what="touch:writes_outside", verdict="ask")


class Policy:
    """The rules of one server; without any, what changes something outside is asked for.

    `denies` tells whether any rule denies anything.
    """

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._given = tuple(rules)
        known = {(rule.who, rule.what): rule for rule in (BY_DEFAULT, *self._given)}
        self._rules = tuple(known.values())
        self.denies = any(rule.verdict == "deny" for rule in self._rules)
        self._found: dict[tuple[Caller, str, frozenset[Touch], bool], Verdict] = {}

    def verdict(self, caller: Caller, tool: Named, *, by_default: bool = True) -> Verdict:
        """Decide about a tool for a caller; of two rules equally specific the stricter counts.

        Without `by_default`, only what an administrator wrote counts.
        """
        key = (caller, tool.name, tool.touches, by_default)
        if key not in self._found:
            if len(self._found) > 10_000:  # user names may be changed without end
                self._found.clear()
            self._found[key] = self._decided(
                caller, tool, self._rules if by_default else self._given
            )
        return self._found[key]

    def denied(self, caller: Caller, tools: Iterable[Named]) -> Mapping[str, str]:
        """Name the tools that are denied to a caller, each with the reason."""
        if not self.denies:
            return {}
        return {one.name: DENIED for one in tools if self.verdict(caller, one) == "deny"}

    def tools(self) -> frozenset[str]:
        """Name every tool that a rule is about."""
        return frozenset(
            rule.what for rule in self._rules if ":" not in rule.what and rule.what != EVERYTHING
        )

    def _decided(self, caller: Caller, tool: Named, rules: Sequence[Rule]) -> Verdict:
        fitting = [
            (rank, STRICTNESS.index(rule.verdict))
            for rule in rules
            if (rank := rule.rank(caller, tool.name, tool.touches)) is not None
        ]
        return STRICTNESS[max(fitting)[1]] if fitting else "allow"


def read_policy(texts: Iterable[str]) -> Policy:
    """Read rules.

    Raises:
        InvalidRule: for one that cannot be read, or two that say different things of the same.
    """
    rules: dict[tuple[str, str], Rule] = {}
    for text in texts:
        rule = read_rule(text)
        same = rules.setdefault((rule.who, rule.what), rule)
        if same.verdict != rule.verdict:
            msg = f"'{text}' contradicts another rule, which says {same.verdict}"
            raise InvalidRule(msg)
    return Policy(rules.values())


def read_rule(text: str) -> Rule:
    """Read one rule; raise InvalidRule with what is wrong with it."""
    left, sign, verdict = text.rpartition("=")
    if not sign or verdict.strip() not in STRICTNESS:
        msg = f"'{text}' does not end with =allow, =ask or =deny"
        raise InvalidRule(msg)
    words = left.split()
    if len(words) not in {1, 2}:
        msg = (
            f"'{text}' is not a tool, touch:<touch> or *, behind user:<name> or role:<role> if any"
        )
        raise InvalidRule(msg)
    who = _who(words[0], text) if len(words) == 2 else ""
    return Rule(who=who, what=_what(words[-1], text), verdict=cast("Verdict", verdict.strip()))


def _who(word: str, text: str) -> str:
    if word.startswith(USER) and len(word) > len(USER):
        return USER + fold(word.removeprefix(USER))
    if word.startswith(ROLE) and word.removeprefix(ROLE) in get_args(Role):
        return word
    msg = (
        f"'{text}' names neither user:<name> nor {' nor '.join(ROLE + it for it in get_args(Role))}"
    )
    raise InvalidRule(msg)


def _what(word: str, text: str) -> str:
    if word.startswith(TOUCH):
        if word.removeprefix(TOUCH) in get_args(Touch):
            return word
        msg = f"'{text}': a tool touches one of {', '.join(get_args(Touch))}"
        raise InvalidRule(msg)
    if word == EVERYTHING or (word.isascii() and word.isidentifier()):
        return word
    msg = f"'{text}': '{word}' is no name of a tool"
    raise InvalidRule(msg)
