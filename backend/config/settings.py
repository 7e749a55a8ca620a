"""All settings of the server: their names, defaults, ranges and how they are loaded.

`load_settings` is the only way in from outside; a `Settings` built directly reads nothing.
Not for: options of single tools (`tool_options.py`) or generated secrets (`secrets_file.py`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from backend.config.addresses import same_server
from backend.config.catalogue import describe
from backend.config.database_groups import DatabaseSettings
from backend.config.explain import explain
from backend.config.groups import (
    AgentSettings,
    AuthSettings,
    DocumentSettings,
    LimitSettings,
    LogSettings,
    ModelSettings,
    ServerSettings,
    StorageSettings,
    ToolSettings,
)
from backend.config.inside_groups import HistorySettings, MetricsSettings, TracingSettings
from backend.config.names import check_names
from backend.config.object_groups import ObjectSettings
from backend.config.sources import Entry, as_tree, read_layers
from backend.config.tool_groups import (
    ApprovalSettings,
    ArtifactSettings,
    AttachmentSettings,
    McpSettings,
    QuerySettings,
    SandboxSettings,
    WebSettings,
)
from backend.config.upstream_groups import AnswerCacheSettings, CredentialSettings
from backend.config.values import (
    ApiKey,
    DatabaseUrl,
    Folder,
    HostName,
    HttpUrl,
    HttpUrls,
    LogLevel,
    ModelName,
    OllamaUrls,
    Password,
    SigningKey,
    UserName,
)


def _default_database(data: dict[str, Any]) -> SecretStr:
    folder: Path = data["data_dir"]
    return SecretStr(f"sqlite+aiosqlite:///{(folder / 'steward.db').as_posix()}")


class Settings(BaseSettings):
    """Everything that can be set, frozen; the name of a setting is the field name in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    server_host: HostName = Field(default="127.0.0.1", description="Address the server binds.")
    server_port: int = Field(
        default=8000, ge=0, le=65_535, description="Port the server binds; 0 takes a free one."
    )
    public_url: HttpUrl | None = Field(
        default=None, description="Address people reach the server at; builds links in citations."
    )
    data_dir: Folder = Field(
        default=Path("data"), description="Folder of everything the server keeps."
    )
    database_url: DatabaseUrl = Field(
        default_factory=_default_database,
        description="The database.",
    )
    secret_key: SigningKey | None = Field(
        default=None,
        description="Signs access tokens; generated into DATA_DIR/secret.key when not given.",
    )
    admin_username: UserName = Field(
        default="admin", description="Name of the first administrator."
    )
    admin_password: Password | None = Field(
        default=None,
        description="Password of the first administrator; generated and printed once when not given.",
    )
    ollama_host: OllamaUrls = Field(
        default=("http://127.0.0.1:11434",),
        description="Where Ollama listens, written as for Ollama itself; several with commas share the work.",
    )
    ollama_model: ModelName | None = Field(
        default=None, description="Ollama model used by default."
    )
    upstream_openai_base_url: HttpUrls = Field(
        default=(),
        description="OpenAI-compatible model server, such as http://127.0.0.1:8001/v1; several with commas share the work.",
    )
    upstream_openai_api_key: ApiKey | None = Field(
        default=None, description="Key of that model server."
    )
    embedding_model: ModelName | None = Field(
        default=None, description="Model that embeds texts; see DOCUMENTS__EMBEDDER."
    )
    tavily_api_key: ApiKey | None = Field(default=None, description="Key of the Tavily web search.")
    log_level: LogLevel = Field(
        default="INFO", description="Least severe messages that are logged."
    )

    server: ServerSettings = Field(default_factory=ServerSettings)
    auth: AuthSettings = Field(default_factory=AuthSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    models: ModelSettings = Field(default_factory=ModelSettings)
    agent: AgentSettings = Field(default_factory=AgentSettings)
    documents: DocumentSettings = Field(default_factory=DocumentSettings)
    query: QuerySettings = Field(default_factory=QuerySettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    artifacts: ArtifactSettings = Field(default_factory=ArtifactSettings)
    objects: ObjectSettings = Field(default_factory=ObjectSettings)
    attachments: AttachmentSettings = Field(default_factory=AttachmentSettings)
    sandbox: SandboxSettings = Field(default_factory=SandboxSettings)
    tools: ToolSettings = Field(default_factory=ToolSettings)
    approvals: ApprovalSettings = Field(default_factory=ApprovalSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    mcp: McpSettings = Field(default_factory=McpSettings)
    answer_cache: AnswerCacheSettings = Field(default_factory=AnswerCacheSettings)
    credentials: CredentialSettings = Field(default_factory=CredentialSettings)
    metrics: MetricsSettings = Field(default_factory=MetricsSettings)
    tracing: TracingSettings = Field(default_factory=TracingSettings)
    history: HistorySettings = Field(default_factory=HistorySettings)

    _origins: Mapping[str, str] = PrivateAttr(default_factory=dict[str, str])
    _warnings: tuple[str, ...] = PrivateAttr(())
    _given: Mapping[str, str] = PrivateAttr(default_factory=dict[str, str])

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the caller only; `load_settings` reads the layers and their lines."""
        _ = settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Lines to log at the start: names in the environment that look misspelt."""
        return self._warnings

    def origins(self) -> tuple[tuple[str, str], ...]:
        """List the names that were given and where, in the order they were read."""
        return tuple(self._origins.items())

    def origin(self, name: str) -> str:
        """Say where a setting came from: `environment`, `.env line 3`, `default` ..."""
        return self._origins.get(name, "default")

    def environment(self) -> dict[str, str]:
        """Write down what was given, secrets too, as the environment of a process with the same settings."""
        return dict(self._given)

    def remember(
        self, *, given: Mapping[str, str], origins: Mapping[str, str], warnings: tuple[str, ...]
    ) -> Self:
        """Note where the values came from; for `load_settings`, right after construction."""
        self._given, self._origins, self._warnings = given, origins, warnings
        return self

    @model_validator(mode="after")
    def _refuse_itself(self) -> Self:
        for name in ("upstream_openai_base_url", "ollama_host"):
            urls: tuple[str, ...] = getattr(self, name)
            own = partial(same_server, host=self.server_host, port=self.server_port)
            if any(map(own, urls)):
                raise PydanticCustomError(
                    "setting",
                    "this server is its own model server there",
                    {"setting": name.upper()},
                )
        return self


def load_settings(
    *,
    env_file: Path = Path(".env"),
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Settings:
    """Read `.env`, then the environment, then the command line; later ones win.

    Empty values count as not given. A missing `.env` is no error.

    Raises:
        SettingsError: on the first unknown name or bad value, in one line.
    """
    layers = read_layers(
        env_file=env_file,
        environ=os.environ if environ is None else environ,
        overrides=overrides or {},
    )
    known = describe(Settings)
    warnings = check_names(layers, known=frozenset(known))
    values: dict[str, Entry] = {
        entry.name: entry
        for layer in layers
        for entry in layer.entries
        if entry.value and (entry.name in known or entry.name.startswith("TOOLS__"))
    }
    origins = {name: entry.origin for name, entry in values.items()}
    try:
        settings = Settings(**as_tree(values))
    except ValidationError as exc:
        raise explain(exc, known=known, entries=values) from None
    given = {name: entry.value for name, entry in values.items()}
    return settings.remember(given=given, origins=origins, warnings=warnings)
