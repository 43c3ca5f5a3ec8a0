"""Airbyte's own test suite for connectors, against the sandbox."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests import SourceTestSuiteBase

if TYPE_CHECKING:
    from pathlib import Path


class TestSourceAmocrm(SourceTestSuiteBase):
    """Runs what `acceptance-test-config.yml` lists. Docker tests are left to the image build."""

    test_docker_image_build_and_spec = None
    test_docker_image_spec_backward_compatibility = None
    test_docker_image_build_and_check = None
    test_docker_image_build_and_config_matches_spec = None
    test_docker_image_build_and_discover = None
    test_docker_image_build_and_read = None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "scenario" in metafunc.fixturenames:
            scenarios = self.get_scenarios()
            metafunc.parametrize("listed", scenarios, ids=[f"{s.sections[0]}-{s.config_path}" for s in scenarios])

    @pytest.fixture
    def scenario(self, listed: ConnectorTestScenario, sandbox: Any, tmp_path: Path) -> ConnectorTestScenario:
        """The listed scenario, speaking to this session's sandbox."""
        config = listed.get_config_dict(connector_root=self.get_connector_root_dir(), empty_if_missing=False)
        path = tmp_path / "config.json"
        path.write_text(json.dumps({**config, "base_url": sandbox.url, "backoff_seconds": 0.01}))
        fields = {name: getattr(listed, name) for name in ConnectorTestScenario.model_fields}
        return ConnectorTestScenario(**{**fields, "config_path": path})
