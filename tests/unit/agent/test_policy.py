"""The rules of who may use which tool: reading them, and which of several counts."""

from __future__ import annotations

from typing import Any

import pytest

from backend.agent.policy import DENIED, Caller, InvalidRule, read_policy
from backend.agent.toolbox import ToolCard
from tests.fakes.turns import LookArgs

ANNA = Caller(username="Anna", role="user")
BERT = Caller(username="bert", role="admin")


def card(name: str, *touches: Any) -> ToolCard:
    """Make a tool of that name."""
    return ToolCard(name=name, description="", args=LookArgs, touches=frozenset(touches))


FETCH = card("web_fetch", "reads_outside")
PYTHON = card("python_code", "executes", "reads_user_data")
SEND = card("send", "writes_outside", "reads_outside")


@pytest.mark.parametrize(
    ("rules", "caller", "tool", "verdict"),
    [
        ([], ANNA, FETCH, "allow"),
        ([], ANNA, SEND, "ask"),
        (["web_fetch=ask"], ANNA, FETCH, "ask"),
        (["web_fetch=ask"], ANNA, PYTHON, "allow"),
        (["*=deny"], ANNA, FETCH, "deny"),
        (["*=deny", "touch:reads_outside=ask"], ANNA, FETCH, "ask"),
        (["*=deny", "touch:reads_outside=ask", "web_fetch=allow"], ANNA, FETCH, "allow"),
        (["*=allow"], ANNA, SEND, "ask"),
        (["touch:writes_outside=allow"], ANNA, SEND, "allow"),
        (["send=allow"], ANNA, SEND, "allow"),
        (["touch:reads_outside=deny"], ANNA, SEND, "deny"),
        (["touch:executes=allow", "touch:reads_user_data=ask"], ANNA, PYTHON, "ask"),
        (["role:user python_code=deny"], ANNA, PYTHON, "deny"),
        (["role:user python_code=deny"], BERT, PYTHON, "allow"),
        (["role:user python_code=deny", "user:anna python_code=allow"], ANNA, PYTHON, "allow"),
        (["python_code=deny", "role:user *=allow"], ANNA, PYTHON, "allow"),
        (["user:ANNA *=ask", "role:user python_code=allow"], ANNA, PYTHON, "ask"),
        (["user:anna *=ask"], BERT, PYTHON, "allow"),
        (["role:admin *=allow"], BERT, SEND, "allow"),
        (["web_fetch = ask"], ANNA, FETCH, "ask"),
        (["user:a=b web_fetch=ask"], Caller(username="a=b"), FETCH, "ask"),
    ],
)
def test_the_most_specific_rule_counts(
    rules: list[str], caller: Caller, tool: ToolCard, verdict: str
) -> None:
    """A user's before a role's before everybody's; a tool's before a touch's before all."""
    policy = read_policy(rules)
    assert [policy.verdict(caller, tool), policy.verdict(caller, tool)] == [verdict] * 2


@pytest.mark.parametrize(
    "rule",
    [
        "web_fetch",
        "web_fetch=maybe",
        "=ask",
        "web fetch now=ask",
        "user: web_fetch=ask",
        "role:king web_fetch=ask",
        "group:x web_fetch=ask",
        "touch:everything=ask",
        "web-fetch=ask",
        "",
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_with_itself(rule: str) -> None:
    """So that a misspelt rule never counts as none."""
    with pytest.raises(InvalidRule, match=r"does not end|is not|names neither|touches|no name"):
        read_policy([rule])


def test_two_rules_of_the_same_that_differ_are_refused() -> None:
    """The same twice is none."""
    with pytest.raises(InvalidRule, match="contradicts"):
        read_policy(["user:Anna web_fetch=ask", "user:anna web_fetch=deny"])
    assert read_policy(["web_fetch=ask", "web_fetch=ask"]).verdict(ANNA, FETCH) == "ask"


def test_what_is_denied_is_told_with_the_reason() -> None:
    """To that caller alone."""
    policy = read_policy(["role:user python_code=deny", "web_fetch=ask"])
    assert policy.denied(ANNA, [FETCH, PYTHON, SEND]) == {"python_code": DENIED}
    assert policy.denied(BERT, [FETCH, PYTHON, SEND]) == {}
    assert policy.tools() == {"python_code", "web_fetch"}
