"""Arguments as records keep them: no secrets at any depth, no endless texts."""

from __future__ import annotations

from backend.kit.masking import masked


def test_secrets_go_by_name_at_any_depth() -> None:
    """Whatever their shape."""
    given = {
        "Password": "x",
        "headers": {"Authorization": ["y"], "accept": "json"},
        "list": [{"api_key": 5}, {"deep": {"session_token": {"a": 1}}}],
        "n": 3,
        "none": None,
    }
    assert masked(given) == {
        "Password": "***",
        "headers": {"Authorization": "***", "accept": "json"},
        "list": [{"api_key": "***"}, {"deep": {"session_token": "***"}}],
        "n": 3,
        "none": None,
    }


def test_secrets_go_by_shape_in_any_text() -> None:
    """Also in names, and where a cut would have left half of one."""
    key = "sk-abcdefghijklmnop"
    found = masked({"code": f"key = '{key}'", key: 1, "long": "x" * 490 + " " + key})
    assert key[:8] not in str(found)
    address = masked({"url": "postgres://me:hush@db.example/x"})
    assert address == {"url": "postgres://***@db.example/x"}


def test_long_texts_lists_and_deep_values_are_cut() -> None:
    """The audit stays small."""
    deep: object = "end"
    for _ in range(50):
        deep = [deep]
    found = masked({"text": "x" * 9000, "many": list(range(900)), "deep": deep})
    assert found["text"] == "x" * 500 + "..."
    assert found["many"][-2:] == [49, "... 850 more"]
    assert str(found["deep"]).count("[") == 6
    assert masked({"text": "x" * 9000}, max_chars=10_000)["text"] == "x" * 9000
    wide = masked({str(at): at for at in range(80)})
    assert (len(wide), wide["..."]) == (51, "30 more")
