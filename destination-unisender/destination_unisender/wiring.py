"""How the parts are put together for each command. The only place that names them all."""

import time
from collections.abc import Callable

from destination_unisender.batches import Buffer
from destination_unisender.catalog import parse_catalog
from destination_unisender.client import Client
from destination_unisender.config import Config
from destination_unisender.config_reading import parse_config
from destination_unisender.deletions import Deletions
from destination_unisender.errors import ConfigError, UnisenderError
from destination_unisender.importing import Importer
from destination_unisender.mapping import DELETIONS_SUFFIX, RecordMapper, check_paths
from destination_unisender.messages import MessageLoop
from destination_unisender.outcomes import Ledger
from destination_unisender.output import Output
from destination_unisender.preparation import find_problems, prepare
from destination_unisender.rehearsal import RehearsingClient
from destination_unisender.stopping import StopSignal
from destination_unisender.transport import Transport

Log = Callable[[str, str], None]


def find_problem(raw_config: object, *, log: Log) -> UnisenderError | None:
    """What keeps a sync from starting, in one sentence per thing, under the code of the first; or None."""
    try:
        config = parse_config(raw_config)
        problems = find_problems(open_client(config, log=log), config)
    except UnisenderError as error:
        return error
    return ConfigError(" ".join(map(str, problems)), code=problems[0].code) if problems else None


def open_client(config: Config, *, log: Log, stop: StopSignal | None = None) -> Client:
    return Client(_transport(config, log=log, stop=stop), api_key=config.api_key.get_secret_value())


def open_loop(
    raw_config: object, raw_catalog: object, *, output: Output, stop: StopSignal, rehearsal: bool = False
) -> MessageLoop:
    """Everything `write` needs, wired; the list and the fields are there when it returns.

    In a `rehearsal` nothing is changed at Unisender: every call that would is told.

    Raises:
        ConfigError: the configuration, the catalog or the account needs a change.

    """
    config = parse_config(raw_config)
    output.hide(config.api_key.get_secret_value())
    streams = parse_catalog(raw_catalog)
    for stream in streams:
        check_paths(config, stream=stream.label, json_schema=stream.json_schema)
        if stream.label.endswith(DELETIONS_SUFFIX) and config.on_delete != "ignore" and not config.mapping.key_field:
            raise ConfigError(
                f"The stream {stream.label!r} names deleted records by id only: set mapping.key_field, so that their"
                " addresses can be found, or on_delete: ignore."
            )
    client = open_client(config, log=output.log, stop=stop)
    if rehearsal:
        transport, key = _transport(config, log=output.log, stop=stop), config.api_key.get_secret_value()
        client = RehearsingClient(transport, api_key=key, analytics=output.analytics)
    prepared = prepare(client, config)
    mapper = RecordMapper(config, names=prepared.names)
    key_field = config.mapping.key_field
    return MessageLoop(
        streams=streams,
        mapper=mapper,
        buffer=Buffer(columns=mapper.columns, size=config.batch_size, add_tags=config.tags.mode == "add"),
        importer=Importer(
            client,
            list_id=prepared.list_id,
            overwrite_tags=config.tags.mode == "replace",
            batch_size=config.batch_size,
            recheck=lambda: _recheck(client, config, list_id=prepared.list_id),
            log=output.log,
        ),
        deletions=Deletions(
            client,
            config,
            list_id=prepared.list_id,
            key_column=prepared.names[key_field] if key_field else None,
        ),
        ledger=Ledger(report=config.report_outcomes, analytics=output.analytics, log=output.log),
        output=output,
        stop=stop,
    )


def _transport(config: Config, *, log: Log, stop: StopSignal | None) -> Transport:
    return Transport(config, wait=stop.wait if stop else time.sleep, log=log)


def _recheck(client: Client, config: Config, *, list_id: str) -> None:
    """A whole call was refused: perhaps somebody removed the list or a field meanwhile."""
    if list_id not in client.get_lists():
        sentence = f"The Unisender list {list_id} has been deleted during the sync: choose another one."
        raise ConfigError(sentence, code="list_missing")
    prepare(client, config)
