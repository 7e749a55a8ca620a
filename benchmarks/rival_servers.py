"""How each rival is set up and started: with a key, one worker, quiet, and as its documentation advises.

Each is started twice over the same folder, so that the second start finds its tables and caches made.
Variables of the environment are not passed on but for TIKTOKEN_CACHE_DIR, without which OGX asks the
internet for its tokenizer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import Server, free_port, launch
from benchmarks.serving import MODEL, PASSWORD, Door, post

KEY = "sk-benchmark"
MARK = "word "
START_S = 300
MOST_S = 180
MANY_CONNECTIONS = "1000"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rival is installed, where it may write, and the model server it is to use."""

    venv: Path
    folder: Path
    upstream: str

    def start(
        self, command: Sequence[str], *, port: int, env: Mapping[str, str], probe: str
    ) -> Server:
        """Start one of its programs and wait until it answers."""
        program, *arguments = command
        whole = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **env}
        if cache := os.environ.get("TIKTOKEN_CACHE_DIR"):
            whole["TIKTOKEN_CACHE_DIR"] = cache
        return launch(
            [str(self.venv / "bin" / program), *arguments],
            port=port,
            env=whole,
            probe=probe,
            folder=self.folder,
            within_s=START_S,
        )


def door(url: str, *, key: str = KEY, model: str = MODEL) -> Door:
    """Give a rival's door: tokens are counted whatever stands around them, and none may be missing."""
    return Door(url, key=key, model=model, mark=MARK, expected=True, within_s=MOST_S)


@contextmanager
def litellm(place: Place, *, provider: str) -> Iterator[tuple[Server, Door]]:
    """Run the proxy as https://docs.litellm.ai/docs/proxy/prod says, without a database.

    `provider` is `ollama_chat`, or `openai` for Ollama's other door. With a database it needs Prisma's
    engine, which its client fetches from a host of its own. It ends a stream that says the same a
    hundred times, as the double does, so that limit is raised.
    """
    port = free_port()
    reached = {"ollama_chat": place.upstream, "openai": place.upstream + "/v1"}[provider]
    upstream = {"model": f"{provider}/{MODEL}", "api_base": reached, "api_key": "none"}
    written = _written(place, litellm_config(upstream))
    command = ["litellm", "--config", written, "--host", "127.0.0.1", "--port", str(port)]
    env = {
        "LITELLM_LOG": "ERROR",
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "REPEATED_STREAMING_CHUNK_LIMIT": "1000000",
    }

    def start() -> Server:
        return place.start(
            [*command, "--num_workers", "1"], port=port, env=env, probe="/health/liveliness"
        )

    start().stop()
    server = start()
    try:
        yield server, door(server.url + "/v1/chat/completions")
    finally:
        server.stop()


def litellm_config(upstream: Mapping[str, str]) -> dict[str, Any]:
    """Write the proxy's configuration."""
    return {
        "model_list": [{"model_name": MODEL, "litellm_params": dict(upstream)}],
        "general_settings": {"master_key": KEY},
        "litellm_settings": {"request_timeout": 600, "set_verbose": False},
    }


@contextmanager
def ogx(place: Place) -> Iterator[tuple[Server, Door]]:
    """Run OGX with the starter distribution's stores and Ollama alone as provider of models.

    The starter's embedding model is left out, since its weights come from the internet; the libraries
    around it alone took 660 MiB. Its access log has no switch and is written to a file.
    """
    port = free_port()
    written = _written(place, ogx_config(place, port))
    env = {"OGX_LOGGING": "all=warning", "OGX_DISABLE_VERSION_CHECK": "1"}
    env |= {"OTEL_SDK_DISABLED": "true", "HF_HUB_OFFLINE": "1"}

    def start() -> Server:
        command = ["ogx", "run", written, "--port", str(port), "--insecure"]
        return place.start(command, port=port, env=env, probe="/v1/health")

    start().stop()
    server = start()
    try:
        yield server, door(server.url + "/v1/chat/completions", model=f"ollama/{MODEL}:latest")
    finally:
        server.stop()


def ogx_config(place: Place, port: int) -> dict[str, Any]:
    """Write the part of the starter's configuration that chats, responses and files need."""
    providers = {
        "inference": [("ollama", "remote::ollama", {"base_url": place.upstream + "/v1"})],
        "vector_io": [("sqlite-vec", "inline::sqlite-vec", _sqlite_vec(place))],
        "files": [("builtin-files", "inline::localfs", _files(place))],
        "file_processors": [("auto", "inline::auto", {})],
        "responses": [("builtin", "inline::builtin", _responses())],
        "tool_runtime": [("file-search", "inline::file-search", {})],
    }
    return {
        "version": 2,
        "distro_name": "starter",
        "apis": sorted(providers),
        "providers": {
            api: [
                {"provider_id": name, "provider_type": kind, "config": config}
                for name, kind, config in entries
            ]
            for api, entries in providers.items()
        },
        "storage": {
            "backends": {
                "kv_default": {"type": "kv_sqlite", "db_path": str(place.folder / "kv.db")},
                "sql_default": {"type": "sql_sqlite", "db_path": str(place.folder / "sql.db")},
            },
            "stores": {
                "metadata": {"namespace": "registry", "backend": "kv_default"},
                "inference": {**_table("inference_store"), **_QUEUE, "enabled": True},
                "conversations": _table("openai_conversations"),
                "prompts": _table("prompts"),
                "connectors": _table("connectors"),
            },
        },
        "server": {
            "host": "127.0.0.1",
            "port": port,
            "auth": {"provider_config": {"type": "local_api_key", "api_keys": [KEY]}},
        },
    }


_QUEUE = {"max_write_queue_size": 10_000, "num_writers": 4}


def _table(name: str) -> dict[str, Any]:
    return {"table_name": name, "backend": "sql_default"}


def _sqlite_vec(place: Place) -> dict[str, Any]:
    kept = {"namespace": "vector_io::sqlite_vec", "backend": "kv_default"}
    return {"db_path": str(place.folder / "sqlite_vec.db"), "persistence": kept}


def _files(place: Place) -> dict[str, Any]:
    return {"storage_dir": str(place.folder / "files"), "metadata_store": _table("files_metadata")}


def _responses() -> dict[str, Any]:
    kept = {"responses": {**_table("responses"), **_QUEUE}}
    return {
        "persistence": kept,
        "memory_config": {"default_vector_store_provider_id": "sqlite-vec"},
    }


@contextmanager
def open_webui(place: Place) -> Iterator[tuple[Server, Door]]:
    """Run Open WebUI on its SQLite with a user's API key, tuned as its page on performance advises.

    https://docs.openwebui.com/troubleshooting/performance/
    """
    port = free_port()
    env = {
        **OPEN_WEBUI,
        "DATA_DIR": str(place.folder),
        "OLLAMA_BASE_URL": place.upstream,
        "WEBUI_SECRET_KEY": "benchmark-secret-of-more-than-32-letters",
    }

    def start() -> Server:
        command = ["open-webui", "serve", "--host", "127.0.0.1", "--port", str(port)]
        return place.start(command, port=port, env=env, probe="/health")

    server = start()
    try:
        key = _open_webui_key(server.url)
    finally:
        server.stop()
    server = start()
    try:
        yield server, door(server.url + "/api/chat/completions", key=key, model=f"{MODEL}:latest")
    finally:
        server.stop()


OPEN_WEBUI = {
    "ENV": "prod",
    "WEBUI_AUTH": "True",
    "ENABLE_API_KEYS": "True",
    "ENABLE_OPENAI_API": "False",
    "ENABLE_BASE_MODELS_CACHE": "True",
    "MODELS_CACHE_TTL": "300",
    "THREAD_POOL_SIZE": "500",
    "AIOHTTP_POOL_CONNECTIONS": MANY_CONNECTIONS,
    "AIOHTTP_POOL_CONNECTIONS_PER_HOST": MANY_CONNECTIONS,
    "ENABLE_TITLE_GENERATION": "False",
    "ENABLE_TAGS_GENERATION": "False",
    "ENABLE_FOLLOW_UP_GENERATION": "False",
    "RAG_EMBEDDING_ENGINE": "ollama",
    "GLOBAL_LOG_LEVEL": "ERROR",
    "OFFLINE_MODE": "True",
    "ANONYMIZED_TELEMETRY": "False",
}


def _open_webui_key(url: str) -> str:
    person = {"name": "admin", "email": "admin@example.com", "password": PASSWORD}
    token = post(url + "/api/v1/auths/signup", person)["token"]
    return post(url + "/api/v1/auths/api_key", {}, token)["api_key"]


def _written(place: Place, config: dict[str, Any]) -> str:
    """Write a configuration; JSON is YAML too."""
    path = place.folder / "config.yaml"
    path.write_text(json.dumps(config))
    return str(path)
