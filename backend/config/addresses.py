"""Addresses and keys as people write them in settings, brought into one form or refused.

Every function takes the text and returns the normal form, or raises ValueError with the problem.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

OLLAMA_PORT = 11434
_OLLAMA_DEFAULT_PORTS = {"": OLLAMA_PORT, "http": 80, "https": 443}
_LOOPBACK_NAMES = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "::"}  # noqa: S104 - compared, not bound
_PLACEHOLDERS = ("changeme", "change-me", "change_me", "your-secret", "your_secret", "placeholder")
_COMMON_PASSWORDS = {"password", "admin123", "12345678", "123456789", "qwertyui", "administrator"}


def http_url(text: str) -> str:
    """Check an http(s) address and drop the slash at its end."""
    parts = _split(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        msg = "it is not an http:// or https:// address"
        raise ValueError(msg)
    if parts.username is not None or parts.password is not None:
        msg = "it holds a user name or password: give keys in their own setting"
        raise ValueError(msg)
    if parts.query or parts.fragment:
        msg = "it holds a query or fragment"
        raise ValueError(msg)
    return text.strip().rstrip("/")


def origin(text: str) -> str:
    """Check one web origin, `https://host[:port]` without a path."""
    url = http_url(text)
    if urlsplit(url).path:
        msg = "an origin has no path"
        raise ValueError(msg)
    return url


def network(text: str) -> str:
    """Check one address or network of a proxy, such as 10.0.0.0/8."""
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError as exc:
        msg = "it is not an IP address or network"
        raise ValueError(msg) from exc


def host_name(text: str) -> str:
    """Check the address a server binds: a name or an IP, without scheme or port."""
    host = text.strip().strip("[]")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,253}", host) and not _is_ipv6(host):
        msg = "it is not a host name or IP address"
        raise ValueError(msg)
    return host


def host_with_port(text: str) -> str:
    """Check a host and its port, and write both as addresses have them."""
    parts = _split(f"//{text.strip()}")
    host = (parts.hostname or "").removesuffix(".")
    whole = parts.username is None and not (parts.path or parts.query or parts.fragment)
    if not whole or not parts.port or not host:
        msg = "it is not a host with a port"
        raise ValueError(msg)
    host = host_name(host)
    return (
        f"[{ipaddress.IPv6Address(host)}]:{parts.port}" if ":" in host else f"{host}:{parts.port}"
    )


def ollama_url(text: str) -> str:
    """Read OLLAMA_HOST as Ollama itself does and return a whole address.

    `host`, `host:port`, `:port` and addresses with a scheme are accepted; a bare host gets port
    11434, a scheme its own port. "Any address" becomes loopback, which is where a client finds it.
    Source: https://github.com/ollama/ollama/blob/main/envconfig/config.go
    """
    scheme, found, rest = text.strip().partition("://")
    if not found:
        scheme, rest = "", text.strip()
    if scheme not in _OLLAMA_DEFAULT_PORTS:
        msg = "its scheme is neither http nor https"
        raise ValueError(msg)
    place, _, path = rest.partition("/")
    bare_ipv6 = place.count(":") > 1 and not place.startswith("[")
    parts = _split(f"//[{place}]" if bare_ipv6 else f"//{place}")
    if parts.username is not None:
        msg = "it holds a user name or password"
        raise ValueError(msg)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(parts.hostname or "", parts.hostname)  # noqa: S104 - replaced, not bound
    host = host_name(host or "127.0.0.1")
    shown = f"[{host}]" if ":" in host else host
    port = _OLLAMA_DEFAULT_PORTS[scheme] if parts.port is None else parts.port
    path = path.rstrip("/")
    return f"{scheme or 'http'}://{shown}:{port}" + (f"/{path}" if path else "")


def same_server(url: str, *, host: str, port: int) -> bool:
    """Tell whether a URL leads to the address this server binds; all loopback names are one."""
    parts = urlsplit(url)
    theirs = parts.port or {"http": 80, "https": 443}[parts.scheme]
    hosts = {parts.hostname or "", host}
    return theirs == port and (len(hosts) == 1 or hosts <= _LOOPBACK_NAMES)


def database_url(text: str) -> str:
    """Check a database address and name the driver of its kind in it."""
    scheme, found, rest = text.strip().partition("://")
    if found and scheme.partition("+")[0] in {"postgres", "postgresql"}:
        return _postgres_url(rest)
    if not found or scheme not in {"sqlite", "sqlite+aiosqlite"}:
        msg = "this database is not supported"
        raise ValueError(msg)
    if not rest.startswith("/") or rest == "/":
        msg = "it names no file"
        raise ValueError(msg)
    return f"sqlite+aiosqlite://{rest}"


def _postgres_url(rest: str) -> str:
    parts = _split(f"postgresql://{rest}")
    if not parts.path.strip("/") or "/" in parts.path.strip("/"):
        msg = "it names no database"
        raise ValueError(msg)
    if parts.netloc.count("@") > 1:
        msg = "its user name or password holds an @: write it as %40"
        raise ValueError(msg)
    return f"postgresql+psycopg://{rest}"


def secret_key(text: str) -> str:
    """Refuse keys that are short, well known or hardly random."""
    lowered = text.lower()
    if any(word in lowered for word in _PLACEHOLDERS):
        msg = "it is a well-known placeholder"
        raise ValueError(msg)
    if len(text.encode()) < 32:
        msg = "it is shorter than 32 bytes"
        raise ValueError(msg)
    if len(set(text)) < 10:
        msg = "it repeats a few characters"
        raise ValueError(msg)
    return text


def credential_key(text: str) -> str:
    """Check a key of the credentials: 32 bytes in url-safe base64, as Fernet wants them."""
    try:
        known = len(base64.urlsafe_b64decode(text.strip())) == 32
    except ValueError:
        known = False
    if not known:
        msg = "it is not 32 bytes in url-safe base64"
        raise ValueError(msg)
    return text.strip()


def password(text: str) -> str:
    """Refuse passwords that are short, well known or longer than bcrypt reads (72 bytes)."""
    if text.lower() in _COMMON_PASSWORDS or any(word in text.lower() for word in _PLACEHOLDERS):
        msg = "it is a well-known password"
        raise ValueError(msg)
    if not len(text) >= 8 or len(text.encode()) > 72:
        msg = "its length does not fit"
        raise ValueError(msg)
    return text


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def _split(text: str) -> SplitResult:
    if any(c.isspace() or ord(c) < 32 for c in text.strip()):
        msg = "it holds white space"
        raise ValueError(msg)
    try:
        parts = urlsplit(text.strip())
        _ = parts.port
    except ValueError as exc:
        msg = "it is not a valid address"
        raise ValueError(msg) from exc
    return parts
