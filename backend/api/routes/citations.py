"""`/api/citations`: the passage a marker in an answer points at, for its owner alone."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from backend.api.deps import Account, Services
from backend.api.safe_json import SafeRoute
from backend.errors import NotFound
from backend.models.citations import CitationOut

MISSING = "There is no such citation"


class LinkRoute(SafeRoute):
    """A route that people also open as a link, in a browser that has no access token to send.

    Such a request is shown the page at `/#/citation/{id}`, which asks for log-in and then for the
    passage. It tells nothing of the citation, so it is the same for every id.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the framework's handler."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            if "authorization" in request.headers or not _is_opened_by_a_person(request):
                return await handle(request)
            place = f"/#/citation/{quote(request.path_params['citation_id'], safe='')}"
            headers = {"cache-control": "no-store", "vary": "accept, authorization"}
            return RedirectResponse(place, status_code=303, headers=headers)

        return handler


def _is_opened_by_a_person(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "").lower()


router = APIRouter(prefix="/api/citations", tags=["citations"], route_class=LinkRoute)


@router.get("/{citation_id}")
async def get_citation(
    citation_id: str, account: Account, found: Services, answer: Response
) -> CitationOut:
    """Give a cited passage with its surroundings; one that was erased or has changed is gone."""
    account.require("chat")
    answer.headers["cache-control"] = "private, no-store"
    documents = found.documents
    cited = await documents.cited(account.user.id, citation_id) if documents else None
    if cited is None:
        raise NotFound(MISSING)
    return CitationOut.of(cited)
