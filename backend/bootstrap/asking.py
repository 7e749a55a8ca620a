"""Make what calls are asked for with: where they wait, and the links that decide about them."""

from __future__ import annotations

from backend.agent.approval_links import ApprovalLinks
from backend.agent.asking import Asking
from backend.bootstrap.artifacts import link_signer
from backend.bootstrap.documents import Ground
from backend.storage.checkpoints import Checkpoints


def make_asking(ground: Ground, checkpoints: Checkpoints, *, public_url: str) -> Asking:
    """Make it from settings and stores; links are signed by a key of their own."""
    signer = link_signer(ground, purpose="approvals")
    return Asking(
        store=ground.stores.approvals,
        links=ApprovalLinks(signer, public_url=public_url),
        drop=checkpoints.drop,
        drop_of=checkpoints.drop_of,
        expire_s=ground.settings.approvals.expire_s,
    )
