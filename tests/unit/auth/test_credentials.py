"""Secrets of providers: sealed at rest, open at once everywhere, never told."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

import pytest

from backend.auth.credentials import CredentialBook, CredentialOptions, NoKeys, reseal
from backend.config.credential_keys import new_key
from backend.errors import Conflict, InvalidRequest, NotFound, Unavailable
from backend.kit.clocks import SteppedClock
from backend.kit.redaction import redact
from backend.ports.credentials import CredentialStanding
from backend.storage.memory.credentials import MemoryCredentialStore
from backend.storage.memory.signals import LocalSignals

NAME, OTHER = "UPSTREAM_OPENAI_API_KEY", "TAVILY_API_KEY"
SECRET = "sk-very-secret-9f3a"


class Servers:
    """Servers on one database."""

    def __init__(self, *keys: str) -> None:
        self.store = MemoryCredentialStore()
        self.signals = LocalSignals()
        self.keys = list(keys) or [new_key()]

    def book(self, *, keys: Sequence[str] | None = None, **given: str) -> CredentialBook:
        def known(*, make: bool) -> Sequence[str]:
            return self.keys if keys is None else keys

        names = {NAME: "", OTHER: "", **given}
        options = CredentialOptions(given=names, keys=known)
        made = CredentialBook(self.store, self.signals, SteppedClock(), options)
        made.hear()
        return made


async def test_a_secret_is_used_at_once_and_told_by_its_end_only():
    """What lies in the store holds nothing of it."""
    servers = Servers()
    book = servers.book()
    told = await book.put(NAME, f" {SECRET}\n", by="ann")
    assert book.get(NAME) == SECRET
    assert (told.source, told.hint, told.updated_by) == ("stored", "9f3a", "ann")
    [row] = await servers.store.list()
    assert SECRET not in repr(row)
    assert SECRET not in repr(told)
    assert book.standing()[0] == CredentialStanding(name=OTHER, source="none")


async def test_a_secret_is_taken_out_of_what_is_logged():
    """Whatever it looks like: a provider that refuses it may quote it."""
    await Servers().book().put(NAME, "quoted by the provider", by="ann")
    assert redact("401: wrong key quoted by the provider") == "401: wrong key ***"


async def test_every_other_server_uses_a_change_at_once():
    """By the signal; one that is deleted is gone everywhere."""
    servers = Servers()
    one, other = servers.book(), servers.book()
    heard: list[frozenset[str]] = []

    async def changed(names: frozenset[str]) -> None:
        heard.append(names)

    other.changed = changed
    await one.put(NAME, SECRET, by="ann")
    await other.refresh()
    assert other.get(NAME) == SECRET
    assert await one.delete(NAME)
    assert not await one.delete(NAME)
    await other.refresh()
    assert other.get(NAME) == ""
    assert heard == [frozenset({NAME}), frozenset({NAME})]


async def test_what_the_environment_gives_wins_and_cannot_be_changed_here():
    """It says where it is to be changed."""
    servers = Servers()
    await servers.book().put(NAME, SECRET, by="ann")
    book = servers.book(**{NAME: "sk-of-environment"})
    await book.refresh()
    assert book.get(NAME) == "sk-of-environment"
    standing = {one.name: one for one in book.standing()}
    assert standing[NAME] == CredentialStanding(name=NAME, source="environment")
    with pytest.raises(Conflict, match="environment"):
        await book.put(NAME, "x", by="ann")


@pytest.mark.parametrize("value", ["", "  ", "two\nlines", "x" * 4097])
async def test_what_is_no_key_is_refused_without_being_repeated(value):
    """Its text stands in no error."""
    with pytest.raises(InvalidRequest) as caught:
        await Servers().book().put(NAME, value, by="ann")
    assert value.strip() == "" or value not in caught.value.message
    with pytest.raises(NotFound):
        await Servers().book().put("SECRET_KEY", SECRET, by="ann")


async def test_a_lost_key_is_said_and_everything_else_works(caplog):
    """The secret is entered again under the key there is."""
    servers = Servers()
    await servers.book().put(NAME, SECRET, by="ann")
    book = servers.book(keys=[new_key()])
    await book.refresh()
    standing = {one.name: one.source for one in book.standing()}
    assert (standing[NAME], book.get(NAME)) == ("unreadable", "")
    health = await book.health()
    assert not health.ok
    assert "CREDENTIALS__KEYS" in health.fix
    assert NAME in caplog.text
    assert SECRET not in caplog.text
    await book.put(NAME, SECRET, by="ann")
    assert book.get(NAME) == SECRET
    assert (await book.health()).ok


async def test_a_key_that_comes_back_opens_what_was_closed():
    """No restart is needed."""
    servers = Servers()
    right = list(servers.keys)
    await servers.book().put(NAME, SECRET, by="ann")
    servers.keys = [new_key()]
    book = servers.book()
    await book.refresh()
    servers.keys = right
    await book.refresh()
    assert book.get(NAME) == SECRET


async def test_without_any_key_nothing_is_stored():
    """The reason says what to give."""
    servers = Servers()

    def none(*, make: bool) -> Sequence[str]:
        raise NoKeys("CREDENTIALS__KEYS must be given")

    options = CredentialOptions(given={NAME: ""}, keys=none)
    book = CredentialBook(servers.store, servers.signals, SteppedClock(), options)
    with pytest.raises(Unavailable, match="CREDENTIALS__KEYS"):
        await book.put(NAME, SECRET, by="ann")
    assert await servers.store.list() == []


async def test_a_sealing_moved_to_another_name_is_not_opened():
    """Who may write the database may not have a key sent to another service."""
    servers = Servers()
    book = servers.book()
    await book.put(NAME, SECRET, by="ann")
    [row] = await servers.store.list()
    moved = {"name": OTHER, "sealed": row.sealed, "hint": "", "updated_at_ms": 1, "updated_by": ""}
    await servers.store.put(type(row)(**moved))
    await book.refresh()
    assert book.get(OTHER) == ""


async def test_rotation_leaves_everything_readable_whenever_it_ends():
    """After each row; old keys open nothing once it is done."""
    servers = Servers()
    old = list(servers.keys)
    book = servers.book()
    await book.put(NAME, SECRET, by="ann")
    await book.put(OTHER, "tvly-other-secret", by="ann")
    keys = [new_key(), *old]
    servers.keys = keys
    first, _ = await servers.store.list()
    done, closed = await reseal(servers.store, keys)
    assert (done, closed) == ([OTHER, NAME], [])
    await servers.store.put(first)  # as if it had ended before this one
    await book.refresh()
    assert (book.get(NAME), book.get(OTHER)) == (SECRET, "tvly-other-secret")
    await reseal(servers.store, keys)
    for names, known in ((keys[:1], SECRET), (old, "")):
        fresh = servers.book(keys=names)
        await fresh.refresh()
        assert fresh.get(NAME) == known


async def test_nothing_is_sealed_while_the_keys_change():
    """Who enters a secret then is told to try again."""

    def changing() -> AbstractContextManager[None]:
        raise NoKeys("try again")

    servers = Servers()
    options = CredentialOptions(given={NAME: ""}, keys=lambda **_: servers.keys, held=changing)
    book = CredentialBook(servers.store, servers.signals, SteppedClock(), options)
    with pytest.raises(Unavailable, match="try again"):
        await book.put(NAME, SECRET, by="ann")
    assert list(await servers.store.list()) == []


async def test_a_secret_that_was_set_meanwhile_is_not_undone_by_rotation():
    """The sealing that was read is the one that is replaced."""
    servers = Servers()
    book = servers.book()
    await book.put(NAME, SECRET, by="ann")
    [row] = await servers.store.list()
    await book.put(NAME, "sk-newer-secret", by="ann")
    assert not await servers.store.replace(NAME, old=row.sealed, new="x")
    assert book.get(NAME) == "sk-newer-secret"
