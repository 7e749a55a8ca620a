"""Settings are read in layers, checked, and never leak a secret."""

import pytest
from pydantic import SecretStr, ValidationError

from backend.config.errors import SettingsError
from backend.config.groups import ServerSettings
from backend.config.settings import Settings, load_settings

KEY = "0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def env_file(tmp_path):
    return tmp_path / ".env"


def line_of(env_file, environ=None, overrides=None):
    with pytest.raises(SettingsError) as caught:
        load_settings(env_file=env_file, environ=environ or {}, overrides=overrides or {})
    return str(caught.value).replace(str(env_file), ".env")


def test_without_anything_given_the_defaults_hold(env_file):
    """A missing .env and an empty environment are a valid start."""
    settings = load_settings(env_file=env_file, environ={})
    assert settings == Settings()
    assert settings.database_url.get_secret_value() == "sqlite+aiosqlite:///data/steward.db"
    assert settings.origins() == ()


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(env_file):
    """Each layer overrides the one below it, and every value knows where it came from."""
    env_file.write_text("SERVER_PORT=1\nSERVER_HOST=a.example\nMODELS__RETRIES=3\n")
    settings = load_settings(
        env_file=env_file,
        environ={"SERVER_PORT": "2", "SERVER_HOST": "b.example"},
        overrides={"SERVER_PORT": "3"},
    )
    assert (settings.server_port, settings.server_host, settings.models.retries) == (
        3,
        "b.example",
        3,
    )
    assert dict(settings.origins()) == {
        "SERVER_PORT": "command line",
        "SERVER_HOST": "environment",
        "MODELS__RETRIES": f"{env_file} line 3",
    }


def test_an_empty_value_counts_as_not_given(env_file):
    """Compose and shells pass empty variables on; they change nothing, not even a lower layer."""
    env_file.write_text("SERVER_PORT=9\n")
    settings = load_settings(env_file=env_file, environ={"SERVER_PORT": "", "SECRET_KEY": ""})
    assert (settings.server_port, settings.secret_key) == (9, None)


def test_the_database_lies_in_the_data_folder_unless_given(env_file):
    """DATABASE_URL follows DATA_DIR, and plain sqlite gets its asynchronous driver."""
    moved = load_settings(env_file=env_file, environ={"DATA_DIR": "/srv/steward"})
    given = load_settings(env_file=env_file, environ={"DATABASE_URL": "sqlite:///x.db"})
    assert moved.database_url == SecretStr("sqlite+aiosqlite:////srv/steward/steward.db")
    assert given.database_url == SecretStr("sqlite+aiosqlite:///x.db")


def test_lists_are_read_from_commas_or_json(env_file):
    """Both spellings give the same normal form."""
    environ = {
        "SERVER__CORS_ORIGINS": '["https://a.example", "http://b.example:81/"]',
        "SERVER__TRUSTED_PROXIES": "10.1.2.3/8, ::1",
        "TOOLS__DISABLED": "weather,wikipedia",
    }
    settings = load_settings(env_file=env_file, environ=environ)
    assert settings.server == ServerSettings(
        cors_origins=("https://a.example", "http://b.example:81"),
        trusted_proxies=("10.0.0.0/8", "::1/128"),
    )
    assert settings.tools.disabled == ("weather", "wikipedia")


def test_tool_options_are_kept_as_written(env_file):
    """Only the tool knows its options; nothing is converted before it checks them."""
    environ = {
        "TOOLS__WEB_SEARCH__MAX_RESULTS": "7",
        "TOOLS__SQL__CONNECTIONS__MAIN": "sqlite:///a.db",
    }
    settings = load_settings(env_file=env_file, environ=environ)
    assert settings.tools.options == {
        "web_search": {"max_results": "7"},
        "sql": {"connections": {"main": "sqlite:///a.db"}},
    }


def test_settings_cannot_be_changed():
    """Groups and the whole are frozen."""
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.server_port = 1
    with pytest.raises(ValidationError):
        settings.models.retries = 1


def test_a_settings_object_built_directly_reads_no_environment(monkeypatch):
    """Tests and embedders get exactly what they write."""
    monkeypatch.setenv("SERVER_PORT", "4242")
    assert Settings().server_port == 8000


def test_secrets_have_no_readable_form(env_file):
    """Neither repr nor str of the settings shows a key, a password or a tool's options."""
    secrets = {
        "SECRET_KEY": KEY,
        "ADMIN_PASSWORD": "correct horse",
        "TAVILY_API_KEY": "tvly-1234567",
        "UPSTREAM_OPENAI_API_KEY": "opaque-upstream",
        "DATABASE_URL": "sqlite:///private-name.db",
        "TOOLS__WEB_SEARCH__KEY": "private-option",
    }
    settings = load_settings(env_file=env_file, environ=secrets)
    shown = repr(settings) + str(settings)
    assert [value for value in secrets.values() if value.removeprefix("sqlite:///") in shown] == []


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("SERVER_PORT", "99999", "'99999': it is too large; give a whole number from 0 to 65535"),
        ("SERVER_PORT", "80a", "'80a': it is not a whole number; give a whole number from 0 to 65535"),
        ("SERVER_HOST", "http://x", "'http://x': it is not a host name or IP address; give a host name or IP address without a port"),
        ("SERVER__SHUTDOWN_GRACE_S", "-1", "'-1': it is too small; give a whole number from 0 to 600"),
        ("AUTH__BCRYPT_ROUNDS", "4", "'4': it is too small; give a whole number from 10 to 16"),
        ("MODELS__IDLE_TIMEOUT_S", "nan", "'nan': it is not a finite number; give a number from 1 to 3600"),
        ("MODELS__KEEP_ALIVE", "5 min", "'5 min': it is not written as expected; give a time such as 5m or 1h30m, 0 to unload at once, or -1 to keep for ever"),
        ("SANDBOX__SITE_DIR", "/nowhere", "'/nowhere': there is no such folder; give a folder that exists"),
        ("SANDBOX__WORK_BYTES", "99999999999999999999", "'99999999999999999999': it is too large; give a whole number from 1048576 to 1099511627776"),
        ("DOCUMENTS__MAX_BYTES_PER_USER", "-1", "'-1': it is too small; give a whole number of at least 1024"),
        ("AGENT__REACT_MAX_ITERATIONS", "51", "'51': it is too large; give a whole number from 1 to 50"),
        ("AGENT__ROUTER", "magic", "'magic': it is not one of the choices; give one of: rules, keywords"),
        ("LOG_LEVEL", "loud", "'loud': it is not one of the choices; give one of: DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("LOG__ACCESS", "maybe", "'maybe': it is neither true nor false; give true or false"),
        ("SERVER__CORS_ORIGINS", "*", "'*': it is not an http:// or https:// address; give origins such as https://chat.example, separated by commas"),
        ("SERVER__CORS_ORIGINS", "[1", "'[1': it starts like a JSON array and is none; give origins such as https://chat.example, separated by commas"),
        ("SERVER__TRUSTED_PROXIES", "10.0.0.0/33", "'10.0.0.0/33': it is not an IP address or network; give addresses or networks such as 10.0.0.0/8, separated by commas"),
        ("PUBLIC_URL", "chat.example", "'chat.example': it is not an http:// or https:// address; give an http:// or https:// address"),
        ("UPSTREAM_OPENAI_BASE_URL", "ftp://x", "'ftp://x': it is not an http:// or https:// address; give http:// or https:// addresses, separated by commas"),
        ("UPSTREAM_OPENAI_BASE_URL", "http://u:pass@x/v1", "'http://***@x/v1': it holds a user name or password: give keys in their own setting; give http:// or https:// addresses, separated by commas"),
        ("UPSTREAM_OPENAI_BASE_URL", "http://localhost:8000/v1", "'http://localhost:8000/v1': this server is its own model server there; give http:// or https:// addresses, separated by commas"),
        ("OLLAMA_HOST", "gpu1, http://127.0.0.1:8000", "'gpu1, http://127.0.0.1:8000': this server is its own model server there; give an address such as 127.0.0.1:11434 or https://models.example, or several with commas"),
        ("OLLAMA_HOST", "gpu1, gpu1:11434", "'gpu1, gpu1:11434': it names one address twice; give an address such as 127.0.0.1:11434 or https://models.example, or several with commas"),
        ("OLLAMA_HOST", ",", "',': it names no address; give an address such as 127.0.0.1:11434 or https://models.example, or several with commas"),
        ("MODELS__CONCURRENCY_OF", "llama3.2", "'llama3.2': it is not a list of name=number; give models with their numbers, such as llama3.2:3b=4, qwen3:8b=1"),
        ("MODELS__CONCURRENCY_OF", "llama3.2=many", "'llama3.2=many': it is not a list of name=number; give models with their numbers, such as llama3.2:3b=4, qwen3:8b=1"),
        ("CREDENTIALS__KEYS", "short", "it is not 32 bytes in url-safe base64; give 32 random bytes in url-safe base64 each, newest first, separated by commas"),
        ("OLLAMA_HOST", "tcp://x", "'tcp://x': its scheme is neither http nor https; give an address such as 127.0.0.1:11434 or https://models.example, or several with commas"),
        ("OLLAMA_HOST", "x:port", "'x:port': it is not a valid address; give an address such as 127.0.0.1:11434 or https://models.example, or several with commas"),
        ("DATABASE_URL", "mysql://u:pw@h/d", "this database is not supported; give sqlite+aiosqlite:///path/to/file.db or postgresql://user:password@host/name"),
        ("DATABASE_URL", "postgresql://u:p@w@h/d", "its user name or password holds an @: write it as %40; give sqlite+aiosqlite:///path/to/file.db or postgresql://user:password@host/name"),
        ("SECRET_KEY", "short", "it is shorter than 32 bytes; give at least 32 random bytes, for example from: openssl rand -hex 32"),
        ("SECRET_KEY", "changeme" * 5, "it is a well-known placeholder; give at least 32 random bytes, for example from: openssl rand -hex 32"),
        ("SECRET_KEY", "ab" * 20, "it repeats a few characters; give at least 32 random bytes, for example from: openssl rand -hex 32"),
        ("ADMIN_PASSWORD", "password", "it is a well-known password; give 8 characters to 72 bytes that are not a well-known password"),
        ("ADMIN_PASSWORD", "ü" * 37, "its length does not fit; give 8 characters to 72 bytes that are not a well-known password"),
        ("TAVILY_API_KEY", "a\nb", "it holds a line break or control character; give the key, on one line"),
        ("ADMIN_USERNAME", "a b", "'a b': it is not written as expected; give 1 to 64 characters without white space, colon or slash"),
        ("OLLAMA_MODEL", "sk-12345678 x", "'*** x': it is not written as expected; give a model name such as llama3.2:3b"),
        ("TOOLS__DISABLED", "Web Search", "'Web Search': it is not written as expected; give names separated by commas"),
    ],
)  # fmt: skip
def test_a_bad_value_is_one_line_with_name_problem_and_range(env_file, name, value, line):
    """The line says what is wrong and what to give, without showing secrets."""
    assert line_of(env_file, {name: value}) == f"{name}: {line} (environment)"


def test_a_bad_value_in_the_file_names_its_line(env_file):
    """People find the place at once."""
    env_file.write_text("# first\nLOG_LEVEL=INFO\n\nexport SERVER_PORT='x'\n")
    assert line_of(env_file) == (
        "SERVER_PORT: 'x': it is not a whole number; give a whole number from 0 to 65535"
        " (.env line 4)"
    )


def test_a_bad_value_of_a_lower_layer_does_not_matter_when_overridden(env_file):
    """Only the winning value is judged."""
    env_file.write_text("SERVER_PORT=x\n")
    assert load_settings(env_file=env_file, environ={"SERVER_PORT": "5"}).server_port == 5


def test_of_several_problems_the_first_is_told_with_the_number_of_others(env_file):
    """One line stays one line."""
    line = line_of(env_file, {"SERVER_PORT": "x", "MODELS__RETRIES": "x"})
    assert line.startswith("SERVER_PORT: 'x': ")
    assert line.endswith(" (environment) (and 1 more: mend this one first)")


def test_a_value_with_line_breaks_stays_on_one_line_and_is_cut(env_file):
    """Whatever was pasted, the message is one short line."""
    line = line_of(env_file, {"LOG_LEVEL": "a\nb" + "c" * 500})
    assert "\n" not in line
    assert len(line) < 250


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("SERVER_PORT\n", ".env line 1: it cannot be read; write NAME=value"),
        ("A B=1\n", ".env line 1: it cannot be read; write NAME=value"),
        (
            "LOG_LEVEL=INFO\n\nLOG_LEVEL=DEBUG\n",
            "LOG_LEVEL: it stands twice in .env, lines 1 and 3; keep one",
        ),
    ],
)
def test_a_line_that_is_no_setting_stops_the_start(env_file, text, line):
    """Nothing in the file is skipped silently."""
    env_file.write_text(text)
    assert line_of(env_file) == line


def test_a_file_that_is_no_text_stops_the_start(env_file):
    """Bytes of another encoding would become wrong passwords."""
    env_file.write_bytes(b"ADMIN_PASSWORD=\xff\xfe\n")
    assert line_of(env_file) == ".env: it is not UTF-8 text; save it as UTF-8"


def test_a_folder_in_place_of_the_file_stops_the_start(env_file):
    """Docker makes a folder where a mounted file is missing."""
    env_file.mkdir()
    assert line_of(env_file) == (
        ".env: it cannot be read (Is a directory); mend its permissions or remove it"
    )


def test_dollar_signs_are_kept(env_file, monkeypatch):
    """Passwords with ${...} in them mean themselves."""
    monkeypatch.setenv("HOME", "/nowhere")
    env_file.write_text("ADMIN_PASSWORD='pa${HOME}ss$word'\n")
    settings = load_settings(env_file=env_file, environ={})
    assert settings.admin_password == SecretStr("pa${HOME}ss$word")


def test_an_option_cannot_be_a_value_and_a_group(env_file):
    """Two settings that contradict each other are named."""
    environ = {"TOOLS__SQL__MAIN": "1", "TOOLS__SQL__MAIN__URL": "2"}
    assert line_of(env_file, environ) == (
        "TOOLS__SQL__MAIN__URL: a part of this name has a value of its own; keep one (environment)"
    )


@pytest.mark.parametrize(
    ("given", "urls"),
    [
        ("gpu1", ("http://gpu1:11434",)),
        ("[::1]:11434", ("http://[::1]:11434",)),
        ("gpu1, https://gpu2 ,:9", ("http://gpu1:11434", "https://gpu2:443", "http://127.0.0.1:9")),
    ],
)
def test_one_address_of_ollama_is_written_as_ever_and_several_with_commas(env_file, given, urls):
    """Each as Ollama itself reads it."""
    assert load_settings(env_file=env_file, environ={"OLLAMA_HOST": given}).ollama_host == urls


def test_limits_of_models_are_read_by_name(env_file):
    """Names hold colons and slashes."""
    given = {"MODELS__CONCURRENCY_OF": "llama3.3:70b=1, org/qwen3:8b = 8"}
    found = load_settings(env_file=env_file, environ=given).models
    assert found.concurrency_of == {"llama3.3:70b": 1, "org/qwen3:8b": 8}
