"""What the configuration accepts, and how it says what it does not."""

from typing import Any

import pytest

from destination_unisender.config_reading import parse_config
from destination_unisender.errors import ConfigError

LEAST: dict[str, Any] = {"api_key": "k", "list": {"title": "amoCRM contacts"}}


def complaint(**changes: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config({**LEAST, **changes})
    return str(caught.value)


def test_a_key_and_a_list_are_enough() -> None:
    config = parse_config(LEAST)

    assert config.mapping.email == "emails"
    assert config.mapping.key_field == "amo_contact_id"
    assert [(field.from_, field.to) for field in config.mapping.fields] == [("name", "Name")]
    assert (config.on_delete, config.when_empty, config.batch_size) == ("exclude", "keep", 500)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"batchsize": 5}, ["batchsize", "did you mean batch_size?"]),
        ({"mapping": {"emial": "x"}}, ["mapping.emial", "did you mean email?"]),
        ({"mapping": {"fields": [{"form": "name", "to": "Name"}]}}, ["mapping.fields.0.form", "did you mean from?"]),
        ({"zzz": 1}, ["zzz is not a known key", "remove it"]),
        ({"list": {}}, ["list", "give either id or title"]),
        ({"list": {"id": 1, "title": "x"}}, ["list", "give either id or title"]),
        ({"list": {"id": "three"}}, ["list.id"]),
        ({"api_key": "  "}, ["api_key", "empty"]),
        ({"mapping": {"email": "a..b"}}, ["mapping.email", "'a..b'"]),
        ({"mapping": {"fields": [{"from": "x", "to": "Имя"}]}}, ["mapping.fields.0.to", "'Имя'", "Latin letters"]),
        ({"mapping": {"fields": [{"from": "x", "to": "email_status"}]}}, ["email_status", "Unisender's own columns"]),
        ({"mapping": {"fields": [{"from": "x", "to": "Phone"}]}}, ["Phone", "Unisender's own columns"]),
        ({"mapping": {"key_field": "tags"}}, ["mapping.key_field", "Unisender's own columns"]),
        ({"mapping": {"fields": [{"from": "a", "to": "X"}, {"from": "b", "to": "x"}]}}, ["two sources", "'x'"]),
        ({"mapping": {"fields": [{"from": "a", "to": "Amo_Contact_Id"}]}}, ["two sources"]),
        ({"mapping": {"fields": [{"from": "a", "to": f"f{n}"} for n in range(50)]}}, ["51 fields", "at most 50"]),
        ({"mapping": {"timezone": "Moscow"}}, ["'Moscow'", "IANA"]),
        ({"tags": {"static": ["a,b"]}}, ["tags.static", "commas"]),
        ({"tags": {"static": [str(n) for n in range(11)]}}, ["tags.static", "10"]),
        ({"batch_size": 501}, ["batch_size", "500"]),
        ({"consent": {"mode": "require_field"}}, ["consent", "needs `field`"]),
        ({"default_country": "XX"}, ["default_country", "'XX'"]),
        ({"base_url": "ftp://example.com"}, ["base_url", "http(s)"]),
        ({"phones": "alone"}, ["phones", "with_email", "none"]),
    ],
)
def test_a_complaint_names_the_key_and_the_way_out(changes: dict[str, Any], said: list[str]) -> None:
    sentence = complaint(**changes)

    assert all(part in sentence for part in said), sentence
    assert sentence.endswith((".", "?"))


def test_everything_wrong_is_said_at_once() -> None:
    sentence = complaint(batch_size=0, emails="some", tags={"mode": "merge"})

    assert all(key in sentence for key in ("batch_size", "emails", "tags.mode"))


@pytest.mark.parametrize("raw", [None, [], "x", 7])
def test_something_that_is_no_object_is_refused(raw: Any) -> None:
    with pytest.raises(ConfigError, match="JSON object"):
        parse_config(raw)


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ConfigError, match=r"api_key is missing.*list is missing"):
        parse_config({})


def test_no_complaint_repeats_a_secret() -> None:
    assert "hush-hush" not in complaint(api_key=["hush-hush"], list={"title": "hush-hush", "id": 5})


def test_the_key_is_not_in_the_configurations_text() -> None:
    assert "hush-hush" not in repr(parse_config({**LEAST, "api_key": "hush-hush"}))


def test_no_configuration_can_ask_for_an_opt_out_to_be_undone() -> None:
    for name in (
        "email_status",
        "email_list_ids",
        "email_unsubscribed_list_ids",
        "delete",
        "EMAIL_STATUS",
        "overwrite",
    ):
        changes = {"mapping": {"fields": [{"from": "x", "to": name}]}}
        if name == "overwrite":
            parse_config({**LEAST, **changes})  # a user field of this name is only a field
        else:
            assert "own columns" in complaint(**changes)
