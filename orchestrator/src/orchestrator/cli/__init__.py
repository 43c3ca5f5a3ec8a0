"""The command `orchestrator`: people's and scripts' hands on the services. The topmost layer."""


def main() -> None:
    """Run the command line and exit with one of `exits.Exit`."""
    from orchestrator.cli.app import run  # noqa: PLC0415 - the package itself imports nothing

    run()
