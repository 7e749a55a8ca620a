"""Log probabilities: in OpenAI's shape from every provider, of the answer's tokens alone."""

from __future__ import annotations

import pytest

from tests.fakes.model_sides import asking, collect
from tests.fakes.replies import Reply


def told(token, *others):
    """Give a token's log probability in OpenAI's shape."""
    return {
        "token": token,
        "logprob": -0.25,
        "bytes": list(token.encode()),
        "top_logprobs": [
            {"token": name, "logprob": -0.25 - at, "bytes": list(name.encode())}
            for at, name in enumerate(others)
        ],
    }


@pytest.mark.parametrize("late", [False, True])
async def test_the_tokens_of_the_answer_are_told_and_those_of_thoughts_are_not(side, late):
    """Also when the text comes in a line of its own after its token."""
    side.double.queue(Reply(thinking="let me", content="größe 日本", late_tokens=late))
    whole = await collect(side.provider(), asking(model="qwen3:8b", logprobs=0))
    assert (whole.content, whole.logprobs) == ("größe 日本", (told("größe"), told(" 日本")))


async def test_as_many_alternatives_are_told_as_are_asked_for(side):
    """The upstream is asked for exactly those."""
    side.double.queue(Reply(content="one"))
    whole = await collect(side.provider(), asking(logprobs=2))
    assert whole.logprobs == (told("one", "one", "one1"),)
    body = side.double.chats[-1].body
    assert (body["logprobs"], body["top_logprobs"]) == (True, 2)


async def test_none_are_asked_for_unless_the_caller_does(side):
    """They cost the upstream something."""
    side.double.queue(Reply(content="one"))
    whole = await collect(side.provider(), asking())
    assert whole.logprobs == ()
    assert not {"logprobs", "top_logprobs"} & set(side.double.chats[-1].body)


async def test_a_server_that_knows_none_gives_none(side):
    """Older ones ignore the field."""
    side.double.queue(Reply(content="one", logprobs=False))
    whole = await collect(side.provider(), asking(logprobs=2))
    assert (whole.content, whole.logprobs) == ("one", ())
