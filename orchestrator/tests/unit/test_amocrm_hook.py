"""amoCRM's bodies: every item of every action is read, whatever the depth; junk is named, never raised upon."""

import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.domain.amocrm_hook import DEEPEST, Arrival, NamedChange, parse, read_hook
from orchestrator.domain.change import ChangeAction
from orchestrator.domain.secret import Secret

ACCOUNT = {"account": {"subdomain": "zavodvesna", "id": "31415926", "_links": {"self": "https://zavodvesna.amocrm.ru"}}}


def form(tree: dict[str, Any]) -> bytes:
    """PHP's http_build_query, written down on its own: the sandbox's encoder is tried in the integration tests."""

    def pairs(path: str, node: Any) -> Any:
        if isinstance(node, str):
            yield path, node
            return
        for key, inner in node.items() if isinstance(node, dict) else enumerate(node):
            yield from pairs(f"{path}[{key}]", inner)

    return urlencode([pair for key, node in tree.items() for pair in pairs(key, node)]).encode()


def by_key(node: Any) -> Any:
    """Lists as they come out: by their indexes."""
    if isinstance(node, str):
        return node
    return {str(key): by_key(inner) for key, inner in (node.items() if isinstance(node, dict) else enumerate(node))}


def changes(tree: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [(one.stream, one.record_id, one.action.value) for one in read_hook(form(tree)).changes]


KEYS = st.text(min_size=1, max_size=8).filter(lambda key: not set("[]") & set(key) and key.isprintable())
VALUES = st.text(max_size=20).filter(lambda text: text.isprintable())
TREES = st.recursive(
    VALUES,
    lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=4) | st.lists(inner, min_size=1, max_size=4),
    max_leaves=30,
)


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=4))
@example({"a": "50%25 & +7 %D0%9F"})
def test_what_php_flattened_comes_back_nested(tree: dict[str, Any]) -> None:
    assert parse(form(tree)) == by_key(tree)


@given(st.binary(max_size=400) | st.text("a[]=&%0123456789;+contacs", max_size=200).map(str.encode))
def test_no_bytes_whatsoever_raise(body: bytes) -> None:
    read_hook(body)


@given(st.text("contas[]delup019=&", max_size=200).map(lambda tail: b"contacts[delete][0]=7&" + tail.encode()))
def test_junk_after_a_change_never_raises_either(body: bytes) -> None:
    assert not read_hook(body).malformed or b"contacts=" in body


def test_all_items_of_all_actions_are_read() -> None:
    tree = ACCOUNT | {
        "contacts": {
            "add": [{"id": "1", "type": "contact"}, {"id": "2", "type": "contact"}],
            "update": [{"id": "3"}, {"id": "4"}],
            "delete": [{"id": "5", "type": "contact"}],
            "restore": [{"id": "6"}],
            "responsible": [{"id": "7"}],
            "note": [{"note": {"element_id": "8", "element_type": "1", "id": "900"}, "type": "contact"}],
        }
    }

    assert changes(tree) == [
        ("contacts", 1, "upsert"),
        ("contacts", 2, "upsert"),
        ("contacts", 3, "upsert"),
        ("contacts", 4, "upsert"),
        ("contacts", 5, "delete"),
        ("contacts", 6, "upsert"),
        ("contacts", 7, "upsert"),
        ("contacts", 8, "upsert"),
    ]


def test_companies_travel_under_contacts_and_are_told_apart_by_their_type() -> None:
    tree = {
        "contacts": {
            "update": [{"id": "1", "type": "company"}, {"id": "1", "type": "contact"}],
            "delete": [{"id": "2", "type": "company"}],
            "note": [
                {"note": {"element_id": "3", "element_type": "3"}},
                {"note": {"element_id": "4"}, "type": "company"},
            ],
        },
        "companies": {"update": [{"id": "5"}]},
    }

    assert changes(tree) == [
        ("companies", 1, "upsert"),
        ("contacts", 1, "upsert"),
        ("companies", 2, "delete"),
        ("companies", 3, "upsert"),
        ("companies", 4, "upsert"),
        ("companies", 5, "upsert"),
    ]


@pytest.mark.parametrize(
    "item",
    [
        {"id": "1", "date_create": "1757100000", "last_modified": "1758000010", "modified_user_id": "3"},
        {"id": "1", "created_at": "1757100000", "updated_at": "1758000010", "updated_by": "3"},
    ],
)
def test_both_generations_of_field_names_read_alike(item: dict[str, str]) -> None:
    assert changes({"contacts": {"update": [item]}}) == [("contacts", 1, "upsert")]


@pytest.mark.parametrize(
    "body",
    [
        b"contacts[delete][0]=5",
        b"contacts%5Bdelete%5D%5B0%5D=5",
        b"contacts[delete][]=5",
        b"contacts[delete][0][id]=5",
        b"contacts[delete][][id]=5",
        b"contacts[delete][7][id]=5&contacts[delete][7][type]=contact",
    ],
)
def test_a_deleted_record_is_recognised_in_every_form(body: bytes) -> None:
    assert read_hook(body).changes == (NamedChange(stream="contacts", record_id=5, action=ChangeAction.DELETE),)


def test_fields_beside_items_are_not_taken_for_ids() -> None:
    assert read_hook(b"contacts[delete][name]=123&contacts[delete][0][id]=5").changes == (
        NamedChange(stream="contacts", record_id=5, action=ChangeAction.DELETE),
    )


def test_who_sends_is_read_at_either_end_of_the_body() -> None:
    first, last = form(ACCOUNT | {"leads": {"add": [{"id": "1"}]}}), form({"leads": {"add": [{"id": "1"}]}} | ACCOUNT)

    assert read_hook(first).account_id == read_hook(last).account_id == 31415926
    assert read_hook(b"account[subdomain]=acme&contacts[add][0][id]=1").subdomain == "acme"
    assert read_hook(b"account[subdomain]=acme&contacts[add][0][id]=1").account_id is None


def test_values_are_decoded_exactly_once() -> None:
    assert parse(b"note[text]=5%2525+%26amp%3B+%2B7") == {"note": {"text": "5%25 &amp; +7"}}


def test_latin_and_broken_bytes_are_tolerated_around_the_ids() -> None:
    body = b"contacts[add][0][name]=caf\xe9%FF%D0&contacts[add][0][id]=5"

    assert [one.record_id for one in read_hook(body).changes] == [5]


def test_lists_without_indexes_count_on_as_in_php() -> None:
    assert parse(b"a[]=x&a[]=y&a[7]=z&a[]=t&a[b]=u") == {"a": {"0": "x", "1": "y", "7": "z", "8": "t", "b": "u"}}


def test_brackets_that_never_close_and_text_between_brackets_do_no_harm() -> None:
    assert parse(b"a[b=1&c[d]e[f]=2&[g]=3") == {"a": "1", "c": {"d": "2"}, "0": {"g": "3"}}


def test_the_later_of_a_value_and_a_branch_wins() -> None:
    assert parse(b"a=1&a[b]=2") == {"a": {"b": "2"}}
    assert parse(b"a[b]=2&a=1") == {"a": "1"}


@pytest.mark.parametrize("body", [b"", b"hello", b"a=1&b=2", b'{"contacts":{"add":[{"id":1}]}}', b"\x00\xff" * 50])
def test_what_is_no_hook_is_malformed(body: bytes) -> None:
    assert read_hook(body).malformed


@pytest.mark.parametrize("name", ["", "0", "-1", "1e3", "0x5", "٥", "5 ", "9" * 19, "9" * 5000, "уфа"])
def test_what_is_no_id_names_no_record(name: str) -> None:
    assert changes({"contacts": {"update": [{"id": name}]}}) == []


@pytest.mark.parametrize(
    "hostile",
    [
        lambda size: b"a" + b"[b]" * (size // 3) + b"=1",
        lambda size: b"a" + b"[" * size,
        lambda size: b"[]" * (size // 2),
        lambda size: b"&".join(b"a[%d][1][1][1][1][1][1][1]=" % number for number in range(size // 30)),
        lambda size: b"contacts[delete][1000000]=1" + b"&contacts[delete][]=1" * (size // 21),
        lambda size: b"&" * size,
        lambda size: b"%" * size,
        lambda size: b"a[b]=" + b"%41" * (size // 3),
    ],
    ids=["deep", "unclosed", "empty brackets", "many branches", "endless list", "separators", "percent", "long value"],
)
def test_a_hostile_body_costs_in_proportion_to_its_size(hostile: Any) -> None:
    def seconds(size: int) -> float:
        body = hostile(size)
        started = time.process_time()
        read_hook(body)
        return time.process_time() - started

    small = min(seconds(50_000) for _ in range(3))
    large = min(seconds(800_000) for _ in range(2))

    assert large < 16 * 4 * max(small, 0.002)  # quadratic would be 256 times


def test_depth_beyond_every_true_hook_is_left_out() -> None:
    assert parse(b"a" + b"[b]" * DEEPEST + b"=1&c=2") == {"c": "2"}


def test_an_arrival_never_prints_its_secret() -> None:
    assert "hush" not in repr(Arrival(secret=Secret("hush"), body=b"", received_at=datetime.now(UTC)))
