"""The auth services over the in-memory stores, a stepped clock and the cheapest hashes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from backend.auth.accounts import Accounts
from backend.auth.keys import ApiKeys
from backend.auth.login import LoginLimits, LoginService, Tier
from backend.auth.passwords import Passwords
from backend.auth.refresh import RefreshService
from backend.auth.tokens import TokenSigner
from backend.kit.clocks import SteppedClock
from backend.storage.memory.keys import MemoryKeyStore
from backend.storage.memory.login_attempts import MemoryLoginAttemptStore
from backend.storage.memory.refresh_tokens import MemoryRefreshStore
from backend.storage.memory.shelves import Shelves
from backend.storage.memory.users import MemoryUserStore

SECRET = "a secret of thirty-two bytes or more"
LIMITS = LoginLimits(
    pair=(Tier(failures=3, window_s=60), Tier(failures=5, window_s=900)),
    address=(Tier(failures=8, window_s=900),),
    account=Tier(failures=12, window_s=3600),
)


@dataclass(frozen=True, kw_only=True)
class Auth:
    """Everything that a test of auth may need, wired once."""

    clock: SteppedClock
    shelves: Shelves
    users: MemoryUserStore
    keys_store: MemoryKeyStore
    passwords: Passwords
    login: LoginService
    refresh: RefreshService
    accounts: Accounts
    keys: ApiKeys
    signer: TokenSigner


@pytest.fixture
async def passwords():
    """Hashes of the least rounds bcrypt takes."""
    made = Passwords(rounds=4)
    yield made
    await made.aclose()


@pytest.fixture
def auth(passwords) -> Auth:
    """The services over empty stores."""
    clock, shelves = SteppedClock(), Shelves()
    users, sessions = MemoryUserStore(shelves), MemoryRefreshStore(shelves)
    keys = MemoryKeyStore(shelves)
    login = LoginService(users, MemoryLoginAttemptStore(shelves), passwords, clock, LIMITS)
    return Auth(
        clock=clock,
        shelves=shelves,
        users=users,
        keys_store=keys,
        passwords=passwords,
        login=login,
        refresh=RefreshService(sessions, users, clock, ttl_s=3600),
        accounts=Accounts(users, sessions, passwords, login, clock),
        keys=ApiKeys(keys, clock),
        signer=TokenSigner(SECRET, 900, clock),
    )
