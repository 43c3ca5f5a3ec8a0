"""The images, built once for all tests, a sandbox among them, and at the end a table of what they weigh and take.

Needs a container engine and what `.ci/images.sh` sets up; it is what `make images-test` runs.
"""

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from built_images import HARDENED, IMAGES, ROOT, Image, docker
from sandbox.demo.sandbox_control import SandboxControl

BUILD_OPTIONS = shlex.split(os.environ.get("BUILD_OPTIONS", ""))
MEASURED = pytest.StashKey[list[tuple[str, ...]]]()


@pytest.fixture(scope="session")
def images(pytestconfig: pytest.Config) -> dict[str, Image]:
    """All of them, built as the README says."""
    table = pytestconfig.stash[MEASURED] = []
    for image in IMAGES:
        started = time.monotonic()
        where = ["--file", image.dockerfile, image.context] if image.dockerfile else [image.context]
        command = ["docker", "build", "--quiet", *BUILD_OPTIONS, "--tag", image.tag, *where]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        built = time.monotonic()
        docker("run", "--rm", "--network", "none", image.tag, *image.greeting.split())
        begun = time.monotonic()
        size = int(docker("image", "inspect", "--format", "{{.Size}}", image.tag).text)
        table.append((image.tag, f"{size / 1e6:.0f} MB", f"{built - started:.1f} s", f"{begun - built:.2f} s"))
    return {image.name: image for image in IMAGES}


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    head = ("image", "size", "build", "first answer")
    rows = config.stash.get(MEASURED, [])
    if rows:
        terminalreporter.section("images")
    for row in (head, *rows) if rows else ():
        terminalreporter.line(f"{row[0]:<45}{row[1]:>10}{row[2]:>10}{row[3]:>15}")


@pytest.fixture(scope="session")
def network() -> Iterator[str]:
    name = f"images-test-{uuid4().hex[:8]}"
    docker("network", "create", name)
    yield name
    docker("network", "rm", name)


@pytest.fixture(scope="session")
def sandbox(images: dict[str, Image], network: str) -> Iterator[SandboxControl]:
    """The sandbox's image, running; containers of the network know it as `sandbox:8900`."""
    command = ["serve", "--host=0.0.0.0", "--port=8900", "--contacts=300", "--rate-limits=off"]
    name = f"{network}-sandbox"
    docker(
        "run", "--detach", "--rm", "--name", name, "--network", network, "--network-alias", "sandbox",
        "--publish", "127.0.0.1::8900", *HARDENED, images["sandbox"].tag, *command,
    )  # fmt: skip
    address = docker("port", name, "8900").text.strip()
    control = SandboxControl(f"http://{address}")
    _wait_until(lambda: control.get("health"))
    yield control
    docker("stop", "--time", "10", name)


def _wait_until(there: Callable[[], Any], *, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            there()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
