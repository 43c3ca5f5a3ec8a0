"""The images there are, and docker's command line as the tests use it."""

import json
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import yaml

ROOT = Path(__file__).parents[2]
HARDENED = (
    "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
    "--memory", "512m", "--pids-limit", "200",
)  # fmt: skip


@dataclass(frozen=True)
class Image:
    """An image of ours: what it is called, built from, and asked for its cold start."""

    name: str
    tag: str
    context: str
    greeting: str
    package: str
    dockerfile: str = ""


def version_of(folder: str) -> str:
    return str(yaml.safe_load((ROOT / folder / "metadata.yaml").read_text())["data"]["dockerImageTag"])


def _connector(name: str) -> Image:
    return Image(name, f"airbyte/{name}:{version_of(name)}", name, "spec", f"airbyte-{name}")


def _ours(name: str, greeting: str, **how: str) -> Image:
    how = {"context": name, "package": f"amocrm-unisender-{name}", **how}
    return Image(name=name, tag=f"amocrm-unisender/{name}:{version_of('.')}", greeting=greeting, **how)


IMAGES = [
    _connector("source-amocrm"),
    _connector("destination-unisender"),
    _ours("orchestrator", "check-config --defaults", context=".", dockerfile="orchestrator/Dockerfile"),
    _ours("sandbox", "--help"),
    _ours("beanstalkd", "-v", context="deploy/beanstalkd", package=""),
]


def docker(*arguments: str, given: bytes = b"", check: bool = True) -> SimpleNamespace:
    """A docker command: exit code, output, and the Airbyte messages in it."""
    done = subprocess.run(["docker", *arguments], input=given, capture_output=True, timeout=300)
    if check and done.returncode:
        raise AssertionError(f"docker {shlex.join(arguments)}: {done.stderr.decode()[-2000:]}")
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]
    return SimpleNamespace(
        code=done.returncode,
        text=done.stdout.decode(),
        problems=done.stderr.decode(),
        of=lambda kind: [message for message in messages if message["type"] == kind],
        lines=done.stdout.splitlines(keepends=True),
    )
