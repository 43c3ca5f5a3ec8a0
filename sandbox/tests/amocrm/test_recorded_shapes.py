"""What the sandbox answers has the shape of the recorded samples: keys, types, null against absent against []."""

import json
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parent / "samples"
PAGES = [
    ("contacts-page", "contacts", "contacts?filter[updated_at][from]=1420070400&order[updated_at]=asc&limit=250"),
    ("companies-page", "companies", "companies?with=contacts&page=1&limit=250"),
    ("leads-page-with-contacts", "leads", "leads?with=contacts,loss_reason&page=2&limit=250"),
    ("leads-only-deleted", "leads", "leads?with=only_deleted&page=1&limit=250"),
    ("catalog-elements", "elements", "catalogs/5501/elements?page=1&limit=50"),
    ("custom-fields-contacts", "custom_fields", "contacts/custom_fields?limit=50&page=1"),
    ("events-page", "events", "events?limit=100&page=1"),
    ("links", "links", "leads/{lead}/links?page=1&limit=50"),
    (
        "notes-calls",
        "notes",
        "leads/notes?filter[note_type][0]=call_in&filter[note_type][1]=call_out&order[updated_at]=asc",
    ),
    ("pipelines", "pipelines", "leads/pipelines"),
    ("tasks-page", "tasks", "tasks?order[id]=asc&page=1&limit=250"),
    ("unsorted-page", "unsorted", "leads/unsorted?filter[category]=forms&page=1&limit=50"),
    ("users", "users", "users?page=1&limit=250"),
]
FREE_KEYS = {"value_after", "value_before", "values", "metadata", "params"}
MAY_BE_ABSENT = {"last", "prev", "first", "next", "link", "call_result", "is_main", "code"}


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))


def kind(value: Any) -> str:
    return {bool: "bool", int: "int", float: "float", str: "str", type(None): "null", list: "list", dict: "dict"}[
        type(value)
    ]


def kinds_of(items: list[Any], path: str = "") -> dict[str, set[str]]:
    """Every key path below some items with the kinds of value seen there; item values of lists share a path."""
    seen: dict[str, set[str]] = {}
    for item in items:
        for key, value in item.items() if isinstance(item, dict) else ():
            here = f"{path}.{key}"
            seen.setdefault(here, set()).add(kind(value))
            if key in FREE_KEYS:
                continue
            below = value if isinstance(value, list) else [value]
            for deeper, kinds in kinds_of(below, here).items():
                seen.setdefault(deeper, set()).update(kinds)
    return seen


@pytest.mark.parametrize(("name", "key", "path"), PAGES, ids=[page[0] for page in PAGES])
def test_a_page_has_the_keys_and_types_of_its_recording(big, name, key, path):
    if "{lead}" in path:
        path = path.format(lead=big.entities.leads.ids(0, 1)[0])
    if name == "leads-only-deleted" and not big.entities.leads.bin():
        big.edit(entity="leads", action="delete", id=big.entities.leads.ids(3, 4)[0])
    recorded, answered = sample(name), big.read(path)
    expected, found = kinds_of(recorded["_embedded"][key]), kinds_of(answered["_embedded"][key])
    top = {place for place in recorded if place not in answered}

    assert not top, f"top-level keys are missing: {top}"
    assert set(answered) == set(recorded)
    missing = {place for place in expected if place not in found and place.rsplit(".", 1)[-1] not in MAY_BE_ABSENT}
    assert not missing, f"recorded keys the sandbox never shows: {missing}"
    extra = {place for place in found if place not in expected and not below_null(place, expected)}
    assert not extra, f"keys no recording has: {extra}"
    for place, kinds in expected.items():
        if place in found:
            assert kinds & found[place] or "null" in kinds | found[place], (
                f"{place}: recorded {kinds}, found {found[place]}"
            )


def below_null(place: str, expected: dict[str, set[str]]) -> bool:
    """Whether a recording has null or an empty list somewhere above: then it says nothing about what may be below."""
    parts = place.split(".")
    above = [".".join(parts[:n]) for n in range(2, len(parts))]
    optional = place.rsplit(".", 1)[-1] in MAY_BE_ABSENT
    return optional or any("null" in expected.get(one, ()) or expected.get(one) == {"list"} for one in above)


def test_every_field_type_reads_as_recorded(big):
    recorded = {
        block["field_type"]: block
        for name in ("contacts-page", "companies-page", "leads-page-with-contacts", "catalog-elements")
        for item in next(iter(sample(name)["_embedded"].values()))
        for block in item["custom_fields_values"] or ()
    }
    found = {
        block["field_type"]: block
        for path in ("contacts", "companies", "leads", "catalogs/5501/elements")
        for page in range(1, 13)
        for item in big.items(f"{path}?limit=250&page={page}")
        for block in item["custom_fields_values"] or ()
    }

    for field_type, block in recorded.items():
        assert list(found[field_type]) == list(block), field_type
        for one in found[field_type]["values"]:
            assert set(one) == set(block["values"][0]), field_type
            assert kind(one["value"]) == kind(block["values"][0]["value"]), field_type


def test_recorded_key_order_is_kept(big):
    [contact] = [c for c in sample("contacts-page")["_embedded"]["contacts"] if c["id"] == 50110011]
    [lead] = [c for c in sample("leads-page-with-contacts")["_embedded"]["leads"] if c["id"] == 70330031]

    assert list(big.items("contacts?limit=1")[0]) == list(contact)
    assert list(big.items("leads?limit=1&with=contacts,loss_reason")[0]) == list(lead)


def test_account_has_the_keys_of_its_recording(big):
    recorded = sample("account")
    answered = big.read(
        "account?with=amojo_id,uuid,users_groups,task_types,version,datetime_settings,drive_url,is_api_filter_enabled"
    )

    assert list(answered) == list(recorded)
    assert kinds_of([answered]).keys() == kinds_of([recorded]).keys()
    assert answered["_links"]["self"]["href"].partition("?")[2] == recorded["_links"]["self"]["href"].partition("?")[2]


def test_account_without_with_says_nothing_more(big):
    answered = big.read("account")

    assert "_embedded" not in answered
    assert "is_api_filter_enabled" not in answered
    assert answered["_links"]["self"]["href"] == "https://demo.amocrm.ru/api/v4/account"


def test_the_recorded_post_is_answered_as_recorded(amo):
    request, recorded = sample("post-contacts-request"), sample("post-contacts-response")
    answered = amo.write("contacts", request)

    assert kinds_of([answered]) == kinds_of([recorded])
    first, second = answered["_embedded"]["contacts"]
    assert (first["request_id"], second["request_id"]) == ("row-1", "1")
    stored = amo.read(f"contacts/{first['id']}")
    blocks = {block["field_code"] or block["field_id"]: block["values"] for block in stored["custom_fields_values"]}
    assert stored["name"] == "Пётр Тестов"
    assert stored["created_by"] == 0
    assert blocks["PHONE"] == [{"value": "+79000003344", "enum_id": 341005, "enum_code": "MOB"}]
    assert blocks[640101] == [{"value": 1757970000}]
    assert [one["enum_code"] for one in blocks["INTERESTS"]] == [None, "pipes"]
    assert [tag["name"] for tag in stored["_embedded"]["tags"]] == ["из рассылки"]


def test_the_recorded_patch_is_answered_as_recorded(amo):
    ids = amo.ids("leads?limit=2")
    request = sample("patch-leads-request")
    for one, lead in zip(request, ids, strict=True):
        one["id"] = lead
    amo.write(
        "leads",
        [{"id": ids[0], "_embedded": {"tags": [{"id": 91001}]}}, {"id": ids[1], "tags_to_add": [{"name": "x"}]}],
        method="PATCH",
    )
    answered = amo.write("leads", request, method="PATCH")

    assert kinds_of([answered]) == kinds_of([sample("patch-leads-response")])
    lead = amo.read(f"leads/{ids[0]}")
    assert (lead["status_id"], lead["pipeline_id"], lead["updated_by"]) == (142, 8111001, 0)
    assert lead["closed_at"] is not None
    assert [tag["name"] for tag in lead["_embedded"]["tags"]] == ["оплачен"]
    values = {block["field_id"]: block["values"] for block in lead["custom_fields_values"]}
    assert values[650101] == [{"value": "1250000"}]
    assert 650105 not in values
    assert amo.read(f"leads/{ids[1]}")["_embedded"]["tags"] == []


def test_the_recorded_complex_lead_is_answered_as_recorded(amo):
    request, recorded = sample("leads-complex-request"), sample("leads-complex-response")
    answered = amo.write("leads/complex", request)

    assert kinds_of(answered) == kinds_of(recorded)
    assert answered[0]["request_id"] == ["mail-77"]
    lead = amo.read(f"leads/{answered[0]['id']}?with=contacts")
    assert [one["id"] for one in lead["_embedded"]["contacts"]] == [answered[0]["contact_id"]]
    contact = amo.read(f"contacts/{answered[0]['contact_id']}")
    assert contact["first_name"] == "Ольга"
    assert [one["id"] for one in contact["_embedded"]["companies"]] == [answered[0]["company_id"]]


def test_the_recorded_call_is_answered_as_recorded(amo):
    contact = amo.add(
        "contacts",
        name="Звонящий",
        custom_fields_values=[{"field_code": "PHONE", "values": [{"value": "8 (900) 000-11-22"}]}],
    )
    lead = amo.add("leads", name="Открытая", _embedded={"contacts": [{"id": contact}]})
    recorded = sample("post-calls")
    for other in [one for one in amo.ids("contacts?query=9000001122") if one != contact]:
        amo.edit(entity="contacts", action="delete", id=other)
    answered = amo.write("calls", recorded["request"])

    assert kinds_of([answered]) == kinds_of([recorded["response"]])
    [call] = answered["_embedded"]["calls"]
    assert (call["entity_type"], call["entity_id"]) == ("lead", lead)
    note = amo.read(f"leads/notes/{call['id']}")
    assert note["note_type"] == "call_in"
    assert note["params"]["link"] == recorded["request"][0]["link"]
    assert note["created_at"] == recorded["request"][0]["created_at"]


def test_refusals_have_the_recorded_bodies(amo):
    validation = amo.call("contacts", [{"request_id": "row-1", "responsible_user_id": "5"}]).json()
    too_many = amo.call("contacts", [{}] * 251)
    unknown = amo.call("contactz")

    assert kinds_of([validation]) == kinds_of([sample("error-400-validation")])
    assert validation["validation-errors"][0]["request_id"] == "row-1"
    assert too_many.status_code == 422
    assert too_many.json() == sample("error-422-batch")
    assert unknown.status_code == 404
    assert unknown.json()["title"] == sample("error-404")["title"]
