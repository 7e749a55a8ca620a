"""Which rivals are measured, and how the report tells of them."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.rival_servers import Place, litellm_config, ogx_config
from benchmarks.rivals import HEAD, RIVALS, Measured, installed, line, version_of
from benchmarks.serving import Row

WEB = next(rival for rival in RIVALS if rival.distribution == "open-webui")
ROW = Row(
    name="a server",
    cpu_us_per_token=25.4,
    cpu_ms_per_request=2.17,
    first_token_p50_ms=2.3,
    first_token_p99_ms=16.1,
    cold_start_s=1.31,
    idle_mib=126,
    many_tokens_per_s=8344,
    many_errors=0,
)


def environment(folder: Path, *metadata: str) -> Path:
    for name in metadata:
        (folder / "lib/python3.12/site-packages" / f"{name}.dist-info").mkdir(parents=True)
    return folder


def cells(text: str) -> list[str]:
    return [cell.strip() for cell in text.strip("|").split(" |")]


def test_a_version_is_read_without_running_anything(tmp_path):
    """Names are compared as PyPI compares them, and not by how they begin."""
    venv = environment(tmp_path, "open_webui-0.12.4", "open_webui_client-9.9", "ogx-1.5.0")
    found = [version_of(venv, name) for name in ("open-webui", "ogx", "litellm")]
    assert found == ["0.12.4", "1.5.0", ""]


def test_a_rival_without_its_variable_is_left_out():
    """The report can say why."""
    assert installed(WEB, {}) == (None, "RIVAL_OPEN_WEBUI is not set")


def test_a_rival_is_found_where_its_variable_says(tmp_path):
    """A folder that does not have it is told apart from one that does."""
    given = {WEB.variable: str(tmp_path)}
    missing = installed(WEB, given)
    environment(tmp_path, "open_webui-0.12.4")
    assert missing == (None, f"{tmp_path} does not have open-webui")
    assert installed(WEB, given) == (tmp_path, "0.12.4")


def test_every_line_has_a_cell_for_every_heading():
    """Also where a server could not be measured, and its error has bars and line breaks in it."""
    measured = line(Measured("a server", "a key", row=ROW, many_first_p99_ms=184.9))
    figures = ["25.4", "2.17", "2.3", "16.1", "1.31", "126", "8344", "0", "184.9"]
    assert cells(measured) == ["a server", *figures, "a key"]
    failed = cells(line(Measured("a server", "a key", failed="no | such\nthing")))
    assert failed == ["a server", *[""] * (len(HEAD) - 2), "failed: no / such thing"]


def test_rivals_listen_on_this_machine_alone_and_want_a_key(tmp_path):
    """What is written for them keeps everything in their own folder."""
    config = ogx_config(Place(tmp_path, tmp_path / "own", "http://127.0.0.1:1"), 2)
    server = config["server"]
    assert (server["host"], server["port"]) == ("127.0.0.1", 2)
    assert server["auth"]["provider_config"]["api_keys"]
    kept = [one["db_path"] for one in config["storage"]["backends"].values()]
    assert all(Path(path).parent == tmp_path / "own" for path in kept)
    assert litellm_config({})["general_settings"]["master_key"]
    assert json.loads(json.dumps(config)) == config
