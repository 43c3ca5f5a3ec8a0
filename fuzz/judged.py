"""What every judge needs: how much to try, where strangers' tools live, what counts as a mistake of ours."""

import os
from pathlib import Path

from orchestra import Orchestra

TIMES = int(os.environ.get("FUZZ_TIMES", "1"))
"""`FUZZ_TIMES=10 make fuzz` tries ten times as much."""


def faults(service: Orchestra) -> list[str]:
    """Lines of the service's log that tell of a mistake of ours."""
    told = ("Traceback", "http_call_failed", "grpc_call_failed", "worker_fault", "duty_fault", "webhooks_not_taken")
    return [line for line in service.log("up").splitlines() if any(word in line for word in told)]


def venv(program: str) -> Path:
    """A program of the judges' own environment, which `make fuzz` makes."""
    return Path(__file__).parents[1] / ".venv-judges" / "bin" / program
