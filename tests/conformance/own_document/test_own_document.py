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
    kinds = [
        {one.get("type") for one in (parameter["schema"], *parameter["schema"].get("anyOf", ()))}
        for parameter in operation.get("parameters", ())
    ]
    return "requestBody" in operation or any("string" not in kind for kind in kinds)


OPERATIONS = [
    (method.upper(), path, mode, token)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    for mode, token in (
        (GenerationMode.POSITIVE, "valid"),
        (GenerationMode.POSITIVE, "none"),
        (GenerationMode.NEGATIVE, "valid"),
    )
    if mode is GenerationMode.POSITIVE or can_be_wrong(operation)
]
# The same examples in every run, and few: 45 operations, right and wrong ones.
BOUNDED = settings(
    max_examples=5,
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


@pytest.fixture
def send(own: Served, session: requests.Session) -> Callable[..., None]:
    """Send an example with a valid token or without one, and look at the answer."""
    sent: Any = {"base_url": own.url, "session": session, "timeout": 20}

    def check(case: Any, token: str) -> None:
        headers = {"authorization": f"Bearer {own.token}"} if token == "valid" else {}
        case.call_and_validate(checks=CHECKS, headers=headers, **sent)

    return check


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: " ".join(map(str, one)))
def test_an_answer_is_as_described(
    send: Callable[..., None], schema: Any, operation: tuple[str, str, GenerationMode, str]
) -> None:
    """No 5xx, a described status and type, and a body that fits."""
    method, path, mode, token = operation

    @BOUNDED
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        send(case, token)

    check()
