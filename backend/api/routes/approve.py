"""`/api/approve/{token}`: a small page on which the holder of a signed link decides about one call.

Looking decides nothing: mail programs and chat clients open links by themselves.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from backend.api import approval_page
from backend.api.deps import AppServices, Services
from backend.errors import Conflict, TooManyRequests
from backend.ports.approvals import Approval

router = APIRouter(prefix="/api/approve", tags=["approvals"], include_in_schema=False)
MAX_FORM_BYTES = 4_096
MAX_NOTE_CHARS = 1_000
ENDED = frozenset({"completed", "failed", "cancelled", "interrupted"})


@router.get("/{token}")
async def show(token: str, found: Services) -> Response:
    """Show what is asked, or how it went."""
    approval = await found.approvals.by_link(token)
    return await _page(found, approval)


@router.post("/{token}")
async def decide(token: str, request: Request, found: Services) -> Response:
    """Take the decision of the page's form."""
    approval = await found.approvals.by_link(token)
    form = await _form(request)
    decision = form.get("decision", "")
    if approval is None or decision not in {"approve", "deny"}:
        return await _page(found, approval, status=404 if approval is None else 400)
    try:
        await found.approvals.decide(
            approval.user_id,
            approval.run_id,
            approval.call_id,
            approve=decision == "approve",
            note=form.get("note", "").strip()[:MAX_NOTE_CHARS],
        )
    except TooManyRequests as exc:
        page = approval_page.question(approval, told=exc.message)
        return _html(page, status=exc.status)
    except Conflict:
        return await _page(found, await found.approvals.by_link(token), status=409)
    headers = {"cache-control": "no-store"}
    return RedirectResponse(f"/api/approve/{token}", status_code=303, headers=headers)


async def _form(request: Request) -> dict[str, str]:
    body = await request.body()
    if len(body) > MAX_FORM_BYTES:
        return {}
    found = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    return {name: values[0] for name, values in found.items()}


async def _page(
    found: AppServices, approval: Approval | None, *, status: int | None = None
) -> Response:
    if approval is None:
        return _html(approval_page.invalid(), status=404)
    if approval.state == "pending":
        return _html(approval_page.question(approval), status=status or 200)
    run = await found.runs.get(approval.user_id, approval.run_id)
    state = run.state if run else "cancelled"
    text = "".join(it["text"] for it in run.events if it.get("kind") == "content") if run else ""
    page = approval_page.outcome(approval, state=state, answer=text if state in ENDED else "")
    return _html(page, status=status or 200)


def _html(page: str, *, status: int) -> HTMLResponse:
    return HTMLResponse(page, status_code=status, headers=approval_page.HEADERS)
