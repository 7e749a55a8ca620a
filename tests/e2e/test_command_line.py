"""The real command line in its own process: one line for what is wrong, a clean stop."""

import json
import re
import signal
import socket
import sqlite3
import stat
import urllib.request
from contextlib import closing

import httpx
import pytest

from tests.fakes.models import MODEL_DIR
from tests.fakes.processes import ROOT, run_program, running_program
from tests.fakes.ready_database import lay_database

LISTENS = "Steward listens on "
PASSWORD = "a password for the stop"


@pytest.mark.parametrize(
    ("text", "environ", "arguments", "line"),
    [
        (
            "SERVER_PROT=1\n",
            {},
            [],
            "SERVER_PROT: there is no such setting; did you mean SERVER_PORT? (.env line 1)",
        ),
        (
            "",
            {"MODELS__RETRIES": "x"},
            ["serve"],
            "MODELS__RETRIES: 'x': it is not a whole number; give a whole number from 0 to 10"
            " (environment)",
        ),
        (
            "",
            {},
            ["--port", "70000", "serve"],
            "SERVER_PORT: '70000': it is too large; give a whole number from 0 to 65535"
            " (command line)",
        ),
        (
            "TOOLS__DISABLED=wether\n",
            {},
            [],
            "TOOLS__DISABLED: there is no tool 'wether'; the tools are community, data_analysis, math_calc,"
            " python_code, rag_retrieval, sql_query, weather, web_fetch, web_search, wikipedia (.env line 1)",
        ),
        (
            "",
            {"TOOLS__WEB_SEARCH__MAX_RESULT": "3"},
            ["doctor"],
            "TOOLS__WEB_SEARCH__MAX_RESULT: there is no such setting; did you mean"
            " TOOLS__WEB_SEARCH__MAX_RESULTS? (environment)",
        ),
        (
            "",
            {"DATA_DIR": ".env/data"},
            [],
            "DATA_DIR: .env/data cannot be used (Not a directory); give a folder you may write"
            " (environment)",
        ),
        ("", {}, ["--env-file", "absent"], "--env-file: there is no file absent"),
        (
            "ADMIN_PASSWORD=changeme1\n",
            {},
            ["doctor"],
            "ADMIN_PASSWORD: it is a well-known password; give 8 characters to 72 bytes that are"
            " not a well-known password (.env line 1)",
        ),
    ],
)
def test_a_wrong_setting_is_one_line_on_standard_error(tmp_path, text, environ, arguments, line):
    """No trace-back, nothing on standard output, exit code 2, nothing written."""
    (tmp_path / ".env").write_text(text)
    done = run_program("-m", "backend", *arguments, folder=tmp_path, environ=environ)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"steward: {line}\n")
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_a_port_in_use_is_one_line(tmp_path):
    """The most frequent failure of a second start."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run_program("-m", "backend", "--port", port, folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"steward: SERVER_PORT: 127.0.0.1 port {port} cannot be bound (Address already in use);"
        " stop what uses it or give another (command line)"
    )


def test_a_damaged_signing_key_is_one_line(tmp_path):
    """It is found before anything listens, not while the application starts."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "secret.key").write_text("short")
    done = run_program("-m", "backend", "--port", "0", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "steward: SECRET_KEY: data/secret.key is damaged; restore it, or remove it (everyone must"
        " log in again)\n"
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_answers_and_stops_cleanly(tmp_path, number):
    """run_backend.py serves, shows no server software, keeps its key private, and exits with 0."""
    program = str(ROOT / "run_backend.py")
    with running_program(
        program, "--port", "0", folder=tmp_path, ready=LISTENS, environ={"LOG_LEVLE": "x"}
    ) as (process, line):
        address = re.search(r"http://\S+", line)
        assert address is not None
        with urllib.request.urlopen(f"{address[0]}/health", timeout=60) as reply:
            assert (reply.status, reply.headers.get("server")) == (200, None)
        process.send_signal(number)
        assert process.wait(timeout=180) == 0
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600


def test_a_second_signal_ends_running_answers_at_once(tmp_path):
    """The first says what is waited for; the stream ends with an error, the process with 0."""
    double = ["-m", "tests.fakes.ollama_double", "--tokens-per-second", "5", "--tokens", "10000"]
    environ = {
        "ADMIN_PASSWORD": PASSWORD,
        "SERVER__SHUTDOWN_GRACE_S": "600",
        "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
    }
    with running_program(*double, folder=ROOT, ready="http://") as (_, line):
        environ["OLLAMA_HOST"] = line.strip()
        server = ["-m", "backend", "--port", "0"]
        with running_program(*server, folder=tmp_path, ready=LISTENS, environ=environ) as (
            process,
            line,
        ):
            address = line.split(LISTENS)[1].strip()
            login = {"username": "admin", "password": PASSWORD}
            token = httpx.post(f"{address}/api/auth/login", json=login).json()["access_token"]
            asked = {
                "model": "llama3.2@chat",
                "stream": True,
                "messages": [{"role": "user", "content": "Tell me a long story"}],
            }
            headers = {"authorization": f"Bearer {token}"}
            url = f"{address}/v1/chat/completions"
            with httpx.stream("POST", url, json=asked, headers=headers) as answer:
                lines = answer.iter_lines()
                next(line for line in lines if '"content":"word ' in line)
                process.send_signal(signal.SIGINT)
                assert process.stdout is not None
                told = next(line for line in process.stdout if "stopping" in line)
                process.send_signal(signal.SIGINT)
                last = [line for line in lines if line][-1]
            assert process.wait(timeout=180) == 0
            assert process.stdout.read() == ""
    assert told.endswith(
        "stopping when running answers (1) have ended; a second signal ends them now\n"
    )
    assert '"code":"run_interrupted"' in last


def test_doctor_says_what_is_given_and_what_is_missing(tmp_path):
    """Secrets are only said to be given; an unreachable model server is a warning with its fix."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    lay_database(tmp_path / "data")
    environ = {
        "OLLAMA_HOST": f"127.0.0.1:{port}",
        "TAVILY_API_KEY": "opaque",
        "ADMIN_PASSWORT": "x",
    }
    done = run_program("-m", "backend", "doctor", folder=tmp_path, environ=environ)
    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[:4] == [
        "Settings that are not at their default:",
        f"  OLLAMA_HOST = http://127.0.0.1:{port} (environment)",
        "  TAVILY_API_KEY = given (environment)",
        "  warning: ADMIN_PASSWORT in the environment is unused: meant ADMIN_PASSWORD?",
    ]
    assert "  ok   data folder: data, key in secret.key" in lines
    fix = "Start it with `ollama serve`, or set OLLAMA_HOST to where it runs."
    assert f"       fix: {fix}" in lines


def test_doctor_tries_the_databases_and_says_what_they_lack(tmp_path):
    """A database that cannot be asked is a warning; its address is nobody's to read."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as made:
        made.execute("CREATE TABLE t (a)")
    address = "postgresql+psycopg://keeper:hush-hush@127.0.0.1:1/x"
    lay_database(tmp_path / "data")
    given = {"shop": {"url": f"sqlite:///{tmp_path}/shop.db"}, "away": {"url": address}}
    environ = {"OLLAMA_HOST": "127.0.0.1:1", "QUERY__DATABASES": json.dumps(given)}
    done = run_program("-m", "backend", "doctor", folder=tmp_path, environ=environ)
    assert done.returncode == 0
    assert "  QUERY__DATABASES = given (environment)" in done.stdout
    assert "  ok   database:shop: answers\n" in done.stdout
    assert "  warn database:away: no such database answers at its address\n" in done.stdout
    assert "hush" not in done.stdout + done.stderr


def test_a_broken_installation_makes_doctor_fail(tmp_path):
    """The exit code is for scripts."""
    (tmp_path / "file").write_text("")
    environ = {"DATA_DIR": "file/data", "OLLAMA_HOST": "127.0.0.1:1"}
    done = run_program("-m", "backend", "doctor", folder=tmp_path, environ=environ)
    assert done.returncode == 1
    assert "FAIL installation: there is no folder file/data" in done.stdout


@pytest.mark.parametrize("arguments", [("backup", "a.backup"), ("export-user", "ann", "a.user")])
def test_a_damaged_database_is_told_in_one_line(tmp_path, arguments):
    """No trace-back, and nothing half-written."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    lay_database(folder)
    path = folder / "steward.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    done = run_program("-m", "backend", *arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("steward: ")
    assert [one.name for one in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("list-users",),
        ("disable-user", "ann"),
        ("enable-user", "ann"),
        ("reset-password", "ann", "--generate"),
        ("create-user", "ann", "--generate"),
        ("delete-user", "ann", "--yes"),
        ("export-user", "ann", "a.user"),
        ("import-user", "a.user"),
        ("backup", "a.backup"),
        ("rotate-credentials",),
        ("move-database", "--to", "postgresql://127.0.0.1:9/steward"),
    ],
    ids=lambda it: it[0],
)
def test_a_command_makes_nothing_where_nothing_is_kept(tmp_path, arguments):
    """A mistyped DATA_DIR is one line that says where it was given, not an empty list of users."""
    done = run_program("-m", "backend", *arguments, folder=tmp_path, environ={"DATA_DIR": "dta"})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"steward: there is no installation: {tmp_path}/dta/steward.db is not there; see DATA_DIR"
        " (environment)\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("made", "line"),
    [
        ((), "  FAIL installation: there is no folder dta (environment)"),
        (("dta",), "  FAIL installation: there is no installation: {}/dta/steward.db is not there"),
    ],
    ids=["no folder", "no database"],
)
def test_doctor_makes_nothing_where_nothing_is_kept(tmp_path, made, line):
    """It says so, and what else there is to say."""
    for name in made:
        (tmp_path / name).mkdir(mode=0o700)
    environ = {"DATA_DIR": "dta", "OLLAMA_HOST": "127.0.0.1:1"}
    done = run_program("-m", "backend", "doctor", "--fix", folder=tmp_path, environ=environ)
    assert (done.returncode, done.stderr) == (1, "")
    assert line.format(tmp_path) in done.stdout
    assert "tool:math_calc: on" in done.stdout
    assert [one.name for one in tmp_path.rglob("*")] == list(made)


def test_names_are_told_on_a_terminal_that_cannot_write_them(tmp_path):
    """Escaped for people, in UTF-8 for programs; not a trace-back in the middle of a list."""
    environ = {"PYTHONIOENCODING": "ascii", "AUTH__BCRYPT_ROUNDS": "10"}
    made = ("create-user", "Ünal", "--admin", "--generate")
    done = run_program("-m", "backend", *made, folder=tmp_path, environ=environ)
    assert (done.returncode, "made: \\xdcnal (admin" in done.stdout) == (0, True), done.stderr
    done = run_program("-m", "backend", "list-users", folder=tmp_path, environ=environ)
    assert (done.returncode, done.stdout[:8]) == (0, "\\xdcnal\t")
    done = run_program("-m", "backend", "list-users", "--json", folder=tmp_path, environ=environ)
    assert [one["username"] for one in json.loads(done.stdout)] == ["Ünal"]
