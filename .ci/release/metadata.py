"""Each connector's metadata.yaml before Airbyte's own judges: the published schema and the CDK's model."""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from airbyte_cdk.models.connector_metadata import ConnectorLanguage, MetadataFile

from release.changelogs import versions_told
from release.versions import Component


def metadata_problems(component: Component, root: Path) -> Iterator[str]:
    path = root / component.metadata
    # YAML reads dates as dates, JSON Schema as strings.
    loaded = json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))
    judge = jsonschema.Draft7Validator(published_schema(), format_checker=jsonschema.FormatChecker())
    for error in judge.iter_errors(loaded):
        yield f"{component.metadata}: {'.'.join(map(str, error.absolute_path))}: {error.message}"
    read = MetadataFile.from_file(path).data
    if read.language is ConnectorLanguage.UNKNOWN:
        yield f"{component.metadata}: no tag tells the language"
    data = loaded["data"]
    for name in (data.get("icon", "icon.svg"), "README.md", "BEHAVIOR.md", "acceptance-test-config.yml"):
        if not (path.parent / name).is_file():
            yield f"{component.name}: {name} is missing"
    if not (root / "docs" / "connectors" / f"{component.name}.md").is_file():
        yield f"docs/connectors/{component.name}.md is missing"
    yield from _breaking_changes(component, data, root)


def _breaking_changes(component: Component, data: Mapping[str, Any], root: Path) -> Iterator[str]:
    """A new major version breaks something: metadata must announce it, and a guide must lead over it."""
    announced = data.get("releases", {}).get("breakingChanges", {})
    guide = root / "docs" / "connectors" / f"{component.name}-migrations.md"
    guided = guide.read_text() if guide.is_file() else ""
    for version in versions_told(component, root):
        if version.endswith(".0.0") and version != "1.0.0" and version not in announced:
            yield f"{component.metadata}: releases.breakingChanges does not announce {version}"
    for version in announced:
        if f"## Upgrading to {version}\n" not in guided:
            yield f"docs/connectors/{component.name}-migrations.md: no section “Upgrading to {version}”"


def published_schema() -> dict[str, Any]:
    """Airbyte's schema, without two faults of its own.

    Nested `$id`s move the root its references count from; `generated`, which nobody may write by hand, has a type JSON
    Schema does not know.
    """
    file = files("airbyte_connector_models").joinpath("metadata/v0/ConnectorMetadataDefinitionV0.json")
    schema: dict[str, Any] = _without_nested_ids(json.loads(file.read_text()))
    del schema["properties"]["data"]["properties"]["generated"]
    return schema


def _without_nested_ids(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_nested_ids(part) for part in schema]
    if isinstance(schema, dict):
        return {
            key: _without_nested_ids(part) for key, part in schema.items() if key != "$id" or not isinstance(part, str)
        }
    return schema
