"""The commands of `python -m backend`: serve, worker, and those of `bootstrap.commands`.

Exit codes: 0 done, 1 something is wrong with the installation, 2 a setting or argument is wrong.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from backend.bootstrap.commands.arguments import add_commands, run_command
from backend.config.errors import SettingsError
from backend.config.logging import configure_logging
from backend.config.process import prepare_process_environment
from backend.config.settings import Settings, load_settings

_MISUSED = 2

logger = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code; a wrong setting is one line on standard error."""
    arguments = _parser().parse_args(argv)
    try:
        settings = load_settings(env_file=_env_file(arguments), overrides=_overrides(arguments))
        prepare_process_environment(third_party_tracing=settings.log.third_party_tracing)
        configure_logging(settings)
        if arguments.command == "worker":
            return _work(settings, attached="attached" in arguments)
        if arguments.command in {None, "serve"}:
            return _serve(settings, demo="demo" in arguments)
        return run_command(settings, arguments)
    except SettingsError as exc:
        sys.stderr.write(f"steward: {exc}\n")
        return _MISUSED


def _parser() -> argparse.ArgumentParser:
    # Options stand before or after the command; a default in the one place would undo the other.
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--env-file", type=Path, help="file of settings (default: .env)")
    serving = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    serving.add_argument("--host", help="address to bind, instead of SERVER_HOST")
    serving.add_argument("--port", help="port to bind, instead of SERVER_PORT")
    serving.add_argument(
        "--demo", action="store_true", help="keep everything in memory and forget it at the end"
    )
    parser = argparse.ArgumentParser(
        prog="steward",
        description="An agent server you run yourself.",
        parents=[common, serving],
    )
    parser.set_defaults(command="serve")
    commands = parser.add_subparsers(dest="command", metavar="command")
    _ = commands.add_parser("serve", help="run the server (the default)", parents=[common, serving])
    working = commands.add_parser(
        "worker", help="read and embed uploaded documents until stopped", parents=[common]
    )
    working.add_argument(
        "--attached", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )
    add_commands(commands.add_parser, common)
    return parser


def _env_file(arguments: argparse.Namespace) -> Path:
    """Give the file of settings; only the usual one may be missing."""
    given: Path | None = getattr(arguments, "env_file", None)
    if given is not None and not given.exists():
        msg = f"--env-file: there is no file {given}"
        raise SettingsError([msg])
    return given or Path(".env")


def _overrides(arguments: argparse.Namespace) -> dict[str, str]:
    given = vars(arguments)
    names = {"host": "SERVER_HOST", "port": "SERVER_PORT"}
    return {names[option]: given[option] for option in names if option in given}


def _serve(settings: Settings, *, demo: bool) -> int:
    from backend.bootstrap.server import serve  # noqa: PLC0415 - the environment is prepared first

    for warning in settings.warnings:
        logger.warning("%s", warning)
    return serve(settings, demo=demo)


def _work(settings: Settings, *, attached: bool) -> int:
    from backend.bootstrap.worker import work  # noqa: PLC0415 - the environment is prepared first

    return work(settings, attached=attached)
