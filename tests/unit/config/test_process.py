"""Nothing phones home unless asked to."""

import os

import pytest

from backend.config.process import prepare_process_environment


@pytest.mark.parametrize(("allowed", "tracing"), [(False, "false"), (True, "true")])
def test_tracing_of_libraries_is_off_unless_our_own_setting_turns_it_on(
    monkeypatch, allowed, tracing
):
    """A variable left over from another project must not send prompts away."""
    for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "LANGGRAPH_STRICT_MSGPACK"):
        monkeypatch.setenv(name, "true")
    for name in ("LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING"):
        monkeypatch.setenv(name, "true")
    prepare_process_environment(third_party_tracing=allowed)
    assert os.environ["LANGSMITH_TRACING"] == tracing  # noqa: TID251 - the test is about it
    assert os.environ["LANGCHAIN_TRACING_V2"] == tracing  # noqa: TID251 - the test is about it
    assert os.environ["LANGGRAPH_STRICT_MSGPACK"] == "true"  # noqa: TID251 - the test is about it
