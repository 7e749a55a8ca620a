"""Which routes are tried first: every one that is passed over costs its share of each request."""

from __future__ import annotations

from backend.api.app import BUSIEST
from tests.fakes.routes import an_app, routes


def test_chat_completions_are_tried_before_all_other_routers():
    """The next ones are the other ways to ask for an answer."""
    routers = [one for one in an_app().routes if hasattr(one, "original_router")]
    first = [next(routes([one])) for one in routers[: len(BUSIEST)]]
    assert first == [
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/responses"),
        ("POST", "/v1/messages"),
    ]
