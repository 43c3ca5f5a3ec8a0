"""What surrounds the code says the same everywhere, and what users rely on does not change under one version.

To change spec, catalog or records: raise the version, write it into the changelog, and run the tests once with
FREEZE=1, which keeps the new copies under the new version.
"""

from __future__ import annotations

import json
import logging
import os
import re
import tomllib
import uuid
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import yaml
from airbyte_cdk.models import ConnectorSpecificationSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    get_declarative_component_schema,
    validate_manifest,
)
from airbyte_cdk.test.standard_tests._spec_compatibility import compare_specs

from source_amocrm import SourceAmocrm
from source_amocrm.config import CREDENTIAL_KEYS, TOP_KEYS
from source_amocrm.plan import StreamPlan
from source_amocrm.source import manifest

ROOT = Path(__file__).parents[1]
METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
VERSION = PROJECT["version"]
SPEC = ConnectorSpecificationSerializer.dump(SourceAmocrm().spec(logging.getLogger()))
PROPERTIES = SPEC["connectionSpecification"]["properties"]


def frozen(name: str, current: Any) -> Any:
    """The copy kept for this version; with FREEZE=1 a missing one is made."""
    path = Path(__file__).parent / "frozen" / VERSION / name
    if os.environ.get("FREEZE") and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(current, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    return json.loads(path.read_text())


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


OLDER = sorted(path.name for path in (Path(__file__).parent / "frozen").iterdir() if path.name != VERSION)


@pytest.mark.parametrize("older", OLDER)
def test_configurations_saved_under_an_older_version_still_hold(older: str) -> None:
    """What is broken deliberately needs a major version and its announcement in metadata.yaml (docs/releasing.md)."""
    before = json.loads((Path(__file__).parent / "frozen" / older / "spec.json").read_text())
    announced = METADATA["data"].get("releases", {}).get("breakingChanges", {})

    assert compare_specs(before, plain(SPEC)).breaking == [] or announced


def test_the_specification_is_the_frozen_one() -> None:
    assert plain(SPEC) == frozen("spec.json", SPEC)


def test_the_catalog_and_with_it_every_record_schema_is_the_frozen_one(config: dict[str, Any]) -> None:
    streams = {stream.name: stream.as_airbyte_stream() for stream in SourceAmocrm().streams(config)}
    catalog = {
        name: {
            "json_schema": stream.json_schema,
            "primary_key": stream.source_defined_primary_key,
            "cursor": stream.default_cursor_field,
            "sync_modes": [mode.value for mode in stream.supported_sync_modes],
            "resumable": stream.is_resumable,
        }
        for name, stream in streams.items()
    }

    assert plain(catalog) == frozen("catalog.json", catalog)


def test_the_manifest_is_valid_for_the_cdk() -> None:
    source = SourceAmocrm()

    validate_manifest(source.resolved_manifest, get_declarative_component_schema())


def test_every_stream_has_a_plan_a_schema_and_a_primary_key() -> None:
    plans = SourceAmocrm().plans()

    assert len(plans) == len(manifest()["streams"]) == 33
    for plan in plans.values():
        assert isinstance(plan, StreamPlan)
        assert (ROOT / "source_amocrm" / "schemas" / f"{plan.name}.json").is_file()
        assert plan.primary_key


def test_the_metadata_is_what_airbyte_publishes_as_its_schema() -> None:
    published = resources.files("airbyte_connector_models") / "metadata/v0/ConnectorMetadataDefinitionV0.json"
    # two faults of the published file: nested `$id`s move the root its references count from, and `generated`, which
    # no connector may write by hand, names a class where a JSON type belongs
    schema = without_nested_ids(json.loads(published.read_text()))
    del schema["properties"]["data"]["properties"]["generated"]

    jsonschema.validate(METADATA, schema, format_checker=jsonschema.FormatChecker())


def without_nested_ids(schema: Any) -> Any:
    if isinstance(schema, list):
        return [without_nested_ids(part) for part in schema]
    if isinstance(schema, dict):
        return {key: without_nested_ids(part) for key, part in schema.items() if key not in ("$id", "$schema")}
    return schema


def test_the_version_is_the_same_everywhere() -> None:
    first_heading = re.search(r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    dockerfile = (ROOT / "Dockerfile").read_text()
    data = METADATA["data"]

    assert first_heading is not None
    assert first_heading.group(1) == data["dockerImageTag"] == VERSION
    assert f"io.airbyte.version={VERSION}" in dockerfile
    assert f"airbyte-source-amocrm/{VERSION}" in (ROOT / "source_amocrm" / "client.py").read_text()
    assert data["connectorBuildOptions"]["baseImage"] in dockerfile
    assert data["license"] == PROJECT["license"]["text"] == "MIT"
    assert uuid.UUID(data["definitionId"]).version == 4
    assert PROJECT["scripts"] == {"source-amocrm": "source_amocrm.run:run"}


def test_suggested_streams_exist() -> None:
    assert set(METADATA["data"]["suggestedStreams"]["streams"]) <= set(SourceAmocrm().plans())


def test_the_icon_is_a_drawing() -> None:
    assert ET.parse(ROOT / "icon.svg").getroot().tag.endswith("svg")


def test_the_specification_knows_every_key_the_code_knows() -> None:
    assert set(PROPERTIES) == set(TOP_KEYS)
    ways = PROPERTIES["credentials"]["oneOf"]
    assert {way["properties"]["auth_type"]["const"]: set(way["properties"]) for way in ways} == {
        kind: set(keys) for kind, keys in CREDENTIAL_KEYS.items()
    }
    assert ways[0]["properties"]["auth_type"]["const"] == "long_lived_token"


@pytest.mark.parametrize("name", TOP_KEYS)
def test_every_setting_has_a_title_a_description_and_a_place(name: str) -> None:
    assert {"title", "description", "order"} <= set(PROPERTIES[name])


def test_settings_for_tests_are_hidden() -> None:
    hidden = {name for name, setting in PROPERTIES.items() if setting.get("airbyte_hidden")}

    assert hidden == set(TOP_KEYS) - {
        "host", "credentials", "start_date", "requests_per_second", "num_workers", "lookback_window",
    }  # fmt: skip


def test_every_stream_and_setting_is_in_the_documentation() -> None:
    page = (ROOT.parent / "docs" / "connectors" / "source-amocrm.md").read_text()

    assert [name for name in SourceAmocrm().plans() if f"`{name}`" not in page] == []
    assert [name for name in TOP_KEYS if f"`{name}`" not in page] == []
