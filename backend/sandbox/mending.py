"""Says what an administrator can do when bubblewrap cannot put its walls up."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_SWITCHES: Final = {
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "Ubuntu restricts user namespaces: give bwrap an AppArmor profile that allows userns, or "
        "set kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    "/proc/sys/kernel/unprivileged_userns_clone": (
        "0",
        "user namespaces are switched off: set kernel.unprivileged_userns_clone=1",
    ),
    "/proc/sys/user/max_user_namespaces": (
        "0",
        "user namespaces are switched off: set user.max_user_namespaces to 1000 or more",
    ),
}
# Only what bubblewrap and setpriv themselves were refused; a folder or a failed probe is another matter.
_WHOSE: Final = ("bwrap:", "bubblewrap cannot be started", "setpriv:")
_REFUSED: Final = ("permission", "permitted", "namespace", "not allowed")
_CONTAINER_MARKS: Final = ("/.dockerenv", "/run/.containerenv")
_IN_CONTAINER: Final = (
    "this container forbids namespaces: start it with docker/seccomp.json as its seccomp profile "
    "and with apparmor=unconfined, as docker-compose.yml shows"
)


def mend(reason: str) -> str:
    """Add what would help to a reason, as far as this machine tells it."""
    if not reason.startswith(_WHOSE) or not any(word in reason.casefold() for word in _REFUSED):
        return reason
    if any(Path(mark).exists() for mark in _CONTAINER_MARKS):
        return f"{reason} ({_IN_CONTAINER})"
    for switch, (bad, advice) in _SWITCHES.items():
        try:
            found = Path(switch).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if found == bad:
            return f"{reason} ({advice})"
    return reason
