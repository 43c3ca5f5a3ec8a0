"""Airbyte's own test suite for connectors, against the sandbox. What a test does not run for is not listed: none is skipped."""

import json
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests.destination_base import DestinationTestSuiteBase

COMMANDS = {"test_config_matches_spec": "spec", "test_check": "check"}


class WithoutImages(DestinationTestSuiteBase):
    """The suite without the tests that build an image: this machine may have no docker."""

    __test__ = False


for name in dir(DestinationTestSuiteBase):
    if name.startswith("test_docker"):
        setattr(WithoutImages, name, None)


class TestDestinationUnisender(WithoutImages):
    """Runs what `acceptance-test-config.yml` lists."""

    __test__ = True

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "scenario" in metafunc.fixturenames:
            command = COMMANDS[metafunc.function.__name__]
            listed = [one for one in self.get_scenarios() if one.runs(command)]
            metafunc.parametrize("listed", listed, ids=[one.config_path.stem for one in listed])

    @pytest.fixture
    def scenario(self, listed: ConnectorTestScenario, sandbox: Any, tmp_path: Path) -> ConnectorTestScenario:
        """The listed scenario, speaking to this session's sandbox."""
        config = listed.get_config_dict(connector_root=self.get_connector_root_dir(), empty_if_missing=False)
        path = tmp_path / "config.json"
        path.write_text(json.dumps({**config, "base_url": sandbox.url}))
        fields = {name: getattr(listed, name) for name in ConnectorTestScenario.model_fields}
        return ConnectorTestScenario(**{**fields, "config_path": path})

    def test_no_check_is_excepted(self) -> None:
        assert self.acceptance_test_config["test_strictness_level"] == "high"
        assert set(self.acceptance_test_config["acceptance_tests"]) == {"spec", "connection"}
