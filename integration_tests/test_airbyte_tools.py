"""Airbyte's own command for testing connectors, on untouched copies of both, without an exception in their configuration."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import requests

from sandbox.demo.sandbox_control import SandboxControl

ROOT = Path(__file__).parents[1]
CLI = Path(sys.executable).with_name("airbyte-cdk")
STRICT = "-Werror::airbyte_cdk.test.standard_tests.DiscoveredCatalogWarning"
ASKED = {
    "source-amocrm": {"test_spec", "test_config_matches_spec", "test_check", "test_discover", "test_basic_read"},
    "destination-unisender": {"test_config_matches_spec", "test_check"},
}


@pytest.fixture
def shop(sandbox: SandboxControl) -> SandboxControl:
    """The sandbox with something in every stream of its Kommo account."""
    requests.post(
        f"{sandbox.url}/api/v4/webhooks",
        json={"destination": "https://example.com/hook", "settings": ["add_contact"]},
        headers={"Host": "shop.kommo.com", "Authorization": "Bearer sandbox-token-shop"},
        timeout=30,
    ).raise_for_status()
    for entity in ("companies", "leads"):
        first = next(iter(sandbox.pages(f"amocrm/shop.kommo.com/{entity}", entity)))
        edit = {"entity": entity, "action": "delete", "id": first["id"]}
        sandbox.post("amocrm/shop.kommo.com/edits", {"edits": [edit]})
    return sandbox


@pytest.mark.parametrize("connector", ASKED)
def test_airbytes_command_finds_nothing(connector: str, shop: SandboxControl, tmp_path: Path) -> None:
    folder = tmp_path / connector
    shutil.copytree(ROOT / connector, folder, ignore=shutil.ignore_patterns("__pycache__", "unit_tests"))
    for path in (folder / "integration_tests" / "configs").glob("*.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "base_url": shop.url}))

    command = [CLI, "connector", "test", folder, "--pytest-arg=-k not docker", f"--pytest-arg={STRICT}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240)

    assert done.returncode == 0, done.stdout[-3000:]
    cases = ET.parse(folder / "build" / "test-results" / "standard-tests-junit.xml").getroot().iter("testcase")
    skips = {case: case.find("skipped") for case in cases}
    assert {case.attrib["name"].partition("[")[0] for case, skip in skips.items() if skip is None} >= ASKED[connector]
    # A configuration is skipped by the commands it is not listed for, and by nothing else.
    assert [
        skip.attrib for skip in skips.values() if skip is not None and "not run for" not in skip.attrib["message"]
    ] == []
