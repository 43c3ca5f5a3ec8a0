"""The Airbyte protocol's classes, from the two packages that define them; all of this package imports them here."""

from airbyte_cdk.models.airbyte_protocol import AirbyteMessage, AirbyteStateMessage
from airbyte_cdk.models.airbyte_protocol_serializers import AirbyteMessageSerializer
from airbyte_protocol_dataclasses.models import (  # type: ignore[import-untyped]  # has no py.typed
    AirbyteCatalog,
    AirbyteConnectionStatus,
    AirbyteEstimateTraceMessage,
    AirbyteRecordMessage,
    AirbyteStateStats,
    AirbyteStreamStatus,
    AirbyteTraceMessage,
    ConfiguredAirbyteCatalog,
    EstimateType,
    FailureType,
    Status,
    TraceType,
    Type,
)

__all__ = [
    "AirbyteCatalog",
    "AirbyteConnectionStatus",
    "AirbyteEstimateTraceMessage",
    "AirbyteMessage",
    "AirbyteMessageSerializer",
    "AirbyteRecordMessage",
    "AirbyteStateMessage",
    "AirbyteStateStats",
    "AirbyteStreamStatus",
    "AirbyteTraceMessage",
    "ConfiguredAirbyteCatalog",
    "EstimateType",
    "FailureType",
    "Status",
    "TraceType",
    "Type",
]
