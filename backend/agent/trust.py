"""What a run may do once text that nobody vouches for has entered it.

From then on an effect outside, and reading an address that the model itself put together, need the
user's word: either could carry what the run has read to whoever wrote that text. Tools without
network and without effect outside go on as before. Not for: the server's rules (`policy`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from pydantic import ValidationError

from backend.agent.context import message_text
from backend.agent.policy import Caller, Verdict
from backend.agent.run import Run
from backend.agent.toolbox import REMOTE, ToolCard
from backend.kit.addresses_told import addresses_in, hosts_in, same_address
from backend.ports.tools import Touch
from backend.ports.values import ChatMessage, JsonObject

TAINTING: frozenset[Touch] = frozenset({
    "reads_user_data",
    "reads_outside",
    "executes",
    "writes_outside",
})
ADDRESS_NAMES = frozenset({"url", "urls", "uri", "link", "links", "href"})
BY_RULE = "the rules of this server ask before it is used"
BY_REQUEST = "the request wants this remote server's calls approved (require_approval)"
EFFECT = "it changes something outside this server"
EFFECT_AFTER_READING = (
    "it changes something outside this server, and this run has read text that nobody vouches for"
)
MADE_ADDRESS = (
    "the model put this address together after it had read text that nobody vouches for; it stands"
    " neither in your messages nor among the sources that were found"
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a call may be made at once, and if not, why in words for the user."""

    verdict: Verdict
    reason: str = ""


ALLOWED = Judgement("allow")


def caller_of(run: Run) -> Caller:
    """Give whom a run works for, as the rules see them."""
    return Caller(username=run.request.username, role=run.request.role)


def judged(run: Run, card: ToolCard, arguments: Mapping[str, Any], *, tainted: bool) -> Judgement:
    """Decide about one call, by the card of this very call; `tainted` is whether its arguments were made after such text came in."""
    if card.remote is not None:
        return _judged_remote(run, card, asks=card.remote.asks)
    return _judged_own(run, card, arguments, tainted=tainted)


def _judged_own(
    run: Run, card: ToolCard, arguments: Mapping[str, Any], *, tainted: bool
) -> Judgement:
    verdict = run.parts.policy.verdict(caller_of(run), card)
    if verdict == "deny":
        return Judgement("deny")
    if tainted and "writes_outside" in card.touches:
        return Judgement("ask", EFFECT_AFTER_READING)
    if tainted and "reads_outside" in card.touches and _made_up(run, _canonical(card, arguments)):
        return Judgement("ask", MADE_ADDRESS)
    if verdict == "ask":
        return Judgement("ask", EFFECT if "writes_outside" in card.touches else BY_RULE)
    return ALLOWED


def _judged_remote(run: Run, card: ToolCard, *, asks: bool) -> Judgement:
    """Decide about a tool of a server that the caller named: by the caller's word, and rules written here.

    The caller knows what that server is told and may do; what text in the run says changes nothing of it.
    """
    named = replace(card, name=REMOTE)
    verdict = run.parts.policy.verdict(caller_of(run), named, by_default=False)
    if verdict == "deny":
        return Judgement("deny")
    if asks:
        return Judgement("ask", BY_REQUEST)
    return Judgement("ask", BY_RULE) if verdict == "ask" else ALLOWED


def taints(card: ToolCard) -> bool:
    """Tell whether what a tool brings may hold text that nobody vouches for."""
    return not TAINTING.isdisjoint(card.touches)


def is_tainted(messages: Sequence[ChatMessage]) -> bool:
    """Tell whether a conversation holds such text already: results of tools, answers from sources."""
    return any(one["role"] == "tool" or "annotations" in one for one in messages)


def may_be_tainted(sent: Sequence[ChatMessage]) -> bool:
    """Tell whether answers that a client sends back, without their sources, could hold such text.

    Nobody knows where those words come from. One that names an address could lead there.
    """
    return any(one["role"] == "assistant" and hosts_in(message_text(one), limit=1) for one in sent)


def _canonical(card: ToolCard, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give arguments as the tool will read them: one of several spellings of a name counts as it."""
    try:
        return card.args.model_validate(dict(arguments)).model_dump()
    except ValidationError:
        return arguments


def _made_up(run: Run, arguments: Mapping[str, Any]) -> bool:
    """Tell whether an argument is an address that neither the user nor a source has given."""
    asked = {same_address(one) for one in _addresses(arguments)}
    if not asked:
        return False
    if asked <= {same_address(one.url) for one in run.citations if one.url}:
        return False
    return not asked <= _told(run)


def _told(run: Run) -> set[str]:
    """Give the addresses of the user's messages and of the sources of earlier answers and this run."""
    said = addresses_in(message_text(one) for one in run.history if one["role"] == "user")
    said |= {same_address(one.url) for one in run.citations if one.url}
    return said | set(run.sources_told)


def sources_told(messages: Sequence[ChatMessage]) -> set[str]:
    """Give the addresses that earlier answers cited."""
    annotations = [note for one in messages for note in one.get("annotations") or ()]
    return {same_address(url) for url in map(_cited, annotations) if url}


def _cited(annotation: JsonObject) -> str:
    found: object = annotation.get("url_citation")
    url = cast("JsonObject", found).get("url") if isinstance(found, dict) else None
    return url if isinstance(url, str) else ""


def _addresses(value: object, *, named: bool = False) -> Iterator[str]:
    """Find the arguments that are addresses, by how they begin or what they are called."""
    if isinstance(value, str):
        text = value.strip()
        if text and (named or text.lower().startswith(("http://", "https://", "//"))):
            yield text
    elif isinstance(value, Mapping):
        for name, one in cast("Mapping[str, object]", value).items():
            yield from _addresses(one, named=name.lower() in ADDRESS_NAMES)
    elif isinstance(value, list | tuple):
        for one in cast("Sequence[object]", value):
            yield from _addresses(one, named=named)
