"""Looks at what readers give: as people see it, and whether all that is promised of spans holds."""

from __future__ import annotations

from itertools import pairwise


def shown(extracted):
    """Show spans as people see them."""
    return [
        (f"{span.kind}{span.level or ''}", extracted.text[span.start : span.end])
        for span in extracted.spans
    ]


def check_spans(extracted):
    """Hold everything that is promised of spans and pages."""
    assert extracted.spans
    for span in extracted.spans:
        inside = extracted.text[span.start : span.end]
        assert 0 <= span.start < span.end <= len(extracted.text)
        assert not inside[0].isspace() or span.kind == "code"
        assert not inside[-1].isspace()
        assert (span.level > 0) == (span.kind == "heading")
    for before, after in pairwise(extracted.spans):
        assert before.end <= after.start
        between = extracted.text[before.end : after.start]
        assert not any(char.isalnum() for char in between) or "\n" in between
    starts = extracted.page_starts
    assert list(starts) == sorted(starts)
    for span in extracted.spans:
        if starts:
            begin = starts[span.page - 1]
            end = starts[span.page] if span.page < len(starts) else len(extracted.text)
            assert begin <= span.start < span.end <= end
        else:
            assert span.page is None
    assert "\0" not in extracted.text
    assert extracted.text.encode().decode() == extracted.text
