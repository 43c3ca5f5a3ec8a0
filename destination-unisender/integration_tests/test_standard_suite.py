"""Airbyte's own standard tests for destinations, against the sandbox."""

import logging
from collections.abc import Mapping
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteConnectionStatus
from airbyte_cdk.test.standard_tests.destination_base import DestinationTestSuiteBase
from airbyte_cdk.test.standard_tests.pytest_hooks import pytest_generate_tests

from destination_unisender import DestinationUnisender

__all__ = ["pytest_generate_tests"]


class WithoutImages(DestinationTestSuiteBase):
    """The suite without the tests that build an image: this machine may have no docker."""

    __test__ = False


for name in dir(DestinationTestSuiteBase):
    if name.startswith("test_docker"):
        setattr(WithoutImages, name, None)


class TestDestinationUnisender(WithoutImages):
    """The configurations name the sandbox's usual port; here it runs on a free one."""

    __test__ = True
    url = ""

    @pytest.fixture(autouse=True)
    def _sandbox(self, sandbox: Any) -> None:
        type(self).url = sandbox.url

    @classmethod
    def create_connector(cls, scenario: Any) -> DestinationUnisender:
        url = cls.url

        class OnThisSandbox(DestinationUnisender):
            def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
                return super().check(logger, {**config, "base_url": url})

        OnThisSandbox.__module__ = DestinationUnisender.__module__
        return OnThisSandbox()
