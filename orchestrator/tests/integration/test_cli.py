"""Every command, as people and as scripts use it: over a running service, a sandbox and SQLite."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from orchestra import COMMAND, Orchestra, merged, orchestra
from typer.testing import CliRunner, Result

from orchestrator.cli.app import app
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.sync import SyncKind, Trigger
from sandbox.demo.sandbox_control import running
from throwaway_servers import wait_until

CONTACTS = 40
HOST = "demo.amocrm.ru"


class Here:
    """A service with one linked account and its synchronised connection."""

    def __init__(self, whole: Orchestra) -> None:
        self.whole = whole
        self.account = whole.link()
        self.connection = whole.connect(self.account, name="people")
        whole.settle()

    def run(self, *arguments: str, typed: str | None = None) -> Result:
        command = [*arguments, "--config", str(self.whole.configuration)]
        return CliRunner().invoke(app, command, input=typed, env={"LC_ALL": "C.UTF-8"}, catch_exceptions=False)

    def json(self, *arguments: str, code: int = 0, typed: str | None = None) -> Any:
        result = self.run(*arguments, "--json", typed=typed)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    folder = tmp_path_factory.mktemp("service")
    with (
        running("--contacts", str(CONTACTS), "--rate-limits", "off") as sandbox,
        orchestra(folder, sandbox, {}) as whole,
    ):
        whole.start("up")
        yield Here(whole)


def test_accounts_are_listed_with_their_people(here: Here) -> None:
    (account,) = here.json("account", "list")
    shown = here.run("account", "list").stdout

    assert (account["host"], account["status"], account["webhooks"]) == (HOST, "active", True)
    assert account["connections"][0]["people"]["in_list"] > 0
    assert "● live" in shown
    assert HOST in shown


def test_an_account_is_shown_by_host_or_number_with_its_connections(here: Here) -> None:
    by_host, by_number = here.json("account", "show", HOST), here.json("account", "show", str(here.account.id))

    assert by_host == by_number
    assert [one["name"] for one in by_host["connections"]] == ["people"]
    assert "amoCRM contacts" in here.run("account", "show", HOST).stdout


@pytest.mark.parametrize(
    "command",
    [("account", "show", "other.amocrm.ru"), ("connection", "check", "other"), ("sync", "show", "999"), ("account", "unlink", "7", "--yes"),
     ("explain", "nobody@example.com", "--connection", "77")],
)  # fmt: skip
def test_what_is_not_there_is_told_with_code_3(command: tuple[str, ...], here: Here) -> None:
    result = here.run(*command)

    assert result.exit_code == 3
    assert result.stderr.startswith("orchestrator: There is no ")
    assert here.json(*command, code=3)["error"]["code"] == "not_found"


def test_the_address_for_consent_is_printed_and_a_long_lived_token_is_read_from_standard_input(here: Here) -> None:
    url = here.json("account", "link")["url"]
    linked = here.json("account", "link", "--host", HOST, typed="sandbox-token\n")

    assert "client_id=sandbox-client" in url
    assert (linked["host"], linked["status"]) == (HOST, "active")
    assert here.run("account", "link", "--host", HOST, typed="\n").exit_code == 2


def test_a_connection_is_added_with_a_key_from_standard_input_paused_resumed_and_checked(here: Here) -> None:
    added = here.json(
        "connection", "add", HOST, "--list", "Second list", "--settings", '{"filter": {"tag": "nobody has it"}}', typed="sandbox-key\n"
    )  # fmt: skip
    number = str(added["id"])

    assert added["name"] == added["destination"]["list"]["title"] == "Second list"
    assert added["filter"] == {"tag": "nobody has it"}
    assert here.json("connection", "pause", "Second list")["status"] == "paused"
    assert here.run("connection", "resume", f"{HOST}/Second list").exit_code == 0
    assert here.json("connection", "check", number) == {"works": True, "problems": []}
    assert [one["name"] for one in here.json("connection", "list", "--account", HOST)] == ["people", "Second list"]
    assert "Second list" in here.run("connection", "list").stdout


@pytest.mark.parametrize("settings", ["{", "[]", '{"filtr": {}}', '{"destination": 5}'])
def test_settings_that_cannot_be_are_refused_with_code_2(settings: str, here: Here) -> None:
    result = here.run("connection", "add", HOST, "--list", "Third", "--settings", settings, typed="sandbox-key\n")

    assert result.exit_code == 2
    assert result.stderr.startswith("orchestrator: ")


def test_a_check_that_fails_says_which_side_with_code_4(here: Here) -> None:
    here.whole.sandbox.post(
        "faults", {"vendor": "unisender", "kind": "code", "code": "invalid_api_key", "path": "*", "times": None}
    )
    try:
        result = here.json("connection", "check", "people", code=4)
    finally:
        here.whole.sandbox.delete("faults")

    assert result["works"] is False
    assert [one["side"] for one in result["problems"]] == ["destination"]


def test_a_sync_is_started_and_followed_to_its_end(here: Here) -> None:
    result = here.run("sync", "start", "people", "--kind", "deep", "--follow")

    assert result.exit_code == 0, result.output
    assert "(deep): done" in result.stdout
    latest = here.json("sync", "list", "--connection", "people", "--limit", "1")[0]
    assert (latest["kind"], latest["status"], latest["counts"]["read"]) == ("deep", "done", CONTACTS)
    shown = here.json("sync", "show", str(latest["id"]))
    assert [one["outcome"] for one in shown["attempts"]] == ["done"]
    assert "done" in here.run("sync", "show", str(latest["id"]), "--follow").stdout


def test_a_sync_is_cancelled_once_and_only_a_failed_one_is_replayed(here: Here) -> None:
    application = here.whole.application
    here.run("connection", "pause", "people")
    with application.database.begin() as tx:
        now = application.clock.now()
        sync, _ = tx.syncs.open(
            account_id=here.account.id, connection_id=here.connection.id, kind=SyncKind.BACKFILL,
            trigger=Trigger.MANUAL, due_at=now, now=now,
        )  # fmt: skip
    number = str(sync.id)

    assert here.json("sync", "cancel", number) == {"id": sync.id, "cancelled": True}
    assert here.json("sync", "cancel", number, code=1)["error"]["code"] == "sync_ended"
    assert here.json("sync", "replay", number, code=1)["error"]["code"] == "not_failed"
    assert here.json("sync", "list", "--status", "cancelled")[0]["id"] == sync.id
    here.run("connection", "resume", "people")


def test_a_failed_sync_is_replayed_and_its_failure_is_code_4(here: Here) -> None:
    here.whole.settle()
    here.whole.sandbox.patch("amocrm/demo.amocrm.ru", {"status": "unpaid"})
    try:
        result = here.run("sync", "start", "people", "--kind", "backfill", "--follow")
    finally:
        here.whole.sandbox.patch("amocrm/demo.amocrm.ru", {"status": "active"})

    assert result.exit_code == 4, result.output
    failed = here.json("sync", "list", "--status", "failed")[0]
    assert "subscription" in failed["failure_text"]
    replayed = here.json("sync", "replay", str(failed["id"]), "--follow")
    assert (replayed["id"], replayed["status"]) == (failed["id"], "done")


def test_contacts_are_listed_by_status_page_by_page(here: Here) -> None:
    synced = here.json("contacts", "list", "--status", "synced", "--connection", "people", "--limit", "10")
    following = here.json(
        "contacts", "list", "--status", "synced", "--limit", "10", "--connection", "people", "--after", synced["next"]
    )
    unsynced = here.json("contacts", "list", "--status", "unsynced", "--connection", "people")["contacts"]

    assert len(synced["contacts"]) == 10
    assert {one["record_id"] for one in synced["contacts"]}.isdisjoint(
        one["record_id"] for one in following["contacts"]
    )
    assert all(one["synced"] for one in synced["contacts"])
    assert not any(one["synced"] for one in unsynced)
    assert (
        f"--after {synced['next']}"
        in here.run("contacts", "list", "--status", "synced", "--connection", "people", "--limit", "10").stdout
    )
    assert here.run("contacts", "list", "--after", "nonsense").exit_code == 2


def test_why_somebody_is_in_the_list_is_explained(here: Here) -> None:
    somebody = here.json("contacts", "list", "--reason", "delivered", "--connection", "people", "--limit", "1")[
        "contacts"
    ][0]

    by_number = here.json("explain", str(somebody["record_id"]), "--connection", "people")
    by_address = here.json("explain", somebody["addresses"][0], "--connection", "people", "--live")

    assert by_number["in_list"] is by_address["in_list"] is True
    assert by_number["record_id"] == by_address["record_id"] == somebody["record_id"]
    assert "is in the list" in here.run("explain", str(somebody["record_id"]), "--connection", "people").stdout


def test_a_plan_counts_what_a_full_sync_would_do(here: Here) -> None:
    planned = here.json("plan", "people")

    assert (planned["read"], planned["complete"]) == (CONTACTS, True)
    assert planned["created"]["count"] == planned["leaving"]["count"] == 0
    assert planned["unchanged"]["count"] > 0


def test_repairs_are_told_in_three_sentences_with_code_4(here: Here) -> None:
    application = here.whole.application
    with application.database.begin() as tx:
        facts = {"detail": "no binlog"}
        opened = tx.repairs.open(
            RepairCode.QUEUE_NOT_DURABLE, account_id=None, connection_id=None, facts=facts, now=application.clock.now()
        )
    try:
        (repair,) = [one for one in here.json("repairs", code=4) if one["code"] == "queue_not_durable"]
        result = here.run("repairs")
    finally:
        with application.database.begin() as tx:
            tx.repairs.close_by_id(opened.id, now=application.clock.now())

    assert result.exit_code == 4
    assert all(repair[sentence] in result.stdout for sentence in ("happened", "means", "do"))


def test_diagnostics_show_how_everything_stands_without_secrets_and_people(here: Here) -> None:
    text = here.run("diagnostics").stdout
    report = json.loads(text)

    assert report["accounts"][0]["host"] == HOST
    assert report["system"]["revision"]
    assert report["settings"]["database"]["pool_size"] == 10
    for secret in (
        "sandbox-key",
        "sandbox-token",
        "sandbox-secret",
        "key-of-the-tests-only",
        "token-of-the-tests-only",
        "@example",
    ):
        assert secret not in text


def test_keys_are_made_and_rotated(here: Here) -> None:
    assert len(CliRunner().invoke(app, ["keys", "new"]).stdout.strip()) >= 40
    assert here.json("keys", "rotate")["secrets"] > 0


def test_the_configuration_is_checked_for_people_and_machines(here: Here, tmp_path: Path) -> None:
    wrong = tmp_path / "configuration.yaml"
    wrong.write_text("htp: {}\n")

    result = CliRunner().invoke(app, ["check-config", "--config", str(wrong)])
    document = json.loads(CliRunner().invoke(app, ["check-config", "--config", str(wrong), "--json"]).stdout)

    assert here.json("check-config")["valid"] is True
    assert result.exit_code == 2
    assert f"{wrong}:1:1: htp is no setting: did you mean http?" in result.stderr
    assert document["problems"][0] | {"sentence": ""} == {"file": str(wrong), "line": 1, "column": 1, "sentence": ""}
    assert json.loads(here.run("check-config", "--schema").stdout)["title"]
    assert "public_url: null" in here.run("check-config", "--defaults").stdout


def test_a_change_of_the_configuration_takes_effect_while_the_service_runs_and_a_mistake_none(here: Here) -> None:
    whole, before = here.whole, json.loads(here.whole.configuration.read_text())
    tokens = before["http"]["tokens"]
    added = {"name": "later", "token": "a-token-that-came-later", "scopes": ["read"]}
    written = {"account": HOST, "name": "written", "api_key": "sandbox-key", "list": {"title": "Written list"}}

    def status_of(token: str) -> int:
        return requests.get(
            f"{whole.url}/api/v1/accounts", headers={"Authorization": f"Bearer {token}"}, timeout=30
        ).status_code

    try:
        changed = merged(before, {"http": {"tokens": [*tokens, added]}, "connections": [written]})
        whole.configuration.write_text(json.dumps(changed))
        wait_until(lambda: whole.log("up").count("configuration_taken") == 1, what="the change")
        assert status_of(added["token"]) == 200
        wait_until(lambda: "written" in here.run("connection", "list").stdout, what="the written connection")

        whole.configuration.write_text(json.dumps({**before, "htp": {}}))
        wait_until(lambda: "configuration_kept" in whole.log("up"), what="the refusal")
        assert status_of(added["token"]) == 200
        assert "htp is no setting: did you mean http?" in whole.log("up")
    finally:
        whole.configuration.write_text(json.dumps(before))
    # Guessing is slowed down: a token is tried only once it must be right or wrong.
    wait_until(lambda: whole.log("up").count("configuration_taken") == 2, what="the change back")
    assert status_of(added["token"]) == 401
    with whole.application.database.begin(reading=True) as tx:
        noted = [one for one in tx.audit.page() if one["action"] == "configuration_changed"]
    assert noted[-1]["details"] == {"keys": "connections, http.tokens"}


def test_a_command_without_a_usable_configuration_tells_all_its_problems_with_code_2(tmp_path: Path) -> None:
    wrong = tmp_path / "configuration.yaml"
    wrong.write_text("htp: {}\nlanguage: de\n")

    result = CliRunner().invoke(app, ["account", "list", "--config", str(wrong)])

    assert result.exit_code == 2
    assert result.stderr.count("configuration.yaml:") == 3


def test_the_database_is_migrated_and_says_so_in_the_configured_language(tmp_path: Path) -> None:
    configuration = tmp_path / "configuration.yaml"
    configuration.write_text("language: ru\nsecurity: {encryption_keys: [key-of-the-tests-only]}\n")
    run = lambda *command: CliRunner().invoke(app, [*command, "--config", str(configuration)])  # noqa: E731

    before, migrated, after = run("account", "list"), run("migrate"), run("account", "list")

    assert before.exit_code == 2
    assert "orchestrator migrate" in before.stderr
    assert "База данных обновлена" in migrated.stdout
    assert "Аккаунтов пока нет" in after.stdout


def test_a_process_is_ready_when_database_tables_and_queue_are_there(here: Here, tmp_path: Path) -> None:
    configuration = tmp_path / "configuration.yaml"
    configuration.write_text("{language: en, security: {encryption_keys: [key-of-the-tests-only]}}")

    def ready() -> Result:
        return CliRunner().invoke(app, ["ready", "--config", str(configuration)])

    assert here.json("ready") == {"database": True, "migrated": True, "queue": True}
    assert (ready().exit_code, "orchestrator migrate" in ready().stdout) == (1, True)
    CliRunner().invoke(app, ["migrate", "--config", str(configuration)])
    assert (ready().exit_code, ready().stdout[0]) == (0, "✓")


def test_help_is_quick_and_a_wrong_command_line_is_code_2() -> None:
    started = time.monotonic()
    help_text = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    took = time.monotonic() - started
    wrong = subprocess.run([COMMAND, "sync", "begin"], capture_output=True, text=True)

    assert "check-config" in help_text
    assert took < 20  # bounds a fault only; docs/cli.md has figures
    assert wrong.returncode == 2


def test_the_very_first_start_writes_a_configuration_that_is_valid_and_says_so(tmp_path: Path) -> None:
    english = {**os.environ, "LC_ALL": "C.UTF-8"}
    with subprocess.Popen([COMMAND, "up"], cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=english) as service:
        assert service.stdout is not None
        lines = [service.stdout.readline(), service.stdout.readline()]
        service.kill()  # it goes on to serve, as the service of the other tests does
    checked = subprocess.run([COMMAND, "check-config", "--json"], cwd=tmp_path, capture_output=True, text=True)

    assert lines == ["configuration.yaml was written.\n", "secrets.yaml was written.\n"]
    assert (tmp_path / "secrets.yaml").stat().st_mode & 0o077 == 0
    assert json.loads(checked.stdout) == {
        "valid": True, "problems": [], "integrations": 0, "connections": 0, "readable_secrets": [],
    }  # fmt: skip


def test_unlinking_asks_for_the_host_and_stops_without_it(here: Here) -> None:
    refused = here.run("account", "unlink", HOST, typed="another.amocrm.ru\n")

    assert refused.exit_code == 1
    assert "People in the list" in refused.stderr
    assert here.json("account", "show", HOST)["status"] == "active"


def test_unlinking_is_begun_once_the_host_is_typed_and_asking_again_does_no_harm(here: Here) -> None:
    """The last test: nothing is linked afterwards."""
    assert here.run("account", "unlink", HOST, typed=f"{HOST}\n").exit_code == 0

    document = here.json("account", "unlink", HOST, "--mode", "exclude", "--yes")

    assert document["status"] in {"unlinking", "unlinked"}
    assert document["mode"] == "exclude"
