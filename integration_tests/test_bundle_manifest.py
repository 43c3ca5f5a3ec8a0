"""The root metadata.yaml is the bundle's index: everything it names exists and nothing in it contradicts the rest."""

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
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


def without_nested_ids(schema: Any) -> Any:
    if isinstance(schema, list):
        return [without_nested_ids(part) for part in schema]
    if isinstance(schema, dict):
        return {
            key: without_nested_ids(part) for key, part in schema.items() if key != "$id" or not isinstance(part, str)
        }
    return schema


def first_changelog_version(path: Path) -> str:
    versions = re.findall(r"^## \[?(\d+\.\d+\.\d+)\]?", path.read_text(), re.MULTILINE)
    assert versions, f"{path} names no version"
    return versions[0]


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
def test_connector_metadata_validates_against_the_published_schema(path: str) -> None:
    schema_file = files("airbyte_connector_models").joinpath("metadata/v0/ConnectorMetadataDefinitionV0.json")

    # Published as bundled, the schema has two faults of its own: nested `$id`s move the root its references count
    # from, and `generated`, which nobody may write by hand, has a type JSON Schema does not know.
    schema = without_nested_ids(json.loads(schema_file.read_text()))
    del schema["properties"]["data"]["properties"]["generated"]
    judge = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())

    assert [error.message for error in judge.iter_errors(connector_metadata(path))] == []


@pytest.mark.parametrize("path", CONNECTORS)
def test_version_and_licence_of_a_connector_are_the_same_everywhere(path: str) -> None:
    data = connector_metadata(path)["data"]

    assert data["dockerImageTag"] == project(path)["version"]
    assert data["dockerImageTag"] == first_changelog_version(ROOT / path / "CHANGELOG.md")
    assert data["license"] == project(path)["license"]["text"] == BUNDLE["license"] == "MIT"


def test_the_bundles_version_is_the_changelogs_newest() -> None:
    assert BUNDLE["dockerImageTag"] == first_changelog_version(ROOT / "CHANGELOG.md")


def test_definition_ids_are_unique() -> None:
    ids = [connector_metadata(path)["data"]["definitionId"] for path in CONNECTORS]

    assert len(set(ids)) == len(ids)


def test_the_top_level_holds_only_what_the_house_has_a_room_for() -> None:
    allowed = {
        "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "README.ru.md", "benchmarks",
        "destination-unisender", "docs", "integration_tests", "metadata.yaml", "mkdocs.yml", "orchestrator", "pyproject.toml",
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
