"""schemathesis, somebody else's judge of HTTP APIs, over what we say of ours."""

import os
import subprocess
from pathlib import Path

from orchestra import TOKEN, Orchestra

from judged import TIMES, faults, venv

HERE = Path(__file__).parent
CASES = 25


def test_the_api_does_what_its_description_says(service: Orchestra) -> None:
    """No 5xx, no undocumented answer, bodies as described, junk refused, nothing without a token."""
    # One worker: of two, Python 3.11's parser (which the strategies' descriptions are made with) fails now and then.
    command = [
        venv("schemathesis"), "--config-file", HERE / "schemathesis.toml", "run",
        f"{service.url}/api/v1/openapi.json", "--no-color", "--max-examples", str(CASES * TIMES),
        "--workers", "1", "--generation-database", "none",
    ]  # fmt: skip
    environment = {**os.environ, "JUDGED_TOKEN": TOKEN}
    judged = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True)

    assert judged.returncode == 0, judged.stdout[-20_000:] + judged.stderr[-2_000:]
    assert faults(service) == []
    assert service.ask("GET", "/api/v1/accounts").ok
