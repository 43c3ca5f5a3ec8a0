"""Runs a connector in a process forked from one that has it loaded: importable, as a forked process asks for it by name."""

import os
import sys
from importlib import import_module

PACKAGES = {"source-amocrm": "source_amocrm", "destination-unisender": "destination_unisender"}


def launch_here(name: str, arguments: list[str], stdin: str, stdout: str) -> None:
    """The connector's command on files instead of the terminal; ends the process with the command's exit code."""
    os.dup2(os.open(stdin, os.O_RDONLY), 0)
    os.dup2(os.open(stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    try:
        code = import_module(f"{PACKAGES[name]}.run").launch(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    sys.stdout.flush()
    os._exit(code)
