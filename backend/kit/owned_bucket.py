"""Files by owner and id in a bucket of S3, or of what speaks like it, with a cache on this machine.

Several machines share the bucket; each keeps what it has read lately in a folder of its own. `obstore`
reaches S3, Google's and Azure's stores alike: https://developmentseed.org/obstore/latest/.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from backend.kit.owned_files import check_id
from backend.kit.owned_folder import OwnedFolder

if TYPE_CHECKING:
    from obstore.store import ObjectStore

logger = logging.getLogger(__name__)
FETCHING = ".fetching"
YOUNG_S = 3600  # another machine may be about to write the row of what is younger
_IN_USE_S = 600  # what was fetched so lately may be read still


class BucketTrouble(OSError):
    """The bucket cannot be reached, or refuses."""


class OwnedBucket:
    """Files at `owner/id` below the prefix of a store.

    About `max_cache_bytes` of them stay in `cache`, the last used ones and those in use.
    """

    local = False

    def __init__(
        self,
        store: ObjectStore,
        cache: Path,
        *,
        max_cache_bytes: int,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._root = cache
        self._cache = OwnedFolder(cache)
        self._max_cache_bytes = max_cache_bytes
        self._now_s = now_s

    def fetch(self, owner_id: str, file_id: str) -> Path | None:
        """Give a copy of a file's bytes on this machine; None when the bucket has none."""
        path = self._cache.path(owner_id, file_id)
        try:
            path.touch(exist_ok=True) if path.is_file() else self._download(owner_id, file_id)
        except FileNotFoundError:
            return None
        return path

    def put(self, ready: Path, *, owner_id: str, file_id: str) -> None:
        """Send a finished file, and keep it at hand: it will be read soon."""
        with _troubles():
            self._store.put(_key(owner_id, file_id), ready)
        self._cache.put(ready, owner_id=owner_id, file_id=file_id)
        self._shrink()

    def put_back(self, owner_id: str, file_id: str, *, kept_id: str) -> None:
        """Drop a file whose bytes are there already under `kept_id`, or put them there."""
        with _troubles():
            try:
                self._store.head(_key(owner_id, kept_id))
            except FileNotFoundError:
                self._store.copy(_key(owner_id, file_id), _key(owner_id, kept_id))
        self.remove(owner_id, file_id)

    def share(self, owner_id: str, file_id: str, *, among: str) -> None:
        """Do nothing: a bucket has no links."""

    def remove(self, owner_id: str, file_id: str) -> None:
        """Remove a file's bytes here and there; harmless when they are gone."""
        self._cache.remove(owner_id, file_id)
        with _troubles():
            self._store.delete([_key(owner_id, file_id)])

    def remove_owner(self, owner_id: str) -> None:
        """Remove all bytes of an owner here and there; harmless when there are none."""
        self._cache.remove_owner(owner_id)
        with _troubles():
            for found in self._store.list(check_id(owner_id)):
                self._store.delete([one["path"] for one in found])

    def held(
        self, *, spared: str, owner_id: str | None = None, before_s: float | None = None
    ) -> Sequence[Path]:
        """List what is in the bucket for longer than an hour, and all that is in the cache."""
        old_s = min(self._now_s() - YOUNG_S, before_s or math.inf)
        with _troubles():
            there = [
                self._root / one["path"]
                for found in self._store.list(owner_id and check_id(owner_id))
                for one in found
                if one["last_modified"].timestamp() < old_s
                and one["path"].count("/") == 1
                and not one["path"].startswith(f"{spared}/")
            ]
        here = self._cache.held(spared=spared, owner_id=owner_id)
        old = [path for path in here if _changed_s(path) < old_s and path.parent.name != FETCHING]
        return list(dict.fromkeys([*there, *old]))

    def remove_unknown(self, held: Sequence[Path], known: Mapping[str, frozenset[str]]) -> int:
        """Remove those of the listed files that no row names, here and there; tell how many."""
        lost = [path for path in held if path.name not in known.get(path.parent.name, ())]
        for path in lost:
            self.remove(path.parent.name, path.name)
        return len(lost)

    def _download(self, owner_id: str, file_id: str) -> None:
        folder = self._root / FETCHING
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        arriving = folder / uuid4().hex
        try:
            arriving.touch(mode=0o600)
            with _troubles(), arriving.open("wb") as file:
                for piece in self._store.get(_key(owner_id, file_id)).stream():
                    file.write(piece)
            self._cache.put(arriving, owner_id=owner_id, file_id=file_id)
        finally:
            arriving.unlink(missing_ok=True)
        self._shrink()

    def _shrink(self) -> None:
        """Drop the copies that were not used for longest."""
        held = [(one.stat(), one) for one in self._cache.held(spared=FETCHING) if one.is_file()]
        left = sum(found.st_size for found, _ in held)
        unused_s = self._now_s() - _IN_USE_S
        for found, path in sorted(held, key=lambda one: one[0].st_mtime):
            if left <= self._max_cache_bytes or found.st_mtime > unused_s:
                return
            self._cache.remove(path.parent.name, path.name)
            left -= found.st_size


def _key(owner_id: str, file_id: str) -> str:
    return f"{check_id(owner_id)}/{check_id(file_id)}"


def _changed_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another thread has removed it
        return math.inf


@contextmanager
def _troubles() -> Generator[None]:
    """Say in one kind of error what a store says in many; what is not there stays what it is."""
    from obstore.exceptions import BaseError  # noqa: PLC0415 - an optional package

    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as exc:
        reason = str(exc).strip().splitlines()[0][:200]
        logger.warning("the bucket of files: %s", reason)
        raise BucketTrouble(reason) from exc
