"""A pair of tokens that works once each: whatever happens, the configuration goes on or says that consent is needed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from types import SimpleNamespace

CLIENT = {
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
    "redirect_uri": "http://127.0.0.1:8901/callback",
}
LONG_AGO = "2020-01-01T00:00:00Z"
DAY_AND_MORE = 90_000


@pytest.fixture
def oauth(sandbox: Any, config: dict[str, Any]) -> dict[str, Any]:
    """A configuration fresh from consent, its access token about to end."""
    code = sandbox.call("POST", "amocrm/demo.amocrm.ru/code", {"client_id": "sandbox-client"})["code"]
    pair = requests.post(
        f"{sandbox.url}/oauth2/access_token",
        json={**CLIENT, "grant_type": "authorization_code", "code": code},
        headers={"Host": "demo.amocrm.ru"},
        timeout=10,
    ).json()
    credentials = {
        "auth_type": "oauth2.0",
        **CLIENT,
        "access_token": pair["access_token"],
        "refresh_token": pair["refresh_token"],
        "token_expiry_date": LONG_AGO,
    }
    return {**config, "credentials": credentials}


@pytest.fixture
def run_read(command: Any, tools: Any) -> Any:
    def run(config: dict[str, Any], *streams: str) -> SimpleNamespace:
        return command(
            "read", config=config, catalog=tools.catalog(*(streams or ("contacts", "users", "leads", "tasks")))
        )

    return run


def token_requests(sandbox: Any, since: int = 0) -> int:
    return sum(made["path"] == "/oauth2/access_token" for made in sandbox.requests(since))


def test_many_streams_renew_once_and_the_new_pair_is_told_before_any_record(
    sandbox: Any, oauth: dict[str, Any], run_read: Any
) -> None:
    before = token_requests(sandbox)

    result = run_read(oauth)

    assert result.code == 0, result.errors
    assert token_requests(sandbox) - before == 1
    (told,) = result.controls
    kinds = [message["type"] for message in result.messages if message["type"] in ("CONTROL", "RECORD")]
    assert kinds[0] == "CONTROL"
    assert told["credentials"]["refresh_token"] != oauth["credentials"]["refresh_token"]
    assert {**told, "credentials": 0} == {**oauth, "credentials": 0}
    assert run_read(told).code == 0


@pytest.mark.parametrize("kills", [False, True])
def test_a_token_that_dies_early_is_renewed_after_a_401(
    sandbox: Any, oauth: dict[str, Any], run_read: Any, kills: bool
) -> None:
    sandbox.switch(refresh_kills_access=kills)
    oauth["credentials"].pop("token_expiry_date")
    sandbox.call("POST", "clock", {"advance": DAY_AND_MORE})

    result = run_read(oauth)

    assert result.code == 0, result.errors
    assert len(result.controls) == 1


def test_reuse_of_a_spent_pair_is_told(oauth: dict[str, Any], run_read: Any, command: Any) -> None:
    assert run_read(oauth).code == 0

    again = run_read(oauth)

    assert again.code == 1
    assert again.failure_types == {"config_error"}
    assert all("consent is needed again" in error["message"] for error in again.errors[:-1])
    assert "consent is needed again" in command("check", config=oauth).verdict["message"]


@pytest.mark.parametrize("kind", ["silent", "cut_before", "html", "garbled", "empty", "wrong_shape"])
def test_a_broken_token_server_ends_in_bounded_time(
    sandbox: Any, oauth: dict[str, Any], run_read: Any, kind: str
) -> None:
    sandbox.fault(kind, times=None, path="/oauth2/access_token")
    began = time.monotonic()

    result = run_read(oauth, "users")

    assert time.monotonic() - began < 30
    assert result.code == 1
    assert result.failure_types == {"transient_error"}
    sandbox.call("DELETE", "faults")
    if kind in ("silent", "cut_before"):  # nothing reached the server, so nothing was spent
        assert run_read(oauth, "users").code == 0


@pytest.mark.parametrize("kind", ["cut_after", "truncated"])
def test_a_new_pair_lost_on_its_way_means_consent(
    sandbox: Any, oauth: dict[str, Any], run_read: Any, kind: str
) -> None:
    sandbox.fault(kind, path="/oauth2/access_token")

    result = run_read(oauth, "users")

    assert result.failure_types == {"config_error"}
    assert "consent is needed again" in result.errors[0]["message"]


def test_a_bare_access_token_is_used_and_never_renewed(sandbox: Any, oauth: dict[str, Any], run_read: Any) -> None:
    token = oauth["credentials"]["access_token"]
    bare = {**oauth, "credentials": {"auth_type": "oauth2.0", "access_token": token}}
    before = token_requests(sandbox)
    assert run_read(bare).code == 0

    sandbox.call("POST", "clock", {"advance": DAY_AND_MORE})
    dead = run_read(bare)

    assert dead.failure_types == {"config_error"}
    assert token_requests(sandbox) == before


def test_a_check_spends_the_refresh_token_only_when_the_access_token_has_ended(
    sandbox: Any, oauth: dict[str, Any], command: Any
) -> None:
    """Airbyte keeps no pair that the check of a new source was given (docs/connectors/source-amocrm.md)."""
    good = {**oauth, "credentials": {**oauth["credentials"], "token_expiry_date": ""}}
    before = token_requests(sandbox)
    first = command("check", config=good)

    assert first.verdict["status"] == "SUCCEEDED"
    assert first.controls == []
    assert token_requests(sandbox) == before

    ended = command("check", config=oauth)
    again = command("check", config=oauth)

    assert ended.verdict["status"] == "SUCCEEDED"
    assert len(ended.controls) == 1
    assert again.verdict["status"] == "FAILED"
    assert "consent is needed again" in again.verdict["message"]


def test_no_secret_is_ever_written_but_in_the_control_message(oauth: dict[str, Any], run_read: Any) -> None:
    result = run_read(oauth)
    told = result.controls[0]["credentials"]
    rest = "\n".join(line for line in result.text.splitlines() if '"type":"CONTROL"' not in line)

    for secret in (oauth["credentials"]["access_token"], told["access_token"], told["refresh_token"], "sandbox-secret"):
        assert secret not in rest


@pytest.mark.parametrize("delay", [0.0, 0.002, 0.02])
def test_a_kill_around_a_renewal_leaves_a_configuration_that_goes_on_or_asks_for_consent(
    sandbox: Any, oauth: dict[str, Any], command: Any, tools: Any, tmp_path: Path, delay: float
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(oauth))
    (tmp_path / "catalog.json").write_text(json.dumps(tools.catalog("users")))
    arguments = ["read", "--config", tmp_path / "config.json", "--catalog", tmp_path / "catalog.json"]
    last = sandbox.requests()[-1]["n"]

    with subprocess.Popen(
        [Path(sys.executable).parent / "source-amocrm", *arguments], stdout=subprocess.PIPE
    ) as connector:  # fmt: skip
        while not token_requests(sandbox, last) and connector.poll() is None:
            time.sleep(0.003)
        time.sleep(delay)
        connector.kill()
        output = connector.stdout.read() if connector.stdout else b""
    whole_lines = output[: output.rfind(b"\n") + 1]
    told = tools.said(-9, whole_lines).controls
    newest = told[-1] if told else oauth

    verdict = command("check", config=newest).verdict

    assert verdict["status"] == "SUCCEEDED" or "consent is needed again" in verdict["message"]
    if told:
        assert verdict["status"] == "SUCCEEDED"
