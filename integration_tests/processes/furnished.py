"""A service as after some weeks of use: people in the list and not, a repair, and records that mean harm."""

from typing import Any

import requests
from orchestra import LIST, UNISENDER_KEY, Orchestra
from people_at_amocrm import Salesperson, link
from stages import CLIENT, CLIENT_SECRET

from throwaway_servers import wait_until

DEMO, ACME, SHOP = 31415926, 27182818, 16180339
DEMO_HOST, ACME_HOST = "demo.amocrm.ru", "acme.amocrm.ru"
OPTED_OUT = ("Анна Образцова", "anna.obraztsova@example.com")
ACME_KEY = "sandbox-key-acme"

SCRIPT = "<script>window.harmed = 1; alert('harmed')</script>"
BREAKOUT = '"\'><img src=x onerror="window.harmed = 1"><!-- ${7*7} {{7*7}} </title></textarea></script>'
HOSTILE = {SCRIPT: "script@example.com", BREAKOUT: "breakout@example.com", '=HYPERLINK("http://127.0.0.1/")': ""}
"""Names of contacts, with their addresses; the last is for who opens the export in a spreadsheet."""
HOSTILE_LIST = f"list {SCRIPT}"


def furnish(service: Orchestra) -> None:
    """demo.amocrm.ru is linked and works; acme.amocrm.ru needs a word, then its consent again; shop.kommo.com is not linked."""
    demo_amocrm = requests.Session()
    demo_amocrm.headers["Authorization"] = "Bearer sandbox-token"
    fields = [{"name": f"Город {SCRIPT}", "type": "text"}]
    demo_amocrm.post(f"{service.sandbox.url}/api/v4/contacts/custom_fields", json=fields).raise_for_status()
    hostile_list = {"api_key": UNISENDER_KEY, "title": HOSTILE_LIST, "format": "json"}
    requests.post(f"{service.sandbox.url}/en/api/createList", data=hostile_list).raise_for_status()

    person = Salesperson(service.sandbox)
    for name, email in HOSTILE.items():
        person.add(name, *filter(None, [email]), _embedded={"tags": [{"name": SCRIPT}]})
    person.add(*OPTED_OUT)
    connect(service, link(service, DEMO), UNISENDER_KEY)
    service.sandbox.post("unisender/keys", {"api_key": ACME_KEY, "login": "acme"})
    acme = link(service, ACME)
    connect(service, acme, ACME_KEY)
    service.settle()

    service.sandbox.post(f"unisender/{UNISENDER_KEY}/opt_out", {"email": OPTED_OUT[1]})
    _let_nobody_match(service, acme)
    _take_consent_back(service, acme)
    wait_until(lambda: opted_outs(service) == 1, what="the opt-out")


def _let_nobody_match(service: Orchestra, account: int) -> None:
    """A rule that would take everybody out: the service asks before it does."""
    (overview,) = overviews(service, account)
    connection = overview["connection"]["id"]
    service.ask("PATCH", f"/api/v1/connections/{connection}", json={"filter": {"tag": "nobody"}}).raise_for_status()
    service.ask("POST", f"/api/v1/connections/{connection}/syncs", json={"kind": "deep"}).raise_for_status()
    wait_until(
        lambda: repairs(service, account) == ["would_empty_list"], what="the question whether everybody is to go"
    )


def _take_consent_back(service: Orchestra, account: int) -> None:
    silent = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "redirect_uri": f"{service.url}/oauth/callback"}
    service.sandbox.post("amocrm/integrations", silent)  # without an address to tell of the uninstalling
    service.sandbox.post(f"amocrm/{ACME_HOST}/uninstall", {"client_id": CLIENT})
    (overview,) = overviews(service, account)
    service.ask("POST", f"/api/v1/connections/{overview['connection']['id']}/syncs").raise_for_status()
    wait_until(lambda: "consent_needed" in repairs(service, account), what="the end of consent")


def connect(service: Orchestra, account: int, key: str) -> None:
    order = {"api_key": key, "destination": {"list": {"title": LIST}}}
    service.ask("POST", f"/api/v1/accounts/{account}/connections", json=order).raise_for_status()


def overviews(service: Orchestra, account: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.ask("GET", f"/api/v1/accounts/{account}").json()["connections"]
    return found


def repairs(service: Orchestra, account: int) -> list[str]:
    return [one["code"] for one in service.ask("GET", f"/api/v1/accounts/{account}").json()["repairs"]]


def opted_outs(service: Orchestra) -> int:
    found = service.ask("GET", "/api/v1/connections").json()["connections"]
    return sum(one["people"]["opted_out"] for one in found)
