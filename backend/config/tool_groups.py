"""The groups of settings of what tools work with, such as WEB__TIMEOUT_S.

Not for: options of one tool alone, which live in the tool's own module.
"""

from __future__ import annotations

from pydantic import Field

from backend.config.groups import DAY_S, MIB, Group
from backend.config.query_databases import QueryDatabases
from backend.config.values import (
    FolderInPlace,
    HostsWithPort,
    Networks,
    Ports,
    ToolRules,
    UserAgent,
)

_TIB = 1_048_576 * MIB


class WebSettings(Group):
    """How pages that people and models name are fetched and read."""

    allow_networks: Networks = Field(
        default=(),
        description="Networks of your own that pages may be read from; otherwise public ones only.",
    )
    ports: Ports = Field(
        default=(80, 443, 8000, 8080, 8443),
        description="Ports of public hosts that pages are read from.",
    )
    user_agent: UserAgent = Field(
        default="Steward/0.1 (self-hosted agent server)",
        description="What the server calls itself; robots.txt knows it by the first word.",
    )
    timeout_s: float = Field(
        default=20.0,
        ge=1,
        le=300,
        description="Longest time to fetch one page, redirects included.",
    )
    max_bytes: int = Field(
        default=10 * MIB, ge=1024, le=200 * MIB, description="Largest page, unpacked."
    )
    max_redirects: int = Field(
        default=5, ge=0, le=20, description="How often a page may lead to another address."
    )
    robots: bool = Field(
        default=True, description="Leave pages alone that robots.txt asks programs not to read."
    )
    cache_s: float = Field(
        default=300.0, ge=0, le=86_400, description="How long a page is kept; 0 = not at all."
    )
    cache_bytes: int = Field(
        default=4 * MIB, ge=0, le=1024 * MIB, description="Most text of pages that is kept."
    )


class AttachmentSettings(Group):
    """Images and files in messages."""

    request_max_bytes: int = Field(
        default=32 * MIB,
        ge=1024,
        le=1024 * MIB,
        description="Largest request body with messages; they may hold files in base64.",
    )
    max_images: int = Field(default=50, ge=0, le=1000, description="Images in one request.")
    max_image_bytes: int = Field(
        default=20 * MIB, ge=1024, le=200 * MIB, description="Largest image."
    )
    max_image_pixels: int = Field(
        default=50_000_000, ge=1000, le=1_000_000_000, description="Most pixels of one image."
    )
    max_file_bytes: int = Field(
        default=32 * MIB,
        ge=1024,
        le=1024 * MIB,
        description="Largest document given by address or in the request; uploads may be larger.",
    )
    fetch: bool = Field(
        default=True,
        description="Fetch images and files by address; never while web_fetch is switched off.",
    )
    fetch_timeout_s: float = Field(
        default=15.0, ge=1, le=300, description="Longest time to fetch one, redirects included."
    )
    read_wait_s: float = Field(
        default=30.0,
        ge=0,
        le=600,
        description="How long a request waits for its documents to be read.",
    )
    context_share: float = Field(
        default=0.4,
        ge=0,
        le=0.7,
        description="Share of the model's context that the text of documents may take.",
    )


class McpSettings(Group):
    """How MCP servers that callers name in a request are reached."""

    enabled: bool = Field(
        default=True, description="Whether callers may name MCP servers whose tools a turn may use."
    )
    allowed_hosts: HostsWithPort = Field(
        default=(),
        description="Servers of your own network that callers may name, also without TLS; otherwise public https ones only.",
    )
    ports: Ports = Field(
        default=(443, 8443), description="Ports of public hosts at which such servers are reached."
    )
    timeout_s: float = Field(
        default=30.0,
        ge=1,
        le=600,
        description="Longest time to connect and list a server's tools, and of one call.",
    )
    max_servers: int = Field(default=8, ge=1, le=64, description="Servers in one request.")
    max_tools: int = Field(
        default=64, ge=1, le=512, description="Tools of one server; further ones are left out."
    )
    max_response_bytes: int = Field(
        default=2 * MIB, ge=10_000, le=64 * MIB, description="Largest answer of such a server."
    )
    max_result_chars: int = Field(
        default=12_000,
        ge=100,
        le=1_000_000,
        description="Text kept of one result; AGENT__TOOL_OUTPUT_MAX_CHARS counts too.",
    )


class ArtifactSettings(Group):
    """Files that tools make, such as charts."""

    max_files_per_call: int = Field(
        default=10, ge=0, le=1000, description="Files kept of one tool call."
    )
    max_file_bytes: int = Field(
        default=20 * MIB, ge=1024, le=1024 * MIB, description="Largest file kept."
    )
    max_bytes_per_user: int = Field(
        default=1024 * MIB, ge=1024, le=_TIB, description="Bytes of such files one user may keep."
    )
    retention_days: int = Field(
        default=30, ge=1, le=3650, description="Age in days after which they are removed."
    )
    link_ttl_s: int = Field(
        default=DAY_S,
        ge=60,
        le=365 * DAY_S,
        description="How long a link in an answer opens one without log-in.",
    )


class SandboxSettings(Group):
    """How much Python code of models and users may use, and what it finds."""

    site_dir: FolderInPlace | None = Field(
        default=None,
        description="Folder of the packages code may import; otherwise what `make sandbox` made.",
    )
    timeout_s: float = Field(default=30.0, ge=1, le=3600, description="Longest time of one run.")
    cpu_s: int = Field(
        default=30, ge=1, le=3600, description="Processor time of each process of a run."
    )
    memory_bytes: int = Field(
        default=1024 * MIB,
        ge=256 * MIB,
        le=_TIB,
        description="Memory of all processes of a run together, with the files they write.",
    )
    processes: int = Field(
        default=32, ge=4, le=1024, description="Processes and threads of one run."
    )
    work_bytes: int = Field(
        default=64 * MIB, ge=MIB, le=_TIB, description="Size of the working folder of one run."
    )
    work_files: int = Field(
        default=10_000, ge=10, le=1_000_000, description="Files in the working folder of one run."
    )
    output_bytes: int = Field(
        default=64 * 1024, ge=1024, le=64 * MIB, description="Most output of one run."
    )
    input_bytes: int = Field(
        default=200 * MIB, ge=1024, le=_TIB, description="Size of the files given to one run."
    )
    input_files: int = Field(default=20, ge=0, le=200, description="Files given to one run.")
    made_files: int = Field(
        default=20, ge=0, le=200, description="Files kept of those that one run makes."
    )
    made_file_bytes: int = Field(
        default=16 * MIB, ge=1024, le=1024 * MIB, description="Largest file kept of one run."
    )
    made_total_bytes: int = Field(
        default=32 * MIB, ge=1024, le=1024 * MIB, description="Size of all files kept of one run."
    )
    concurrent: int = Field(
        default=2, ge=1, le=64, description="Runs at the same time; others wait."
    )


class DatabaseSettings(Group):
    """How databases that an administrator names are asked."""

    databases: QueryDatabases = Field(
        default=(), description="Databases open to read-only queries, by name; see docs/tools.md."
    )
    database_timeout_s: float = Field(
        default=20.0, ge=1, le=600, description="How long one query of a database may take."
    )
    database_max_rows: int = Field(
        default=1000, ge=1, le=100_000, description="Most rows one query of a database brings."
    )
    database_max_result_bytes: int = Field(
        default=2 * MIB,
        ge=10_000,
        le=64 * MIB,
        description="Most bytes of values one query of a database brings.",
    )
    database_processes: int = Field(
        default=2, ge=1, le=16, description="Queries of databases at the same time."
    )
    database_memory_mib: int = Field(
        default=512,
        ge=256,
        le=8192,
        description="Address space of a process that asks a database.",
    )


class QuerySettings(DatabaseSettings):
    """How tables in uploaded files are queried, and databases."""

    timeout_s: float = Field(
        default=30.0, ge=1, le=3600, description="Longest time of one query over files."
    )
    memory_bytes: int = Field(
        default=512 * MIB, ge=64 * MIB, le=_TIB, description="Memory of one query over files."
    )
    temp_bytes: int = Field(
        default=2_048 * MIB,
        ge=MIB,
        le=_TIB,
        description="Disk space one query over files may take, for unpacking and for what exceeds its memory.",
    )
    view_bytes: int = Field(
        default=16 * MIB,
        ge=0,
        le=_TIB,
        description="Larger files are read as the query needs them instead of being loaded first.",
    )
    threads: int = Field(default=2, ge=1, le=64, description="Threads of one query over files.")
    processes: int = Field(
        default=2, ge=1, le=32, description="Queries over files at the same time."
    )


class ApprovalSettings(Group):
    """Which tools whom is allowed, asked or denied, and how long a question waits."""

    rules: ToolRules = Field(
        default=(),
        description="Who may use which tool; see Approvals and trust in docs/tools.md.",
    )
    expire_s: int = Field(
        default=DAY_S,
        ge=60,
        le=30 * DAY_S,
        description="How long a call waits for the user's word before its run is ended.",
    )
