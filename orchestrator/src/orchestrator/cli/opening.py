"""From the command line to the service: configuration, services, and where answers go."""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from orchestrator.cli.exits import Exit, exit_of
from orchestrator.domain.errors import OrchestratorError

if TYPE_CHECKING:
    from orchestrator.bootstrap import Application
    from orchestrator.cli.screen import Screen
    from orchestrator.config.loading import Loaded

ACTOR = "cli"
"""Who did it, in the audit log."""
CONFIGURATION = Path("configuration.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a command works with."""

    application: "Application"
    screen: "Screen"


@contextmanager
def opened(config: Path | None, *, as_json: bool) -> Iterator[Desk]:
    """The service behind a configuration file; errors become a sentence and an exit code."""
    from orchestrator.bootstrap import open_application  # noqa: PLC0415 - not for --help
    from orchestrator.cli.screen import Screen, language_of  # noqa: PLC0415

    logging.getLogger().addHandler(logging.NullHandler())  # what goes wrong is told by exceptions here
    with telling_errors(as_json=as_json):
        settings = loaded(config).settings
        with open_application(settings) as application:
            screen = Screen(language=language_of(settings.language), as_json=as_json)
            yield Desk(application=application, screen=screen)


@contextmanager
def telling_errors(*, as_json: bool = False) -> Iterator[None]:
    """Errors as people and machines read them."""
    try:
        yield
    except OrchestratorError as error:
        _tell(error.code, str(error), as_json=as_json)
        raise typer.Exit(exit_of(error)) from None
    except BrokenPipeError:
        # Whoever read us has had enough; nothing more can be said, not even while closing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(Exit.FAILED) from None
    except OSError as error:
        _tell("file_unusable", f"{error.filename or 'a file'}: {error.strerror or error}", as_json=as_json)
        raise typer.Exit(Exit.FAILED) from None
    except KeyboardInterrupt:
        raise typer.Exit(Exit.INTERRUPTED) from None


def _tell(code: str, sentence: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"error": {"code": code, "message": sentence}}, ensure_ascii=False))
    else:
        typer.echo(f"orchestrator: {sentence}", err=True)


def loaded(config: Path | None) -> "Loaded":
    """The settings of a file, by default the one of this folder; without any the defaults.

    Raises ConfigurationError.
    """
    from orchestrator.adapters.cron import check_cron  # noqa: PLC0415
    from orchestrator.config.loading import load_with_files  # noqa: PLC0415

    return load_with_files(path_of(config), check_schedule=check_cron)


def path_of(config: Path | None) -> Path | None:
    """Which file is meant."""
    return config or (CONFIGURATION if CONFIGURATION.exists() else None)


def answered(code: Exit) -> None:
    """End the command with this exit code, unless it is the usual one."""
    if code is not Exit.OK:
        raise typer.Exit(code)
