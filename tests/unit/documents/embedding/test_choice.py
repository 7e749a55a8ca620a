"""Which embedder the options make, and which one an older index can be answered with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backend.documents.embedding.choice import (
    EmbedderNotConfigured,
    EmbeddingOptions,
    embedder_for_space,
    make_embedder,
    prepare,
)
from backend.documents.embedding.minilm_files import ModelFiles
from backend.kit.clocks import SystemClock
from tests.fakes.built_minilm import built_minilm
from tests.fakes.instant_clock import InstantClock
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.openai_double import EMBEDDING_MODEL, OpenAIDouble

CLOCK = InstantClock()
BARE = EmbeddingOptions(folder=Path("nowhere"))


async def test_the_default_is_the_embedded_model_in_int8():
    """It needs no setting at all."""
    assert (await make_embedder(BARE, clock=CLOCK).space()).id == "minilm-int8"


@pytest.mark.parametrize("precision", ["int8", "fp32"])
async def test_an_older_precision_is_made_from_its_space(precision):
    """Whatever the options say now; and it works."""
    now = EmbeddingOptions(folder=built_minilm(), kind="ollama", model="bge-m3", threads=0)
    embedder = embedder_for_space(f"minilm-{precision}", now, clock=CLOCK)
    assert embedder is not None
    assert (await embedder.space()).id == f"minilm-{precision}"
    assert len(await embedder.embed_texts(["a", "b"])) == 2
    await embedder.aclose()


async def test_the_space_of_every_server_makes_its_embedder_again():
    """What `space` tells is enough, together with the address."""
    async with OllamaDouble() as ollama, OpenAIDouble() as openai:
        options = EmbeddingOptions(
            folder=Path("nowhere"), ollama_url=ollama.url, openai_base_url=openai.base_url
        )
        for kind, model in (("ollama", "all-minilm"), ("openai_compatible", EMBEDDING_MODEL)):
            chosen = replace(options, kind=kind, model=model)
            embedder = make_embedder(chosen, clock=CLOCK)
            space = await embedder.space()
            again = embedder_for_space(space.id, options, clock=CLOCK)
            assert again is not None
            assert await again.space() == space
            await embedder.aclose()
            await again.aclose()


@pytest.mark.parametrize(
    "space_id", ["ollama:bge-m3", "openai:some", "ollama:", "fake", "minilm-int4", ""]
)
def test_a_space_that_nothing_configured_serves_gives_none(space_id):
    """The old index then cannot answer dense, and its caller knows."""
    assert embedder_for_space(space_id, BARE, clock=CLOCK) is None


async def test_preparing_builds_what_the_first_use_would_wait_for(tmp_path):
    """The embedded model's files; nothing for a server, which need not even run."""
    server = EmbeddingOptions(folder=tmp_path, kind="ollama", model="m", ollama_url="http://h")
    await prepare(server, clock=CLOCK)
    assert list(tmp_path.iterdir()) == []
    await prepare(EmbeddingOptions(folder=tmp_path), clock=SystemClock())
    assert ModelFiles(tmp_path, "int8").are_whole()


WRONG = {
    "needs EMBEDDING_MODEL": {"kind": "ollama"},
    "OLLAMA_HOST": {"kind": "ollama", "model": "bge-m3"},
    "UPSTREAM_OPENAI_BASE_URL": {"kind": "openai_compatible", "model": "m"},
    "letters, digits": {"kind": "ollama", "model": "with space", "ollama_url": "http://h"},
    "at most 178": {"kind": "ollama", "model": "m" * 179, "ollama_url": "http://h"},
}


@pytest.mark.parametrize("said", WRONG)
def test_options_that_make_no_embedder_name_the_setting(said):
    """At the start, not at the first upload."""
    with pytest.raises(EmbedderNotConfigured, match=said):
        make_embedder(replace(BARE, **WRONG[said]), clock=CLOCK)


def test_a_key_is_not_shown():
    """Options may be logged."""
    assert "secret" not in repr(replace(BARE, openai_api_key="secret"))
