"""Nothing phones home unless asked to."""

import os
import subprocess
import sys

import pytest

from backend.config.process import prepare_process_environment
from tests.fakes.processes import ROOT

TRACING = (
    "LANGSMITH_TRACING",
    "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING",
    "LANGCHAIN_TRACING_V2",
)
NAMES = (*TRACING, "LANGGRAPH_STRICT_MSGPACK", "ORT_DISABLE_TELEMETRY")


@pytest.fixture(autouse=True)
def umask_as_it_was():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def environment_as_it_was(monkeypatch):
    for name in NAMES:
        monkeypatch.setenv(name, "true")


def test_files_made_from_then_on_are_private(tmp_path):
    """The database and uploads are nobody else's."""
    prepare_process_environment()
    (tmp_path / "steward.db").write_text("")
    assert (tmp_path / "steward.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("allowed", "tracing"), [(False, "false"), (True, "true")])
def test_tracing_of_libraries_is_off_unless_our_own_setting_turns_it_on(allowed, tracing):
    """A variable left over from another project must not send prompts away."""
    prepare_process_environment(third_party_tracing=allowed)
    seen = {name: os.environ[name] for name in NAMES}  # noqa: TID251 - the test is about it
    others = dict.fromkeys(NAMES[len(TRACING) :], "true")
    assert seen == {**dict.fromkeys(TRACING, tracing), **others}


IMPORTED = """
from backend.config.process import prepare_process_environment
prepare_process_environment(third_party_tracing=True)
import onnxruntime
"""


def test_the_model_runtime_gathers_nothing_to_tell_its_maker(tmp_path):
    """It would name this machine and keep what it wants to send in the home folder."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED],
        cwd=ROOT, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


READ_BY_OLLAMA = """
from backend.config.process import prepare_process_environment
prepare_process_environment()
import os
import ollama
assert os.environ.get("HTTPS_PROXY") in {None, "http://127.0.0.1:3128"}
"""


@pytest.mark.parametrize(
    "environ",
    [
        {"OLLAMA_HOST": "http://gpu1:11434,http://gpu2:11434"},
        {"ALL_PROXY": "socks5://127.0.0.1:1080", "https_proxy": "socks5h://127.0.0.1:1080"},
        {"HTTP_PROXY": "127.0.0.1:3128", "HTTPS_PROXY": "http://127.0.0.1:3128"},
    ],
    ids=["several servers", "SOCKS", "HTTP"],
)
def test_what_ollamas_client_cannot_read_is_not_left_for_it(tmp_path, environ):
    """It fails when it is imported, by which every request to a model failed."""
    done = subprocess.run(
        [sys.executable, "-c", READ_BY_OLLAMA],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
