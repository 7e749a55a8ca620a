from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from backend.kit.public_address import AddressPolicy
from backend.web.reader import PublicWebReader, WebOptions
from tests.fakes.clock import WatchedClock
from tests.fakes.web_double import Names, WebDouble

LOCAL = AddressPolicy(networks=(ip_network("127.0.0.1/32"),))


@pytest.fixture
async def double() -> AsyncIterator[WebDouble]:
    async with WebDouble() as server:
        yield server


@pytest.fixture
def clock() -> WatchedClock:
    return WatchedClock()


@pytest.fixture
def names() -> Names:
    return Names({"pages.example": [["127.0.0.1"]], "inside.example": [["10.0.0.7"]]})


@pytest.fixture
async def make_reader(clock: WatchedClock, names: Names):
    made: list[PublicWebReader] = []

    def make(**options: object) -> PublicWebReader:
        given = WebOptions(**{"policy": LOCAL, "max_bytes": 1_000_000, **options})
        made.append(PublicWebReader(given, clock=clock, lookup=names))
        return made[-1]

    yield make
    for reader in made:
        await reader.aclose()


@pytest.fixture
def reader(make_reader) -> PublicWebReader:
    return make_reader()
