"""The story the demo tells: everybody arrives, some people change, the list follows; then the oracle judges."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sandbox.demo import connectors, expectation
from sandbox.demo.chapter import Chapter
from sandbox.demo.sandbox_control import SandboxControl
from sandbox.demo.tables import sync_table, verdict_table

HOST, TOKEN, KEY, LIST = "demo.amocrm.ru", "sandbox-token", "sandbox-key", "amoCRM contacts"
STREAMS = ("contacts", "contact_deletions")
EDITED, DELETED, OPTED_OUT = 50, 5, 3
# The source reads a little before its cursor again: amoCRM's clock ticks in seconds and its answers may lag.
OVERLAP_SECONDS = 300


class Story:
    """Tells both chapters against one sandbox and keeps its files in `folder`."""

    def __init__(self, control: SandboxControl, folder: Path, console: Console) -> None:
        self._control, self._folder, self._console = control, folder, console
        folder.mkdir(parents=True, exist_ok=True)
        self._source = connectors.write_json(
            folder / "source.json",
            {
                "host": HOST,
                "base_url": control.url,
                "start_date": "2015-01-01T00:00:00Z",
                "credentials": {"auth_type": "long_lived_token", "access_token": TOKEN},
            },
        )
        self._destination = connectors.write_json(
            folder / "destination.json",
            {"api_key": KEY, "base_url": control.url, "list": {"title": LIST}, "report_outcomes": True},
        )

    def tell(self) -> bool:
        """True when the list is right after every chapter.

        Raises:
            ConnectorFailedError: a connector failed; the text is its own.
        """
        say = self._console.print
        say(f"[bold]sandbox[/]  {self._control.url}: amoCRM account {HOST} and a Unisender account, both made up")
        catalog = connectors.write_json(self._folder / "catalog.json", self._prepared())
        say(f"[bold]check[/]    {connectors.SOURCE} ✓  {connectors.DESTINATION} ✓")
        contacts = self._contacts()
        refused = frozenset(self._control.get(f"unisender/{KEY}")["role_names"])

        first = self._chapter("First synchronisation", catalog, None, total=len(contacts))
        expected = expectation.people(contacts.values(), refused=refused)
        problems = self._judge(expected, frozenset())

        by_email = sorted(expected.values(), key=lambda person: person.email)
        leaving, leavers = by_email[-DELETED:], by_email[:OPTED_OUT]
        opted_out = frozenset(person.email for person in leavers)
        deleted = {int(person.contact_id) for person in leaving}
        self._opt_out(opted_out)
        # The people who opted out are edited too: this is how careless integrations bring them back.
        edited = self._edit({int(person.contact_id) for person in leavers}, avoid=deleted)
        self._delete(deleted)
        say(
            f"\n[bold]meanwhile[/] {OPTED_OUT} people unsubscribe in Unisender; in amoCRM {DELETED} contacts are "
            f"deleted and {len(edited)} edited, those {OPTED_OUT} among them"
        )
        state = connectors.write_json(self._folder / "state.json", list(first.report.states.values()))
        changes = self._contacts()
        second = self._chapter("Only what changed", catalog, state, total=len(edited))
        expected = expectation.without(
            {**expected, **expectation.people((changes[i] for i in edited), refused=refused)}, deleted
        )
        problems += self._judge(expected, opted_out)
        problems += self._unwanted_reads(second, edited, contacts)
        say(sync_table([first, second], changed=len(edited)))
        say(verdict_table(len(expected), len(opted_out), problems))
        return not problems

    def _prepared(self) -> dict[str, Any]:
        """Check both connectors and discover the catalog, side by side: each start costs a second or two."""
        with ThreadPoolExecutor() as side_by_side:
            checks = [
                side_by_side.submit(connectors.check, connectors.SOURCE, self._source),
                side_by_side.submit(connectors.check, connectors.DESTINATION, self._destination),
            ]
            catalog = side_by_side.submit(connectors.configured_catalog, self._source, STREAMS)
        for check in checks:
            check.result()
        return catalog.result()

    def _chapter(self, title: str, catalog: Path, state: Path | None, *, total: int) -> Chapter:
        since = self._control.get("requests", details=0)["last"]
        started = time.monotonic()
        with self._progress(title, total) as advance:
            report = connectors.sync(
                source_config=self._source,
                destination_config=self._destination,
                catalog=catalog,
                state=state,
                on_contact=advance,
            )
        seconds = time.monotonic() - started
        seen = self._control.get("requests", since=since, details=0)["summary"]
        return Chapter(title=title, report=report, requests=seen, seconds=seconds)

    @contextmanager
    def _progress(self, title: str, total: int) -> Iterator[Callable[[], None]]:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self._console) as bars:
            task = bars.add_task(f"[bold]sync[/]     {title}", total=total)
            yield lambda: bars.advance(task)

    @staticmethod
    def _unwanted_reads(chapter: Chapter, edited: set[int], before: dict[int, dict[str, Any]]) -> list[str]:
        """Whoever was not read though changed, or read though not. The newest seconds before may be read twice."""
        newest = max(contact["updated_at"] for contact in before.values())
        again = {i for i, contact in before.items() if contact["updated_at"] >= newest - OVERLAP_SECONDS}
        read = chapter.report.contact_ids
        return [f"contact {i} changed but was not read" for i in sorted(edited - read)] + [
            f"contact {i} was read though nothing changed" for i in sorted(read - edited - again)
        ]

    def _contacts(self) -> dict[int, dict[str, Any]]:
        return {contact["id"]: contact for contact in self._control.pages(f"amocrm/{HOST}/contacts", "contacts")}

    def _opt_out(self, emails: Iterable[str]) -> None:
        for email in emails:
            self._control.post(f"unisender/{KEY}/opt_out", {"email": email})

    def _edit(self, chosen: set[int], *, avoid: set[int]) -> set[int]:
        """Edit the chosen contacts and others up to `EDITED`, as a user would; returns the ids of all of them."""
        renames = [{"entity": "contacts", "action": "update", "id": i, "data": {"last_name": "Новая"}} for i in chosen]
        self._control.post(f"amocrm/{HOST}/edits", {"edits": renames})
        edited, seed = set(chosen), 7
        while len(edited) < EDITED:
            wanted = {"count": EDITED - len(edited), "seed": seed, "entity": "contacts"}
            edited |= set(self._control.post(f"amocrm/{HOST}/edits/random", wanted)["ids"])
            seed += 1
        return edited - avoid

    def _delete(self, ids: set[int]) -> None:
        removals = [{"entity": "contacts", "action": "delete", "id": i} for i in ids]
        self._control.post(f"amocrm/{HOST}/edits", {"edits": removals})

    def _judge(self, expected: dict[str, expectation.Person], opted_out: frozenset[str]) -> list[str]:
        lists = self._control.get(f"unisender/{KEY}")["lists"]
        list_id = next(number for number, title in lists.items() if title == LIST)
        members = self._control.pages(f"unisender/{KEY}/contacts", "contacts", list_id=list_id)
        return expectation.differences(expected, members, list_id=list_id, opted_out=opted_out)
