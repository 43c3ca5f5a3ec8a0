"""`orchestrator widget`: the widget that is uploaded to amoCRM."""

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.opening import loaded, telling_errors
from orchestrator.cli.options import AsJson, ConfigFile

widget = typer.Typer(no_args_is_help=True, help="The widget inside amoCRM.")


@widget.callback()
def _group() -> None:
    """Keeps `build` a command of its own while it is the only one."""


@widget.command()
def build(
    *,
    public_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where amoCRM reaches this service; by default public_url of the file."),
    ] = None,
    output: Annotated[Path, typer.Option(help="The archive to write.")] = Path("widget.zip"),
    support_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where users get help; by default the public URL.")
    ] = None,
    version: Annotated[
        str | None,
        typer.Option(metavar="X.Y.Z", help="Higher than what was uploaded before; by default the package's."),
    ] = None,
    support_email: Annotated[str, typer.Option(metavar="ADDRESS", help="Whom users may write to.")] = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Write the archive that is uploaded in the integration's card at amoCRM."""
    from importlib import metadata  # noqa: PLC0415 - not for --help

    from orchestrator.adapters.widget_sources import widget_sources  # noqa: PLC0415
    from orchestrator.cli.screen import Screen, language_of  # noqa: PLC0415
    from orchestrator.domain.widget_archive.address import widget_address  # noqa: PLC0415
    from orchestrator.domain.widget_archive.assembling import Edition  # noqa: PLC0415
    from orchestrator.services.build_widget import build_widget  # noqa: PLC0415

    with telling_errors(as_json=as_json):
        settings = loaded(config).settings
        address = widget_address(public_url or settings.public_url or "")
        edition = Edition(
            public_url=address,
            version=version or metadata.version("amocrm-unisender-orchestrator"),
            support_url=support_url or address,
            support_email=support_email,
        )
        archive = build_widget(widget_sources(), edition)
        output.write_bytes(archive)
        screen = Screen(language=language_of(settings.language), as_json=as_json)
        facts = {"file": output, "version": edition.version, "url": address}
        screen.answer(facts | {"bytes": len(archive)}, lambda: screen.say("widget_built", **facts))
