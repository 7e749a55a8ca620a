"""The page's two cookies: one renews its session, one lets pictures of artifacts be shown.

Both are HttpOnly and SameSite=Strict, each sent to its own address alone. Access tokens never are
cookies, so that no other site's page can act for the user.
"""

from __future__ import annotations

from fastapi import Response

from backend.ports.accounts import LoginTokens

REFRESH_COOKIE = "steward_refresh"
REFRESH_PATH = "/api/auth/refresh"
READER_COOKIE = "steward_reader"
READER_PATH = "/api/artifacts"


def set_page_cookies(response: Response, tokens: LoginTokens, *, secure: bool) -> None:
    """Give the page its session; both are renewed each time the page renews its access token."""
    for name, value, ttl_s, path in (
        (REFRESH_COOKIE, tokens.refresh_token, tokens.refresh_expires_in_s, REFRESH_PATH),
        (READER_COOKIE, tokens.reader_token, tokens.reader_expires_in_s, READER_PATH),
    ):
        response.set_cookie(
            name,
            value or "",
            max_age=ttl_s,
            path=path,
            httponly=True,
            samesite="strict",
            secure=secure,
        )


def end_page_cookies(response: Response) -> None:
    """Take both cookies away."""
    response.delete_cookie(REFRESH_COOKIE, path=REFRESH_PATH)
    response.delete_cookie(READER_COOKIE, path=READER_PATH)
