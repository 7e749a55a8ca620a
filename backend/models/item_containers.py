"""Where code and commands may run, and the tools that run them.

Source: OpenAI's OpenAPI document. Not for: translating them (`api.items`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from backend.models.maybe import Maybe, MaybeNull, Shape

ContainerMemoryLimit = Literal["1g", "4g", "16g", "64g"]


class ContainerNetworkPolicyDisabledParam(Shape):
    """Code without network."""

    type: Literal["disabled"] = "disabled"


class ContainerNetworkPolicyDomainSecretParam(Shape):
    """A secret that is sent to one domain only."""

    domain: Annotated[str, StringConstraints(min_length=1)]
    name: Annotated[str, StringConstraints(min_length=1)]
    value: Annotated[str, StringConstraints(min_length=1, max_length=10_485_760)]


class ContainerNetworkPolicyAllowlistParam(Shape):
    """Code that may reach some domains."""

    type: Literal["allowlist"] = "allowlist"
    allowed_domains: Annotated[list[str], Field(min_length=1)]
    domain_secrets: Maybe[
        Annotated[list[ContainerNetworkPolicyDomainSecretParam], Field(min_length=1)]
    ] = None


class SkillReferenceParam(Shape):
    """A kept skill."""

    type: Literal["skill_reference"] = "skill_reference"
    skill_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    version: Maybe[str] = None


class InlineSkillSourceParam(Shape):
    """The bytes of a skill."""

    type: Literal["base64"] = "base64"
    media_type: Literal["application/zip"] = "application/zip"
    data: Annotated[str, StringConstraints(min_length=1, max_length=70_254_592)]


class InlineSkillParam(Shape):
    """A skill that comes with the request."""

    type: Literal["inline"] = "inline"
    name: str
    description: str
    source: InlineSkillSourceParam


class ContainerAutoParam(Shape):
    """A container for a shell that is made when it is needed."""

    type: Literal["container_auto"] = "container_auto"
    file_ids: Maybe[Annotated[list[str], Field(max_length=50)]] = None
    memory_limit: MaybeNull[ContainerMemoryLimit] = None
    network_policy: Maybe[
        Annotated[
            ContainerNetworkPolicyDisabledParam | ContainerNetworkPolicyAllowlistParam,
            Field(discriminator="type"),
        ]
    ] = None
    skills: Maybe[
        Annotated[
            list[Annotated[SkillReferenceParam | InlineSkillParam, Field(discriminator="type")]],
            Field(max_length=200),
        ]
    ] = None


class LocalSkillParam(Shape):
    """A skill in a folder."""

    name: str
    description: str
    path: str


class LocalEnvironmentParam(Shape):
    """The caller's own machine."""

    type: Literal["local"] = "local"
    skills: Maybe[Annotated[list[LocalSkillParam], Field(max_length=200)]] = None


class ContainerReferenceParam(Shape):
    """A container that is there already."""

    type: Literal["container_reference"] = "container_reference"
    container_id: str


CallableToolAllowedCaller = Literal["direct", "programmatic"]


class FunctionShellToolParam(Shape):
    """A shell."""

    type: Literal["shell"] = "shell"
    environment: MaybeNull[
        Annotated[
            ContainerAutoParam | LocalEnvironmentParam | ContainerReferenceParam,
            Field(discriminator="type"),
        ]
    ] = None
    allowed_callers: MaybeNull[Annotated[list[CallableToolAllowedCaller], Field(min_length=1)]] = (
        None
    )


class AutoCodeInterpreterToolParam(Shape):
    """A container that is made when it is needed."""

    type: Literal["auto"] = "auto"
    file_ids: Maybe[Annotated[list[str], Field(max_length=50)]] = None
    memory_limit: MaybeNull[ContainerMemoryLimit] = None
    network_policy: Maybe[
        Annotated[
            ContainerNetworkPolicyDisabledParam | ContainerNetworkPolicyAllowlistParam,
            Field(discriminator="type"),
        ]
    ] = None


class CodeInterpreterTool(Shape):
    """Python code that runs here."""

    type: Literal["code_interpreter"]
    container: str | AutoCodeInterpreterToolParam
    allowed_callers: MaybeNull[Annotated[list[CallableToolAllowedCaller], Field(min_length=1)]] = (
        None
    )
