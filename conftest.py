"""How the workers of `make test` share the tests out."""

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

FURNISHED = ("test_every_page", "test_keyboard", "test_strangers")
SHARED = {f"integration_tests/browser/{name}.py": "the furnished service" for name in FURNISHED}
"""Files that share a service which takes a while to start and furnish: one worker takes them all."""


class ByService(LoadFileScheduling):
    """A worker keeps to a file, for what the file's tests share, or to the files of one service."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return SHARED.get(file, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByService:
    return ByService(config, log)
