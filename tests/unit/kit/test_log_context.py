"""What a line belongs to, over tasks that requests start."""

import asyncio

from backend.kit.log_context import bind_log_context, log_context, start_unbound


async def test_work_for_everybody_belongs_to_no_request():
    """A task of the request itself keeps its ids; shared work begun by it has none."""

    async def seen():
        return dict(log_context())

    with bind_log_context(request_id="req_1"):
        own, shared = asyncio.create_task(seen()), start_unbound(seen(), name="shared")
    assert shared.get_name() == "shared"
    assert (await own, await shared) == ({"request_id": "req_1"}, {})
