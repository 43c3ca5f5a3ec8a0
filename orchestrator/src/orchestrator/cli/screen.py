"""Where answers go: tables and sentences for people, one JSON document for machines."""

import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from orchestrator.cli.texts import TEXTS
from orchestrator.domain.redaction import MASK
from orchestrator.domain.secret import Secret
from orchestrator.domain.wording import Language

NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"


class Screen:
    """Standard output. With `as_json` only `document` is seen; what people read goes nowhere."""

    def __init__(self, *, language: Language, as_json: bool) -> None:
        self.language = language
        self.as_json = as_json

    def answer(self, document: Any, people: Callable[[], object]) -> None:
        """The one answer of a command: its document, or what `people` shows."""
        if self.as_json:
            print(json_text(document))  # noqa: T201
        else:
            people()

    def text(self, key: str, **facts: object) -> str:
        """A text of the catalogue in the language of whoever looks."""
        en, ru = TEXTS[key]
        return (ru if self.language == "ru" else en).format_map({name: shown(fact) for name, fact in facts.items()})

    def say(self, key: str, **facts: object) -> None:
        self.write(self.text(key, **facts))

    def write(self, line: str) -> None:
        """A line that is no catalogue text."""
        if not self.as_json:
            print(line, flush=True)  # noqa: T201

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
        """Columns are keys of the catalogue; `empty` is what is said when there are no rows."""
        from rich import box  # noqa: PLC0415 - not for --help and --json
        from rich.console import Console  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        shown_rows = [[shown(cell) for cell in row] for row in rows]
        if not shown_rows:
            self.say(empty)
            return
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for position, column in enumerate(columns):
            numbers = all(_is_number(row[position]) for row in shown_rows)
            table.add_column(self.text(column), justify="right" if numbers else "left", overflow="fold")
        for row in shown_rows:
            table.add_row(*(Text(cell) for cell in row))
        # A pipe has no width: nothing is to be cut there.
        Console(width=None if sys.stdout.isatty() else 500).print(table)


def language_of(setting: Language | None, environment: Mapping[str, str] = os.environ) -> Language:
    """The configured language, else the terminal's: Russian or English."""
    if setting is not None:
        return setting
    terminal = next(filter(None, (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "ru" if terminal.lower().startswith("ru") else "en"


def shown(value: object) -> str:
    """A value as people read it."""
    match value:
        case None:
            return "–"
        case bool():
            return "✓" if value else "✗"
        case int():
            return f"{value:,}".replace(",", NARROW_SPACE)
        case Enum():
            return str(value.value)
        case datetime():
            return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
    return str(value)


def json_text(document: Any) -> str:
    """As machines read it; secrets are masked."""
    return json.dumps(document, ensure_ascii=False, indent=2, default=_plain)


def _plain(value: Any) -> Any:
    """What JSON does not know by itself."""
    match value:
        case datetime():
            return value.isoformat()
        case Path():
            return str(value)
        case Secret():
            return MASK
        case Mapping():
            return dict(value)
        case set() | frozenset():
            return sorted(value)
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _is_number(cell: str) -> bool:
    return cell.replace(NARROW_SPACE, "").lstrip("-").isdigit() or cell == "–"
