"""What both adapters of the file store share for listings: what is compared, and cursors.

Not for: conversations (`listing`), whose packing of cursors this uses.
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.errors import InvalidRequest
from backend.kit.folding import fold
from backend.kit.ids import made_at
from backend.kit.json_values import clean_text
from backend.ports.documents import Document, File, Listing, Order
from backend.storage.listing import (
    faulty_cursor,
    is_number,
    pack_cursor,
    unpack_cursor,
)

MAX_NAME_CHARS = 500
MAX_FILES = 10_000
_MAX_CURSOR_CHARS = 20_000  # holds a folded name of 255 characters, each grown to its longest


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the page before ended: the last file's value in the order, and its id."""

    value: int | str
    file_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedListing:
    """A listing that can be answered; `name_key` is folded."""

    name_key: str
    limit: int
    after: Mark | None


def checked(listing: Listing) -> CheckedListing:
    """Read a listing.

    Raises:
        InvalidRequest: for a name of more than 500 characters, a limit outside 1 to 10,000, and a
            cursor that no listing of this order gave out.
    """
    if not 1 <= listing.limit <= MAX_FILES:
        msg = f"limit must lie between 1 and {MAX_FILES}"
        raise InvalidRequest(msg, param="limit")
    return CheckedListing(
        name_key=name_key(listing.name_contains),
        limit=listing.limit,
        after=None if listing.cursor is None else _read_mark(listing, listing.cursor),
    )


def name_key(name: str) -> str:
    """Fold a part of a name that is searched for; empty means any name."""
    if len(name) > MAX_NAME_CHARS:
        msg = f"a name to look for has at most {MAX_NAME_CHARS} characters"
        raise InvalidRequest(msg, param="name")
    return fold(clean_text(name))


def mark_of(listing: Listing, last: File | None) -> Mark:
    """Give the place behind the file whose id a listing goes on after.

    One that is gone keeps its place where the order is by time: ids begin with the time they were made.

    Raises:
        InvalidRequest: when nobody can tell where it stood.
    """
    if last is not None:
        return Mark(sort_value(last, listing.order), last.id)
    made_at_ms = made_at(listing.after)
    if made_at_ms is None or listing.order != "created_at":
        msg = f"There is no file '{listing.after[:100]}' to go on after"
        raise InvalidRequest(msg, param="after")
    return Mark(made_at_ms, listing.after)


def unread(document: Document) -> bool:
    """Tell a document that was kept without being read, or that could not be."""
    return document.state == "failed" or (document.state == "ready" and document.revision == 0)


def later(one: int | None, other: int | None) -> int | None:
    """Give the later of two expiries, None for never."""
    return None if one is None or other is None else max(one, other)


def next_cursor(listing: Listing, last: File) -> str:
    """Make the cursor behind the last file shown."""
    return pack_cursor([
        listing.order,
        int(listing.descending),
        sort_value(last, listing.order),
        last.id,
    ])


def sort_value(file: File, order: Order) -> int | str:
    """Give what an order compares first; ids settle ties."""
    match order:
        case "created_at":
            return file.created_at_ms
        case "size":
            return file.document.size_bytes
        case "filename":
            return fold(file.filename)


def _read_mark(listing: Listing, cursor: str) -> Mark:
    match unpack_cursor(cursor, max_chars=_MAX_CURSOR_CHARS):
        case [listing.order, listing.descending, str(value), str(file_id)] if (
            listing.order == "filename"
        ):
            return Mark(value, file_id)
        case [listing.order, listing.descending, int(value), str(file_id)] if (
            listing.order != "filename" and is_number(value)
        ):
            return Mark(value, file_id)
        case _:
            raise faulty_cursor()
