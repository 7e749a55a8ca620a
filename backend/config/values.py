"""Types of single settings: how a text becomes a value, and what is allowed in words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import orjson
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints

from backend.config import addresses


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a setting accepts, in words that end the sentence "give ..."."""

    words: str


@dataclass(frozen=True, slots=True)
class DefaultWords:
    """A default that depends on other settings, in words."""

    words: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """Marks a value that holds secrets among other things; it is shown as little as they are."""


def _split_list(value: object) -> object:
    """Read `a, b` or a JSON array of texts as a list."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError as exc:
            msg = "it starts like a JSON array and is none"
            raise ValueError(msg) from exc
    return [part.strip() for part in value.split(",") if part.strip()]


def _split_addresses(value: object) -> object:
    """Read `a, b`; a bracket begins an IPv6 address, not JSON."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def _some(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        msg = "it names no address"
        raise ValueError(msg)
    return value


def _each_once(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(value)) != len(value):
        msg = "it names one address twice"
        raise ValueError(msg)
    return value


def _by_model(value: object) -> object:
    """Read `name=2, other=1` as numbers by name."""
    if not isinstance(value, str):
        return value
    pairs = [part.rpartition("=") for part in value.split(",") if part.strip()]
    if not all(name.strip() and number.strip().isdecimal() for name, _, number in pairs):
        msg = "it is not a list of name=number"
        raise ValueError(msg)
    return {name.strip(): number.strip() for name, _, number in pairs}


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _secret_key(value: SecretStr) -> SecretStr:
    return SecretStr(addresses.secret_key(value.get_secret_value()))


def _credential_key(value: SecretStr) -> SecretStr:
    return SecretStr(addresses.credential_key(value.get_secret_value()))


def _password(value: SecretStr) -> SecretStr:
    return SecretStr(addresses.password(value.get_secret_value()))


def _database(value: SecretStr) -> SecretStr:
    return SecretStr(addresses.database_url(value.get_secret_value()))


def _one_line(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().isprintable():
        msg = "it holds a line break or control character"
        raise ValueError(msg)
    return value


def _folder(value: Path) -> Path:
    if value.exists() and not value.is_dir():
        msg = "it is a file"
        raise ValueError(msg)
    return value.expanduser()


def _in_place(path: Path) -> Path:
    if not path.is_dir():
        msg = "there is no such folder"
        raise ValueError(msg)
    return path


HttpUrl = Annotated[
    str, AfterValidator(addresses.http_url), Allowed("an http:// or https:// address")
]
HttpUrls = Annotated[
    tuple[Annotated[str, AfterValidator(addresses.http_url)], ...],
    BeforeValidator(_split_addresses),
    AfterValidator(_each_once),
    Allowed("http:// or https:// addresses, separated by commas"),
]
OllamaUrls = Annotated[
    tuple[Annotated[str, AfterValidator(addresses.ollama_url)], ...],
    BeforeValidator(_split_addresses),
    AfterValidator(_some),
    AfterValidator(_each_once),
    Allowed("an address such as 127.0.0.1:11434 or https://models.example, or several with commas"),
]
ModelPlaces = Annotated[
    dict[str, Annotated[int, Field(ge=0, le=10_000)]],
    BeforeValidator(_by_model),
    Allowed("models with their numbers, such as llama3.2:3b=4, qwen3:8b=1"),
]
BucketUrl = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        pattern=r"^(s3|s3a|gs|az|azure|abfss?)://[A-Za-z0-9][A-Za-z0-9._@-]*(/[A-Za-z0-9._-]+)*/?$",
    ),
    Allowed("a bucket and a prefix such as s3://bucket/steward"),
]
HostName = Annotated[
    str, AfterValidator(addresses.host_name), Allowed("a host name or IP address without a port")
]
Origins = Annotated[
    tuple[Annotated[str, AfterValidator(addresses.origin)], ...],
    BeforeValidator(_split_list),
    Allowed("origins such as https://chat.example, separated by commas"),
]
Networks = Annotated[
    tuple[Annotated[str, AfterValidator(addresses.network)], ...],
    BeforeValidator(_split_list),
    Allowed("addresses or networks such as 10.0.0.0/8, separated by commas"),
]
Ports = Annotated[
    tuple[Annotated[int, Field(ge=1, le=65_535)], ...],
    BeforeValidator(_split_list),
    Allowed("port numbers separated by commas"),
]
HostsWithPort = Annotated[
    tuple[Annotated[str, AfterValidator(addresses.host_with_port)], ...],
    BeforeValidator(_split_list),
    Allowed("hosts with their ports such as tools.lan:8080, separated by commas"),
]
UserAgent = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z][\x20-\x7e]*$", max_length=200),
    Allowed("a name such as Steward/0.1 (contact@example.org), in plain letters"),
]
Names = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")], ...],
    BeforeValidator(_split_list),
    Allowed("names separated by commas"),
]
ToolRules = Annotated[
    tuple[
        Annotated[
            str,
            StringConstraints(
                strip_whitespace=True,
                pattern=r"^((user|role):\S+ +)?(\*|[A-Za-z_][A-Za-z0-9_:]*) *= *(allow|ask|deny)$",
            ),
        ],
        ...,
    ],
    BeforeValidator(_split_list),
    Allowed('rules such as ["web_fetch=ask", "role:user python_code=deny"]'),
]
ModelName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^\S+$", max_length=200),
    Allowed("a model name such as llama3.2:3b"),
]
UserName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[^\s:/]+$", max_length=64),
    Allowed("1 to 64 characters without white space, colon or slash"),
]
KeepAlive = Annotated[
    str,
    StringConstraints(pattern=r"^(-1|0|([0-9]+(\.[0-9]+)?(ms|s|m|h))+)$"),
    Allowed("a time such as 5m or 1h30m, 0 to unload at once, or -1 to keep for ever"),
]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)
]
EmbedderKind = Annotated[
    Literal["minilm", "ollama", "openai_compatible", "sentence_transformers"],
    BeforeValidator(_lower),
]
WorkerPlace = Annotated[Literal["attached", "apart"], BeforeValidator(_lower)]
Precision = Annotated[Literal["int8", "fp32"], BeforeValidator(_lower)]
Priority = Annotated[Literal["idle", "low", "normal"], BeforeValidator(_lower)]
LogFormat = Annotated[Literal["text", "json"], BeforeValidator(_lower)]
RouterKind = Annotated[Literal["rules", "keywords"], BeforeValidator(_lower)]
FolderInPlace = Annotated[
    Path, AfterValidator(_folder), AfterValidator(_in_place), Allowed("a folder that exists")
]
Folder = Annotated[Path, AfterValidator(_folder), Allowed("a folder; it is created when missing")]
SigningKey = Annotated[
    SecretStr,
    AfterValidator(_secret_key),
    Allowed("at least 32 random bytes, for example from: openssl rand -hex 32"),
]
Password = Annotated[
    SecretStr,
    AfterValidator(_password),
    Allowed("8 characters to 72 bytes that are not a well-known password"),
]
CacheMode = Annotated[Literal["off", "asked", "all"], BeforeValidator(_lower)]
CredentialKeys = Annotated[
    tuple[Annotated[SecretStr, AfterValidator(_credential_key)], ...],
    BeforeValidator(_split_list),
    Hidden(),
    Allowed("32 random bytes in url-safe base64 each, newest first, separated by commas"),
    DefaultWords("credentials.key in DATA_DIR"),
]
ApiKey = Annotated[SecretStr, AfterValidator(_one_line), Allowed("the key, on one line")]
DatabaseUrl = Annotated[
    SecretStr,
    AfterValidator(_database),
    Allowed("sqlite+aiosqlite:///path/to/file.db or postgresql://user:password@host/name"),
    DefaultWords("steward.db in DATA_DIR"),
]
