"""The groups of settings of what tools work with, such as WEB__TIMEOUT_S.

Not for: options of one tool alone, which live in the tool's own module.
"""

from __future__ import annotations

from pydantic import Field

from backend.config.groups import DAY_S, MIB, Group
from backend.config.values import Networks, Ports, ToolRules, UserAgent


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


class ArtifactSettings(Group):
    """Files that tools make, such as charts."""

    max_files_per_call: int = Field(
        default=10, ge=0, le=1000, description="Files kept of one tool call."
    )
    max_file_bytes: int = Field(
        default=20 * MIB, ge=1024, le=1024 * MIB, description="Largest file kept."
    )
    max_bytes_per_user: int = Field(
        default=1024 * MIB, ge=1024, description="Bytes of such files one user may keep."
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
