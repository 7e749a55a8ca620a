"""Log-in by password, with limits on failures that nobody can turn against somebody else.

Not for: what a log-in earns (`tokens`, `refresh`).
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from backend.auth.passwords import Passwords
from backend.errors import NotAuthenticated, TooManyRequests
from backend.kit.folding import fold
from backend.ports.clock import Clock
from backend.ports.login_attempts import LoginAttemptStore
from backend.ports.stores import User, UserStore

WRONG = "The user name or the password is wrong."
_MAX_NAME_CHARS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """So many failures within the window, and no more attempts until it has passed."""

    failures: int
    window_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLimits:
    """How many failures are taken; the wait grows from tier to tier.

    `pair` binds one address trying one account; `address` one address trying any. Above `account`,
    an account is under attack from many addresses: then one failure each is all that an address
    gets per window, which still lets its owner in.
    """

    pair: tuple[Tier, ...] = (
        Tier(failures=5, window_s=60),
        Tier(failures=10, window_s=900),
        Tier(failures=20, window_s=3600),
    )
    address: tuple[Tier, ...] = (
        Tier(failures=20, window_s=60),
        Tier(failures=60, window_s=900),
        Tier(failures=200, window_s=3600),
    )
    account: Tier = Tier(failures=200, window_s=3600)


DEFAULT_LIMITS = LoginLimits()


class LoginService:
    """Checks a user name and a password, at equal cost whether or not there is such a user."""

    def __init__(
        self,
        users: UserStore,
        attempts: LoginAttemptStore,
        passwords: Passwords,
        clock: Clock,
        limits: LoginLimits = DEFAULT_LIMITS,
    ) -> None:
        self._users = users
        self._attempts = attempts
        self._passwords = passwords
        self._clock = clock
        self._limits = limits
        self._under_way: Counter[str] = Counter()

    async def login(self, username: str, password: str, address: str) -> User:
        """Return the user whose name and password these are.

        Args:
            username: In any spelling of case and width.
            password: As typed.
            address: The client's network address; an IPv6 address counts as its /64 network.

        Raises:
            NotAuthenticated: alike for a wrong password, an unknown and a disabled user.
            TooManyRequests: with the seconds to wait at most, before anything is verified.
        """
        name = account_key(username)
        account, by_address = f"account:{name}", f"address:{network_of(address)}"
        pair = f"{account}|{network_of(address)}"
        with self._noted((pair, by_address)) as ahead:
            for tier, subject in await self._tiers(account, pair, by_address):
                await self._refuse_above(tier, subject, ahead[subject])
            user = await self._verified(name, password)
            if user is None:
                subjects = (pair, by_address, account)
                await self._attempts.add_failure(subjects, self._clock.now_ms())
                raise NotAuthenticated(WRONG, code="invalid_credentials")
        await self._attempts.clear(pair)
        return user

    async def _tiers(self, account: str, pair: str, address: str) -> list[tuple[Tier, str]]:
        tiers = [(tier, pair) for tier in self._limits.pair]
        tiers += [(tier, address) for tier in self._limits.address]
        ceiling = self._limits.account
        if await self._failures(account, ceiling.window_s) >= ceiling.failures:
            tiers.append((Tier(failures=1, window_s=ceiling.window_s), pair))
        return tiers

    async def _refuse_above(self, tier: Tier, subject: str, ahead: int) -> None:
        if ahead + await self._failures(subject, tier.window_s) >= tier.failures:
            msg = f"Too many failed log-ins; try again in at most {tier.window_s} s."
            raise TooManyRequests(msg, retry_after_s=float(tier.window_s))

    async def _failures(self, subject: str, window_s: int) -> int:
        return await self._attempts.failures(subject, self._clock.now_ms() - window_s * 1000)

    async def _verified(self, name: str, password: str) -> User | None:
        user = await self._users.by_name(name)
        if user is None:
            await self._passwords.verify_unknown(password)
            return None
        fits = await self._passwords.verify(password, user.password_hash)
        return user if fits and not user.disabled else None

    @contextmanager
    def _noted(self, subjects: tuple[str, ...]) -> Generator[dict[str, int]]:
        # Attempts that came before and are still open count as failures, or fifty at once would all
        # pass. One that fails meanwhile counts twice for a moment: better than not at all.
        ahead = {subject: self._under_way[subject] for subject in subjects}
        self._under_way.update(subjects)
        try:
            yield ahead
        finally:
            self._under_way.subtract(subjects)
            self._under_way += Counter()  # forgets the zeros


def account_key(username: str) -> str:
    """Bring a typed name to the spelling that names are compared in, bounded and storable."""
    short = username.strip()[: _MAX_NAME_CHARS + 1]
    return fold(short.encode("utf-8", "replace").decode().replace("\x00", ""))


def network_of(address: str) -> str:
    """Name the network that one client can freely move in: an IPv4 address, or an IPv6 /64."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False))
