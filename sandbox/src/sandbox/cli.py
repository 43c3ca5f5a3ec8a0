"""The command `sandbox`."""

import asyncio
import gc
import shutil
import signal
import sys
from pathlib import Path
from typing import Annotated

import requests
import typer
from aiohttp import web
from rich.console import Console

from sandbox.app import make_app
from sandbox.demo.connectors import ConnectorFailedError
from sandbox.demo.sandbox_control import SandboxControl, SandboxFailedError, running
from sandbox.demo.service import Service, ServiceFailedError, running_service
from sandbox.demo.service_story import ServiceStory
from sandbox.demo.staying import Keep, stay
from sandbox.demo.story import Story
from sandbox.settings import REDIRECT_URI, RateLimits, Settings

main = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@main.callback()
def commands() -> None:
    """Emulators of amoCRM and Unisender on one port."""


@main.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8900,
    contacts: Annotated[int, typer.Option(help="People in the first amoCRM account.")] = 5000,
    seed: Annotated[int, typer.Option(help="Which people: the same seed makes the same data.")] = 1,
    rate_limits: Annotated[
        RateLimits, typer.Option(help="Count requests as the vendors do, or not at all.")
    ] = "vendor",
    redirect_uri: Annotated[
        str, typer.Option(help="Where people are sent after consent, by the integration sandbox-client.")
    ] = REDIRECT_URI,
) -> None:
    """Serve both vendors until SIGTERM or Ctrl-C."""
    try:
        settings = Settings(contacts=contacts, seed=seed, rate_limits=rate_limits, redirect_uri=redirect_uri)
        asyncio.run(_serve(host, port, settings))
    except (ValueError, OSError) as wrong:
        typer.echo(f"sandbox: {wrong}", err=True)
        sys.exit(2)


@main.command()
def demo(
    contacts: Annotated[int, typer.Option(help="People in the amoCRM account.")] = 5000,
    seed: Annotated[int, typer.Option(help="Which people.")] = 1,
    rate_limits: Annotated[RateLimits, typer.Option(help="Count requests as the vendors do, or not.")] = "vendor",
    folder: Annotated[Path, typer.Option(help="Where everything the demo writes is kept.")] = Path(".demo"),
    *,
    connectors: Annotated[
        bool, typer.Option("--connectors", help="The two connectors alone, without the service.")
    ] = False,
    keep: Annotated[
        Keep, typer.Option(help="Stay until Ctrl-C, for a browser: before anything is linked, or after the story.")
    ] = "no",
) -> None:
    """Bring everybody from amoCRM to Unisender, change people, and let an independent oracle judge the list."""
    if connectors and keep != "no":
        raise typer.BadParameter("--keep stays with the service; --connectors runs none: leave one of them out.")
    console = Console()
    try:
        with running("--contacts", str(contacts), "--seed", str(seed), "--rate-limits", rate_limits) as control:
            if connectors:
                right = Story(control, folder, console).tell()
            else:
                shutil.rmtree(folder / "service", ignore_errors=True)
                with running_service(control, folder / "service") as service:
                    right = keep == "empty" or ServiceStory(control, service, console).tell(goodbye=keep == "no")
                    if keep != "no":
                        stay(control, service, console, linked=keep == "story")
    except (ConnectorFailedError, SandboxFailedError, ServiceFailedError) as failure:
        console.print(f"[bold red]✗ stopped[/]  {failure}", highlight=False)
        sys.exit(1)
    sys.exit(0 if right else 1)


@main.command()
def story(
    sandbox: Annotated[str, typer.Option(help="Address of a running sandbox.", metavar="URL")],
    service: Annotated[str, typer.Option(help="Address of a running service that speaks with it.", metavar="URL")],
    token_file: Annotated[Path, typer.Option(help="File with a token of the service's API.", exists=True)],
) -> None:
    """Tell the demo's story to a sandbox and a service that run already, once: it links the account and unlinks it."""
    console = Console()
    there = Service(service, token=token_file.read_text().strip(), kind="it runs already", log="the service's log")
    try:
        right = ServiceStory(SandboxControl(sandbox), there, console).tell()
    except (ServiceFailedError, requests.RequestException) as failure:
        console.print(f"[bold red]✗ stopped[/]  {failure}", highlight=False)
        sys.exit(1)
    sys.exit(0 if right else 1)


async def _serve(host: str, port: int, settings: Settings) -> None:
    runner = web.AppRunner(make_app(settings), handler_cancellation=True, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    # The world stays, answers come and go: looking through the world for garbage costs a quarter of every page.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # Whoever started us with --port 0 reads the address from this line.
    print(f"sandbox: http://{host}:{runner.addresses[0][1]}", flush=True)  # noqa: T201
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    main()
