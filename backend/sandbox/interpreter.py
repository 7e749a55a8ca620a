"""What of this machine the sandbox needs to see: the interpreter, system libraries, fonts, packages.

A private installation of Python (pyenv, python.org, conda) is shown as a whole, one that shares a
folder such as /usr with the system in its own parts only. Packages installed beside it stay hidden.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.ports.sandbox import SandboxUnavailable

PREFIX: Final = "/sbx/py"
SITE: Final = "/sbx/site"
FONTS: Final = "/sbx/fonts"
# Beside the folder of packages: the list of fonts that matplotlib would take a second to make.
FONT_LISTS: Final = "matplotlib"

_SHARED_PREFIXES = {Path("/"), Path("/usr"), Path("/usr/local"), Path("/opt")}
_SYSTEM = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/share/fonts", "/usr/share/zoneinfo")
_LINKED = ("/lib", "/lib32", "/lib64")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Mounts as bubblewrap takes them, where the interpreter is found, and which packages there are."""

    mounts: tuple[str, ...]
    python: str
    packages: tuple[str, ...]
    font_lists: tuple[str, ...]


def look(site_dir: Path | None) -> View:
    """Find everything on this machine.

    Raises:
        SandboxUnavailable: when the interpreter lies where this server may not read it.
    """
    binary = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
    prefix = Path(sys.base_prefix)
    standard = Path(sysconfig.get_path("stdlib"))
    if not os.access(binary, os.R_OK | os.X_OK) or not os.access(standard, os.R_OK | os.X_OK):
        msg = (
            f"the interpreter {binary} cannot be read by this server's user; install Python where "
            "every user may read it, for example from the system's packages"
        )
        raise SandboxUnavailable(msg)
    mounts = [*_system(), *_python(binary, prefix, standard)]
    packages: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    if site_dir is not None and site_dir.is_dir():
        site = site_dir.resolve()
        mounts += ["--ro-bind", str(site), SITE]
        packages = import_names(site)
        lists = site.parent / FONT_LISTS
        if lists.is_dir():
            mounts += ["--ro-bind", str(lists), FONTS]
            fonts = tuple(sorted(one.name for one in lists.glob("fontlist-*.json")))
    python = f"{PREFIX}/bin/{binary.name}"
    return View(mounts=tuple(mounts), python=python, packages=packages, font_lists=fonts)


def import_names(site: Path) -> tuple[str, ...]:
    """List what can be imported from a folder of packages."""
    found: set[str] = set()
    for one in site.iterdir():
        name = one.name.partition(".")[0]
        is_package = one.is_dir() and (one / "__init__.py").is_file()
        is_module = one.is_file() and one.suffix in {".py", ".so"}
        if (is_package or is_module) and name.isidentifier() and not name.startswith("_"):
            found.add(name)
    return tuple(sorted(found))


def open_folder(path: str) -> list[str]:
    """Make a folder that a dropped user id may enter too; those made in passing are root's alone."""
    return ["--perms", "0755", "--dir", path]


def _system() -> list[str]:
    """Show the system's libraries; /lib and its like as the links they are on merged systems."""
    mounts = [part for one in ("/usr", "/usr/share", "/sbx") for part in open_folder(one)]
    for folder in _SYSTEM:
        mounts += ["--ro-bind-try", folder, folder]
    for folder in map(Path, _LINKED):
        if folder.is_symlink():
            mounts += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.is_dir():
            mounts += ["--ro-bind", str(folder), str(folder)]
    return mounts


def _python(binary: Path, prefix: Path, standard: Path) -> list[str]:
    inside = Path(PREFIX)
    place = inside / standard.relative_to(prefix)
    if prefix not in _SHARED_PREFIXES:
        mounts = ["--ro-bind", str(prefix), PREFIX]
    else:
        mounts = [
            *open_folder(PREFIX),
            *open_folder(f"{PREFIX}/bin"),
            *open_folder(f"{PREFIX}/lib"),
        ]
        mounts += ["--ro-bind", str(binary), f"{PREFIX}/bin/{binary.name}"]
        mounts += ["--ro-bind", str(standard), str(place)]
        shared = Path(
            sysconfig.get_config_var("LIBDIR") or "", sysconfig.get_config_var("INSTSONAME") or ""
        )
        if shared.is_file() and ".so" in shared.name:
            mounts += ["--ro-bind", str(shared), f"{PREFIX}/lib/{shared.name}"]
    for name in ("site-packages", "dist-packages"):
        if (standard / name).is_dir():
            hidden = str(place / name)
            mounts += ["--size", "4096", "--tmpfs", hidden, "--remount-ro", hidden]
    return mounts
