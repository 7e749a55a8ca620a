"""The groups of settings of what tools work with and may do, such as APPROVALS__EXPIRE_S.

Not for: options of single tools, which live in the tool's own module.
"""

from __future__ import annotations

from pydantic import Field

from backend.config.groups import DAY_S, Group
from backend.config.values import ToolRules


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
