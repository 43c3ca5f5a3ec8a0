"""What the command line says exists in both languages; what it can do is in its page."""

import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from typer.main import get_command

from orchestrator import cli
from orchestrator.cli.app import app
from orchestrator.cli.exits import Exit
from orchestrator.cli.planning import GROUPS
from orchestrator.cli.screen import Screen, language_of
from orchestrator.cli.texts import TEXTS
from orchestrator.domain.account import AccountStatus, UnlinkMode
from orchestrator.domain.connection import ConnectionStatus
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import SyncStatus

SOURCE = "".join(
    path.read_text(encoding="utf-8") for path in Path(cli.__file__).parent.glob("*.py") if path.name != "texts.py"
)
STATUSES = {one.value for kind in (AccountStatus, ConnectionStatus, SyncStatus) for one in kind} - {"removed"}
BUILT = {"source", "destination", "managed_by_yaml", "managed_by_database", *(f"plan_{name}" for name in GROUPS)}
BUILT |= {f"unlink_{mode.value}" for mode in UnlinkMode}
DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "cli.md").read_text(encoding="utf-8")


def facts(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def commands(group: object = None, name: str = "orchestrator") -> Iterator[tuple[str, object]]:
    group = group or get_command(app)
    for own, command in group.commands.items():  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} {own}")
        else:
            yield f"{name} {own}", command


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_text_is_there_in_both_languages_with_the_same_facts(key: str) -> None:
    en, ru = TEXTS[key]

    assert facts(en) == facts(ru)
    assert en
    assert re.search("[а-яё№]", ru, re.IGNORECASE) or en == ru


def test_every_text_that_is_asked_for_is_there() -> None:
    asked = set(re.findall(r'(?:say|text)\(\s*"(\w+)"', SOURCE)) | set(re.findall(r'empty="(\w+)"', SOURCE))
    columns = {
        name
        for names in re.findall(r"(?:columns|COLUMNS) = \(([^)]*)\)", SOURCE)
        for name in re.findall(r'"(\w+)"', names)
    }

    assert (asked | columns | STATUSES | BUILT) - TEXTS.keys() == set()


def test_no_text_is_left_over() -> None:
    assert {key for key in TEXTS if f'"{key}"' not in SOURCE} <= STATUSES | BUILT


def test_every_command_and_option_is_in_the_documentation() -> None:
    shared = {"--config", "--json", "--help"}
    for name, command in commands():
        assert f"`{name}" in PAGE, name
        for parameter in command.params:  # type: ignore[attr-defined]
            options = {one for one in parameter.opts if one.startswith("--")} - shared
            assert all(f"`{option}" in PAGE for option in options), (name, options)


def test_every_exit_code_is_in_the_documentation() -> None:
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)] == [code.value for code in Exit]


@pytest.mark.parametrize(
    ("setting", "environment", "language"),
    [("ru", {"LANG": "C"}, "ru"), (None, {"LANG": "ru_RU.UTF-8"}, "ru"), (None, {"LANG": "ru_RU", "LC_ALL": "C"}, "en"), (None, {}, "en")],
)  # fmt: skip
def test_the_language_is_the_configured_one_or_the_terminal_s(setting, environment, language) -> None:  # type: ignore[no-untyped-def]
    assert language_of(setting, environment) == language


def test_a_document_for_machines_masks_secrets_wherever_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(language="en", as_json=True).answer({"x": [{"key": Secret("hunter2")}]}, lambda: None)

    assert "hunter2" not in capsys.readouterr().out


def test_numbers_are_grouped_and_align_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(language="ru", as_json=False).table(("account", "in_list"), [("a", 12431), ("b", 7)], empty="no_accounts")

    lines = capsys.readouterr().out.splitlines()

    (many,), (few,) = ([line for line in lines if line.startswith(f" {name} ")] for name in "ab")
    assert many.index("431") + 2 == few.index("7")
    assert "12\N{NARROW NO-BREAK SPACE}431" in many


def test_nothing_heavy_is_loaded_for_help() -> None:
    import subprocess
    import sys

    heavy = ("pydantic", "sqlalchemy", "yaml", "rich", "fastapi", "requests", "grpc", "cryptography")
    code = f"import sys, orchestrator.cli.app; print([name for name in {heavy} if name in sys.modules])"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
