"""What routes are given, as annotated aliases: the services, the caller, the request's id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer

from backend.agent.catalog import ModelCatalog
from backend.agent.toolbox import Toolbox
from backend.agent.turn import Turns
from backend.errors import NotAuthenticated
from backend.ports.accounts import AccountService, Principal
from backend.ports.clock import Clock
from backend.ports.stores import AuditStore, ConversationStore, RunStore
from backend.ports.values import Health

bearer = OAuth2PasswordBearer(tokenUrl="/api/auth/login", auto_error=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOptions:
    """How the HTTP face behaves. `allowed_origins` are pages that may use the refresh cookie."""

    first_byte_wait_s: float = 5.0
    max_body_bytes: int = 12 * 1024 * 1024
    cors_origins: tuple[str, ...] = ()
    secure_cookies: bool = False
    version: str = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppServices:
    """Everything the routes reach; made by the composition root."""

    accounts: AccountService
    turns: Turns
    catalog: ModelCatalog
    toolbox: Toolbox
    conversations: ConversationStore
    runs: RunStore
    audit: AuditStore
    clock: Clock
    options: ApiOptions
    checks: Mapping[str, Callable[[], Awaitable[Health]]]


def services(request: Request) -> AppServices:
    """Give the services of this application."""
    return cast("AppServices", request.app.state.services)


Services = Annotated[AppServices, Depends(services)]


async def account(request: Request, _: Annotated[str | None, Depends(bearer)] = None) -> Principal:
    """Authenticate the caller by access token or API key."""
    found = services(request)
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credential.strip():
        raise NotAuthenticated(
            "Give an access token or API key: 'Authorization: Bearer ...'", code="invalid_api_key"
        )
    return await found.accounts.authenticate(credential.strip())


async def administrator(request: Request) -> Principal:
    """Authenticate the caller as an administrator."""
    principal = await account(request)
    principal.require("admin")
    return principal


def _turns(request: Request) -> Turns:
    return services(request).turns


def _catalog(request: Request) -> ModelCatalog:
    return services(request).catalog


def _options(request: Request) -> ApiOptions:
    return services(request).options


def _request_id(request: Request) -> str:
    return str(request.state.request_id)


Account = Annotated[Principal, Depends(account)]
Administrator = Annotated[Principal, Depends(administrator)]
TurnService = Annotated[Turns, Depends(_turns)]
Catalog = Annotated[ModelCatalog, Depends(_catalog)]
HttpOptions = Annotated[ApiOptions, Depends(_options)]
RequestId = Annotated[str, Depends(_request_id)]
