"""`orchestrator keys`: what encrypts secrets in the database."""

import sys

import typer

from orchestrator.cli.opening import ACTOR, opened
from orchestrator.cli.options import AsJson, ConfigFile

keys = typer.Typer(no_args_is_help=True, help="Keys that encrypt secrets in the database.")


@keys.command()
def new() -> None:
    """Print a fresh key, for security.encryption_keys, a token or a password."""
    from orchestrator.config.first_run import new_secret  # noqa: PLC0415 - not for --help

    typer.echo(new_secret())


@keys.command()
def hash_password() -> None:
    """Ask for a password and print what may stand in security.admin_password instead of it (argon2id)."""
    from orchestrator.adapters.passwords import hashed  # noqa: PLC0415 - not for --help
    from orchestrator.cli.screen import Screen, language_of  # noqa: PLC0415

    if sys.stdin.isatty():
        asked = Screen(language=language_of(None), as_json=False).text("new_password")
        password = typer.prompt(asked, hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    typer.echo(hashed(password))


@keys.command()
def rotate(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Encrypt every stored secret again with the first of security.encryption_keys."""
    with opened(config, as_json=as_json) as desk:
        application, screen = desk.application, desk.screen
        count = application.database.rotate_keys()
        with application.database.begin() as tx:
            tx.audit.add(
                actor=ACTOR,
                action="keys_rotated",
                subject="service",
                details={"secrets": str(count)},
                now=application.clock.now(),
            )
        older = len(application.settings.security.encryption_keys) - 1

        def people() -> None:
            screen.say("keys_rotated", count=count)
            if older:
                screen.say("keys_older", count=older)

        screen.answer({"secrets": count, "older_keys": older}, people)
