"""Defaults, schema and documentation say what the typed settings say."""

import itertools
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from destination_unisender.config import Config as DestinationConfig
from orchestrator.config.connections import ConnectionRules, FieldRule, MappingRules, TagRules
from orchestrator.config.reference import DEFAULTS_FILE, defaults_text, keys, with_tables
from orchestrator.config.schema import SCHEMA_FILE, schema, schema_text
from orchestrator.config.settings import Settings

REFRESH = "run python -m orchestrator.config.reference docs/configuration.md"
PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"


def test_the_shipped_defaults_are_the_typed_settings() -> None:
    assert DEFAULTS_FILE.read_text(encoding="utf-8") == defaults_text(), REFRESH

    assert Settings.model_validate(yaml.safe_load(defaults_text())) == Settings()


def test_every_key_of_the_defaults_has_a_comment_above_it() -> None:
    lines = defaults_text().splitlines()

    bare = [line for above, line in itertools.pairwise(lines) if ":" in line and "#" not in line + above]

    assert bare == []


def test_every_key_says_what_it_means() -> None:
    assert [key.name for key in keys() if not key.meaning] == []


def test_every_key_is_in_the_documentation() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page == with_tables(page), REFRESH
    assert [key.name for key in keys() if not key.is_section and f"| `{key.name}` |" not in page] == []


def test_the_shipped_schema_is_fresh() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), REFRESH

    jsonschema.Draft202012Validator.check_schema(schema())


class AsEditorsDo(yaml.SafeLoader):
    """A tagged text is a text."""


AsEditorsDo.add_multi_constructor("!", lambda loader, _, node: loader.construct_scalar(node))

GOOD = [
    defaults_text(),
    "http: {port: !env_var PORT 8901, tokens: [{name: a, token: !secret a, scopes: [read]}]}\nlanguage: !env_var LANGUAGE",
    "logging: !include parts/logging.yaml\nworkers: !include_dir_merge_named workers\nhttp:\n",
    "integrations: !include_dir_merge_list integrations\nconnections: [!include one.yaml]",
    "connections: [{account: a.amocrm.ru, name: a, api_key: !secret k, list: {id: 1}, schedule: null, mapping: {fields: [{from: a, to: b}]}}]",
    "runners: {container: {images: {source-amocrm: x}}}",
    "connection_defaults: {filter: {tag: a}, runner: !env_var RUNNER process}",
]  # fmt: skip
BAD = [
    "htp: {}", "http: {prt: 1}", "http: {port: many}", "http: {port: 70000}", "language: de", "integrations: [{name: a}]",
    "http: [1]", "connection_defaults: {streams: [leads]}", "connection_defaults: {runner: local}",
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_the_schema_lets_tags_through_wherever_they_may_stand(text: str) -> None:
    jsonschema.validate(yaml.load(text, AsEditorsDo), schema())


@pytest.mark.parametrize("text", BAD)
def test_the_schema_still_shows_mistakes(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.load(text, AsEditorsDo), schema())


def destination_keys(section: Any) -> set[str]:
    return {info.alias or name for name, info in section.model_fields.items()}


def test_the_destination_knows_every_key_that_is_handed_to_it_by_the_same_name() -> None:
    """The packages never import one another; this test holds them together."""
    fields = DestinationConfig.model_fields
    theirs = destination_keys(fields["mapping"].annotation)

    assert destination_keys(MappingRules) == theirs - {"email", "key"}
    assert destination_keys(TagRules) == destination_keys(fields["tags"].annotation)
    assert destination_keys(FieldRule) == {"from", "to", "type", "public_name"}
    for name in ("emails", "phones", "default_country", "when_empty"):
        assert ConnectionRules.model_fields[name].annotation == fields[name].annotation
    mine = json.loads(ConnectionRules().mapping.model_dump_json(by_alias=True))
    assert {
        **DestinationConfig(api_key="k", list={"id": 1}).mapping.model_dump(by_alias=True, mode="json"),
        **mine,
    } == {
        "email": "emails",
        "key": "id",
        **mine,
    }
