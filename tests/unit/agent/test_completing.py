"""Completions of texts where timing matters: stopping, failing, counting."""

from __future__ import annotations

import asyncio

import pytest

from backend.agent.catalog import ModelCatalog
from backend.agent.completing import CompletionRequest, Completions
from backend.agent.usage_book import UsageBook
from backend.errors import Unavailable, UpstreamCut
from backend.kit.clocks import SteppedClock
from backend.ports.models import ModelDelta, ModelInfo, ModelRequest
from backend.ports.values import Usage
from backend.storage.stores import memory_stores


class Scripted:
    """A model whose answers hang, fail or go on, as the prompt says."""

    name = "scripted"

    def __init__(self):
        self.open = 0
        self.most = 0
        self.hang = asyncio.Event()

    async def stream(self, request):
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            yield ModelDelta("a ")
            if request.prompt == "fail":
                raise UpstreamCut
            if request.prompt == "hang":
                await self.hang.wait()
            usage = Usage(prompt_tokens=3, completion_tokens=2, model_calls=1)
            yield ModelDelta("b", finish_reason="stop", usage=usage)
        finally:
            self.open -= 1

    async def describe(self, model):
        return ModelInfo(id=model, provider="scripted")


@pytest.fixture
def model():
    return Scripted()


def completions(model, **more):
    clock = SteppedClock()
    book = UsageBook(memory_stores().usage, clock)
    return Completions(ModelCatalog([model], default_model=None), clock, book=book, **more)


def asking(*prompts, **more):
    template = ModelRequest(model="m", messages=())
    return CompletionRequest(**{"user_id": "me", "template": template, "prompts": prompts, **more})


async def test_a_few_candidates_are_asked_for_at_a_time(model):
    """However many there are to be."""
    made = await completions(model).start(asking(*["hang"] * 50))
    for _ in range(8):
        await made.next()
    assert model.open == 8
    model.hang.set()
    await made.done()
    assert [choice.text for choice in made.choices] == ["a b"] * 50
    assert (model.most, model.open) == (8, 0)
    assert made.usage == Usage(prompt_tokens=150, completion_tokens=100, model_calls=50)


async def test_one_failure_ends_all(model):
    """The others are let go; nothing is answered in part."""
    made = await completions(model).start(asking("hang", "fail", "hang"))
    await made.done()
    assert (type(made.error), model.open) == (UpstreamCut, 0)


async def test_a_server_that_stops_ends_what_runs_and_starts_nothing(model):
    """With an error that says so, and the models are let go."""
    running = completions(model)
    made = await running.start(asking("hang"))
    assert (await made.next()).text == "a "
    await running.close()
    assert (type(made.error), model.open) == (Unavailable, 0)
    with pytest.raises(Unavailable):
        await running.start(asking("go"))


async def test_who_leaves_gets_no_error(model):
    """There is nobody to tell."""
    made = await completions(model).start(asking("hang"))
    await made.next()
    made.leave()
    await made.done()
    assert (made.error, model.open) == (None, 0)


async def test_what_was_used_is_told_once_also_after_a_failure(model):
    """For the limits of the user; what the model server did not count is estimated."""
    told = []
    running = completions(model, spent=lambda user, usage: told.append((user, usage.prompt_tokens)))
    for prompts in (["go", "go"], ["fail"]):
        made = await running.start(asking(*prompts))
        await made.done()
    assert told == [("me", 6), ("me", 1)]
