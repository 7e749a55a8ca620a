"""Routes that take a body, and the shape that every refusal has."""

from __future__ import annotations

from typing import Any

from httpx import Response

from tests.fakes.completions import CHAT

MODEL = "llama3.2@chat"
WITH_BODY = [
    ("POST", CHAT),
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/password"),
    ("POST", "/api/auth/keys"),
    ("PATCH", "/api/conversations/conv_x"),
    ("POST", "/api/tools/math_calc"),
    ("POST", "/api/files/search"),
    ("POST", "/api/users"),
    ("PATCH", "/api/users/user_x"),
]


JSON = {"content-type": "application/json"}


def error_of(answer: Response) -> dict[str, Any]:
    """Give the error object, whose shape is always the same."""
    assert answer.headers["content-type"] == "application/json", answer.text
    body = answer.json()
    assert set(body) == {"error"}
    error = body["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (type(error["message"]), type(error["type"])) == (str, str)
    assert error["message"]
    assert answer.headers["x-request-id"]
    return error
