"""What retrieval models want to be written before a question and before a passage, by model name.

A model that was trained with such words finds clearly less without them. Models that are not named
here get the text as it is (all-MiniLM, bge-m3, OpenAI's). The words are those of the model cards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SEARCHING = "Represent this sentence for searching relevant passages: "
_INSTRUCT = (
    "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefixes:
    """The words before a question and before a passage; empty for none."""

    query: str = ""
    passage: str = ""


NONE = Prefixes()

# The first that fits wins. Names come as on the hub ("intfloat/e5-base-v2"), as in Ollama's library
# ("snowflake-arctic-embed2:568m") and as file names.
_KNOWN: tuple[tuple[str, Prefixes], ...] = (
    # https://huggingface.co/intfloat/multilingual-e5-large-instruct
    (r"\be5-.*instruct", Prefixes(query=_INSTRUCT + " ")),
    # https://huggingface.co/intfloat/e5-base-v2
    (r"(^|[-/_])e5-(small|base|large)", Prefixes(query="query: ", passage="passage: ")),
    # https://huggingface.co/nomic-ai/nomic-embed-text-v1.5
    (r"nomic-embed-text", Prefixes(query="search_query: ", passage="search_document: ")),
    # https://huggingface.co/nomic-ai/modernbert-embed-base
    (r"modernbert-embed", Prefixes(query="search_query: ", passage="search_document: ")),
    # https://huggingface.co/BAAI/bge-base-en-v1.5
    (r"bge-(small|base|large)(-en|:|$)", Prefixes(query=_SEARCHING)),
    # https://huggingface.co/BAAI/bge-large-zh-v1.5
    (r"bge-(small|base|large)-zh", Prefixes(query="为这个句子生成表示以用于检索相关文章\uff1a")),
    # https://huggingface.co/mixedbread-ai/mxbai-embed-large-v1
    (r"mxbai-embed", Prefixes(query=_SEARCHING)),
    # https://huggingface.co/Snowflake/snowflake-arctic-embed-l-v2.0
    (r"arctic-embed(2|-[lm]-v2)", Prefixes(query="query: ")),
    # https://huggingface.co/Snowflake/snowflake-arctic-embed-l
    (r"arctic-embed", Prefixes(query=_SEARCHING)),
    # https://huggingface.co/google/embeddinggemma-300m
    (
        r"embeddinggemma",
        Prefixes(query="task: search result | query: ", passage="title: none | text: "),
    ),
    # https://huggingface.co/Qwen/Qwen3-Embedding-0.6B
    (r"qwen3-embedding", Prefixes(query=_INSTRUCT)),
)


def prefixes_of(model: str) -> Prefixes:
    """Give the words a model wants, judged by its name; none when it is not known to want any."""
    name = model.lower()
    return next((known for pattern, known in _KNOWN if re.search(pattern, name)), NONE)
