"""Whoever opted out stays out, whatever is imported, edited, deleted, restored, in whatever order and configuration.

The sandbox is the judge: as soon as it holds an address as unsubscribed or blocked (or unsubscribed from a list), that
address must never be mailable again (in that list), unless its owner confirms by the link in a letter.
"""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destination_unisender import deletions
from destination_unisender.deletions import Deletions
from destination_unisender.outcomes import Code

EMAILS = [f"{name}@example.com" for name in ("anna", "boris", "vera")]
PHONES = [f"+7900000000{digit}" for digit in range(3)]
LISTS = ("amoCRM contacts", "Second list")
OPTED_OUT = {"unsubscribed", "blocked"}
KEYS = count(1)

# Every open question about the vendor that could matter to consent, with every answer the sandbox knows.
SWITCHES = {
    "exclude_optout": ["forgets", "remembers"],
    "delete_optout": ["forgets", "remembers"],
    "unsubscribed_from_all_lists": ["unsubscribed", "unchanged"],
    "taken_phone": ["phone_ignored", "row_refused", "phone_moves"],
    "different_owners": ["row", "call"],
    "empty_cell": ["keep", "clear"],
    "import_identity": ["email_or_phone", "email_only"],
    "import_answer": ["full", "legacy"],
    "log_index": ["number", "string"],
    "status_of_new": ["kept", "changed"],
    "duplicate_rows": ["last_wins", "first_wins", "counted_each"],
    "overwrite_lists_without_column": ["clear", "keep"],
    "unknown_contact_code": ["object_not_found", "unspecified"],
    "getcontact_list_id": ["number", "string"],
}

CONFIGS = st.fixed_dictionaries(
    {
        "list": st.sampled_from([{"title": title} for title in LISTS]),
        "on_delete": st.sampled_from(["exclude", "unsubscribe", "delete", "ignore"]),
    },
    optional={
        "emails": st.sampled_from(["first", "all"]),
        "phones": st.sampled_from(["with_email", "none"]),
        "when_empty": st.sampled_from(["keep", "clear"]),
        "tags": st.fixed_dictionaries(
            {"mode": st.sampled_from(["add", "replace"]), "static": st.sampled_from([[], ["ours"]])}
        ),
        "consent": st.sampled_from([{"mode": "imported"}, {"mode": "require_field", "field": "consent"}]),
        "mapping": st.sampled_from(
            [
                {"key_field": None},
                {"key_field": "crm_id"},
                {"fields": [{"from": "name", "to": "Name"}, {"from": "status", "to": "status"}]},
                {"fields": [{"from": "status", "to": "subscribed"}]},
            ]
        ),
        "batch_size": st.sampled_from([1, 2, 500]),
        "language": st.sampled_from(["ru", "en"]),
        "report_outcomes": st.booleans(),
    },
)

CONTACTS = st.builds(
    lambda key, emails, phone, name, tags, consent, deleted: {
        "id": key,
        "name": name,
        "status": "active",
        "emails": [{"value": email} for email in emails],
        "phones": [{"value": phone}] if phone else [],
        "_embedded": {"tags": [{"name": tag} for tag in tags]},
        "consent": consent,
        "is_deleted": deleted,
    },
    st.integers(1, 3),
    st.lists(st.sampled_from(EMAILS), min_size=1, max_size=2),
    st.none() | st.sampled_from(PHONES),
    st.sampled_from(["", "Имя", "Другое имя"]),
    st.lists(st.sampled_from(["a", "b"]), max_size=2),
    st.booleans(),
    st.sampled_from([False, False, True]),
)
RECORDS = st.tuples(st.just("contacts"), CONTACTS) | st.tuples(
    st.just("contact_deletions"), st.builds(lambda key: {"entity_id": key}, st.integers(1, 3))
)
DEEDS = st.tuples(
    st.sampled_from(["opt_out", "opt_out_of_list", "opt_out_of_list", "complain", "activate"]),
    st.sampled_from(EMAILS),
    st.sampled_from(LISTS),
)
# What people do, then what the CRM sends after it.
ROUNDS = st.tuples(st.lists(DEEDS, max_size=3), CONFIGS, st.lists(RECORDS, min_size=1, max_size=5))


@dataclass
class Judge:
    """Remembers every opt-out the sandbox has ever shown; `list_id` None stands for all lists."""

    sandbox: Any
    key: str
    marks: set[tuple[str, int | None]] = field(default_factory=set)

    def look(self) -> dict[str, Any]:
        contacts = {email: one for email, one in self.sandbox.contacts(self.key).items() if one["email"]}
        for email, one in contacts.items():
            mailable = set(one["mailable_in"])
            for marked, list_id in self.marks:
                if marked == email:
                    assert not (mailable if list_id is None else mailable & {list_id}), f"{email} is mailable again"
            if one["email_status"] in OPTED_OUT:
                self.marks.add((email, None))
            self.marks |= {(email, int(list_id)) for list_id, how in one["lists"].items() if how == "unsubscribed"}
        return contacts

    def act(self, deed: str, email: str, title: str) -> None:
        """A person's own act, if there is such a person."""
        contacts = self.look()
        if email not in contacts:
            return
        if deed == "opt_out_of_list":
            lists = sorted(int(list_id) for list_id in contacts[email]["lists"])
            if lists:
                chosen = lists[LISTS.index(title) % len(lists)]
                self.sandbox.call("POST", f"unisender/{self.key}/opt_out", {"email": email, "list_id": chosen})
            return
        self.sandbox.call("POST", f"unisender/{self.key}/{deed}", {"email": email})
        if deed == "activate":
            self.marks = {mark for mark in self.marks if mark[0] != email}


def sync(judge: Judge, write: Any, config: dict[str, Any], records: list[tuple[str, Any]]) -> Any:
    whole = {**config, "api_key": judge.key, "base_url": judge.sandbox.url, "backoff_scale": 0}
    names = {"contacts"} | {stream for stream, _ in records}
    if whole.get("mapping") == {"key_field": None} and whole.get("on_delete") != "ignore":
        names = {"contacts"}
    catalog = {
        "streams": [
            {"stream": {"name": name, "json_schema": {}}, "destination_sync_mode": "append_dedup"} for name in names
        ]
    }
    messages = [
        {"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": 1}}
        for stream, data in records
        if stream in names
    ]
    said = write(whole, *messages, catalog=catalog)
    assert said.error is None, said.error
    return said


def new_account(sandbox: Any, switches: dict[str, Any]) -> Judge:
    key = f"consent-key-{next(KEYS)}"
    sandbox.call("POST", "unisender/keys", {"api_key": key})
    sandbox.call("PATCH", "switches", {f"unisender.{name}": value for name, value in switches.items()})
    return Judge(sandbox, key)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    switches=st.fixed_dictionaries({name: st.sampled_from(values) for name, values in SWITCHES.items()}),
    rounds=st.lists(ROUNDS, min_size=2, max_size=5),
    many=st.sampled_from([1, deletions.MANY]),
)
def test_whoever_opted_out_never_becomes_mailable_again(
    sandbox: Any, write: Any, monkeypatch: Any, switches: dict[str, Any], rounds: list[Any], many: int
) -> None:
    monkeypatch.setattr(deletions, "MANY", many)
    judge = new_account(sandbox, switches)
    sync(judge, write, {"list": {"title": LISTS[0]}}, [living(key, email) for key, email in enumerate(EMAILS, 1)])

    for deeds, config, records in rounds:
        for deed in deeds:
            judge.act(*deed)
            judge.look()
        sync(judge, write, config, records)
        judge.look()


def living(key: int, email: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return "contacts", {"id": key, "name": "Имя", "emails": [{"value": email}], "phones": [], "_embedded": {}, **more}


ENDS = ["exclude", "unsubscribe", "delete", "ignore"]


@pytest.mark.parametrize("on_delete", ENDS)
@pytest.mark.parametrize("how", ["opt_out", "opt_out_of_list", "complain"])
@pytest.mark.parametrize("memory", ["forgets", "remembers"])
@pytest.mark.parametrize("many", [1, deletions.MANY])
def test_the_way_most_tools_bring_people_back_is_closed(
    sandbox: Any, write: Any, monkeypatch: Any, on_delete: str, how: str, memory: str, many: int
) -> None:
    """In the list; opted out; deleted in the CRM; restored; imported again. Alone, and as if they were many."""
    monkeypatch.setattr(deletions, "MANY", many)
    judge = new_account(sandbox, {"exclude_optout": memory, "delete_optout": memory})
    config = {"list": {"title": LISTS[0]}, "on_delete": on_delete}
    sync(judge, write, config, [living(1, EMAILS[0])])
    assert judge.look()[EMAILS[0]]["mailable_in"]
    judge.act(how, EMAILS[0], LISTS[0])
    judge.look()
    assert judge.marks

    sync(judge, write, config, [living(1, EMAILS[0], is_deleted=True)])
    sync(judge, write, config, [("contact_deletions", {"entity_id": 1})])
    sync(judge, write, config, [living(1, EMAILS[0])])

    assert judge.look()[EMAILS[0]]["mailable_in"] == []


def test_the_judge_sees_a_crowd_that_was_not_looked_at(sandbox: Any, write: Any, monkeypatch: Any) -> None:
    """Neither without what an export clears."""
    monkeypatch.setattr(deletions, "MANY", 1)
    monkeypatch.setattr(deletions.Clearance, "clears", lambda *_: True)
    judge = new_account(sandbox, {"exclude_optout": "forgets", "unsubscribed_from_all_lists": "unchanged"})
    config = {"list": {"title": LISTS[0]}, "on_delete": "exclude"}
    sync(judge, write, config, [living(1, EMAILS[0])])
    judge.act("opt_out_of_list", EMAILS[0], LISTS[0])
    judge.look()

    sync(judge, write, config, [living(1, EMAILS[0], is_deleted=True), living(1, EMAILS[0])])

    with pytest.raises(AssertionError, match="mailable again"):
        judge.look()


def test_the_judge_sees_a_person_who_was_brought_back(sandbox: Any, write: Any, monkeypatch: Any) -> None:
    """The property above can fail: without looking before excluding, the opt-out is forgotten."""

    def exclude_blindly(self: Deletions, email: str, **_more: Any) -> tuple[Code, str]:
        self._client.exclude(email, list_id=self._list_id)
        return Code.REMOVED, ""

    monkeypatch.setattr(Deletions, "_remove", exclude_blindly)
    judge = new_account(sandbox, {"exclude_optout": "forgets", "unsubscribed_from_all_lists": "unchanged"})
    config = {"list": {"title": LISTS[0]}, "on_delete": "exclude"}
    sync(judge, write, config, [living(1, EMAILS[0])])
    judge.act("opt_out_of_list", EMAILS[0], LISTS[0])
    judge.look()

    sync(judge, write, config, [living(1, EMAILS[0], is_deleted=True), living(1, EMAILS[0])])

    with pytest.raises(AssertionError, match="mailable again"):
        judge.look()
