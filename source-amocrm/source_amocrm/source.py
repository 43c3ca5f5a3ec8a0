"""The Airbyte source: spec, check, discover and read for one amoCRM account."""

from __future__ import annotations

import logging
import pkgutil
from collections.abc import Iterator, Mapping, MutableMapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import yaml
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.declarative import concurrent_declarative_source as cdk
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource
from airbyte_cdk.sources.message.repository import InMemoryMessageRepository, MessageRepository
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_amocrm.account import AccountFacts
from source_amocrm.auth import tokens_for
from source_amocrm.budget import Budget, RequestBudget
from source_amocrm.check import find_problem
from source_amocrm.client import ApiClient
from source_amocrm.config import Settings, parse
from source_amocrm.errors import AmocrmError, TransientError
from source_amocrm.partition import BatchSource, Conveyor, OrderedMessages, RecordBatch
from source_amocrm.plan import StreamPlan
from source_amocrm.protocol import (
    AirbyteCatalog,
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    AirbyteStreamStatus,
    ConfiguredAirbyteCatalog,
    FailureType,
    Status,
    Type,
)
from source_amocrm.shared_budget import SharedBudget
from source_amocrm.streams import StreamFactory

if TYPE_CHECKING:
    from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream

LOGGER = logging.getLogger("airbyte")

# The CDK parses its own 6,000 lines of YAML for every source it makes: a tenth of a second that a forked run has not.
cdk.get_declarative_component_schema = cache(cdk.get_declarative_component_schema)


class SourceAmocrm(ConcurrentDeclarativeSource):
    """Declared by `manifest.yaml`; its streams are put together by `streams.StreamFactory`.

    Holds nothing between commands: every command works from the config, catalog and state it is given.
    """

    _resolved: ClassVar[dict[str, Any] | None] = None

    def __init__(
        self,
        catalog: ConfiguredAirbyteCatalog | None = None,
        config: Mapping[str, Any] | None = None,
        state: list[AirbyteStateMessage] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(catalog=catalog, config=config, state=state, source_config=manifest(), **kwargs)
        self._beside = InMemoryMessageRepository()

    @property
    def message_repository(self) -> MessageRepository:
        """What a command says beside its answer. The CDK's default would be shared by all sources of the process."""
        return self._beside

    def _pre_process_manifest(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """References and parameters resolved, once per process: the manifest is always the same one."""
        if SourceAmocrm._resolved is None:
            SourceAmocrm._resolved = super()._pre_process_manifest(manifest)
        return SourceAmocrm._resolved

    def _validate_source(self) -> None:
        """The manifest is a part of this package: a test holds it against the CDK's schema, not every start."""

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:  # noqa: ARG002
        """Succeeds when contacts can be read; else says in one sentence what is wrong and what to do."""
        try:
            settings = parse(config)
            problem = find_problem(open_client(settings, config), settings)
        except AmocrmError as error:
            problem = error
        if problem is None:
            return AirbyteConnectionStatus(status=Status.SUCCEEDED)
        # the status is for people; programs read the code in this
        self.message_repository.emit_message(problem.as_sanitized_airbyte_message())
        return AirbyteConnectionStatus(status=Status.FAILED, message=str(problem))

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteCatalog:  # noqa: ARG002
        """The catalog; it is the same for every account, so amoCRM is not asked."""
        return AirbyteCatalog(streams=[stream.as_airbyte_stream() for stream in self.streams(config)])

    def streams(self, config: Mapping[str, Any]) -> list[AbstractStream]:
        """All streams, for looking at them."""
        factory = self._factory(config, Conveyor(), [])
        return [factory.make(plan) for plan in self.plans().values()]

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """Reads the configured streams side by side, within one request budget."""
        for message in self.read_batches(logger, config, catalog, state):
            if isinstance(message, RecordBatch):
                yield from message.messages()
            else:
                yield message

    def read_batches(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """As `read`, with records still in batches."""
        plans = self.plans()
        queue = Conveyor()
        factory = self._factory(config, queue, state or [])
        chosen: list[AbstractStream] = []
        for configured in catalog.streams:
            plan = plans.get(configured.stream.name)
            if plan is None:
                LOGGER.error("Stream %r is not one of this connector: run discover again.", configured.stream.name)
                yield as_airbyte_message(configured.stream, AirbyteStreamStatus.INCOMPLETE)
                continue
            chosen.append(factory.make(plan))
        if not chosen:
            return
        workers = factory.settings.num_workers
        engine = BatchSource.with_workers(workers, logger=logger, messages=factory.messages, queue=queue)
        try:
            yield from _with_honest_ending(engine.read(chosen))
        finally:
            # whoever took the messages may have gone away; the readers must not wait for room on the queue for ever
            factory.client.stop(TransientError("The read was ended from outside: run the sync again."))
            queue.close()

    def plans(self) -> dict[str, StreamPlan]:
        """The streams of the manifest, by name."""
        return {stream["name"]: StreamPlan.from_manifest(stream) for stream in self.resolved_manifest["streams"]}

    def _factory(self, config: Mapping[str, Any], queue: Conveyor, state: list[AirbyteStateMessage]) -> StreamFactory:
        settings = parse(config)
        client = open_client(settings, config)
        return StreamFactory(
            settings=settings,
            messages=OrderedMessages(queue, InMemoryMessageRepository()),
            states=ConnectorStateManager(state),
            client=client,
            account=AccountFacts(client),
        )


def _with_honest_ending(messages: Iterator[AirbyteMessage]) -> Iterator[AirbyteMessage]:
    """The same messages; the error that sums a failed read up gets the failure type of what failed.

    The CDK's own summary is always a config error, which tells an orchestrator not to try again.
    """
    failures: dict[FailureType, list[str]] = {}
    try:
        for message in messages:
            if message.type is Type.TRACE and message.trace and message.trace.error:
                stream = message.trace.error.stream_descriptor
                failures.setdefault(message.trace.error.failure_type, []).append(stream.name if stream else "?")
            yield message
    except AirbyteTracedException as error:
        for failure_type in (FailureType.config_error, FailureType.system_error, FailureType.transient_error):
            if failure_type in failures:
                streams = ", ".join(sorted({name for names in failures.values() for name in names}))
                raise AmocrmError(
                    f"These streams were not read to their end: {streams}. The errors before this one say why.",
                    failure_type,
                ) from error
        raise


def open_client(settings: Settings, config: Mapping[str, Any]) -> ApiClient:
    """A client for a checked configuration. Nothing is sent before it is first used."""
    owned: MutableMapping[str, Any] = config if isinstance(config, MutableMapping) else dict(config)
    return ApiClient(
        settings,
        tokens=tokens_for(owned, base_url=settings.base_url, patience=settings.patience),
        budget=_budget(settings),
    )


def _budget(settings: Settings) -> Budget:
    if settings.budget_file and settings.requests_per_second:
        return SharedBudget(settings.requests_per_second, path=settings.budget_file)
    return RequestBudget(settings.requests_per_second)


@cache
def manifest() -> Mapping[str, Any]:
    """The shipped manifest, parsed once per process."""
    raw = pkgutil.get_data("source_amocrm", "manifest.yaml")
    assert raw is not None
    loaded: Mapping[str, Any] = yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  both are safe loaders
    return loaded
