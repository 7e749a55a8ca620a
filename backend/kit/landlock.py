"""Takes from this process, for good, every file but the ones it names, by Linux Landlock.

Threads that run already keep their rights: call it before any is started. Not for: other systems,
where `restrict` does nothing and says so. https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every architecture
_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38
_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_TRUNCATE = 1 << 14
_READ = _READ_FILE
_WORK = (
    _READ_FILE | _READ_DIR | _WRITE_FILE | _TRUNCATE
    | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG
)  # fmt: skip
_TRUNCATE_SINCE = 3  # before, a file that may be read could still be cut to nothing
_RIGHTS_OF_FILES = {3: 15, 4: 15}
_RIGHTS_OF_FILES_NOW = 16
_NETWORK_SINCE, _SCOPES_SINCE = 4, 6
_TWO = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def available() -> bool:
    """Tell whether this system can take away both reading and writing."""
    return _version() >= _TRUNCATE_SINCE


def restrict(*, read: Iterable[Path], work: Iterable[Path] = ()) -> bool:
    """Leave this process the files `read` and the folders `work`, and no TCP; False where it cannot.

    Raises:
        OSError: when a path is missing, or the system refuses; nothing is then taken away.
    """
    version = _version()
    if version < _TRUNCATE_SINCE:
        return False
    files = (1 << _RIGHTS_OF_FILES.get(version, _RIGHTS_OF_FILES_NOW)) - 1
    network = _TWO if version >= _NETWORK_SINCE else 0
    scopes = _TWO if version >= _SCOPES_SINCE else 0
    rules = _Ruleset(files, network, scopes)
    known = 8 if version < _NETWORK_SINCE else 16 if version < _SCOPES_SINCE else 24
    ruleset = _called(_CREATE, ctypes.byref(rules), ctypes.c_size_t(known), ctypes.c_uint32(0))
    try:
        for path in read:
            _allow(ruleset, path, _READ)
        for path in work:
            _allow(ruleset, path, _WORK)
        if ctypes.CDLL(None, use_errno=True).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            raise _failure()
        _called(_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    return True


def _allow(ruleset: int, path: Path, rights: int) -> None:
    parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _PathBeneath(rights, parent)
        _called(
            _ADD,
            ctypes.c_int(ruleset),
            ctypes.c_int(_PATH_BENEATH),
            ctypes.byref(rule),
            ctypes.c_uint32(0),
        )
    finally:
        os.close(parent)


def _version() -> int:
    if sys.platform != "linux":
        return 0
    try:
        return _called(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    except OSError:  # an older kernel, or one that was started without it
        return 0


def _called(number: int, *arguments: object) -> int:
    result: int = ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        raise _failure()
    return result


def _failure() -> OSError:
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code))
