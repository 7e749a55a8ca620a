"""The rules of accounts: names, passwords, what an administrator may change, the first one.

Not for: log-in (`login`); the store keeps the last enabled administrator.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from backend.auth.login import LoginService
from backend.auth.passwords import Passwords, check_password
from backend.errors import Conflict, InvalidRequest, NotAuthenticated, NotFound
from backend.kit.ids import new_id
from backend.ports.clock import Clock
from backend.ports.stores import RefreshStore, Role, User, UserStore

MAX_USERNAME_CHARS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAdmin:
    """The administrator a new server was given; `generated_password` is shown once, or None."""

    user: User
    generated_password: str | None


class Accounts:
    """Makes, changes and erases accounts."""

    def __init__(
        self,
        users: UserStore,
        sessions: RefreshStore,
        passwords: Passwords,
        login: LoginService,
        clock: Clock,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._passwords = passwords
        self._login = login
        self._clock = clock

    async def create(self, username: str, password: str, *, role: Role = "user") -> User:
        """Make an account.

        Raises:
            InvalidRequest: for a name or a password outside the rules.
            Conflict: when the name is taken, in any spelling of case and width.
        """
        name = clean_username(username)
        check_password(password)
        if await self._users.by_name(name) is not None:
            msg = "This user name is taken."
            raise Conflict(msg, param="username")
        user = User(
            id=new_id("user"),
            username=name,
            password_hash=await self._passwords.hash(password),
            role=role,
            created_at_ms=self._clock.now_ms(),
        )
        await self._users.add(user)
        return user

    async def first_admin(self, username: str, password: str | None) -> FirstAdmin | None:
        """Make the administrator of a server without accounts; None when it has some.

        Without a password one of 144 random bits is made and returned.
        """
        if await self._users.count() > 0:
            return None
        chosen = secrets.token_urlsafe(18) if password is None else password
        try:
            user = await self.create(username, chosen, role="admin")
        except Conflict:  # another server on the same database was faster
            return None
        return FirstAdmin(user=user, generated_password=chosen if password is None else None)

    async def list(self) -> Sequence[User]:
        """List all accounts, oldest first."""
        return await self._users.list()

    async def get(self, user_id: str) -> User:
        """Find an account; raise NotFound."""
        return _found(await self._users.get(user_id))

    async def change_own_password(
        self, user: User, *, current: str, new: str, address: str
    ) -> User:
        """Set a user's own password; every older token and browser session ends.

        Args:
            user: Who asks.
            current: The password until now; wrong ones count as failed log-ins.
            new: The next one.
            address: Where the request comes from.

        Raises:
            InvalidRequest: when `current` is wrong or `new` breaks the rules.
            TooManyRequests: as at log-in.
        """
        check_password(new, param="new_password")
        try:
            await self._login.login(user.username, current, address)
        except NotAuthenticated as exc:
            msg = "The current password is wrong."
            raise InvalidRequest(msg, param="old_password") from exc
        return await self._set_password(user.id, new)

    async def end_log_ins(self, user_id: str) -> None:
        """End every token and browser session of a user; API keys go on working."""
        await self._users.update(user_id, end_tokens=True)
        await self._sessions.end_all(user_id)

    async def change(
        self,
        user_id: str,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        password: str | None = None,
    ) -> User:
        """Change an account as an administrator; a new password or disabling ends its sessions.

        Raises:
            NotFound: when there is no such account.
            InvalidRequest: when the password breaks the rules.
            Conflict: when the last enabled administrator would be lost.
        """
        if password is not None:
            check_password(password)
            await self.get(user_id)  # no hash for nobody
        hashed = None if password is None else await self._passwords.hash(password)
        ends = disabled is True or password is not None
        changed = await self._users.update(
            user_id, role=role, disabled=disabled, password_hash=hashed, end_tokens=ends
        )
        if ends:
            await self._sessions.end_all(user_id)
        return _found(changed)

    async def delete(self, user_id: str) -> None:
        """Erase an account and all that is its.

        Raises:
            NotFound: when there is no such account.
            Conflict: for the last enabled administrator.
        """
        if not await self._users.delete(user_id):
            raise NotFound

    async def _set_password(self, user_id: str, password: str) -> User:
        hashed = await self._passwords.hash(password)
        changed = await self._users.update(user_id, password_hash=hashed, end_tokens=True)
        await self._sessions.end_all(user_id)
        return _found(changed)


def clean_username(username: str) -> str:
    """Bring a new name to NFKC without spaces around it.

    Raises:
        InvalidRequest: when it then has not 1 to 64 characters, or has ones that cannot be seen or
            stored (control, format, unassigned, surrogate, line separators).
    """
    name = unicodedata.normalize("NFKC", username[: 4 * MAX_USERNAME_CHARS]).strip()
    if not 1 <= len(name) <= MAX_USERNAME_CHARS:
        msg = f"a user name has 1 to {MAX_USERNAME_CHARS} characters"
        raise InvalidRequest(msg, param="username")
    if any(unicodedata.category(char)[0] == "C" or char in "\u2028\u2029" for char in name):
        msg = "a user name has no control or other invisible characters"
        raise InvalidRequest(msg, param="username")
    return name


def _found(user: User | None) -> User:
    if user is None:
        raise NotFound
    return user
