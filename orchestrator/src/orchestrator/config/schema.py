"""The JSON schema of configuration.yaml, for editors. Tags are let through wherever they may stand."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.config.settings import Settings

SCHEMA_FILE = Path(__file__).with_name("configuration.schema.json")

Node = dict[str, Any]

# Editors take a tagged value for its text: `!env_var PORT 8901` for "PORT 8901", `!include parts/a.yaml` for a path.
_ENV_VAR: Node = {"type": "string", "pattern": r"^[A-Z_][A-Z0-9_]*(\s.*)?$", "title": "!env_var NAME default"}
_INCLUDE: Node = {"type": "string", "pattern": r"^[^\s:]+$", "title": "!include file, !include_dir_merge_… folder"}
_EMPTY: Node = {"type": "null"}
_OF_TEXTS = frozenset({"minLength", "maxLength", "pattern", "format", "title"})
"""What a tagged text need not keep to."""


def schema() -> Node:
    """JSON schema (draft 2020-12)."""
    plain = Settings.model_json_schema(by_alias=True)
    definitions: Mapping[str, Node] = plain.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "configuration.yaml of the orchestrator",
        **_model(plain, definitions),
        "$defs": {name: _model(one, definitions) for name, one in definitions.items() if "properties" in one},
    }


def schema_text() -> str:
    """As it is shipped beside this module."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def _model(node: Node, definitions: Mapping[str, Node]) -> Node:
    properties = {name: _value(one, definitions) for name, one in node["properties"].items()}
    return {**{key: value for key, value in node.items() if key != "title"}, "properties": properties}


def _value(node: Node, definitions: Mapping[str, Node]) -> Node:
    """What may stand at a key or in a list."""
    notes: Node = {key: node[key] for key in ("description", "default") if key in node}
    choices = node.get("anyOf") or [{key: value for key, value in node.items() if key not in notes}]
    allowed: list[Node] = []
    for choice in choices:
        target = definitions[choice["$ref"].rpartition("/")[2]] if "$ref" in choice else choice
        if "properties" in target:
            notes.pop("default", None)  # each key tells its own
            allowed += [choice, _EMPTY, _INCLUDE]
        elif target.get("type") in {"array", "object"}:
            allowed += [_collection(target, definitions), _INCLUDE]
        elif target.get("type") == "string" and "enum" not in target:
            allowed.append({"type": "string"})
        else:
            allowed += [{key: value for key, value in target.items() if key not in _OF_TEXTS}, _ENV_VAR]
    unique = list({json.dumps(one, sort_keys=True): one for one in allowed}.values())
    return {**notes, **(unique[0] if len(unique) == 1 else {"anyOf": unique})}


def _collection(node: Node, definitions: Mapping[str, Node]) -> Node:
    inner = {
        key: _value(node[key], definitions)
        for key in ("items", "additionalProperties")
        if isinstance(node.get(key), dict)
    }
    return {**{key: value for key, value in node.items() if key not in _OF_TEXTS}, **inner}
