"""Arguments as records keep them: no secrets at any depth, no endless texts."""

from __future__ import annotations

import json

import orjson
import pytest

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


@pytest.mark.parametrize("name", ["pwd", "AWS_ACCESS_KEY", "\uff50assword", "Passcode"])
def test_other_names_of_secrets_are_known_too(name) -> None:
    """Also in letters that only look different."""
    assert masked({name: "hush"}) == {name: "***"}


def test_wide_and_deep_arguments_stay_small_together() -> None:
    """Fifty lists of fifty lists would else be written down whole, with every call."""
    wide: object = ["x" * 400] * 50
    for _ in range(4):
        wide = [wide] * 50
    found = masked({"a": wide, "b": {"key " + "y" * 400 + str(at): "z" for at in range(50)}})
    assert len(json.dumps(found)) < 60_000


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        (2**63 - 1, 2**63 - 1),
        (10**5_000, "a whole number of 16610 bits"),
        (-(2**64), "a whole number of 65 bits"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        (True, True),
        (0.5, 0.5),
    ],
    ids=["int", "huge", "negative", "inf", "nan", "true", "float"],
)
def test_every_number_can_be_stored_and_read_again(number, kept) -> None:
    """Models write some that JSON has not."""
    found = masked({"n": number, "list": [number]})
    assert found == {"n": kept, "list": [kept]}
    assert orjson.loads(orjson.dumps(found)) == found
