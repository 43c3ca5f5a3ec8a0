"""From the widget's sources to the files of its archive: our address, version and support are filled in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.domain.widget_archive.manifest import MANIFEST

SCRIPT_PARTS = (
    "words", "service", "drawing", "list_form", "unsynced_list", "connection_panel", "unlinking", "settings_page",
    "card_panel", "widget",
)  # fmt: skip
"""Classes before those who use them; `widget` is what amoCRM calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What differs from one widget to another."""

    public_url: str
    version: str
    support_url: str
    support_email: str = ""


def assembled(sources: Mapping[str, bytes], edition: Edition) -> dict[str, bytes]:
    """Everything of the sources, the parts of the script as one module."""
    files = {name: content for name, content in sources.items() if not name.startswith("script/")}
    files["script.js"] = _script([sources[f"script/{part}.js"].decode() for part in SCRIPT_PARTS], edition)
    files[MANIFEST] = _manifest(sources[MANIFEST], edition)
    return files


def _script(parts: list[str], edition: Edition) -> bytes:
    head = f"const SERVICE = {json.dumps(edition.public_url)};"
    body = "\n\n".join([head, *(part.strip() for part in parts), "return CustomWidget;"])
    indented = "\n".join(f"  {line}" if line else "" for line in body.split("\n"))
    return f"define(['jquery'], function ($) {{\n  'use strict';\n\n{indented}\n}});\n".encode()


def _manifest(source: bytes, edition: Edition) -> bytes:
    manifest = json.loads(source)
    support = {"link": edition.support_url} | ({"email": edition.support_email} if edition.support_email else {})
    manifest["widget"] |= {"version": edition.version, "support": support}
    return f"{json.dumps(manifest, ensure_ascii=False, indent=2)}\n".encode()
