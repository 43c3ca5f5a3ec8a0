"""The root metadata.yaml is the bundle's index: everything it names exists and nothing in it contradicts the rest."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.config.catalogue import catalogue

ROOT = Path(__file__).parents[1]
BUNDLE = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
COMPONENTS = {component["path"]: component["role"] for component in BUNDLE["components"]}
CONNECTORS = {path: role for path, role in COMPONENTS.items() if role in ("source", "destination")}


def connector_metadata(path: str) -> dict[str, Any]:
    loaded = yaml.safe_load((ROOT / path / "metadata.yaml").read_text())
    return json.loads(json.dumps(loaded, default=str))  # YAML reads dates as dates, JSON Schema as strings


def project(path: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / path / "pyproject.toml").read_text())["project"]


def test_the_index_does_not_pass_for_a_connector() -> None:
    assert "connectorType" not in BUNDLE
    assert "definitionId" not in BUNDLE


@pytest.mark.parametrize("path", COMPONENTS)
def test_every_component_exists_and_installs_by_itself(path: str) -> None:
    assert (ROOT / path / "pyproject.toml").is_file()
    assert (ROOT / path / "README.md").is_file()


def test_every_workspace_member_is_in_the_index() -> None:
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]

    assert set(workspace["members"]) == set(COMPONENTS)


@pytest.mark.parametrize(("path", "role"), CONNECTORS.items())
def test_every_connector_has_airbytes_own_metadata_of_the_same_role(path: str, role: str) -> None:
    assert connector_metadata(path)["data"]["connectorType"] == role


@pytest.mark.parametrize("path", CONNECTORS)
def test_the_licence_is_the_same_everywhere(path: str) -> None:
    assert connector_metadata(path)["data"]["license"] == project(path)["license"]["text"] == BUNDLE["license"] == "MIT"


def test_definition_ids_are_unique() -> None:
    ids = [connector_metadata(path)["data"]["definitionId"] for path in CONNECTORS]

    assert len(set(ids)) == len(ids)


def test_the_top_level_holds_only_what_the_house_has_a_room_for() -> None:
    allowed = {
        "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "README.ru.md", "benchmarks",
        "deploy", "destination-unisender", "docker-compose.yaml", "docs", "fuzz", "integration_tests", "metadata.yaml", "mkdocs.yml",
        "orchestrator", "pyproject.toml",
        "requirements.lock", "sandbox", "source-amocrm",
    }  # fmt: skip
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}

    assert visible <= allowed


def test_the_services_catalogue_is_what_the_bundle_and_its_connectors_say() -> None:
    told = {one.name: (one.role, one.module, one.image) for one in catalogue()}
    connectors = {path: connector_metadata(path)["data"] for path in CONNECTORS}

    assert told == {
        path: (
            CONNECTORS[path],
            f"{path.replace('-', '_')}.run",
            f"{data['dockerRepository']}:{data['dockerImageTag']}",
        )
        for path, data in connectors.items()
    }
