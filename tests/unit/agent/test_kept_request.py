"""A run that goes on is its owner's as they are now, and no key makes more of it than it may."""

from __future__ import annotations

import pytest

from backend.agent.kept_request import check_bounds, of_now
from backend.errors import NotAllowed
from backend.ports.accounts import Principal
from backend.ports.stores import User

ANN = User(id="user_ann", username="Ann", password_hash="hash")


def test_what_is_written_of_its_owner_does_not_count():
    """An administrator who is none any more has no tools of administrators."""
    written = {"user_id": "user_bob", "username": "Bob", "role": "admin", "mode": "react"}
    now = of_now(written, ANN)
    assert now == {"user_id": "user_ann", "username": "Ann", "role": "user", "mode": "react"}


@pytest.mark.parametrize(
    ("scopes", "request_", "may"),
    [
        ((), {}, True),
        (("chat",), {}, True),
        (("chat", "tools:a"), {}, False),
        (("chat", "tools:a"), {"allowed_tools": ["a", "b"], "reads_documents": False}, False),
        (("chat", "tools:a"), {"allowed_tools": ["a"], "reads_documents": False}, True),
        (("chat", "tools:a"), {"allowed_tools": ["a"]}, False),
        (("chat", "tools:a", "files"), {"allowed_tools": ["a"]}, True),
    ],
)
def test_a_key_goes_on_with_what_it_could_have_asked_for(scopes, request_, may):
    """What is usual is left out of a request: any tool, and documents."""
    caller = Principal(user=ANN, scopes=scopes, key_id="key_1")
    if may:
        check_bounds(request_, caller)
    else:
        with pytest.raises(NotAllowed):
            check_bounds(request_, caller)
