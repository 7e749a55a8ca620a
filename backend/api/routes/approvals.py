"""Calls that wait for their user's word: `/api/approvals`, and `/api/runs/{id}/approvals`."""

from __future__ import annotations

from fastapi import APIRouter

from backend.api.deps import Account, Services
from backend.api.safe_json import SafeRoute
from backend.models.approvals import ApprovalDecision, ApprovalOut

router = APIRouter(prefix="/api", tags=["approvals"], route_class=SafeRoute)


@router.get("/approvals")
async def list_waiting(account: Account, found: Services) -> list[ApprovalOut]:
    """List every call that waits for one's word, oldest first."""
    account.require("chat")
    return [ApprovalOut.of(one) for one in await found.approvals.pending(account.user.id)]


@router.get("/runs/{run_id}/approvals")
async def list_approvals(run_id: str, account: Account, found: Services) -> list[ApprovalOut]:
    """List the calls a run has asked about, decided or not."""
    account.require("chat")
    return [ApprovalOut.of(one) for one in await found.approvals.of_run(account.user.id, run_id)]


@router.post("/runs/{run_id}/approvals/{call_id}")
async def decide(
    run_id: str, call_id: str, body: ApprovalDecision, account: Account, found: Services
) -> ApprovalOut:
    """Allow or deny a call; when it was the last one, the run goes on in the background.

    What was decided before, has expired or belongs to a run that has ended answers 409; its code is
    `approval_` and the state.
    """
    account.require("chat")
    decided = await found.approvals.decide(
        account.user.id,
        run_id,
        call_id,
        approve=body.decision == "approve",
        note=body.note,
        by=account,
    )
    return ApprovalOut.of(decided)
