"""Settings of a connection: what may be said, and where to say what may not."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_unisender.config_reading import parse_config
from linked import connection_of
from orchestrator.adapters.cron import check_cron
from orchestrator.domain.connection import Connection, OnLeaving, RunnerKind
from orchestrator.domain.connection_settings import SETTINGS, InvalidSettingsError, changed, differing
from orchestrator.domain.destination_settings import problems_of
from orchestrator.services.sync_orders import VendorEndpoints, destination_config

PRESENT = connection_of(1)


def change(**settings: Any) -> Connection:
    return changed(PRESENT, settings, check_schedule=check_cron)


def problems(**settings: Any) -> str:
    with pytest.raises(InvalidSettingsError) as raised:
        change(**settings)
    return "; ".join(raised.value.problems)


def test_every_setting_can_be_changed_and_the_others_stay() -> None:
    settings = {
        "name": " Clients ", "destination": {"emails": "all"}, "streams": ["companies", "contacts"],
        "filter": {"tag": "client"}, "consent_field": "Согласие", "on_leaving": "keep", "on_delete": "keep",
        "schedule": None, "deep_schedule": "0 4 * * *", "max_removals": 1, "runner": "airbyte",
        "airbyte_connection_id": "a-b-c",
    }  # fmt: skip

    wanted = change(**settings)

    assert set(settings) == set(SETTINGS) == set(differing(PRESENT, wanted))
    assert wanted.name == "Clients"
    assert wanted.destination == {"list": {"id": 1, "title": "Newsletter"}, "emails": "all"}
    assert (wanted.on_leaving, wanted.runner, wanted.max_removals) == (OnLeaving.KEEP, RunnerKind.AIRBYTE, 1.0)
    assert (wanted.api_key, wanted.hook_secret) == (PRESENT.api_key, PRESENT.hook_secret)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"naem": "x"}, "naem is not a known setting: did you mean name?"),
        ({"api_key": "x"}, "api_key is not a known setting"),
        ({"name": " "}, "name must be a text"),
        ({"streams": []}, "streams must be a list of contacts, companies"),
        ({"streams": ["leads"]}, "streams must be a list"),
        ({"streams": "contacts"}, "streams must be a list"),
        ({"filter": {"tga": "x"}}, "filter.tga"),
        ({"on_leaving": "delete"}, "on_leaving must be exclude or keep"),
        ({"runner": "cloud"}, "runner must be process or container or airbyte"),
        ({"runner": "airbyte"}, "airbyte_connection_id is missing"),
        ({"max_removals": 20}, "max_removals must be a share from 0 to 1"),
        ({"max_removals": True}, "max_removals must be a share"),
        ({"schedule": "every day"}, "schedule: “every day” is not a schedule"),
        ({"deep_schedule": 5}, "deep_schedule must be a text"),
        ({"destination": []}, "destination must be an object"),
        ({"destination": {"api_key": "x"}}, "api_key cannot be set here: give the key as the connection's api_key"),
        ({"destination": {"consent": {}}}, "consent cannot be set here: name the field in the connection's consent_field"),
        ({"destination": {"on_delete": "delete"}}, "on_delete cannot be set here: say it in the connection's on_delete"),
        ({"destination": {"mapping": {"email": "x"}}}, "mapping.email cannot be set here: the service chooses"),
        ({"destination": {"mapping": {"key": "x"}}}, "mapping.key cannot be set here"),
        ({"destination": {"mapping": {"feilds": []}}}, "mapping.feilds is not a known key: did you mean fields?"),
        ({"destination": {"mapping": {"fields": [{"from": "x"}]}}}, "mapping.fields[0].to must be Latin letters"),
        (
            {"destination": {"mapping": {"fields": [{"from": "a", "to": "A"}, {"from": "b", "to": "a"}]}}},
            "mapping.fields[1].to: a is filled twice",
        ),
        ({"destination": {"list": {}}}, "list must have the id or the title"),
        ({"destination": {"list": {"id": "one"}}}, "list.id must be the number"),
        ({"destination": {"list": {"title": "x" * 256}}}, "list.title must be a text of at most 255"),
        ({"destination": {"emails": "every"}}, "emails must be first or all"),
        ({"destination": {"tags": {"static": ["a,b"]}}}, "tags.static must be a list of texts without commas"),
        ({"destination": {"default_country": "Russia"}}, "default_country must be the two capital letters"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name_and_with_what_to_do(settings: dict[str, Any], sentence: str) -> None:
    assert sentence in problems(**settings)


def test_everything_that_is_wrong_is_named_at_once() -> None:
    said = problems(name="", streams=[], destination={"emails": "x", "lsit": {}})

    assert said.count(";") == 3


NAMES = st.sampled_from(["Name", "amo_city", "name", "Город", "", "1st", "email"])
PATHS = st.sampled_from(["name", "custom_fields.Город", "", 5])
DESTINATIONS = st.fixed_dictionaries(
    {"list": st.sampled_from([{"id": 1}, {"title": "T"}, {"id": 0}, {}, {"title": " "}, None, {"id": True}])},
    optional={
        "emails": st.sampled_from(["first", "all", "none"]),
        "phones": st.sampled_from(["with_email", "none", 1]),
        "when_empty": st.sampled_from(["keep", "clear", None]),
        "language": st.sampled_from(["ru", "de"]),
        "default_country": st.sampled_from(["RU", "KZ", "ru", "Russia", 7]),
        "batch_size": st.sampled_from([1, 500, 0, 501, "5", True]),
        "tags": st.sampled_from(
            [{}, {"static": ["a"]}, {"static": "a"}, {"static": ["a,b"]}, {"mode": "x"}, [], {"x": 1}]
        ),
        "mapping": st.fixed_dictionaries(
            {},
            optional={
                "timezone": st.sampled_from(["Europe/Moscow", 3]),
                "key_field": st.sampled_from(["amo_contact_id", None, "Имя"]),
                "fields": st.lists(
                    st.fixed_dictionaries(
                        {"from": PATHS, "to": NAMES}, optional={"type": st.sampled_from(["date", "float", None])}
                    ),
                    max_size=3,
                ),
            },
        ),
        "unknown": st.just(1),
    },
)


@given(DESTINATIONS)
def test_what_the_destination_would_refuse_is_refused_here(destination: dict[str, Any]) -> None:
    """But for what only it knows: countries, time zones, paths, its own column names."""
    if not problems_of(destination) and not {"email"} & {
        one["to"] for one in destination.get("mapping", {}).get("fields", ())
    }:
        parse_config(destination_config(connection_of(1, destination=destination), VendorEndpoints()))


@given(DESTINATIONS)
def test_no_settings_make_it_fail_otherwise_than_by_name(destination: dict[str, Any]) -> None:
    with suppress(InvalidSettingsError):
        change(destination=destination)
