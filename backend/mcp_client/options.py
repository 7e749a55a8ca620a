"""The bounds within which servers that callers name are reached, and which of them may be."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_network

from backend.kit.public_address import AddressPolicy, AddressRefused, Target, read_target

MAX_LABEL_CHARS = 64
MAX_HEADERS = 32
MAX_HEADER_BYTES = 16_384
_EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}")
_VALUE = re.compile(r"[\x20-\x7e\t\x80-\xff]*")
# What says how a message is carried, or belongs to the protocol.
_NOT_THEIRS = frozenset({
    "host",
    "connection",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "accept",
    "accept-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "keep-alive",
    "mcp-session-id",
    "mcp-protocol-version",
    "last-event-id",
})


@dataclass(frozen=True, slots=True, kw_only=True)
class McpOptions:
    """How remote servers are used; see docs/settings.md. `allowed_hosts` are `host:port`."""

    enabled: bool = True
    allowed_hosts: frozenset[str] = field(default_factory=frozenset[str])
    ports: frozenset[int] = frozenset({443, 8443})
    timeout_s: float = 30.0
    max_servers: int = 8
    max_tools: int = 64
    max_description_chars: int = 1_000
    max_schema_bytes: int = 16_384
    max_response_bytes: int = 2 * 1024 * 1024
    max_result_chars: int = 12_000

    def policy_for(self, target: Target) -> AddressPolicy:
        """Give what an address is checked by: public machines over TLS, or a host that is allowed.

        Raises:
            AddressRefused: for one that is not encrypted and not allowed.
        """
        host = f"[{target.host}]" if ":" in target.host else target.host
        if f"{host}:{target.port}" in self.allowed_hosts:
            return AddressPolicy(ports=frozenset({target.port}), networks=_EVERYWHERE)
        if target.scheme != "https":
            msg = f"only https:// servers are reached, and hosts in MCP__ALLOWED_HOSTS ({host}:{target.port} is none)"
            raise AddressRefused(msg)
        return AddressPolicy(ports=self.ports)

    def target(self, url: str) -> Target:
        """Read a server's address; raise AddressRefused for one that is refused without a look-up."""
        target = read_target(url)
        self.policy_for(target).check_target(target)
        return target


def header_fault(name: str, value: str) -> str:
    """Say why a header cannot be sent; nothing when it can."""
    shown = name[:80] if _TOKEN.fullmatch(name[:80]) else "?"
    if not _TOKEN.fullmatch(name):
        return "a header's name is not valid"
    if name.lower() in _NOT_THEIRS or name.lower().startswith("proxy-"):
        return f"the header {shown} is not the caller's to set"
    if not _VALUE.fullmatch(value):
        return f"the value of the header {shown} holds line breaks or control characters"
    return ""
