"""The groups of settings written with two underscores, such as MODELS__RETRIES.

Not for: options of single tools, which live in the tool's own module.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.config.values import (
    EmbedderKind,
    Folder,
    KeepAlive,
    LogFormat,
    ModelName,
    ModelPlaces,
    Names,
    Networks,
    Origins,
    Precision,
    Priority,
    RouterKind,
    WorkerPlace,
)

MIB = 1024 * 1024
DAY_S = 86_400


class Group(BaseModel):
    """A frozen set of settings that refuses unknown names."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False
    )


class ServerSettings(Group):
    """How the server takes requests."""

    request_body_max_bytes: int = Field(
        default=12 * MIB, ge=1024, le=1024 * MIB, description="Largest request body accepted."
    )
    shutdown_grace_s: int = Field(
        default=20,
        ge=0,
        le=600,
        description="How long running streams may end after a stop signal.",
    )
    request_head_s: float = Field(
        default=20.0,
        ge=0.5,
        le=600,
        description="How long the head of a request may take to arrive.",
    )
    unread_answer_s: float = Field(
        default=60.0,
        ge=0,
        le=3600,
        description="How long an answer waits for a client that reads nothing of it; 0 waits for ever.",
    )
    keep_alive_comment_s: float = Field(
        default=10.0,
        ge=1,
        le=300,
        description="Silence in a stream after which a comment keeps it open.",
    )
    first_byte_wait_s: float = Field(
        default=5.0,
        ge=0,
        le=60,
        description="How long a stream waits for an early failure before it answers 200.",
    )
    cors_origins: Origins = Field(
        default=(), description="Other web origins whose pages may call this server."
    )
    trusted_proxies: Networks = Field(
        default=(), description="Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."
    )


class AuthSettings(Group):
    """How people log in."""

    access_token_ttl_s: int = Field(
        default=3600, ge=60, le=DAY_S, description="How long an access token is valid."
    )
    refresh_token_ttl_s: int = Field(
        default=30 * DAY_S,
        ge=3600,
        le=365 * DAY_S,
        description="How long the page stays logged in.",
    )
    bcrypt_rounds: int = Field(
        default=12, ge=10, le=16, description="Cost of a password hash; each step doubles the time."
    )
    login_failures_per_account: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="Failed log-ins of one account from one address per window.",
    )
    login_failures_per_address: int = Field(
        default=50, ge=1, le=100_000, description="Failed log-ins from one address per window."
    )
    login_window_s: int = Field(
        default=900, ge=10, le=DAY_S, description="The window in which failed log-ins are counted."
    )


class LimitSettings(Group):
    """How much one user may ask of /v1."""

    requests_per_minute: int = Field(
        default=30_000, ge=0, le=10_000_000, description="Requests of one user; 0 = no limit."
    )
    tokens_per_minute: int = Field(
        default=0,
        ge=0,
        le=1_000_000_000,
        description="Tokens of one user, prompts and answers together; 0 = no limit.",
    )


class ModelSettings(Group):
    """How model servers are used."""

    default_model: ModelName | None = Field(
        default=None,
        description="Model that the name `default` stands for; otherwise the first one found.",
    )
    connect_timeout_s: float = Field(
        default=5.0, ge=0.1, le=60, description="How long a connection to a model server may take."
    )
    first_token_timeout_s: float = Field(
        default=300.0,
        ge=1,
        le=3600,
        description="How long a model may load and read before its first token.",
    )
    idle_timeout_s: float = Field(
        default=60.0, ge=1, le=3600, description="Longest pause between two tokens."
    )
    max_concurrent: int = Field(
        default=512, ge=1, le=10_000, description="Calls to one model server at the same time."
    )
    max_context_tokens: int = Field(
        default=16_384,
        ge=1024,
        le=2_097_152,
        description="Upper bound of the context a model is given.",
    )
    keep_alive: KeepAlive = Field(
        default="5m", description="How long Ollama keeps a model in memory after a call."
    )
    concurrency: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="Calls of one model at the same time, per process; further ones queue; 0 = no limit.",
    )
    concurrency_of: ModelPlaces = Field(
        default_factory=dict[str, int],
        description="The same for single models, by name.",
    )
    queue_length: int = Field(
        default=256, ge=0, le=100_000, description="Calls that may wait for one model; then 503."
    )
    queue_timeout_s: float = Field(
        default=300.0,
        ge=1,
        le=3600,
        description="How long a call may wait for its model; then 503.",
    )
    retries: int = Field(
        default=2, ge=0, le=10, description="Further tries after a failure before the first token."
    )


class AgentSettings(Group):
    """How requests are routed and how agents work."""

    router: RouterKind = Field(
        default="rules",
        description="How the route is chosen; `keywords` is the plain word-list baseline.",
    )
    router_model_below_confidence: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Ask the model for the route below this confidence; 0 = never.",
    )
    react_max_iterations: int = Field(
        default=5, ge=1, le=50, description="Rounds of thought, action and observation in one run."
    )
    plan_max_rounds: int = Field(
        default=3, ge=1, le=10, description="Rounds of planning, work and verification in one run."
    )
    plan_max_steps: int = Field(default=12, ge=1, le=50, description="Steps of one plan.")
    tool_timeout_s: float = Field(
        default=60.0, ge=1, le=3600, description="Longest time of one tool call."
    )
    tool_output_max_chars: int = Field(
        default=12_000,
        ge=200,
        le=1_000_000,
        description="Most text of one tool result shown to the model.",
    )
    chat_tools_below_confidence: float = Field(
        default=0.6,
        ge=0,
        le=1,
        description="Offer tools in plain chat below this routing confidence.",
    )
    documents_above_relevance: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Look a chat question up in the caller's documents when they fit it this well; 0 = never.",
    )
    resume_after_crash: Literal["ask", "auto", "off"] = Field(
        default="ask",
        description="Interrupted answers of sessions: resumed on request, by the server at its start, or never.",
    )


class DocumentSettings(Group):
    """What may be uploaded, and how it is read and indexed."""

    upload_wait_s: float = Field(
        default=20.0,
        ge=0,
        le=600,
        description="How long an upload waits for its file to be ready before it answers.",
    )
    max_file_bytes: int = Field(
        default=100 * MIB, ge=1024, le=10_240 * MIB, description="Largest file accepted."
    )
    max_files_per_user: int = Field(
        default=10_000, ge=1, le=10_000_000, description="Files one user may keep."
    )
    max_bytes_per_user: int = Field(
        default=10_240 * MIB, ge=1024, description="Bytes of files one user may keep."
    )
    max_waiting_per_user: int = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        description="Documents of one user that wait to be read.",
    )
    max_pages: int = Field(default=5_000, ge=1, le=1_000_000, description="Pages of one document.")
    max_chars: int = Field(
        default=10_000_000, ge=1_000, le=1_000_000_000, description="Characters of one document."
    )
    max_unpacked_bytes: int = Field(
        default=500 * MIB, ge=1024, description="Size of a packed document once unpacked."
    )
    read_timeout_s: float = Field(
        default=120.0, ge=1, le=86_400, description="Longest time to read one document without OCR."
    )
    read_memory_bytes: int = Field(
        default=1024 * MIB, ge=256 * MIB, description="Most memory to read one document."
    )
    ocr: bool = Field(
        default=True, description="Read pages without text by tesseract, when it is installed."
    )
    ocr_languages: str = Field(
        default="eng",
        pattern=r"^[A-Za-z_]+(\+[A-Za-z_]+)*$",
        max_length=200,
        description="Languages for tesseract, such as eng+deu.",
    )
    ocr_page_timeout_s: float = Field(
        default=60.0, ge=1, le=3600, description="Longest time to read one page by OCR."
    )
    concurrent_per_user: int = Field(
        default=1, ge=1, le=64, description="Documents of one user that are read at the same time."
    )
    worker: WorkerPlace = Field(
        default="attached",
        description="Whether this server runs a worker of its own, or workers run apart.",
    )
    worker_threads: int = Field(
        default=0,
        ge=0,
        le=256,
        description="Threads that embed uploads; 0 takes half of the processors.",
    )
    worker_priority: Priority = Field(
        default="low", description="How much of a busy machine uploads may take from chats."
    )
    worker_idle_s: float = Field(
        default=30.0, ge=0, le=86_400, description="How long the worker stays without work."
    )
    embedder: EmbedderKind | None = Field(
        default=None,
        description="Who embeds; otherwise ollama when EMBEDDING_MODEL is set, and minilm when not.",
    )
    model_dir: Folder | None = Field(
        default=None, description="Folder of the embedded model; otherwise models in DATA_DIR."
    )
    embedding_precision: Precision = Field(
        default="int8", description="Precision of the embedded model minilm."
    )
    reranker: ModelName | None = Field(
        default=None,
        description="Cross-encoder that orders passages again, of the extra [torch].",
    )
    chunk_chars: int = Field(
        default=400, ge=100, le=8_000, description="Most characters of one indexed chunk."
    )
    passage_chars: int = Field(
        default=1_000, ge=100, le=20_000, description="Characters a hit is grown to."
    )
    index_memory_bytes: int = Field(
        default=512 * MIB, ge=MIB, description="Memory for the vectors of users who search."
    )


class StorageSettings(Group):
    """How long things are kept."""

    run_retention_days: int = Field(
        default=30, ge=1, le=3650, description="Age in days after which traces of runs are removed."
    )
    answer_retention_days: int = Field(
        default=90,
        ge=1,
        le=3650,
        description="Age in days after which responses and completions that clients stored are removed.",
    )
    interrupted_retention_days: int = Field(
        default=7, ge=1, le=3650, description="Days for which an interrupted answer can be resumed."
    )
    idle_session_retention_days: int = Field(
        default=0,
        ge=0,
        le=36_500,
        description="Days without use after which sessions are removed for good; 0 = never.",
    )
    vacuum: bool = Field(
        default=True,
        description="Give space that was freed in SQLite files back to the disk, daily.",
    )


class LogSettings(Group):
    """What is logged, and how."""

    format: LogFormat = Field(default="text", description="Lines for people, or JSON for machines.")
    access: bool = Field(default=False, description="One log line for every request.")
    error_texts: bool = Field(
        default=False,
        description="Log the texts of unexpected errors, which may quote what people wrote.",
    )
    third_party_tracing: bool = Field(
        default=False,
        description="Leave tracing of third-party libraries (LangSmith) as the environment has it.",
    )


class ToolSettings(Group):
    """Which tools are off, and the raw options of each, checked later by the tool's own model."""

    disabled: Names = Field(default=(), description="Tools that are switched off.")
    options: dict[str, dict[str, Any]] = Field(
        default_factory=dict[str, dict[str, Any]],
        repr=False,
        description="Options by tool and field, as written.",
    )
