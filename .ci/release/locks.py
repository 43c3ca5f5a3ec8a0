"""Locks: every version pinned with hashes, and no address in them (docs/decisions/0001)."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from release.repository import text_of, tracked

COMPILE = ("pip", "compile", "-q", "--universal", "--generate-hashes", "--no-emit-index-url", "--no-header")
PARTS = ("source-amocrm", "destination-unisender", "sandbox", "orchestrator")
IN_IMAGES = ("--no-annotate", "--constraints", "requirements.lock", "deploy/build.in")
"""An image's lock is the root lock's versions, restricted to what the image's packages need and what builds them."""
LOCKS = {
    "requirements.lock": (*(f"{part}/pyproject.toml" for part in PARTS), "--group", "pyproject.toml:dev"),
    "docs/requirements.lock": ("docs/requirements.in",),
    "fuzz/requirements.lock": ("fuzz/requirements.in",),
    "integration_tests/pyairbyte/requirements.lock": ("integration_tests/pyairbyte/requirements.in",),
    "integration_tests/third_party_clients/requirements.lock": (
        "integration_tests/third_party_clients/requirements.in",
    ),
    "deploy/tools.lock": ("deploy/tools.in",),
    **{f"{part}/requirements.lock": (*IN_IMAGES, f"{part}/pyproject.toml") for part in PARTS[:3]},
    # The service's image holds the connectors too: its runner `process` runs them.
    "orchestrator/requirements.lock": (*IN_IMAGES, *(f"{part}/pyproject.toml" for part in PARTS if part != "sandbox")),
}
ADDRESS = ("://", "--index-url", "--extra-index-url", "--find-links")


def write_locks(root: Path, *, upgrade: bool) -> None:
    for lock, inputs in LOCKS.items():
        _compile(root, inputs, root / lock, upgrade=upgrade)


def stale_locks(root: Path) -> Iterator[str]:
    """Locks that would be written otherwise today, without asking for newer versions. Needs the package index."""
    with tempfile.TemporaryDirectory() as folder:
        for lock, inputs in LOCKS.items():
            copy = Path(folder) / "copy.lock"
            shutil.copyfile(root / lock, copy)
            _compile(root, inputs, copy, upgrade=False)
            if copy.read_text() != (root / lock).read_text():
                yield f"{lock} is not what the requirements say: make lock LOCK_ARGS="


def addresses_in_locks(root: Path) -> Iterator[str]:
    for path in tracked(root):
        if path.endswith(".lock"):
            for number, line in enumerate(text_of(root / path).splitlines(), start=1):
                if any(mark in line for mark in ADDRESS):
                    yield f"{path}:{number} holds an address"


def _compile(root: Path, inputs: Sequence[str], lock: Path, *, upgrade: bool) -> None:
    uv = Path(sys.executable).with_name("uv")
    wish = ["--upgrade"] if upgrade else []
    command = [str(uv), *COMPILE, *wish, "--python-version", "3.11", *inputs, "-o", str(lock)]
    subprocess.run(command, cwd=root, check=True)  # noqa: S603
