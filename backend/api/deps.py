"""What routes are given, as annotated aliases: the services, the caller, the request's id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer

from backend.agent.approval_links import without_links
from backend.agent.approvals import Approvals
from backend.agent.budgets import HEARING, Budgets
from backend.agent.catalog import ModelCatalog
from backend.agent.completing import Completions
from backend.agent.elsewhere import Elsewhere
from backend.agent.policy import Policy
from backend.agent.resuming import Resuming
from backend.agent.toolbox import Toolbox
from backend.agent.turn import Turns
from backend.agent.usage_book import UsageBook
from backend.api.keyed_answers import KeyedAnswers
from backend.api.live_requests import LiveRequests
from backend.api.middleware import WITHHOLD
from backend.api.pending_uploads import PendingUploads
from backend.api.rate_limits import PREFIX as LIMITED
from backend.api.rate_limits import counted, tell
from backend.api.responses.far import FarResponses
from backend.api.responses.live import LiveResponses
from backend.api.token_input import TokenInput
from backend.errors import NotAuthenticated, Unavailable
from backend.kit.log_context import note_user
from backend.ports.accounts import AccountService, Principal
from backend.ports.answers import AnswerStore
from backend.ports.artifacts import Artifacts
from backend.ports.audit import AuditStore
from backend.ports.clock import Clock
from backend.ports.credentials import Credentials
from backend.ports.documents import Documents, PageImages
from backend.ports.inside import Inside
from backend.ports.limits import RateLimiter
from backend.ports.model_servers import ModelTraffic
from backend.ports.stores import ConversationStore, RunStore
from backend.ports.values import Health, JsonObject
from backend.ports.vector_stores import VectorStoreStore
from backend.ports.watching import UNWATCHED, Watch

T = TypeVar("T")
MIB = 1024 * 1024
LARGEST_FILES_IN_ONE_REQUEST = 4
OTHER_SCHEMES = ("basic", "digest", "token", "apikey")
OTHER_KEY_HEADERS = ("api-key", "x-goog-api-key")
bearer = OAuth2PasswordBearer(tokenUrl="/api/auth/login", auto_error=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOptions:
    """How the HTTP face behaves. `cors_origins` are pages that may use the refresh cookie.

    `max_message_bytes` bounds requests with messages, which may hold files; `incoming` is the folder in which uploads lie while they arrive.
    """

    first_byte_wait_s: float = 5.0
    max_body_bytes: int = 12 * MIB
    max_message_bytes: int = 32 * MIB
    incoming: Path = Path("data/uploads/.incoming")
    max_file_bytes: int = 100 * MIB
    upload_wait_s: float = 20.0
    cors_origins: tuple[str, ...] = ()
    secure_cookies: bool = False
    version: str = "0"
    watch: Watch = UNWATCHED

    @property
    def max_upload_bytes(self) -> int:
        """Bound one request with files: several of the largest, and what the form adds to them."""
        return LARGEST_FILES_IN_ONE_REQUEST * self.max_file_bytes + MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class AppServices:
    """Everything the routes reach; made by the composition root. A port this server lacks is None."""

    accounts: AccountService
    turns: Turns
    elsewhere: Elsewhere
    completions: Completions
    catalog: ModelCatalog
    toolbox: Toolbox
    conversations: ConversationStore
    runs: RunStore
    audit: AuditStore
    approvals: Approvals
    resuming: Resuming
    keyed: KeyedAnswers
    answers: AnswerStore
    responses: LiveResponses
    far_responses: FarResponses
    policy: Policy
    usage: UsageBook
    budgets: Budgets
    live: LiveRequests
    clock: Clock
    options: ApiOptions
    inside: Inside
    checks: Mapping[str, Callable[[], Awaitable[Health]]]
    documents: Documents | None = None
    page_images: PageImages | None = None
    artifacts: Artifacts | None = None
    limits: RateLimiter | None = None
    token_input: TokenInput = field(default_factory=TokenInput)
    vector_stores: VectorStoreStore | None = None
    pending_uploads: PendingUploads | None = None
    credentials: Credentials | None = None
    traffic: ModelTraffic | None = None
    reports: Mapping[str, Callable[[], JsonObject]] = field(
        default_factory=dict[str, Callable[[], JsonObject]]
    )


async def services(request: Request) -> AppServices:
    """Give the services of this application."""
    return cast("AppServices", request.app.state.services)


async def account(request: Request, _: Annotated[str | None, Depends(bearer)]) -> Principal:
    """Give the caller, whom the route's `SafeRoute` may have authenticated before the body."""
    return await authenticate(request)


async def authenticate(request: Request) -> Principal:
    """Authenticate the caller by access token or API key, and count what it asks of `/v1`.

    Anthropic's clients send their key as x-api-key. A request is counted once, however often it is asked.
    """
    known: Principal | None = getattr(request.state, "caller", None)
    if known is not None:
        return known
    given = request.headers.get("authorization")
    if given is None and (key := request.headers.get("x-api-key")):
        given = f"Bearer {key}"
    scheme, _, credential = (given or "").partition(" ")
    if scheme.lower() != "bearer" or not credential.strip():
        raise NotAuthenticated(_how_to_authenticate(request, scheme))
    found = await services(request)
    caller = await found.accounts.authenticate(credential.strip())
    request.state.caller = caller
    state = request.scope["state"]
    found.live.enter(caller, state)
    if caller.allowed_tools is not None:
        shows = partial(found.approvals.may_decide, caller.user.id, by=caller)
        state[WITHHOLD] = partial(without_links, shows=shows)
    note_user(caller.user.id)
    if found.limits is not None and request.scope["path"].startswith(LIMITED):
        await counted(found.limits, caller.user.id, state=state)
    if found.budgets.there_are and request.scope["path"].startswith(LIMITED):
        HEARING.set(partial(tell, state))
    return caller


def _how_to_authenticate(request: Request, scheme: str) -> str:
    want = "Give an access token or API key: 'Authorization: Bearer ...'"
    other = next((name for name in OTHER_KEY_HEADERS if name in request.headers), None)
    if other is not None:
        return f"{want}. The header '{other}' is not read"
    if scheme.lower() in OTHER_SCHEMES:  # anything else may be the key itself
        return f"{want}, not '{scheme} ...'"
    return want


Services = Annotated[AppServices, Depends(services)]
Account = Annotated[Principal, Depends(account)]


async def library(caller: Account, found: Services) -> Documents:
    """Give the documents to a caller who may use them."""
    return _of_files(caller, found.documents)


Library = Annotated[Documents, Depends(library)]


async def page_images(caller: Account, found: Services) -> PageImages:
    """Give the pictures of pages to a caller who may use the documents."""
    return _of_files(caller, found.page_images)


PagePictures = Annotated[PageImages, Depends(page_images)]


async def vector_stores(caller: Account, found: Services) -> VectorStoreStore:
    """Give the vector stores to a caller who may use files."""
    return _of_files(caller, found.vector_stores)


VectorStores = Annotated[VectorStoreStore, Depends(vector_stores)]


async def pending_uploads(caller: Account, found: Services) -> PendingUploads:
    """Give the uploads in parts to a caller who may use files."""
    return _of_files(caller, found.pending_uploads)


def _of_files(caller: Principal, kept: T | None) -> T:
    caller.require("files")
    if kept is None:
        raise Unavailable("This server keeps no documents")
    return kept


PartUploads = Annotated[PendingUploads, Depends(pending_uploads)]


async def administrator(caller: Account) -> Principal:
    """Authenticate the caller as an administrator."""
    caller.require("admin")
    return caller


Administrator = Annotated[Principal, Depends(administrator)]
