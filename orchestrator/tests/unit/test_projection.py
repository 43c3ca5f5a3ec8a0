"""What of a record can show in the list, and nothing else, decides whether it is sent."""

import copy

import pytest

from orchestrator.domain.projection import Projection, fingerprint

FIELDS = [{"from": "name", "to": "Name"}, {"from": "custom_fields.POSITION", "to": "amo_position"}]
CONFIG = {"api_key": "k", "list": {"id": 1}, "mapping": {"email": "emails", "key": "id", "fields": FIELDS}}
RECORD = {
    "id": 5,
    "name": "Maria",
    "updated_at": 100,
    "responsible_user_id": 7,
    "emails": [{"value": "m@x.com"}],
    "phones": [{"value": "+79001112233"}],
    "custom_fields_values": [
        {"field_id": 3, "field_code": "POSITION", "field_type": "text", "values": [{"value": "CEO"}]},
        {"field_id": 4, "field_name": "City", "field_type": "text", "values": [{"value": "Казань"}]},
    ],
    "_embedded": {"tags": [{"name": "client"}], "companies": [{"id": 9}, {"id": 10}]},
}
ADDRESSES = ("m@x.com",)


def digest(config=CONFIG, addresses=ADDRESSES, **changes):
    record = copy.deepcopy(RECORD)
    for path, value in changes.items():
        at = record
        *way, last = path.split("__")
        for step in way:
            at = at[int(step) if step.isdigit() else step]
        at[last] = value
    return Projection(config).digest(record, addresses)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Anna"},
        {"phones": []},
        {"_embedded__tags": [{"name": "vip"}]},
        {"custom_fields_values__0__values": [{"value": "CTO"}]},
        {"custom_fields_values__0__field_type": "textarea"},
    ],
)
def test_a_change_that_shows_changes_the_digest(changes):
    assert digest(**changes) != digest()


@pytest.mark.parametrize(
    "changes",
    [
        {"updated_at": 200},
        {"responsible_user_id": 8},
        {"custom_fields_values__1__values": [{"value": "Пермь"}]},
        {"_embedded__companies": []},
    ],
)
def test_a_change_that_does_not_show_changes_nothing(changes):
    assert digest(**changes) == digest()


def test_other_addresses_are_another_delivery():
    assert digest(addresses=("n@x.com",)) != digest()


@pytest.mark.parametrize(
    "setting",
    [
        {"list": {"id": 2}},
        {"when_empty": "clear"},
        {"tags": {"static": ["amo"]}},
        {"default_country": "KZ"},
        {"mapping": {**CONFIG["mapping"], "timezone": "UTC"}},
        {"mapping": {**CONFIG["mapping"], "fields": FIELDS[:1]}},
    ],
)
def test_another_configuration_sends_everybody_again(setting):
    assert digest({**CONFIG, **setting}) != digest()


@pytest.mark.parametrize(
    "setting", [{"api_key": "other"}, {"base_url": "http://x"}, {"read_timeout": 5}, {"batch_size": 9}]
)
def test_how_people_are_written_changes_nothing_about_them(setting):
    assert digest({**CONFIG, **setting}) == digest()


def test_the_order_in_which_settings_are_written_does_not_count():
    assert fingerprint({"a": 1, "b": {"c": (1,), "d": 2}}) == fingerprint({"b": {"d": 2, "c": [1]}, "a": 1})


def test_what_is_not_sent_does_not_count():
    config = {**CONFIG, "phones": "none", "tags": {"from_record": False}}

    assert digest(config, phones=[], _embedded__tags=[]) == digest(config)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("_embedded.companies.1.id", True),
        ("_embedded.companies.*.id", True),
        ("_embedded.companies.2.id", False),
        ("_embedded.nothing.id", False),
        ("custom_fields.4", True),
        ("custom_fields.city", True),
        ('custom_fields."4"', False),
        ("custom_fields.City.0", True),
        ("custom_fields_values.1.values.0.value", True),
        ('"name"', True),
    ],
)
def test_paths_lead_where_the_destinations_do(path, found):
    config = {**CONFIG, "mapping": {"fields": [{"from": path, "to": "x"}]}}
    emptied = {
        "name": None,
        "custom_fields_values": [],
        "_embedded": {"tags": RECORD["_embedded"]["tags"], "companies": []},
    }

    assert (digest(config, **emptied) != digest(config)) is found


def test_only_what_is_used_goes_to_the_destination_with_the_addresses_chosen():
    sent = Projection(CONFIG).trimmed(RECORD, ("a@x.com", "b@x.com"))

    assert sent.keys() == {"id", "name", "emails", "phones", "custom_fields_values", "_embedded"}
    assert sent["emails"] == [{"value": "a@x.com"}, {"value": "b@x.com"}]


def test_an_unchanged_phone_is_told_apart_from_a_changed_one() -> None:
    projection = Projection(CONFIG)
    record = {"id": 1, "name": "A", "phones": [{"value": "+79001234567"}], "emails": []}
    before = projection.digest(record, ADDRESSES)

    renamed = projection.digest({**record, "name": "B"}, ADDRESSES)
    called = projection.digest({**record, "phones": [{"value": "+79007654321"}]}, ADDRESSES)
    moved = projection.digest(record, ("other@example.com",))

    assert renamed != before
    assert projection.is_same_phone(before, renamed)
    assert not projection.is_same_phone(before, called)
    assert not projection.is_same_phone(before, moved)


def test_a_phone_that_is_there_already_does_not_travel_again() -> None:
    record = {"id": 1, "name": "A", "phones": [{"value": "+79001234567"}], "emails": []}

    assert "phones" in Projection(CONFIG).trimmed(record, ADDRESSES)
    assert "phones" not in Projection(CONFIG).trimmed(record, ADDRESSES, with_phone=False)


def test_a_phone_read_from_elsewhere_always_travels() -> None:
    config = {**CONFIG, "mapping": {**CONFIG.get("mapping", {}), "phone": "custom_fields.PHONE"}}
    projection = Projection(config)
    digest = projection.digest({"id": 1, "name": "A"}, ADDRESSES)

    assert not projection.is_same_phone(digest, digest)
