"""Linking, refreshing, watching and unlinking against the emulated amoCRM: real redirects, real processes, kill -9."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

import refreshing_process
from linked import SetClock
from memory_house import House
from orchestrator.adapters.amocrm import HttpAmocrm
from orchestrator.domain.account import AccountStatus, UnlinkMode
from orchestrator.domain.errors import ForbiddenError, NeedsConsentError
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import SyncKind
from orchestrator.services.link_account import LinkAccount
from sandbox.demo.sandbox_control import SandboxControl, running
from throwaway_servers import wait_until

DEMO = "demo.amocrm.ru"
TOKEN_PATH = "/oauth2/access_token"
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What the database has no part in is tested on one."""


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxControl]:
    with running("--contacts", "20", "--rate-limits", "off") as control:
        yield control


@pytest.fixture
def sandbox(server: SandboxControl) -> SandboxControl:
    server.post("reset", {"contacts": 20, "rate_limits": "off", "switches": {}})
    server.delete("requests")
    server.delete("faults")
    return server


@pytest.fixture
def public() -> Iterator["Public"]:
    with standing() as public:
        yield public


class Public:
    """Our public side as amoCRM sees it: it passes queries on to the service, and takes every webhook."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.house: House | None = None
        self.hooks_answer = 200
        self.linked: list[object] = []

    def get(self, path: str, query: dict[str, str]) -> int:
        assert self.house is not None
        if path == "/oauth/callback":
            self.linked.append(self.house.link.complete(query))
            return 200
        return 200 if self.house.unlink.uninstalled(query) else 403

    def post(self, path: str, body: bytes) -> int:
        if path == "/oauth/secrets":
            import orjson

            assert self.house is not None
            self.house.link.take_secrets(orjson.loads(body))
            return 200
        return self.hooks_answer


@contextmanager
def standing() -> Iterator[Public]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            self._answer(public.get(url.path, dict(parse_qsl(url.query))))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._answer(public.post(self.path, body))

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        public = Public(web.server_address[1])
        Thread(target=web.serve_forever, args=(0.02,), daemon=True).start()
        yield public
        web.shutdown()


@pytest.fixture
def house(database, sandbox, public) -> House:
    """The service over each database, with an integration whose card amoCRM has."""
    amocrm = HttpAmocrm(base_url=sandbox.url, connect_timeout=2, read_timeout=5)
    house = House(database, clock=SetClock(datetime.now(UTC)), amocrm=amocrm, public_url=public.url)
    house.link = LinkAccount(
        database=database, amocrm=amocrm, watch_webhooks=house.watch, queue_sync=house.queue_sync, clock=house.clock,
        public_url=public.url, state_key=Secret("a signing key"), consent_url=f"{sandbox.url}/oauth",
    )  # fmt: skip
    card = {
        "client_id": "our-client", "client_secret": "our-secret", "redirect_uri": f"{public.url}/oauth/callback",
        "uninstall_url": f"{public.url}/hooks/amocrm/uninstall",
    }  # fmt: skip
    sandbox.post("amocrm/integrations", card)
    with database.begin() as tx:
        tx.integrations.add(
            name="main", client_id="our-client", client_secret=Secret("our-secret"), redirect_uri=card["redirect_uri"], zone="amocrm.ru"
        )  # fmt: skip
    public.house = house
    return house


def consent(house: House, *, amocrm_id: int = 31415926, decision: str = "allow", **start) -> dict[str, str]:
    """A person opens our start URL, chooses an account and presses a button; the query amoCRM's redirect carries."""
    url = house.link.start("main", actor="api:ops", **start)
    page = requests.get(url, timeout=5)
    assert page.status_code == 200
    form = {**dict(parse_qsl(urlsplit(url).query)), "decision": decision, "account_id": str(amocrm_id)}
    redirect = requests.post(url.partition("?")[0], data=form, timeout=5, allow_redirects=False)
    assert redirect.status_code == 302
    target = urlsplit(redirect.headers["Location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == f"{house.public_url}/oauth/callback"
    return dict(parse_qsl(target.query))


def linked(house: House, **how):
    return house.link.complete(consent(house, **how)).account


def token_requests(sandbox: SandboxControl) -> list[int]:
    return [one["status"] for one in sandbox.get("requests", vendor="amocrm")["requests"] if one["path"] == TOKEN_PATH]


def hooks(house: House, account):
    return house.refresh_token.use(account.id, lambda host, token: house.amocrm.webhooks(host=host, access_token=token))


def end_token(house: House, account) -> None:
    """The stored access token counts as ended, by the clocks of all processes."""
    with house.database.begin() as tx:
        token = tx.tokens.get(account.id)
        tx.tokens.save(replace(token, expires_at=house.clock.now() - timedelta(hours=1)))


@ON_SQLITE
def test_an_account_is_linked_through_real_redirects(house, sandbox):
    account = linked(house, return_to="/accounts")

    assert (account.status, account.host, account.amocrm_id, account.name) == (
        AccountStatus.ACTIVE,
        DEMO,
        31415926,
        "Демо",
    )
    [hook] = hooks(house, account)
    assert (hook.destination, hook.disabled) == (house.watch.address(account), False)
    assert token_requests(sandbox) == [200]


@ON_SQLITE
def test_an_administrator_may_refuse(house, sandbox):
    with pytest.raises(ForbiddenError) as refused:
        house.link.complete(consent(house, decision="deny"))
    assert refused.value.code == "access_denied"
    assert token_requests(sandbox) == []


@ON_SQLITE
def test_a_widgets_install_is_answered_within_three_seconds_while_amocrm_is_slow(house, sandbox, public):
    sandbox.patch(f"amocrm/{DEMO}", {"answer_ms": 1000})

    call = sandbox.post(f"amocrm/{DEMO}/install", {"client_id": "our-client"})

    assert (call["status"], call["error"]) == (200, None)
    [done] = public.linked
    assert done.account.status is AccountStatus.ACTIVE
    sandbox.patch(f"amocrm/{DEMO}", {"answer_ms": 0})
    house.watch.check_due()
    assert house.account(done.account.id).name == "Демо"
    assert len(hooks(house, done.account)) == 1


@ON_SQLITE
def test_a_site_button_makes_an_integration_and_links_by_it(house, sandbox, public):
    state = house.link.site_button_state(actor="api:ops")
    form = {
        "redirect_uri": f"{public.url}/oauth/callback", "secrets_uri": f"{public.url}/oauth/secrets", "name": "Ours",
        "state": state, "decision": "allow", "account_id": "31415926", "mode": "post_message",
    }  # fmt: skip

    redirect = requests.post(f"{sandbox.url}/oauth", data=form, timeout=5, allow_redirects=False)
    account = house.link.complete(dict(parse_qsl(urlsplit(redirect.headers["Location"]).query))).account

    assert account.status is AccountStatus.ACTIVE
    end_token(house, account)
    house.refresh_token.access_token(account.id)
    assert token_requests(sandbox) == [200, 200]


@ON_SQLITE
def test_an_account_without_webhooks_in_its_tariff_is_linked_and_says_so(house, sandbox):
    sandbox.patch(f"amocrm/{DEMO}", {"webhooks_allowed": False})
    account = linked(house)
    assert (account.status, account.webhooks) == (AccountStatus.ACTIVE, False)
    assert set(house.repairs()) == {RepairCode.WEBHOOKS_NOT_IN_TARIFF}

    sandbox.patch(f"amocrm/{DEMO}", {"webhooks_allowed": True})
    house.pass_time(days=1)
    house.watch.check_due()
    assert house.repairs() == {}
    assert len(hooks(house, account)) == 1


def process(house: House, sandbox: SandboxControl, url: str, account, *fate: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, refreshing_process.__file__, url, sandbox.url, str(account.id), *fate],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(str(Path(one).resolve()) for one in sys.path if one)},
    )  # fmt: skip


def told(one: subprocess.Popen[str]) -> str:
    assert one.stdin is not None
    assert one.stdout is not None
    answer = one.stdout.readline().strip()
    one.stdin.close()
    one.stdout.close()
    one.wait(20)
    return answer


def start(*processes: subprocess.Popen[str]) -> None:
    for one in processes:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in processes:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()


def test_two_processes_refreshing_at_once_make_exactly_one_request(house, sandbox, database_url):
    account = linked(house)
    end_token(house, account)
    sandbox.delete("requests")
    sandbox.post("faults", {"vendor": "amocrm", "kind": "slow", "seconds": 0.5, "path": TOKEN_PATH, "times": None})
    both = [process(house, sandbox, database_url, account) for _ in range(2)]

    start(*both)
    tokens = {told(one) for one in both}

    assert token_requests(sandbox) == [200]
    assert tokens == {house.token(account.id).access_token.reveal()}
    assert house.amocrm.account(host=DEMO, access_token=house.token(account.id).access_token).id == 31415926


def test_a_process_killed_between_refresh_and_store_leaves_a_repair_and_not_a_loop(house, sandbox, database_url):
    account = linked(house)
    end_token(house, account)
    sandbox.delete("requests")
    victim = process(house, sandbox, database_url, account, "kill")
    start(victim)
    assert told(victim) == ""
    assert victim.returncode == -signal.SIGKILL
    assert house.token(account.id).refreshing_since is not None
    assert house.refresh_token.refresh_due() == 0  # its turn lasts: others wait, and ask nothing
    assert token_requests(sandbox) == [200]

    house.pass_time(minutes=2)
    for _ in range(4):
        with pytest.raises(NeedsConsentError):
            house.refresh_token.access_token(account.id)
        house.refresh_token.refresh_due()
        house.watch.check_due()

    assert token_requests(sandbox) == [200, 401]
    assert house.account(account.id).status is AccountStatus.NEEDS_REAUTH
    [facts] = house.repairs().values()
    assert (facts["host"], facts["cause"]) == (DEMO, "interrupted")
    assert facts["url"] == f"{house.public_url}/oauth/start?integration=main&account_id={account.id}"

    again = linked(house, account_id=account.id)
    assert again.id == account.id
    assert house.repairs() == {}
    assert house.refresh_token.access_token(account.id) == house.token(account.id).access_token


@ON_SQLITE
@pytest.mark.parametrize("status", [401, 404])
def test_a_renamed_account_is_followed(house, sandbox, status):
    account = linked(house)
    sandbox.patch("switches", {"amocrm.unknown_host_status": status})
    sandbox.patch(f"amocrm/{DEMO}", {"subdomain": "demo-two"})

    house.pass_time(minutes=15)
    house.watch.check_due()

    assert house.account(account.id).host == "demo-two.amocrm.ru"
    assert house.account(account.id).status is AccountStatus.ACTIVE
    assert house.repairs() == {}


@ON_SQLITE
def test_an_outage_of_the_token_server_asks_for_nobodys_consent(house, sandbox):
    account = linked(house)
    end_token(house, account)
    sandbox.post("faults", {"vendor": "amocrm", "kind": "status", "status": 502, "path": TOKEN_PATH, "times": 3})

    assert [house.refresh_token.refresh_due() for _ in range(4)] == [0, 0, 0, 1]
    assert house.repairs() == {}
    assert house.account(account.id).status is AccountStatus.ACTIVE


@ON_SQLITE
def test_a_lost_answer_of_the_token_server_becomes_a_repair_and_not_a_loop(house, sandbox):
    account = linked(house)
    end_token(house, account)
    sandbox.delete("requests")
    sandbox.post("faults", {"vendor": "amocrm", "kind": "cut_after", "path": TOKEN_PATH, "times": 1})

    for _ in range(5):
        house.refresh_token.refresh_due()

    assert len(token_requests(sandbox)) == 2
    assert house.repairs()[RepairCode.CONSENT_NEEDED]["cause"] == "interrupted"
    assert house.account(account.id).status is AccountStatus.NEEDS_REAUTH


@ON_SQLITE
def test_a_removed_webhook_is_made_again_and_the_gap_closed(house):
    account = linked(house)
    house.connect(account.id)
    address = house.watch.address(account)
    house.refresh_token.use(
        account.id, lambda host, token: house.amocrm.unsubscribe(host=host, access_token=token, destination=address)
    )

    house.pass_time(minutes=15)
    assert house.watch.check_due() == 1

    assert [hook.destination for hook in hooks(house, account)] == [address]
    assert house.syncs(account.id) == [SyncKind.BACKFILL]


@ON_SQLITE
@pytest.mark.parametrize("resubscribing_enables", [True, False])
def test_a_webhook_amocrm_switched_off_is_switched_on_again(house, sandbox, public, resubscribing_enables):
    sandbox.patch("switches", {"amocrm.webhook_resubscribe_enables": resubscribing_enables})
    account = linked(house)
    public.hooks_answer = 404
    for seed in range(6):
        sandbox.post(f"amocrm/{DEMO}/edits/random", {"count": 20, "seed": seed})
    wait_until(lambda: hooks(house, account)[0].disabled, what="amoCRM's switching off of our webhook", seconds=20)
    public.hooks_answer = 200

    house.pass_time(minutes=15)
    assert house.watch.check_due() == 1

    assert [hook.disabled for hook in hooks(house, account)] == [False]


@ON_SQLITE
def test_uninstalling_at_amocrm_unlinks_and_linking_again_revives_the_same_account(house, sandbox):
    account = linked(house)
    connection = house.connect(account.id)

    hook = sandbox.post(f"amocrm/{DEMO}/uninstall", {"client_id": "our-client"})["hook"]
    assert hook["status"] == 200
    assert house.account(account.id).status is AccountStatus.UNLINKING
    assert house.unlink.resume() == 1
    gone = house.account(account.id)
    assert (gone.status, gone.unlink_mode) == (AccountStatus.UNLINKED, UnlinkMode.KEEP)
    assert house.token(account.id) is None

    again = linked(house)
    assert (again.id, again.status) == (account.id, AccountStatus.ACTIVE)
    with house.database.begin() as tx:
        assert [one.id for one in tx.connections.of_account(account.id)] == [connection.id]


@ON_SQLITE
def test_unlinking_leaves_no_webhook_at_amocrm(house, sandbox):
    account = linked(house)
    token = house.token(account.id).access_token

    house.unlink.start(account.id, UnlinkMode.KEEP, actor="api:ops")
    assert house.unlink.resume() == 1

    assert house.amocrm.webhooks(host=DEMO, access_token=token) == []
    assert house.token(account.id) is None
