"""Accounts, and connections of one account, that hold the same ids and the same addresses: none touches another's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest
from orchestra import UNISENDER_KEY, Orchestra
from people_at_amocrm import Salesperson, addresses, link
from stages import differences, on_servers

from orchestrator.domain.ledger import LedgerEntry, Reason, Suppression
from orchestrator.domain.sync import SyncKind, SyncStatus
from sandbox.demo.sandbox_control import running
from throwaway_servers import MariaDB, wait_until

HOSTS = {"demo.amocrm.ru": 31415926, "acme.amocrm.ru": 27182818}
OTHER_KEY = "unisender-key-of-acme"
EQUAL = 6
"""So many contacts have the same id and the same address in both accounts."""


@dataclass(frozen=True, slots=True)
class Side:
    """One connection and the people who fill it."""

    service: Orchestra
    host: str
    account: int
    connection: int
    key: str
    title: str
    equal: Sequence[str] = ()
    """Addresses that the contacts of the lowest ids have in both accounts."""

    @property
    def person(self) -> Salesperson:
        return Salesperson(self.service.sandbox, self.host)

    @property
    def list_id(self) -> str:
        lists = self.service.sandbox.get(f"unisender/{self.key}")["lists"]
        return next(number for number, title in lists.items() if title == self.title)

    def members(self) -> Mapping[str, bool]:
        """Who is in the list, and whether they can be mailed by it."""
        found = self.service.members(key=self.key, title=self.title)
        return {email: int(self.list_id) in one["mailable_in"] for email, one in found.items()}

    def ledger(self) -> Mapping[int, LedgerEntry]:
        with self.service.application.database.begin(reading=True) as tx:
            page = tx.ledger.page(account_id=self.account, connection_id=self.connection, limit=1_000)
        return {entry.record_id: entry for entry in page}

    def suppressions(self) -> Sequence[Suppression]:
        with self.service.application.database.begin(reading=True) as tx:
            return tx.suppressions.page(self.connection, after=None, limit=1_000)

    def everything(self) -> Sequence[object]:
        """All that is known of this connection here, and its list."""
        with self.service.application.database.begin(reading=True) as tx:
            latest = [sync.id for sync in tx.syncs.page(connection_id=self.connection, limit=1_000)]
            stream_states, account = tx.stream_states.get(self.connection), tx.accounts.get(self.account)
            connection, token = tx.connections.get(self.connection), tx.tokens.get(self.account)
            journaled = tx.journal.count(account_id=self.account)
        known = [latest, stream_states, account.status, connection, token, journaled]
        return [*known, self.ledger(), self.suppressions(), self.members()]

    def opt_out(self, email: str) -> None:
        order = {"email": email, "list_id": int(self.list_id)}
        self.service.sandbox.post(f"unisender/{self.key}/opt_out", order)
        wait_until(lambda: email in {one.address for one in self.suppressions()}, what="the opt-out")


def connected(
    service: Orchestra, host: str, account: int, *, key: str, title: str, equal: Sequence[str] = (), **settings: object
) -> Side:
    order = {"api_key": key, "name": title, "destination": {"list": {"title": title}}, **settings}
    order |= {"schedule": None, "deep_schedule": None}
    answer = service.ask("POST", f"/api/v1/accounts/{account}/connections", json=order)
    assert answer.status_code == 201, answer.text
    return Side(service, host, account, int(answer.json()["id"]), key, title, equal)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, mariadb_server: MariaDB) -> Iterator[Orchestra]:
    folder = tmp_path_factory.mktemp("service")
    with (
        running("--contacts", "50", "--rate-limits", "off") as sandbox,
        on_servers(folder, sandbox, mariadb_server) as (service, _),
    ):
        sandbox.post("unisender/keys", {"api_key": OTHER_KEY, "login": "other"})
        yield service


def equal_ids(service: Orchestra) -> list[int]:
    demo, acme = (service.contacts(host).keys() for host in HOSTS)
    return sorted(demo & acme)[:EQUAL]


@pytest.fixture(scope="module", params=["a key each", "one key, two lists"])
def pair(service: Orchestra, request: pytest.FixtureRequest) -> Iterator[tuple[Side, Side]]:
    keys = (UNISENDER_KEY, OTHER_KEY if request.param == "a key each" else UNISENDER_KEY)
    # Who opts out in one round stays out in the next: each has addresses of its own.
    equal = [f"equal{number}.{request.param_index}@example.com" for number in range(EQUAL)]
    for host in HOSTS:
        for contact, email in zip(equal_ids(service), equal, strict=True):
            Salesperson(service.sandbox, host).change(contact, custom_fields_values=addresses(email))
    sides = [
        connected(service, host, link(service, number), key=key, title=f"{host}, {request.param}", equal=equal)
        for (host, number), key in zip(HOSTS.items(), keys, strict=True)
    ]
    service.settle()
    yield sides[0], sides[1]
    for side in sides:
        service.ask("DELETE", f"/api/v1/connections/{side.connection}")


def test_both_lists_hold_their_own_people(pair: tuple[Side, Side]) -> None:
    demo, acme = pair
    for side in pair:
        assert set(side.equal) <= side.members().keys()
        # With one key an address is one contact, and its name is whose was written last: only lists are told apart.
        if demo.key != acme.key:
            assert differences(side.service, host=side.host, key=side.key, title=side.title) == []
    assert demo.members().keys() != acme.members().keys()


def test_an_edit_in_one_account_touches_nothing_of_the_other(pair: tuple[Side, Side]) -> None:
    demo, acme = pair
    contact = equal_ids(demo.service)[0]
    before, names = acme.everything(), names_in(acme)

    demo.person.change(contact, name="Изменён Вдемо")
    demo.person.add("Новый Вдемо", f"new.{demo.connection}@example.com")
    demo.service.settle()

    assert demo.ledger()[contact].name == "Изменён Вдемо"
    assert acme.everything() == before
    assert f"new.{demo.connection}@example.com" not in acme.members()
    if demo.key != acme.key:
        assert names_in(acme) == names


def test_a_deletion_in_one_account_leaves_the_others_contact_in_its_list(pair: tuple[Side, Side]) -> None:
    demo, acme = pair
    contact = equal_ids(demo.service)[1]
    before = acme.everything()

    demo.person.delete(contact)
    demo.service.settle()
    gone = demo.members(), demo.ledger()[contact].reason
    demo.person.restore(contact)
    demo.service.settle()

    assert demo.equal[1] not in gone[0]
    assert gone[1] is Reason.REMOVED
    assert demo.members()[demo.equal[1]]
    assert acme.everything() == before


def test_an_address_given_up_in_one_account_stays_the_others(pair: tuple[Side, Side]) -> None:
    demo, acme = pair
    before = acme.everything()

    demo.person.change(
        equal_ids(demo.service)[2], custom_fields_values=addresses(f"moved.{demo.connection}@example.com")
    )
    demo.service.settle()

    assert demo.members().keys() & {demo.equal[2], f"moved.{demo.connection}@example.com"} == {
        f"moved.{demo.connection}@example.com"
    }
    assert acme.members()[demo.equal[2]]
    assert acme.everything() == before


def test_an_opt_out_from_one_list_is_none_from_the_other(pair: tuple[Side, Side]) -> None:
    demo, acme = pair
    contact = equal_ids(demo.service)[3]
    suppressed = acme.suppressions()

    demo.opt_out(demo.equal[3])
    for side in pair:
        side.person.change(contact, name="Правка После Отписки")
    demo.service.settle()

    assert not demo.members()[demo.equal[3]]
    assert demo.ledger()[contact].reason is Reason.UNSUBSCRIBED
    assert acme.members()[demo.equal[3]]
    assert acme.ledger()[contact].reason is Reason.DELIVERED
    assert acme.suppressions() == suppressed


def test_a_deep_sync_of_one_account_takes_nobody_out_of_the_others_list(pair: tuple[Side, Side]) -> None:
    demo, acme = pair
    before = acme.everything()
    with demo.service.application.database.begin(reading=True) as tx:
        connection = tx.connections.get(demo.connection)

    done = demo.service.sync(connection, SyncKind.DEEP)

    assert done.status is SyncStatus.DONE
    assert acme.everything() == before


def test_erasing_one_account_leaves_the_other_whole(pair: tuple[Side, Side]) -> None:
    demo, acme = pair
    before, here = acme.everything(), demo.members()
    stayed = {email for email, mailable in here.items() if not mailable}

    answer = demo.service.ask("DELETE", f"/api/v1/accounts/{demo.account}", params={"mode": "erase"})
    answer.raise_for_status()
    overview = f"/api/v1/accounts/{demo.account}"
    wait_until(
        lambda: demo.service.ask("GET", overview).json()["account"]["status"] == "unlinked", what="the unlinking"
    )

    assert demo.members() == dict.fromkeys(stayed, False)  # who opted out stays marked
    assert demo.ledger() == {}
    with demo.service.application.database.begin(reading=True) as tx:
        assert tx.journal.count(account_id=demo.account) == 0
        assert tx.tokens.get(demo.account) is None
        assert tx.suppressions.find(demo.connection, [demo.equal[3]])  # by its hash, without the address
        assert tx.stream_states.get(demo.connection) == []
    assert acme.everything() == before
    acme.person.change(equal_ids(acme.service)[0], name="Живёт Дальше")
    acme.service.settle()
    assert acme.ledger()[equal_ids(acme.service)[0]].name == "Живёт Дальше"


def test_several_connections_of_one_account_keep_their_own_lists(service: Orchestra) -> None:
    account = link(service, HOSTS["demo.amocrm.ru"])
    everybody, some = (
        connected(service, "demo.amocrm.ru", account, key=UNISENDER_KEY, title=title, filter=rule)
        for title, rule in (("everybody", None), ("wholesale", {"tag": "опт"}))
    )
    person = everybody.person
    first = person.add("Первый Оптовый", "first.wholesale@example.com", tags_to_add=[{"name": "опт"}])
    second = person.add("Второй Оптовый", "second.wholesale@example.com", tags_to_add=[{"name": "опт"}])
    service.settle()
    assert {"first.wholesale@example.com", "second.wholesale@example.com"} <= some.members().keys()
    assert some.members().keys() < everybody.members().keys()

    person.change(first, tags_to_delete=[{"name": "опт"}])
    everybody.opt_out("second.wholesale@example.com")
    person.change(second, name="Ещё Оптовый")
    service.settle()
    assert some.ledger()[first].reason is Reason.FILTERED
    assert everybody.members()["first.wholesale@example.com"]
    assert "first.wholesale@example.com" not in some.members()
    assert everybody.ledger()[second].reason is Reason.UNSUBSCRIBED
    assert some.ledger()[second].reason is Reason.DELIVERED
    assert (everybody.members() | some.members())["second.wholesale@example.com"]
    assert not everybody.members()["second.wholesale@example.com"]

    before = some.everything()
    service.ask("DELETE", f"/api/v1/connections/{everybody.connection}").raise_for_status()
    assert some.everything() == before
    person.change(second, name="Всё Ещё Оптовый")
    service.settle()
    assert some.ledger()[second].name == "Всё Ещё Оптовый"
    assert everybody.ledger() == {}


def names_in(side: Side) -> Mapping[str, object]:
    found = side.service.members(key=side.key, title=side.title)
    return {email: one["fields"] for email, one in found.items()}
