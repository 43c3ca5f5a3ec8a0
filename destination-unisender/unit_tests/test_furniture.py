"""What surrounds the code: metadata, specification, versions. They say the same everywhere."""

import json
import re
import subprocess
import sys
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
from airbyte_cdk.test.standard_tests._spec_compatibility import compare_specs
from airbyte_cdk.test.standard_tests._spec_lint import assert_spec_is_valid

from destination_unisender.config_reading import parse_config
from destination_unisender.outcomes import Code
from destination_unisender.spec import connection_specification, connector_specification

ROOT = Path(__file__).parents[1]
REPOSITORY = ROOT.parent
METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
VERSION = PROJECT["version"]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()


def test_the_metadata_is_what_airbyte_publishes_as_its_schema() -> None:
    found = resources.files("airbyte_connector_models") / "metadata/v0/ConnectorMetadataDefinitionV0.json"
    document = json.loads(json.dumps(yaml.safe_load((ROOT / "metadata.yaml").read_text()), default=str))

    # Two faults of the published file: nested `$id`s move the root its references count from, and `generated`, which
    # nobody writes by hand, names a class where a JSON type belongs.
    schema = without_nested_ids(json.loads(found.read_text()))
    del schema["properties"]["data"]["properties"]["generated"]

    jsonschema.validate(document, schema, format_checker=jsonschema.FormatChecker())


def without_nested_ids(node: Any) -> Any:
    if isinstance(node, list):
        return [without_nested_ids(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {name: without_nested_ids(value) for name, value in node.items() if name != "$id"}


def test_the_version_is_the_same_everywhere() -> None:
    headings = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", CHANGELOG, re.MULTILINE)
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert METADATA["dockerImageTag"] == VERSION
    assert headings[0] == VERSION
    assert f"io.airbyte.version={VERSION}" in dockerfile
    assert METADATA["connectorBuildOptions"]["baseImage"] in dockerfile
    assert METADATA["license"] == PROJECT["license"]["text"] == "MIT"
    assert uuid.UUID(METADATA["definitionId"]).version == 4


def test_the_command_is_named_like_the_connector() -> None:
    assert METADATA["dockerRepository"] == "airbyte/destination-unisender"
    assert PROJECT["scripts"] == {"destination-unisender": "destination_unisender.run:run"}
    assert connector_specification()["documentationUrl"] == METADATA["documentationUrl"]


def test_the_specification_does_not_change_without_a_version() -> None:
    """To change it: raise the version, add the heading to the changelog, keep the new one under its name."""
    frozen = json.loads((ROOT / f"unit_tests/frozen/spec-{VERSION}.json").read_text())

    assert connector_specification() == frozen


@pytest.mark.parametrize("older", sorted((ROOT / "unit_tests/frozen").glob("spec-*.json")), ids=lambda path: path.stem)
def test_configurations_saved_under_an_older_version_still_hold(older: Path) -> None:
    """What is broken deliberately needs a major version and its announcement in metadata.yaml (docs/releasing.md)."""
    announced = METADATA.get("releases", {}).get("breakingChanges", {})

    assert compare_specs(json.loads(older.read_text()), connector_specification()).breaking == [] or announced


def properties(schema: dict[str, Any], path: str = "") -> Any:
    for name, inner in schema.get("properties", {}).items():
        yield f"{path}{name}", inner
        yield from properties(inner, f"{path}{name}.")
        yield from properties(inner.get("items", {}), f"{path}{name}[].")


ALL = dict(properties(connection_specification()))


@pytest.mark.parametrize("name", ALL)
def test_every_setting_has_title_description_and_order(name: str) -> None:
    assert ALL[name]["title"]
    assert ALL[name]["description"].endswith(".")
    assert isinstance(ALL[name]["order"], int)


def test_the_specification_is_as_airbytes_forms_need_it() -> None:
    text = json.dumps(connection_specification())

    assert "$ref" not in text
    assert "anyOf" not in text
    assert '"null"' not in text
    assert [name for name in ALL if ALL[name].get("airbyte_secret")] == ["api_key"]
    assert ALL["base_url"]["airbyte_hidden"] is True
    assert_spec_is_valid(
        ConnectorSpecificationSerializer.load(connector_specification()), connector_name="destination-unisender"
    )
    jsonschema.Draft7Validator.check_schema(connection_specification())


@pytest.mark.parametrize(
    "path", sorted((ROOT / "integration_tests/configs").glob("*.json")), ids=lambda path: path.stem
)
def test_the_specification_takes_every_configuration_of_the_tests(path: Path) -> None:
    config = json.loads(path.read_text())

    jsonschema.validate(config, connection_specification())
    if path.stem != "unknown_key":
        parse_config(config)


def test_defaults_in_the_form_are_the_defaults_in_the_code() -> None:
    config = parse_config({"api_key": "k", "list": {"id": 1}}).model_dump(mode="json", by_alias=True)
    schema = connection_specification()["properties"]

    shown = {name: inner["default"] for name, inner in schema.items() if "default" in inner}
    assert shown["on_delete"] == config["on_delete"] == "exclude"
    assert shown["batch_size"] == config["batch_size"] == 500
    assert all(config[name] == value for name, value in shown.items() if not isinstance(value, dict))


def test_the_icon_is_a_picture_of_ours() -> None:
    assert ET.fromstring((ROOT / METADATA["icon"]).read_text()).tag.endswith("svg")


@pytest.mark.parametrize("name", ["README.md", "BEHAVIOR.md", "../docs/connectors/destination-unisender.md"])
def test_the_papers_are_there(name: str) -> None:
    assert len((ROOT / name).read_text()) > 1000


def test_the_docs_name_every_setting_and_every_outcome() -> None:
    page = (REPOSITORY / "docs/connectors/destination-unisender.md").read_text()
    hidden = {name for name, inner in ALL.items() if inner.get("airbyte_hidden")}

    assert [name for name in ALL if name not in hidden and f"`{name}`" not in page] == []
    assert [code.value for code in Code if f"`{code.value}`" not in page] == []


def test_examples_in_the_docs_are_valid() -> None:
    page = (REPOSITORY / "docs/connectors/destination-unisender.md").read_text() + (ROOT / "README.md").read_text()
    examples = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]

    configs = [example for example in examples if "api_key" in example]
    assert configs
    for config in configs:
        parse_config(config)


def test_importing_the_command_has_no_effect_and_needs_no_cdk() -> None:
    program = (
        "import sys, threading, gc, signal; before = signal.getsignal(signal.SIGTERM), gc.get_threshold();"
        "import destination_unisender.run as run;"
        "assert (signal.getsignal(signal.SIGTERM), gc.get_threshold()) == before;"
        "assert threading.active_count() == 1; assert 'airbyte_cdk' not in sys.modules;"
        "assert callable(run.run) and callable(run.launch)"
    )

    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_class_is_where_airbytes_tools_look_for_it() -> None:
    from airbyte_cdk.destinations import Destination

    import destination_unisender

    assert issubclass(destination_unisender.DestinationUnisender, Destination)
    with pytest.raises(AttributeError):
        _ = destination_unisender.Nonsense
