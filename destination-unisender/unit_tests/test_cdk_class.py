"""The CDK's way in: message objects instead of lines."""

from types import SimpleNamespace
from typing import Any

import orjson
from airbyte_cdk.models import (
    AirbyteMessageSerializer,
    ConfiguredAirbyteCatalogSerializer,
    Status,
    Type,
)

from destination_unisender import DestinationUnisender


def test_write_takes_and_gives_message_objects(vendor: Any, config: Any, make: SimpleNamespace) -> None:
    stream = {"name": "contacts", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    catalog = {"streams": [{"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}]}
    messages = [
        AirbyteMessageSerializer.load(orjson.loads(orjson.dumps(message)))
        for message in (make.record(make.contact(1)), make.state(1))
    ]

    said = list(DestinationUnisender().write(config, ConfiguredAirbyteCatalogSerializer.load(catalog), messages))

    assert Type.STATE in [message.type for message in said]
    assert vendor.imported[0]["email"] == "anna@example.com"


def test_check_answers_for_the_cdk(vendor: Any, config: Any) -> None:
    import logging

    quiet = logging.getLogger("test")

    assert DestinationUnisender().check(quiet, config).status is Status.SUCCEEDED
    assert DestinationUnisender().check(quiet, {**config, "list": {"id": 404}}).status is Status.FAILED


def test_run_is_the_command(config: Any, capfdbinary: Any) -> None:
    import pytest

    with pytest.raises(SystemExit) as end:
        DestinationUnisender().run(["spec"])

    assert end.value.code == 0
    assert orjson.loads(capfdbinary.readouterr().out)["type"] == "SPEC"
