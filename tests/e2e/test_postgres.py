"""The real server and real workers on a real PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.fakes.postgres_server import PASSWORD, environment, log_in, server_on, worker_on
from tests.fakes.processes import ROOT, run_program, running_program
from tests.fakes.sql_databases import empty_postgres, postgres_copy

BOBS = "a password of Bob"
OAR = b"The spare key of the boathouse hangs behind the third oar."


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A PostgreSQL for the tests of this file."""
    with empty_postgres() as url:
        yield url


@pytest.fixture
def url(postgres) -> Iterator[str]:
    """An empty database of its own."""
    with postgres_copy(postgres) as made:
        yield made


def upload(client: httpx.Client, name: str, data: bytes, *, wait_s: int) -> dict:
    """Upload a text."""
    files = {"file": (name, data, "text/plain")}
    answer = client.post(f"/api/files/upload?wait={wait_s}", files=files)
    assert answer.status_code in {200, 201, 202}, answer.text
    return answer.json()


def ask(client: httpx.Client, text: str, **more: object) -> dict:
    """Ask the model of the double."""
    body = {"messages": [{"role": "user", "content": text}], **more}
    answer = client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_team_works_and_finds_all_of_it_after_a_restart(tmp_path, url):
    """An account, a chat with tools, an upload by a worker apart, an answer that cites it, a restart."""
    double = ("-m", "tests.fakes.ollama_double")
    with ExitStack() as stack:
        _, line = stack.enter_context(running_program(*double, folder=ROOT, ready="http://"))
        more = {"OLLAMA_HOST": line.strip(), "DOCUMENTS__WORKER": "apart"}
        with server_on(url, tmp_path, **more) as (process, admin):
            stack.enter_context(worker_on(url, tmp_path, **more))
            ready = admin.get("/ready").json()["checks"]["database"]
            assert ready["detail"].startswith("PostgreSQL ")
            account = {"username": "bob", "password": BOBS, "role": "user"}
            assert admin.post("/api/users", json=account).status_code == 201
            bob = stack.enter_context(bob_at(admin))
            session, citation = work(bob)
            before = bob.get(f"/api/conversations/{session}").json()
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=180) == 0
            assert process.stdout is not None
            assert "Traceback" not in process.stdout.read()
        with server_on(url, tmp_path, **more) as (_, admin), bob_at(admin) as bob:
            assert bob.get(f"/api/conversations/{session}").json() == before
            assert OAR.decode() in bob.get(f"/api/citations/{citation}").text
            assert admin.get(f"/api/conversations/{session}").status_code == 404


@contextmanager
def bob_at(admin: httpx.Client) -> Iterator[httpx.Client]:
    """Give a client of the user Bob of the same server."""
    with httpx.Client(base_url=admin.base_url, trust_env=False, timeout=60) as bob:
        bob.headers["authorization"] = f"Bearer {log_in(bob, 'bob', BOBS)}"
        yield bob


def work(bob: httpx.Client) -> tuple[str, str]:
    """Upload, ask with a tool, from the document and from the model; give the session and a citation."""
    assert upload(bob, "key.txt", OAR, wait_s=60)["state"] == "ready"
    session = bob.post("/v1/conversations", json={}).json()["id"]
    here = {"session_id": session}
    sums = ask(bob, "What is 12 * 13?", model="builtin@react", **here)
    assert "156" in sums["choices"][0]["message"]["content"]
    question = "Where is the spare key of the boathouse, says my document?"
    keys = ask(bob, question, model="builtin@react", **here)
    chat = ask(bob, "Hello", model="llama3.2@chat", **here)
    assert chat["choices"][0]["message"]["content"]
    return session, keys["x_agent"]["citations"][0]["id"]


def test_every_document_is_read_once_by_several_workers_and_one_that_is_killed(tmp_path, url):
    """What a killed worker held goes on elsewhere when its lease has run out; nothing is there twice."""
    text = b"".join(b"Entry %d: the pump ran for %d hours. " % (n, n * 7) for n in range(4000))
    with server_on(url, tmp_path, DOCUMENTS__WORKER="apart") as (_, client), ExitStack() as stack:
        workers = [stack.enter_context(worker_on(url, tmp_path)) for _ in range(3)]
        files = [
            upload(client, f"{number}.txt", b"%d. " % number + text, wait_s=0)["file_id"]
            for number in range(4)
        ]
        killed = workers[0]
        with psycopg.connect(url, autocommit=True) as connection:
            _until(connection, "SELECT 1 FROM documents WHERE state = 'embedding'")
            os.kill(killed.pid, signal.SIGKILL)
            killed.wait(timeout=180)
            _until(connection, "SELECT 1 WHERE NOT EXISTS (SELECT FROM document_jobs)")
            states = connection.execute("SELECT DISTINCT state FROM documents").fetchall()
            doubled = connection.execute(
                "SELECT count(*) FROM chunks c JOIN documents d ON d.id = c.document_id"
                " WHERE c.revision <> d.revision"
            ).fetchone()
            bare = connection.execute(
                "SELECT count(*) FROM chunks c WHERE NOT EXISTS"
                " (SELECT FROM chunk_vectors v WHERE v.chunk_id = c.id)"
            ).fetchone()
        assert (states, doubled, bare) == ([("ready",)], (0,), (0,))
        for file_id in files:
            assert client.get(f"/api/files/documents/{file_id}").json()["state"] == "ready"


def _until(connection: psycopg.Connection, query: str) -> None:
    """Look until a query finds something, five minutes at most; the pause is the database's."""
    end_s = time.monotonic() + 300
    while connection.execute(query.encode()).fetchone() is None:
        assert time.monotonic() < end_s, query
        connection.execute("SELECT pg_sleep(0.1)")


def test_what_is_wrong_with_the_database_is_one_line_without_its_password(tmp_path, url):
    """No trace-back, exit code 2, nothing said of the password."""
    wrong = {
        "postgresql://u:s3cr3t@127.0.0.1:9/steward": "did not answer within 0 s",
        url.replace("postgres:@", "nobody:s3cr3t@"): 'role "nobody" does not exist',
        url.replace("/copy_", "/none_"): "does not exist",
    }
    for address, reason in wrong.items():
        done = run_program(
            *("-m", "backend"),
            folder=tmp_path,
            environ=environment(address, DATABASE__START_WAIT_S="0"),
        )
        last = done.stderr.splitlines()[-1]
        assert (done.returncode, done.stdout) == (2, "")
        assert last.startswith("steward: DATABASE_URL: PostgreSQL at ")
        assert reason in last
        assert "s3cr3t" not in done.stderr
        assert "Traceback" not in done.stderr


def test_a_key_must_be_given(tmp_path, url):
    """Each of several servers would make one of its own, and refuse the others' tokens."""
    given = environment(url)
    del given["SECRET_KEY"]
    done = run_program("-m", "backend", folder=tmp_path, environ=given)
    assert done.returncode == 2
    assert done.stderr == (
        "steward: SECRET_KEY: on PostgreSQL it must be given, the same to every server; make one"
        " with: openssl rand -hex 32\n"
    )


def test_an_installation_moves_to_postgresql_with_its_people_and_files(tmp_path, url):
    """From a laptop's SQLite; refused while its server runs."""
    laptop = environment("", DATABASE_URL="")
    arguments = ("-m", "backend", "move-database")
    with server_on("", tmp_path) as (_, client):
        file = upload(client, "key.txt", OAR, wait_s=60)
        assert file["state"] == "ready"
        done = run_program(*arguments, "--to", url, folder=tmp_path, environ=laptop)
        assert done.returncode == 2
        assert "in use by process" in done.stderr
    done = run_program(*arguments, "--to", url, folder=tmp_path, environ=laptop)
    assert (done.returncode, done.stderr) == (0, "")
    assert "  files: 1\n" in done.stdout
    with server_on(url, tmp_path) as (_, client):
        found = client.post("/api/files/search", json={"query": "spare key of the boathouse"})
        assert json.loads(found.text)["results"][0]["file_id"] == file["file_id"]
        assert client.get(f"/api/files/documents/{file['file_id']}/content").content == OAR


def test_doctor_removes_nothing_that_servers_are_about_to_name(tmp_path, url):
    """Any number of them may run: bytes whose row is still to come look like bytes that nothing names."""
    with server_on(url, tmp_path) as (_, client):
        file = upload(client, "key.txt", OAR, wait_s=60)["file_id"]
        folder = next((tmp_path / "data" / "uploads").glob("user_*"))
        young, old = folder / "file_young", folder / "file_old"
        for path in (young, old):
            path.write_bytes(OAR)
        long_ago_s = time.time() - 3 * 3_600
        for path in (old, folder / file):
            os.utime(path, (long_ago_s, long_ago_s))
        arguments = ("-m", "backend", "doctor", "--fix", "--json")
        done = run_program(*arguments, folder=tmp_path, environ=environment(url))
        told = {one["name"]: one for one in json.loads(done.stdout)["findings"]}
        assert (
            "1 that nothing names, such as file_old; removed" in told["orphans:uploads"]["detail"]
        )
        assert (young.exists(), old.exists()) == (True, False)
        assert client.get(f"/api/files/documents/{file}/content").content == OAR


@pytest.mark.parametrize(
    "arguments",
    [
        ("backup", "a.backup"),
        ("export-user", "admin", "a.user"),
        ("list-users",),
        ("delete-user", "x"),
    ],
    ids=lambda it: it[0],
)
def test_a_command_says_in_one_line_that_the_database_is_away(tmp_path, arguments):
    """No trace-back, nothing half-written, nothing said of the password."""
    away = environment("postgresql://u:s3cr3t@127.0.0.1:9/steward", DATABASE__START_WAIT_S="0")
    done = run_program("-m", "backend", *arguments, folder=tmp_path, environ=away)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cr3t" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [one.name for one in tmp_path.iterdir() if one.name != "data"] == []


@pytest.mark.parametrize("command", ["list-users", "backup", "doctor"])
def test_a_command_makes_nothing_in_an_empty_database(tmp_path, url, command):
    """A mistyped name of a database that is there."""
    (tmp_path / "data").mkdir(mode=0o700)
    more = ["a.backup"] if command == "backup" else []
    done = run_program("-m", "backend", command, *more, folder=tmp_path, environ=environment(url))
    assert done.returncode == 1
    told = done.stdout if command == "doctor" else done.stderr
    assert "there is no installation: the database of DATABASE_URL is empty" in told
    assert [one.name for one in tmp_path.rglob("*")] == ["data"]
    with psycopg.connect(url) as connection:
        assert connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone() == (0,)


def test_a_password_is_no_argument(tmp_path):
    """Every process of the machine can read arguments."""
    done = run_program(
        *(
            "-m",
            "backend",
            "move-database",
            "--to",
            f"postgresql://u:{PASSWORD}@h/d".replace(" ", ""),
        ),
        folder=tmp_path,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("steward: move-database: --to holds a password")
    assert not list(Path(tmp_path).iterdir())
