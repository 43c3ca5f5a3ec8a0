"""`orchestrator up`, `serve`, `worker`, `scheduler` and `migrate`: the service itself."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.exits import Exit
from orchestrator.cli.opening import CONFIGURATION, answered, loaded, opened, path_of, telling_errors
from orchestrator.cli.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from orchestrator.bootstrap import Application


def up(*, config: ConfigFile = None) -> None:
    """Run everything in one process: the quick start. The first time it writes a configuration with fresh secrets."""
    from orchestrator.bootstrap import roles  # noqa: PLC0415 - not for --help

    with telling_errors():
        _first_start(config)
        with _service(config) as application:
            _say_where(application)
            answered(_ended(in_time=roles.up(application)))


def serve(*, config: ConfigFile = None) -> None:
    """Answer webhooks, the API and the pages."""
    from orchestrator.bootstrap import roles  # noqa: PLC0415

    with telling_errors(), _service(config) as application:
        roles.serve(application)


def worker(
    *,
    config: ConfigFile = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="How many; by default as workers.processes says.")
    ] = None,
) -> None:
    """Work on what the queue rings for."""
    from orchestrator.bootstrap import roles  # noqa: PLC0415

    with telling_errors(), _service(config) as application:
        command = [sys.executable, "-m", "orchestrator", "worker", "--processes", "1"]
        command += ["--config", str(path_of(config))] if path_of(config) else []
        wanted = processes or application.settings.workers.processes
        answered(_ended(in_time=roles.work(application, processes=wanted, command=command)))


def scheduler(*, config: ConfigFile = None) -> None:
    """Do what is to be done from time to time: schedules, renewals, looking after webhooks."""
    from orchestrator.bootstrap import roles  # noqa: PLC0415

    with telling_errors(), _service(config) as application:
        answered(_ended(in_time=roles.schedule(application)))


def migrate(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Bring the database's tables up to date. The other commands do so themselves when they start."""
    with opened(config, as_json=as_json) as desk:
        database = desk.application.database
        applied = database.migrate()
        revision = database.revision()
        desk.screen.answer(
            {"applied": applied, "revision": revision},
            lambda: desk.screen.say("migrated", count=len(applied), revision=revision),
        )


def _first_start(config: Path | None) -> None:
    """Write the files of the very first start and say where they are."""
    from orchestrator.cli.screen import Screen, language_of  # noqa: PLC0415
    from orchestrator.config.first_run import create_files  # noqa: PLC0415

    for path in create_files(config or CONFIGURATION):
        Screen(language=language_of(None), as_json=False).say("file_written", path=path)


def _say_where(application: "Application") -> None:
    """Where the pages are, once there is a password."""
    from orchestrator.cli.screen import Screen, language_of  # noqa: PLC0415

    if application.settings.security.admin_password is not None:
        screen = Screen(language=language_of(application.settings.language), as_json=False)
        screen.say("sign_in_at", url=application.public_url)


@contextmanager
def _service(config: Path | None) -> Iterator["Application"]:
    """The application of a long-running process: logs as configured, the configuration watched."""
    from orchestrator.bootstrap import open_application  # noqa: PLC0415
    from orchestrator.bootstrap.reloading import watching  # noqa: PLC0415
    from orchestrator.telemetry.logs import set_up_logs  # noqa: PLC0415

    found = loaded(config)
    set_up_logs(level=found.settings.logging.level, form=found.settings.logging.format)
    with open_application(found.settings) as application, watching(application, found, lambda: loaded(config)):
        yield application


def _ended(*, in_time: bool) -> Exit:
    """The exit code, unless something still runs that nobody must wait for."""
    from orchestrator.bootstrap.roles import exit_at_once  # noqa: PLC0415

    if not in_time:
        exit_at_once()
    return Exit.OK
