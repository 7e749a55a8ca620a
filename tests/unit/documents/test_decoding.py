"""Text in any encoding is read, and is exactly the source."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.kit.decoding import decode

GERMAN = "Das Café in Köln schließt um 18 Uhr – „Grüße“ kosten 5 €."
RUSSIAN = "Привет, как дела? Это обычный русский текст для проверки кодировки."
JAPANESE = "これは日本語のテキストです。文字コードの判定を確認します。"
GREEK = "Αυτό είναι ένα ελληνικό κείμενο για δοκιμή της κωδικοποίησης."  # noqa: RUF001 - Greek
CHINESE = "这是一个用于测试的中文文本，我们检查编码检测是否正常。"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((GERMAN, name) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252")),
        *((GERMAN, name) for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")),
        ("naïve café", "cp1252"),
        ("Müller", "cp1252"),
        ("Zażółć gęślą jaźń, proszę państwa. Dzień dobry, jak się masz?", "cp1250"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (CHINESE, "gb18030"),
        ("這是一個用於測試的中文文本，我們檢查編碼檢測是否正常。", "big5"),
        ("이것은 한국어 텍스트입니다. 인코딩 감지를 확인합니다.", "euc_kr"),
        (GREEK, "iso8859_7"),
        *((text, "utf-16-le") for text in (RUSSIAN, GREEK, f"{JAPANESE}\n", f"{CHINESE}\n")),
        *((text, "utf-16-be") for text in (RUSSIAN, GREEK, f"{JAPANESE}\n", f"{CHINESE}\n")),
    ],
)
def test_encodings_are_recognised(text, encoding):
    """With a mark, by their pattern, or by the letters they give."""
    assert decode(text.encode(encoding)) == text


def test_a_few_bad_bytes_do_not_change_the_encoding():
    """They are replaced where they stand."""
    assert decode((GERMAN * 5).encode() + b"\xff!") == GERMAN * 5 + "\ufffd!"


def test_nothing_but_the_mark_and_nuls_is_dropped():
    """Line breaks and blanks stay, because callers count characters in their own text."""
    text = "\r\n a\tb \u2028 c\r\rd\x0c\n\n "

    assert decode(codecs.BOM_UTF8 + text.encode()) == text
    assert decode(b"\0a\0\0b") == "ab"
    for encoding in ("utf-8", "cp1251", "koi8-r"):  # a hole does not change the encoding
        assert decode(bytes(100) + (RUSSIAN * 9).encode(encoding)) == RUSSIAN * 9


def test_a_declared_encoding_is_used_where_bytes_do_not_tell():
    """ISO-2022-JP looks like ASCII; a made-up name is no error."""
    assert decode(JAPANESE.encode("iso-2022-jp"), declared="ISO-2022-JP") == JAPANESE
    assert decode("é".encode("cp1252"), declared="no-such-thing") == "é"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=12))
def test_any_bytes_become_text_that_can_be_stored(data, declared):
    """No error, no NUL, no lone surrogate."""
    text = decode(data, declared=declared)

    assert "\0" not in text
    assert text.encode().decode() == text
