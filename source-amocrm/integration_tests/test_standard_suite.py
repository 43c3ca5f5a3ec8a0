"""Airbyte's own test suite for connectors, against the sandbox. What a test does not run for is not listed: none is skipped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests import SourceTestSuiteBase

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = {
    "test_config_matches_spec": "spec",
    "test_check": "check",
    "test_discover": "discover",
    "test_basic_read": "read",
    "test_fail_read_with_bad_catalog": "read",
}
pytestmark = pytest.mark.filterwarnings("error::airbyte_cdk.test.standard_tests.DiscoveredCatalogWarning")


@pytest.fixture
def shop(sandbox: Any) -> Any:
    """The sandbox with something in every stream of its Kommo account."""
    requests.post(
        f"{sandbox.url}/api/v4/webhooks",
        json={"destination": "https://example.com/hook", "settings": ["add_contact"]},
        headers={"Host": "shop.kommo.com", "Authorization": "Bearer sandbox-token-shop"},
        timeout=30,
    ).raise_for_status()
    for entity in ("companies", "leads"):
        (first,) = sandbox.call("GET", f"amocrm/shop.kommo.com/{entity}?page=1&limit=1")[entity]
        edit = {"entity": entity, "action": "delete", "id": first["id"]}
        sandbox.call("POST", "amocrm/shop.kommo.com/edits", {"edits": [edit]})
    return sandbox


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
            command = COMMANDS[metafunc.function.__name__]
            listed = [one for one in self.get_scenarios() if one.runs(command)]
            metafunc.parametrize("listed", listed, ids=[one.config_path.stem for one in listed])

    @pytest.fixture
    def scenario(self, listed: ConnectorTestScenario, shop: Any, tmp_path: Path) -> ConnectorTestScenario:
        """The listed scenario, speaking to this session's sandbox."""
        config = listed.get_config_dict(connector_root=self.get_connector_root_dir(), empty_if_missing=False)
        path = tmp_path / "config.json"
        path.write_text(json.dumps({**config, "base_url": shop.url, "backoff_seconds": 0.01}))
        fields = {name: getattr(listed, name) for name in ConnectorTestScenario.model_fields}
        return ConnectorTestScenario(**{**fields, "config_path": path})

    def test_no_stream_and_no_check_is_excepted(self) -> None:
        excepted = {"empty_streams", "bypass_reason", "validate_schema", "configured_catalog_path"}
        sections = self.acceptance_test_config["acceptance_tests"]

        assert self.acceptance_test_config["test_strictness_level"] == "high"
        assert set(sections) == {"spec", "connection", "discovery", "basic_read", "full_refresh"}
        assert [entry for section in sections.values() for entry in section["tests"] if excepted & set(entry)] == []
