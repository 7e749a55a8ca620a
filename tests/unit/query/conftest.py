from __future__ import annotations

import pytest

from tests.fakes.sql_databases import running_postgres


@pytest.fixture(scope="session")
def postgres():
    """The address of a PostgreSQL's superuser; the server ends with the session."""
    with running_postgres() as url:
        yield url
