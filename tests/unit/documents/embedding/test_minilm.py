"""The embedded model gives the vectors that the published one gives."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from backend.documents.embedding.minilm import MiniLm, MiniLmOptions
from backend.documents.embedding.minilm_graph import quantised
from backend.kit.clocks import SystemClock
from tests.fakes.built_minilm import built_minilm

# By sentence-transformers 6.2.0 on PyTorch 2.13.0 (CPU) from the published weights, each text alone:
# the first four numbers, the sum of all, and the product with cos(0), cos(1), ... cos(383).
REFERENCE = {
    "The committee approved the annual budget on 14 March 2024.": (
        (0.00085, 0.024407, -0.00147, 0.046615),
        0.32164,
        0.91836,
    ),
    "How much did the committee approve?": (
        (0.009066, 0.022376, 0.008519, 0.03699),
        0.08027,
        1.47786,
    ),
    "": ((-0.118838, 0.048299, -0.002548, -0.011011), 0.62907, 0.34839),
    "Grüße aus Köln: naïve café, 12,5 °C": (
        (0.006593, 0.032562, -0.005147, 0.056603),
        0.18387,
        0.40982,
    ),
    "東京は日本の首都です。": ((0.119281, 0.087343, 0.084901, -0.024344), 0.25725, -0.32894),
    "🙂🚀 emoji 🧪": ((-0.010433, 0.023289, 0.091085, -0.003675), 0.06717, 0.19472),
    "word " * 400: ((-0.008124, -0.095586, -0.038673, 0.049662), -0.78597, 0.38762),
}


def minilm(precision: str, threads: int = 1) -> MiniLm:
    options = MiniLmOptions(folder=built_minilm(), precision=precision, threads=threads)
    return MiniLm(options, SystemClock())


@pytest.mark.parametrize("text", REFERENCE)
async def test_fp32_agrees_with_the_published_model(text):
    """To the fifth decimal, whether the text is empty, foreign, or cut at 256 tokens."""
    (vector,) = await minilm("fp32").embed_texts([text])
    first, total, product = REFERENCE[text]
    assert vector[:4] == pytest.approx(first, abs=2e-6)
    assert float(vector.sum()) == pytest.approx(total, abs=2e-5)
    assert float(vector @ np.cos(np.arange(384))) == pytest.approx(product, abs=2e-5)


async def test_int8_is_close_to_fp32():
    """Every text keeps a cosine above 0.98, and their mean is above 0.985."""
    texts = list(REFERENCE)
    exact = await minilm("fp32").embed_texts(texts)
    cosines = np.sum(await minilm("int8").embed_texts(texts) * exact, axis=1)
    assert (cosines.min() > 0.98, cosines.mean() > 0.985) == (True, True)


@pytest.mark.parametrize("precision", ["int8", "fp32"])
async def test_a_vector_does_not_depend_on_company_or_threads(precision):
    """The same text gives the same bits alone, in bulk, by one thread and by several."""
    texts = ["short", "a longer text about bread and butter", "word " * 200] * 5
    bulk = await minilm(precision, threads=3).embed_texts(texts)
    alone = await minilm(precision).embed_query(texts[1])
    assert np.array_equal(bulk[1], alone)
    assert np.array_equal(bulk[:3], bulk[12:])


async def test_a_question_takes_no_place_in_the_queue_of_a_bulk():
    """With a single bulk thread that has work for long, a question is answered."""
    embedder = minilm("int8")
    await embedder.space()
    bulk = asyncio.create_task(embedder.embed_texts(["word " * 200] * 2000))
    async with asyncio.timeout(30):
        await embedder.embed_query("what?")
    assert not bulk.done()
    bulk.cancel()


async def test_it_works_again_after_it_was_closed():
    """Closing frees the model; the next text loads it again."""
    embedder = minilm("int8")
    first = await embedder.embed_query("hello")
    await embedder.aclose()
    assert "first need" in (await embedder.health()).detail
    assert np.array_equal(await embedder.embed_query("hello"), first)


async def test_a_long_text_is_cut_and_not_refused():
    """A million characters are embedded as their beginning."""
    beginning = "the first words matter " * 100
    cut, whole = await minilm("int8").embed_texts([beginning, beginning + "rest " * 200_000])
    assert np.array_equal(cut, whole)


def test_quantising_keeps_each_column_within_half_a_step():
    """A column of zeros included."""
    matrix = np.array([[0.0, 1.0, -3.0], [0.0, -0.3, 2.0]], dtype=np.float32)
    whole, scales = quantised(matrix)
    assert whole.tolist() == [[0, 127, -127], [0, -38, 85]]
    assert np.abs(whole * scales - matrix).max() <= scales.max() / 2


async def test_whole_texts_have_the_same_vectors_as_passages():
    """Up to the 256 tokens the model reads; beyond, the end of the text counts too."""
    model = minilm("int8")
    texts = [text for text in REFERENCE if text and len(text) < 1000]
    rows, tokens = await model.embed_whole(texts, check=lambda _: None)
    assert np.array_equal(rows, await model.embed_texts(texts))
    assert tokens == sum(count for count in await tokens_of(model, texts))
    long, same_start = "word " * 400 + "whale", "word " * 400 + "taxes"
    (one, other), _ = await model.embed_whole([long, same_start], check=lambda _: None)
    assert not np.array_equal(one, other)
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-6)


async def test_whole_texts_can_be_refused_before_any_is_embedded():
    """By their tokens, counted without the model's own marks."""
    with pytest.raises(ValueError, match=r"\[2, 1\]"):
        await minilm("int8").embed_whole(["hello world", "hello"], check=refuse)


async def test_two_callers_take_turns():
    """A small request does not wait for the end of a big one."""
    model = minilm("int8")
    ended = []

    async def embed(name, texts):
        await model.embed_whole(texts, check=lambda _: None)
        ended.append(name)

    big = asyncio.create_task(embed("big", ["word " * 200] * 60))
    await model.embed_whole(["warm"], check=lambda _: None)
    await embed("small", ["word"])
    await big
    assert ended == ["small", "big"]


def refuse(tokens):
    raise ValueError(str(list(tokens)))


async def tokens_of(model, texts):
    counts = []
    await model.embed_whole(texts, check=lambda tokens: counts.append(list(tokens)))
    return counts[-1]
