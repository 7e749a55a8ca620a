"""Keep what tools make, and sign the links that open it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from backend.bootstrap.documents import Ground
from backend.bootstrap.owned_files import owned_files
from backend.bootstrap.sharing import spared_since
from backend.config.secrets_file import signing_key
from backend.kit.signed_links import LinkSigner
from backend.ports.artifacts import Artifacts
from backend.storage.artifact_keeper import ArtifactKeeper, KeeperOptions
from backend.storage.retention import prune_daily


def open_artifacts(
    ground: Ground, *, public_url: str, shrink: Callable[[], Awaitable[None]]
) -> Artifacts:
    """Make the keeper of files that tools make, and begin to forget what is old, daily.

    `shrink` gives the disk back what that freed.
    """
    settings, stores = ground.settings, ground.stores
    kept = settings.artifacts
    keeper = ArtifactKeeper(
        stores.artifacts,
        ground.folders.artifacts,
        owned_files(settings, ground.folders.artifacts),
        signer=link_signer(ground, purpose="artifacts"),
        clock=ground.clock,
        options=KeeperOptions(
            public_url=public_url,
            max_files_per_call=kept.max_files_per_call,
            max_file_bytes=kept.max_file_bytes,
            max_bytes_per_user=kept.max_bytes_per_user,
            link_ttl_s=kept.link_ttl_s,
        ),
    )
    keeper.start_clean(before_s=spared_since(ground))
    days = settings.storage.run_retention_days
    prunings = {
        "runs": (stores.runs.prune, days),
        "tool calls": (stores.audit.prune, days),
        "answers": (stores.answers.prune, settings.storage.answer_retention_days),
        "artifacts": (stores.artifacts.prune, kept.retention_days),
        "answers to keys": (stores.keyed_requests.prune, 1),
    }
    if settings.storage.idle_session_retention_days:
        days = settings.storage.idle_session_retention_days
        prunings["idle sessions"] = (stores.conversations.prune, days)

    async def tidy() -> None:
        await keeper.tidy()
        if settings.storage.vacuum:
            await shrink()

    pruning = prune_daily(prunings, clock=ground.clock, tidy=tidy)
    ground.stack.callback(asyncio.create_task(pruning).cancel)
    return keeper


def link_signer(ground: Ground, *, purpose: str) -> LinkSigner:
    """Make what signs links of one kind, by a key made from the one that signs tokens."""
    settings = ground.settings
    kept = signing_key(given=settings.secret_key, data_dir=settings.data_dir)
    return LinkSigner(kept.key.get_secret_value(), purpose=purpose, clock=ground.clock)
