"""From a record to a row, or to the reason why there is none."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_unisender.config_reading import parse_config
from destination_unisender.errors import ConfigError
from destination_unisender.mapping import Departed, Person, RecordMapper, Refused, check_paths
from destination_unisender.outcomes import Code


def read(record: dict[str, Any], *, stream: str = "contacts", **config: Any) -> Any:
    whole = parse_config({"api_key": "k", "list": {"id": 1}, **config})
    return RecordMapper(whole).read(record, stream=stream)


def test_the_defaults_fit_a_contact_of_source_amocrm(make: SimpleNamespace) -> None:
    record = make.contact(
        50110011,
        [{"value": "broken", "enum_code": "WORK"}, {"value": " Maria@Example.com", "enum_code": "PRIV"}],
        name="Мария Примерова",
        phones=[{"value": "нет"}, {"value": "8 (900) 000-11-22"}],
        _embedded={"tags": [{"id": 2, "name": "клиент"}, {"id": 1, "name": "VIP"}]},
    )

    assert read(record) == Person(
        key="50110011",
        emails=("maria@example.com",),
        phone="+79000001122",
        cells={"Name": "Мария Примерова", "amo_contact_id": "50110011", "tags": "VIP,клиент"},
    )


def test_all_valid_addresses_are_taken_if_asked(make: SimpleNamespace) -> None:
    record = make.contact(
        1, [{"value": "a@example.com"}, {"value": "x"}, {"value": "b@example.com"}, {"value": "A@example.com"}]
    )

    assert read(record, emails="all").emails == ("a@example.com", "b@example.com")


@pytest.mark.parametrize(
    ("emails", "code"),
    [
        ([], Code.NO_ADDRESS),
        (None, Code.NO_ADDRESS),
        ([{"value": "  "}], Code.NO_ADDRESS),
        ("nonsense", Code.INVALID_ADDRESS),
    ],
)
def test_a_record_without_an_address_is_refused_with_the_reason(make: SimpleNamespace, emails: Any, code: Code) -> None:
    assert read(make.contact(1, emails, phones=[{"value": "+79000001122"}])).code is code


def test_addresses_may_be_plain_strings_in_another_place() -> None:
    record = {"uid": "u-1", "mail": "anna@example.com", "tel": "+79000001122", "labels": ["b", "a"]}
    mapping = {"email": "mail", "phone": "tel", "key": "uid", "key_field": "uid", "tags": "labels", "fields": []}

    assert read(record, mapping=mapping) == Person(
        key="u-1", emails=("anna@example.com",), phone="+79000001122", cells={"uid": "u-1", "tags": "a,b"}
    )


def test_addresses_may_come_from_a_custom_field() -> None:
    record = {
        "id": 1,
        "custom_fields_values": [
            {"field_id": 5, "field_code": "EMAIL", "field_type": "multitext", "values": [{"value": "anna@example.com"}]}
        ],
    }
    found = read(record, mapping={"email": "custom_fields_values.0.values", "fields": []})

    assert found.emails == ("anna@example.com",)


def test_empty_values_stay_out_or_are_sent_empty(make: SimpleNamespace) -> None:
    record = make.contact(1, name="")

    assert "Name" not in read(record).cells
    assert read(record, when_empty="clear").cells["Name"] == ""
    assert "tags" not in read(record, when_empty="clear").cells
    assert read(record, when_empty="clear", tags={"mode": "replace"}).cells["tags"] == ""


def test_ten_tags_are_kept_static_ones_first_the_same_whatever_order_they_come_in(make: SimpleNamespace) -> None:
    names = [f"tag {letter}" for letter in "qwertyuiopas"]
    tags = {"static": ["ours"]}
    one = read(make.contact(1, _embedded={"tags": [{"name": name} for name in names]}), tags=tags)
    other = read(make.contact(1, _embedded={"tags": [{"name": name} for name in reversed(names)]}), tags=tags)

    assert one == other
    assert one.cells["tags"].split(",")[0] == "ours"
    assert len(one.cells["tags"].split(",")) == 10
    assert one.dropped_tags == 3


def test_a_comma_in_a_tag_does_not_make_two_of_it(make: SimpleNamespace) -> None:
    assert read(make.contact(1, _embedded={"tags": [{"name": "Тула, центр"}]})).cells["tags"] == "Тула центр"


def test_the_records_own_tags_can_be_left_out(make: SimpleNamespace) -> None:
    found = read(make.contact(1, _embedded={"tags": [{"name": "x"}]}), tags={"from_record": False, "static": ["y"]})

    assert found.cells["tags"] == "y"


@pytest.mark.parametrize(("ticked", "result"), [(True, Person), (False, Refused), (None, Refused)])
def test_consent_may_have_to_be_given_in_a_field(make: SimpleNamespace, ticked: bool | None, result: type) -> None:
    values = [{"field_id": 9, "field_code": "CONSENT", "field_type": "checkbox", "values": [{"value": ticked}]}]
    record = make.contact(1, custom_fields_values=values if ticked is not None else None)

    found = read(record, consent={"mode": "require_field", "field": "custom_fields.CONSENT"})

    assert isinstance(found, result)
    assert not isinstance(found, Refused) or found.code is Code.NO_CONSENT


@pytest.mark.parametrize("mark", [{"is_deleted": True}, {"_ab_cdc_deleted_at": "2026-01-01T00:00:00Z"}])
def test_a_deleted_record_is_recognised_by_its_mark(make: SimpleNamespace, mark: dict[str, Any]) -> None:
    record = make.contact(7, [{"value": "a@example.com"}, {"value": "b@example.com"}], **mark)

    assert read(record) == Departed(
        key="7", emails=("a@example.com", "b@example.com"), doubtful=frozenset({"b@example.com"})
    )


def test_a_living_record_is_not_taken_for_deleted(make: SimpleNamespace) -> None:
    assert isinstance(read(make.contact(7, is_deleted=False, _ab_cdc_deleted_at=None)), Person)


def test_a_record_of_a_deletions_stream_is_a_deletion_by_key() -> None:
    assert read({"id": "e-1", "entity_id": 42}, stream="contact_deletions") == Departed(key="42")


def test_phones_can_be_left_out(make: SimpleNamespace) -> None:
    assert read(make.contact(1, phones=[{"value": "+79000001122"}]), phones="none").phone is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "name", "tags", "x"]), inner),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("id", "name", "emails", "phones", "_embedded", "is_deleted"), JSON)
    )
)
def test_no_record_is_too_odd_to_be_read(record: dict[str, Any]) -> None:
    found = read(record, emails="all", when_empty="clear")

    assert isinstance(found, Person | Departed | Refused)
    assert not isinstance(found, Person) or list(found.cells) == [
        name for name in ("Name", "amo_contact_id", "tags") if name in found.cells
    ]


SCHEMA = {"properties": {"id": {}, "emails": {}, "name": {}, "custom_fields_values": {}}}


def paths(**config: Any) -> None:
    check_paths(parse_config({"api_key": "k", "list": {"id": 1}, **config}), stream="contacts", json_schema=SCHEMA)


def test_paths_that_lead_into_the_stream_pass() -> None:
    paths(mapping={"fields": [{"from": "custom_fields.CITY", "to": "city"}, {"from": "name", "to": "Name"}]})


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"mapping": {"email": "mail"}}, "mapping.email 'mail'"),
        ({"mapping": {"key": "uid.x"}}, "mapping.key 'uid.x'"),
        ({"mapping": {"phone": "tel"}}, "mapping.phone 'tel'"),
        ({"mapping": {"tags": "labels"}}, "mapping.tags 'labels'"),
        ({"mapping": {"fields": [{"from": "city", "to": "city"}]}}, "mapping.fields[0].from 'city'"),
        ({"consent": {"mode": "require_field", "field": "optin"}}, "consent.field 'optin'"),
    ],
)
def test_a_path_into_nothing_is_named(config: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        paths(**config)

    assert named in str(caught.value)


def test_defaults_the_user_never_chose_are_not_held_against_him() -> None:
    paths()  # the stream has no phones and no tags
