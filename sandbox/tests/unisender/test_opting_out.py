"""Who has left stays away: the status machine, and what the vendor's dangerous calls really do."""

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ANNA = "anna@example.com"
JOIN = ["email", "email_list_ids"]


@pytest.fixture
def two_lists(vendor):
    vendor.call("createList", {"title": "Second"})
    vendor.load(JOIN, [ANNA, "1,2"])
    return vendor


def leave(vendor, **more):
    return vendor.result("unsubscribe", {"contact_type": "email", "contact": ANNA, **more})


def test_unsubscribe_keeps_the_membership_and_marks_it(two_lists, same_shape):
    answer = two_lists.call("unsubscribe", {"contact_type": "email", "contact": ANNA, "list_ids": "1"})

    same_shape(answer, "updateList.ok.json")
    anna = two_lists.contact(ANNA)
    assert anna["lists"] == {"1": "unsubscribed", "2": "active"}
    assert (anna["email_status"], anna["mailable_in"]) == ("new", [2])


def test_leaving_the_last_list_makes_the_address_unsubscribed(two_lists):
    leave(two_lists, list_ids="1")
    leave(two_lists, list_ids="2")

    assert two_lists.contact(ANNA)["email_status"] == "unsubscribed"


def test_unsubscribe_without_lists_leaves_everything(two_lists):
    leave(two_lists)

    anna = two_lists.contact(ANNA)
    assert (anna["email_status"], anna["lists"]) == ("unsubscribed", {"1": "unsubscribed", "2": "unsubscribed"})


@pytest.mark.parametrize("method", ["exclude", "unsubscribe"])
def test_somebody_who_is_not_there_is_not_found(two_lists, same_shape, method):
    two_lists.call("createList", {"title": "Third"})
    for params in ({"contact": "nobody@example.org"}, {"contact": ANNA, "list_ids": "3"}):
        answer = two_lists.call(method, {"contact_type": "email", **params})

        same_shape(answer, "unsubscribe.not_found.error.json")
        assert answer["code"] == "unspecified"
        assert f'Contact "{params["contact"]}" not found' == answer["error"]


def test_exclude_takes_the_membership_away(two_lists):
    two_lists.result("exclude", {"contact_type": "email", "contact": ANNA, "list_ids": "1"})

    assert two_lists.contact(ANNA)["lists"] == {"2": "active"}


def test_a_phone_leaves_on_its_own(vendor):
    vendor.load(["email", "phone", "email_list_ids", "phone_list_ids"], [ANNA, "+79000000001", "1", "1"])
    vendor.result("unsubscribe", {"contact_type": "phone", "contact": "8 (900) 000-00-01"})

    anna = vendor.contact(ANNA)
    assert (anna["phone_status"], anna["phone_lists"]) == ("unsubscribed", {"1": "unsubscribed"})
    assert (anna["email_status"], anna["lists"]) == ("new", {"1": "active"})


def test_an_opted_out_phone_stays_so_when_it_moves_to_another_contact(vendor):
    vendor.load(["email", "phone"], [ANNA, "+79000000001"])
    vendor.result("unsubscribe", {"contact_type": "phone", "contact": "+79000000001"})
    vendor.load(["email", "phone"], [ANNA, "+79000000002"])
    vendor.load(["email", "phone"], ["boris@example.com", "+79000000001"])

    assert vendor.contact("boris@example.com")["phone_status"] == "unsubscribed"
    assert vendor.contact(ANNA)["phone_status"] == "active"


def test_an_import_brings_nobody_back(two_lists):
    leave(two_lists)
    for status in ("active", "new", "inactive", ""):
        result = two_lists.load([*JOIN, "email_status"], [ANNA, "1,2", status])
        assert (result["updated"], result["new_emails"]) == (1, 0)

    anna = two_lists.contact(ANNA)
    assert (anna["email_status"], anna["mailable_in"]) == ("unsubscribed", [])


def test_an_import_leaves_blocked_and_invited_addresses_as_they_are(vendor):
    vendor.load(JOIN, [ANNA, "1"])
    vendor.person("complain", ANNA)
    vendor.result("subscribe", {"list_ids": "1", "fields[email]": "boris@example.com", "double_optin": "0"})

    vendor.load([*JOIN, "email_status"], [ANNA, "1", "active"], ["boris@example.com", "1", "active"])

    assert {email: c["email_status"] for email, c in vendor.contacts().items()} == {
        ANNA: "blocked",
        "boris@example.com": "invited",
    }
    assert all(c["mailable_in"] == [] for c in vendor.contacts().values())


def test_an_import_may_switch_active_and_inactive_addresses(vendor):
    vendor.load(["email", "email_status"], [ANNA, "active"])
    vendor.load(["email", "email_status"], [ANNA, "inactive"])
    assert vendor.contact(ANNA)["email_status"] == "inactive"

    vendor.load(["email", "email_status"], [ANNA, "unsubscribed"])
    vendor.load(["email", "email_status"], [ANNA, "active"])

    assert vendor.contact(ANNA)["email_status"] == "unsubscribed"


def test_a_list_left_stays_left_through_imports(two_lists):
    leave(two_lists, list_ids="1")
    two_lists.load(JOIN, [ANNA, "1,2"])

    assert two_lists.contact(ANNA)["lists"] == {"1": "unsubscribed", "2": "active"}


def test_overwrite_lists_wipes_the_marks_as_documented(two_lists):
    leave(two_lists, list_ids="1")
    two_lists.load(JOIN, [ANNA, "1"], overwrite_lists=1)

    anna = two_lists.contact(ANNA)
    assert (anna["lists"], anna["mailable_in"]) == ({"1": "active"}, [1])


def test_exclude_takes_the_mark_along_so_a_later_import_subscribes_again(two_lists):
    leave(two_lists, list_ids="1")
    two_lists.result("exclude", {"contact_type": "email", "contact": ANNA, "list_ids": "1"})
    two_lists.load(JOIN, [ANNA, "1"])

    assert two_lists.contact(ANNA)["mailable_in"] == [2, 1]


def test_a_deleted_address_comes_back_as_new(two_lists):
    leave(two_lists)
    two_lists.load(["email", "delete"], [ANNA, "1"])
    two_lists.load(JOIN, [ANNA, "1"])

    assert two_lists.contact(ANNA)["mailable_in"] == [1]


def test_only_the_person_comes_back(two_lists):
    two_lists.person("opt_out", ANNA)
    assert two_lists.contact(ANNA)["mailable_in"] == []

    two_lists.person("activate", ANNA)

    anna = two_lists.contact(ANNA)
    assert (anna["email_status"], anna["mailable_in"]) == ("active", [1, 2])


def test_a_person_may_leave_one_list(two_lists):
    answer = two_lists.person("opt_out", ANNA, list_id=1)

    assert answer["list_ids"] == [1]
    assert two_lists.contact(ANNA)["mailable_in"] == [2]


def test_a_bounce_makes_the_address_unreachable(two_lists):
    two_lists.person("bounce", ANNA)

    anna = two_lists.result("getContact", {"email": ANNA})["email"]
    assert (anna["status"], anna["availability"]) == ("new", "unreachable")


def test_acts_of_unknown_people_are_refused(vendor):
    vendor.control("POST", "unisender/sandbox-key/opt_out", {"email": "nobody@example.com"}, expect=404)
    vendor.control("POST", "unisender/no-such-key/opt_out", {"email": ANNA}, expect=404)


EMAILS = ["a@example.com", "b@example.com"]
LISTS = st.sampled_from(["1,2", "1", "2", ""])
STATUSES = st.sampled_from(["", "new", "active", "inactive", "unsubscribed", "blocked"])
emails = st.sampled_from(EMAILS)
phones = st.sampled_from(["", "+79000000001", "8 900 000-00-02", "bad"])
rows = st.lists(
    st.fixed_dictionaries(
        {"email": emails, "email_list_ids": LISTS},
        optional={
            "phone": phones,
            "email_unsubscribed_list_ids": st.sampled_from(["", "1", "2"]),
            "email_status": STATUSES,
            "tags": st.sampled_from(["", "x"]),
            "Name": st.sampled_from(["", "A"]),
        },
    ),
    min_size=1,
    max_size=4,
)
harmless = st.one_of(
    st.tuples(st.just("import"), rows),
    st.tuples(st.just("subscribe"), emails, st.sampled_from(["0", "3", "4"]), st.sampled_from(["0", "2"])),
    st.tuples(st.just("unsubscribe"), emails, st.sampled_from(["", "1", "2"])),
    st.tuples(st.just("opt_out"), emails, st.sampled_from([None, 1, 2])),
    st.tuples(st.just("complain"), emails),
)
remembered = st.one_of(
    harmless,
    st.tuples(st.just("exclude"), emails, st.sampled_from(["", "1", "2"])),
    st.tuples(st.just("delete"), emails),
)
numbers = count()


def play(vendor, key, step):
    match step:
        case ("import", sent):
            columns = sorted({name for row in sent for name in row})
            vendor.load(columns, *[[row.get(name) for name in columns] for row in sent], key=key)
        case ("subscribe", email, optin, overwrite):
            params = {"list_ids": "1,2", "fields[email]": email, "double_optin": optin, "overwrite": overwrite}
            vendor.result("subscribe", params, key=key)
        case ("unsubscribe" | "exclude" as method, email, list_ids):
            vendor.call(method, {"contact_type": "email", "contact": email, "list_ids": list_ids}, key=key)
        case ("opt_out", email, list_id):
            path = f"unisender/{key}/opt_out"
            vendor.http.post(f"{vendor.url}/_sandbox/{path}", json={"email": email, "list_id": list_id}, timeout=10)
        case ("complain", email):
            vendor.http.post(f"{vendor.url}/_sandbox/unisender/{key}/complain", json={"email": email}, timeout=10)
        case ("delete", email):
            vendor.load(["email", "delete"], [email, "1"], key=key)


def hold(vendor, steps):
    """After every step: what was left once is never mailable again."""
    key = f"hold-{next(numbers)}"
    vendor.control("POST", "unisender/keys", {"api_key": key}, expect=201)
    vendor.call("createList", {"title": "Second"}, key=key)
    vendor.load(JOIN, *[[email, "1,2"] for email in EMAILS], key=key)
    gone = set()
    for step in steps:
        play(vendor, key, step)
        for email, contact in vendor.contacts(key=key).items():
            assert not {(email, list_id) for list_id in contact["mailable_in"]} & gone, step
            if contact["email_status"] in ("unsubscribed", "blocked"):
                gone |= {(email, list_id) for list_id in (1, 2)}
            gone |= {(email, int(list_id)) for list_id, state in contact["lists"].items() if state == "unsubscribed"}


RELAXED = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@RELAXED
@given(steps=st.lists(harmless, min_size=1, max_size=10))
def test_no_sequence_without_overwrite_exclude_or_delete_makes_who_left_mailable(vendor, steps):
    hold(vendor, steps)


@RELAXED
@given(steps=st.lists(remembered, min_size=1, max_size=10))
def test_with_a_memory_for_excluded_and_deleted_ones_no_sequence_does(vendor, steps):
    vendor.switch(exclude_optout="remembers", delete_optout="remembers")

    hold(vendor, steps)


@pytest.mark.parametrize("how", ["overwrite_lists", "exclude", "excluded_column"])
def test_an_unsubscribed_address_outlives_the_loss_of_its_lists(two_lists, how):
    two_lists.person("opt_out", ANNA)
    match how:
        case "overwrite_lists":
            two_lists.load(JOIN, [ANNA, "1"], overwrite_lists=1)
        case "exclude":
            two_lists.result("exclude", {"contact_type": "email", "contact": ANNA})
        case "excluded_column":
            two_lists.load(["email", "email_excluded_list_ids"], [ANNA, "1,2"])
    two_lists.load(JOIN, [ANNA, "1,2"])

    anna = two_lists.contact(ANNA)
    assert (anna["email_status"], anna["mailable_in"]) == ("unsubscribed", [])
