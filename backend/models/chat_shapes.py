"""What the OpenAPI document says of the parts of a chat completion request.

Source: https://platform.openai.com/docs/api-reference/chat/create. Not for: validation, which takes
more than this (`openai`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from backend.models.shown import OMITTED

Detail = Literal["auto", "low", "high"]


class CacheBreakpoint(BaseModel):
    """Where a cached prompt may end; without effect."""

    mode: Literal["explicit"] = Field(json_schema_extra={"default": "explicit"})


class TextPart(BaseModel):
    """Text."""

    type: Literal["text"]
    text: str
    prompt_cache_breakpoint: CacheBreakpoint = OMITTED


class RefusalPart(BaseModel):
    """What a model said instead of an answer."""

    type: Literal["refusal"]
    refusal: str


class ImageUrl(BaseModel):
    """Where an image is: an https address or a data URI."""

    url: str
    detail: Detail = Field(default=OMITTED, json_schema_extra={"default": "auto"})


class ImagePart(BaseModel):
    """An image."""

    type: Literal["image_url"]
    image_url: ImageUrl
    prompt_cache_breakpoint: CacheBreakpoint = OMITTED


class InputAudio(BaseModel):
    """Sound in base64."""

    data: str
    format: Literal["wav", "mp3"]


class AudioPart(BaseModel):
    """Sound."""

    type: Literal["input_audio"]
    input_audio: InputAudio
    prompt_cache_breakpoint: CacheBreakpoint = OMITTED


class FileGiven(BaseModel):
    """A file by its id, or in base64 with its name."""

    filename: str = OMITTED
    file_data: str = OMITTED
    file_id: str = OMITTED


class FilePart(BaseModel):
    """A document to answer from."""

    type: Literal["file"]
    file: FileGiven
    prompt_cache_breakpoint: CacheBreakpoint = OMITTED


UserPart = TextPart | ImagePart | AudioPart | FilePart
Texts = Annotated[list[TextPart], Field(min_length=1)]
Content = str | Texts


class DeveloperMessage(BaseModel):
    """Instructions; the same as a system message."""

    role: Literal["developer"]
    content: str | Texts
    name: str = OMITTED


class SystemMessage(BaseModel):
    """Instructions."""

    role: Literal["system"]
    content: str | Texts
    name: str = OMITTED


class UserMessage(BaseModel):
    """What the user says, with images, sound and files."""

    role: Literal["user"]
    content: str | Annotated[list[UserPart], Field(min_length=1)]
    name: str = OMITTED


class FunctionCall(BaseModel):
    """A function with its arguments as JSON text."""

    name: str
    arguments: str


class FunctionToolCall(BaseModel):
    """A call of a function tool."""

    id: str
    type: Literal["function"]
    function: FunctionCall


class CustomInput(BaseModel):
    """A custom tool with its input as free text."""

    name: str
    input: str


class CustomToolCall(BaseModel):
    """A call of a custom tool."""

    id: str
    type: Literal["custom"]
    custom: CustomInput


ToolCallShape = FunctionToolCall | CustomToolCall


class AudioId(BaseModel):
    """An earlier answer as sound."""

    id: str


class AssistantMessage(BaseModel):
    """What a model said, as it was received."""

    role: Literal["assistant"]
    content: str | Annotated[list[TextPart | RefusalPart], Field(min_length=1)] | None = None
    refusal: str | None = None
    name: str = OMITTED
    audio: AudioId | None = None
    tool_calls: list[ToolCallShape] = OMITTED
    function_call: FunctionCall | None = None


class ToolMessage(BaseModel):
    """The result of a call."""

    role: Literal["tool"]
    content: str | Texts
    tool_call_id: str


class FunctionMessage(BaseModel):
    """The result of a call of the older kind."""

    role: Literal["function"]
    content: str | None
    name: str


Message = (
    DeveloperMessage
    | SystemMessage
    | UserMessage
    | AssistantMessage
    | ToolMessage
    | FunctionMessage
)


Messages = list[Message]


class FunctionObject(BaseModel):
    """A function a client offers; `parameters` is a JSON schema."""

    name: str
    description: str = OMITTED
    parameters: dict[str, Any] = OMITTED
    strict: Annotated[bool | None, Field(default=False)]


class FunctionTool(BaseModel):
    """A function tool."""

    type: Literal["function"]
    function: FunctionObject


class PlainTextFormat(BaseModel):
    """Free text."""

    type: Literal["text"]


class Grammar(BaseModel):
    """A grammar for the input."""

    definition: str
    syntax: Literal["lark", "regex"]


class GrammarFormat(BaseModel):
    """Text of a grammar; refused by this server."""

    type: Literal["grammar"]
    grammar: Grammar


class CustomObject(BaseModel):
    """A tool that takes free text."""

    name: str
    description: str = OMITTED
    format: PlainTextFormat | GrammarFormat = OMITTED


class CustomTool(BaseModel):
    """A custom tool."""

    type: Literal["custom"]
    custom: CustomObject


Tools = list[FunctionTool | CustomTool]


class NamedFunction(BaseModel):
    """A function by its name."""

    name: str


class NamedFunctionChoice(BaseModel):
    """Call this function."""

    type: Literal["function"]
    function: NamedFunction


class NamedCustomChoice(BaseModel):
    """Call this custom tool."""

    type: Literal["custom"]
    custom: NamedFunction


class AllowedTools(BaseModel):
    """Some of the tools, and whether one must be called."""

    mode: Literal["auto", "required"]
    tools: list[dict[str, Any]]


class AllowedToolsChoice(BaseModel):
    """Choose among these tools."""

    type: Literal["allowed_tools"]
    allowed_tools: AllowedTools


ToolChoiceShape = (
    Literal["none", "auto", "required"]
    | AllowedToolsChoice
    | NamedFunctionChoice
    | NamedCustomChoice
)
FunctionCallChoice = Literal["none", "auto"] | NamedFunction


class LegacyFunction(BaseModel):
    """A function of the older kind."""

    name: str
    description: str = OMITTED
    parameters: dict[str, Any] = OMITTED


LegacyFunctions = list[LegacyFunction]


class TextFormat(BaseModel):
    """Free text."""

    type: Literal["text"]


class JsonObjectFormat(BaseModel):
    """Any JSON object."""

    type: Literal["json_object"]


class JsonSchemaShape(BaseModel):
    """A named JSON schema."""

    name: str
    description: str = OMITTED
    schema_: Annotated[dict[str, Any], Field(default=OMITTED, alias="schema")]
    strict: Annotated[bool | None, Field(default=False)]


class JsonSchemaFormatShape(BaseModel):
    """JSON of a schema."""

    type: Literal["json_schema"]
    json_schema: JsonSchemaShape


ResponseFormatShape = TextFormat | JsonSchemaFormatShape | JsonObjectFormat


class OwnVoice(BaseModel):
    """A voice of one's own."""

    id: str


Voice = (
    str
    | Literal[
        "alloy",
        "ash",
        "ballad",
        "coral",
        "echo",
        "sage",
        "shimmer",
        "verse",
        "marin",
        "cedar",
    ]
    | OwnVoice
)
