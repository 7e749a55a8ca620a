"""Addresses that strangers choose: how one is read, and which machines may be reached by it.

An address is read once and written again from its parts, so that no two readers can understand it
differently. Not for: addresses an administrator configured, or connecting (`public_http`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import quote, unquote, urlsplit

from yarl import URL

from backend.kit.http import FetchError

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_URL_CHARS = 4_000
_MAX_HOST_CHARS = 253
_FIRST_FREE_PORT = 1024
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff]")
_NETLOC = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([^\[\]:@/?#\s]{1,1000}))(?::([0-9]{0,5}))?")
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"

# What clouds tell a machine about itself, secrets too; refused whatever an operator allows.
_METADATA_ADDRESSES = frozenset(
    ip_address(one)
    for one in [
        "169.254.169.254",
        "169.254.169.253",
        "169.254.169.123",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
    ]
)
_METADATA_NAMES = frozenset([
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "metadata.azure.internal",
    "instance-data",
    "instance-data.ec2.internal",
    "metadata.tencentyun.com",
    "metadata.packet.net",
    "metadata.platformequinix.com",
    "rancher-metadata",
    "rancher-metadata.rancher.internal",
])
# RFC 6761, RFC 6762, RFC 8375 and what private networks call themselves.
_LOCAL_ENDS = (
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "private",
    "lan",
    "home",
    "corp",
    "home.arpa",
    "onion",
)
# Counted as global by `ipaddress`, and yet nobody's web server: RFC 6890, RFC 7526.
_NOT_WEB_V4 = (ip_network("192.0.0.0/24"), ip_network("192.88.99.0/24"))
_GLOBAL_V6 = ip_network("2000::/3")
_NOT_WEB_V6 = (ip_network("2001::/23"), ip_network("3fff::/20"))
_NAT64 = ip_network("64:ff9b::/96")
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
_LOW_32 = 0xFFFF_FFFF
_BYTE = 255
_IPV4_PARTS = 4
_MAX_DIGITS = 40


class AddressRefused(FetchError):
    """The address may not be read by this server, whoever asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A web address in parts; `host` is an ASCII name or a number, `tail` is path and query."""

    scheme: str
    host: str
    port: int
    tail: str
    literal: IpAddress | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port, as in `https://example.org`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == DEFAULT_PORTS[self.scheme]
        return f"{self.scheme}://{host}" + ("" if usual else f":{self.port}")

    @property
    def url(self) -> str:
        """The whole address, written anew."""
        return f"{self.origin}{self.tail}"


def read_target(text: str) -> Target:
    """Read an http(s) address; raise AddressRefused with the reason."""
    url = text.strip()
    if len(url) > MAX_URL_CHARS:
        msg = f"the address is longer than {MAX_URL_CHARS} characters"
        raise AddressRefused(msg)
    if _FORBIDDEN.search(url):
        raise AddressRefused("the address holds a backslash or control characters")
    try:
        parts = urlsplit(url)
    except ValueError as exc:
        raise AddressRefused("the address is not a web address") from exc
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise AddressRefused("only http:// and https:// addresses can be read")
    if "@" in parts.netloc:
        raise AddressRefused("an address with a user name or password is not read")
    found = _NETLOC.fullmatch(parts.netloc)
    if found is None:
        raise AddressRefused("the address has no valid host")
    host, literal = _numbered(found[1]) if found[1] else _named(found[2])
    port = int(found[3]) if found[3] else DEFAULT_PORTS[scheme]
    tail = quote(parts.path or "/", safe=_PATH_SAFE)
    if parts.query:
        tail += "?" + quote(parts.query, safe=_PATH_SAFE + "?[]")
    return Target(scheme=scheme, host=host, port=port, tail=tail, literal=literal)


def with_scheme(text: str) -> str:
    """Complete an address without a scheme to https; one with any scheme stays as it is."""
    url = text.strip()
    found = _SCHEME.match(url)
    if found and not re.match(r"[0-9]{1,5}(?:[/?#]|$)", url[found.end() :]):
        return url
    return f"https://{url.removeprefix('//')}"


def _numbered(text: str) -> tuple[str, IpAddress]:
    try:
        address = _unmapped(IPv6Address(text))
    except AddressValueError as exc:
        raise AddressRefused("the address has no valid host") from exc
    return str(address), address


def _named(text: str) -> tuple[str, IpAddress | None]:
    """Write a host name as resolvers see it; numbers in any spelling become an address."""
    try:
        name = unquote(text, errors="strict").lower()
        if not name.isascii():  # UTS 46: full-width letters, circled digits, other dots
            name = (URL.build(scheme="http", host=name).raw_host or "").lower()
    except ValueError as exc:
        raise AddressRefused("the address has no valid host") from exc
    name = name.removesuffix(".")
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        address = _ipv4(labels)
        return str(address), address
    if len(name) > _MAX_HOST_CHARS or not all(map(_NAME.fullmatch, labels)):
        raise AddressRefused("the address has no valid host")
    return name, None


def _ipv4(labels: list[str]) -> IPv4Address:
    """Read the numeric forms of https://url.spec.whatwg.org/#concept-ipv4-parser."""
    numbers = [_number(one) for one in labels]
    value = -1
    if len(numbers) <= _IPV4_PARTS and all(one <= _BYTE for one in numbers[:-1]):
        rest = 8 * (_IPV4_PARTS + 1 - len(numbers))
        high = sum(one << (8 * (3 - at)) for at, one in enumerate(numbers[:-1]))
        value = high + numbers[-1] if 0 <= numbers[-1] < 1 << rest else -1
    if value < 0 or min(numbers) < 0:
        raise AddressRefused("the host ends in a number and is no IP address")
    return IPv4Address(value)


def _number(text: str) -> int:
    """Read a decimal, octal or hexadecimal number; -1 when it is none."""
    if not _NUMBER.fullmatch(text) or len(text) > _MAX_DIGITS:
        return -1
    try:
        if text.startswith("0x"):
            return int(text[2:] or "0", 16)
        return int(text, 8) if text.startswith("0") else int(text)
    except ValueError:
        return -1


def _unmapped(address: IpAddress) -> IpAddress:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPolicy:
    """Which addresses may be read: public ones at `ports`, and what lies in `networks`.

    Machines in `networks` may be read at every port from 1024 too. Metadata services never.
    """

    ports: frozenset[int] = frozenset({80, 443})
    networks: tuple[IpNetwork, ...] = field(default=())

    def check_target(self, target: Target) -> None:
        """Refuse what can be known before its name is looked up."""
        name = target.host
        if name in _METADATA_NAMES:
            raise AddressRefused("metadata services of clouds are not read")
        if target.literal is not None:
            self.check_address(target.literal, port=target.port)
            return
        local = "." not in name or name.endswith(tuple(f".{end}" for end in _LOCAL_ENDS))
        if local and not self.networks:
            msg = f"{name} is a name of a private network; only public pages are read"
            raise AddressRefused(msg)
        if not self.networks:
            self._check_port(target.port)

    def check_address(self, given: IpAddress, *, port: int) -> str:
        """Refuse a machine that is not public; otherwise give its address to connect to."""
        address = _unmapped(given)
        if address in _METADATA_ADDRESSES:
            raise AddressRefused("metadata services of clouds are not read")
        if any(address in network for network in self.networks):
            if port < _FIRST_FREE_PORT:
                self._check_port(port)
            return str(address)
        if not is_public(address):
            raise AddressRefused(
                "the address leads into a private network; only public pages are read"
            )
        self._check_port(port)
        return str(address)

    def _check_port(self, port: int) -> None:
        if port not in self.ports:
            ports = ", ".join(map(str, sorted(self.ports)))
            msg = f"port {port} is not one that pages are read from ({ports})"
            raise AddressRefused(msg)


def is_public(address: IpAddress) -> bool:
    """Tell an address that everybody on the internet reaches, the IPv4 inside an IPv6 one included."""
    if isinstance(address, IPv4Address):
        usual = address.is_global and not address.is_multicast
        return usual and not any(address in network for network in _NOT_WEB_V4)
    inner = _inner_v4(address)
    if address.scope_id is not None or (inner is not None and not is_public(inner)):
        return False
    if address.ipv4_mapped is not None or address in _NAT64:
        return inner not in _METADATA_ADDRESSES
    # Tunnels out of use (RFC 7526, RFC 4380) would carry an IPv4 address of anybody's choice.
    tunnel = address.sixtofour is not None or address.teredo is not None
    special = any(address in network for network in _NOT_WEB_V6)
    return address in _GLOBAL_V6 and address.is_global and not tunnel and not special


def _inner_v4(address: IPv6Address) -> IPv4Address | None:
    """Give the IPv4 address that an IPv6 one stands for: mapped, NAT64 (RFC 6052) or ISATAP."""
    isatap = (int(address) >> 32) & _LOW_32 in _ISATAP
    if address.ipv4_mapped is None and address not in _NAT64 and not isatap:
        return None
    return IPv4Address(int(address) & _LOW_32)
