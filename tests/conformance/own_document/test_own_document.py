"""schemathesis on our own OpenAPI document: whatever is sent, the answer is one that it describes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests  # noqa: TID251 - the library under use sends through it
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from benchmarks.conformance import our_document
from tests.fakes.threaded_server import Served, threaded_server

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
DOCUMENT = our_document()


def can_be_wrong(operation: dict[str, Any]) -> bool:
    """Tell whether something can be given that does not fit: every text fits a plain name."""
    shapes = [one["schema"] for one in operation.get("parameters", ())]
    return "requestBody" in operation or any(one.get("type") != "string" for one in shapes)


OPERATIONS = [
    (method.upper(), path, mode)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if mode is GenerationMode.POSITIVE or can_be_wrong(operation)
]
# The same examples in every run, and few: 45 operations, two modes, with and without a token.
BOUNDED = settings(
    max_examples=6,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve apart: accounts and files are made here that nobody else should meet."""
    generous = {"AUTH__LOGIN_FAILURES_PER_ADDRESS": "100000"}
    with threaded_server(tmp_path_factory.mktemp("own"), **generous) as served:
        yield served


@pytest.fixture(scope="module")
def schema() -> Any:
    """Read the document once."""
    return schemathesis.openapi.from_dict(DOCUMENT)


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """Keep connections open between examples."""
    with requests.Session() as made:
        made.trust_env = False
        yield made


@pytest.fixture(params=["valid", "none"])
def send(
    request: pytest.FixtureRequest, own: Served, session: requests.Session
) -> Callable[[Any], None]:
    """Send an example with a valid token or without one, and look at the answer."""
    headers = {"authorization": f"Bearer {own.token}"} if request.param == "valid" else {}
    sent: Any = {"base_url": own.url, "session": session, "headers": headers, "timeout": 20}

    def check(case: Any) -> None:
        case.call_and_validate(checks=CHECKS, **sent)

    return check


@pytest.mark.parametrize(
    ("method", "path", "mode"), OPERATIONS, ids=lambda one: getattr(one, "value", one)
)
def test_an_answer_is_as_described(
    send: Callable[[Any], None], schema: Any, method: str, path: str, mode: GenerationMode
) -> None:
    """No 5xx, a described status and type, and a body that fits."""
    cases = schema[path][method].as_strategy(generation_mode=mode)

    @BOUNDED
    @given(case=cases)
    def check(case: Any) -> None:
        send(case)

    check()
