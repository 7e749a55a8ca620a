"""The words that models want before questions and passages, told by the model's name."""

from __future__ import annotations

import pytest

from backend.documents.embedding.prefixes import Prefixes, prefixes_of

NONE = Prefixes()
SEARCHING = "Represent this sentence for searching relevant passages: "
CASES = {
    "all-minilm:latest": NONE,
    "sentence-transformers/all-MiniLM-L6-v2": NONE,
    "bge-m3": NONE,
    "BAAI/bge-m3": NONE,
    "text-embedding-3-small": NONE,
    "mistral-embed": NONE,
    "some-model-e512": NONE,
    "intfloat/e5-base-v2": Prefixes(query="query: ", passage="passage: "),
    "intfloat/multilingual-e5-large": Prefixes(query="query: ", passage="passage: "),
    "jeffh/intfloat-multilingual-e5-small:f16": Prefixes(query="query: ", passage="passage: "),
    "nomic-embed-text:v1.5": Prefixes(query="search_query: ", passage="search_document: "),
    "BAAI/bge-small-en-v1.5": Prefixes(query=SEARCHING),
    "bge-large:335m": Prefixes(query=SEARCHING),
    "bge-large": Prefixes(query=SEARCHING),
    "mxbai-embed-large": Prefixes(query=SEARCHING),
    "snowflake-arctic-embed:335m": Prefixes(query=SEARCHING),
    "snowflake-arctic-embed2:568m": Prefixes(query="query: "),
    "Snowflake/snowflake-arctic-embed-l-v2.0": Prefixes(query="query: "),
    "embeddinggemma:300m": Prefixes(
        query="task: search result | query: ", passage="title: none | text: "
    ),
}


@pytest.mark.parametrize("model", CASES)
def test_a_model_gets_the_words_of_its_card(model):
    """Whether it is named as on the hub or as in Ollama's library."""
    assert prefixes_of(model) == CASES[model]


@pytest.mark.parametrize(
    "model", ["qwen3-embedding:0.6b", "intfloat/multilingual-e5-large-instruct"]
)
def test_models_that_follow_instructions_get_one_with_the_question_only(model):
    """Their passages stay as they are."""
    known = prefixes_of(model)
    assert (known.query.startswith("Instruct: "), known.passage) == (True, "")
