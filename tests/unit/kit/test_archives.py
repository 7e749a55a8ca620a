"""Archives are read whole or not at all, and nothing but plain files is taken from them."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from backend.kit.archives import ArchiveDamaged, read_archive, writing_archive


def packed(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with writing_archive(out, about={"what": "a test"}) as archive:
        for name, data in members:
            archive.add_bytes(name, data)
    return out.getvalue()


def read(data: bytes) -> tuple[dict[str, bytes], dict[str, object]]:
    taken: dict[str, bytes] = {}

    def take(member, pieces):
        taken[member.name] = b"".join(pieces)

    manifest = read_archive(io.BytesIO(data), take=take)
    return taken, manifest


def repacked(data: bytes, change) -> bytes:
    """Change the tar within, and pack it again so that only our own sums can tell."""
    return gzip.compress(change(gzip.decompress(data)))


MEMBERS = (("a", b""), ("b/c", b"x" * 512), ("d", bytes(range(256)) * 9))


def test_what_was_written_is_read():
    """Empty members and sizes of whole blocks too."""
    taken, manifest = read(packed(*MEMBERS))
    assert taken == dict(MEMBERS)
    assert manifest["what"] == "a test"


def test_the_same_members_make_the_same_archive():
    """No times, owners or names of the machine are in it."""
    assert packed(*MEMBERS) == packed(*MEMBERS)


def test_ordinary_tar_reads_it_too(tmp_path):
    """Nobody needs this program to get at what is theirs."""
    with tarfile.open(fileobj=io.BytesIO(packed(*MEMBERS))) as archive:
        archive.extractall(tmp_path, filter="data")
    assert (tmp_path / "d").read_bytes() == MEMBERS[2][1]


def test_a_file_is_read_while_it_is_written(tmp_path):
    """Its size and sum are those of what was put in; one that is gone adds nothing."""
    path = tmp_path / "file"
    path.write_bytes(b"z" * 3_000_000)
    out = io.BytesIO()
    with writing_archive(out, about={}) as archive:
        archive.add_file("file", path)
        with pytest.raises(FileNotFoundError):
            archive.add_file("other", tmp_path / "gone")
    taken, _ = read(out.getvalue())
    assert taken == {"file": b"z" * 3_000_000}


def test_it_is_refused_wherever_it_is_cut():
    """Also between two members, also before the end of the packing."""
    whole = packed(*MEMBERS)
    for length in range(len(whole)):
        with pytest.raises(ArchiveDamaged):
            read(whole[:length])


def test_it_is_refused_whichever_bit_flips():
    """Some bits of the packing say nothing: those may flip, as long as every byte comes out as it was."""
    whole = packed(("a", b""), ("b/c", bytes(range(256)) * 2))
    read_well, refused = read(whole), 0
    for at in range(len(whole)):
        broken = bytearray(whole)
        broken[at] ^= 1 << at % 8
        try:
            assert read(bytes(broken)) == read_well
        except ArchiveDamaged:
            refused += 1
    assert refused > 0.9 * len(whole)


def test_a_changed_member_is_found_by_our_own_sum():
    """Whoever packs it again has a right sum of the packing."""
    changed = repacked(packed(*MEMBERS), lambda tar: tar.replace(b"x" * 512, b"y" * 512))
    with pytest.raises(ArchiveDamaged, match="not those of its list"):
        read(changed)


def test_an_archive_whose_writing_failed_is_refused():
    """It ends where the writing ended, without a list."""
    out = io.BytesIO()

    def broken_off() -> None:
        with writing_archive(out, about={}) as archive:
            archive.add_bytes("a", b"a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken_off()
    with pytest.raises(ArchiveDamaged):
        read(out.getvalue())


def foreign(**changes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        head = tarfile.TarInfo("a")
        for name, value in changes.items():
            setattr(head, name, value)
        archive.addfile(head, io.BytesIO(b"x" * max(head.size, 0)))
    return out.getvalue()


@pytest.mark.parametrize(
    "changes",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.LNKTYPE, "linkname": "a"},
        {"type": tarfile.DIRTYPE},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.CHRTYPE},
        {"type": tarfile.GNUTYPE_SPARSE},
        {"name": "a" * 300},
        {"pax_headers": {"comment": "c" * 10_000}},
    ],
    ids=str,
)
def test_only_plain_files_are_taken(changes):
    """Links, folders, devices, sparse files and records that go on elsewhere are refused unread."""
    with pytest.raises(ArchiveDamaged, match="not a plain file"):
        read(foreign(**changes))


@pytest.mark.parametrize(
    ("at", "data"),
    [
        (0, b"\xff\xfe"),
        (124, b"\x80" + b"\x7f" * 11),
        (124, b"\xff" * 12),
        (124, b"not a number"),
        (345, b"\xff"),
    ],
    ids=["a name that is no text", "endless", "less than nothing", "no size", "before"],
)
def test_a_head_that_makes_no_sense_is_refused(at, data):
    """Whatever stands where a name, a size or a kind is due, with the right sum of the head."""

    def changed(tar: bytes) -> bytes:
        head = bytearray(tar[:512])
        head[at : at + len(data)] = data
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\0 " % sum(head)
        return bytes(head) + tar[512:]

    with pytest.raises(ArchiveDamaged):
        read(repacked(packed(("a", b"x" * 600)), changed))


def test_what_comes_twice_or_after_the_end_is_refused():
    """Which of the two would count is anybody's guess."""
    tar = gzip.decompress(packed(("a", b"1")))
    twice = gzip.compress(tar[:1024] + tar)
    with pytest.raises(ArchiveDamaged, match="comes twice"):
        read(twice)
    with pytest.raises(ArchiveDamaged, match="behind its end"):
        read(gzip.compress(tar + b"more"))


def test_what_is_no_archive_is_refused():
    """Of whatever kind it is."""
    for data in (b"", b"text", gzip.compress(b""), gzip.compress(b"text" * 1000)):
        with pytest.raises(ArchiveDamaged):
            read(data)


def test_a_member_may_be_refused_by_its_head():
    """A size is announced before anything of it is read."""

    def take(member, _pieces):
        raise KeyError(member.size)

    with pytest.raises(KeyError, match="7"):
        read_archive(io.BytesIO(packed(("a", b"1234567"))), take=take)
