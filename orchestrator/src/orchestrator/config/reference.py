"""What people read about the settings, made from the models: defaults.yaml and the tables of docs/configuration.md.

`python -m orchestrator.config.reference docs/configuration.md` writes these and the JSON schema anew.
"""

import json
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from orchestrator.config.complaints import model_in
from orchestrator.config.kinds import Part
from orchestrator.config.schema import SCHEMA_FILE, schema_text
from orchestrator.config.settings import Settings

DEFAULTS_FILE = Path(__file__).with_name("defaults.yaml")
WIDTH = 118
_HEAD = "# Every setting with its default. Made from the typed settings, for people to read; the program has its own.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of the configuration; `name` is as people write it, with dots, and `[]` for the entries of a list."""

    name: str
    info: FieldInfo
    section: type[Part] | None
    """The model at the key: a section, or what a list has entries of."""

    @property
    def is_list(self) -> bool:
        return str(self.info.annotation).startswith("tuple")

    @property
    def is_section(self) -> bool:
        return self.section is not None and not self.is_list

    @property
    def meaning(self) -> str:
        return self.info.description or (self.section.__doc__ if self.section else None) or ""

    @property
    def default(self) -> str:
        """As YAML, on one line; empty for what must be given."""
        return "" if self.info.is_required() or self.is_section else _yaml(self.info.default)


def keys(model: type[Part] = Settings, above: str = "") -> Iterator[Key]:
    """Every key there is, outer ones first. What `connections` share with `connection_defaults` comes once."""
    for field in model.__annotations__:
        info = model.model_fields.get(field)
        if info is None:
            continue
        key = Key(name=f"{above}{info.alias or field}", info=info, section=model_in(info.annotation))
        yield key
        if key.section is not None:
            yield from keys(key.section, f"{key.name}[]." if key.is_list else f"{key.name}.")


def defaults_text() -> str:
    """defaults.yaml: a comment and the default of each key; the keys of lists' entries as comments."""
    return _HEAD + "".join(_defaults_lines(key) for key in keys())


def tables() -> dict[str, str]:
    """For docs/configuration.md: the keys of each top section as a Markdown table; plain keys under the empty name."""
    rows: dict[str, list[str]] = {}
    for key in keys():
        top, dot, _ = key.name.replace("[]", "").partition(".")
        cells = (f"`{key.name}`", f"`{key.default}`" if key.default else "", key.meaning.replace("|", "\\|"))
        if not key.is_section:
            rows.setdefault(top if dot or key.section else "", []).append(f"| {' | '.join(cells)} |")
    return {
        section: "\n".join(["| key | default | meaning |", "|---|---|---|", *lines]) + "\n"
        for section, lines in rows.items()
    }


def with_tables(page: str) -> str:
    """The page with the tables between `<!-- keys: section -->` and `<!-- end -->` made anew."""
    for section, content in tables().items():
        mark = f"<!-- keys: {section or 'top'} -->\n"
        before, there, rest = page.partition(mark)
        if there:
            page = f"{before}{mark}{content}<!-- end -->{rest.partition('<!-- end -->')[2]}"
    return page


def _defaults_lines(key: Key) -> str:
    outer, entry, inner = key.name.partition("[].")
    depth = outer.count(".") + inner.count(".") + (1 if entry else 0)
    indent, name = "  " * depth, key.name.rpartition(".")[2]
    if entry:
        return _wrapped(f"{name}: {key.meaning}", f"{indent}# ", f"{indent}#     ")
    value = "" if key.is_section else f" {key.default}"
    start = "\n" if depth == 0 else ""
    return f"{start}{_wrapped(key.meaning, f'{indent}# ', f'{indent}# ')}{indent}{name}:{value}\n"


def _wrapped(text: str, first: str, later: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=later, break_on_hyphens=False) + "\n"


def _yaml(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    match value:
        case Part():
            return value.model_dump(mode="json", by_alias=True, exclude_none=True)
        case tuple():
            return [_plain(one) for one in value]
        case Path():
            return str(value)
    return value


if __name__ == "__main__":
    DEFAULTS_FILE.write_text(defaults_text(), encoding="utf-8")
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    for page_file in map(Path, sys.argv[1:]):
        page_file.write_text(with_tables(page_file.read_text(encoding="utf-8")), encoding="utf-8")
