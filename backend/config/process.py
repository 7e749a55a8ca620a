"""What the process environment must be before third-party libraries are imported."""

from __future__ import annotations

import os

# What a child process of ours needs besides settings.
_INHERITED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SYSTEMROOT"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "HF_HOME", "XDG_CACHE_HOME"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
_TRACING = (
    "LANGSMITH_TRACING",
    "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING",
    "LANGCHAIN_TRACING_V2",
)
# Ollama's client makes a connection of these when it is imported: it fails on a list of servers, and on
# proxies that are not of HTTP, such as the SOCKS ones that desktops name.
_OLLAMA = "OLLAMA_HOST"
_PROXIES = ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "http_proxy", "https_proxy")
# onnxruntime tells its maker which models run on which machine; it looks here once, when imported.
_USAGE = "ORT_DISABLE_TELEMETRY"


def prepare_process_environment(*, third_party_tracing: bool = False) -> None:
    """Forbid phoning home and unsafe checkpoints; call it when settings are read, before they are imported.

    Files made from then on belong to their owner alone (umask 077).
    LangSmith reads its switches, and LangGraph LANGGRAPH_STRICT_MSGPACK, from the environment.
    """
    os.umask(0o077)
    os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
    os.environ[_USAGE] = "true"
    os.environ.pop(_OLLAMA, None)
    for name in _PROXIES:
        scheme, found, _ = os.environ.get(name, "").partition("://")
        if found and scheme.lower() not in {"http", "https"}:
            del os.environ[name]
    if not third_party_tracing:
        os.environ.update(dict.fromkeys(_TRACING, "false"))


def inherited_environment() -> dict[str, str]:
    """Give the part of this process's environment that children need whatever their settings."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}
