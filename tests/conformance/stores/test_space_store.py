"""What every adapter of the SpaceStore port does."""

from __future__ import annotations

from tests.fakes.papers import SPACE, a_reading, a_vector, add, embed, make_ready


async def _vectors(stores, space, document_id="doc_001") -> list[bytes | None]:
    user_id = "user_bob"
    chunks = await stores.documents.indexed_chunks(user_id, document_id, space)
    return [chunk.vector for chunk in chunks]


async def _missing(stores, space, limit=9) -> list[str]:
    return [it.id for it in await stores.spaces.missing(space, limit=limit)]


async def test_the_first_space_is_active_at_once(stores):
    """A second one only after a switch; beginning again changes nothing."""
    assert await stores.spaces.active() is None
    await stores.spaces.begin("a", dimensions=3)
    assert await stores.spaces.active() == "a"
    await stores.spaces.begin("b", dimensions=5)
    await stores.spaces.begin("b", dimensions=5)
    await stores.spaces.begin("a", dimensions=3)
    assert await stores.spaces.active() == "a"


async def test_searchable_documents_without_all_vectors_are_missing(stores):
    """Oldest first, at most so many; what is not searchable yet is not missing."""
    await make_ready(stores, 2, "text of two chunks")
    await make_ready(stores, 1, "text")
    await add(stores, 3)
    await stores.documents.keep_text("doc_003", a_reading(["text"]), now_ms=1)
    assert await _missing(stores, SPACE) == []
    assert await _missing(stores, "b") == ["doc_001", "doc_002"]
    assert await _missing(stores, "b", limit=1) == ["doc_001"]
    assert list(await stores.spaces.missing("b", limit=1)) == [
        await stores.documents.get("user_bob", "doc_001")
    ]
    ((first, _), _) = await stores.documents.unembedded("doc_002", "b", limit=9)
    await stores.documents.keep_vectors(
        "doc_002", "b", {first.id: a_vector("v")}, progress=0, now_ms=1
    )
    assert await _missing(stores, "b") == ["doc_001", "doc_002"]
    await embed(stores, "doc_002", "b")
    assert await _missing(stores, "b") == ["doc_001"]


async def test_a_document_that_is_read_anew_is_not_missing(stores):
    """Its new reading is embedded as it comes; dropped, the old one is missing again."""
    await make_ready(stores, 1, "text")
    await stores.documents.keep_text("doc_001", a_reading(["new"]), now_ms=1)
    assert await _missing(stores, "b") == []
    await stores.documents.mark("doc_001", state="failed", reason="no", now_ms=1)
    assert await _missing(stores, "b") == ["doc_001"]


async def test_a_switch_forgets_the_other_vectors_and_raises_every_version(stores):
    """All at once."""
    await stores.spaces.begin(SPACE, dimensions=3)
    await make_ready(stores, 1, "text")
    await make_ready(stores, 2, "hers", user_id="user_ann")
    await stores.spaces.begin("b", dimensions=5)
    await embed(stores, "doc_001", "b")
    await embed(stores, "doc_002", "b")
    before = [await stores.documents.library_version(one) for one in ("user_bob", "user_ann")]
    assert await stores.spaces.switch("b")
    assert await stores.spaces.active() == "b"
    after = [await stores.documents.library_version(one) for one in ("user_bob", "user_ann")]
    assert after == [version + 1 for version in before]
    assert await _vectors(stores, "b") == [a_vector("text")]
    assert await _vectors(stores, SPACE) == [None]


async def test_there_is_no_switch_while_something_is_missing(stores):
    """Nothing changes then."""
    await stores.spaces.begin(SPACE, dimensions=3)
    await make_ready(stores, 1, "text")
    await stores.spaces.begin("b", dimensions=5)
    version = await stores.documents.library_version("user_bob")
    assert not await stores.spaces.switch("b")
    assert await stores.spaces.active() == SPACE
    assert await stores.documents.library_version("user_bob") == version
    assert await _vectors(stores, SPACE) == [a_vector("text")]


async def test_there_is_no_switch_to_a_space_nobody_began(stores):
    """And one to the active space changes nothing."""
    await stores.spaces.begin("a", dimensions=3)
    assert not await stores.spaces.switch("b")
    assert await stores.spaces.switch("a")
    assert await stores.spaces.active() == "a"


async def test_a_space_that_another_one_replaces_before_its_switch_is_given_up(stores):
    """Its vectors go, the active ones stay; begun again it starts afresh."""
    await stores.spaces.begin(SPACE, dimensions=3)
    await make_ready(stores, 1, "text")
    await stores.spaces.begin("b", dimensions=5)
    await embed(stores, "doc_001", "b")
    await stores.spaces.begin("c", dimensions=5)
    assert await _vectors(stores, "b") == [None]
    assert await _vectors(stores, SPACE) == [a_vector("text")]
    assert not await stores.spaces.switch("b")
    await stores.spaces.begin("b", dimensions=5)
    await embed(stores, "doc_001", "b")
    assert await stores.spaces.switch("b")


async def test_going_back_to_the_active_space_gives_up_the_one_that_was_begun(stores):
    """As when a setting is changed and changed back."""
    await stores.spaces.begin(SPACE, dimensions=3)
    await make_ready(stores, 1, "text")
    await stores.spaces.begin("b", dimensions=5)
    await embed(stores, "doc_001", "b")
    await stores.spaces.begin(SPACE, dimensions=3)
    assert await _vectors(stores, "b") == [None]
    assert not await stores.spaces.switch("b")
