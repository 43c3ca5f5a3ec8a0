"""The destination as the CDK's class: what its tools and tests call. The console script does without the CDK."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
from airbyte_cdk.destinations import Destination
from airbyte_cdk.models.airbyte_protocol import AirbyteMessage
from airbyte_cdk.models.airbyte_protocol_serializers import (
    AirbyteMessageSerializer,
    ConfiguredAirbyteCatalogSerializer,
    ConnectorSpecificationSerializer,
)
from airbyte_protocol_dataclasses.models import (  # type: ignore[import-untyped]  # has no py.typed
    AirbyteConnectionStatus,
    ConfiguredAirbyteCatalog,
    ConnectorSpecification,
    Status,
)

from destination_unisender.output import Output
from destination_unisender.run import run
from destination_unisender.spec import connector_specification
from destination_unisender.stopping import StopSignal
from destination_unisender.wiring import find_problem, open_loop


class DestinationUnisender(Destination):
    """Contacts into a Unisender list. Opt-outs are never undone."""

    # Our own parser names unknown keys and suggests the right ones.
    check_config_against_spec = False

    def spec(self, logger: logging.Logger) -> ConnectorSpecification:  # noqa: ARG002  # the CDK's signature
        return ConnectorSpecificationSerializer.load(connector_specification())

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Whether a sync could start; if not, everything that is wrong."""
        problem = find_problem(config, log=lambda _level, text: logger.warning(text))
        if problem:
            return AirbyteConnectionStatus(status=Status.FAILED, message=str(problem))
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def run(self, args: list[str]) -> None:
        """The commands, as the console script has them."""
        run(args)

    def write(
        self,
        config: Mapping[str, Any],
        configured_catalog: ConfiguredAirbyteCatalog,
        input_messages: Iterable[AirbyteMessage],
    ) -> Iterator[AirbyteMessage]:
        """The CDK's way to write, message objects in and out. `run` keeps to raw lines, which lose nothing."""
        written = _Lines()
        output = Output(written)
        loop = open_loop(
            config, ConfiguredAirbyteCatalogSerializer.dump(configured_catalog), output=output, stop=StopSignal()
        )
        try:
            for message in input_messages:
                loop.feed(orjson.dumps(AirbyteMessageSerializer.dump(message)))
                yield from written.take()
            loop.finish()
            yield from written.take()
        finally:
            loop.close()


class _Lines:
    """A binary stream that hands back what was written to it, as messages."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []

    def write(self, line: bytes) -> int:
        self._lines.append(line)
        return len(line)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> Iterator[AirbyteMessage]:
        lines, self._lines = self._lines, []
        for line in lines:
            yield AirbyteMessageSerializer.load(orjson.loads(line))
