"""The emulator of both vendors: one process for all tests that start each from an empty one."""

from collections.abc import Iterator

import pytest

from sandbox.demo.sandbox_control import SandboxControl, running


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxControl]:
    """Whoever uses it resets it first."""
    with running("--contacts", "0") as control:
        yield control
