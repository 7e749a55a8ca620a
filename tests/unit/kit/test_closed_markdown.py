"""What stands behind a piece of Markdown is never part of it, whatever the piece is."""

import pytest
from markdown_it import MarkdownIt

from backend.kit.closed_markdown import closed, fenced_code

PIECES = [
    "plain",
    "```python\nprint(1)",
    "````\n```\nstill code\n```",
    "~~~~\n```\n~~~",
    "```\ncode\n```",
    "``` not a fence ` here",
    "1. a\n\n   ```\n   code\n   ```\n",
    "- ```\n  code\n  ```",
    "- ```\n  code that is not closed",
    "* a\n  * ```js\n    x\n   ```\n",
    "> ```\n> quoted",
    "> ```\n> quoted\n> ```",
    "    ```\n    indented",
    "1. x\n\n    ```\n    code\n   ```",
    "a <!-- b",
    "<!-- never closed",
    "<script>\n\nalert(1)",
    "  <PRE>\n\ntext",
    "<?php\n\nx",
    "- <!-- in a list",
    "```html\n<!-- code\n```",
    "```\r\ncrlf",
    "<style\n\n",
    "<![CDATA[\n\n",
    "",
]


def headings(markdown):
    tokens = MarkdownIt("commonmark").parse(markdown)
    at = [n for n, one in enumerate(tokens) if one.type == "heading_open" and one.level == 0]
    return [tokens[n + 1].content for n in at]


@pytest.mark.parametrize("piece", PIECES)
def test_a_heading_behind_it_is_a_heading(piece):
    """Also behind what was cut in the middle of code, and behind HTML without an end."""
    assert headings(f"{closed(piece)}\n\n## Next\n") == ["Next"]


@pytest.mark.parametrize("piece", ["```html\n<!-- code\n```", "- ```\n  <script>\n  ```", "a <b>"])
def test_what_is_sound_stays_as_it_is(piece):
    """Code is not touched, nor HTML that ends with its paragraph."""
    assert closed(piece) == piece


@pytest.mark.parametrize("text", ["plain", "```\ncode\n```", "a ````` b", "## Next", "<!--"])
def test_a_text_in_a_fence_comes_out_as_it_went_in(text):
    """The fence is longer than any in it."""
    tokens = MarkdownIt("commonmark").parse(fenced_code(text, "json"))
    assert [(one.type, one.info, one.content) for one in tokens] == [("fence", "json", f"{text}\n")]
