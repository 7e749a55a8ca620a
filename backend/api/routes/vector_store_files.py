"""`/v1/vector_stores/{id}/files` and `/file_batches`: what is in a store, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from backend.api.deps import Account, Library, Services, VectorStores
from backend.api.json_answers import answered
from backend.api.safe_json import SafeRoute
from backend.api.vector_store_answers import (
    POLL_HEADERS,
    Slice,
    asked_slice,
    owned_member,
    owned_store,
    sliced,
)
from backend.errors import NotFound
from backend.kit.ids import new_id
from backend.models.maybe import Maybe
from backend.models.shown import answers
from backend.models.vector_store_files import (
    CreateVectorStoreFile,
    CreateVectorStoreFileBatch,
    DeletedVectorStoreFile,
    UpdateVectorStoreFile,
    VectorStoreFileBatchObject,
    VectorStoreFileContent,
    VectorStoreFileList,
    VectorStoreFileObject,
)
from backend.models.vector_stores import TextContent
from backend.ports.accounts import Principal
from backend.ports.vector_stores import (
    FileBatch,
    MemberFile,
    MemberStatus,
    NewMember,
    VectorStoreStore,
)

router = APIRouter(
    prefix="/v1/vector_stores/{vector_store_id}", tags=["openai"], route_class=SafeRoute
)
AskedSlice = Annotated[Slice, Depends(asked_slice)]
OnlyStatus = Annotated[Maybe[MemberStatus], Query(alias="filter")]
FILE = answers("vector_store_files:VectorStoreFileObject")
FILES = answers("vector_store_files:VectorStoreFileList")
DELETED = answers("vector_store_files:DeletedVectorStoreFile")
CONTENT = answers("vector_store_files:VectorStoreFileContent")
BATCH = answers("vector_store_files:VectorStoreFileBatchObject")


@router.post("/files", responses=FILE)
async def add_file(
    vector_store_id: str,
    body: CreateVectorStoreFile,
    account: Account,
    stores: VectorStores,
    found: Services,
) -> Response:
    """Put a file into a store, or say other things of one that is there."""
    batch = _new_batch(account, vector_store_id, [body], now_ms=found.clock.now_ms())
    await _put(stores, batch, [body], keep=False)
    member = await owned_member(stores, account.user.id, vector_store_id, body.file_id)
    return answered(VectorStoreFileObject.of(member))


@router.get("/files", responses=FILES)
async def list_files(
    vector_store_id: str,
    account: Account,
    stores: VectorStores,
    asked: AskedSlice,
    status: OnlyStatus = None,
) -> Response:
    """List a store's files by the time they came, of one status if given."""
    await owned_store(stores, account.user.id, vector_store_id)
    members = await stores.files(account.user.id, vector_store_id)
    return _listed(members, asked, status)


@router.get("/files/{file_id}", responses=FILE)
async def get_file(
    vector_store_id: str, file_id: str, account: Account, stores: VectorStores
) -> Response:
    """Tell of a file in a store how far it is."""
    member = await owned_member(stores, account.user.id, vector_store_id, file_id)
    return answered(VectorStoreFileObject.of(member), POLL_HEADERS)


@router.post("/files/{file_id}", responses=FILE)
async def update_file(
    vector_store_id: str,
    file_id: str,
    body: UpdateVectorStoreFile,
    account: Account,
    stores: VectorStores,
    found: Services,
) -> Response:
    """Give a file in a store other attributes; all that there were go."""
    user_id = account.user.id
    member = await owned_member(stores, user_id, vector_store_id, file_id)
    changed = NewMember(
        file_id=file_id,
        attributes=body.attributes or {},
        chunking=member.chunking,
        cancelled=member.cancelled,
    )
    await stores.put_files(user_id, vector_store_id, [changed], at_ms=member.created_at_ms)
    await stores.touch(user_id, [vector_store_id], found.clock.now_ms())
    member = await owned_member(stores, user_id, vector_store_id, file_id)
    return answered(VectorStoreFileObject.of(member))


@router.delete("/files/{file_id}", responses=DELETED)
async def remove_file(
    vector_store_id: str, file_id: str, account: Account, stores: VectorStores
) -> Response:
    """Take a file out of a store; it stays a file."""
    await owned_member(stores, account.user.id, vector_store_id, file_id)
    await stores.remove_file(account.user.id, vector_store_id, file_id)
    gone = DeletedVectorStoreFile(id=file_id, object="vector_store.file.deleted", deleted=True)
    return answered(gone)


@router.get("/files/{file_id}/content", responses=CONTENT)
async def get_file_content(
    vector_store_id: str, file_id: str, account: Account, library: Library, stores: VectorStores
) -> Response:
    """Give the text that was read out of a file in a store."""
    await owned_member(stores, account.user.id, vector_store_id, file_id)
    pages = await library.text(account.user.id, file_id, number=None)
    made = VectorStoreFileContent(
        object="vector_store.file_content.page",
        data=[TextContent(type="text", text=one.text) for one in pages],
        has_more=False,
        next_page=None,
    )
    return answered(made)


@router.post("/file_batches", responses=BATCH)
async def create_batch(
    vector_store_id: str,
    body: CreateVectorStoreFileBatch,
    account: Account,
    stores: VectorStores,
    found: Services,
) -> Response:
    """Put files into a store together; all of them or none."""
    wanted = body.wanted()
    batch = _new_batch(account, vector_store_id, wanted, now_ms=found.clock.now_ms())
    await _put(stores, batch, wanted, keep=True)
    return answered(await _shown(stores, batch))


@router.get("/file_batches/{batch_id}", responses=BATCH)
async def get_batch(
    vector_store_id: str, batch_id: str, account: Account, stores: VectorStores
) -> Response:
    """Tell how far the files of a batch are."""
    batch = await _batch(stores, account.user.id, vector_store_id, batch_id)
    return answered(await _shown(stores, batch), POLL_HEADERS)


@router.post("/file_batches/{batch_id}/cancel", responses=BATCH)
async def cancel_batch(
    vector_store_id: str, batch_id: str, account: Account, stores: VectorStores
) -> Response:
    """Keep those files of a batch that are not read yet out of the store's searches."""
    user_id = account.user.id
    batch = await _batch(stores, user_id, vector_store_id, batch_id)
    if (await _shown(stores, batch)).status == "in_progress":
        await stores.cancel_batch(user_id, vector_store_id, batch_id)
    batch = await _batch(stores, user_id, vector_store_id, batch_id)
    return answered(await _shown(stores, batch))


@router.get("/file_batches/{batch_id}/files", responses=FILES)
async def list_batch_files(
    vector_store_id: str,
    batch_id: str,
    account: Account,
    stores: VectorStores,
    asked: AskedSlice,
    status: OnlyStatus = None,
) -> Response:
    """List the files of a batch that are in the store, of one status if given."""
    batch = await _batch(stores, account.user.id, vector_store_id, batch_id)
    return _listed(await _members(stores, batch), asked, status)


async def _put(
    stores: VectorStoreStore,
    batch: FileBatch,
    wanted: Sequence[CreateVectorStoreFile],
    *,
    keep: bool,
) -> None:
    """Put files into a store, which is using it; `keep` the batch they came in."""
    user_id, store_id, at_ms = batch.user_id, batch.store_id, batch.created_at_ms
    await owned_store(stores, user_id, store_id)
    members = [one.member() for one in wanted]
    await stores.put_files(user_id, store_id, members, at_ms=at_ms, batch=batch if keep else None)
    await stores.touch(user_id, [store_id], at_ms)


async def _batch(stores: VectorStoreStore, user_id: str, store_id: str, batch_id: str) -> FileBatch:
    await owned_store(stores, user_id, store_id)
    batch = await stores.batch(user_id, store_id, batch_id)
    if batch is None:
        msg = f"No file batch found with id '{batch_id[:100]}' in vector store '{store_id[:100]}'."
        raise NotFound(msg, param="batch_id")
    return batch


async def _members(stores: VectorStoreStore, batch: FileBatch) -> Sequence[MemberFile]:
    ids = set(batch.file_ids)
    members = await stores.files(batch.user_id, batch.store_id)
    return [one for one in members if one.file.id in ids]


async def _shown(stores: VectorStoreStore, batch: FileBatch) -> VectorStoreFileBatchObject:
    return VectorStoreFileBatchObject.of(batch, await _members(stores, batch))


def _new_batch(
    account: Principal, store_id: str, wanted: Sequence[CreateVectorStoreFile], *, now_ms: int
) -> FileBatch:
    return FileBatch(
        id=new_id("vsfb"),
        user_id=account.user.id,
        store_id=store_id,
        file_ids=tuple(one.file_id for one in wanted),
        created_at_ms=now_ms,
    )


def _listed(members: Sequence[MemberFile], asked: Slice, status: MemberStatus | None) -> Response:
    found, more = sliced(members, asked, status=status)
    made = VectorStoreFileList(
        object="list",
        data=[VectorStoreFileObject.of(one) for one in found],
        first_id=found[0].file.id if found else "",
        last_id=found[-1].file.id if found else "",
        has_more=more,
    )
    return answered(made)
