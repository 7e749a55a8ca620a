"""What is put in the place of an installation is whole, sound and ours, or nothing changes."""

from __future__ import annotations

import asyncio
import gzip
import io
import tarfile
from pathlib import Path

import orjson
import pytest

from backend.bootstrap.backing_up import make_backup
from backend.bootstrap.restoring import restore
from backend.config.secrets_file import signing_key
from backend.config.settings import Settings, load_settings
from backend.kit.archives import ArchiveDamaged, writing_archive
from backend.kit.folder_lock import FolderLock
from backend.ports.stores import User
from backend.storage.revisions import UnusableSchema
from backend.storage.stores import open_stores
from tests.fakes.operated import all_rows, files_below, sqlite_of

ANN = User(id="user_ann", username="Ann", password_hash="hash", role="admin", created_at_ms=1)


def settings_of(folder: Path) -> Settings:
    given = {"DATA_DIR": str(folder / "data")}
    return load_settings(env_file=folder / "no.env", environ=given)


def backup_of(settings: Settings, *, with_keys: bool = False) -> bytes:
    out = io.BytesIO()
    make_backup(settings, out, with_keys=with_keys)
    return out.getvalue()


async def add(settings: Settings, user: User) -> None:
    stores = await open_stores(settings.database_url.get_secret_value())
    await stores.users.add(user)
    await stores.aclose()


@pytest.fixture(scope="module")
def backup(tmp_path_factory) -> bytes:
    """A backup of an installation with one account and a key."""
    settings = settings_of(tmp_path_factory.mktemp("backup"))
    asyncio.run(add(settings, ANN))
    signing_key(given=None, data_dir=settings.data_dir)
    return backup_of(settings, with_keys=True)


@pytest.fixture
def new(tmp_path) -> Settings:
    """An installation with nothing in it."""
    return settings_of(tmp_path)


def put(settings: Settings, data: bytes, *, replace: bool = False) -> dict:
    return restore(settings, io.BytesIO(data), replace=replace)


def left(settings: Settings) -> dict[str, bytes]:
    found = files_below(settings.data_dir)
    found.pop("steward.lock", None)
    return found


def test_a_backup_is_put_into_an_empty_place(tmp_path, new, backup):
    """Rows and keys, readable by nobody else, and nothing beside them."""
    assert put(new, backup)["counts"]["users"] == 1
    assert [row["username"] for row in all_rows(sqlite_of(tmp_path))["users"]] == ["Ann"]
    assert sorted(left(new)) == ["secret.key", "steward.db"]
    assert (new.data_dir / "steward.db").stat().st_mode & 0o077 == 0


def test_what_is_there_is_replaced_only_when_that_is_asked_for(tmp_path, new, backup):
    """Accounts, and keys that are others than those in the backup."""
    asyncio.run(add(new, User(id="user_bob", username="Bob", password_hash="hash", role="admin")))
    before = left(new)
    with pytest.raises(UnusableSchema, match="--replace"):
        put(new, backup)
    assert left(new) == before
    put(new, backup, replace=True)
    assert [row["username"] for row in all_rows(sqlite_of(tmp_path))["users"]] == ["Ann"]


def test_another_key_is_kept(new, backup):
    """Tokens signed by it would die."""
    signing_key(given=None, data_dir=new.data_dir)
    before = left(new)
    with pytest.raises(UnusableSchema, match="another key"):
        put(new, backup)
    assert left(new) == before
    put(new, backup, replace=True)
    assert left(new)["secret.key"] != before["secret.key"]


def test_a_server_that_runs_is_not_restored_over(new, backup):
    """Not even when what is there may be replaced."""
    new.data_dir.mkdir()
    lock = FolderLock(new.data_dir)
    with pytest.raises(UnusableSchema, match="in use by process"):
        put(new, backup, replace=True)
    lock.release()
    put(new, backup)


def repacked(data: bytes, change) -> bytes:
    """Change the members of a backup and write it again, so that every sum is right."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = {one.name: archive.extractfile(one).read() for one in archive}
    manifest = orjson.loads(members.pop("manifest.json"))
    manifest.pop("members")
    change(members, manifest)
    out = io.BytesIO()
    with writing_archive(out, about=manifest) as writer:
        for name, it in members.items():
            writer.add_bytes(name, it)
    return out.getvalue()


def _newer(members, manifest) -> None:
    for said in (manifest, about := orjson.loads(members["about.json"])):
        said["schema"] = "9999"
    members["about.json"] = orjson.dumps(about)


def _newer_within(members, _manifest) -> None:
    members["database/steward.db"] = members["database/steward.db"].replace(
        b"\x150012", b"\x159999"
    )


def _older_within(members, manifest) -> None:
    for said in (manifest, about := orjson.loads(members["about.json"])):
        said["schema"] = "0003"
    members["about.json"] = orjson.dumps(about)


def _other_at_the_end(_members, manifest) -> None:
    manifest["version"] = "another"


def _torn(members, _manifest) -> None:
    whole = members["database/steward.db"]
    members["database/steward.db"] = whole[:8192] + b"\xff" * 40_000 + whole[48_192:]


def _no_database(members, _manifest) -> None:
    members["database/steward.db"] = b"no database at all " * 100


def _without_database(members, _manifest) -> None:
    del members["database/steward.db"]


def _key_elsewhere(_members, manifest) -> None:
    manifest["keys"] = ["../uploads"]


def _key_of_the_system(_members, manifest) -> None:
    manifest["keys"] = ["/etc/hostname"]


def _stray(name):
    def change(members, _manifest) -> None:
        members[name] = b"x"

    change.__name__ = name
    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_newer, "newer version"),
        (_newer_within, "newer version"),
        (_older_within, "another version"),
        (_other_at_the_end, "differs"),
        (_torn, "damaged|cannot be read"),
        (_no_database, "not an SQLite database|cannot be read"),
        (_without_database, "database"),
        (_key_elsewhere, "its keys are not"),
        (_key_of_the_system, "its keys are not"),
        (_stray("../evil"), "no backup does"),
        (_stray("/etc/evil"), "no backup does"),
        (_stray("uploads/../evil"), "no backup does"),
        (_stray("uploads/a/b/c"), "no backup does"),
        (_stray("keys/../../evil.key"), "no backup does"),
        (_stray("keys/.key"), "no backup does"),
        (_stray("database/../x.jsonl"), "no backup does"),
        (_stray("models/x"), "no backup does"),
    ],
    ids=lambda it: getattr(it, "__name__", ""),
)
def test_a_backup_that_is_none_leaves_no_trace(tmp_path, new, backup, change, words):
    """The place it was to go to is as it was, and nothing came to lie outside of it."""
    with pytest.raises((ArchiveDamaged, UnusableSchema), match=words) as refused:
        put(new, repacked(backup, change))
    assert "\n" not in str(refused.value)
    assert left(new) == {}
    assert sorted(one.name for one in tmp_path.iterdir()) == ["data"]


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_backup_that_is_cut_leaves_no_trace(new, backup, share):
    """However much of it is there."""
    with pytest.raises(ArchiveDamaged):
        put(new, backup[: int(len(backup) * share)])
    assert left(new) == {}


def test_a_member_larger_than_the_disk_is_refused_by_its_head(new, backup):
    """Not a byte of it is written."""
    with tarfile.open(fileobj=io.BytesIO(backup)) as archive:
        about = archive.extractfile("about.json").read()
    first, huge = tarfile.TarInfo("about.json"), tarfile.TarInfo("uploads/user_x/file-x")
    first.size, huge.size = len(about), 1 << 60
    tar = first.tobuf(tarfile.GNU_FORMAT) + about + bytes(-len(about) % 512)
    with pytest.raises(ArchiveDamaged, match="more than the disk can take"):
        put(new, gzip.compress(tar + huge.tobuf(tarfile.GNU_FORMAT) + bytes(4096)))
    assert left(new) == {}


ODD_NAMES = [
    "/etc/passwd",
    "../outside",
    "uploads/../../outside",
    "uploads/user_ann/../../../outside",
    "uploads/user_ann/a/b",
    "uploads//file",
    "uploads/user_ann/.",
    "uploads/user_ann/..",
    "uploads/user_ann",
    "keys/../secret.key",
    "keys/.key",
    "keys/a/b.key",
    "database/../../outside.jsonl",
    "database//etc/outside.jsonl",
    "C:\\outside",
    "uploads\\..\\outside",
    " ",
    ".",
    "..",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_member_with_an_odd_name_is_refused_and_written_nowhere(tmp_path, new, backup, name):
    """By its name, before anything of it is read."""
    about = orjson.loads(members_of(backup)["about.json"])
    out = io.BytesIO()
    with writing_archive(out, about=about) as archive:
        archive.add_bytes("about.json", orjson.dumps(about))
        archive.add_bytes(name, b"outside")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ArchiveDamaged) as refused:
        put(new, out.getvalue())
    assert repr(name)[:100] in str(refused.value)
    assert left(new) == {}
    assert [
        one for one in tmp_path.rglob("*") if one not in before and "data" not in str(one)
    ] == []


@pytest.mark.parametrize(
    "told",
    [
        {"database": []},
        {"database": {}},
        {"schema": []},
        {"erased": "x"},
        {"erased": {"uploads": [1]}},
        {"erased": {"artifacts": 7}},
        {"keys": {}},
        {"format_version": []},
    ],
    ids=str,
)
def test_what_a_backup_says_of_itself_in_an_odd_form_is_refused(new, backup, told):
    """In words, and nothing is put in place."""
    members = members_of(backup)
    about = {**orjson.loads(members["about.json"]), **told}
    said = {**orjson.loads(members["manifest.json"]), **told}
    said.pop("members")
    out = io.BytesIO()
    with writing_archive(out, about=said) as archive:
        for name, data in members.items():
            if name == "about.json":
                archive.add_bytes(name, orjson.dumps(about))
            elif name != "manifest.json":
                archive.add_bytes(name, data)
    with pytest.raises((ArchiveDamaged, UnusableSchema)):
        put(new, out.getvalue())
    assert left(new) == {}


def members_of(backup: bytes) -> dict[str, bytes]:
    """Give the members of a backup."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(backup)) as archive:
        for one in archive:
            file = archive.extractfile(one)
            found[one.name] = file.read() if file else b""
    return found
