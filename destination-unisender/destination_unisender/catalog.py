"""The configured catalog: which streams come, how they are to be written, what properties they have."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from destination_unisender.errors import ConfigError

SYNC_MODES = ("append", "append_dedup")


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One stream. `label` is its name, with the namespace before it if there is one."""

    label: str
    json_schema: Mapping[str, Any] = field(default_factory=dict)


def stream_label(name: Any, namespace: Any) -> str:
    return f"{namespace}.{name}" if namespace else str(name)


def parse_catalog(raw: object) -> tuple[Stream, ...]:
    """The streams of a ConfiguredAirbyteCatalog.

    Raises:
        ConfigError: it is not one, or asks for a sync mode this destination has not.

    """
    streams = raw.get("streams") if isinstance(raw, Mapping) else None
    if not isinstance(streams, list):
        raise ConfigError("The configured catalog has no list `streams`: give a ConfiguredAirbyteCatalog.")
    return tuple(_stream(number, configured) for number, configured in enumerate(streams))


def _stream(number: int, configured: Any) -> Stream:
    stream = configured.get("stream") if isinstance(configured, Mapping) else None
    if not isinstance(stream, Mapping) or not isinstance(stream.get("name"), str):
        raise ConfigError(f"The configured catalog is broken: streams[{number}] has no stream.name.")
    mode = configured.get("destination_sync_mode", "append")
    if mode not in SYNC_MODES:
        raise ConfigError(
            f"The stream {stream['name']!r} asks for the sync mode {mode!r}, but a mailing list is never overwritten:"
            f" choose {' or '.join(SYNC_MODES)}."
        )
    schema = stream.get("json_schema")
    return Stream(
        label=stream_label(stream["name"], stream.get("namespace")),
        json_schema=schema if isinstance(schema, Mapping) else {},
    )
