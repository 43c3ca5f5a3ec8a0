"""Paging, order, filters, `with`, the bin: what reading clients lean on."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.amocrm.entities.order import Order
from sandbox.amocrm.seed.schedule import BEGINS, ENDS, Schedule

CARDS = ("contacts", "companies", "leads")


def walk(amo, path):
    """All items by following next links on the client's own base URL."""
    items, pages = [], 0
    while path:
        page = amo.read(path)
        pages += 1
        items += next(iter(page["_embedded"].values()))
        path = page["_links"].get("next", {}).get("href", "").partition("/api/v4/")[2]
    return items, pages


def test_every_contact_comes_once_over_all_pages(big):
    items, pages = walk(big, "contacts?limit=250")

    assert pages == 12
    assert len({item["id"] for item in items}) == len(items) == 3000


def test_pages_have_50_items_unless_asked_otherwise(big):
    assert len(big.items("contacts")) == 50


def test_a_limit_above_the_maximum_is_clamped_or_refused_as_switched(amo):
    assert len(amo.items("contacts?limit=500")) == 120
    assert "limit=250" in amo.read("contacts?limit=500")["_links"]["self"]["href"]
    amo.switch("limit_over_maximum", "422")
    assert amo.call("contacts?limit=500").status_code == 422


def test_a_page_beyond_the_end_is_204_without_a_body(big):
    answer = big.call("contacts?page=13&limit=250")

    assert (answer.status_code, answer.content) == (204, b"")


def test_first_and_prev_come_from_page_two_on_and_next_only_while_there_is_more(big):
    first, second, last = (big.read(f"contacts?limit=250&page={page}")["_links"] for page in (1, 2, 12))

    assert set(first) == {"self", "next"}
    assert set(second) == {"self", "next", "first", "prev"}
    assert set(last) == {"self", "first", "prev"}


def test_item_links_repeat_the_query_of_their_list_and_single_records_do_not(big):
    item = big.items("contacts?limit=1&order[updated_at]=desc&with=leads")[0]
    single = big.read(f"contacts/{item['id']}?with=leads")

    assert item["_links"]["self"]["href"].endswith("?order%5Bupdated_at%5D=desc&with=leads&page=1&limit=1")
    assert single["_links"]["self"]["href"] == f"https://demo.amocrm.ru/api/v4/contacts/{item['id']}"


def test_links_point_to_the_host_the_client_used(big):
    headers = {"Authorization": "Bearer sandbox-token"}
    answer = big.session.get(f"{big.url}/api/v4/contacts?limit=1", headers=headers, timeout=10)

    assert answer.json()["_links"]["self"]["href"].startswith(big.url)


def test_an_unknown_id_is_204(big):
    for path in ("contacts/1", "companies/1", "leads/1", "tasks/1", "leads/notes/1", "events/nope", "users/1"):
        assert big.call(path).status_code == 204, path


@pytest.mark.parametrize("entity", CARDS)
@pytest.mark.parametrize("field", ["id", "updated_at"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_order_holds_over_page_borders(big, entity, field, direction):
    items, _ = walk(big, f"{entity}?limit=100&order[{field}]={direction}")
    keys = [(item[field], item["id"]) for item in items]

    assert keys == sorted(keys, reverse=direction == "desc")


def test_updated_at_is_not_in_the_order_of_ids_and_some_share_a_second(big):
    items, _ = walk(big, "contacts?limit=250&order[updated_at]=asc")
    ids, seconds = [item["id"] for item in items], [item["updated_at"] for item in items]

    assert ids != sorted(ids)
    assert len(set(seconds)) < len(seconds)
    assert min(seconds) >= BEGINS
    assert max(seconds) <= ENDS


@pytest.mark.parametrize("entity", CARDS)
def test_a_range_includes_both_its_ends(big, entity):
    everything, _ = walk(big, f"{entity}?limit=250&order[updated_at]=asc")
    low, high = everything[10]["updated_at"], everything[60]["updated_at"]
    window = f"filter[updated_at][from]={low}&filter[updated_at][to]={high}"
    expected = [item["id"] for item in everything if low <= item["updated_at"] <= high]

    by_time, _ = walk(big, f"{entity}?{window}&order[updated_at]=asc&limit=20")
    by_id, _ = walk(big, f"{entity}?{window}&limit=20")
    assert [item["id"] for item in by_time] == expected
    assert [item["id"] for item in by_id] == sorted(expected)


def test_windows_side_by_side_lose_and_double_nobody(big):
    edges = [BEGINS + n * (ENDS - BEGINS) // 9 for n in range(9)] + [ENDS + 1]
    found = [
        item["id"]
        for low, high in pairwise(edges)
        for item in walk(
            big,
            f"contacts?filter[updated_at][from]={low}&filter[updated_at][to]={high - 1}&order[updated_at]=asc&limit=250",
        )[0]
    ]

    assert len(found) == len(set(found)) == 3000


def test_ids_can_be_listed_in_every_bracket_form(big):
    wanted = sorted(big.entities.contacts.ids(7, 10))
    for form in (
        "filter[id][]={}&filter[id][]={}&filter[id][]={}",
        "filter[id][0]={}&filter[id][5]={}&filter[id][9]={}",
    ):
        assert big.ids(f"contacts?{form.format(*wanted)}") == wanted
    assert big.ids(f"contacts?filter[id]={wanted[0]}") == wanted[:1]


def test_filters_by_people_status_price_and_custom_fields(big):
    leads, _ = walk(big, "leads?limit=250")
    both = "filter[statuses][0][pipeline_id]=8111001&filter[statuses][0][status_id]=142"
    won = [one["id"] for one in leads if (one["pipeline_id"], one["status_id"]) == (8111001, 142)]
    select = [
        one["id"]
        for one in leads
        for block in one["custom_fields_values"] or ()
        if block["field_id"] == 650103 and block["values"][0]["enum_id"] == 820003
    ]

    assert won
    assert [one["id"] for one in walk(big, f"leads?{both}&limit=250")[0]] == won
    assert big.items("leads?filter[statuses][0][status_id]=142") == []
    assert [
        one["id"] for one in walk(big, "leads?filter[custom_fields_values][650103][]=820003&limit=250")[0]
    ] == select
    cheap, _ = walk(big, "leads?filter[price][from]=1&filter[price][to]=50000&limit=250")
    assert {one["id"] for one in cheap} == {one["id"] for one in leads if 1 <= one["price"] <= 50000}
    mine, _ = walk(big, "contacts?filter[responsible_user_id][]=10200301&limit=250")
    assert {one["responsible_user_id"] for one in mine} == {10200301}
    agreed, _ = walk(big, "contacts?filter[custom_fields_values][640105][]=1&limit=250")
    assert agreed
    assert all(
        {"value": True} in block["values"]
        for one in agreed
        for block in one["custom_fields_values"]
        if block["field_id"] == 640105
    )


def test_filters_of_cards_are_silently_ignored_without_the_paid_option(amo):
    everything = amo.ids("contacts?limit=250")
    amo.control("amocrm/demo.amocrm.ru", {"is_api_filter_enabled": False}, method="PATCH")

    assert amo.read("account?with=is_api_filter_enabled")["is_api_filter_enabled"] is False
    for query in ("filter[id][]=1", "filter[updated_at][from]=4000000000", "filter[name]=nobody"):
        assert amo.ids(f"contacts?limit=250&{query}") == everything
    assert amo.ids("contacts?limit=250&order[updated_at]=desc&filter[id]=1") != everything
    assert amo.ids("leads/notes?filter[id][]=1") == []
    assert amo.ids("tasks?filter[id][]=1") == []


def test_query_finds_by_name_and_by_the_digits_of_a_phone(amo):
    contact = amo.add(
        "contacts",
        name="Уникальный Заказчик",
        custom_fields_values=[{"field_code": "PHONE", "values": [{"value": "+7 (912) 345-67-89"}]}],
    )
    amo.control("amocrm/demo.amocrm.ru", {"is_api_filter_enabled": False}, method="PATCH")

    assert amo.ids("contacts?query=уникальный") == [contact]
    assert amo.ids("contacts?query=89123456789") == [contact]
    assert amo.ids("contacts?query=nobody-at-all") == []


def test_only_deleted_lists_the_bin_and_nothing_else(amo):
    binned = amo.ids("contacts?with=only_deleted&limit=250")
    gone = amo.ids("contacts?limit=1")[0]
    amo.edit(entity="contacts", action="delete", id=gone)

    assert binned
    assert not set(binned) & set(amo.ids("contacts?limit=250"))
    assert sorted([*binned, gone]) == amo.ids("contacts?with=only_deleted&limit=250")
    [item] = amo.items(f"contacts?with=only_deleted&filter[id]={gone}")
    assert {key for key, value in item.items() if value is not None} == {
        "id",
        "updated_by",
        "updated_at",
        "is_deleted",
        "account_id",
        "_links",
        "_embedded",
    }
    assert amo.call(f"contacts/{gone}").status_code == 204


def test_accounts_have_their_own_fields_but_may_share_contact_ids(amo):
    acme = {"host": "acme.amocrm.ru", "token": "sandbox-token-acme"}

    assert amo.ids("contacts?limit=5") == amo.ids("contacts?limit=5", **acme)
    ours, theirs = ({one["id"] for one in amo.items("contacts/custom_fields?limit=250", **more)} for more in ({}, acme))
    assert not ours & theirs


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["move", "drop", "new"]), st.integers(0, 10**6), st.integers(BEGINS, ENDS + 10**6)),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 90),
    actions=ACTIONS,
    start=st.integers(0, 100),
    size=st.integers(0, 40),
    edge=st.integers(BEGINS, ENDS),
)
def test_an_order_slices_like_a_sorted_list_after_any_changes(count, actions, start, size, edge):
    times = Schedule(count=count, first_id=11)
    order = Order(count=count, key_at=times.updated_key)
    model = {times.id_at(index): times.updated_at(index) for index in range(count)}
    for place, (action, pick, at) in enumerate(actions):
        chosen = sorted(model)[pick % len(model)] if model and action != "new" else 100_001 + 2 * place
        index = times.index_of(chosen)
        position = None if index is None else times.position_of(index)
        if chosen in model:
            order.remove((model.pop(chosen), chosen), position)
        if action != "drop":
            order.add((at, chosen), position)
            model[chosen] = at
    expected = sorted((at, one) for one, at in model.items())

    assert len(order) == len(expected)
    assert order.ids(start, start + size) == [one for _, one in expected[start : start + size]]
    assert order.rank((edge, 0)) == sum(key < (edge, 0) for key in expected)


def test_a_million_contacts_start_and_page_without_being_built(serving, monkeypatch):
    from sandbox.amocrm.seed.contacts import ContactSeed

    built = []
    build = ContactSeed.build
    monkeypatch.setattr(ContactSeed, "build", lambda self, index: built.append(index) or build(self, index))
    amo = serving(contacts=1_000_000)
    at_start = len(built)
    page = amo.items("contacts?filter[updated_at][from]=1500000000&order[updated_at]=asc&limit=250&page=2000")

    assert len(page) == 250
    assert at_start < 10_000
    assert len(built) - at_start <= 250
