"""`orchestrator check-config`."""

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.exits import Exit
from orchestrator.cli.opening import CONFIGURATION, loaded, path_of
from orchestrator.cli.options import AsJson, ConfigFile


def check_config(
    *,
    config: ConfigFile = None,
    as_json: AsJson = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of the file, for editors.")] = False,
    defaults: Annotated[bool, typer.Option("--defaults", help="Print every key with its default.")] = False,
) -> None:
    """Name everything that is wrong in the configuration file, by file, line and column."""
    from orchestrator.cli.screen import Screen, language_of  # noqa: PLC0415 - not for --help
    from orchestrator.config.problem import ConfigurationError  # noqa: PLC0415

    if schema or defaults:
        typer.echo(_shipped(schema=schema), nl=False)
        return
    path = path_of(config) or CONFIGURATION
    try:
        found = loaded(path)
    except ConfigurationError as error:
        problems = [
            {"file": one.mark.file, "line": one.mark.line, "column": one.mark.column, "sentence": one.sentence}
            for one in error.problems
        ]
        screen = Screen(language=language_of(None), as_json=as_json)
        told = str(error)
        screen.answer({"valid": False, "problems": problems}, lambda: typer.echo(told, err=True))
        raise typer.Exit(Exit.USAGE) from None
    settings = found.settings
    screen = Screen(language=language_of(settings.language), as_json=as_json)
    counts = {"integrations": len(settings.integrations), "connections": len(settings.connections)}
    readable = sorted(file for file in found.files if file.name == "secrets.yaml" and _others_read(file))

    def people() -> None:
        screen.say("configuration_valid", path=path, **counts)
        for file in readable:
            screen.say("secrets_readable", path=file)

    screen.answer({"valid": True, "problems": [], **counts, "readable_secrets": readable}, people)


def _shipped(*, schema: bool) -> str:
    from orchestrator.config.reference import DEFAULTS_FILE  # noqa: PLC0415
    from orchestrator.config.schema import SCHEMA_FILE  # noqa: PLC0415

    return (SCHEMA_FILE if schema else DEFAULTS_FILE).read_text(encoding="utf-8")


def _others_read(file: Path) -> bool:
    return file.exists() and bool(file.stat().st_mode & 0o044)
