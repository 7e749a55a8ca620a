"""Wire shapes of accounts, log-in and API keys."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.ports.stores import ApiKey, User

Name = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Secret = Annotated[str, StringConstraints(max_length=1024)]


class Strict(BaseModel):
    """Base of incoming shapes: a misspelt field is refused."""

    model_config = ConfigDict(extra="forbid")


class LoginIn(Strict):
    """A log-in; `remember` also sets the page's refresh cookie."""

    username: Name
    password: Secret
    remember: bool = False


class TokenOut(BaseModel):
    """An access token."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the word of RFC 6750
    expires_in: int


class UserOut(BaseModel):
    """An account."""

    id: str
    username: str
    role: Literal["admin", "user"]
    disabled: bool
    created_at: int

    @classmethod
    def of(cls, user: User) -> Self:
        """Render an account."""
        return cls(
            id=user.id,
            username=user.username,
            role=user.role,
            disabled=user.disabled,
            created_at=user.created_at_ms // 1000,
        )


class PasswordIn(Strict):
    """A change of one's own password."""

    old_password: Secret
    new_password: Secret


class UserIn(Strict):
    """A new account."""

    username: Name
    password: Secret
    role: Literal["admin", "user"] = "user"


class UserChange(Strict):
    """A change of an account; what is not given stays."""

    role: Literal["admin", "user"] | None = None
    disabled: bool | None = None
    password: Secret | None = None


class KeyIn(Strict):
    """A new API key; no scopes means all that the user may do."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    scopes: list[str] = Field(default_factory=list, max_length=64)
    expires_in_days: Annotated[float, Field(gt=0, le=3650)] | None = None


class KeyOut(BaseModel):
    """An API key as it is listed; the secret is not kept."""

    id: str
    name: str
    hint: str
    scopes: list[str]
    created_at: int
    expires_at: int | None
    last_used_at: int | None

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """Render a key without its secret."""
        return cls(**key_fields(key))


class NewKeyOut(KeyOut):
    """An API key as it was just made, with its secret, shown once."""

    key: str


def key_fields(key: ApiKey) -> dict[str, Any]:
    """Give what everybody may see of a key."""
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "scopes": list(key.scopes),
        "created_at": key.created_at_ms // 1000,
        "expires_at": None if key.expires_at_ms is None else key.expires_at_ms // 1000,
        "last_used_at": None if key.last_used_at_ms is None else key.last_used_at_ms // 1000,
    }
