"""`/api/auth`: log-in, the page's cookie session, one's own account and API keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from backend.agent.toolbox import REMOTE
from backend.api.cookies import REFRESH_COOKIE, end_page_cookies, set_page_cookies
from backend.api.deps import Account, AppServices, Services
from backend.api.safe_json import SafeRoute, check_type, media_type, read_object
from backend.errors import InvalidRequest, NotAllowed, NotAuthenticated
from backend.models.auth import (
    KeyIn,
    KeyOut,
    LoginIn,
    NewKeyOut,
    PasswordIn,
    TokenOut,
    UserOut,
    key_fields,
)
from backend.ports.accounts import LoginTokens

router = APIRouter(prefix="/api/auth", tags=["auth"], route_class=SafeRoute)
DAY_S = 86_400
CURL_TYPE = "application/x-www-form-urlencoded"  # what curl calls every body
FORM_FIELDS = 20
LOGIN_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": LoginIn.model_json_schema()},
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "username": {"type": "string"},
                        "password": {"type": "string", "format": "password"},
                    },
                    "required": ["username", "password"],
                }
            },
        },
    }
}


@router.post("/login", openapi_extra=LOGIN_BODY)
async def login(request: Request, response: Response, found: Services) -> TokenOut:
    """Log in with a JSON body, or with the OAuth2 password form as /docs does.

    `remember` in JSON also sets the page's refresh cookie.
    """
    body = await _login_body(request)
    if body.remember:
        _check_origin(request, found)
    address = client_address(request)
    enter = found.accounts.login_page if body.remember else found.accounts.login
    tokens = await enter(body.username, body.password, address=address)
    if body.remember:
        set_page_cookies(response, tokens, secure=found.options.secure_cookies)
    return _token(tokens)


@router.post("/refresh")
async def refresh(request: Request, response: Response, found: Services) -> TokenOut:
    """Exchange the page's refresh cookie for a new access token; the cookie is renewed too."""
    _check_origin(request, found)
    cookie = request.cookies.get(REFRESH_COOKIE)
    if not cookie:
        raise NotAuthenticated("There is no browser session; log in")
    tokens = await found.accounts.refresh(cookie)
    set_page_cookies(response, tokens, secure=found.options.secure_cookies)
    return _token(tokens)


@router.delete("/refresh", status_code=204)
async def logout(request: Request, response: Response, found: Services) -> None:
    """Log out: end the browser session and remove its cookie."""
    _check_origin(request, found)
    cookie = request.cookies.get(REFRESH_COOKIE)
    if cookie:
        await found.accounts.logout(cookie)
    end_page_cookies(response)


@router.get("/me")
async def me(account: Account) -> UserOut:
    """Tell who is logged in."""
    return UserOut.of(account.user)


@router.post("/password", status_code=204)
async def change_password(
    body: PasswordIn, request: Request, account: Account, found: Services
) -> None:
    """Change one's own password; every older token and browser session ends."""
    account.require_login()
    await found.accounts.change_password(
        account.user,
        old=body.old_password,
        new=body.new_password,
        address=client_address(request),
    )


@router.delete("/sessions", status_code=204)
async def end_log_ins(account: Account, found: Services, response: Response) -> None:
    """Log out everywhere: every token and browser session ends; API keys go on working."""
    account.require_login()
    await found.accounts.end_log_ins(account.user)
    end_page_cookies(response)


@router.get("/keys")
async def list_keys(account: Account, found: Services) -> list[KeyOut]:
    """List one's own API keys."""
    account.require_login()
    return [KeyOut.of(key) for key in await found.accounts.keys(account.user.id)]


@router.post("/keys", status_code=201)
async def create_key(body: KeyIn, account: Account, found: Services) -> NewKeyOut:
    """Make an API key; its secret is shown this once."""
    account.require_login()
    _check_tools(body.scopes, found)
    days = body.expires_in_days
    key, secret = await found.accounts.create_key(
        account.user,
        name=body.name,
        scopes=body.scopes,
        expires_in_s=None if days is None else int(days * DAY_S),
    )
    return NewKeyOut(**key_fields(key), key=secret)


@router.delete("/keys/{key_id}", status_code=204)
async def revoke_key(key_id: str, account: Account, found: Services) -> None:
    """Revoke one of one's own API keys."""
    account.require_login()
    await found.accounts.revoke_key(account.user.id, key_id)


def _check_tools(scopes: Sequence[str], found: AppServices) -> None:
    """Refuse scopes of tools there are none of: such a key would open less than was thought."""
    known = {REMOTE, *(card.name for card in found.toolbox.cards)}
    for scope in scopes:
        kind, _, name = scope.partition(":")
        if kind == "tools" and name not in known:
            msg = f"there is no tool {name[:80]!r}; the tools are {', '.join(sorted(known))}"
            raise InvalidRequest(msg, param="scopes")


async def _login_body(request: Request) -> LoginIn:
    kind = media_type(request)
    if kind == CURL_TYPE and (await request.body()).lstrip().startswith(b"{"):
        kind = "application/json"
    if kind in {CURL_TYPE, "multipart/form-data"}:
        async with request.form(max_files=0, max_fields=FORM_FIELDS) as form:
            given = {name: form.get(name) for name in ("username", "password") if name in form}
    else:
        check_type(kind or "application/json")
        given = await read_object(request)
    try:
        return LoginIn.model_validate(given)
    except ValidationError as exc:
        faults = exc.errors(include_url=False, include_input=False)
        located = [{**one, "loc": ("body", *one["loc"])} for one in faults]
        raise RequestValidationError(located, body=given) from exc


def client_address(request: Request) -> str:
    """Give the caller's address; the server has already believed or ignored a proxy's header."""
    return request.client.host if request.client else "unknown"


def _check_origin(request: Request, found: AppServices) -> None:
    """Refuse cookie requests that another site's page makes (CSRF)."""
    origin = request.headers.get("origin")
    if origin is None or origin in found.options.cors_origins:
        return
    if urlsplit(origin).netloc != request.headers.get("host"):
        raise NotAllowed("This origin may not use the browser session")


def _token(tokens: LoginTokens) -> TokenOut:
    return TokenOut(access_token=tokens.access_token, expires_in=tokens.expires_in_s)
