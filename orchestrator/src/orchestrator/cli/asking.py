"""What is asked of the person at the terminal."""

import sys

import typer

from orchestrator.cli.screen import Screen
from orchestrator.domain.errors import RejectedError
from orchestrator.domain.secret import Secret


def read_secret(screen: Screen, question: str) -> Secret:
    """A secret typed in, or the first line of standard input; never from the command line, where others see it."""
    if sys.stdin.isatty():
        text = typer.prompt(screen.text(question), hide_input=True, err=True)
    else:
        text = sys.stdin.readline()
    if not text.strip():
        raise RejectedError("Nothing was typed in, and standard input is empty.")
    return Secret(text.strip())
