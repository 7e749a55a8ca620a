"""Log lines carry the context, stay on one line, and hold no secret."""

import io
import logging
import re

import orjson
import pytest

from backend.config.groups import LogSettings
from backend.config.logging import configure_logging
from backend.config.settings import Settings
from backend.kit.log_context import bind_log_context

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def logging_as_it_was():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.getLogger("uvicorn.access").disabled = False


def log_with(settings, write):
    stream = io.StringIO()
    configure_logging(settings, stream=stream)
    write(logging.getLogger("backend.test"))
    return re.sub(TIME, "TIME", stream.getvalue())


def test_a_text_line_ends_with_what_it_belongs_to():
    """Request, user and run are found again by searching for their ids."""

    def write(logger):
        with bind_log_context(request_id="req_1", user_id="7"), bind_log_context(run_id="run_2"):
            logger.info("tool %s", "math_calc")
        logger.warning("outside")

    assert log_with(Settings(), write) == (
        "TIME INFO    backend.test: tool math_calc request_id=req_1 user_id=7 run_id=run_2\n"
        "TIME WARNING backend.test: outside\n"
    )


def test_a_json_line_is_one_object():
    """Machines read it without guessing."""

    def write(logger):
        with bind_log_context(request_id="req_1"):
            logger.error("two\nlines \udc80")

    line = log_with(Settings(log=LogSettings(format="json")), write)
    assert line.count("\n") == 1
    assert orjson.loads(line) == {
        "time": "TIME",
        "level": "ERROR",
        "logger": "backend.test",
        "message": "two\nlines ?",
        "request_id": "req_1",
    }


@pytest.mark.parametrize("kind", ["text", "json"])
def test_secrets_in_messages_and_traces_are_taken_out(kind):
    """An upstream's error text may quote the key it was sent."""

    def fail():
        msg = f"401 for Bearer {JWT}"
        raise RuntimeError(msg)

    def write(logger):
        try:
            fail()
        except RuntimeError:
            logger.exception("key sk-abcdef1234567890 at http://user:hidden@host/")

    text = log_with(Settings(log=LogSettings(format=kind, error_texts=True)), write)
    assert "RuntimeError: 401 for Bearer ***" in text
    silent = log_with(Settings(log=LogSettings(format=kind)), write)
    assert "RuntimeError" in silent
    assert "in fail" in silent
    assert "401" not in silent
    assert "key *** at http://***@host/" in text
    assert not any(secret in text for secret in ("eyJ", "abcdef", "hidden"))


def test_a_line_break_in_a_message_cannot_forge_a_line():
    """What a client sends must not look like the server's own words."""
    text = log_with(Settings(), lambda logger: logger.info("a\nTIME ERROR forged"))
    assert text == "TIME INFO    backend.test: a\\nTIME ERROR forged\n"


def test_what_commands_a_terminal_is_spelled_out():
    """Somebody who looks at the log sees what was sent, and nothing that was made of it."""
    odd = "a\x1b[2J\x85b\u2028c\td\x00é"
    text = log_with(Settings(), lambda logger: logger.info(odd))
    assert text == "TIME INFO    backend.test: a\\x1b[2J\\x85b\\u2028c\td\\x00é\n"


def test_the_level_is_a_setting_and_chatty_libraries_are_quiet():
    """INFO is for our own events."""

    def write(logger):
        logger.debug("ours")
        logging.getLogger("httpx").info("theirs")
        logging.getLogger("uvicorn.error").warning("server")

    assert log_with(Settings(log_level="INFO"), write) == ("TIME WARNING uvicorn.error: server\n")


@pytest.mark.parametrize("access", [False, True])
def test_requests_are_logged_only_when_asked_for(access):
    """The access log is a setting."""
    settings = Settings(log=LogSettings(access=access))
    text = log_with(settings, lambda _: logging.getLogger("uvicorn.access").info("GET /"))
    assert text == ("TIME INFO    uvicorn.access: GET /\n" if access else "")
