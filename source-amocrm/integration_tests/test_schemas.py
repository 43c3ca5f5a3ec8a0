"""Every record of every stream is what the catalog says, without a single property it does not name."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft7Validator

EMPTY_IN_THE_SANDBOX = {"talks", "webhooks", "sources"}


def strict(schema: Any) -> Any:
    """The same schema, refusing what it does not name wherever it names anything."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(value) for key, value in schema.items()}
    if isinstance(closed.get("properties"), dict) and "type" in closed:
        closed["additionalProperties"] = False
    return closed


@pytest.fixture
def validators(command: Any, config: dict[str, Any]) -> dict[str, Draft7Validator]:
    (message,) = [m for m in command("discover", config=config).messages if m["type"] == "CATALOG"]
    return {s["name"]: Draft7Validator(strict(s["json_schema"])) for s in message["catalog"]["streams"]}


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"company_is_unsorted": True, "loss_reason": "object", "no_loss_reason": "null", "fractional_price": True},
        {"talks_list": "everywhere"},
    ],
    ids=["as seeded", "other shapes", "talks listed"],
)  # fmt: skip
def test_every_record_matches_its_schema(
    sandbox: Any, read: Any, tools: Any, validators: dict[str, Draft7Validator], switches: dict[str, Any]
) -> None:
    sandbox.switch(**switches)
    sandbox.edit_contacts(30)
    contacts, companies, leads = (
        sorted(sandbox.live_contacts())[:1],
        *(first(sandbox, e) for e in ("companies", "leads")),
    )
    sandbox.edit(
        {"entity": "contacts", "action": "delete", "id": contacts[0]},
        {"entity": "companies", "action": "delete", "id": companies},
        {"entity": "leads", "action": "delete", "id": leads},
    )

    result = read(*tools.all_streams())

    problems = {
        (stream, "/".join(str(step) for step in error.path if not isinstance(step, int)), error.message[:200])
        for stream, records in result.records.items()
        for record in records
        for error in validators[stream].iter_errors(record)
    }
    assert problems == set()
    assert result.code == 0, result.errors
    empty = {stream for stream in tools.all_streams() if not result.records.get(stream)}
    assert empty <= EMPTY_IN_THE_SANDBOX


def test_every_property_of_every_stream_is_described(validators: dict[str, Draft7Validator]) -> None:
    bare = [
        f"{stream}: {path}"
        for stream, validator in validators.items()
        for path, schema in properties(validator.schema)
        if not schema.get("description")
    ]

    assert bare == []


def test_primary_keys_and_cursors_are_in_every_record(
    command: Any, config: dict[str, Any], read: Any, tools: Any
) -> None:
    (message,) = [m for m in command("discover", config=config).messages if m["type"] == "CATALOG"]
    records = read(*tools.all_streams()).records

    for stream in message["catalog"]["streams"]:
        keys = [path[0] for path in stream["source_defined_primary_key"]]
        rows = records.get(stream["name"], [])
        assert len({tuple(row[key] for key in keys) for row in rows}) == len(rows), stream["name"]
        for cursor in stream.get("default_cursor_field", []):
            assert all(isinstance(row[cursor], int) for row in rows), stream["name"]


def first(sandbox: Any, entity: str) -> int:
    return int(sandbox.call("GET", f"amocrm/demo.amocrm.ru/{entity}?page=1&limit=1")[entity][0]["id"])


def properties(schema: dict[str, Any], path: str = "") -> list[tuple[str, dict[str, Any]]]:
    found = []
    for name, child in schema.get("properties", {}).items():
        found += [(f"{path}/{name}", child), *properties(child, f"{path}/{name}")]
    if isinstance(schema.get("items"), dict):
        found += properties(schema["items"], f"{path}[]")
    return found
