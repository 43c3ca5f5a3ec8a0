"""Every unconfirmed point of the API is a switch, and every switch changes what it says."""

import json
import re

import pytest

from sandbox.unisender.switches import SWITCHES

ANNA = "anna@example.com"
JOIN = ["email", "email_list_ids"]
HOOK = {"event_format": "json_post", "events[subscribe]": "*", "single_event": 0, "status": "active"}


def code(answer):
    return answer.get("code", "ok")


def imported(vendor, table, columns, *rows, **more):
    return vendor.call("importContacts", table(columns, rows, **more))


def log_codes(answer):
    return [entry["code"] for entry in answer["result"]["log"]]


def leave(vendor, **more):
    return vendor.call("unsubscribe", {"contact_type": "email", "contact": ANNA, **more})


def mailable(vendor):
    return vendor.contact(ANNA)["mailable_in"]


def json_unicode(vendor, table):
    vendor.call("createList", {"title": "Новости"})
    return vendor.post("getLists").text.isascii()


def limit_status(vendor, table):
    return exhaust(vendor).status_code


def exhaust(vendor):
    for _ in range(21):
        answer = vendor.post("async/exportContacts")
    return answer


def limit_counts_refused(vendor, table):
    exhaust(vendor)
    vendor.advance(30)
    exhaust(vendor)
    vendor.advance(31)
    return code(vendor.call("async/exportContacts"))


def empty_log(vendor, table):
    return "log" in imported(vendor, table, ["email"], [ANNA])["result"]


def too_many_rows(vendor, table):
    answer = imported(vendor, table, ["email"], *[[f"u{i}@example.com"] for i in range(501)])
    return code(answer), len(vendor.contacts())


def empty_cell(vendor, table):
    vendor.load(["email", "Name", "tags"], [ANNA, "Анна", "vip"])
    vendor.load(["email", "Name", "tags"], [ANNA, "", ""], overwrite_tags=1)
    contact = vendor.contact(ANNA)
    return contact["fields"], contact["tags"]


def unknown_list(vendor, table):
    answer = imported(vendor, table, JOIN, [ANNA, "1"], ["b@example.com", "99"])
    return code(answer), list(vendor.contacts())


def owners(vendor, table):
    vendor.load(["email", "phone"], [ANNA, "+79000000001"], ["b@example.com", "+79000000002"])
    answer = imported(vendor, table, ["email", "phone"], ["c@example.com", ""], [ANNA, "+79000000002"])
    return code(answer), len(vendor.contacts())


def taken_phone(vendor, table):
    vendor.load(["email", "phone"], [ANNA, "+79000000001"])
    vendor.load(["email", "phone"], ["b@example.com", "+79000000001"])
    return {email: contact["phone"] for email, contact in vendor.contacts().items()}


def duplicate_rows(vendor, table):
    result = vendor.load(["email", "Name"], [ANNA, "one"], [ANNA, "two"])
    return result["inserted"], result["updated"], vendor.contact(ANNA)["fields"]["Name"]


def too_many_tags(vendor, table):
    answer = imported(vendor, table, ["email", "tags"], [ANNA, ",".join(map(str, range(11)))])
    return code(answer), [len(contact["tags"]) for contact in vendor.contacts().values()]


def long_values(vendor, table):
    vendor.load(["email", "Name", "tags"], [ANNA, "x" * 10_001, "t"], ["b@example.com", "y", "z" * 256])
    return {
        email: (len(contact["fields"]["Name"]), [len(tag) for tag in contact["tags"]])
        for email, contact in vendor.contacts().items()
    }


def bad_status(vendor, table):
    answer = imported(vendor, table, ["email", "email_status"], [ANNA, "blocked"])
    return answer["result"]["inserted"], log_codes(answer)


def status_of_new(vendor, table):
    vendor.load(["email"], [ANNA])
    vendor.load(["email", "email_status"], [ANNA, "unsubscribed"])
    return vendor.contact(ANNA)["email_status"]


def lists_without_column(vendor, table):
    vendor.load(JOIN, [ANNA, "1"])
    vendor.load(["email"], [ANNA], overwrite_lists=1)
    return vendor.contact(ANNA)["lists"]


def role_row(vendor, table):
    vendor.load(["email", "phone"], ["info@example.com", "+79000000001"])
    return list(vendor.contacts())


def last_list(vendor, table):
    vendor.load(JOIN, [ANNA, "1"])
    leave(vendor, list_ids="1")
    return vendor.contact(ANNA)["email_status"]


def excluded(vendor, table):
    vendor.call("createList", {"title": "Second"})
    vendor.load(JOIN, [ANNA, "1,2"])
    leave(vendor, list_ids="1")
    vendor.load(["email", "email_excluded_list_ids"], [ANNA, "1"])
    vendor.load(JOIN, [ANNA, "1"])
    return mailable(vendor)


def deleted(vendor, table):
    vendor.load(JOIN, [ANNA, "1"])
    leave(vendor)
    vendor.load(["email", "delete"], [ANNA, "1"])
    vendor.load(JOIN, [ANNA, "1"])
    return mailable(vendor)


def phone_leaves(vendor, table):
    vendor.load(["phone"], ["+79000000001"])
    return code(vendor.call("unsubscribe", {"contact_type": "phone", "contact": "+79000000001"}))


def optin_default(vendor, table):
    vendor.call("subscribe", {"list_ids": "1", "fields[email]": ANNA})
    return vendor.contact(ANNA)["email_status"]


def subscribe_left(vendor, table):
    vendor.load(JOIN, [ANNA, "1"])
    vendor.person("opt_out", ANNA)
    answer = vendor.call("subscribe", {"list_ids": "1", "fields[email]": ANNA, "double_optin": "3"})
    return code(answer), mailable(vendor)


def letter(vendor, table):
    return code(vendor.call("subscribe", {"list_ids": "1", "fields[email]": ANNA, "double_optin": "0"}))


def list_id_type(vendor, table):
    vendor.load(JOIN, [ANNA, "1"])
    return vendor.result("getContact", {"email": ANNA, "include_lists": 1})["lists"][0]["id"]


def membership(vendor, table):
    vendor.load(JOIN, [ANNA, "1"])
    leave(vendor)
    return vendor.result("isContactInLists", {"email": ANNA, "list_ids": "1"})


def update_field(vendor, table):
    return vendor.call("updateField", {"id": "101", "name": "First"})


def name_case(vendor, table):
    return code(vendor.call("createField", {"name": "name", "type": "string"}))


def name_dash(vendor, table):
    return code(vendor.call("createField", {"name": "a-b", "type": "string"}))


def export_text(vendor, columns):
    vendor.load(["email", "tags"], [ANNA, "a,b"])
    params = {f"field_names[{i}]": column for i, column in enumerate(columns)}
    uuid = {"task_uuid": vendor.result("async/exportContacts", params)["task_uuid"]}
    vendor.call("async/getTaskResult", uuid)
    vendor.advance(700)
    return vendor.http.get(vendor.result("async/getTaskResult", uuid)["file_to_download"], timeout=10).text


def export_delimiter(vendor, table):
    return export_text(vendor, ["email", "id"]).splitlines()[1]


def export_zone(vendor, table):
    vendor.load(["email", "email_list_ids", "email_subscribe_times"], [ANNA, "1", "2024-01-01 10:00:00"])
    return export_text(vendor, ["email_subscribe_times"]).splitlines()[1]


def export_order(vendor, table):
    return export_text(vendor, ["phone", "email"]).splitlines()[0]


def export_seconds(vendor, table):
    uuid = {"task_uuid": vendor.result("async/exportContacts")["task_uuid"]}
    first = vendor.result("async/getTaskResult", uuid)["status"]
    waited = 0
    while vendor.result("async/getTaskResult", uuid)["status"] != "completed":
        vendor.advance(5 if waited else 2)
        waited += 5 if waited else 2
    return first, 0 if waited == 0 else "seconds" if waited <= 5 else "half a minute" if waited < 60 else "minutes"


def notify_url(vendor, table):
    return code(vendor.call("async/exportContacts"))


def legacy(vendor, table):
    return vendor.post("exportContacts").status_code


def hook_text(vendor, receiver):
    vendor.call("setHook", {**HOOK, "hook_url": receiver.url})
    vendor.call("subscribe", {"list_ids": "1", "fields[email]": ANNA, "double_optin": "3"})
    receiver.wait(1)
    return receiver.bodies[0].decode()


def hook_events(vendor, receiver):
    return re.search(r'"(events)"', hook_text(vendor, receiver), re.IGNORECASE)[1]


def hook_ids(vendor, receiver):
    return re.search(r'"(\w*subscribed_list_ids)"', hook_text(vendor, receiver))[1]


def hook_num(vendor, receiver):
    return '"num":1' in hook_text(vendor, receiver)


def hook_hours(vendor, receiver):
    told = json.loads(hook_text(vendor, receiver))["events_by_user"][0]["events"][0]["event_time"]
    added = vendor.result("getContact", {"email": ANNA})["email"]["added_at"]
    return (int(told[11:13]) - int(added[11:13])) % 24


def hook_calls(vendor, receiver):
    vendor.call("setHook", {**HOOK, "hook_url": receiver.url, "single_event": 1, "events[unsubscribe]": "*"})
    vendor.call("subscribe", {"list_ids": "1", "fields[email]": ANNA, "double_optin": "3"})
    vendor.person("opt_out", ANNA)
    told = {each["event_name"] for each in receiver.wait(1)}
    while "unsubscribe" not in told:
        told = {each["event_name"] for each in receiver.wait(len(receiver.bodies) + 1)}
    return "subscribe" in told


OBSERVED = {
    "json_unicode": (json_unicode, {"escaped": True, "plain": False}),
    "empty_result": (
        lambda v, t: v.result("updateList", {"list_id": "1", "title": "A"}),
        {"object": {}, "array": []},
    ),
    "error_result": (
        lambda v, t: "result" in v.call("getContact", {"email": ANNA}),
        {"empty_string": True, "absent": False},
    ),
    "error_text_html": (
        lambda v, t: v.call("createList", {"title": "Newsletter"})["error"],
        {
            False: 'List with title "Newsletter" already exists',
            True: "List with title &quot;Newsletter&quot; already exists",
        },
    ),
    "limit_status": (limit_status, {200: 200, 429: 429}),
    "limit_counts_refused": (limit_counts_refused, {False: "ok", True: "api_call_limit_exceeded_for_api_key"}),
    "log_index": (lambda v, t: v.load(["email"], ["bad"])["log"][0]["index"], {"number": 0, "string": "0"}),
    "empty_log": (empty_log, {"array": True, "absent": False}),
    "import_answer": (
        lambda v, t: set(v.load(["email"], ["bad"])) >= {"invalid", "log"},
        {"full": True, "legacy": False},
    ),
    "import_warnings": (
        lambda v, t: "warnings" in imported(v, t, ["email"], ["bad"]),
        {True: True, False: False},
    ),
    "import_identity": (
        lambda v, t: code(imported(v, t, ["phone"], ["+79000000001"])),
        {"email_or_phone": "ok", "email_only": "invalid_arg"},
    ),
    "too_many_rows": (too_many_rows, {"invalid_arg": ("invalid_arg", 0), "first_500": ("ok", 500)}),
    "empty_cell": (empty_cell, {"keep": ({"Name": "Анна"}, ["vip"]), "clear": ({}, [])}),
    "unknown_field": (
        lambda v, t: code(imported(v, t, ["email", "nothing"], [ANNA, "x"])),
        {"invalid_arg": "invalid_arg", "ignored": "ok"},
    ),
    "unknown_list": (unknown_list, {"invalid_arg": ("invalid_arg", []), "row": ("ok", [ANNA])}),
    "different_owners": (owners, {"row": ("ok", 3), "call": ("unspecified", 2)}),
    "taken_phone": (
        taken_phone,
        {
            "phone_ignored": {ANNA: "+79000000001", "b@example.com": None},
            "row_refused": {ANNA: "+79000000001"},
            "phone_moves": {ANNA: None, "b@example.com": "+79000000001"},
        },
    ),
    "duplicate_rows": (
        duplicate_rows,
        {"last_wins": (1, 0, "two"), "counted_each": (1, 1, "two"), "first_wins": (1, 0, "one")},
    ),
    "too_many_tags": (too_many_tags, {"invalid_arg": ("invalid_arg", []), "first_10": ("ok", [10])}),
    "long_values": (long_values, {"row": {}, "cut": {ANNA: (10_000, [1]), "b@example.com": (1, [255])}}),
    "bad_status": (bad_status, {"ignored": (1, ["invalid_status"]), "row": (0, ["invalid_status"])}),
    "status_of_new": (status_of_new, {"kept": "new", "changed": "unsubscribed"}),
    "overwrite_lists_without_column": (lists_without_column, {"clear": {}, "keep": {"1": "active"}}),
    "role_screening": (
        lambda v, t: v.load(["email"], ["info@example.com"])["inserted"],
        {True: 0, False: 1},
    ),
    "role_row_with_phone": (role_row, {"refused": [], "by_phone": ["+79000000001"]}),
    "idn_domains": (
        lambda v, t: v.load(["email"], ["anna@пример.рф"])["inserted"],
        {"refused": 0, "punycode": 1},
    ),
    "unsubscribed_from_all_lists": (last_list, {"unsubscribed": "unsubscribed", "unchanged": "new"}),
    "exclude_optout": (excluded, {"forgets": [2, 1], "remembers": [2]}),
    "delete_optout": (deleted, {"forgets": [1], "remembers": []}),
    "unsubscribe_phone": (phone_leaves, {True: "ok", False: "invalid_arg"}),
    "double_optin_default": (optin_default, {"0": "invited", "3": "new"}),
    "subscribe_unsubscribed": (subscribe_left, {"kept": ("ok", []), "error": ("unspecified", [])}),
    "confirmation_letter": (letter, {"configured": "ok", "missing": "unspecified"}),
    "getcontact_list_id": (list_id_type, {"number": 1, "string": "1"}),
    "membership_counts_unsubscribed": (membership, {True: True, False: False}),
    "contact_count": (
        lambda v, t: v.result("getContactCount", {"list_id": 1, "params[type]": "address"})["count"],
        {"number": 0, "string": "0"},
    ),
    "unknown_contact_code": (
        lambda v, t: v.refused("getContact", {"email": ANNA}),
        {"object_not_found": "object_not_found", "unspecified": "unspecified"},
    ),
    "update_field_answer": (update_field, {"wrapped": {"result": {"id": 101}}, "bare": {"id": 101}}),
    "field_name_case": (name_case, {"sensitive": "ok", "insensitive": "invalid_arg"}),
    "field_name_dash": (name_dash, {False: "invalid_arg", True: "ok"}),
    "duplicate_title_code": (
        lambda v, t: v.refused("createList", {"title": "Newsletter"}),
        {"invalid_arg": "invalid_arg", "unspecified": "unspecified"},
    ),
    "export_delimiter": (export_delimiter, {",": f"{ANNA},1", ";": f"{ANNA};1", "\t": f"{ANNA}\t1"}),
    "export_time_zone": (export_zone, {"UTC": "2024-01-01 10:00:00", "Europe/Moscow": "2024-01-01 13:00:00"}),
    "export_column_order": (export_order, {"as_asked": "phone,email", "alphabetical": "email,phone"}),
    "export_seconds": (
        export_seconds,
        {
            1: ("processing", "seconds"),
            0: ("completed", 0),
            30: ("processing", "half a minute"),
            600: ("processing", "minutes"),
        },
    ),
    "export_notify_url": (notify_url, {"optional": "ok", "required": "invalid_arg"}),
    "legacy_export": (legacy, {True: 200, False: 404}),
    "hook_events_key": (hook_events, {"events": "events", "Events": "Events"}),
    "hook_list_ids_key": (
        hook_ids,
        {
            "subscribed_list_ids": "subscribed_list_ids",
            "just_subscribed_list_ids": "just_subscribed_list_ids",
        },
    ),
    "hook_num": (hook_num, {False: False, True: True}),
    "hook_time_zone": (hook_hours, {"UTC": 0, "Europe/Moscow": 3}),
    "hooks_for_api_calls": (hook_calls, {True: True, False: False}),
}
CASES = [
    pytest.param(name, choice, id=f"{name}={choice!r}")
    for name, (_, expected) in OBSERVED.items()
    for choice in expected
]


@pytest.mark.parametrize(("name", "choice"), CASES)
def test_a_switch_changes_what_it_says(vendor, as_table, receiver, name, choice):
    observe, expected = OBSERVED[name]
    limits = "vendor" if name.startswith("limit_") else "off"
    vendor.control("POST", "reset", {"contacts": 0, "rate_limits": limits, "switches": {f"unisender.{name}": choice}})

    assert observe(vendor, receiver if name.startswith("hook") else as_table) == expected[choice]


def test_every_switch_and_choice_is_observed():
    declared = {switch.name.removeprefix("unisender."): list(switch.choices) for switch in SWITCHES}

    assert {name: list(expected) for name, (_, expected) in OBSERVED.items()} == declared


def test_every_switch_says_where_its_doubt_comes_from(vendor):
    listed = vendor.control("GET", "switches")["switches"]

    mine = [switch for switch in listed if switch["name"].startswith("unisender.")]
    assert len(mine) == len(SWITCHES)
    assert all(len(switch["about"]) > 30 and switch["value"] == switch["default"] for switch in mine)
