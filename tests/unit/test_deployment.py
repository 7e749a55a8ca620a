"""The containers: what docker-compose.yml and the Dockerfile promise, and that the image's files run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.processes import ROOT, running_program

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
TEAM = ROOT / "docker/compose.team.env.example"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
# https://github.com/compose-spec/compose-spec/blob/main/05-services.md, as far as it is used here
KEYS = {
    "build", "cap_add", "cap_drop", "command", "cpus", "depends_on", "env_file", "environment",
    "healthcheck", "image", "init", "mem_limit", "network_mode", "networks", "pids_limit", "ports",
    "profiles", "read_only", "restart", "secrets", "security_opt", "shm_size", "stop_grace_period",
    "tmpfs", "ulimits", "user", "volumes",
}  # fmt: skip
ONCE = {name for name, one in SERVICES.items() if "restart" not in one}
LASTING = sorted(SERVICES.keys() - ONCE)
# Models take what the machine has.
UNBOUNDED_MEMORY = {"ollama"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_is_written_in_keys_that_there_are(name):
    """A misspelt key is silently another meaning."""
    assert SERVICES[name].keys() - KEYS == set()
    assert {"image", "build"} & SERVICES[name].keys()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_container_can_change_nothing_but_its_data(name):
    """Read-only, without capabilities or new ones, with a bound for processes or for memory."""
    one = SERVICES[name]
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"][0] == "no-new-privileges:true"
    assert "privileged" not in one
    assert name in UNBOUNDED_MEMORY or {"mem_limit", "cpus"} <= one.keys()
    assert not [it for it in one.get("volumes", []) if "docker.sock" in it]


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_nobody_and_says_how_it_is(name):
    """By a number: a name is looked up in the image, which anybody may have made."""
    one = SERVICES[name]
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", one["user"])
    assert "cap_add" not in one
    assert one["restart"] == "unless-stopped"
    assert "pids_limit" in one
    healthy = one.get("healthcheck", {}).get("test", "")
    assert healthy[:1] == ["CMD"] or ("build" in one and "HEALTHCHECK" in DOCKERFILE)


@pytest.mark.parametrize("name", sorted(ONCE))
def test_what_is_root_only_gives_a_volume_away(name):
    """Without a network, with one capability, and then it ends."""
    one = SERVICES[name]
    assert (one["user"], one["cap_add"], one["network_mode"]) == ("0:0", ["CHOWN"], "none")
    assert one["command"][0] == "chown"
    users = {it["user"] for it in SERVICES.values() if name in it.get("depends_on", {})}
    assert users == {one["command"][1]}


def test_only_nginx_can_be_reached_and_only_from_this_machine():
    """Nothing goes around it: no database, no server, no model."""
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    assert published == {"nginx": ["127.0.0.1:8080:8080"]}
    assert SERVICES["postgres"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_what_is_named_is_there():
    """Networks, volumes, secrets, and the services that others wait for."""
    for name, one in SERVICES.items():
        assert set(one.get("networks", [])) <= COMPOSE["networks"].keys(), name
        named = {it.split(":")[0] for it in one.get("volumes", []) if not it.startswith(".")}
        assert named <= COMPOSE["volumes"].keys(), name
        assert set(one.get("secrets", [])) <= COMPOSE["secrets"].keys(), name
        for other, how in one.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONCE else "service_healthy"
            assert how["condition"] == wanted, (name, other)
        for local in (it.split(":")[0] for it in one.get("volumes", []) if it.startswith("./")):
            assert (ROOT / local).exists(), local


def test_the_small_installation_stays_one_command():
    """What needs a database server or a password file is of a profile, and nothing else waits for it."""
    team = {name for name, one in SERVICES.items() if one.get("profiles") == ["team"]}
    assert SERVICES.keys() - team == {"backend", "nginx", "ollama", "models-owner"}
    for name in SERVICES.keys() - team:
        assert "secrets" not in SERVICES[name]
        for other, how in SERVICES[name].get("depends_on", {}).items():
            assert other not in team or how["required"] is False
        assert all(it["required"] is False for it in SERVICES[name].get("env_file", []))


def test_secrets_are_in_files_of_their_own():
    """Neither here, nor in the .env of a server that is run by hand, nor in the repository."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert "${" not in text
    assert not re.search(r"(PASSWORD|SECRET|KEY)\w*: +(?!/run/secrets/)\S", text.replace("# ", ""))
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    files = [it["path"] for it in SERVICES["backend"]["env_file"]]
    files += [it["file"].removeprefix("./") for it in COMPOSE["secrets"].values()]
    assert [it for it in files if it not in ignored or it == ".env"] == []


def test_every_setting_that_is_given_is_one():
    """A misspelt name is silently nothing; what a team must agree on is in its example."""
    given = dict(re.findall(r"(?m)^([A-Z_]+)=(.*)$", TEAM.read_text(encoding="utf-8")))
    assert given.keys() == {"DATABASE_URL", "SECRET_KEY", "CREDENTIALS__KEYS", "DOCUMENTS__WORKER"}
    assert (given["SECRET_KEY"], given["DOCUMENTS__WORKER"]) == ("", "apart")
    names = {*given, *SERVICES["backend"]["environment"], *SERVICES["worker"]["environment"]}
    known = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    assert [name for name in names if f"| `{name}` |" not in known] == []


def test_servers_and_workers_are_one_image_with_the_same_settings():
    """A worker that reads another database would do nothing."""
    server, worker = SERVICES["backend"], SERVICES["worker"]
    for name in ("image", "env_file", "environment", "volumes", "user", "networks"):
        assert worker[name] == server[name]
    assert f"useradd --uid {server['user'].split(':')[0]} " in DOCKERFILE


def test_a_stop_waits_longer_than_a_server_does():
    """Streams end by themselves within SERVER__SHUTDOWN_GRACE_S, 20 s by default."""
    assert int(SERVICES["backend"]["stop_grace_period"].removesuffix("s")) > 20


def _instructions(text: str) -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", text))
    pairs = [line.partition(" ") for line in joined.splitlines() if line.strip()]
    return [(word, rest.strip()) for word, _, rest in pairs]


def test_the_image_holds_no_installer_and_asks_itself_how_it_is():
    """What installs is in stages that are thrown away."""
    stages = DOCKERFILE.split("\nFROM ")[1:]
    assert len(stages) == 4
    last = _instructions(stages[-1])
    words = [word for word, _ in last]
    assert words.count("HEALTHCHECK") == words.count("USER") == words.count("CMD") == 1
    assert words.index("USER") > max(at for at, word in enumerate(words) if word in {"RUN", "COPY"})
    assert not [rest for word, rest in last if word == "RUN" and "pip" in rest]
    assert "pip uninstall --yes" in stages[0]
    assert [rest for word, rest in _instructions(DOCKERFILE) if word == "ADD"] == []


def _taken(folder: Path) -> None:
    """Carry out the COPY steps of the last stage from what .dockerignore lets in."""
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    last = _instructions(DOCKERFILE.split("\nFROM ")[-1])
    for rest in [rest for word, rest in last if word == "COPY" and "--from" not in rest]:
        *sources, target = rest.split()
        for source in sources:
            assert f"!{source}" in rules, source
            place = folder / target / ("" if (ROOT / source).is_dir() else source)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, ignore=_left_out(rules))
            else:
                shutil.copy(ROOT / source, place)


def _left_out(rules: list[str]) -> Any:
    refused = [one.removeprefix("**/") for one in rules if not one.startswith("!") and one != "*"]

    def ignored(folder: str, names: list[str]) -> list[str]:
        inside = {name: str((Path(folder) / name).relative_to(ROOT)) for name in names}
        return [
            name
            for name, path in inside.items()
            if any(fnmatch(path, one) or fnmatch(name, one) for one in refused)
        ]

    return ignored


def test_what_the_image_copies_is_a_server(tmp_path):
    """Its steps, its command and its own question about its health, in a folder with nothing else."""
    app, last = tmp_path / "app", dict(_instructions(DOCKERFILE.split("\nFROM ")[-1]))
    app.mkdir()
    _taken(app)
    assert {one.name for one in app.iterdir()} == {
        "LICENSE",
        "run_backend.py",
        "backend",
        "frontend",
    }
    assert not (app / "frontend" / "vendor").exists()
    compiled = [sys.executable, "-m", "compileall", "-q", "backend"]
    assert subprocess.run(compiled, cwd=app, check=False).returncode == 0
    program, script = json.loads(last["CMD"])
    assert program == "python"
    environ = {
        "PYTHONPATH": str(app),
        "OLLAMA_HOST": "127.0.0.1:1",
        "DATA_DIR": str(tmp_path / "data"),
    }
    ready = "Steward listens on "
    with running_program(script, "--port", "0", folder=app, ready=ready, environ=environ) as (
        _,
        line,
    ):
        port = line.rsplit(":", 1)[1].strip()
        asked = json.loads(last["HEALTHCHECK"].partition("CMD ")[2])
        asked[-1] = asked[-1].replace(":8000", f":{port}")
        assert subprocess.run([sys.executable, *asked[1:]], check=False).returncode == 0
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as page:
            assert b"<html" in page.read()
    assert subprocess.run([sys.executable, *asked[1:]], capture_output=True, check=False).returncode
