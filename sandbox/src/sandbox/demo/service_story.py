"""The story of the service: link, one button, live changes, an opt-out, and a clean goodbye; the oracle judges each."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sandbox.demo import expectation
from sandbox.demo.expectation import Person
from sandbox.demo.sandbox_control import SandboxControl
from sandbox.demo.service import Service, ServiceFailedError
from sandbox.demo.service_tables import latency_table, people_table, verdict

HOST, AMOCRM_ID, KEY, LIST = "demo.amocrm.ru", 31415926, "sandbox-key", "amoCRM contacts"
LIVE_EDITS = 20
PATIENCE = 30.0
LOOK_AGAIN = 0.005
QUIET_STATUSES = ("queued", "running", "waiting")


class ServiceStory:
    """Tells all chapters against one sandbox and one service."""

    def __init__(self, control: SandboxControl, service: Service, console: Console) -> None:
        self._control, self._service, self._console = control, service, console
        self._refused = frozenset(control.get(f"unisender/{KEY}")["role_names"])
        self._opted_out: dict[str, Person] = {}
        self._problems: list[str] = []
        self._latencies: dict[str, float] = {}

    def tell(self, *, goodbye: bool = True) -> bool:
        """True when the list was right after every chapter. Without `goodbye` the account stays linked.

        Raises:
            ServiceFailedError: the service refused something, or was not done in time.
        """
        say = self._console.print
        say(f"[bold]sandbox[/]    {self._control.url}: amoCRM account {HOST} and a Unisender account, both made up")
        say(f"[bold]service[/]    {self._service.url}: {self._service.kind}")
        account = self._link()
        connection = self._one_button(account)
        self._live_changes(connection)
        self._opt_out(connection)
        say(people_table(self._service.get(f"accounts/{account}")["connections"][0]["people"]))
        say(latency_table(self._latencies))
        if goodbye:
            self._unlink(account)
        say(verdict(self._problems))
        return not self._problems

    def _link(self) -> int:
        self._service.consent(self._control, AMOCRM_ID)
        accounts = [overview["account"] for overview in self._service.get("accounts")["accounts"]]
        account = next(one for one in accounts if one["host"] == HOST)
        hooks = "webhook subscribed" if account["webhooks"] else "no webhooks"
        self._console.print(f"[bold]link[/]       {account['host']} consents; tokens stored, {hooks}")
        return int(account["id"])

    def _one_button(self, account: int) -> int:
        lists = self._service.post("unisender/probe", {"api_key": KEY})["lists"]
        order = {"api_key": KEY, "destination": {"list": {"title": LIST}}}
        connection = int(self._service.post(f"accounts/{account}/connections", order)["id"])
        self._console.print(f"[bold]key[/]        Unisender accepts it ({len(lists)} lists); people go to “{LIST}”")
        (sync,) = self._service.get("syncs", connection_id=connection)["syncs"]
        self._follow(sync["id"], total=len(self._contacts()))
        self._judge("after the first synchronisation", connection)
        return connection

    def _follow(self, sync_id: int, *, total: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self._console) as bars:
            task = bars.add_task("[bold]button[/]     everybody, for the first time", total=total)
            for sync in self._service.follow(sync_id):
                bars.update(task, completed=sync["counts"]["read"])
        if sync["status"] != "done":
            raise ServiceFailedError(f"the first synchronisation ended {sync['status']}: {sync['failure_text']}")

    def _live_changes(self, connection: int) -> None:
        expected = sorted(self._expected().values(), key=lambda person: person.email)
        renamed, moved, leaving = expected[:LIVE_EDITS], expected[LIVE_EDITS], expected[LIVE_EDITS + 1]
        for number, person in enumerate(renamed):
            self._rename(person, f"Иван Примеров {number}")
        address = "moved.primerov@example.com"
        self._timed(
            "new address",
            lambda: self._edit(moved, custom_fields_values=_email(address)),
            lambda: self._in_list(address) and not self._in_list(moved.email),
        )
        self._timed("added", self._add, lambda: self._in_list("anna.obraztsova@example.com"))
        self._timed("deleted", lambda: self._delete(leaving), lambda: not self._in_list(leaving.email))
        self._console.print(
            f"[bold]live[/]       {len(renamed)} contacts renamed, one with a new address, one added, one deleted:"
            f" each arrived, the slowest after {max(self._latencies.values()):.2f} s"
        )
        self._judge("after the live changes", connection)

    def _rename(self, person: Person, name: str) -> None:
        self._timed(
            f"renamed to {name}",
            lambda: self._edit(person, name=name),
            lambda: self._field(person.email, "Name") == name,
        )

    def _opt_out(self, connection: int) -> None:
        person = max(self._expected().values(), key=lambda one: one.email)
        self._control.post(f"unisender/{KEY}/opt_out", {"email": person.email})
        self._opted_out[person.email] = person
        self._await("the opt-out", lambda: self._reason(connection, person) == "unsubscribed")
        self._edit(person, name="Отписалась Образцова")
        self._judge("after the opt-out", connection)
        told = self._service.get(f"connections/{connection}/explain", stream="contacts", record_id=person.contact_id)
        self._console.print(
            f"[bold]opt-out[/]    {person.email} unsubscribes and is edited in amoCRM: not sent again."
            f" Why? “{told['verdict']}”"
        )

    def _unlink(self, account: int) -> None:
        """Keeping people in the list; taking them out is told by tests, because Unisender allows 20 calls a second."""
        self._service.delete(f"accounts/{account}", mode="keep")
        self._await("unlinking", lambda: self._service.get(f"accounts/{account}")["account"]["status"] == "unlinked")
        self._compare("after unlinking")
        hooks = self._control.get(f"amocrm/{HOST}")["webhooks"]
        self._problems += [f"after unlinking: the webhook {hook} is alive" for hook in hooks]
        self._console.print("[bold]unlink[/]     webhook removed at amoCRM, tokens forgotten, people stay in the list")

    def _judge(self, when: str, connection: int) -> None:
        self._await("quiet", lambda: self._is_quiet(connection))
        self._compare(when)

    def _compare(self, when: str) -> None:
        list_id = self._list_id()
        expected = {email: person for email, person in self._expected().items() if email not in self._opted_out}
        found = expectation.differences(
            {**expected, **self._opted_out}, self._members(), list_id=list_id, opted_out=frozenset(self._opted_out)
        )
        self._problems += [f"{when}: {problem}" for problem in found]

    def _expected(self) -> dict[str, Person]:
        return expectation.people(self._contacts().values(), refused=self._refused, winner="oldest")

    def _timed(self, what: str, do: Callable[[], None], arrived: Callable[[], bool]) -> None:
        """Do it in amoCRM and wait until Unisender shows it."""
        started = time.monotonic()
        do()
        self._await(what, arrived)
        self._latencies[what] = time.monotonic() - started

    def _await(self, what: str, there: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not there():
            if time.monotonic() > until:
                raise ServiceFailedError(f"{what} did not come about within {PATIENCE:.0f} s")
            time.sleep(LOOK_AGAIN)

    def _is_quiet(self, connection: int) -> bool:
        if self._control.get(f"amocrm/{HOST}/deliveries", status="pending")["deliveries"]:
            return False
        overview = self._service.get(f"connections/{connection}")
        return not overview["pending_changes"] and not overview["open_syncs"]

    def _contacts(self) -> dict[int, dict[str, Any]]:
        return {contact["id"]: contact for contact in self._control.pages(f"amocrm/{HOST}/contacts", "contacts")}

    def _members(self) -> list[dict[str, Any]]:
        list_id = self._list_id()
        found = self._control.pages(f"unisender/{KEY}/contacts", "contacts", list_id=list_id)
        return [member for member in found if list_id in member["lists"]]

    def _list_id(self) -> str:
        lists = self._control.get(f"unisender/{KEY}")["lists"]
        return next(str(number) for number, title in lists.items() if title == LIST)

    def _contact(self, email: str) -> Mapping[str, Any]:
        found = self._control.get(f"unisender/{KEY}/contacts", email=email)["contacts"]
        return found[0] if found else {"lists": {}, "fields": {}, "mailable_in": []}

    def _in_list(self, email: str) -> bool:
        return self._list_id() in self._contact(email)["lists"]

    def _field(self, email: str, name: str) -> str | None:
        text: str | None = self._contact(email)["fields"].get(name)
        return text

    def _reason(self, connection: int, person: Person) -> str:
        told = self._service.get(f"connections/{connection}/explain", stream="contacts", record_id=person.contact_id)
        return str(told["reason"])

    def _edit(self, person: Person, **data: Any) -> None:
        self._change("update", id=int(person.contact_id), data=data)

    def _add(self) -> None:
        self._change(
            "add",
            data={"name": "Анна Образцова", "custom_fields_values": _email("anna.obraztsova@example.com")},
        )

    def _delete(self, person: Person) -> None:
        self._change("delete", id=int(person.contact_id))

    def _change(self, action: str, **parts: Any) -> None:
        self._control.post(f"amocrm/{HOST}/edits", {"edits": [{"entity": "contacts", "action": action, **parts}]})


def _email(address: str) -> list[dict[str, Any]]:
    return [{"field_code": "EMAIL", "values": [{"value": address, "enum_code": "WORK"}]}]
