"""The guide to Airbyte and the connectors' own pages say what the connectors say, in Airbyte's form."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from release.changelogs import HEADING
from release.versions import CONNECTORS, version_of

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "airbyte.md").read_text()
FILES = {
    name: json.loads(code)
    for name, code in re.findall(r"^`([\w-]+\.json)`:\n\n```json\n(.*?)```", GUIDE, re.DOTALL | re.MULTILINE)
}
NAMES = {"source-amocrm": "amoCRM", "destination-unisender": "Unisender"}


SOURCE, DESTINATION = CONNECTORS


def kept(path: str) -> Any:
    """What the connectors' own tests hold them to."""
    return json.loads((ROOT / path).read_text())


FROZEN = f"source-amocrm/unit_tests/frozen/{version_of(SOURCE, ROOT)}"
CATALOG = kept(f"{FROZEN}/catalog.json")
SPECIFICATIONS = {
    "source-amocrm": kept(f"{FROZEN}/spec.json")["connectionSpecification"],
    "destination-unisender": kept(f"destination-unisender/unit_tests/frozen/spec-{version_of(DESTINATION, ROOT)}.json")[
        "connectionSpecification"
    ],
}


@pytest.mark.parametrize(
    ("file", "connector"), [("source.json", "source-amocrm"), ("destination.json", "destination-unisender")]
)
def test_configurations_of_the_guide_are_valid(file: str, connector: str) -> None:
    jsonschema.validate(FILES[file]["configuration"], SPECIFICATIONS[connector])


def test_streams_of_the_guide_can_be_synced_as_it_says() -> None:
    asked = FILES["connection.json"]["configurations"]["streams"]

    assert {stream["syncMode"] for stream in asked} == {"incremental_deduped_history"}
    for stream in asked:
        assert "incremental" in CATALOG[stream["name"]]["sync_modes"]
        assert CATALOG[stream["name"]]["primary_key"]


@pytest.mark.parametrize("connector", NAMES)
def test_the_guide_names_every_field_of_the_form(connector: str) -> None:
    assert [title for title in shown_titles(SPECIFICATIONS[connector]) if title not in GUIDE] == []


def shown_titles(schema: dict[str, Any]) -> list[str]:
    """Titles of the first level, and of what a choice of authorisation asks for."""
    shown = [one for one in schema["properties"].values() if not one.get("airbyte_hidden")]
    ways = schema["properties"].get("credentials", {}).get("oneOf", [])
    inner = [one for way in ways for name, one in way["properties"].items() if name != "auth_type"]
    return [one["title"] for one in (*shown, *inner)]


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda one: one.name)
def test_a_connectors_page_has_airbytes_headings_in_airbytes_order(connector) -> None:
    name = NAMES[connector.name]
    page = (ROOT / "docs" / "connectors" / f"{connector.name}.md").read_text()
    wanted = [
        f"# {name}", "## Prerequisites", "## Setup guide", f"### Set up {name}", f"### Set up the {name} connector in Airbyte",
        "## Supported sync modes", "## Supported Streams", "### Performance considerations", "## Data type map",
        "## Limitations & Troubleshooting", "## Changelog",
    ]  # fmt: skip
    headings = [line for line in page.splitlines() if re.match(r"#{1,4} ", line)]

    assert [heading for heading in headings if heading in wanted] == wanted


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda one: one.name)
def test_prerequisites_describe_every_required_field(connector) -> None:
    schema = SPECIFICATIONS[connector.name]
    page = (ROOT / "docs" / "connectors" / f"{connector.name}.md").read_text()
    prerequisites = page.split("## Prerequisites\n")[1].split("\n## ")[0]

    titles = [schema["properties"][field]["title"] for field in schema["required"]]
    assert [title for title in titles if f"**{title}**" not in prerequisites] == []


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda one: one.name)
def test_a_page_lists_every_version_of_the_changelog_with_its_date(connector) -> None:
    page = (ROOT / "docs" / "connectors" / f"{connector.name}.md").read_text()
    listed = re.findall(r"^\| (\d+\.\d+\.\d+) \| (\d{4}-\d\d-\d\d) \|", page, re.MULTILINE)
    told = HEADING.findall((ROOT / connector.changelog).read_text())

    assert listed == told
