"""`preview`: what a write would change at Unisender, told and not done."""

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from destination_unisender.run import launch

READING = {"getLists", "getFields"}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: Any, capfdbinary: Any, make: SimpleNamespace) -> Any:
    monkeypatch.setattr("destination_unisender.stopping.StopSignal.listen", lambda _self: None)

    def command(verb: str, config: Any, *lines: Any) -> list[Any]:
        (tmp_path / "config.json").write_text(json.dumps(config))
        (tmp_path / "catalog.json").write_text(json.dumps(make.catalog("contacts", "contacts_deletions")))
        text = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
        launch([verb, "--config", f"{tmp_path / 'config.json'}", "--catalog", f"{tmp_path / 'catalog.json'}"])
        return [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]

    return command


def told(messages: list[Any]) -> list[Any]:
    analytics = [message["trace"].get("analytics", {}) for message in messages if message["type"] == "TRACE"]
    return [json.loads(one["value"]) for one in analytics if one.get("type") == "destination_unisender.preview"]


def test_a_preview_tells_the_very_table_that_a_write_sends(
    vendor: Any, config: Any, run: Any, make: SimpleNamespace
) -> None:
    config = {**config, "mapping": {"fields": [{"from": "name", "to": "name"}, {"from": "city", "to": "amo_city"}]}}
    people = [
        make.record(make.contact(1, city="Казань", phones=[{"value": "8 912 345-67-89"}])),
        make.record(make.contact(2, "boris@example.com", _embedded={"tags": [{"name": "клиент"}]})),
    ]

    said = told(run("preview", config, *people))
    asked = {call.method for call in vendor.calls}
    run("write", config, *people)

    assert asked == READING
    imports = [one for one in said if one["method"] == "importContacts"]
    assert [(one["field_names"], one["data"]) for one in imports] == [
        (call.columns, [list(row.values()) for row in call.rows]) for call in vendor.of("importContacts")
    ]


def test_a_preview_tells_the_list_and_the_fields_that_would_be_made(vendor: Any, config: Any, run: Any) -> None:
    config = {
        **config,
        "list": {"title": "New one"},
        "mapping": {"fields": [{"from": "city", "to": "amo_city", "type": "text", "public_name": "Город"}]},
    }

    said = told(run("preview", config))

    assert said == [
        {"method": "createField", "name": "amo_city", "type": "text", "public_name": "Город"},
        {"method": "createList", "title": "New one"},
    ]
    assert {call.method for call in vendor.calls} == READING


def test_people_who_would_leave_stay_where_they_are(vendor: Any, config: Any, run: Any, make: SimpleNamespace) -> None:
    vendor.standing["getContact"] = {
        "result": {"email": {"status": "active"}, "lists": [{"id": 7, "status": "active"}], "fields": {}}
    }

    for on_delete in ("exclude", "unsubscribe", "delete"):
        said = told(run("preview", {**config, "on_delete": on_delete}, make.record(make.contact(1, is_deleted=True))))
        assert said, on_delete

    assert {call.method for call in vendor.calls} <= {*READING, "getContact"}


def test_no_state_comes_back_from_a_preview(vendor: Any, config: Any, run: Any, make: SimpleNamespace) -> None:
    said = run("preview", config, make.record(make.contact(1)), make.state(5))

    assert [message["type"] for message in said if message["type"] == "STATE"] == []


def test_a_broken_line_is_named_as_when_writing(vendor: Any, config: Any, run: Any) -> None:
    said = run("preview", config, b'{"type": "RECORD", "rec')

    assert "not JSON" in said[-1]["trace"]["error"]["message"]
