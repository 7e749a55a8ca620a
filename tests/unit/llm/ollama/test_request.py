"""How a model request reads in Ollama's words."""

from __future__ import annotations

import pytest

from backend.errors import UnsupportedByModel
from backend.llm.ollama.request import chat_body
from backend.ports.models import ModelInfo, ModelRequest

PIXEL = "data:image/png;base64,iVBORw0KGgo="
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
OTHER = {"type": "function", "function": {"name": "g", "parameters": {"type": "object"}}}


def info(*capabilities, context=8192) -> ModelInfo:
    known = frozenset({"completion", *capabilities})
    return ModelInfo(id="m", provider="ollama", context_tokens=context, capabilities=known)


def body(messages=(), *, model=None, **more):
    request = ModelRequest(model="m", messages=list(messages), **more)
    return chat_body(request, model or info("tools", "vision", "thinking"), keep_alive="5m")


def test_a_plain_request_sends_the_window_and_nothing_that_was_not_asked():
    """`num_ctx` is always there; tools, format and think are not."""
    assert body([{"role": "user", "content": "hi"}]) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
        "options": {"num_ctx": 8192},
        "keep_alive": "5m",
    }


def test_every_sampling_option_has_its_ollama_name():
    """Known extras pass, unknown ones and the server's own knobs do not."""
    made = body(
        context_tokens=2048,
        max_output_tokens=9,
        temperature=0.0,
        top_p=0.5,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        seed=0,
        stop=("a", "b"),
        options={"top_k": 3, "min_p": 0.1, "num_gpu": 99, "zzz": 1, "keep_alive": 60},
    )
    assert (made["options"], made["keep_alive"]) == (
        {
            "num_ctx": 2048,
            "num_predict": 9,
            "temperature": 0.0,
            "top_p": 0.5,
            "presence_penalty": 0.1,
            "frequency_penalty": 0.2,
            "seed": 0,
            "stop": ["a", "b"],
            "top_k": 3,
            "min_p": 0.1,
        },
        60,
    )


def test_a_tool_turn_keeps_ids_and_gets_names():
    """Arguments become objects, results name the tool they come from, unknown keys are dropped."""
    calls = [
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
        {"id": "c2", "type": "function", "function": {"name": "g", "arguments": ""}},
    ]
    messages = [
        {"role": "developer", "content": "be kind"},
        {"role": "assistant", "content": None, "tool_calls": calls, "annotations": [{}]},
        {"role": "tool", "tool_call_id": "c2", "content": "two"},
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
    ]
    assert body(messages)["messages"] == [
        {"role": "system", "content": "be kind"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}},
                {"id": "c2", "function": {"name": "g", "arguments": {}}},
            ],
        },
        {"role": "tool", "content": "two", "tool_name": "g", "tool_call_id": "c2"},
        {"role": "tool", "content": "one", "tool_name": "f", "tool_call_id": "c1"},
    ]


@pytest.mark.parametrize(("text", "seen"), [("not json", "not json"), ("[1]", [1])])
def test_arguments_that_are_no_object_are_wrapped_not_lost(text, seen):
    """Ollama answers 400 to anything but an object."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": text}}
    made = body([{"role": "assistant", "tool_calls": [call]}])["messages"][0]
    assert made["tool_calls"][0]["function"]["arguments"] == {"arguments": seen}


def test_parts_become_text_and_images():
    """Texts are joined by line feeds, data: URIs become base64."""
    parts = [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": PIXEL}},
        {"type": "text", "text": "here"},
    ]
    assert body([{"role": "user", "content": parts}])["messages"] == [
        {"role": "user", "content": "look\nhere", "images": ["iVBORw0KGgo="]}
    ]


BAD_PARTS = [
    {"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}},
    {"type": "image_url", "image_url": {"url": "data:image/png,abc"}},
    {"type": "image_url", "image_url": None},
    {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
    {"type": "attached", "text": "of the core alone"},
    {"text": "no type"},
]


@pytest.mark.parametrize("part", BAD_PARTS)
def test_other_parts_are_refused_by_name(part):
    """Nothing is fetched, and nothing is dropped in silence."""
    with pytest.raises(UnsupportedByModel) as caught:
        body([{"role": "user", "content": [part]}])
    assert caught.value.param == "messages"


def test_a_sound_goes_where_ollama_looks_for_it():
    """Among the images, as WAV alone."""
    sound = {"data": "UklGRg==", "format": "wav"}
    part = {"type": "input_audio", "input_audio": sound}
    hears = info("audio")
    [made] = body([{"role": "user", "content": [part]}], model=hears)["messages"]
    assert made == {"role": "user", "content": "", "images": ["UklGRg=="]}
    sound["format"] = "mp3"
    with pytest.raises(UnsupportedByModel, match="WAV"):
        body([{"role": "user", "content": [part]}], model=hears)


def test_an_image_for_a_blind_model_is_refused():
    """The model's capabilities decide before anything is sent."""
    parts = [{"type": "image_url", "image_url": {"url": PIXEL}}]
    with pytest.raises(UnsupportedByModel, match="cannot see"):
        body([{"role": "user", "content": parts}], model=info())


def test_tools_for_a_model_without_them_are_refused():
    """The core then uses its text protocol."""
    with pytest.raises(UnsupportedByModel) as caught:
        body(tools=[TOOL], model=info())
    assert caught.value.param == "tools"


CHOICES = [
    (None, [TOOL, OTHER]),
    ("auto", [TOOL, OTHER]),
    ("required", [TOOL, OTHER]),
    ("none", None),
    ({"type": "function", "function": {"name": "g"}}, [OTHER]),
]


@pytest.mark.parametrize(("choice", "sent"), CHOICES)
def test_the_tool_choice_decides_which_tools_are_sent(choice, sent):
    """Ollama has no tool_choice and must never get an empty list."""
    made = body(tools=[TOOL, OTHER], tool_choice=choice)
    assert (made.get("tools"), "tool_choice" in made) == (sent, False)


EFFORTS = [
    ("none", False),
    ("minimal", "low"),
    ("low", "low"),
    ("medium", "medium"),
    ("high", "high"),
    ("xhigh", "max"),
    (None, None),
]


@pytest.mark.parametrize(("effort", "think"), EFFORTS)
def test_effort_becomes_think_for_models_that_think(effort, think):
    """Other models do not get the field at all."""
    assert body(reasoning_effort=effort).get("think") == think
    assert "think" not in body(reasoning_effort=effort, model=info())


@pytest.mark.parametrize("schema", ["json", {"type": "object"}])
def test_a_schema_becomes_format(schema):
    """The word and the schema both pass."""
    assert body(response_schema=schema)["format"] == schema


def test_past_thoughts_go_back_to_a_thinking_model_only():
    """Thinking models read their own thoughts during a tool loop."""
    messages = [{"role": "assistant", "content": "x", "reasoning_content": "hm"}]
    assert body(messages)["messages"][0].get("thinking") == "hm"
    assert "thinking" not in body(messages, model=info())["messages"][0]
