"""docs/openai.md is true: complete in both directions, and every claim is tried on a running server.

Another endpoint needs its table there, and an entry in BASES: a request that is answered as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
import pytest

from benchmarks.conformance import our_document, without_names
from benchmarks.openapi_diff import METHODS, Document
from tests.fakes.capable_model import capable
from tests.fakes.completions import HI
from tests.fakes.openai_document import document
from tests.fakes.openai_page import STATUSES, Claim, claims, endpoints
from tests.fakes.threaded_server import Served


@dataclass(frozen=True, slots=True)
class Base:
    """A request that is answered as it stands; an example's members are added to it.

    `made` gives what stands in the path's braces, and may make it first.
    """

    members: dict[str, Any] = field(default_factory=dict[str, Any])
    kind: Literal["json", "query", "form"] = "json"
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict[str, tuple[str, bytes]])
    made: Callable[[httpx.Client], dict[str, str]] = lambda _: {}


BASES = {
    "POST /v1/chat/completions": Base({"model": "llama3.2", "messages": HI}),
}
OURS = Document(our_document(), prefix="/v1")
CLAIMS = claims()


def fields_of(given: Document, path: str, method: str) -> set[str]:
    """Give what a request may carry: members of its body, and its query."""
    found = {name for place, name in given.parameters(path, method) if place == "query"}
    for name, schema in given.bodies(path, method):
        if name.startswith("request "):
            for shape in given.form(schema).shapes:
                found |= shape.properties.keys()
    return found


def claimed(endpoint: str) -> set[str]:
    return {one.field for one in CLAIMS if one.endpoint == endpoint and "." not in one.field}


OPERATIONS = [
    (f"{method.upper()} /v1{path}", path, method)
    for path, item in OURS.paths.items()
    for method in METHODS
    if method in item
]


def test_the_page_lists_every_endpoint_and_no_other() -> None:
    """Under /v1."""
    assert sorted(endpoints()) == sorted(endpoint for endpoint, _, _ in OPERATIONS)


@pytest.mark.parametrize(("endpoint", "path", "method"), OPERATIONS, ids=lambda one: one)
def test_the_page_lists_every_field_of_our_models(endpoint: str, path: str, method: str) -> None:
    """What the server reads stands in the table."""
    assert fields_of(OURS, path, method) - claimed(endpoint) == set()


@pytest.mark.parametrize(("endpoint", "path", "method"), OPERATIONS, ids=lambda one: one)
def test_the_page_lists_every_field_of_openai(endpoint: str, path: str, method: str) -> None:
    """And nothing that neither knows, but fields of our own."""
    given = document()
    if given is None:
        pytest.skip("OPENAI_OPENAPI is not given")
    theirs = Document(given)
    known = {without_names(one): one for one in theirs.paths}
    their_path = known.get(without_names(path))
    if their_path is None or method not in theirs.paths[their_path]:
        pytest.skip("OpenAI has no such endpoint")
    wanted = fields_of(theirs, their_path, method)
    assert wanted - claimed(endpoint) == set()
    assert claimed(endpoint) - wanted - fields_of(OURS, path, method) == set()


def test_every_status_is_one_that_the_page_explains() -> None:
    """And no field stands there twice."""
    assert {one.status for one in CLAIMS} <= STATUSES
    assert len({(one.endpoint, one.field) for one in CLAIMS}) == len(CLAIMS)


def send(served: Served, endpoint: str, members: dict[str, Any]) -> httpx.Response:
    base = BASES[endpoint]
    method, _, path = endpoint.partition(" ")
    sent = {**base.members, **members}
    with served.http() as http:
        path = path.format(**base.made(http))
        if base.kind == "json":
            return http.request(method, path, json=sent)
        if base.kind == "form":
            return http.request(method, path, data=sent, files=base.files)
        return http.request(method, path, params=sent)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda one: f"{one.endpoint} {one.field}")
def test_a_claim_is_true(served: Served, claim: Claim) -> None:
    """Refused is a 400 that names the field; everything else is answered."""
    served.ollama.script(capable)
    assert claim.field.partition(".")[0] in claim.members
    answer = send(served, claim.endpoint, claim.members)
    if claim.status == "refused":
        error = answer.json()["error"]
        assert (answer.status_code, error["param"].split(".")[0].split("[")[0]) == (
            400,
            claim.field,
        )
    else:
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "claim",
    [
        one
        for one in CLAIMS
        if (base := BASES.get(one.endpoint))
        and base.kind == "json"
        and one.field not in base.members
        and "." not in one.field
    ],
    ids=lambda one: f"{one.endpoint} {one.field}",
)
def test_null_is_accepted_for_every_optional_field(served: Served, claim: Claim) -> None:
    """As if it were not there."""
    answer = send(served, claim.endpoint, {claim.field: None})
    assert answer.status_code == 200, answer.text
