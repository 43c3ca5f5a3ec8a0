"""The seeded people look like life, and are the same for the same seed."""

import re

import pytest

from sandbox.amocrm.entities.field import LEGACY_TYPES
from sandbox.amocrm.seed.cards import seed_cards

SAFE_HOST = re.compile(r"(example\.(com|org|net)|[\w-]+\.example)$")


def emails(contact):
    return [
        one["value"]
        for block in contact["custom_fields_values"] or ()
        if block["field_code"] == "EMAIL"
        for one in block["values"]
    ]


def phones(contact):
    return [
        one["value"]
        for block in contact["custom_fields_values"] or ()
        if block["field_code"] == "PHONE"
        for one in block["values"]
    ]


def everybody(amo):
    return [item for page in range(1, 13) for item in amo.items(f"contacts?limit=250&page={page}")]


def test_addresses_are_of_every_sort(big):
    people = everybody(big)
    written = [address for one in people for address in emails(one)]
    clean = [address.strip().lower() for address in written]

    assert all(
        SAFE_HOST.search(address)
        for address in clean
        if re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-zа-я]+", address) and ".." not in address
    )
    assert any(not emails(one) for one in people)
    assert any(len(emails(one)) > 1 for one in people)
    assert any(address != address.strip() for address in written)
    assert any(address != address.lower() for address in written)
    assert any(address.startswith(("info@", "sales@", "office@")) for address in clean)
    assert any("@" not in address or address.endswith("@") for address in clean)
    assert any("образец" in address for address in clean)
    assert len(set(clean)) < len(clean), "somebody must be entered twice"
    assert any(one["custom_fields_values"] is None for one in people)
    assert sum(bool(emails(one)) for one in people) > 0.7 * len(people)


def test_phones_are_spelled_in_many_ways(big):
    written = [number for one in everybody(big) for number in phones(one)]

    for start in ("+7900", "8900", "+7 (900)", "8 (900)", "+7 900", "7900", "900", "+7 (495)"):
        assert any(number.startswith(start) for number in written), start


def test_every_type_of_custom_field_exists_and_is_filled_somewhere(big):
    paths = [
        "contacts",
        "companies",
        "leads",
        "customers",
        "customers/segments",
        *(f"catalogs/{one}" for one in big.ids("catalogs")),
    ]
    defined = {field["type"] for path in paths for field in big.items(f"{path}/custom_fields?limit=250")}
    filled = {
        block["field_type"]
        for path in ("contacts", "companies", "leads", *(f"catalogs/{one}/elements" for one in big.ids("catalogs")))
        for page in range(1, 13)
        for item in big.items(f"{path}?limit=250&page={page}")
        for block in item["custom_fields_values"] or ()
    }

    assert defined == set(LEGACY_TYPES)
    assert filled == set(LEGACY_TYPES)


def test_calls_have_recordings_present_empty_null_and_absent(big):
    calls = [
        note
        for parent in ("leads", "contacts", "companies", "customers")
        for page in (1, 2, 3, 4)
        for note in big.items(
            f"{parent}/notes?limit=250&page={page}&filter[note_type][]=call_in&filter[note_type][]=call_out"
        )
    ]
    links = [note["params"].get("link", "absent") for note in calls]

    assert {"", None, "absent"} <= set(links)
    assert any(link and link.startswith("https://") for link in links)
    assert {type(note["params"]["call_responsible"]) for note in calls} == {int, str}


@pytest.mark.parametrize("count", [0, 1, 3, 19, 20, 50, 57, 120, 999, 5000])
def test_an_account_starts_with_exactly_the_contacts_that_were_asked_for(count):
    collections, _ = seed_cards(contact_count=count, seed=1, account_id=1, offset=0)
    people = collections["contacts"]

    assert len(people) == len(people.ids()) == count
    assert not set(people.ids()) & {one["id"] for one in people.bin()}
    assert len(people.hidden_ids()) == (0 if count < 20 else min(12, max(4, count // 40)))


def test_the_same_seed_makes_the_same_account_and_another_one_another(serving):
    first, again, other = serving(contacts=60), serving(contacts=60), serving(contacts=60, seed=2)

    for path in (
        "contacts?with=leads&limit=250",
        "leads?with=contacts&limit=250",
        "tasks?limit=250",
        "events?limit=100",
        "leads/unsorted",
    ):
        assert first.items(path) == again.items(path), path
    assert first.items("contacts") != other.items("contacts")


def test_links_read_the_same_from_both_ends(big):
    contacts = {one["id"]: one for one in big.items("contacts?with=leads&limit=250")}
    leads = {one["id"]: one for page in range(1, 5) for one in big.items(f"leads?with=contacts&limit=250&page={page}")}
    companies = {
        one["id"]: one
        for page in range(1, 4)
        for one in big.items(f"companies?with=contacts,leads&limit=250&page={page}")
    }

    linked = 0
    for contact in contacts.values():
        for lead in contact["_embedded"]["leads"]:
            assert contact["id"] in [one["id"] for one in leads[lead["id"]]["_embedded"]["contacts"]]
            linked += 1
        for company in contact["_embedded"]["companies"]:
            assert contact["id"] in [one["id"] for one in companies[company["id"]]["_embedded"]["contacts"]]
            linked += 1
    for lead in leads.values():
        for company in lead["_embedded"]["companies"]:
            assert lead["id"] in [one["id"] for one in companies[company["id"]]["_embedded"]["leads"]]
    assert linked > 100
    assert any(contact["_embedded"]["tags"] for contact in contacts.values())


def test_nothing_is_older_than_its_making(big):
    for path in ("contacts", "companies", "leads", "tasks", "leads/notes", "customers"):
        assert all(item["created_at"] <= item["updated_at"] for item in big.items(f"{path}?limit=250")), path


def test_call_events_lead_to_their_recordings(big):
    plural = {"lead": "leads", "contact": "contacts", "company": "companies", "customer": "customers"}
    calls = big.events("filter[type]=incoming_call,outgoing_call&limit=30")

    assert calls
    for event in calls:
        note = big.read(f"{plural[event['entity_type']]}/notes/{event['value_after'][0]['note']['id']}")
        assert note["entity_id"] == event["entity_id"]
        assert note["note_type"] == {"incoming_call": "call_in", "outgoing_call": "call_out"}[event["type"]]
