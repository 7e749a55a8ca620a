"""docs/openai.md is true: complete in both directions, and every claim is tried on a running server.

Another endpoint needs its table there, and an entry in BASES: a request that is answered as it stands.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from benchmarks.conformance import our_document, without_names
from benchmarks.openapi_diff import METHODS, Document
from tests.conformance.openai_page.bases import BASES, filled
from tests.conformance.openai_page.effects import Seen, effect_of
from tests.fakes.capable_model import capable
from tests.fakes.openai_document import document
from tests.fakes.openai_page import STATUSES, Claim, claims, endpoints, sections
from tests.fakes.threaded_server import Served

OURS = Document(our_document(), prefix="/v1")
CLAIMS = claims()
TURNS = {
    f"POST /v1/{name}" for name in ("chat/completions", "responses", "messages", "completions")
}
ANSWERING = {"/api/chat", "/api/generate"}
# Shown by the answer as such, by other suites at length, or without a difference on the wire.
UNSEEN = {"model", "parallel_tool_calls", "web_search_options", "reasoning_effort", "metadata"}


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


def _fresh(file: tuple[str, bytes]) -> tuple[str, bytes]:
    """Make a file that nobody has uploaded: what is known keeps its first expiry."""
    return file[0], file[1] + uuid4().bytes.hex().encode()


def _end_uploads(http: httpx.Client, found: dict[str, str], answer: httpx.Response) -> None:
    """Cancel what is pending, of which one may have few."""
    told = answer.json() if answer.headers["content-type"] == "application/json" else {}
    begun = told.get("id") if told.get("object") == "upload" else None
    for upload in filter(None, {begun, found.get("upload_id")}):
        http.post(f"/v1/uploads/{upload}/cancel")


def send(served: Served, endpoint: str, members: dict[str, Any]) -> Seen:
    base = BASES[endpoint]
    method, _, path = endpoint.partition(" ")
    with served.http() as http:
        found = base.made(http)
        before = len(served.ollama.requests)
        sent = filled({**base.members, **members}, found)
        kinds: dict[str, Any] = {
            "json": {"json": sent},
            "form": {
                "data": sent,
                "files": {name: _fresh(one) for name, one in base.files.items()},
            },
            "query": {"params": sent},
        }
        answer = http.request(method, path.format(**found), **kinds[base.kind])
        _end_uploads(http, found, answer)
    told = [one.body for one in served.ollama.requests[before:] if one.path in ANSWERING]
    return Seen(answer, found, told)


@pytest.mark.parametrize("endpoint", sorted(BASES))
def test_an_endpoint_answers(served: Served, endpoint: str) -> None:
    """With what it needs and nothing else."""
    served.ollama.script(capable)
    answer = send(served, endpoint, {}).answer
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda one: f"{one.endpoint} {one.field}")
def test_a_claim_is_true(served: Served, claim: Claim) -> None:
    """Refused is a 400 that names the field; everything else is answered, and what it says is seen."""
    served.ollama.script(capable)
    shown = {*claim.members, *(name.partition("[")[0] for name in claim.members)}
    assert claim.field in shown or claim.field in BASES[claim.endpoint].files
    seen = send(served, claim.endpoint, claim.members)
    if claim.status == "refused":
        error = seen.body["error"]
        assert (seen.answer.status_code, error["param"].split(".")[0].split("[")[0]) == (
            400,
            claim.field,
        )
        return
    assert seen.answer.status_code == 200, seen.answer.text
    effect = effect_of(claim.endpoint, claim.field)
    assert effect is None or effect(seen), seen


@pytest.mark.parametrize(
    "claim",
    [one for one in CLAIMS if one.status == "no effect" and one.endpoint in TURNS],
    ids=lambda one: f"{one.endpoint} {one.field}",
)
def test_what_has_no_effect_changes_nothing(served: Served, claim: Claim) -> None:
    """A model is told the same with it and without."""
    served.ollama.script(capable)
    told = [send(served, claim.endpoint, members).told for members in (claim.members, {})]
    assert told[0] == told[1] != []


@pytest.mark.parametrize(
    "claim",
    [
        one
        for one in CLAIMS
        if one.status in {"honoured", "emulated"}
        and one.endpoint in TURNS
        and one.field not in UNSEEN
    ],
    ids=lambda one: f"{one.endpoint} {one.field}",
)
def test_what_is_honoured_is_looked_at(claim: Claim) -> None:
    """For the endpoints that answer; that they answer 200 would say little."""
    assert effect_of(claim.endpoint, claim.field) is not None


@pytest.mark.parametrize("prefix", [row[0] for row in sections()["Not offered"]])
def test_what_is_not_offered_says_so(served: Served, prefix: str) -> None:
    """In the error's usual form."""
    with served.http() as http:
        answer = http.post(prefix, json={})
    assert answer.status_code in {404, 405}
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_the_page_lists_what_is_not_offered() -> None:
    """Every address of OpenAI's is above it or on it."""
    given = document()
    if given is None:
        pytest.skip("OPENAI_OPENAPI is not given")
    mine = {without_names(path) for path in OURS.paths}
    prefixes = [row[0].removeprefix("/v1") for row in sections()["Not offered"]]
    missing = {without_names(path.partition("?")[0]) for path in given["paths"]} - mine
    unlisted = {path for path in missing if not any(path.startswith(one) for one in prefixes)}
    assert unlisted == set()
    assert [one for one in prefixes if not any(path.startswith(one) for path in missing)] == []


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
    answer = send(served, claim.endpoint, {claim.field: None}).answer
    assert answer.status_code == 200, answer.text
