"""The connector's spec, made from the configuration models."""

from collections.abc import Mapping
from typing import Any

from destination_unisender.catalog import SYNC_MODES
from destination_unisender.config import Config

DOCUMENTATION_URL = "https://docs.airbyte.com/integrations/destinations/unisender"


def connection_specification() -> dict[str, Any]:
    """JSON schema of the configuration: references inlined, optional values plain, as Airbyte's forms need it."""
    schema = Config.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs", {})
    plain: dict[str, Any] = _inlined(schema, definitions)
    plain["$schema"] = "http://json-schema.org/draft-07/schema#"
    plain["title"] = "Unisender destination"
    plain["additionalProperties"] = True  # unknown keys are named, with a suggestion, by the connector itself
    return plain


def connector_specification() -> dict[str, Any]:
    """The SPEC message's content."""
    return {
        "documentationUrl": DOCUMENTATION_URL,
        "supportsIncremental": True,
        "supported_destination_sync_modes": list(SYNC_MODES),
        "connectionSpecification": connection_specification(),
    }


def _inlined(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    merged = dict(node)
    if "$ref" in merged:
        merged = {**definitions[merged.pop("$ref").rpartition("/")[2]], **merged}
    if "anyOf" in merged:  # "or null" is what leaving it out means
        (choice,) = [one for one in merged.pop("anyOf") if one.get("type") != "null"]
        merged = {**choice, **merged}
    if merged.get("default", ...) is None:
        del merged["default"]
    if merged.get("additionalProperties") is False:
        merged["additionalProperties"] = True
    return {name: _inlined(value, definitions) for name, value in merged.items() if name != "writeOnly"}
