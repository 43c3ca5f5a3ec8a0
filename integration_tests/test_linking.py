"""Consent given, taken away and given again, in a browser and by amoCRM itself, to a service that runs."""

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from orchestra import UNISENDER_KEY, Orchestra
from people_at_amocrm import Salesperson, consent, link
from stages import CLIENT, CLIENT_SECRET, differences, embedded, introduce

from orchestrator.domain.ledger import LedgerEntry
from sandbox.demo.sandbox_control import running
from throwaway_servers import wait_until

DEMO, ACME = 31415926, 27182818
HOST = "demo.amocrm.ru"
EMAIL = "opted.out@example.com"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestra]:
    folder = tmp_path_factory.mktemp("service")
    with running("--contacts", "60", "--rate-limits", "off") as sandbox, embedded(folder, sandbox) as service:
        account = link(service, DEMO)
        order = {"api_key": UNISENDER_KEY, "destination": {"list": {"title": "amoCRM contacts"}}}
        service.ask("POST", f"/api/v1/accounts/{account}/connections", json=order).raise_for_status()
        service.settle()
        Salesperson(sandbox).add("Отписавшийся", EMAIL)
        service.settle()
        sandbox.post(f"unisender/{UNISENDER_KEY}/opt_out", {"email": EMAIL})
        wait_until(lambda: suppressed(service), what="the opt-out")
        yield service


@pytest.fixture
def service(whole: Orchestra) -> Orchestra:
    """Linked, whatever the test before did to it."""
    introduce(whole)
    if status(whole) != "active":
        wait_until(lambda: status(whole) != "unlinking", what="the unlinking")
        link(whole, DEMO)
    whole.settle()
    return whole


def account_of(service: Orchestra) -> Mapping:
    found = service.ask("GET", "/api/v1/accounts").json()["accounts"]
    (one,) = [one for one in found if one["account"]["amocrm_id"] == DEMO]
    return one


def status(service: Orchestra) -> str:
    return str(account_of(service)["account"]["status"])


def suppressed(service: Orchestra) -> bool:
    with service.application.database.begin(reading=True) as tx:
        (connection,) = tx.connections.all()
        return tx.suppressions.count(connection.id) > 0


def kept(service: Orchestra) -> tuple[object, ...]:
    """What linking again must leave as it is."""
    with service.application.database.begin(reading=True) as tx:
        (connection,) = tx.connections.all()
        account = tx.accounts.get(connection.account_id)
        ledger = tx.ledger.page(account_id=account.id, limit=1_000)
        opted_out = tx.suppressions.page(connection.id, after=None, limit=100)
    return (
        account.id,
        account.webhook_secret,
        connection,
        {entry.record_id: decided(entry) for entry in ledger},
        opted_out,
    )


def decided(entry: LedgerEntry) -> tuple[object, ...]:
    return entry.reason, entry.version, entry.digest, entry.addresses, entry.delivered_at


def rows_imported(service: Orchestra, *, since: int) -> int:
    asked = service.sandbox.get("requests", vendor="unisender", since=since)["requests"]
    return sum(one["path"].endswith("importContacts") for one in asked)


def list_differences(service: Orchestra) -> list[str]:
    return differences(service, opted_out=frozenset({EMAIL}))


def test_after_consent_the_browser_ends_on_our_page_without_the_code(service: Orchestra) -> None:
    back = consent(service, DEMO)
    assert back.startswith(f"{service.url}/oauth/callback?")

    page = requests.get(back, headers={"Accept-Language": "ru"}, timeout=60)

    assert page.status_code == 200
    assert HOST in page.text
    assert dict(parse_qsl(urlsplit(back).query))["code"] not in page.text


def test_linking_again_keeps_connections_ledger_opt_outs_and_sends_nothing_twice(service: Orchestra) -> None:
    before, since = kept(service), service.sandbox.get("requests", details=0)["last"]

    link(service, DEMO)
    service.settle()

    assert kept(service) == before
    assert rows_imported(service, since=since) == 0
    assert len(service.sandbox.get(f"amocrm/{HOST}")["webhooks"]) == 1
    assert list_differences(service) == []


@pytest.mark.parametrize("wrong", ["code", "state", "client_id", "nothing, but used before", "denied"])
def test_a_consent_that_is_not_right_changes_nothing(service: Orchestra, wrong: str) -> None:
    before = kept(service)
    with service.application.database.begin(reading=True) as tx:
        token = tx.tokens.get(account_of(service)["account"]["id"])
    address = consent(service, DEMO, decision="deny" if wrong == "denied" else "allow")
    query = dict(parse_qsl(urlsplit(address).query))
    if wrong in query:
        query[wrong] = query[wrong][:-4] + "AAAA"
    if wrong.startswith("nothing"):
        assert requests.get(address, timeout=60).status_code == 200
        with service.application.database.begin(reading=True) as tx:
            token = tx.tokens.get(account_of(service)["account"]["id"])

    answer = requests.get(address.partition("?")[0], params=query, timeout=60)

    assert answer.status_code in (403, 422)
    assert kept(service) == before
    with service.application.database.begin(reading=True) as tx:
        assert tx.tokens.get(account_of(service)["account"]["id"]) == token


def test_renewing_one_accounts_consent_by_another_is_refused(service: Orchestra) -> None:
    account = account_of(service)["account"]["id"]

    answer = requests.get(consent(service, ACME, account_id=account), timeout=60)

    assert answer.status_code == 409
    found = service.ask("GET", "/api/v1/accounts").json()["accounts"]
    assert ACME not in {one["account"]["amocrm_id"] for one in found}


def test_consent_taken_away_opens_a_repair_whose_link_brings_everything_back(service: Orchestra) -> None:
    silent = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "redirect_uri": f"{service.url}/oauth/callback"}
    service.sandbox.post("amocrm/integrations", silent)  # without an address to tell of the uninstalling
    before = kept(service)
    person = Salesperson(service.sandbox)
    service.sandbox.post(f"amocrm/{HOST}/uninstall", {"client_id": CLIENT})

    contact = person.add("Пришёл Без Нас", "meanwhile@example.com")
    service.ask("POST", f"/api/v1/connections/{account_of(service)['connections'][0]['connection']['id']}/syncs")
    wait_until(lambda: status(service) == "needs_reauth", what="the end of consent")
    (repair,) = [one for one in account_of(service)["repairs"] if one["code"] == "consent_needed"]
    start = next(word.rstrip(".,)") for word in repair["do"].split() if "/oauth/start" in word)
    renewing = {name: text for name, text in parse_qsl(urlsplit(start).query) if name == "account_id"}
    link(service, DEMO, **renewing)
    service.settle()

    assert account_of(service)["repairs"] == []
    assert kept(service)[:3] == before[:3]
    assert kept(service)[4] == before[4]
    assert "meanwhile@example.com" in service.members()
    assert list_differences(service) == []
    person.delete(contact)
    service.settle()


def test_uninstalling_at_amocrm_unlinks_and_linking_again_finds_everything(service: Orchestra) -> None:
    before, members = kept(service), service.members()

    told = service.sandbox.post(f"amocrm/{HOST}/uninstall", {"client_id": CLIENT})
    assert told["hook"]["status"] == 200
    wait_until(lambda: status(service) == "unlinked", what="the unlinking")

    assert service.members() == members  # they stay: uninstalling keeps what is there
    assert service.sandbox.get(f"unisender/{UNISENDER_KEY}/deliveries")["hooks"] == {}
    with service.application.database.begin(reading=True) as tx:
        assert tx.tokens.get(account_of(service)["account"]["id"]) is None

    missed = Salesperson(service.sandbox).add("Пока Отвязаны", "while.unlinked@example.com")
    link(service, DEMO)
    service.settle()
    assert kept(service)[:3] == before[:3]
    assert kept(service)[4] == before[4]
    assert "while.unlinked@example.com" in service.members()
    assert list_differences(service) == []
    assert list(service.sandbox.get(f"unisender/{UNISENDER_KEY}/deliveries")["hooks"]) != []
    Salesperson(service.sandbox).delete(missed)
    service.settle()
    assert "while.unlinked@example.com" not in service.members()


def test_nobody_but_amocrm_can_uninstall(service: Orchestra) -> None:
    told = {"client_uuid": CLIENT, "account_id": DEMO, "signature": "0" * 64}

    answer = requests.get(f"{service.url}/hooks/amocrm/uninstall", params=told, timeout=60)

    assert answer.status_code == 403
    assert status(service) == "active"


def test_a_widgets_install_links_by_amocrms_own_call(service: Orchestra) -> None:
    call = service.sandbox.post("amocrm/acme.amocrm.ru/install", {"client_id": CLIENT})

    assert call["status"] == 200
    wait_until(
        lambda: any(
            one["account"]["amocrm_id"] == ACME and one["account"]["status"] == "active"
            for one in service.ask("GET", "/api/v1/accounts").json()["accounts"]
        ),
        what="the linking",
    )
