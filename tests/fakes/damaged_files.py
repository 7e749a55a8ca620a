"""Damages honest files as disks and broken connections do: zeroed, lost, cut off, overwritten."""

from __future__ import annotations

import io
import random
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing

from PIL import Image

from tests.fakes import hostile_files as hostile
from tests.fakes import sample_files as sample

SEED = 7


def zeroed(content: bytes) -> bytes:
    """Overwrite the first 100 bytes with zeros."""
    return bytes(100) + content[100:]


def lost(content: bytes) -> bytes:
    """Leave out the first 100 bytes."""
    return content[100:]


def half(content: bytes) -> bytes:
    """Cut a file off in the middle."""
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    """Change a few bytes in the middle."""
    chance, middle = random.Random(SEED), len(content) // 2
    changed = bytearray(content)
    for at in range(middle, middle + 8):
        changed[at] ^= chance.randrange(1, 256)
    return bytes(changed)


def without(content: bytes, part: str) -> bytes:
    """Leave one part out of a packed file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return sample.packed({
            name: archive.read(name) for name in archive.namelist() if name != part
        })


BEGINNINGS: dict[str, Callable[[bytes], bytes]] = {
    "zeroed": zeroed,
    "lost": lost,
    "all zeros": lambda content: bytes(len(content)),
    "noise": lambda content: random.Random(SEED).randbytes(len(content)),
    "two bytes": lambda content: content[:2],
}


def compressed_pdf(*, pages: int = 6) -> bytes:
    """Print a PDF whose pages are compressed and binary, as most programs write them."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * page) for page in range(pages))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for page in range(pages):
        lines = (f"(Line {line} of page {page}: {sample.SENTENCE}) Tj T*" for line in range(40))
        drawn = f"BT /F1 12 Tf 14 TL 72 760 Td {' '.join(lines)} ET".encode()
        contents = 5 + 2 * page
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R"
            b"/Resources<</Font<</F1 3 0 R>>>>>>" % contents,
            hostile.stream(zlib.compress(drawn), more=b"/Filter/FlateDecode"),
        ]
    return hostile.raw_pdf(objects)


def filled_database() -> bytes:
    """Make a SQLite file of many pages."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE people(name TEXT, city TEXT)")
        rows = ((f"Ann {number}", f"Bonn {number}") for number in range(3_000))
        connection.executemany("INSERT INTO people VALUES (?, ?)", rows)
        return connection.serialize()


def noise_picture(kind: str) -> bytes:
    """Draw a picture that hardly compresses, as photographs do."""
    pixels = random.Random(SEED).randbytes(200 * 200 * 3)
    target = io.BytesIO()
    Image.frombytes("RGB", (200, 200), pixels).save(target, format=kind)
    return target.getvalue()


def marked_files() -> dict[str, bytes]:
    """Give an honest file of every format that begins with a mark, small ones and larger ones."""
    texts = (".eml", ".html", ".json", ".jsonl", ".csv", ".tsv", ".md", ".py", ".txt")
    honest = {name: one for name, one in sample.samples().items() if not name.endswith(texts)}
    rows = [(f"item {number}", number * 1.37) for number in range(2_000)]
    kinds = {"png": "PNG", "jpg": "JPEG", "tif": "TIFF", "webp": "WEBP"}
    return {
        **honest,
        "compressed.pdf": compressed_pdf(),
        "large.xlsx": sample.xlsx({"Stock": [("name", "price"), *rows]}),
        "large.sqlite": filled_database(),
        **{
            f"drawn.{end}": sample.picture("INVOICE 4711", kind=kind) for end, kind in kinds.items()
        },
        **{f"photo.{end}": noise_picture(kind) for end, kind in kinds.items()},
    }
