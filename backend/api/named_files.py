"""The files that a chat request names with `file_ids`, looked up before anything is answered.

Not for: files that stand in messages (`attached_files`), which become part of what was said.
"""

from __future__ import annotations

from collections.abc import Sequence

from backend.errors import NotAllowed, NotFound, UnsupportedByModel
from backend.ports.accounts import Principal
from backend.ports.documents import Documents, Listing

FIELD = "file_ids"


async def check_files(
    file_ids: Sequence[str], *, caller: Principal, documents: Documents | None
) -> None:
    """Refuse files that the caller does not have; somebody else's is a missing one.

    Raises:
        NotFound: naming the first that is not there.
        NotAllowed: for an API key that may not read files.
        UnsupportedByModel: when this server keeps no documents.
    """
    if not file_ids:
        return
    if documents is None:
        raise UnsupportedByModel("This server keeps no documents", param=FIELD)
    if not caller.reads_documents:
        raise NotAllowed("This API key may not read files", param=FIELD)
    listing = Listing(file_ids=tuple(file_ids), limit=len(file_ids))
    there = {one.id for one in (await documents.list(caller.user.id, listing)).items}
    missing = next((one for one in file_ids if one not in there), None)
    if missing is not None:
        msg = f"There is no file '{missing}'"
        raise NotFound(msg, param=FIELD)
