"""Make what attachments of messages are resolved with."""

from __future__ import annotations

from dataclasses import fields

from backend.agent.attached_parts import Attaching, AttachmentOptions
from backend.bootstrap.documents import Ground
from backend.bootstrap.tooling import address_policy
from backend.documents.inline_files import InlineFiles
from backend.ports.documents import Documents
from backend.web.file_fetcher import PublicFiles


def open_attaching(ground: Ground, documents: Documents) -> Attaching:
    """Make it; no address is fetched where the operator has switched the reading of pages off."""
    settings = ground.settings
    given = settings.attachments
    names = {one.name for one in fields(AttachmentOptions)}
    return Attaching(
        options=AttachmentOptions(**given.model_dump(include=names)),
        web=_open_files(ground) if given.fetch and _reads_web(ground) else None,
        intake=InlineFiles(documents, ground.folders.incoming),
    )


def _reads_web(ground: Ground) -> bool:
    return "web_fetch" not in ground.settings.tools.disabled


def _open_files(ground: Ground) -> PublicFiles:
    web = ground.settings.web
    files = PublicFiles(
        address_policy(web),
        clock=ground.clock,
        user_agent=web.user_agent,
        timeout_s=ground.settings.attachments.fetch_timeout_s,
        max_redirects=web.max_redirects,
    )
    ground.stack.callback(files.close)
    return files
