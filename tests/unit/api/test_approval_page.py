"""The page behind a signed link: whoever decides sees what the call would do, all of it."""

from __future__ import annotations

from backend.api.approval_page import STYLE, question
from backend.ports.approvals import Approval

CODE = 'if true:\n\tprint("<b>")'


def shown(**arguments: object) -> str:
    """Show a call with these arguments."""
    return question(
        Approval(
            id="appr_1",
            run_id="run_1",
            user_id="user_1",
            call_id="call_1",
            tool="python_code",
            arguments=arguments,
            reason="the rules of this server ask before it is used",
        )
    )


def test_texts_keep_their_lines_and_other_values_are_json() -> None:
    """Code is judged as it is written, not behind escapes."""
    page = shown(code=CODE, files=["a.csv"], keep=True, more={})
    assert "<h2>code</h2><pre>if true:\n\tprint(&quot;&lt;b&gt;&quot;)</pre>" in page
    assert "<h2>files</h2><pre>[&quot;a.csv&quot;]</pre>" in page
    assert "<h2>keep</h2><pre>true</pre>" in page
    assert "<h2>more</h2><pre>{}</pre>" in page


def test_what_cannot_be_seen_or_turns_the_order_of_letters_is_written_out() -> None:
    """In names and values alike, at any depth; a look never hides where an address leads."""
    page = shown(**{"u\u200brl": "https://a.example/\u202etxt\r\n\u2028", "more": ["\u2066\x00"]})
    assert "<h2>u\\u{200b}rl</h2>" in page
    assert "https://a.example/\\u{202e}txt\\u{d}\n\\u{2028}</pre>" in page
    assert "\\u{2066}\\u0000" in page
    assert not set(page) & {"\u200b", "\u202e", "\u2028", "\u2066", "\x00", "\r"}


def test_the_page_as_a_whole_follows_the_readers_light_or_dark() -> None:
    """On the body alone it would leave the canvas white under dark controls."""
    assert ":root{color-scheme:light dark}" in STYLE
