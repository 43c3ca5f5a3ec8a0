"""The quick start and the drills of operations, followed word for word: what is typed works, and nobody is lost or revived."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from orchestra import orchestra
from people_at_amocrm import Salesperson
from written import FENCE, ROOT, Block, Desk, blocks

from sandbox.demo.sandbox_control import SandboxControl, running
from throwaway_servers import MariaDB, free_port, wait_until

QUICK, OPERATIONS = "docs/quick-start.md", "docs/operations.md"
LIST_OF = "unisender/sandbox-key/contacts"


def shell(page: str, title: str) -> list[str]:
    return [block.code for block in blocks(page, title) if block.language == "sh"]


@pytest.fixture(scope="module")
def vendors() -> Iterator[SandboxControl]:
    with running("--contacts", "60", "--rate-limits", "off") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def installed(vendors: SandboxControl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The quick start, done: a service that runs, an account linked, a list filled."""
    port = str(free_port())
    desk = Desk(
        tmp_path_factory.mktemp("service"),
        {
            "https://sync.example.com": f"http://127.0.0.1:{port}",
            "http://127.0.0.1:8900": vendors.url,
            "8901": port,
            "0b9e4a62-5a3e-4c0e-8a39-6a3f7d3c1f11": "sandbox-client",
            "the secret key of the integration": "sandbox-secret",
            "acme.amocrm.ru": "demo.amocrm.ru",
        },
    )
    write = blocks(QUICK, "3. Write the configuration")
    practise = next(block for block in write if block.code.startswith("vendors:"))
    configuration = next(block for block in write if block.file)
    desk.write(Block(language="yaml", code=configuration.code + practise.code, file=configuration.file))
    try:
        for code in (*shell(QUICK, "3. Write the configuration"), *shell(QUICK, "4. Start")):
            desk.run(code)
        desk.run(*shell(QUICK, "5. Link amoCRM"), answers="sandbox-token\n")
        desk.run(shell(QUICK, "6. Connect it to a list")[0], answers="sandbox-key\n")
        wait_until(lambda: len(members(vendors)) > 30, what="the first synchronisation")
        yield desk
    finally:
        desk.stop()


def members(sandbox: SandboxControl) -> dict[str, dict]:
    return {one["email"]: one for one in sandbox.pages(LIST_OF, "contacts") if one["lists"] and one["email"]}


def test_the_quick_start_ends_with_a_filled_list_that_it_shows(installed: Desk) -> None:
    _, look = shell(QUICK, "6. Connect it to a list")
    told = installed.run(look)

    assert "demo.amocrm.ru" in told
    assert "amoCRM contacts" in told


def test_a_lost_database_comes_back_follows_what_is_true_and_revives_nobody(
    installed: Desk, vendors: SandboxControl
) -> None:
    sqlite_backup, _ = shell(OPERATIONS, "Back up")
    sqlite_restore, _, afterwards = shell(OPERATIONS, "The database is lost")
    person = Salesperson(vendors)
    gone = person.add("До Копии", "before@example.com")
    wait_until(lambda: "before@example.com" in members(vendors), what="the first change")
    installed.run(sqlite_backup)

    person.add("После Копии", "after@example.com")
    wait_until(lambda: "after@example.com" in members(vendors), what="the change after the backup")
    vendors.post("unisender/sandbox-key/opt_out", {"email": "after@example.com"})
    person.delete(gone)
    wait_until(lambda: "before@example.com" not in members(vendors), what="the deletion")
    installed.stop()
    installed.run(sqlite_restore)
    for code in shell(QUICK, "4. Start"):
        installed.run(code)
    installed.run(afterwards)

    everybody = {one["email"]: one for one in vendors.pages(LIST_OF, "contacts")}
    assert "before@example.com" not in members(vendors)
    assert everybody["after@example.com"]["mailable_in"] == []
    assert "unsubscribed" in installed.run("orchestrator explain after@example.com --json")


def test_a_replaced_key_keeps_every_account_working(installed: Desk) -> None:
    new, check, rotate = shell(OPERATIONS, "A key is to be replaced")
    (line,) = [block.code for block in blocks(OPERATIONS, "A key is to be replaced") if block.language == "yaml"]
    installed.run(new)
    configuration = installed.folder / "configuration.yaml"
    configuration.write_text(re.sub(r"^  encryption_keys: .*\n", line, configuration.read_text(), flags=re.MULTILINE))
    installed.run(check)
    installed.stop()
    for code in shell(QUICK, "4. Start"):
        installed.run(code)
    installed.run(rotate)

    checked = installed.run('orchestrator connection check "amoCRM contacts" --json')
    assert json.loads(checked)["works"] is True


def test_a_dump_of_mariadb_brings_back_what_it_held(
    mariadb_server: MariaDB, vendors: SandboxControl, tmp_path: Path
) -> None:
    mariadb_server.query(
        "CREATE DATABASE orchestrator CHARACTER SET utf8mb4",
        "CREATE USER orchestrator@'127.0.0.1' IDENTIFIED BY 'the password'",
        "GRANT ALL ON orchestrator.* TO orchestrator@'127.0.0.1'",
    )
    address = f"mysql+pymysql://root@127.0.0.1:{mariadb_server.port}/orchestrator?charset=utf8mb4"
    desk = Desk(tmp_path, {"port=3306": f"port={mariadb_server.port}"})
    (account,) = [block for block in blocks(OPERATIONS, "Back up") if block.file]
    desk.write(account)
    _, dump = shell(OPERATIONS, "Back up")
    _, restore, _ = shell(OPERATIONS, "The database is lost")
    with orchestra(tmp_path, vendors, {"database": {"url": address}}) as service:
        service.connect(service.link())

    desk.run(dump)
    mariadb_server.query("DROP DATABASE orchestrator")
    desk.run(restore)
    held = rows_of(tmp_path / "backup.sql")
    desk.run(dump)

    assert rows_of(tmp_path / "backup.sql") == held
    assert any("demo.amocrm.ru" in row for row in held)
    mariadb_server.query("DROP DATABASE orchestrator", "DROP USER orchestrator@'127.0.0.1'")


def rows_of(dump: Path) -> list[str]:
    """What it holds, without when it was made."""
    return [line for line in dump.read_text().splitlines() if not line.startswith(("--", "/*"))]


@pytest.mark.parametrize("page", [QUICK, OPERATIONS])
def test_both_languages_tell_people_to_type_the_same(page: str) -> None:
    """So that what is tried above for one holds for the other."""
    assert typed(page.replace(".md", ".ru.md")) == typed(page)


def typed(page: str) -> list[tuple[str | None, str]]:
    found = FENCE.finditer((ROOT / page).read_text())
    return [(one["file"], re.sub(r"\s*# .*$", "", one["code"], flags=re.MULTILINE)) for one in found]
