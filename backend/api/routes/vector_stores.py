"""`/v1/vector_stores`: named sets of one's files, and searching within them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from backend.api.deps import Account, Library, Services, VectorStores
from backend.api.json_answers import answered
from backend.api.safe_json import SafeRoute
from backend.api.vector_store_answers import Slice, asked_slice, merged, owned_store
from backend.errors import InvalidRequest, NotFound
from backend.kit.ids import new_id
from backend.models.shown import answers
from backend.models.vector_stores import (
    CreateVectorStore,
    DeletedVectorStore,
    SearchResult,
    SearchResults,
    UpdateVectorStore,
    VectorStoreList,
    VectorStoreObject,
    VectorStoreSearch,
    chunking_of,
)
from backend.ports.documents import FileFilter, SearchQuery
from backend.ports.vector_stores import NewMember, VectorStore, scope_of

router = APIRouter(prefix="/v1/vector_stores", tags=["openai"], route_class=SafeRoute)
USUAL_RESULTS = 10
STORE = answers("vector_stores:VectorStoreObject")


@router.post("", responses=STORE)
async def create_vector_store(
    body: CreateVectorStore, account: Account, stores: VectorStores, found: Services
) -> Response:
    """Make a store, with files in it if given; they are searchable once they have been read."""
    user_id, now_ms = account.user.id, found.clock.now_ms()
    store = VectorStore(
        id=new_id("vs"),
        user_id=user_id,
        name=body.name or "",
        description=body.description or "",
        metadata=body.metadata or {},
        expires_after_days=body.expires_after.days if body.expires_after else None,
        created_at_ms=now_ms,
        last_active_at_ms=now_ms,
    )
    await stores.save(store)
    chunking = chunking_of(body.chunking_strategy)
    ids = dict.fromkeys(body.file_ids or ())
    members = [NewMember(file_id=one, chunking=chunking) for one in ids]
    try:
        await stores.put_files(user_id, store.id, members, at_ms=now_ms)
    except NotFound:
        await stores.delete(user_id, store.id)
        raise
    counts = await stores.counts(user_id, [store.id])
    return answered(VectorStoreObject.of(store, counts, now_ms=now_ms))


@router.get("", responses=answers("vector_stores:VectorStoreList"))
async def list_vector_stores(
    account: Account,
    stores: VectorStores,
    found: Services,
    asked: Annotated[Slice, Depends(asked_slice)],
) -> Response:
    """List one's stores by time of making."""
    user_id, now_ms = account.user.id, found.clock.now_ms()
    page = await stores.list(
        user_id,
        after=asked.after,
        before=asked.before,
        limit=asked.limit,
        descending=asked.descending,
    )
    counts = await stores.counts(user_id, [one.id for one in page.items])
    made = VectorStoreList(
        object="list",
        data=[VectorStoreObject.of(one, counts, now_ms=now_ms) for one in page.items],
        first_id=page.items[0].id if page.items else "",
        last_id=page.items[-1].id if page.items else "",
        has_more=page.next_cursor is not None,
    )
    return answered(made)


@router.get("/{vector_store_id}", responses=STORE)
async def get_vector_store(
    vector_store_id: str, account: Account, stores: VectorStores, found: Services
) -> Response:
    """Tell of a store what is in it and how far that is."""
    store = await owned_store(stores, account.user.id, vector_store_id)
    counts = await stores.counts(account.user.id, [store.id])
    return answered(VectorStoreObject.of(store, counts, now_ms=found.clock.now_ms()))


@router.post("/{vector_store_id}", responses=STORE)
async def modify_vector_store(
    vector_store_id: str,
    body: UpdateVectorStore,
    account: Account,
    stores: VectorStores,
    found: Services,
) -> Response:
    """Change what is given; null takes away what was there."""
    store = await owned_store(stores, account.user.id, vector_store_id)
    days = body.expires_after.days if body.expires_after else None
    given = {
        "name": body.name or "",
        "metadata": body.metadata or {},
        "expires_after": days,
    }
    named = {"expires_after": "expires_after_days"}
    changes: dict[str, Any] = {
        named.get(name, name): value
        for name, value in given.items()
        if name in body.model_fields_set
    }
    now_ms = found.clock.now_ms()
    changed = replace(store, last_active_at_ms=max(now_ms, store.last_active_at_ms), **changes)
    await stores.save(changed)
    counts = await stores.counts(account.user.id, [store.id])
    return answered(VectorStoreObject.of(changed, counts, now_ms=now_ms))


@router.delete("/{vector_store_id}", responses=answers("vector_stores:DeletedVectorStore"))
async def delete_vector_store(
    vector_store_id: str, account: Account, stores: VectorStores
) -> Response:
    """Forget a store; its files stay files."""
    store = await owned_store(stores, account.user.id, vector_store_id)
    await stores.delete(account.user.id, store.id)
    gone = DeletedVectorStore(id=store.id, object="vector_store.deleted", deleted=True)
    return answered(gone)


@router.post("/{vector_store_id}/search", responses=answers("vector_stores:SearchResults"))
async def search_vector_store(
    vector_store_id: str,
    body: VectorStoreSearch,
    account: Account,
    library: Library,
    stores: VectorStores,
    found: Services,
) -> Response:
    """Find passages in the files of a store whose attributes fit, best first."""
    user_id, now_ms = account.user.id, found.clock.now_ms()
    store = await owned_store(stores, user_id, vector_store_id)
    if store.expired(now_ms):
        msg = f"Vector store {store.id} is expired."
        raise InvalidRequest(msg, param="vector_store_id", code="vector_store_expired")
    await stores.touch(user_id, [store.id], now_ms)
    members = await stores.files(user_id, store.id)
    within = FileFilter(file_ids=scope_of(members, body.filters))
    limit = body.max_num_results or USUAL_RESULTS
    queries = body.queries if within.file_ids else []
    answers = [
        await library.search(user_id, SearchQuery(text=one, top_k=limit, within=within))
        for one in queries
    ]
    least = (body.ranking_options and body.ranking_options.score_threshold) or 0.0
    best = merged([one.passages for one in answers], least=least, limit=limit)
    attributes = {one.file.id: one.attributes for one in members}
    made = SearchResults(
        object="vector_store.search_results.page",
        search_query=body.queries,
        data=[SearchResult.of(one, attributes.get(one.file_id, {})) for one in best],
        has_more=False,
        next_page=None,
    )
    return answered(made)
