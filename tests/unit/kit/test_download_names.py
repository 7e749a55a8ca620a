"""Names of downloads are taken by every system, and told so that every browser understands."""

import pytest

from backend.kit.download_names import attachment_header, download_name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Rent and notice", "Rent and notice.md"),
        ("a/b\\c: d?", "a b c d.md"),
        ("../../etc/passwd", "etc passwd.md"),
        ('He said "no"\n<now>|*', "He said no now.md"),
        ("", "conversation.md"),
        (" .. ", "conversation.md"),
        ("\u202efdp.exe", "fdp.exe.md"),
        ("Größe 東京", "Größe 東京.md"),
        ("x" * 300, "x" * 80 + ".md"),
        ("y" * 79 + ". z", "y" * 79 + ".md"),
    ],
)
def test_a_title_becomes_a_name(title, name):
    """No folders, nothing that a system forbids, nothing that misleads, never empty."""
    assert download_name(title, ending="md", fallback="conversation") == name


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("Rent.md", 'attachment; filename="Rent.md"'),
        ("Größe.md", "attachment; filename=\"Gr_e.md\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.md"),
        ("100%.md", "attachment; filename=\"100_.md\"; filename*=UTF-8''100%25.md"),
        ("東京.md", "attachment; filename=\"_.md\"; filename*=UTF-8''%E6%9D%B1%E4%BA%AC.md"),
    ],
)
def test_the_header_tells_a_name_twice_where_ascii_is_not_enough(name, header):
    """As RFC 6266 has it; old clients take the first."""
    assert attachment_header(name) == header
